# SPDX-License-Identifier: Apache-2.0
"""Official rates of exchange: dated tables that a regime names, and rates that a basket brings itself.

A table is CSV with the columns table, currency, rate, valid_from, valid_to: so many units of `currency` for one unit of
the table's base, whose own row has the rate 1. Two currencies are compared over the base; nothing is divided.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from openecp.border.low_value.charges import inverse_rate
from openecp.border.low_value.faults import Fault, QuoteRefused
from openecp.border.low_value.tables import E8, FIRST_DAY, LAST_DAY

ROWS_MAX = 2_000_000
_RATE = re.compile(r"\d{1,6}(\.\d{1,8})?", re.ASCII)


class OfficialRate(NamedTuple):
    """Units of a currency for one unit of the table's base, in 1/100,000,000, while it holds."""

    table: str
    currency: str
    rate_e8: int
    valid_from: date
    valid_to: date


def read_rates(path: Path) -> list[OfficialRate]:
    """Read a table of official rates.

    Raises: QuoteRefused with line and cell of what cannot be read.
    """
    found: list[OfficialRate] = []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                if not _RATE.fullmatch(row["rate"]) or Decimal(row["rate"]) <= 0:
                    raise ValueError(f"rate {row['rate']!r}")
                found.append(
                    OfficialRate(
                        row["table"],
                        row["currency"],
                        int(Decimal(row["rate"]) * E8),
                        date.fromisoformat(row["valid_from"]) if row["valid_from"] else FIRST_DAY,
                        date.fromisoformat(row["valid_to"]) if row["valid_to"] else LAST_DAY,
                    )
                )
            except (KeyError, ValueError, TypeError) as error:
                raise QuoteRefused(
                    [
                        Fault(
                            code="OECP-EXCHANGE-TABLE",
                            where=path.name,
                            line=number,
                            message="This rate cannot be used.",
                            expected="table, currency, a positive rate of at most 8 decimals, valid_from, valid_to",
                            got=str(error)[:80],
                            fix="Correct the row.",
                        )
                    ]
                ) from None
            if len(found) > ROWS_MAX:
                raise ValueError(f"{path.name}: expected at most {ROWS_MAX} rows; cut it to the years that are needed")
    return found


class OfficialRates:
    """Official rates of several tables by day."""

    def __init__(self, rates: Iterable[OfficialRate] = ()) -> None:
        self._by: dict[tuple[str, str], list[OfficialRate]] = {}
        for rate in rates:
            self._by.setdefault((rate.table, rate.currency), []).append(rate)

    def on(self, table: str, currency: str, day: date) -> OfficialRate | None:
        """Return the rate of a currency on a day; the last one begun where several hold."""
        held = [one for one in self._by.get((table, currency), ()) if one.valid_from <= day <= one.valid_to]
        return max(held, key=lambda one: one.valid_from, default=None)

    def pair(self, table: str, source: str, target: str, day: date) -> tuple[int, int] | None:
        """Return num/den of the target for one unit of the source."""
        if source == target:
            return 1, 1
        first, second = self.on(table, source, day), self.on(table, target, day)
        return (second.rate_e8, first.rate_e8) if first and second else None


def own_pair(given: Mapping[str, str], source: str, target: str) -> tuple[int, int] | None:
    """Return num/den from the rates of a basket: `{"USD/EUR": "0.92"}`, or `{"EUR": "0.92"}` for one unit of its own.

    Raises: QuoteRefused for a rate that is none.
    """
    for key, turned in ((f"{source}/{target}", False), (target, False), (f"{target}/{source}", True)):
        if (text := given.get(key)) is None:
            continue
        if not _RATE.fullmatch(text) or not Decimal(text):
            raise QuoteRefused(
                [
                    Fault(
                        code="OECP-EXCHANGE",
                        where=f"exchange[{key}]",
                        message="This rate cannot be used.",
                        expected="a positive rate with at most eight decimals",
                        got=repr(text)[:80],
                        fix="Correct the rate.",
                    )
                ]
            )
        rate = int(Decimal(text) * E8)
        return (E8, rate) if turned else (rate, E8)
    return None


def exchange_row(key: str, source: str, target: str, days: tuple[date, date], pair: tuple[int, int]) -> tuple[Any, ...]:
    """Return the row that the steps join."""
    return (key, source, target, *days, *pair, inverse_rate(*pair))
