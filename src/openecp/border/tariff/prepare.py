# SPDX-License-Identifier: Apache-2.0
"""Tariff measures in the form that the SQL steps join: one row a measure and known code, duties as numbers.

A duty becomes up to 4 segments joined by MIN or MAX; a segment is a rate (a decimal fraction of the tax base) and up to
3 amounts per base unit. `amount` times the quantity in `unit` is in minor units of the administration's currency; where
`currency` is given, it is to be multiplied by that currency's rate of the day (national currency for one unit) first.

    duty = s1, then for each op: MIN -> greatest(so far, next), MAX -> least(so far, next); at last greatest(duty, 0)
    s    = rate * base + t1_amount * fx(t1_currency) * quantity(t1_unit) + ...

Limits: 4 segments, 3 amounts a segment, 9 decimals, 5,000,000 rows.
A duty that does not fit has `needs_human` with the reason, and no s1_rate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pyarrow as pa

from openecp.border.tariff.duty_expression import (
    AmountPerUnit,
    Bound,
    DutyExpression,
    ExchangeRateMissingError,
    NoDuty,
    Percentage,
    QuantityMissingError,
    Rational,
    Term,
)
from openecp.border.tariff.measures import Measure
from openecp.border.tariff.selection import TariffIndex
from openecp.border.tariff.units import STANDARD_UNITS, Units

MAX_SEGMENTS = 4
MAX_AMOUNTS = 3
DECIMALS = 9
MAX_PREPARED_ROWS = 5_000_000
RATE_TYPE = pa.decimal128(12, DECIMALS)
AMOUNT_TYPE = pa.decimal128(18, DECIMALS)
_RATE_BELOW = 10 ** (12 - DECIMALS)
_AMOUNT_BELOW = 10 ** (18 - DECIMALS)


class DutyNotPreparableError(ValueError):
    """A duty that the steps cannot compute, with the reason: a person has to look at it."""


class TariffTooLargeError(ValueError):
    """A tariff whose measures, expanded on every known code, are more rows than can be held."""

    def __init__(self, measures: int, codes: int) -> None:
        super().__init__(
            f"{measures} measures on {codes} codes: expected at most {MAX_PREPARED_ROWS} rows in all, got more; "
            "give fewer rows an empty or short goods code"
        )


class PreparedAmount(msgspec.Struct, frozen=True):
    """Minor units per one base unit; in hundredths (by the national exponent) of `currency` where that is given."""

    amount: Decimal
    unit: str
    currency: str | None = None


class PreparedSegment(msgspec.Struct, frozen=True):
    """A rate as a fraction of the base (0.16 for 16%) and amounts per base unit."""

    rate: Decimal
    amounts: tuple[PreparedAmount, ...] = ()


class PreparedDuty(msgspec.Struct, frozen=True):
    """A duty as the SQL steps compute it: segments folded from left to right by the bounds between them."""

    segments: tuple[PreparedSegment, ...]
    bounds: tuple[Bound, ...] = ()

    def amount(
        self, base_minor: int, base_quantities: Mapping[str, Decimal], fx: Mapping[str, Rational] | None = None
    ) -> Fraction:
        """Compute what the SQL steps compute, exactly: the duty in minor units, not below zero."""
        sums = [Fraction(segment.rate) * base_minor for segment in self.segments]
        for number, segment in enumerate(self.segments):
            for part in segment.amounts:
                if part.unit not in base_quantities:
                    raise QuantityMissingError(part.unit)
                if part.currency is not None and part.currency not in (fx or {}):
                    raise ExchangeRateMissingError(part.currency)
                rate = Fraction(1) if part.currency is None else Fraction((fx or {})[part.currency])
                sums[number] += Fraction(part.amount) * rate * Fraction(base_quantities[part.unit])
        result = sums[0]
        for bound, right in zip(self.bounds, sums[1:], strict=True):
            result = max(result, right) if bound == "MIN" else min(result, right)
        return max(result, Fraction(0))


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What the table uses at all, so that the steps leave out what it does not."""

    segments: int  # 1 to 4
    amounts: tuple[int, int, int, int]  # amounts per unit used in segment 1 .. 4
    additional_codes: int  # 0 to 3
    units: tuple[str, ...]  # base units that quantities are needed in
    currencies: tuple[str, ...]  # currencies other than the national one
    may_be_negative: bool  # some duty has a minus term
    needs_human: int  # measures that the steps cannot compute


class TariffTables(msgspec.Struct, frozen=True, kw_only=True):
    """The prepared tariff: `measures` for the join on tariff_key, `codes` (tariff_key), the index, and the shape."""

    measures: Any  # pyarrow.Table
    codes: Any  # pyarrow.Table
    index: TariffIndex
    shape: Shape
    needs_human: tuple[tuple[Measure, str], ...] = ()


def prepare_duty(
    expression: DutyExpression, *, currency: str, exponent: int = 2, units: Units = STANDARD_UNITS
) -> PreparedDuty:
    """Turn an expression into numbers per base unit of the national currency.

    Raises: DutyNotPreparableError, with the reason, where it does not fit the limits exactly.
    """
    if len(expression.segments) > MAX_SEGMENTS:
        raise DutyNotPreparableError(f"{len(expression.segments)} alternatives: the steps take {MAX_SEGMENTS}")
    segments = tuple(_segment(terms, currency, exponent, units) for terms in expression.segments)
    return PreparedDuty(segments, expression.bounds)


def _segment(terms: Sequence[Term], currency: str, exponent: int, units: Units) -> PreparedSegment:
    rate = Fraction(0)
    amounts: dict[tuple[str, str | None], Fraction] = defaultdict(Fraction)
    for term in terms:
        sign = -1 if term.minus else 1
        part = term.component
        if isinstance(part, NoDuty):
            continue
        if isinstance(part, Percentage):
            share = sign * Fraction(part.percent) / 100
            if part.of_retail:
                amounts["RET", None] += share * 10**exponent
            else:
                rate += share
            continue
        unit, amount = _per_base_unit(part, units)
        amounts[unit, None if part.currency == currency else part.currency] += sign * amount * 10**exponent
    used = {key: amount for key, amount in amounts.items() if amount}
    if len(used) > MAX_AMOUNTS:
        raise DutyNotPreparableError(f"{len(used)} amounts per unit in one sum: the steps take {MAX_AMOUNTS}")
    return PreparedSegment(
        _exact(rate, _RATE_BELOW, "rate"),
        tuple(
            PreparedAmount(_exact(amount, _AMOUNT_BELOW, f"amount per {unit}"), unit, other)
            for (unit, other), amount in used.items()
        ),
    )


def _per_base_unit(part: AmountPerUnit, units: Units) -> tuple[str, Fraction]:
    base = units.base(part.unit)
    if base is None:
        raise DutyNotPreparableError(f"unit {part.unit} is not known: add it to the profile's units.csv")
    return base.unit, Fraction(part.amount) / Fraction(part.per) / Fraction(base.factor)


def _exact(value: Fraction, below: int, what: str) -> Decimal:
    scaled = value * 10**DECIMALS
    if scaled.denominator != 1:
        raise DutyNotPreparableError(f"the {what} ({value}) is not exact in {DECIMALS} decimals")
    if abs(value) >= below:
        raise DutyNotPreparableError(f"the {what} is {below} or more")
    return Decimal(scaled.numerator).scaleb(-DECIMALS).normalize()


def rate_text(measure: Measure) -> str | None:
    """Return the percentage of a purely ad valorem duty as text ("16", "9.1", "0"), else None."""
    percent = measure.duty.ad_valorem if measure.duty is not None else None
    return None if percent is None else f"{percent.normalize():f}"


def prepare(
    measures: Sequence[Measure],
    extra_codes: Iterable[str] = (),
    *,
    currency: str,
    exponent: int = 2,
    units: Units = STANDARD_UNITS,
) -> TariffTables:
    """Expand every measure on every known code that begins with its goods code, and turn its duty into numbers.

    Known codes are those of the measures and `extra_codes` (the nomenclature). `measure_id` is the measure's place,
    from 1; (tariff_key, measure_id) is unique. Look a declared code up by `index.key(code)` and join on `tariff_key`.
    Raises: TariffTooLargeError.
    """
    by_code: dict[str, list[int]] = defaultdict(list)
    for number, measure in enumerate(measures):
        by_code[measure.goods_code].append(number)
    codes = sorted(set(by_code) | set(extra_codes))
    lengths = sorted({len(code) for code in by_code})
    keys: list[str] = []
    rows: list[int] = []
    for code in codes:
        for length in lengths:
            found = by_code.get(code[:length]) if length <= len(code) else None
            if found:
                rows += found
                keys += [code] * len(found)
        if len(rows) > MAX_PREPARED_ROWS:
            raise TariffTooLargeError(len(measures), len(codes))
    source, shape, needs_human = _source_table(measures, currency, exponent, units)
    table = source.take(pa.array(rows, pa.int64())).add_column(0, "tariff_key", pa.array(keys, pa.string()))
    table = table.replace_schema_metadata({"openecp.shape": msgspec.json.encode(shape)})
    return TariffTables(
        measures=table,
        codes=pa.table({"tariff_key": pa.array(codes, pa.string())}),
        index=TariffIndex(codes),
        shape=shape,
        needs_human=needs_human,
    )


def _source_table(
    measures: Sequence[Measure], currency: str, exponent: int, units: Units
) -> tuple[Any, Shape, tuple[tuple[Measure, str], ...]]:
    """Build the table of one row a measure, the shape, and the measures that need a human with the reason."""
    cache: dict[DutyExpression, PreparedDuty | str] = {}
    prepared: list[PreparedDuty | str] = []
    for measure in measures:
        if measure.duty is None:
            prepared.append(measure.needs_human or "the duty is not typed")
            continue
        answer = cache.get(measure.duty)
        if answer is None:
            try:
                answer = prepare_duty(measure.duty, currency=currency, exponent=exponent, units=units)
            except DutyNotPreparableError as error:
                answer = str(error)
            cache[measure.duty] = answer
        prepared.append(answer)
    columns = _key_columns(measures)
    columns["needs_human"] = pa.array([duty if isinstance(duty, str) else None for duty in prepared], pa.string())
    duties = [None if isinstance(duty, str) else duty for duty in prepared]
    columns |= _duty_columns(duties)
    needs_human = tuple(
        (measure, duty) for measure, duty in zip(measures, prepared, strict=True) if isinstance(duty, str)
    )
    shape = _shape([duty for duty in cache.values() if isinstance(duty, PreparedDuty)], measures, len(needs_human))
    return pa.table(columns), shape, needs_human


def _key_columns(measures: Sequence[Measure]) -> dict[str, Any]:
    """Give the columns that a measure is found and shown by; an empty cell is null."""

    def text(values: Iterable[str | None]) -> Any:
        return pa.array([value or None for value in values], pa.string())

    columns: dict[str, Any] = {
        "measure_id": pa.array(range(1, len(measures) + 1), pa.int64()),
        "goods_code": pa.array([measure.goods_code for measure in measures], pa.string()),
        "tax_type": pa.array([measure.tax_type for measure in measures], pa.string()),
        "origin": text(measure.origin for measure in measures),
        "preference": text(measure.preference for measure in measures),
        "order_number": text(measure.order_number for measure in measures),
    }
    for place in range(3):
        columns[f"additional_code_{place + 1}"] = text(
            measure.additional_codes[place] if place < len(measure.additional_codes) else None for measure in measures
        )
    columns["valid_from"] = pa.array([measure.valid_from for measure in measures], pa.date32())
    columns["valid_to"] = pa.array([measure.valid_to for measure in measures], pa.date32())
    columns["specificity"] = pa.array([measure.specificity for measure in measures], pa.int32())
    columns["prefix_len"] = pa.array([len(measure.goods_code) for measure in measures], pa.int32())
    columns["rate_text"] = pa.array([rate_text(measure) for measure in measures], pa.string())
    columns["duty"] = pa.array([measure.duty_text for measure in measures], pa.string())
    columns["source"] = text(measure.source for measure in measures)
    return columns


def _duty_columns(duties: Sequence[PreparedDuty | None]) -> dict[str, Any]:
    """Give s1_rate .. s4_rate, s1_t1_amount, s1_t1_unit, s1_t1_currency .. and op_1 .. op_3.

    Unused rates and amounts are 0, unused units, currencies and ops null; every rate is null where a human is needed.
    """
    zero = Decimal(0)
    columns: dict[str, Any] = {}
    for place in range(MAX_SEGMENTS):
        segments = [None if duty is None or place >= len(duty.segments) else duty.segments[place] for duty in duties]
        rates = [None if duty is None else (s.rate if s else zero) for duty, s in zip(duties, segments, strict=True)]
        columns[f"s{place + 1}_rate"] = pa.array(rates, RATE_TYPE)
        for number in range(MAX_AMOUNTS):
            parts = [s.amounts[number] if s and number < len(s.amounts) else None for s in segments]
            name = f"s{place + 1}_t{number + 1}"
            columns[f"{name}_amount"] = pa.array([part.amount if part else zero for part in parts], AMOUNT_TYPE)
            columns[f"{name}_unit"] = pa.array([part.unit if part else None for part in parts], pa.string())
            columns[f"{name}_currency"] = pa.array([part.currency if part else None for part in parts], pa.string())
    for place in range(MAX_SEGMENTS - 1):
        bounds = [duty.bounds[place] if duty and place < len(duty.bounds) else None for duty in duties]
        columns[f"op_{place + 1}"] = pa.array(bounds, pa.string())
    return columns


def _shape(duties: Iterable[PreparedDuty], measures: Iterable[Measure], needs_human: int) -> Shape:
    amounts = [0] * MAX_SEGMENTS
    segments, units, currencies, negative = 1, set[str](), set[str](), False
    for duty in duties:
        segments = max(segments, len(duty.segments))
        for place, segment in enumerate(duty.segments):
            amounts[place] = max(amounts[place], len(segment.amounts))
            units |= {part.unit for part in segment.amounts}
            currencies |= {part.currency for part in segment.amounts if part.currency}
            negative |= segment.rate < 0 or any(part.amount < 0 for part in segment.amounts)
    return Shape(
        segments=segments,
        amounts=(amounts[0], amounts[1], amounts[2], amounts[3]),
        additional_codes=max((len(measure.additional_codes) for measure in measures), default=0),
        units=tuple(sorted(units)),
        currencies=tuple(sorted(currencies)),
        may_be_negative=negative,
        needs_human=needs_human,
    )
