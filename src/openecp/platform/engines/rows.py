# SPDX-License-Identifier: Apache-2.0
"""Runs the SQL of steps over a handful of rows, in this process and without planning: for answers in a millisecond.

A database plans a chain of steps anew for every batch, which costs more than a quote may take. This engine translates
the chain once into Python: the same statement, the same rules; what it answers is compared with DuckDB by a test.

Limits: SELECT with joins on equality, WHERE, GROUP BY, CASE, windows over a partition, and the few functions of _CALLS;
anything else is refused when the statement is translated. Rows are held in memory: meant for at most some hundreds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from openecp.kernel.assessment.engine import Schema

Row = tuple[Any, ...]
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
_ARITHMETIC = {exp.Add: "_add", exp.Sub: "_sub", exp.Mul: "_mul", exp.DPipe: "_joined", exp.Contains: "_contains"}
_WHOLE_TYPES = {exp.DataType.Type.BIGINT, exp.DataType.Type.INT, exp.DataType.Type.INT128}


class Untranslatable(ValueError):  # noqa: N818 - tells whoever writes a step
    """A step says something that this engine does not know."""


class _Scope:
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
                text = f"({self.python(one.args['true'])} if {self.python(test)} is True else {text})"
            return text
        if isinstance(node, exp.Cast):
            return self._cast(node)
        if isinstance(node, exp.Floor):
            return f"_floor({self.python(node.this)})"
        if isinstance(node, exp.Coalesce):
            return f"_coalesce({', '.join(self.python(one) for one in (node.this, *node.expressions))})"
        if isinstance(node, exp.Substring):
            parts = (node.this, node.args["start"], node.args["length"])
            return f"_substr({', '.join(self.python(one) for one in parts)})"
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
            return f"_whole({inner})"
        if target.this is exp.DataType.Type.DECIMAL:
            scale = int(target.expressions[1].name) if len(target.expressions) > 1 else 0
            if not scale:
                return f"_whole({inner})"
            name = f"k{len(self.constants)}"
            self.constants[name] = Decimal(1).scaleb(-scale)
            return f"_decimal({inner}, {name})"
        raise Untranslatable(f"{node.sql('duckdb')[:80]}: a cast that this engine does not know")

    def function(self, arguments: str, body: str) -> Callable[..., Any]:
        """Return a function of generated Python; its text is made of steps alone, never of what a sender wrote."""
        made: Callable[..., Any] = eval(f"lambda {arguments}: {body}", self.constants)  # noqa: S307
        return made


Tables = dict[str, Sequence[Row]]
Runs = Callable[[Tables], list[Row]]


class _Select:
    """One SELECT, translated."""

    def __init__(self, node: exp.Select, known: Mapping[str, list[str]]) -> None:
        self.scope, self._known = _Scope(), known
        for window in node.args.get("windows") or ():
            self.scope.windows[window.name] = window
        source = node.args.get("from_") or node.args.get("from")
        self._sources: list[Any] = [self._source(source.this, 0)]
        self._fixed: list[str] = [""]
        self._indexes: dict[int, tuple[Any, dict[Any, list[Row]]]] = {}
        self._joins: list[tuple[str, Callable[..., Any], Callable[..., Any], Callable[..., Any] | None]] = []
        for number, join in enumerate(node.args.get("joins") or (), start=1):
            self._join(join, number)
        variables = ", ".join(variable for variable, _ in self.scope.tables.values())
        self._variables = f"({variables},)"
        where = node.args.get("where")
        self._where = self.scope.function(self._variables.strip("()").rstrip(","), self.scope.python(where.this)) if where else None
        self.columns: list[str] = []
        group = node.args.get("group")
        self._make = self._grouped(node, group) if group else self._projected(node)

    def _source(self, node: Any, number: int) -> Any:
        alias = node.alias_or_name
        if isinstance(node, exp.Subquery):
            inner = _Select(node.this, self._known)
            columns: list[str] = inner.columns
            found: Any = inner.run
        else:
            if node.name not in self._known:
                raise Untranslatable(f"table {node.name}: expected one of {', '.join(self._known)}")
            columns, name = self._known[node.name], node.name
            found = lambda tables: tables[name]  # noqa: E731
        self.scope.tables[alias] = (f"r{number}", columns)
        return found

    def _join(self, join: exp.Join, number: int) -> None:
        before = set(self.scope.tables)
        known = ", ".join(variable for variable, _ in self.scope.tables.values())
        self._sources.append(self._source(join.this, number))
        alias = join.this.alias_or_name
        self._fixed.append(join.this.name if isinstance(join.this, exp.Table) else "")
        left, right, rest = [], [], []
        for part in join.args["on"].flatten() if isinstance(join.args["on"], exp.And) else [join.args["on"]]:
            sides = (part.this, part.expression) if isinstance(part, exp.EQ) else ()
            uses = [{column.table for column in side.find_all(exp.Column)} for side in sides]
            if sides and uses[0] <= before and uses[1] == {alias}:
                sides = (part.expression, part.this)
                uses.reverse()
            if sides and uses[0] == {alias} and uses[1] <= before:
                right.append(self.scope.python(sides[0]))
                left.append(self.scope.python(sides[1]))
            else:
                rest.append(self.scope.python(part))
        function = self.scope.function
        self._joins.append((
            str(join.args.get("side") or "").upper(),
            function(known, f"({', '.join(left)},)"),
            function(f"r{number}", f"({', '.join(right)},)"),
            function(f"{known}, r{number}", f"_and({', '.join(rest)}, True)") if rest else None,
        ))  # fmt: skip

    def _combined(self, tables: Tables) -> list[Row]:
        rows: list[Row] = [(row,) for row in self._sources[0](tables)]
        for number, (side, left, right, rest) in enumerate(self._joins, start=1):
            index = self._index(number, right, tables)
            width = len(list(self.scope.tables.values())[number][1])
            joined: list[Row] = []
            for row in rows:
                key = left(*row)
                found = [other for other in index.get(key, ()) if rest is None or rest(*row, other) is True]
                if None in key:
                    found = []
                if not found and side == "LEFT":
                    found = [(None,) * width]
                joined += [(*row, other) for other in found]
            rows = joined
        return [row for row in rows if self._where(*row) is True] if self._where else rows

    def _index(self, number: int, key: Callable[..., Any], tables: Tables) -> dict[Any, list[Row]]:
        """Return a joined table's rows by key; that of a reference table is kept while the table stands."""
        rows = self._sources[number](tables)
        kept = self._indexes.get(number)
        if kept is not None and kept[0] is rows:
            return kept[1]
        index: dict[Any, list[Row]] = {}
        for row in rows:
            index.setdefault(key(row), []).append(row)
        if self._fixed[number]:
            self._indexes[number] = rows, index
        return index

    def _projected(self, node: exp.Select) -> Callable[[list[Row]], list[Row]]:
        texts = []
        for one in node.expressions:
            star = isinstance(one, exp.Star) or (isinstance(one, exp.Column) and isinstance(one.this, exp.Star))
            if star:
                for alias, (variable, columns) in self.scope.tables.items():
                    if isinstance(one, exp.Star) or one.table == alias:
                        self.columns += columns
                        texts += [f"{variable}[{place}]" for place in range(len(columns))]
            else:
                self.columns.append(one.alias_or_name)
                texts.append(self.scope.python(one))
        windows = [self._window(window) for _, window in self.scope.computed]
        names = ", ".join(name for name, _ in self.scope.computed)
        made = self.scope.function(
            f"rows{', ' + names if names else ''}",
            f"[({', '.join(texts)},) for i, {self._variables} in enumerate(rows)]",
        )
        return lambda rows: made(rows, *[window(rows) for window in windows])

    def _grouped(self, node: exp.Select, group: exp.Group) -> Callable[[list[Row]], list[Row]]:
        arguments = self._variables.strip("()").rstrip(",")
        key = self.scope.function(arguments, f"({', '.join(self.scope.python(one) for one in group.expressions)},)")
        keys = [one.sql() for one in group.expressions]
        parts: list[tuple[int | None, Any, Any]] = []
        for one in node.expressions:
            self.columns.append(one.alias_or_name)
            inner = one.this if isinstance(one, exp.Alias) else one
            if inner.sql() in keys:
                parts.append((keys.index(inner.sql()), None, None))
            elif isinstance(inner, exp.Min | exp.Max | exp.Sum):
                value = self.scope.function(arguments, self.scope.python(inner.this))
                parts.append((None, _AGGREGATES[type(inner)], value))
            else:
                raise Untranslatable(f"{inner.sql('duckdb')[:80]}: neither a key nor an aggregate")

        def make(rows: list[Row]) -> list[Row]:
            groups: dict[Any, list[Row]] = {}
            for row in rows:
                groups.setdefault(key(*row), []).append(row)
            return [
                tuple(k[place] if place is not None else _over(total, [value(*row) for row in members])
                      for place, total, value in parts)
                for k, members in groups.items()
            ]  # fmt: skip

        return make

    def _window(self, node: exp.Window) -> Callable[[list[Row]], list[Any]]:
        named = self.scope.windows.get(node.alias)
        frame = named or node
        arguments = self._variables.strip("()").rstrip(",")
        partition = [self.scope.python(one) for one in frame.args.get("partition_by") or ()]
        order = frame.args.get("order")
        key = self.scope.function(arguments, f"({', '.join(partition)},)" if partition else "()")
        sort = None
        if order is not None:
            texts = ", ".join(self.scope.python(one.this) for one in order.expressions)
            sort = self.scope.function(arguments, f"({texts},)")
        inner = node.this
        value = None
        if not isinstance(inner, exp.RowNumber):
            value = self.scope.function(arguments, self.scope.python(inner.this))
        return _windowed(inner, key, sort, value)

    def run(self, tables: Tables) -> list[Row]:
        """Return the rows of the SELECT."""
        return self._make(self._combined(tables))


def _over(total: Any, values: Sequence[Any]) -> Any:
    known = [value for value in values if value is not None]
    return total(known) if known else None


_AGGREGATES: dict[type, Any] = {exp.Min: min, exp.Max: max, exp.Sum: sum}


def _windowed(inner: Any, key: Any, sort: Any, value: Any) -> Callable[[list[Row]], list[Any]]:
    """Return what computes a window function for each row, in the order of the rows."""
    kind = type(inner)
    if kind not in (exp.RowNumber, exp.Lag, *_AGGREGATES):
        raise Untranslatable(f"window function {kind.__name__}: this engine does not know it")

    def compute(rows: list[Row]) -> list[Any]:
        groups: dict[Any, list[int]] = {}
        for place, row in enumerate(rows):
            groups.setdefault(key(*row), []).append(place)
        found: list[Any] = [None] * len(rows)
        for places in groups.values():
            if sort is not None:
                places.sort(key=lambda place: sort(*rows[place]))
            if kind is exp.RowNumber:
                for number, place in enumerate(places, start=1):
                    found[place] = number
                continue
            values = [value(*rows[place]) for place in places]
            if kind is exp.Lag:
                found[places[0]] = None
                for before, place in zip(values, places[1:], strict=False):
                    found[place] = before
            elif sort is None:
                whole = _over(_AGGREGATES[kind], values)
                for place in places:
                    found[place] = whole
            else:
                for number, place in enumerate(places, start=1):
                    found[place] = _over(_AGGREGATES[kind], values[:number])
        return found

    return compute


class RowEngine:
    """Holds the reference tables and runs translated statements; see the protocol in kernel.assessment.engine."""

    dialect = "duckdb"

    def __init__(self) -> None:
        self._tables: Tables = {}
        self._columns: dict[str, list[str]] = {}
        self._translated: dict[str, list[tuple[str, _Select]]] = {}

    def load(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]], unique: Sequence[str] = ()) -> None:
        """Load a reference table; see the protocol."""
        self._columns[name] = [column for column, _ in schema]
        self._tables[name] = [tuple(row) for row in rows]
        places = [self._columns[name].index(column) for column in unique]
        keys = [tuple(row[place] for place in places) for row in self._tables[name]]
        if unique and len(set(keys)) != len(keys):
            raise ValueError(f"reference table {name}: expected unique {', '.join(unique)}; remove the doubled row")

    def run(self, statement: str, inputs: Mapping[str, tuple[Schema, Sequence[Sequence[Any]]]]) -> list[Row]:
        """Run one statement over the batch's input tables; see the protocol."""
        return self.run_with(statement, inputs, ())[""]

    def run_with(
        self, statement: str, inputs: Mapping[str, tuple[Schema, Sequence[Sequence[Any]]]], steps: Sequence[str]
    ) -> dict[str, list[Row]]:
        """Run one statement; return its rows under the empty name, and what some of its steps gave."""
        tables = dict(self._tables)
        for name, (schema, rows) in inputs.items():
            self._columns[name] = [column for column, _ in schema]
            tables[name] = rows  # type: ignore[assignment]
        if statement not in self._translated:
            self._translated[statement] = self._translate(statement)
        for name, select in self._translated[statement]:
            tables[name] = select.run(tables)
        return {name: list(tables[name]) for name in ("", *steps)}

    def _translate(self, statement: str) -> list[tuple[str, _Select]]:
        tree = sqlglot.parse_one(statement, read="duckdb")
        known = dict(self._columns)
        parts: list[tuple[str, _Select]] = []
        for step in tree.ctes:
            parts.append((step.alias, _Select(step.this, known)))
            known[step.alias] = parts[-1][1].columns
        tree.set("with_", None)
        tree.set("with", None)
        parts.append(("", _Select(tree, known)))
        return parts
