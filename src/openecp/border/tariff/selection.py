# SPDX-License-Identifier: Apache-2.0
"""Which measures hold for an item: the longest goods code wins, then the row with most filled cells; ties all apply.

`TariffIndex` finds the key under which the prepared table holds the measures of a declared code. `winning` is the
rule in plain Python, for documentation and for tests: the SQL steps must choose the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from openecp.border.tariff.measures import Measure


class ItemFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a measure looks at in an item."""

    goods_code: str
    additional_codes: frozenset[str] = frozenset()
    origin: str = ""
    preference: str = ""
    order_number: str = ""


class TariffIndex:
    """The codes that a tariff knows, by length."""

    def __init__(self, codes: Iterable[str]) -> None:
        self._codes = frozenset(codes)
        self._lengths = tuple(sorted({len(code) for code in self._codes}, reverse=True))

    def key(self, code: str) -> str | None:
        """Return the longest known code with which `code` begins; None where there is none.

        The empty string is a key too: that of a tariff with measures for all goods. Test the answer with `is None`.
        """
        for length in self._lengths:
            prefix = code[:length]
            if len(prefix) == length and prefix in self._codes:
                return prefix
        return None

    def __contains__(self, code: object) -> bool:
        return code in self._codes

    def __len__(self) -> int:
        return len(self._codes)


def matches(measure: Measure, item: ItemFacts, on: date) -> bool:
    """Tell whether a measure holds for an item on a day; an empty cell matches anything."""
    return (
        item.goods_code.startswith(measure.goods_code)
        and measure.valid_from <= on <= measure.valid_to
        and item.additional_codes.issuperset(measure.additional_codes)
        and measure.origin in ("", item.origin)
        and measure.preference in ("", item.preference)
        and measure.order_number in ("", item.order_number)
    )


def winning(measures: Iterable[Measure], item: ItemFacts, on: date) -> list[Measure]:
    """Return the measures that apply to an item on a day, by tax type and line; rows that tie all apply."""
    best: dict[str, list[Measure]] = {}
    for measure in measures:
        if not matches(measure, item, on):
            continue
        held = best.get(measure.tax_type)
        if held is None or measure.specificity > held[0].specificity:
            best[measure.tax_type] = [measure]
        elif measure.specificity == held[0].specificity:
            held.append(measure)
    return [measure for tax_type in sorted(best) for measure in best[tax_type]]
