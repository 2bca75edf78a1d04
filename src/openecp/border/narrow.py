# SPDX-License-Identifier: Apache-2.0
"""Computes small amounts in 64 bits: the same expression, the same digits, a tenth of the time.

Decimals of more than 18 digits are 128-bit numbers, and rounding one divides by a power of ten, which is the dearest
thing that a batch does. Where the inputs of a row are small enough that no digit of the exact result is lost in 18, the
expression is written with narrower types; every other row takes the expression as it stands. Nothing is approximated:
both are exact. The narrow form is null where an input is unknown or does not fit, so that `COALESCE(narrow, as it
stands)` needs no condition, and the second is computed for the rows alone that the first leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlglot import exp

BASE = "DECIMAL(9, 0)"  # minor units that a narrow duty is computed on
VALUE = "DECIMAL(11, 0)"  # price in 1/10,000 of its currency
CHARGES = "DECIMAL(17, 6)"  # additions less deductions, in minor units
RATE = "DECIMAL(9, 6)"  # of a duty: below 1,000, in 6 decimals
EXCHANGE = "DECIMAL(6, 6)"  # national minor units for 1/10,000 of a currency: below 1, in 6 decimals
_DUTY_TYPES = {"DECIMAL(19, 0)": BASE, "DECIMAL(36, 15)": "DECIMAL(18, 6)", "DECIMAL(12, 9)": RATE}
_VALUE_TYPES = {
    "DECIMAL(19, 0)": VALUE,
    "DECIMAL(36, 12)": CHARGES,
    "DECIMAL(34, 12)": CHARGES,
    "DECIMAL(18, 12)": EXCHANGE,
}


def is_duty(node: Any) -> bool:
    """Return whether an expression is the rounded amount of a duty."""
    return _is_rounding(node, "DECIMAL(36, 15)")


def narrow_duty(duty: exp.Expression, rate: str) -> exp.Expression | None:
    """Return a purely ad valorem duty in 64 bits; `rate` is the column that holds its rate as RATE, null where inexact.

    Null where the base or the rate is unknown or does not fit. None where the expression has not the expected form.
    """
    bases = {c.name for c in duty.find_all(exp.Column) if "_rate_" not in c.name}
    if len(bases) != 1:
        return None
    base = bases.pop()

    def strict(node: Any) -> Any:
        if isinstance(node, exp.Is) and isinstance(node.this, exp.Column):
            return exp.false()  # such rows are null anyway
        if isinstance(node, exp.Coalesce) and isinstance(node.this, exp.Column):
            return node.this.transform(strict)
        if isinstance(node, exp.Case) and (product := _product_unless_zero(node)) is not None:
            return product.transform(strict)
        if isinstance(node, exp.Column):
            return exp.TryCast(this=exp.column(base), to=_type(BASE)) if node.name == base else exp.column(rate)
        return _smaller(node, _DUTY_TYPES)

    made: exp.Expression = duty.copy().transform(strict)
    return made


def _product_unless_zero(node: exp.Case) -> exp.Expression | None:
    """Return x of CASE WHEN rate = 0 THEN 0 ELSE x END: where nothing is null, x is 0 by itself."""
    branches = node.args["ifs"]
    if len(branches) != 1 or not isinstance(branches[0].this, exp.EQ) or node.args.get("default") is None:
        return None
    column, zero, result = branches[0].this.this, branches[0].this.expression, branches[0].args["true"]
    if not isinstance(column, exp.Column) or "_rate_" not in column.name or zero.sql() != "0":
        return None
    is_zero = isinstance(result, exp.Cast) and result.this.sql() == "0"
    return node.args["default"] if is_zero else None


def narrow_charges(statement: exp.Expression) -> exp.Expression:
    """Return a statement that sums charges in 64 bits where they fit, and says such sums as small_charges too.

    Reads small_rate beside rate_to_minor. Null in small_charges where one charge does not fit.
    """
    made: Any = statement.copy()
    total: Any = made.find(exp.Sum)
    if total is None:
        return _with_column(made, f"CAST(NULL AS {CHARGES}) AS small_charges")

    def strict(node: Any) -> Any:
        if isinstance(node, exp.Column) and node.name == "amount_e4":
            return exp.TryCast(this=node.copy(), to=_type(VALUE))
        if isinstance(node, exp.Column) and node.name == "rate_to_minor":
            return exp.column("small_rate", table=node.table or None)
        if isinstance(node, exp.Coalesce):  # the sign: 1, 0 or -1
            return exp.Cast(this=node.copy(), to=_type("DECIMAL(1, 0)"))
        return _smaller(node, _VALUE_TYPES)

    wide = total.this.copy()
    small = total.this.copy().transform(strict)
    as_wide = exp.Cast(this=small.copy(), to=_type("DECIMAL(36, 12)"))
    total.set("this", exp.Coalesce(this=as_wide, expressions=[wide]))
    text = small.sql("duckdb")
    fits = f"CASE WHEN COUNT({text}) = COUNT({total.this.sql('duckdb')}) THEN TRY_CAST(SUM({text}) AS {CHARGES}) END"
    return _with_column(made, f"{fits} AS small_charges")


def _with_column(statement: Any, column: str) -> exp.Expression:
    made: exp.Expression = statement.select(column, dialect="duckdb")
    return made


def narrow_value(statement: exp.Expression, rate: str) -> exp.Expression:
    """Return a statement that computes customs values in 64 bits where price, rate and charges allow it.

    `rate` is the column that holds the exchange rate as EXCHANGE, null where it is not exact in it; small_charges holds
    the charges as CHARGES.
    """

    def of(rounding: exp.Expression) -> exp.Expression:
        columns = {column.name: column for column in rounding.find_all(exp.Column)}
        if {"value_e4", "rate_to_minor"} <= set(columns) <= {"value_e4", "rate_to_minor", "charges_minor"}:
            price = columns["value_e4"].sql("duckdb")
            if charges := columns.get("charges_minor"):
                of_them = f"{charges.table}.small_charges" if charges.table else "small_charges"
                price = f"CASE WHEN {charges.sql('duckdb')} IS NULL OR {of_them} IS NOT NULL THEN {price} END"
            price = f"TRY_CAST({price} AS {VALUE})"
        elif set(columns) == {"statistical_e4"} and _constant_fits(rounding):
            price = f"TRY_CAST({columns['statistical_e4'].sql('duckdb')} AS {VALUE})"
        else:
            return rounding

        def strict(node: Any) -> Any:
            if isinstance(node, exp.Column) and node.name == "charges_minor":
                return exp.column("small_charges", table=node.table or None)
            if isinstance(node, exp.Column):
                return exp.maybe_parse(price if node.name.endswith("_e4") else rate, dialect="duckdb")
            return _smaller(node, _VALUE_TYPES)

        return exp.Coalesce(this=rounding.copy().transform(strict), expressions=[rounding.copy()])

    return _at_roundings(statement, "DECIMAL(19, 0)", of)


def fits_exchange(rate: Decimal) -> bool:
    """Return whether a rate is exact in EXCHANGE."""
    return 0 <= rate < 1 and rate * 10**6 % 1 == 0


def _constant_fits(rounding: exp.Expression) -> bool:
    rates = [Decimal(n.this) for n in rounding.find_all(exp.Literal) if not n.is_string and "." in n.this]
    return len(rates) == 1 and fits_exchange(rates[0])


def _at_roundings(tree: exp.Expression, marked: str, of: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
    """Replace each outermost CAST(… AS BIGINT) that holds a decimal of the marked type."""
    tree = tree.copy()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if _is_rounding(node, marked):
            made = of(node)
            if node is tree:
                return made
            if made is not node:
                node.replace(made)
            continue
        waiting.extend(node.iter_expressions())
    return tree


def _is_rounding(node: Any, marked: str) -> bool:
    if not isinstance(node, exp.Cast) or node.to.this != exp.DataType.Type.BIGINT:
        return False
    return any(kind.sql("duckdb") == marked for kind in node.find_all(exp.DataType))


def _smaller(node: Any, types: Mapping[str, str]) -> Any:
    if isinstance(node, exp.DataType) and (smaller := types.get(node.sql("duckdb"))):
        return _type(smaller)
    return node


def _type(text: str) -> exp.DataType:
    return exp.DataType.build(text, dialect="duckdb")
