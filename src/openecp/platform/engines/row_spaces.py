# SPDX-License-Identifier: Apache-2.0
"""Rows of a statement while it is translated: where each column comes from, and the loops that work them out.

A space is a sequence of rows: a table, what a join or a filter leaves of others, groups, a union. A column is worked
out only where something asks for it, and all columns of a space together, in one loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from openecp.platform.engines.row_kinds import NUMBER, Kind, Untranslatable, Value, guarded
from openecp.platform.engines.row_loop import Loop, Names, Plan, leaves, resolved


class Column:
    """A column of a space. `list_name` is the variable that holds it whole, once it is known."""

    later = 0  # rounds that it takes itself

    def __init__(self, space: Space, kind: Kind | None = None, *, like: Column | None = None) -> None:
        """Without a kind of its own it holds what the column `like` holds."""
        self.space, self.given_kind, self.like, self.nullable = space, kind, like, True
        self.list_name = ""
        self._rank: int | None = None

    def inside(self) -> Sequence[Column]:
        """Return the columns of the same row that it is made of."""
        return ()

    def rank(self) -> int:
        """Return after how many rounds of windows it can be known."""
        if self._rank is None:
            self._rank = max((one.rank() for one in self.inside()), default=0) + self.later
        return self._rank

    def ask(self) -> None:
        """Say that it is wanted, in a row of its space."""

    def row_value(self, loop: Loop) -> Value:
        """Return it in a loop over its space's rows."""
        return loop.cell(f"{self.list_name}[{loop.index}]", self)


class Carried(Column):
    """A column of another space, whose rows stand in this one."""

    def __init__(self, space: View, side: int, source: Column) -> None:
        super().__init__(space)
        self.side, self.source = side, source

    def ask(self) -> None:
        self.source.space.want(self.source)

    def row_value(self, loop: Loop) -> Value:
        if self.list_name:
            return super().row_value(loop)
        assert isinstance(self.space, View)
        index, other = loop.indexes[self.side], self.source.list_name
        may_miss = self.space.missing[self.side]
        self.nullable = self.source.nullable or may_miss
        return loop.cell(f"({other}[{index}] if {index} >= 0 else None)" if may_miss else f"{other}[{index}]", self)


class Worked(Column):
    """A column that an expression gives."""

    def __init__(self, space: Space, node: Any, names: Names) -> None:
        super().__init__(space)
        self.node, self.names = node, names
        self._inside: list[Column] | None = None
        self.windows: dict[int, Window] = {}
        self._asked = False

    def inside(self) -> Sequence[Column]:
        if self._inside is None:
            found: list[Column | None] = []
            for one in leaves(self.node):
                if isinstance(one, exp.Window):
                    self.windows[id(one)] = self.space.window(one, self.names)
                    found.append(self.windows[id(one)])
                else:
                    found.append(resolved(one, self.names))
            self._inside = [one for one in found if one is not None]
        return self._inside

    def ask(self) -> None:
        if not self._asked:
            self._asked = True
            for one in self.inside():
                one.ask()

    def row_value(self, loop: Loop) -> Value:
        if self.list_name:
            return super().row_value(loop)
        value = loop.writer(self.names, self).value(self.node)
        if value.text.isidentifier() or value.text.isdigit():
            return value
        name = loop.held(guarded(value))
        return Value(name, value.kind, frozenset({name}) if value.holes else frozenset())


class Window(Column):
    """A column that looks at other rows of its parcel; worked out from whole columns."""

    later = 1

    def __init__(self, space: Space, node: exp.Window, names: Names) -> None:
        super().__init__(space)
        self.node, self.names = node, names
        order = node.args.get("order")
        self.keys = [space.worked(one, names) for one in node.args.get("partition_by") or ()]
        self.order = [space.worked(one.this, names) for one in (order.expressions if order else ())]
        inner, spec = node.this, node.args.get("spec")
        self.value = None if isinstance(inner, exp.RowNumber) else _argument(inner)
        self.argument = space.worked(self.value, names) if self.value is not None else None
        if self.order and not isinstance(inner, exp.RowNumber | exp.Lag) and not _is_rows_so_far(spec):
            raise Untranslatable(f"{node.sql('duckdb')[:80]}: ROWS BETWEEN UNBOUNDED PRECEDING is needed")
        self.falling = [bool(one.args.get("desc")) for one in (order.expressions if order else ())]
        self._asked = False

    def inside(self) -> Sequence[Column]:
        return [*self.keys, *self.order, *([self.argument] if self.argument is not None else [])]

    def ask(self) -> None:
        if not self._asked:
            self._asked = True
            for one in self.inside():
                self.space.want(one)
            self.space.want(self)


def _is_rows_so_far(spec: Any) -> bool:
    if spec is None or spec.args.get("kind") != "ROWS":
        return False
    return spec.args.get("start") == "UNBOUNDED" and spec.args.get("end") in (None, "CURRENT ROW")


def _argument(inner: Any) -> Any:
    if isinstance(inner, exp.Count):
        return exp.Literal.number(1) if isinstance(inner.this, exp.Star) else inner.this
    if not isinstance(inner, exp.Sum | exp.Max | exp.Min | exp.Lag):
        raise Untranslatable(f"window function {type(inner).__name__}: this engine does not know it")
    return inner.this


class Space:
    """A sequence of rows with columns; `rows` is the variable that holds how many there are."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rows = plan.name("n")
        self.wanted: list[Column] = []
        self._known: dict[Any, Column] = {}
        self._kinds: dict[int, Kind] = {}
        self._windows: list[tuple[exp.Window, Any, Window]] = []
        self._emitted = False

    def want(self, column: Column) -> None:
        """Say that a column is needed whole."""
        if column not in self.wanted:
            self.wanted.append(column)
            column.ask()

    def worked(self, node: Any, names: Names) -> Column:
        """Return the column of an expression; of a plain name the column itself."""
        while isinstance(node, exp.Paren | exp.Alias):
            node = node.this
        if isinstance(node, exp.Column):
            found = resolved(node, names)
            if found is not None and found.space is self:
                return found
        return Worked(self, node, names)

    def window(self, node: exp.Window, names: Names) -> Window:
        """Return a window's column; the same window over the same names is one."""
        for known, of, column in self._windows:
            if of is names and known == node:
                return column
        made = Window(self, node, names)
        self._windows.append((node, names, made))
        return made

    def kind(self, column: Column) -> Kind:
        """Return what a column holds."""
        if column.given_kind is not None:
            return column.given_kind
        if id(column) not in self._kinds:
            self._kinds[id(column)] = self._kind_of(column)
        return self._kinds[id(column)]

    def _kind_of(self, column: Column) -> Kind:
        if column.like is not None:
            return column.like.space.kind(column.like)
        if isinstance(column, Carried):
            return column.source.space.kind(column.source)
        if isinstance(column, Window):
            if column.argument is None or isinstance(column.node.this, exp.Count):
                return NUMBER
            return self.kind(column.argument)
        assert isinstance(column, Worked)
        return Loop(self.plan, ["i"] * 30).value(column).kind

    def emit(self) -> None:
        """Write the loops that work out what is wanted."""
        if self._emitted:
            return
        self._emitted = True
        left = [one for one in self.wanted if not one.list_name]
        for rank in range(max((one.rank() for one in left), default=0) + 1):
            for one in left:
                if isinstance(one, Window) and one.rank() == rank:
                    self._emit_window(one)
            self._emit_loop([one for one in left if not isinstance(one, Window) and one.rank() == rank])

    def _emit_loop(self, columns: Sequence[Column]) -> None:
        """Write one loop for several columns; what is a list already, or the same as another, needs none of its own."""
        loop = Loop(self.plan, self.indexes())
        made: dict[str, tuple[str, str]] = {}  # list and append by what is added
        for column in columns:
            value = loop.value(column)
            text, self._kinds[id(column)] = guarded(value), value.kind
            column.nullable = bool(value.holes)
            known = loop.list_of(text)
            if known is None:
                known = made.setdefault(text, (self.plan.name("c"), self.plan.name("a")))[0]
            column.list_name = known
        if not made:
            return
        for name, add in made.values():
            self.plan.write(f"{name} = []; {add} = {name}.append")
        self.plan.write(self.header(loop))
        for line in loop.lines:
            self.plan.write(f"    {line}")
        self.plan.write("    " + "; ".join(f"{add}({text})" for text, (_, add) in made.items()))

    def indexes(self) -> list[str]:
        """Return the names of a row's place in each side."""
        return []

    def header(self, loop: Loop) -> str:
        """Return the head of a loop over the rows."""
        return f"for {loop.index} in range({self.rows}):"

    def _emit_window(self, column: Window) -> None:
        inner, write = column.node.this, self.plan.write
        parts = self._parts(column)
        column.list_name = self.plan.name("c")
        if column.argument is None:
            write(f"{column.list_name} = numbered({self.rows}, {parts})")
            column.nullable = False
            return
        values = column.argument.list_name
        kind = "" if isinstance(inner, exp.Lag) else "_so_far" if column.order else "_whole"
        function = {"Sum": "sum", "Max": "max", "Min": "min", "Count": "count", "Lag": "lag"}[type(inner).__name__]
        write(f"{column.list_name} = {function}{kind}({values}, {parts})")
        column.nullable = isinstance(inner, exp.Lag) or (column.argument.nullable and function != "count")

    def _parts(self, column: Window) -> str:
        """Return the variable of the places of each partition, in order; the same partitions are found once."""
        keys = tuple(one.list_name for one in column.keys)
        order = tuple((one.list_name, falling) for one, falling in zip(column.order, column.falling, strict=True))
        known = self._known.get((keys, order))
        if known is None:
            name = self.plan.name("g")
            key, ordered = "".join(f"{one}, " for one in keys), "".join(f"({one}, {down}), " for one, down in order)
            self.plan.write(f"{name} = partitions({self.rows}, ({key}), ({ordered}))")
            known = self._known[keys, order] = Column(self)
            known.list_name = name
        return known.list_name


class Listed(Space):
    """Rows whose columns stand as lists: a table, groups, a union."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.columns: dict[str, Column] = {}


class View(Space):
    """Rows that are made of rows of other spaces; `drivers` hold the places of each side, -1 where it has none."""

    def __init__(self, plan: Plan, sides: Sequence[Space], missing: Sequence[bool]) -> None:
        super().__init__(plan)
        self.sides, self.missing = list(sides), list(missing)
        self.drivers = [plan.name("p") for _ in sides]
        self._indexes = [plan.name("j") for _ in sides]
        self._carried: dict[tuple[int, int], Carried] = {}

    def carried(self, side: int, source: Column) -> Carried:
        """Return a side's column in this space."""
        if (side, id(source)) not in self._carried:
            self._carried[side, id(source)] = Carried(self, side, source)
        return self._carried[side, id(source)]

    def indexes(self) -> list[str]:
        return self._indexes

    def header(self, loop: Loop) -> str:
        index = f"{loop.index}, " if any(f"[{loop.index}]" in line for line in loop.lines) else ""
        if index:
            return f"for {loop.index}, ({', '.join(self._indexes)},) in enumerate(zip({', '.join(self.drivers)})):"
        return f"for {', '.join(self._indexes)}, in zip({', '.join(self.drivers)}):"
