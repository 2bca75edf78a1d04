# SPDX-License-Identifier: Apache-2.0
"""The steps that charge low-value goods, and the assessor that runs them over rows of items.

One statement for the five items of a quote and for the parcels of a day. What is exact stays exact: amounts are whole
millionths, a quotient is taken by its reciprocal and set right by its remainder, and each charge is rounded once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal, localcontext
from functools import cached_property
from typing import Any

from openecp.border.low_value.model import Jurisdiction
from openecp.border.low_value.tables import (
    E8,
    EXCHANGE_COLUMNS,
    ITEM_AT,
    ITEM_COLUMNS,
    RECIPROCAL_COLUMNS,
    TREATMENT_COLUMNS,
    fitted,
    treatment_rows,
)
from openecp.kernel.assessment.engine import Engine
from openecp.kernel.assessment.steps import Composer, Facts, Macro, Step

_PACKAGE = "openecp.border.low_value"


def _adds(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, kind) for name, kind in re.findall(r"(\w+) (\w+)(?:, |$)", text))


_CHARGES = (
    "row_id BIGINT, basket_id BIGINT, item INTEGER, treatment_no BIGINT, unrated_no BIGINT, "
    "duty_base_micro BIGINT, duty_rate_used_e8 BIGINT, duty_minor BIGINT, duty_by VARCHAR, duty_due VARCHAR, "
    "tax_base_micro BIGINT, tax_rate_used_e8 BIGINT, excise_used_e8 BIGINT, tax_minor BIGINT, tax_by VARCHAR, "
    "tax_due VARCHAR, remitted BOOLEAN, tax_before_minor BIGINT, category INTEGER"
)
CHARGE_COLUMNS = _adds(_CHARGES)
_CHARGE_NAMES = tuple(name for name, _ in CHARGE_COLUMNS)
_TRIED = "row_id BIGINT, basket_id BIGINT, treatment_no BIGINT, regime_no INTEGER, ordinary BOOLEAN, failed BIGINT"
TRIED_COLUMNS = _adds(_TRIED)
LATER = 65536  # of the mask that explains: a regime after the one that holds

LOW_VALUE_STEPS: tuple[Step, ...] = (
    Step(
        "parcel_values",
        _PACKAGE,
        _adds(
            "cif_micro BIGINT, goods_price_micro BIGINT, goods_cif_micro BIGINT, basket_price_micro BIGINT, "
            "basket_cif_micro BIGINT, basket_quantity_micro BIGINT, goods_no INTEGER, item_no INTEGER"
        ),
    ),
    Step("treatments_weighed", _PACKAGE, (*TRIED_COLUMNS, ("shut_scope", "INTEGER"), ("shut", "BIGINT"))),
    Step("shut_parcels", _PACKAGE, _adds("shut_basket_id BIGINT, shut_treatment_no BIGINT, goods_out BIGINT")),
    Step("treatments_tried", _PACKAGE, TRIED_COLUMNS),
    Step("treatments_chosen", _PACKAGE, _adds("row_id BIGINT, treatment_no BIGINT, unrated_no BIGINT")),
    Step("duties_due", _PACKAGE, _adds("duty_base_micro BIGINT, duty_rate_used_e8 BIGINT, duty_minor BIGINT")),
    Step("taxes_due", _PACKAGE, _adds("tax_minor BIGINT, tax_exact_micro BIGINT, tax_exact_up_micro BIGINT")),
    Step("parcel_charges", _PACKAGE, CHARGE_COLUMNS),
)


def _law_day(x: Sequence[str]) -> str:
    item, rule = x
    days = f"WHEN 0 THEN {item}.sale_date WHEN 1 THEN {item}.acceptance_date ELSE {item}.arrival_date"
    return f"CASE {rule}.law_date {days} END"


def _product(a: str, b: str) -> str:
    return f"CAST({a} AS DECIMAL(19, 0)) * CAST({b} AS DECIMAL(19, 0))"


def _compared(left: str, right: str, strict: str) -> str:
    return f"CASE WHEN {strict} THEN {left} < {right} ELSE {left} <= {right} END"


def _within_limit(x: Sequence[str]) -> str:
    v, rate, limit, scope, cif, strict = x
    value = (
        f"CASE {scope} WHEN 1 THEN CASE WHEN {cif} THEN {v}.cif_micro ELSE {v}.price_micro END "
        f"WHEN 2 THEN CASE WHEN {cif} THEN {v}.goods_cif_micro ELSE {v}.goods_price_micro END "
        f"ELSE CASE WHEN {cif} THEN {v}.basket_cif_micro ELSE {v}.basket_price_micro END END "
        f"+ CASE {scope} WHEN 4 THEN {v}.used_order_micro WHEN 5 THEN {v}.used_day_micro "
        f"WHEN 6 THEN {v}.used_month_micro WHEN 7 THEN {v}.used_year_micro ELSE 0 END"
    )
    # an item line holds several articles: each of them is under the limit if their sum is under as many limits
    articles = f"CASE WHEN {scope} = 1 AND {v}.quantity_micro > 1000000 THEN {v}.quantity_micro ELSE 1000000 END"
    left = f"{_product(f'({value})', f'{rate}.num')} * CAST(1000000 AS DECIMAL(19, 0))"
    right = f"{_product(limit, f'{rate}.den')} * CAST({articles} AS DECIMAL(19, 0))"
    return _compared(left, right, strict)


def _set_right(x: Sequence[str]) -> str:
    """SQL of floor(a * num / den) from a guess by the quotient: the guess is right, or one too small or great."""
    guess, a, num, den = x
    rest = f"({_product(a, num)} - {_product(guess, den)})"
    return f"{guess} + CASE WHEN {rest} < 0 THEN -1 WHEN {rest} >= {den} THEN 1 ELSE 0 END"


def _rounded_minor(x: Sequence[str]) -> str:
    """SQL of minor units from whole millionths, the whole steps among them, and whether anything follows."""
    value, whole, more = x
    unit = "(unit_micro * quantum)"
    rest = f"({value} - {whole} * {unit})"
    odd = f"({whole} - 2 * FLOOR({whole} * 0.5) = 1)"
    return (
        f"CAST(({whole} + CASE round_mode WHEN 0 THEN 0 "
        f"WHEN 1 THEN CASE WHEN {rest} * 2 >= {unit} THEN 1 ELSE 0 END "
        f"WHEN 2 THEN CASE WHEN {rest} * 2 > {unit} OR ({rest} * 2 = {unit} AND ({more} OR {odd})) THEN 1 ELSE 0 END "
        f"ELSE CASE WHEN {rest} > 0 OR {more} THEN 1 ELSE 0 END END) * quantum AS BIGINT)"
    )


def _selects(x: Sequence[str]) -> str:
    """SQL of whether a regime is for this basket: it was asked for, or what it says about who falls under it holds."""
    v, t = x
    listed = " AND ".join(
        f"({t}.regime_{name}s = '' OR CONTAINS({t}.regime_{name}s, '|' || {v}.{name} || '|'))"
        for name in ("channel", "trade")
    )
    return (
        f"{v}.regime = {t}.regime_id OR ({v}.regime = '' AND {listed} "
        f"AND (NOT {t}.regime_scheme OR CONTAINS({t}.schemes, '|' || {v}.scheme || '|')) "
        f"AND (NOT {t}.regime_counter OR {v}.counted)) OR {t}.ordinary"
    )


SEVERAL = "several"  # a fact of a batch: some parcel of it has several items
_GOODS = "PARTITION BY basket_id, SUBSTR(hs, 1, 6)"


def _over(x: str, facts: Facts, function: str, window: str, alone: str | None = None) -> str:
    """SQL of a window function, or of what it gives where each parcel has one item."""
    return f"{function}({x}) OVER ({window})" if SEVERAL in facts else alone or x


def _rates(x: Sequence[str]) -> str:
    return f"PARTITION BY basket_id, treatment_no, {x[1]}, {x[2]} ORDER BY item"


def _upto(x: Sequence[str], facts: Facts) -> str:
    """SQL of what the items of a parcel under one rate sum up to, this one included."""
    if SEVERAL not in facts:
        return x[0]
    window = f"{_rates(x)} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    return f"CASE WHEN by_item THEN {x[0]} ELSE CAST(SUM({x[0]}) OVER ({window}) AS BIGINT) END"


def _added(x: Sequence[str], facts: Facts) -> str:
    """SQL of what an item adds to a rounded sum."""
    if SEVERAL not in facts:
        return x[0]
    return f"CASE WHEN by_item THEN {x[0]} ELSE {x[0]} - COALESCE(LAG({x[0]}) OVER ({_rates(x)}), 0) END"


MACROS: dict[str, Macro] = {
    "basket_sum": lambda x, facts: f"CAST({_over(x[0], facts, 'SUM', 'PARTITION BY basket_id')} AS BIGINT)",
    "basket_max": lambda x, facts: _over(x[0], facts, "MAX", "PARTITION BY basket_id"),
    "goods_sum": lambda x, facts: f"CAST({_over(x[0], facts, 'SUM', _GOODS)} AS BIGINT)",
    "goods_number": lambda x, facts: (
        f"CAST({_over('', facts, 'ROW_NUMBER', _GOODS + ' ORDER BY item', '1')} AS INTEGER)"
    ),
    "basket_number": lambda x, facts: (
        f"CAST({_over('', facts, 'ROW_NUMBER', 'PARTITION BY basket_id ORDER BY item', '1')} AS INTEGER)"
    ),
    "upto": _upto,
    "added": _added,
    "law_day": lambda x, facts: _law_day(x),
    "listed": lambda x, facts: f"{x[0]} = '' OR CONTAINS({x[0]}, '|' || {x[1]} || '|')",
    "masked": lambda x, facts: f"{x[0]} = '' OR CONTAINS({x[1]}, '|' || {x[0]} || '|')",
    "within_limit": lambda x, facts: _within_limit(x),
    "below": lambda x, facts: _compared(_product(x[0], x[2]), _product(x[1], x[3]), x[4]),
    "not_negative": lambda x, facts: f"CASE WHEN ({x[0]}) < 0 THEN 0 ELSE {x[0]} END",  # null stays null
    "set_right": lambda x, facts: _set_right(x),
    "has_rest": lambda x, facts: f"{_product(x[1], x[2])} <> {_product(x[0], x[3])}",
    "in_steps": lambda x, facts: (
        f"CAST(FLOOR(CAST({x[0]} AS DECIMAL(19, 0)) * CAST(unit_inverse * quantum_inverse AS DECIMAL(16, 12)))"
        " AS DECIMAL(19, 0))"
    ),
    "rounded_minor": lambda x, facts: _rounded_minor(x),
    "selects": lambda x, facts: _selects(x),
}


def reciprocal(whole_e8: int) -> Decimal:
    """Return 100,000,000/whole to twenty places, cut."""
    with localcontext() as context:
        context.prec = 60
        return (Decimal(E8) / whole_e8).quantize(Decimal(1).scaleb(-20), rounding=ROUND_DOWN)


def inverse_rate(num: int, den: int) -> Decimal:
    """Return den/num to 18 places, cut: what one unit of the other currency is."""
    with localcontext() as context:
        context.prec = 60
        return (Decimal(den) / num).quantize(Decimal(1).scaleb(-18), rounding=ROUND_DOWN)


_SCHEME_ID, _BUYER_ID = ITEM_AT["scheme_id"], ITEM_AT["buyer_id"]
assert _BUYER_ID == _SCHEME_ID + 1


def _fitted(identifier: str, masks: tuple[str, ...]) -> str:
    return f"|{'|'.join(fitted(identifier, masks))}|" if identifier else ""


class ChargeAssessor:
    """Charges items under the regimes that can run; one assessor serves one thread."""

    def __init__(self, files: Iterable[Jurisdiction], engine: Engine) -> None:
        self._engine = engine
        rows, self.entries = treatment_rows(files)
        engine.load("treatments", TREATMENT_COLUMNS, rows, ("treatment_no",))
        composer = Composer(
            LOW_VALUE_STEPS, parameters={}, macros=MACROS, column_groups={}, macro_facts=frozenset({SEVERAL})
        )
        self.composer = composer
        self._wholes: set[int] = {E8}
        places = {name: place for place, (name, _) in enumerate(TREATMENT_COLUMNS)}
        masks = (row[places[name]] for row in rows for name in ("scheme_masks", "buyer_masks"))
        self._masks = tuple(sorted({text for text in masks if text}))
        self._inside = {row[places["regime_tax_rate_e8"]] for row in rows if row[places["tax_inside"]]} - {None}
        self._wholes |= {E8 - rate for rate in self._inside}
        self._load_reciprocals()

    @cached_property
    def statement(self) -> str:
        """The statement of a batch of any parcels; composed when first asked for, as files are cleared without it."""
        return self.statement_for(frozenset({SEVERAL}))

    @cached_property
    def _tried(self) -> str:
        return self.composer.statement("treatments_tried", facts=frozenset({SEVERAL}))

    def statement_for(self, facts: Facts) -> str:
        """Return the statement of a batch: with the fact `several`, or without it where each parcel has one item."""
        return self.composer.statement("parcel_charges", facts=facts)

    def _load_reciprocals(self) -> None:
        rows = [(whole, reciprocal(whole)) for whole in sorted(self._wholes)]
        self._engine.load("reciprocals", RECIPROCAL_COLUMNS, rows, ("whole_e8",))

    def know_shares(self, rates: Iterable[tuple[int | None, int | None]]) -> None:
        """Make ready for (tax, excise) rates that a base may hold of itself; said before their rows are charged."""
        wanted: set[int] = set()
        for tax, excise in rates:
            for inside in (0, tax or 0, *self._inside):
                wanted |= {E8 - inside, E8 - (excise or 0) - inside}
        new = {whole for whole in wanted if whole > 0} - self._wholes
        if new:
            self._wholes = (self._wholes if len(self._wholes) < 10_000 else {E8}) | new
            self._load_reciprocals()

    def charges(self, items: Sequence[tuple[Any, ...]], exchange: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """Return the charges of each item, in the order of the items.

        Raises: RuntimeError where rows out are not rows in: an answer on other rows would be wrong.
        """
        items = self.marked(items)
        self._know_rows(items)
        return _by_item(items, self._engine.run(self.statement, self._inputs(items, exchange)))

    def explained(
        self, items: Sequence[tuple[Any, ...]], exchange: Sequence[tuple[Any, ...]]
    ) -> tuple[list[dict[str, Any]], dict[int, list[tuple[int, int]]]]:
        """Return the charges, and, by row, each treatment that was tried with the mask of what did not fit."""
        items = self.marked(items)
        self._know_rows(items)
        inputs = self._inputs(items, exchange)
        run_with = getattr(self._engine, "run_with", None)  # an engine that gives a step's rows along
        if run_with is not None:
            tables = run_with(self.statement, inputs, ("treatments_tried",))
            charged, tries = tables[""], tables["treatments_tried"]
        else:
            charged, tries = self._engine.run(self.statement, inputs), self._engine.run(self._tried, inputs)
        found: dict[int, list[tuple[int, int]]] = {}
        first: dict[int, int] = {}
        ordered = sorted(tries, key=lambda row: (row[0], row[2]))
        for row_id, _, treatment_no, regime_no, ordinary, failed in ordered:
            if not ordinary and not failed & 17:
                first.setdefault(row_id, regime_no)
            later = LATER if not ordinary and regime_no > first.get(row_id, regime_no) else 0
            found.setdefault(row_id, []).append((treatment_no, int(failed) | later))
        return _by_item(items, charged), found

    def marked(self, items: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return items with the lists of patterns that their identifiers fit, in place of the identifiers."""
        known: dict[str, str] = {}  # the items of a parcel have one seller and one buyer
        found = []
        for row in items:
            for identifier in (row[_SCHEME_ID], row[_BUYER_ID]):
                if identifier not in known:
                    known[identifier] = _fitted(identifier, self._masks)
            marks = known[row[_SCHEME_ID]], known[row[_BUYER_ID]]
            found.append((*row[:_SCHEME_ID], *marks, *row[_BUYER_ID + 1 :]))
        return found

    def _know_rows(self, items: Sequence[tuple[Any, ...]]) -> None:
        tax, excise = ITEM_AT["tax_rate_e8"], ITEM_AT["excise_rate_e8"]
        self.know_shares({(row[tax], row[excise]) for row in items})

    @staticmethod
    def _inputs(items: Sequence[tuple[Any, ...]], exchange: Sequence[tuple[Any, ...]]) -> Mapping[str, Any]:
        return {"parcel_items": (ITEM_COLUMNS, items), "exchange": (EXCHANGE_COLUMNS, exchange)}


def _by_item(items: Sequence[tuple[Any, ...]], found: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    by_row = {row[0]: dict(zip(_CHARGE_NAMES, row, strict=True)) for row in found}
    if len(found) != len(items) or len(by_row) != len(items):
        raise RuntimeError(f"charges: expected {len(items)} rows, one an item, got {len(found)}")
    return [by_row[row[0]] for row in items]
