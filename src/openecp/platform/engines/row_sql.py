# SPDX-License-Identifier: Apache-2.0
"""Expressions of step SQL as Python: null is None, decimals keep every digit, three-valued logic.

Limits: what steps use and nothing more; anything else is refused when a statement is translated.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any

from sqlglot import exp

_EXACT = Context(prec=90)


def _add(a: Any, b: Any) -> Any:
    if a is None or b is None:
        return None
    return a + b if type(a) is int is type(b) else _EXACT.add(Decimal(a), Decimal(b))


def _sub(a: Any, b: Any) -> Any:
    if a is None or b is None:
        return None
    return a - b if type(a) is int is type(b) else _EXACT.subtract(Decimal(a), Decimal(b))


def _mul(a: Any, b: Any) -> Any:
    if a is None or b is None:
        return None
    return a * b if type(a) is int is type(b) else _EXACT.multiply(Decimal(a), Decimal(b))


def _bits(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a & b


def _floor(a: Any) -> Any:
    return a if a is None or type(a) is int else int(a.to_integral_value(rounding=ROUND_FLOOR))


def _decimal(a: Any, quantum: Decimal) -> Any:
    return None if a is None else Decimal(a).quantize(quantum, rounding=ROUND_HALF_UP, context=_EXACT)


def _whole(a: Any) -> Any:
    if a is None or type(a) is int:
        return a
    return int(Decimal(a).to_integral_value(rounding=ROUND_HALF_UP))


def _and(*parts: Any) -> Any:
    if False in parts:
        return False
    return None if None in parts else True


def _or(*parts: Any) -> Any:
    if True in parts:
        return True
    return None if None in parts else False


def _not(a: Any) -> Any:
    return None if a is None else not a


def _coalesce(*parts: Any) -> Any:
    return next((part for part in parts if part is not None), None)


def _substr(a: Any, start: int, length: int) -> Any:
    return None if a is None else a[start - 1 : start - 1 + length]


def _contains(a: Any, b: Any) -> Any:
    return None if a is None or b is None else b in a


def _joined(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a + b


def _translate(a: Any, old: str, new: str) -> Any:
    return None if a is None else a.translate(str.maketrans(old, new))


def _eq(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a == b


def _neq(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a != b


def _lt(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a < b


def _lte(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a <= b


_NAMES: dict[str, Any] = {
    name: value
    for name, value in globals().items()
    if name.startswith("_") and not name.startswith("__") and callable(value)
}
_COMPARED = {exp.EQ: "_eq", exp.NEQ: "_neq", exp.LT: "_lt", exp.LTE: "_lte"}
_TURNED = {exp.GT: "_lt", exp.GTE: "_lte"}
_ARITHMETIC = {
    exp.Add: "_add",
    exp.Sub: "_sub",
    exp.Mul: "_mul",
    exp.DPipe: "_joined",
    exp.Contains: "_contains",
    exp.BitwiseAnd: "_bits",
}
_WHOLE_TYPES = {exp.DataType.Type.BIGINT, exp.DataType.Type.INT, exp.DataType.Type.INT128}


_CELL = re.compile(r"r\d+\[\d+\]")


def _made_whole(inner: str) -> str:
    """Return Python of a whole number; a cell that is one already needs no call."""
    if inner.isdigit():
        return inner
    if _CELL.fullmatch(inner):
        return f"({inner} if type({inner}) is int else _whole({inner}))"
    return f"_whole({inner})"


class Untranslatable(ValueError):  # noqa: N818 - tells whoever writes a step
    """A step says something that this engine does not know."""


class Scope:
    """Names of the tables at hand: the variable of each table's row and the places of its columns."""

    def __init__(self) -> None:
        self.tables: dict[str, tuple[str, list[str]]] = {}
        self.constants: dict[str, Any] = dict(_NAMES)
        self.windows: dict[str, exp.Expression] = {}
        self.computed: list[tuple[str, exp.Window]] = []

    def column(self, node: exp.Column) -> str:
        """Return the Python of a column."""
        for alias, (variable, columns) in self.tables.items():
            if (not node.table or node.table == alias) and node.name in columns:
                return f"{variable}[{columns.index(node.name)}]"
        raise Untranslatable(f"column {node.sql('duckdb')}: in none of {', '.join(self.tables)}")

    def python(self, node: Any) -> str:
        """Return the Python of an expression."""
        kind = type(node)
        if kind is exp.Column:
            return self.column(node)
        if kind in (exp.Paren, exp.Alias):
            return self.python(node.this)
        if kind is exp.Literal:
            return self._literal(node)
        if kind is exp.Null:
            return "None"
        if kind is exp.Boolean:
            return str(bool(node.this))
        if kind in _ARITHMETIC:
            return f"{_ARITHMETIC[kind]}({self.python(node.this)}, {self.python(node.expression)})"
        if kind in _COMPARED:
            return f"{_COMPARED[kind]}({self.python(node.this)}, {self.python(node.expression)})"
        if kind in _TURNED:
            return f"{_TURNED[kind]}({self.python(node.expression)}, {self.python(node.this)})"
        if kind in (exp.And, exp.Or):
            return f"_{kind.__name__.lower()}({', '.join(self.python(part) for part in node.flatten())})"
        if kind is exp.Not:
            return f"_not({self.python(node.this)})"
        if kind is exp.Is:
            return f"({self.python(node.this)} is None)"
        if kind is exp.Neg:
            return f"_sub(0, {self.python(node.this)})"
        if kind is exp.Between:
            low = exp.GTE(this=node.this.copy(), expression=node.args["low"].copy())
            high = exp.LTE(this=node.this.copy(), expression=node.args["high"].copy())
            return f"_and({self.python(low)}, {self.python(high)})"
        return self._call(node)

    def truth(self, node: Any) -> str:
        """Return Python that is true where the expression is TRUE: what decides is asked first, the rest not at all."""
        kind = type(node)
        if kind is exp.Paren:
            return self.truth(node.this)
        if kind in (exp.And, exp.Or):
            word = " and " if kind is exp.And else " or "
            return f"({word.join(self.truth(part) for part in node.flatten())})"
        if kind is exp.Not:
            return f"({self.python(node.this)} is False)"
        if kind in (exp.Is, exp.Boolean):
            return self.python(node)
        if kind is exp.EQ:
            left, right = node.this, node.expression
            if type(right) is exp.Literal:  # nothing that is null equals it
                return f"({self.python(left)} == {self.python(right)})"
            if type(left) is exp.Column:
                return f"({self.python(left)} is not None and {self.python(left)} == {self.python(right)})"
        if kind is exp.Between:
            low = exp.GTE(this=node.this, expression=node.args["low"])
            high = exp.LTE(this=node.this, expression=node.args["high"])
            return f"({self.python(low)} is True and {self.python(high)} is True)"
        return f"({self.python(node)} is True)"

    def _literal(self, node: exp.Literal) -> str:
        if node.is_string:
            return repr(node.name)
        if node.name.isdigit():
            return node.name
        name = f"k{len(self.constants)}"
        self.constants[name] = Decimal(node.name)
        return name

    def _call(self, node: Any) -> str:
        if isinstance(node, exp.Case):
            text = self.python(node.args["default"]) if node.args.get("default") else "None"
            for one in reversed(node.args["ifs"]):
                test = exp.EQ(this=node.this.copy(), expression=one.this.copy()) if node.this else one.this
                text = f"({self.python(one.args['true'])} if {self.truth(test)} else {text})"
            return text
        if isinstance(node, exp.Cast):
            return self._cast(node)
        if isinstance(node, exp.Floor):
            return f"_floor({self.python(node.this)})"
        if isinstance(node, exp.Coalesce):
            return f"_coalesce({', '.join(self.python(one) for one in (node.this, *node.expressions))})"
        if isinstance(node, exp.Substring):
            cut = (node.this, node.args["start"], node.args["length"])
            return f"_substr({', '.join(self.python(one) for one in cut)})"
        if node.key == "translate" or (isinstance(node, exp.Anonymous) and node.name.upper() == "TRANSLATE"):
            parts = node.expressions if isinstance(node, exp.Anonymous) else list(node.args.values())
            return f"_translate({', '.join(self.python(one) for one in parts)})"
        if isinstance(node, exp.Window):
            name = f"w{len(self.computed)}"
            self.computed.append((name, node))
            return f"{name}[i]"
        raise Untranslatable(f"{node.sql('duckdb')[:80]}: this engine does not know {type(node).__name__}")

    def _cast(self, node: exp.Cast) -> str:
        inner, target = self.python(node.this), node.to
        if target.this in _WHOLE_TYPES:
            return _made_whole(inner)
        if target.this is exp.DataType.Type.DECIMAL:
            scale = int(target.expressions[1].name) if len(target.expressions) > 1 else 0
            if not scale:
                return _made_whole(inner)
            name = f"k{len(self.constants)}"
            self.constants[name] = Decimal(1).scaleb(-scale)
            return f"_decimal({inner}, {name})"
        raise Untranslatable(f"{node.sql('duckdb')[:80]}: a cast that this engine does not know")

    def function(self, arguments: str, body: str) -> Callable[..., Any]:
        """Return a function of generated Python; its text is made of steps alone, never of what a sender wrote."""
        made: Callable[..., Any] = eval(f"lambda {arguments}: {body}", self.constants)  # noqa: S307
        return made
