# SPDX-License-Identifier: Apache-2.0
"""Money: the steps equal a plain Python oracle to the minor unit.

Method: Hypothesis makes items and small tariffs (every form of duty, every rounding mode, both bases of value, foreign
money, charges, reliefs, suspensions); one statement assesses them all, the oracle each by itself.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.oracle.money import Charge, Item, Line, Oracle, rounded

from openecp.border.online import inputs_of
from openecp.border.pipeline import Assessor
from openecp.border.tariff.duty_expression import AmountPerUnit, DutyExpression, NoDuty, Percentage, Term
from openecp.border.tariff.measures import Measure
from openecp.border.tariff.reference import load_measures
from openecp.kernel.datamodel.columns import ITEM_COLUMNS, NO_KEY, DeclarationRows
from openecp.kernel.profile import Profile, load_profile
from openecp.platform.engines.duck import DuckEngine

# A seed has nothing to shrink, and each example is a batch: the assertion names the item.
FAST = settings(
    deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate], database=None
)
MODES = ("floor", "half_up", "half_even", "ceiling")
CODES = ("01012100", "0101", "01019", "22030000", "2203", "85171300")
UNITS = ("KGM", "LTR", "NAR", "RET")
_EMPTY: dict[str, Any] = {"VARCHAR": "", "BIGINT": 0, "INTEGER": 0, "BOOLEAN": False, "VARCHAR[]": []}


def some_item(draw: random.Random, codes: Sequence[str], additional: Sequence[str]) -> Item:
    """Return an item; prices and quantities sit on rounding edges more often than chance would put them."""

    def amount() -> int:
        kind = draw.randrange(4)
        if kind == 0:
            return draw.choice((0, 50, 150, 250, 5000, 99_995_000))
        return draw.randrange((10**6, 10**9, 10**11)[kind - 1])

    charges = tuple(
        Charge(
            draw.choice(("F10", "F20", "A10", "K10", "K50", "P10", "FREIGHT")),
            draw.randrange(10**8),
            draw.choice(("XBM", "USD", "JPY")),
        )
        for _ in range(draw.choice((0, 0, 1, 3)))
    )
    quantities = {
        unit: draw.choice((draw.randrange(10**12), draw.randrange(10**6) * 10**6, draw.randrange(10**4)))
        for unit in UNITS
        if draw.random() < 0.8
    }
    return Item(
        on=draw.choice((date(2024, 3, 1), date(2024, 12, 31), date(2025, 1, 1), date(2026, 6, 15))),
        code=draw.choice(codes),
        origin=draw.choice(("", "CN", "QT", "QP", "FR", "QM")),
        preference=draw.choice(("100", "200", "300", "120")),
        order_number=draw.choice(("", "", "XB1701")),
        additional_codes=tuple(draw.sample(list(additional), draw.randrange(3))),
        procedure=draw.choice(("4000", "4000", "7100", "5100", "6110", "5300")),
        additional_procedures=draw.choice((("000",), (), ("C30",), ("C40", "C20"), ("R01",), ("L01",))),
        price_e4=amount(),
        currency=draw.choice(("XBM", "XBM", "USD", "JPY", "EUR")),
        incoterm=draw.choice(("CIF", "FOB", "EXW", "CFR", "DAP", "")),
        charges=charges,
        quantities_e6=quantities,
    )


def some_component(draw: random.Random) -> Percentage | AmountPerUnit | NoDuty:
    """Return one component of a duty."""
    number = Decimal(draw.randrange(30_000)) / 100
    kind = draw.randrange(8)
    if kind < 3:
        return Percentage(number)
    if kind == 3:
        return Percentage(number, of_retail=True)
    if kind < 6:
        unit = draw.choice(("KGM", "DTN", "TNE", "LTR", "HLT", "NAR"))
        return AmountPerUnit(number, "XBM", Decimal(draw.choice((1, 100))), unit)
    if kind == 6:
        return AmountPerUnit(number, "USD", Decimal(1), draw.choice(("KGM", "NAR")))
    return NoDuty()


def some_measure(draw: random.Random) -> Measure:
    """Return a measure with any form of duty."""
    segments = tuple(
        tuple(Term(some_component(draw), place > 0 and draw.random() < 0.3) for place in range(draw.choice((1, 1, 2))))
        for _ in range(draw.choice((1, 1, 2, 3)))
    )
    duty = DutyExpression(segments, tuple(draw.choice(("MIN", "MAX")) for _ in segments[1:]))
    return Measure(
        goods_code=draw.choice(("", "01", "0101", "01012100", "2203", "22030000")),
        tax_type=draw.choice(("D10", "D10", "D20", "D30", "E10", "V10")),
        duty_text=str(duty),
        duty=duty,
        origin=draw.choice(("", "", "CN", "QT")),
        preference=draw.choice(("", "", "", "300")),
        order_number=draw.choice(("", "", "", "XB1701")),
        additional_codes=draw.choice(((), (), (), ("A101",), ("A101", "A102"))),
        valid_from=draw.choice((date(1900, 1, 1), date(1900, 1, 1), date(2025, 1, 1))),
    )


SEEDS = st.integers(0, 2**32 - 1)


def profile_with(mode: str, basis: str, *, complete: bool = True, positive: bool = False) -> Profile:
    """Return the demo profile's money rules with another rounding and basis of value, and nothing else to check."""
    demo = load_profile("demo")
    given_settings = {**demo.settings, "rounding": {"mode": mode}, "value_basis": basis}
    given_settings["nomenclature"] = "closed" if complete else "open"
    profile = Profile(demo.folder, given_settings)
    for name in ("obligations", "coded_elements", "formats", "risk_criteria"):
        profile._tables[name] = []
    for name in ("document_requirements", "additional_code_requirements", "relations"):
        profile._tables[name] = []
    profile._tables["nomenclature"] = [{"goods_code": code, "movement": "both"} for code in CODES]
    if positive:
        profile._tables["tax_types"] = [{**row, "positive_base": "yes"} for row in demo.table("tax_types")]
    return profile


def rows_of(assessor: Assessor, given_items: Sequence[Item]) -> DeclarationRows:
    """Return the item rows as columns.py would give them."""
    rows = DeclarationRows(items=[], charges=[], overrides=[], format_faults=[])
    for number, item in enumerate(given_items):
        known = assessor._tariff.index.key(item.code)
        cells: dict[str, Any] = {
            "row_id": number,
            "declaration_no": number,
            "item": 1,
            "on_date": item.on,
            "movement": "import",
            "tariff_key": NO_KEY if known is None else known,
            "goods_code": item.code,
            "origin": item.origin,
            "preference": item.preference,
            "order_number": item.order_number,
            "additional_codes": list(item.additional_codes),
            "procedure": item.procedure,
            "additional_procedures": list(item.additional_procedures),
            "value_e4": item.price_e4,
            "value_currency": item.currency,
            "taxed": True,
            "incoterm": item.incoterm,
            "quantities_e6": dict(item.quantities_e6),
            "statistical_e4": None,
        }
        rows.items.append(tuple(cells.get(name, _EMPTY.get(kind)) for name, kind in ITEM_COLUMNS))
        rows.charges += [(number, number, c.kind, c.amount_e4, c.currency) for c in item.charges]
    return rows


def steps_of(assessor: Assessor, given_items: Sequence[Item]) -> tuple[dict[int, Any], dict[int, list[Line]]]:
    """Return values and tax lines by item, as the SQL steps give them."""
    rows = rows_of(assessor, given_items)
    inputs = {name: (schema, given) for name, schema, given in inputs_of(rows) if given}
    found = assessor._engine.run(assessor.statement(assessor._facts(rows)), inputs)
    values = {row[2]: (row[5], bool(row[6])) for row in found if row[0] == "V"}
    assert len(values) == sum(row[0] == "V" for row in found) == len(given_items), "rows out = rows in"
    lines: dict[int, list[Line]] = {number: [] for number in range(len(given_items))}
    for row in found:
        if row[0] == "T" and row[3] > 0:
            lines[row[2]].append(Line(row[3], row[5], row[6], row[8], row[9]))
    return values, {number: sorted(some, key=repr) for number, some in lines.items()}


def compare(assessor: Assessor, oracle: Oracle, given_items: Sequence[Item]) -> int:
    """Assert that steps and oracle agree on every item; return how many lines they agree on."""
    values, lines = steps_of(assessor, given_items)
    count = 0
    for number, item in enumerate(given_items):
        wanted = oracle.value(item)
        value, is_open = values[number]
        assert is_open == (wanted is None), item
        if wanted is None:
            continue
        assert value == wanted, item
        expected = sorted(oracle.lines(item), key=repr)
        assert lines[number] == expected, (item, [oracle.measures[x.measure - 1].duty_text for x in expected])
        assert all(x.amount is None or x.amount >= 0 for x in lines[number]), "no negative tax"
        count += len(expected)
    return count


class Demo:
    """The demo profile's assessor and oracle; short to print where an example fails."""

    def __init__(self) -> None:
        profile = load_profile("demo")
        path = profile.folder / "measures.csv"
        self.measures = list(load_measures(path.read_bytes(), path.name, profile))
        self.assessor = Assessor(profile, DuckEngine(), self.measures)
        self.oracle = Oracle(profile, self.measures)
        self.codes = sorted({m.goods_code for m in self.measures if len(m.goods_code) == 8})
        self.additional = sorted({code for m in self.measures for code in m.additional_codes})


@pytest.fixture(scope="module")
def demo() -> Demo:
    return Demo()


def of_the_demo(demo: Demo, seed: int, size: int) -> None:
    draw = random.Random(seed)
    given_items = [some_item(draw, demo.codes, demo.additional) for _ in range(size)]
    assert compare(demo.assessor, demo.oracle, given_items) > size // 2


@given(SEEDS)
@settings(FAST, max_examples=3)
def test_the_demo_tariff(demo: Demo, seed: int) -> None:
    of_the_demo(demo, seed, 300)


def random_tariff(seed: int, mode: str, basis: str) -> None:
    draw = random.Random(seed)
    profile = profile_with(mode, basis, complete=draw.random() < 0.5, positive=draw.random() < 0.3)
    measures = [some_measure(draw) for _ in range(draw.randrange(1, 14))]
    assessor = Assessor(profile, DuckEngine(), measures)
    assert not assessor._tariff.needs_human, "every form made here can be computed"
    compare(assessor, Oracle(profile, measures), [some_item(draw, CODES, ("A101", "A102")) for _ in range(150)])


@pytest.mark.parametrize("mode", MODES)
@given(seed=SEEDS, basis=st.sampled_from(["CIF", "FOB"]))
@settings(FAST, max_examples=2)
def test_random_tariffs(mode: str, seed: int, basis: str) -> None:
    random_tariff(seed, mode, basis)


@pytest.mark.slow
@given(SEEDS, st.sampled_from(MODES), st.sampled_from(["CIF", "FOB"]))
@settings(FAST, max_examples=150)
def test_random_tariffs_deep(seed: int, mode: str, basis: str) -> None:
    random_tariff(seed, mode, basis)


@pytest.mark.slow
@given(SEEDS)
@settings(FAST, max_examples=40)
def test_the_demo_tariff_deep(demo: Demo, seed: int) -> None:
    of_the_demo(demo, seed, 500)


@given(st.integers(0, 10**10), st.integers(0, 10**9))
@settings(FAST, max_examples=3)
def test_a_dearer_item_never_owes_less(demo: Demo, price: int, more: int) -> None:
    some = dict.fromkeys((*UNITS, "LPA", "NPR", "MTQ", "KWH"), 250 * 10**6)
    both = [
        Item(date(2026, 6, 15), code, price_e4=p, quantities_e6=some, origin="CN")
        for code in demo.codes[::9]
        for p in (price, price + more)
    ]
    _, lines = steps_of(demo.assessor, both)
    for number in range(0, len(both), 2):
        cheap, dear = (sum(x.payable or 0 for x in lines[n]) for n in (number, number + 1))
        assert cheap <= dear, both[number].code


def test_rounding_by_hand() -> None:
    from fractions import Fraction

    half, over = Fraction(5, 2), Fraction(7, 2)
    assert [rounded(half, mode) for mode in MODES] == [2, 3, 2, 3]
    assert [rounded(over, mode) for mode in MODES] == [3, 4, 4, 4]
    assert [rounded(-half, mode) for mode in MODES] == [-2, -3, -2, -3]


def test_doubled_keys_of_reference_tables_are_refused() -> None:
    engine = DuckEngine()
    with pytest.raises(ValueError, match="doubled"):
        engine.load("rates", (("currency", "VARCHAR"), ("rate", "BIGINT")), [("EUR", 1), ("EUR", 2)], ("currency",))


def test_a_table_that_doubles_rows_is_refused() -> None:
    profile = load_profile("demo")
    assessor = Assessor(profile, DuckEngine(), [])
    rates = assessor._engine._connection  # type: ignore[attr-defined]
    rates.execute("INSERT INTO exchange_rates SELECT * FROM exchange_rates WHERE currency = 'USD'")
    from tests.oracle.traffic import Traffic

    traffic = Traffic(profile, [], seed=1, faults=0)
    declarations = [traffic.declaration(number) for number in range(60)]
    with pytest.raises(AssertionError, match="doubles rows"):
        assessor.assess(declarations, date(2026, 3, 2))
