# SPDX-License-Identifier: Apache-2.0
"""Rates of duty, excise and tax of an administration, as a dated table: the longest code that a goods code begins with.

A table is CSV with the columns kind (duty, excise, vat), code, rate, valid_from, valid_to. The code of duty and excise
is the beginning of a goods code, or `*` for all goods; that of vat a subdivision of the country, or `*` for all of it.
Rates are shares as decimal text. Where no row holds, what the parcel's own row says is taken.
Limits: ROWS_MAX rows, codes of 2 to 12 digits, rates below 100 with at most eight decimals.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from openecp.border.low_value.faults import Fault, QuoteRefused
from openecp.border.low_value.tables import E8, FIRST_DAY, LAST_DAY

ROWS_MAX = 2_000_000
_RATE = re.compile(r"\d{1,2}(\.\d{1,8})?", re.ASCII)
_GOODS = re.compile(r"\d{2,12}|\*", re.ASCII)
_PLACE = re.compile(r"[A-Z0-9-]{1,10}|\*", re.ASCII)
_KINDS = ("duty", "excise", "vat")
_EXPECTED = (
    "kind (duty, excise, vat), code, a share of at most 8 decimals, valid_from and valid_to as 2026-07-01 or empty"
)


class DutyRate(NamedTuple):
    """One rate in 1/100,000,000 while it holds."""

    kind: str
    code: str
    rate_e8: int
    valid_from: date
    valid_to: date


def read_duty_rates(path: Path) -> list[DutyRate]:
    """Read a table of rates.

    Raises: QuoteRefused with line and cell of what cannot be read.
    """
    found: list[DutyRate] = []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                found.append(_rate_of(row))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise QuoteRefused([_fault(path.name, number, str(error))]) from None
            if len(found) > ROWS_MAX:
                raise QuoteRefused([_fault(path.name, number, f"more than {ROWS_MAX} rows")])
    return found


def _rate_of(row: Mapping[str, str]) -> DutyRate:
    kind, code, rate = row["kind"].strip(), row["code"].strip().replace(".", ""), row["rate"].strip()
    if kind not in _KINDS:
        raise ValueError(f"kind {kind!r}")
    if not (_PLACE if kind == "vat" else _GOODS).fullmatch(code):
        raise ValueError(f"code {code!r}")
    if not _RATE.fullmatch(rate):
        raise ValueError(f"rate {rate!r}")
    first, last = (row.get(name) or "" for name in ("valid_from", "valid_to"))
    return DutyRate(
        kind,
        code,
        int(Decimal(rate) * E8),
        date.fromisoformat(first) if first else FIRST_DAY,
        date.fromisoformat(last) if last else LAST_DAY,
    )


def _fault(name: str, line: int, got: str) -> Fault:
    return Fault(
        code="OECP-RATE-TABLE",
        where=name,
        line=line,
        message="This rate cannot be used.",
        expected=_EXPECTED,
        got=got[:80],
        fix="Correct the row.",
    )


class DutyRates:
    """The rates that hold on one day."""

    def __init__(self, rates: Iterable[DutyRate], on: date) -> None:
        """Keep what holds on the day; of two rates of one code the one that began last."""
        held = sorted((one for one in rates if one.valid_from <= on <= one.valid_to), key=lambda one: one.valid_from)
        self._by = {(one.kind, one.code): one.rate_e8 for one in held}
        self._kinds = {kind for kind, _ in self._by}

    def of_goods(self, kind: str, hs: str) -> int | None:
        """Return the rate of the longest code that the goods code begins with."""
        if kind not in self._kinds:
            return None
        for code in _beginnings(hs):
            if (rate := self._by.get((kind, code))) is not None:
                return rate
        return self._by.get((kind, "*"))

    def of_place(self, place: str) -> int | None:
        """Return the rate of tax of a subdivision, else that of the whole country."""
        rate = self._by.get(("vat", place))
        return rate if rate is not None else self._by.get(("vat", "*"))

    def digest_rows(self) -> list[tuple[Any, ...]]:
        """Return what holds, in a fixed order: what a decision rests on."""
        return sorted((kind, code, rate) for (kind, code), rate in self._by.items())


def _beginnings(hs: str) -> Iterator[str]:
    for length in range(len(hs), 1, -1):
        yield hs[:length]
