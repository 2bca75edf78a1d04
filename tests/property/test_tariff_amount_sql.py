# SPDX-License-Identifier: Apache-2.0
"""The SQL that computes a duty equals the plain evaluation of its expression, to the last decimal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openecp.border.tariff.duty_expression import (
    AmountPerUnit,
    DutyExpression,
    NoDuty,
    Percentage,
    QuantityMissingError,
    Term,
    evaluate,
)
from openecp.border.tariff.measures import FIRST_DAY, LAST_DAY, Measure
from openecp.border.tariff.prepare import prepare

amount_sql = pytest.importorskip("openecp.border.tariff.amount_sql")
reference = pytest.importorskip("openecp.border.tariff.reference")

FX = {"EUR": Decimal("0.8432")}
RATES = {"EUR": [(FX["EUR"], FIRST_DAY, LAST_DAY)]}
PARTS = {"A00": (1, "duty", frozenset({"value"}), "", "import", False)}
BASE_UNITS = ("KGM", "LTR", "NAR", "KGM#G", "KGM#I", "RET")
NUMBERS = st.decimals(min_value=0, max_value=999, places=2)
COMPONENTS = st.one_of(
    st.builds(Percentage, NUMBERS, st.booleans()),
    st.builds(AmountPerUnit, NUMBERS, st.just("GBP"), st.sampled_from([Decimal(1), Decimal(100)]), st.sampled_from(
        ["KGM", "DTN", "TNE", "LTR", "HLT", "NAR", "KGM#G", "TNE#I"])),
    st.builds(AmountPerUnit, NUMBERS, st.just("EUR"), st.just(Decimal(1)), st.sampled_from(["KGM", "DTN", "NAR"])),
    st.just(NoDuty()),
)  # fmt: skip
TERMS = st.tuples(COMPONENTS, st.lists(st.builds(Term, COMPONENTS, st.booleans()), max_size=2)).map(
    lambda pair: (Term(pair[0]), *pair[1])
)
EXPRESSIONS = st.lists(TERMS, min_size=1, max_size=4).flatmap(
    lambda parts: st.lists(st.sampled_from(["MIN", "MAX"]), min_size=len(parts) - 1, max_size=len(parts) - 1).map(
        lambda bounds: DutyExpression(tuple(parts), tuple(bounds))
    )
)
QUANTITIES = st.dictionaries(
    st.sampled_from(BASE_UNITS), st.decimals(min_value=0, max_value=10**6, places=6), min_size=4, max_size=6
)


@given(st.lists(EXPRESSIONS, min_size=1, max_size=12), st.integers(0, 10**11), QUANTITIES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_sql_equals_the_plain_evaluation(
    expressions: list[DutyExpression], base: int, quantities: dict[str, Decimal]
) -> None:
    measures = [
        Measure(goods_code=f"{number:04d}", tax_type="A00", duty_text=str(expression), duty=expression)
        for number, expression in enumerate(expressions)
    ]
    tables = prepare(measures, currency="GBP")
    columns = [("base", "BIGINT"), ("quantities_e6", "MAP(VARCHAR, BIGINT)")]
    columns += reference.measure_columns(tables.shape)
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"create table m ({', '.join(f'{name} {kind}' for name, kind in columns)})")
    declared = {unit: int(quantity * 10**6) for unit, quantity in quantities.items()}
    rows = [(base, declared, *row) for row in reference.measure_rows(tables, PARTS, RATES)]
    connection.executemany(f"insert into m values ({', '.join('?' * len(columns))})", rows)
    sql = amount_sql.duty_amount_sql("base", tables.shape)
    got = dict(connection.execute(f"select measure_id, {sql} from m").fetchall())
    assert len(got) == len(measures)
    needs_human = {measure.goods_code for measure, _ in tables.needs_human}
    for number, measure in enumerate(measures, start=1):
        assert measure.duty is not None
        try:
            wanted: Fraction | None = evaluate(measure.duty, base, quantities, FX)
        except QuantityMissingError:
            wanted = None
        if measure.goods_code in needs_human:
            wanted = None
        found = got[number]
        # A unit whose amounts cancel out needs no quantity in SQL; the plain evaluation asks for it all the same.
        if wanted is not None or measure.goods_code in needs_human:
            assert (None if found is None else Fraction(found)) == wanted, measure.duty_text


def test_one_expression_by_hand() -> None:
    expression = "9.10% + 45.10 GBP / 100 KG MAX 18.90% + 16.50 GBP / 100 KG"
    from openecp.border.tariff.duty_expression import parse

    measure = Measure(goods_code="0402", tax_type="A00", duty_text=expression, duty=parse(expression))
    tables = prepare([measure], currency="GBP")
    row = reference.measure_rows(tables, PARTS, {})[0]
    names = [name for name, _ in reference.measure_columns(tables.shape)]
    kinds = [kind for _, kind in reference.measure_columns(tables.shape)]
    cells = ", ".join(f"cast(? as {kind}) as {name}" for name, kind in zip(names, kinds, strict=True))
    sql = amount_sql.duty_amount_sql("cast(100000 as bigint)", tables.shape)
    query = f"select {sql} from (select map(['KGM'], [cast(250000000 as bigint)]) as quantities_e6, {cells})"
    (amount,) = duckdb.connect().execute(query, list(row)).fetchone() or (None,)
    assert amount == 9_100 + 11_275
    assert row[names.index("valid_to")] == date(9999, 12, 31)
