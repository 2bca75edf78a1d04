# SPDX-License-Identifier: Apache-2.0
"""Computes small amounts in 64 bits: the same expression, the same digits, a tenth of the time.

Decimals of more than 18 digits are 128-bit numbers, and rounding one divides by a power of ten, which is the dearest
thing that a batch does. Where the inputs of a row are small enough that no digit of the exact result is lost in 18, the
expression is written with narrower types; every other row takes the expression as it stands. Nothing is approximated:
both are exact, and a digit that did not fit would be an error of the engine, not a wrong amount.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

BASE_LIMIT = 10**9 - 1  # DECIMAL(9, 0)
VALUE_LIMIT = 10**12 - 1  # DECIMAL(12, 0)
RATE = "DECIMAL(9, 6)"  # of a duty: below 1,000, in 6 decimals
_DUTY_TYPES = {"DECIMAL(19, 0)": "DECIMAL(9, 0)", "DECIMAL(36, 15)": "DECIMAL(18, 6)", "DECIMAL(12, 9)": RATE}
_VALUE_TYPES = {"DECIMAL(19, 0)": "DECIMAL(12, 0)", "DECIMAL(36, 12)": "DECIMAL(18, 6)"}


def narrow_duty(expression: exp.Expression) -> exp.Expression:
    """Return the amount of a purely ad valorem duty, in 64 bits where the base allows it.

    Limits: only for rates that are exact in DECIMAL(9, 6); the caller has looked.
    """

    def of(rounding: exp.Expression) -> exp.Expression:
        bases = sorted({c.sql("duckdb") for c in rounding.find_all(exp.Column) if "_rate_" not in c.name})
        if len(bases) != 1:
            return rounding
        base = bases[0]

        def rate(column: exp.Column) -> str | None:
            return f"CAST({column.sql('duckdb')} AS {RATE})" if "_rate_" in column.name else None

        guard = f"{base} IS NULL OR {base} BETWEEN -{BASE_LIMIT} AND {BASE_LIMIT}"
        return _either(guard, _narrowed(rounding, _DUTY_TYPES, rate), rounding)

    return _at_roundings(expression, "DECIMAL(36, 15)", of)


def narrow_value(statement: exp.Expression) -> exp.Expression:
    """Return a statement that computes customs values without charges in 64 bits where price and rate allow it."""

    def of(rounding: exp.Expression) -> exp.Expression:
        columns = {column.name: column.sql("duckdb") for column in rounding.find_all(exp.Column)}
        if not {"value_e4", "rate_to_minor"} <= set(columns) <= {"value_e4", "rate_to_minor", "charges_minor"}:
            return rounding
        price, rate, charges = columns["value_e4"], columns["rate_to_minor"], columns.get("charges_minor")

        def narrow(column: exp.Column) -> str | None:
            if column.name == "rate_to_minor":
                return f"CAST({rate} AS DECIMAL(6, 6))"
            return "CAST(NULL AS DECIMAL(18, 6))" if column.name == "charges_minor" else None

        guard = f"{price} BETWEEN 0 AND {VALUE_LIMIT} AND {rate} < 1 AND {rate} = CAST({rate} AS DECIMAL(18, 6))"
        guard += f" AND {charges} IS NULL" if charges else ""
        return _either(guard, _narrowed(rounding, _VALUE_TYPES, narrow), rounding)

    return _at_roundings(statement, "DECIMAL(19, 0)", of)


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


def _narrowed(
    node: exp.Expression, types: Mapping[str, str], column: Callable[[exp.Column], str | None]
) -> exp.Expression:
    def narrow(part: Any) -> Any:
        if isinstance(part, exp.DataType) and (smaller := types.get(part.sql("duckdb"))):
            return exp.DataType.build(smaller, dialect="duckdb")
        if isinstance(part, exp.Column) and (text := column(part)):
            return exp.maybe_parse(text, dialect="duckdb")
        return part

    made: exp.Expression = node.copy().transform(narrow)
    return made


def _either(guard: str, small: exp.Expression, any_size: exp.Expression) -> exp.Expression:
    condition: Any = exp.maybe_parse(guard, dialect="duckdb")
    return exp.Case(ifs=[exp.If(this=condition, true=small)], default=any_size.copy())
