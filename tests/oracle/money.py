# SPDX-License-Identifier: Apache-2.0
"""What an item is worth and what it owes, in plain Python over fractions: the oracle that the steps are compared with.

Nothing of the pipeline is used: only the text of measures (already parsed) and the rows of a profile's tables. Slow and
straight on purpose: one item at a time, one rule a method.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from openecp.border.tariff.duty_expression import AmountPerUnit, DutyExpression, Percentage
from openecp.border.tariff.measures import Measure
from openecp.kernel.profile import Profile

Row = Mapping[str, str]


class Charge(NamedTuple):
    kind: str
    amount_e4: int
    currency: str


class Item(NamedTuple):
    """One item as declared; quantities by base unit, in millionths."""

    on: date
    code: str
    origin: str = ""
    preference: str = ""
    order_number: str = ""
    additional_codes: tuple[str, ...] = ()
    procedure: str = "4000"
    additional_procedures: tuple[str, ...] = ()
    price_e4: int = 0
    currency: str = "XBM"
    incoterm: str = "CIF"
    charges: tuple[Charge, ...] = ()
    quantities_e6: Mapping[str, int] = {}


class Line(NamedTuple):
    """One tax line: which measure, on what, how much before and after relief, how much is due."""

    measure: int
    base: int | None
    amount: int | None
    assessed: int | None
    payable: int | None


def rounded(value: Fraction, mode: str) -> int:
    """Round to a whole minor unit; an amount below zero is rounded like the same amount above."""
    if value < 0:
        return -rounded(-value, mode)
    whole = math.floor(value)
    part = value - whole
    if mode == "floor":
        return whole
    if mode == "ceiling":
        return math.ceil(value)
    if part == Fraction(1, 2) and mode == "half_even":
        return whole + whole % 2
    return whole + (part >= Fraction(1, 2))


class Oracle:
    """The law of one profile and its measures."""

    def __init__(self, profile: Profile, measures: Sequence[Measure]) -> None:
        self.measures = list(measures)
        self.types = {row["tax_type"]: row for row in profile.table("tax_types")}
        self.reliefs = profile.table("reliefs")
        self.rates = profile.table("exchange_rates")
        self.charge_types = {row["type"]: row for row in profile.table("charge_types")}
        self.incoterms = {row["incoterm"]: row for row in profile.table("incoterms")}
        self.units = {row["unit"]: row for row in profile.table("units")}
        self.currency, self.exponent = profile.currency, profile.currency_exponent
        self.cif = profile.settings["value_basis"] == "CIF"
        self.mode = profile.settings["rounding"]["mode"]
        self.complete = profile.settings.get("nomenclature") == "closed"

    def rate(self, currency: str, on: date) -> Fraction | None:
        """Return the national currency for one unit of another on a day."""
        if currency == self.currency:
            return Fraction(1)
        for row in self.rates:
            if row["currency"] == currency and _holds(row, on):
                return Fraction(Decimal(row["rate"]))
        return None

    def sign(self, kind: str, incoterm: str) -> int | None:
        """Return +1 where a charge is added to the price, -1 where it is taken off, 0 where it changes nothing."""
        row = self.charge_types.get(kind, {"effect": "add", "kind": "freight"} if kind == "FREIGHT" else None)
        if row is None:
            return None
        transport = row.get("kind") or ("freight" if kind == "FREIGHT" else "")
        if transport in ("freight", "insurance") and row["effect"] != "inform":
            included = self.incoterms.get(incoterm, {}).get(f"includes_{transport}") == "yes"
            if self.cif:
                return 0 if included else 1
            return -1 if included else 0
        return {"add": 1, "deduct": -1, "inform": 0}[row["effect"]]

    def value(self, item: Item) -> int | None:
        """Return the customs value, None where a rate or the kind of a charge is not known."""
        rate = self.rate(item.currency, item.on)
        if rate is None:
            return None
        total = Fraction(item.price_e4, 10_000) * rate
        for charge in item.charges:
            sign, rate = self.sign(charge.kind, item.incoterm), self.rate(charge.currency, item.on)
            if sign is None or (sign and rate is None):
                return None
            if sign and rate is not None:
                total += sign * Fraction(charge.amount_e4, 10_000) * rate
        return rounded(max(total, Fraction(0)) * 10**self.exponent, self.mode)  # never less than nothing

    def applicable(self, item: Item) -> list[int]:
        """Return the numbers (from 1) of the measures that apply."""
        best: dict[str, tuple[int, int]] = {}
        found: list[tuple[int, tuple[int, int]]] = []
        for number, m in enumerate(self.measures, start=1):
            row = self.types[m.tax_type]
            if (row.get("movement") or "import") != "import" or not item.code.startswith(m.goods_code):
                continue
            if not m.valid_from <= item.on <= m.valid_to:
                continue
            wanted = ((m.origin, item.origin), (m.preference, item.preference), (m.order_number, item.order_number))
            if any(need and need != got for need, got in wanted):
                continue
            if not set(m.additional_codes) <= set(item.additional_codes):
                continue
            filled = sum(map(bool, (m.additional_codes, m.origin, m.preference, m.order_number)))
            rank = (len(m.goods_code), filled)
            best[m.tax_type] = max(rank, best.get(m.tax_type, rank))
            found.append((number, rank))
        return [number for number, rank in found if rank == best[self.measures[number - 1].tax_type]]

    def duty(self, expression: DutyExpression, base: int | None, item: Item) -> Fraction | None:
        """Return the duty in minor units, None where the base or a quantity is not known."""
        sums: list[Fraction] = []
        for segment in expression.segments:
            total, rate = Fraction(0), Fraction(0)
            for term in segment:
                part, sign = term.component, -1 if term.minus else 1
                if isinstance(part, Percentage) and not part.of_retail:
                    rate += sign * Fraction(part.percent) / 100
                elif isinstance(part, Percentage):
                    retail = item.quantities_e6.get("RET")
                    if retail is None:
                        return None
                    total += sign * Fraction(part.percent) / 100 * Fraction(retail, 10**6) * 10**self.exponent
                elif isinstance(part, AmountPerUnit):
                    amount = self._specific(part, item)
                    if amount is None:
                        return None
                    total += sign * amount
            if rate and base is None:
                return None
            sums.append(total + rate * (base or 0))
        result = sums[0]
        for bound, right in zip(expression.bounds, sums[1:], strict=True):
            result = max(result, right) if bound == "MIN" else min(result, right)
        return max(result, Fraction(0))

    def _specific(self, part: AmountPerUnit, item: Item) -> Fraction | None:
        unit = self.units[part.unit]
        quantity, rate = item.quantities_e6.get(unit["base_unit"]), self.rate(part.currency, item.on)
        if quantity is None or rate is None:
            return None
        units = Fraction(quantity, 10**6) / Fraction(Decimal(unit["factor"]))
        return Fraction(part.amount) / Fraction(part.per) * units * rate * 10**self.exponent

    def relief(self, item: Item, tax_type: str) -> Row | None:
        """Return the first row of reliefs.csv that matches."""
        for row in self.reliefs:
            if row["tax_type"] not in ("", "*") and tax_type not in row["tax_type"].split("|"):
                continue
            additional = row["additional_procedure"]
            if item.procedure.startswith(row["procedure"].rstrip("*")) and (
                additional in ("", "*") or additional in item.additional_procedures
            ):
                return row
        return None

    def lines(self, item: Item) -> list[Line]:
        """Return the tax lines of an item, in the order of the measures."""
        value = self.value(item)
        done: list[tuple[Measure, int | None, bool]] = []  # amount, and whether later bases hold it
        lines: list[Line] = []
        numbers = self.applicable(item)
        for stage in ("1", "2", "3"):
            now = []
            for number in numbers:
                measure = self.measures[number - 1]
                if self.types[measure.tax_type]["stage"] != stage:
                    continue
                base = value if stage == "1" else self._base(measure, value, done)
                exact = self.duty(measure.duty, base, item) if measure.duty else None
                amount = None if exact is None else rounded(exact, self.mode)
                relief = self.relief(item, measure.tax_type)
                now.append((measure, amount, relief is None or relief["in_vat_base"] == "yes"))
                if self.types[measure.tax_type].get("positive_base") == "yes" and base is not None and base <= 0:
                    continue
                suspended = relief is not None and (relief["effect"] == "suspended" or relief["show"] == "keep")
                assessed = amount if relief is None or suspended else 0
                lines.append(Line(number, base, amount, assessed, amount if relief is None else 0))
            done += now
        return sorted(lines)

    def _base(self, measure: Measure, value: int | None, done: list[tuple[Measure, int | None, bool]]) -> int | None:
        parts = set(self.types[measure.tax_type]["base"].split("+"))
        total = value if "value" in parts else 0
        for other, amount, kept in done:
            if self.types[other.tax_type]["group"] in parts and kept and total is not None:
                if amount is None and not self.complete:
                    return None
                total += amount or 0
        return total


def _holds(row: Row, on: date) -> bool:
    first = date.fromisoformat(row["valid_from"]) if row["valid_from"] else date.min
    last = date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max
    return first <= on <= last
