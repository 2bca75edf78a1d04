# SPDX-License-Identifier: Apache-2.0
"""Runs the SQL of steps over a handful of rows, in this process and without planning: for answers in a millisecond.

A database plans a chain of steps anew for every batch, which costs more than a quote may take. This engine translates
the chain once into Python: the same statement, the same rules; what it answers is compared with DuckDB by a test.

Limits: SELECT with joins on equality, WHERE, GROUP BY, CASE, windows over a partition, and the functions of row_sql.py;
anything else is refused when the statement is translated. Rows are held in memory: meant for at most some hundreds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from openecp.kernel.assessment.engine import Schema
from openecp.platform.engines.row_sql import Scope, Untranslatable

Row = tuple[Any, ...]
Tables = dict[str, Sequence[Row]]
Runs = Callable[[Tables], list[Row]]


class _Select:
    """One SELECT, translated."""

    def __init__(self, node: exp.Select, known: Mapping[str, list[str]]) -> None:
        self.scope, self._known = Scope(), known
        for window in node.args.get("windows") or ():
            self.scope.windows[window.name] = window
        source: Any = node.args.get("from_") or node.args.get("from")
        self._sources: list[Any] = [self._source(source.this, 0)]
        self._fixed: list[str] = [""]
        self._indexes: dict[int, tuple[Any, dict[Any, list[Row]]]] = {}
        self._joins: list[tuple[str, Callable[..., Any], Callable[..., Any], Callable[..., Any] | None]] = []
        for number, join in enumerate(node.args.get("joins") or (), start=1):
            self._join(join, number)
        variables = ", ".join(variable for variable, _ in self.scope.tables.values())
        self._variables = f"({variables},)"
        where = node.args.get("where")
        self._where = (
            self.scope.function(self._variables.strip("()").rstrip(","), self.scope.truth(where.this))
            if where
            else None
        )
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
            sides: tuple[Any, ...] = (part.this, part.expression) if isinstance(part, exp.EQ) else ()
            uses = [{column.table for column in side.find_all(exp.Column)} for side in sides]
            if sides and uses[0] <= before and uses[1] == {alias}:
                sides = (part.expression, part.this)
                uses.reverse()
            if sides and uses[0] == {alias} and uses[1] <= before:
                right.append(self.scope.python(sides[0]))
                left.append(self.scope.python(sides[1]))
            else:
                rest.append(self.scope.truth(part))
        function = self.scope.function
        self._joins.append((
            str(join.args.get("side") or "").upper(),
            function(known, f"({', '.join(left)},)"),
            function(f"r{number}", f"({', '.join(right)},)"),
            function(f"{known}, r{number}", " and ".join(rest)) if rest else None,
        ))  # fmt: skip

    def _combined(self, tables: Tables) -> list[Row]:
        rows: list[Row] = [(row,) for row in self._sources[0](tables)]
        for number, (side, left, right, rest) in enumerate(self._joins, start=1):
            index = self._index(number, right, tables)
            width = len(list(self.scope.tables.values())[number][1])
            joined: list[Row] = []
            for row in rows:
                key = left(*row)
                found = [other for other in index.get(key, ()) if rest is None or rest(*row, other)]
                if None in key:
                    found = []
                if not found and side == "LEFT":
                    found = [(None,) * width]
                joined += [(*row, other) for other in found]
            rows = joined
        return [row for row in rows if self._where(*row)] if self._where else rows

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
        tree: Any = sqlglot.parse_one(statement, read="duckdb")
        known = dict(self._columns)
        parts: list[tuple[str, _Select]] = []
        for step in tree.ctes:
            parts.append((step.alias, _Select(step.this, known)))
            known[step.alias] = parts[-1][1].columns
        tree.set("with_", None)
        tree.set("with", None)
        parts.append(("", _Select(tree, known)))
        return parts
