# SPDX-License-Identifier: Apache-2.0
"""Is the price, or the weight, what such goods have? Compared with robust references by HS6, origin, unit and month.

A reference holds the median and the median deviation (MAD) of the logarithm of a figure, learnt from parcels or loaded
from an administration's file, and the bounds that follow from them as whole millionths: rows are compared with those,
so that every engine gives one answer. Where there are too few rows of an origin, the subheading, then the heading
stands in; a month without enough rows uses all months.
Limits: 5 million rows to learn from; 30 rows make a reference; prices in one currency are compared with each other.
"""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Literal

import msgspec

from openecp.border.data_quality.flags import Flag, rule_of
from openecp.border.data_quality.terms import TermsRefused, shipped_advice

Figure = Literal["unit_value", "value_per_kg", "kg_per_unit"]
FIGURES: tuple[Figure, ...] = ("unit_value", "value_per_kg", "kg_per_unit")
LEAST_ROWS, MOST_ROWS = 30, 5_000_000
_DEVIATIONS = 4.0  # robust standard deviations from the median that are still plausible
_LEAST_SPREAD = 0.25  # of the logarithm: prices of one product differ so much between honest sellers
_SIGMA = 1.4826  # a normal distribution's standard deviation by its MAD
_CODES = {
    "unit_value": ("value_low", "value_high"),
    "value_per_kg": ("value_per_kg_low", "value_per_kg_high"),
    "kg_per_unit": ("weight_low", "weight_high"),
}
REFERENCE_COLUMNS = ("figure", "hs", "origin", "unit", "currency", "month", "rows", "median", "low_micro", "high_micro")


class PricedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item as its price and weight are judged: amounts in millionths, the month as 2026-07."""

    hs: str
    origin: str = ""
    unit: str = ""
    currency: str = ""
    month: str = ""
    quantity_micro: int = 1_000_000
    value_micro: int | None = None  # of the line
    weight_kg_micro: int | None = None  # of the line, net


class ValueReference(msgspec.Struct, frozen=True, kw_only=True):
    """What such goods cost or weigh: median and bounds in millionths, and how many rows said so."""

    figure: Figure
    hs: str
    origin: str
    unit: str
    currency: str
    month: str
    rows: int
    median_micro: int
    low_micro: int
    high_micro: int


Key = tuple[str, str, str, str, str, str]


def figures_of(item: PricedItem) -> Iterator[tuple[Figure, int]]:
    """Yield the figures of an item that can be formed, in millionths, rounded down."""
    value, weight, quantity = item.value_micro, item.weight_kg_micro, item.quantity_micro
    if value is not None and value > 0 and quantity > 0:
        yield "unit_value", value * 1_000_000 // quantity
    if value is not None and value > 0 and weight is not None and weight > 0:
        yield "value_per_kg", value * 1_000_000 // weight
    if weight is not None and weight > 0 and quantity > 0:
        yield "kg_per_unit", weight * 1_000_000 // quantity


def _keys(item: PricedItem, figure: Figure) -> Iterator[Key]:
    """Yield the keys under which a figure is known, the closest first."""
    currency = "" if figure == "kg_per_unit" else item.currency
    hs6, hs4 = item.hs[:6], item.hs[:4]
    for hs, origin in ((hs6, item.origin), (hs6, ""), (hs4, "")):
        for month in (item.month, ""):
            yield figure, hs, origin, item.unit, currency, month


def learn_references(items: Iterable[PricedItem]) -> list[ValueReference]:
    """Learn references from parcels that were cleared; the same rows give the same references in any order.

    Raises: ValueError beyond 5 million rows.
    """
    logs: dict[Key, list[float]] = defaultdict(list)
    for number, item in enumerate(items):
        if number >= MOST_ROWS:
            raise ValueError(f"references: expected at most {MOST_ROWS:,} rows, got more; learn from a sample")
        for figure, micro in figures_of(item):
            if micro > 0 and len(item.hs) >= 6:
                for key in dict.fromkeys(_keys(item, figure)):
                    logs[key].append(math.log(micro))
    return [_reference(key, logs[key]) for key in sorted(logs) if len(logs[key]) >= LEAST_ROWS]


def _reference(key: Key, logs: list[float]) -> ValueReference:
    middle = median(logs)
    spread = max(_LEAST_SPREAD, _SIGMA * median(abs(one - middle) for one in logs))
    low, high = (round(math.exp(middle + side * _DEVIATIONS * spread)) for side in (-1, 1))
    figure, hs, origin, unit, currency, month = key
    return ValueReference(
        figure=figure,  # type: ignore[arg-type] # keys are made of figures
        hs=hs,
        origin=origin,
        unit=unit,
        currency=currency,
        month=month,
        rows=len(logs),
        median_micro=round(math.exp(middle)),
        low_micro=low,
        high_micro=high,
    )


class ValueReferences:
    """References by key: which one an item is compared with, and what follows."""

    def __init__(self, references: Iterable[ValueReference]) -> None:
        self._known: dict[Key, ValueReference] = {
            (one.figure, one.hs, one.origin, one.unit, one.currency, one.month): one for one in references
        }
        self._advice = shipped_advice()

    def find(self, item: PricedItem, figure: Figure) -> ValueReference | None:
        """Return the closest reference of an item, or None."""
        return next((self._known[key] for key in _keys(item, figure) if key in self._known), None)

    def flags(self, item: PricedItem, where: str = "") -> list[Flag]:
        """Return a flag for each figure outside its bounds, with the figures."""
        found = []
        for figure, micro in figures_of(item):
            reference = self.find(item, figure)
            if reference is not None and not reference.low_micro <= micro <= reference.high_micro:
                code = _CODES[figure][micro > reference.high_micro]
                found.append(self._flag(code, micro, reference, where))
        return found

    def _flag(self, code: str, micro: int, reference: ValueReference, where: str) -> Flag:
        _, action, advice_code, found, found_fr, why, why_fr = rule_of(code)
        unit = reference.currency if reference.figure != "kg_per_unit" else "kg"
        told, middle = decimal_text(micro), decimal_text(reference.median_micro)
        low, high = decimal_text(reference.low_micro), decimal_text(reference.high_micro)
        of = " ".join(part for part in (reference.hs, reference.origin, reference.month) if part)
        advice = self._advice[advice_code]
        return Flag(
            code=code,
            action=action,
            where=where or ("weight_kg" if code.startswith("weight") else "unit_price"),
            found=f"{found}: {told} {unit}; {of}: median {middle}, {low} to {high}, {reference.rows} rows",
            found_fr=f"{found_fr} : {told} {unit} ; {of} : médiane {middle}, {low} à {high}, {reference.rows} lignes",
            why=why,
            why_fr=why_fr,
            write=advice.en,
            write_fr=advice.fr,
        )


def decimal_text(micro: int) -> str:
    """Return millionths as a decimal number without needless zeros."""
    whole, rest = divmod(abs(micro), 1_000_000)
    text = f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
    return f"-{text}" if micro < 0 else text


def write_references(references: Iterable[ValueReference]) -> str:
    """Return references as CSV, to be loaded again or edited."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(REFERENCE_COLUMNS)
    for one in references:
        writer.writerow(msgspec.structs.astuple(one))
    return out.getvalue()


def read_references(data: bytes, where: str = "references") -> list[ValueReference]:
    """Read an administration's references.

    Raises: TermsRefused with the first line that cannot be used.
    """
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refused(where, "CSV in UTF-8", str(error)) from None
    if not rows or tuple(rows[0]) != REFERENCE_COLUMNS or len(rows) > MOST_ROWS:
        raise _refused(f"{where}, line 1", ",".join(REFERENCE_COLUMNS), ",".join(rows[0]) if rows else "nothing")
    names = ValueReference.__struct_fields__
    found = []
    for line, row in enumerate(rows[1:], start=2):
        try:
            one = msgspec.convert(dict(zip(names, row, strict=True)), ValueReference, strict=False)
        except (ValueError, msgspec.ValidationError) as error:
            raise _refused(f"{where}, line {line}", "texts and whole numbers", str(error)) from None
        if not 0 < one.low_micro <= one.median_micro <= one.high_micro:
            raise _refused(f"{where}, line {line}", "0 < low_micro ≤ median ≤ high_micro", ",".join(row[7:]))
        found.append(one)
    return found


def _refused(where: str, expected: str, got: str) -> TermsRefused:
    fix = "Correct the line."
    return TermsRefused("the references cannot be used", where=where, expected=expected, got=got[:80], fix=fix)
