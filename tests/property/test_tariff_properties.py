# SPDX-License-Identifier: Apache-2.0
"""Laws of duty expressions and of the choice of measures, on generated examples."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from openecp.border.tariff.duty_expression import (
    AmountPerUnit,
    DutyExpression,
    DutyExpressionError,
    NoDuty,
    Percentage,
    Term,
    evaluate,
    parse,
)
from openecp.border.tariff.measures import HEADER, Measure, read_measures
from openecp.border.tariff.prepare import DutyNotPreparableError, TariffTables, prepare, prepare_duty
from openecp.border.tariff.selection import ItemFacts, winning
from openecp.border.tariff.units import STANDARD_UNITS
from openecp.border.tariff.us_rate_text import UsRateError, read_rate

NUMBERS = st.decimals(min_value=0, max_value=9999, places=4, allow_nan=False, allow_infinity=False)
UNITS = st.sampled_from(["KGM", "DTN", "TNE", "LTR", "HLT", "NAR", "KGM#G", "TNE#I", "RET"])
PERCENTAGES = st.builds(Percentage, NUMBERS, st.booleans())
AMOUNTS = st.builds(
    AmountPerUnit, NUMBERS, st.sampled_from(["GBP", "EUR"]), st.sampled_from([Decimal(1), Decimal(100)]), UNITS
)
COMPONENTS = st.one_of(PERCENTAGES, AMOUNTS, st.builds(NoDuty, st.sampled_from(["NIHIL", "Free"])))
QUANTITIES = st.fixed_dictionaries(
    {
        unit: st.decimals(min_value=0, max_value=10**6, places=3)
        for unit in ("KGM", "LTR", "NAR", "KGM#G", "KGM#I", "RET")
    }
)
FX = {"EUR": Decimal("0.8432")}
VALUES = st.integers(min_value=0, max_value=10**12)


@st.composite
def segments(draw: Any, minus_percent: bool = True) -> tuple[Term, ...]:
    first = Term(draw(COMPONENTS))
    rest = []
    for component in draw(st.lists(COMPONENTS, max_size=3)):
        minus = draw(st.booleans()) and (minus_percent or not isinstance(component, Percentage))
        rest.append(Term(component, minus))
    return (first, *rest)


@st.composite
def expressions(draw: Any, minus_percent: bool = True) -> DutyExpression:
    count = draw(st.integers(min_value=1, max_value=4))
    parts = tuple(draw(segments(minus_percent)) for _ in range(count))
    return DutyExpression(parts, tuple(draw(st.sampled_from(["MIN", "MAX"])) for _ in range(count - 1)))


@given(expressions())
def test_canonical_text_reads_back_as_the_same(expression: DutyExpression) -> None:
    assert parse(str(expression)) == expression


@given(st.one_of(st.text(max_size=60), st.text(alphabet="0123456789.%+-/ MINAXGBPKEURfe#¢$£of", max_size=60)))
@settings(max_examples=150)
def test_the_parser_raises_one_error_only(text: str) -> None:
    fault: DutyExpressionError | None = None
    try:
        expression = parse(text)
    except DutyExpressionError as error:
        fault = error
    if fault is None:
        assert parse(str(expression)) == expression
    else:
        assert 1 <= fault.position <= len(text) + 1
        assert all((fault.label, fault.expected, fault.got, fault.hint))


@given(st.one_of(st.text(max_size=60), st.text(alphabet="0123456789.%+-/ ¢$kgliter each on the", max_size=60)))
@settings(max_examples=150)
def test_the_reader_of_us_rates_raises_one_error_only(text: str) -> None:
    with suppress(UsRateError):
        read_rate(text)


@given(expressions(minus_percent=False), VALUES, VALUES, QUANTITIES)
def test_a_higher_value_never_bears_less_duty(
    expression: DutyExpression, one: int, other: int, quantities: dict[str, Decimal]
) -> None:
    low, high = sorted((one, other))
    assert evaluate(expression, low, quantities, FX) <= evaluate(expression, high, quantities, FX)


@given(segments(), segments(), segments(), VALUES, QUANTITIES)
def test_minimum_takes_the_greater_and_maximum_the_lesser(
    a: tuple[Term, ...], b: tuple[Term, ...], c: tuple[Term, ...], value: int, quantities: dict[str, Decimal]
) -> None:
    def duty(parts: tuple[tuple[Term, ...], ...], *bounds: Any) -> Any:
        return evaluate(DutyExpression(parts, bounds), value, quantities, FX)

    left, right, third = duty((a,)), duty((b,)), duty((c,))
    assert duty((a, b), "MIN") == duty((b, a), "MIN") == max(left, right)
    assert duty((a, b), "MAX") == duty((b, a), "MAX") == min(left, right)
    assert duty((a, a), "MIN") == duty((a, a), "MAX") == left
    assert duty((a, b, c), "MIN", "MAX") == min(max(left, right), third)
    assert duty((a, b, c), "MAX", "MIN") == max(min(left, right), third)


@given(expressions(), VALUES, QUANTITIES)
def test_the_prepared_form_computes_the_same(
    expression: DutyExpression, value: int, quantities: dict[str, Decimal]
) -> None:
    try:
        prepared = prepare_duty(expression, currency="GBP")
    except DutyNotPreparableError:
        return
    assert prepared.amount(value, quantities, FX) == evaluate(expression, value, quantities, FX)


def chosen_from_table(tables: TariffTables, item: ItemFacts, on: date) -> dict[str, set[int]]:
    """Choose rows of the prepared table as the SQL steps do: one equality join, filters, the highest specificity."""
    key = tables.index.key(item.goods_code)
    best: dict[str, tuple[int, set[int]]] = defaultdict(lambda: (-1, set()))
    for row in tables.measures.to_pylist():
        codes = {row[f"additional_code_{place}"] for place in (1, 2, 3)} - {None}
        if (
            row["tariff_key"] != key
            or not row["valid_from"] <= on <= row["valid_to"]
            or not codes <= item.additional_codes
            or row["origin"] not in (None, item.origin)
            or row["preference"] not in (None, item.preference)
            or row["order_number"] not in (None, item.order_number)
        ):
            continue
        held, numbers = best[row["tax_type"]]
        if row["specificity"] >= held:
            numbers = numbers if row["specificity"] == held else set()
            best[row["tax_type"]] = (row["specificity"], numbers | {row["measure_id"]})
    return {tax_type: numbers for tax_type, (_, numbers) in best.items()}


def chosen_plainly(measures: tuple[Measure, ...], item: ItemFacts, on: date) -> dict[str, set[int]]:
    chosen: dict[str, set[int]] = defaultdict(set)
    for measure in winning(measures, item, on):
        chosen[measure.tax_type].add(next(n for n, one in enumerate(measures, start=1) if one is measure))
    return dict(chosen)


CODES = st.sampled_from(["", "0", "01", "0101", "010121", "0101210010", "010129", "02"])
DAYS = st.integers(min_value=0, max_value=20).map(lambda days: date(2026, 1, 1) + timedelta(days=days))
ADDITIONAL = st.lists(st.sampled_from(["A1", "B2", "C3"]), max_size=3, unique=True)
ROWS = st.lists(
    st.tuples(
        CODES,
        ADDITIONAL,
        st.sampled_from(["", "JP", "FR"]),
        st.sampled_from(["", "100", "300"]),
        st.sampled_from(["", "", "054077"]),
        st.sampled_from(["A00", "B00"]),
        st.sampled_from(["5%", "Free", "1 GBP / KGM"]),
        DAYS,
        DAYS,
    ),
    max_size=25,
)
ITEMS = st.builds(
    ItemFacts,
    goods_code=st.sampled_from(["0101210010", "01012100", "0101290000", "0101", "9", "0201000000"]),
    additional_codes=ADDITIONAL.map(frozenset),
    origin=st.sampled_from(["JP", "FR", "US"]),
    preference=st.sampled_from(["100", "300", ""]),
    order_number=st.sampled_from(["", "054077"]),
)


@given(ROWS, ITEMS, DAYS)
def test_the_prepared_table_gives_the_rows_of_the_plain_rule(rows: list[Any], item: ItemFacts, on: date) -> None:
    text = ",".join(HEADER) + "\n"
    for code, additional, origin, preference, order, tax_type, duty, one, other in rows:
        first, last = sorted((one, other))
        text += f"{code},{'|'.join(additional)},{origin},{preference},{order},{tax_type},{duty},{first},{last},\n"
    file = read_measures(text.encode())
    assert {fault.code for fault in file.faults} <= {"OECP-TARIFF-DUPLICATE", "OECP-TARIFF-OVERLAP"}
    tables = prepare(file.measures, ["0101210010", "0201"], currency="GBP")
    assert chosen_from_table(tables, item, on) == chosen_plainly(file.measures, item, on)


@given(st.binary(max_size=300))
def test_any_bytes_give_faults_never_an_exception(data: bytes) -> None:
    read_measures(data)
    file = read_measures((",".join(HEADER) + "\n").encode() + data)
    assert all(fault.line >= 1 for fault in file.faults)


def test_every_standard_unit_has_a_base_that_is_its_own_base() -> None:
    for code in STANDARD_UNITS:
        base = STANDARD_UNITS.base(code)
        assert base is not None
        assert STANDARD_UNITS.base(base.unit) == (base.unit, 1)
