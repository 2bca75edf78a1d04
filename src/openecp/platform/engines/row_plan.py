# SPDX-License-Identifier: Apache-2.0
"""A statement as one Python function: SELECTs become spaces of rows (row_spaces.py), and these become its lines.

Limits: SELECT with joins on equality (and further conditions), WHERE, GROUP BY, DISTINCT, UNION ALL, windows, ORDER BY
and LIMIT; anything else is refused when the statement is translated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from openecp.platform.engines.row_runtime import NAMES
from openecp.platform.engines.row_spaces import Column, Listed, Names, Plan, Space, View
from openecp.platform.engines.row_sql import FLAG, NUMBER, TEXT, Kind, Untranslatable

Relation = tuple[Space, dict[str, Column]]
_TOTALS = {
    exp.Sum: "total_sum", exp.Max: "total_max", exp.Min: "total_min", exp.LogicalOr: "total_or",
    exp.BitwiseOrAgg: "total_bits", exp.Count: "total_count",
}  # fmt: skip
_AGGREGATES = (*_TOTALS, exp.GroupConcat)


class Translated:
    """A statement's function, the names and kinds of what it gives, and of what some of its steps give."""

    def __init__(self, function: Callable[..., Any], outputs: dict[str, list[tuple[str, Kind]]], text: str) -> None:
        self.function, self.outputs, self.text = function, outputs, text


class _Stored(Column):
    """A column of a table."""

    def __init__(self, space: Space, table: str, name: str, kind: Kind) -> None:
        super().__init__(space, kind)
        self._line, self._asked = f"{table}.columns[{name!r}]", False
        self.list_name = space.plan.name("c")

    def ask(self) -> None:
        if not self._asked:
            self._asked = True
            self.space.plan.head.append(f"{self.list_name} = {self._line}")


class _Table(Listed):
    """A table as it is given."""

    def __init__(self, plan: Plan, name: str, kinds: Mapping[str, Kind]) -> None:
        super().__init__(plan)
        self.table = plan.name("t")
        plan.head.append(f"{self.table} = tables[{name!r}]; {self.rows} = {self.table}.count")
        self.columns = {column: _Stored(self, self.table, column, kind) for column, kind in kinds.items()}

    def name_of(self, column: Column) -> str | None:
        """Return the name of one of its own columns."""
        return next((name for name, one in self.columns.items() if one is column), None)


def translated(statement: str, known: Mapping[str, Mapping[str, Kind]], steps: Sequence[str] = ()) -> Translated:
    """Translate a statement over tables of known columns.

    Raises: Untranslatable.
    """
    tree: Any = sqlglot.parse_one(statement, read="duckdb")
    return _Translation(known).whole(tree, steps)


class _Translation:
    def __init__(self, known: Mapping[str, Mapping[str, Kind]]) -> None:
        self._plan, self._known = Plan(), known
        self._tables: dict[str, Relation] = {}

    def whole(self, tree: Any, steps: Sequence[str]) -> Translated:
        """Translate a statement with its steps."""
        found = {"": self._query(tree)}
        found |= {name: self._tables[name] for name in steps}
        for space, columns in found.values():
            for column in columns.values():
                space.want(column)
        for step in self._plan.steps:
            step()
        answers = []
        for name, (space, columns) in found.items():
            space.emit()
            cells = ", ".join(column.list_name for column in columns.values())
            answers.append(f"{name!r}: ({space.rows}, [{cells}])")
        outputs = {
            name: [(column, space.kind(one)) for column, one in columns.items()]
            for name, (space, columns) in found.items()
        }
        body = [*self._plan.head, *self._plan.lines, f"return {{{', '.join(answers)}}}"]
        text = "def run(tables, parameters):\n" + "".join(f"    {line}\n" for line in body)
        names = dict(NAMES)
        exec(compile(text, "<translated steps>", "exec"), names)  # noqa: S102 - made of steps alone, never of a sender's
        return Translated(names["run"], outputs, text)

    # -- queries --------------------------------------------------------------------------------------------------

    def _query(self, node: Any) -> Relation:
        for step in node.ctes:
            self._tables[step.alias] = self._query(step.this)
        if isinstance(node, exp.Subquery):
            return self._query(node.this)
        if isinstance(node, exp.Union):
            return self._union(node)
        if not isinstance(node, exp.Select):
            raise Untranslatable(f"{node.sql('duckdb')[:80]}: expected SELECT")
        return self._select(node)

    def _union(self, node: exp.Union) -> Relation:
        if node.args.get("distinct") is not False:
            raise Untranslatable("UNION: expected UNION ALL")
        parts = [self._query(node.this), self._query(node.expression)]
        plan, made = self._plan, Listed(self._plan)
        pairs = list(zip(*(list(columns.values()) for _, columns in parts), strict=True))
        names = list(parts[0][1])
        for name, pair in zip(names, pairs, strict=True):
            for (space, _), column in zip(parts, pair, strict=True):
                space.want(column)
            made.columns[name] = Column(made, like=pair[0])

        def step() -> None:
            for space, _ in parts:
                space.emit()
            plan.write(f"{made.rows} = {parts[0][0].rows} + {parts[1][0].rows}")
            for name, (one, other) in zip(names, pairs, strict=True):
                column = made.columns[name]
                kinds = [side.space.kind(side) for side in (one, other)]
                if kinds[0] != kinds[1]:
                    raise Untranslatable(f"UNION ALL: column {name} is {kinds[0].name} here, {kinds[1].name} there")
                column.list_name, column.nullable = plan.name("c"), one.nullable or other.nullable
                plan.write(f"{column.list_name} = {one.list_name} + {other.list_name}")

        plan.steps.append(step)
        return made, made.columns

    def _source(self, node: Any) -> Relation:
        if isinstance(node, exp.Subquery):
            return self._query(node)
        if node.name in self._tables:
            return self._tables[node.name]
        if node.name not in self._known:
            raise Untranslatable(f"table {node.name}: expected one of {', '.join(self._known)}")
        table = _Table(self._plan, node.name, self._known[node.name])
        self._tables[node.name] = table, table.columns
        return table, table.columns

    def _select(self, node: exp.Select) -> Relation:
        sources = _Sources(self._plan)
        source: Any = node.args.get("from_") or node.args.get("from")
        if source is not None:
            sources.first(source.this.alias_or_name, self._source(source.this))
        for join in node.args.get("joins") or ():
            sources.join(join, self._source(join.this))
        where = node.args.get("where")
        if where is not None:
            sources.keep(where.this)
        space, names = sources.space, sources.names
        group = node.args.get("group")
        if group is not None or any(_aggregates(one) for one in node.expressions):
            space, columns = _grouped(self._plan, space, names, node, group)
            names = {}
        else:
            columns = _projected(space, names, node)
        if node.args.get("distinct") is not None:
            space, columns = _distinct(self._plan, space, columns)
        return self._ordered(node, space, columns, names)

    def _ordered(self, node: exp.Select, space: Space, columns: dict[str, Column], names: Names) -> Relation:
        order, limit = node.args.get("order"), node.args.get("limit")
        if order is None and limit is None:
            return space, columns
        keys = []
        outputs = {one.unalias().sql(): one.alias_or_name for one in node.expressions}
        for one in order.expressions if order is not None else ():
            asked = one.this
            plain = isinstance(asked, exp.Column) and not asked.table and asked.name in columns
            output = asked.name if plain else outputs.get(asked.sql())
            key = columns[output] if output is not None else space.worked(asked, names)
            space.want(key)
            keys.append((key, bool(one.args.get("desc"))))
        plan, view = self._plan, View(self._plan, [space], [False])
        cut = f"[:{int(limit.expression.name)}]" if limit is not None else ""

        def step() -> None:
            space.emit()
            listed = "".join(f"({key.list_name}, {falling}), " for key, falling in keys)
            plan.write(f"{view.drivers[0]} = sorted_places({space.rows}, ({listed})){cut}")
            plan.write(f"{view.rows} = len({view.drivers[0]})")

        plan.steps.append(step)
        return view, {name: view.carried(0, column) for name, column in columns.items()}


class _Sources:
    """What FROM and its joins give: a space, and the names in it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.space: Space = Listed(plan)
        self.names: dict[str, dict[str, Column]] = {}
        self._given: list[tuple[str, Space, dict[str, Column], bool]] = []
        plan.head.append(f"{self.space.rows} = 1")

    def first(self, alias: str, relation: Relation) -> None:
        """Take the first source."""
        self.space, columns = relation
        self.names = {alias: columns}
        self._given = [(alias, self.space, columns, False)]

    def _view(self, more: tuple[str, Space, dict[str, Column], bool] | None) -> View:
        given = [*self._given, *([more] if more is not None else [])]
        return View(self._plan, [space for _, space, _, _ in given], [missing for *_, missing in given])

    def _named(self, view: View) -> dict[str, dict[str, Column]]:
        return {
            alias: {name: view.carried(side, column) for name, column in columns.items()}
            for side, (alias, _, columns, _) in enumerate(self._given)
        }

    def _drivers(self) -> list[str]:
        return self.space.drivers if len(self._given) > 1 or self._filtered() else [f"range({self.space.rows})"]  # type: ignore[attr-defined]

    def _filtered(self) -> bool:
        return isinstance(self.space, View) and self.space.sides == [space for _, space, _, _ in self._given]

    def join(self, join: exp.Join, relation: Relation) -> None:
        """Join another source."""
        kind, side = str(join.args.get("kind") or "").upper(), str(join.args.get("side") or "").upper()
        alias, (other, columns) = join.this.alias_or_name, relation
        left, right, rest = self._keys(join, alias, columns)
        if kind in ("SEMI", "ANTI"):
            if rest:
                raise Untranslatable(f"{join.sql('duckdb')[:80]}: equalities are needed")
            self._only_those(kind == "SEMI", left, right, other)
            return
        if side not in ("", "LEFT") or kind not in ("", "INNER", "OUTER"):
            raise Untranslatable(f"{join.sql('duckdb')[:80]}: a join that this engine does not know")
        space, before, plan = self.space, self._drivers(), self._plan
        outer, given = side == "LEFT", (alias, other, columns, side == "LEFT")
        pairs = self._view((alias, other, columns, False)) if rest and outer else None
        view = self._view(given)
        found = plan.name("f")

        def step() -> None:
            self._emit_join(space, other, left, right, found, outer=outer and pairs is None)
            target = view if pairs is None else pairs
            _emit_drivers(plan, target, before, found)

        plan.steps.append(step)
        self._given.append(given)
        if pairs is not None:
            self.space, self.names = pairs, self._named(pairs)
            kept = pairs.worked(_all_of(rest), self.names)
            pairs.want(kept)

            def second() -> None:
                pairs.emit()
                plan.write(f"{found} = outer_kept({space.rows}, {found}[0], {found}[1], {kept.list_name})")
                _emit_drivers(plan, view, before, found)

            plan.steps.append(second)
        self.space, self.names = view, self._named(view)
        if rest and pairs is None:
            self.keep(_all_of(rest))

    def _keys(
        self, join: exp.Join, alias: str, columns: dict[str, Column]
    ) -> tuple[list[Column], list[Column], list[Any]]:
        """Return the keys on both sides, wanted whole, and what else is said of a pair."""
        left: list[Column] = []
        right: list[Column] = []
        rest: list[Any] = []
        condition = join.args["on"]
        own = {alias: columns}
        other = next(iter(columns.values())).space if columns else None
        for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
            sides = [part.this, part.expression] if isinstance(part, exp.EQ) else []
            uses = [{one.table for one in side.find_all(exp.Column)} for side in sides]
            if sides and uses[0] == {alias} and alias not in uses[1] and uses[1]:
                sides.reverse()
                uses.reverse()
            if not sides or uses[1] != {alias} or alias in uses[0] or not uses[0]:
                rest.append(part)
                continue
            left.append(self.space.worked(sides[0], self.names))
            assert other is not None
            right.append(other.worked(sides[1], own))
        if not left:
            raise Untranslatable(f"{join.sql('duckdb')[:80]}: an equality is needed")
        for one in (*left, *right):
            one.space.want(one)
        return left, right, rest

    def _index(self, other: Space, right: Sequence[Column]) -> str:
        names = [other.name_of(one) for one in right] if isinstance(other, _Table) else [None]
        if isinstance(other, _Table) and None not in names:
            return f"{other.table}.index(({', '.join(repr(name) for name in names)},))"
        return f"index_of({other.rows}, ({', '.join(one.list_name for one in right)},))"

    def _emit_join(
        self, space: Space, other: Space, left: Sequence[Column], right: Sequence[Column], found: str, *, outer: bool
    ) -> None:
        space.emit()
        other.emit()
        keys = "".join(f"{one.list_name}, " for one in left)
        self._plan.write(f"{found} = joined({space.rows}, ({keys}), {self._index(other, right)}, {outer})")

    def _only_those(self, wanted: bool, left: Sequence[Column], right: Sequence[Column], other: Space) -> None:
        space, before, plan, view = self.space, self._drivers(), self._plan, self._view(None)
        found = plan.name("f")

        def step() -> None:
            space.emit()
            other.emit()
            keys = "".join(f"{one.list_name}, " for one in left)
            plan.write(f"{found} = having({space.rows}, ({keys}), {self._index(other, right)}, {wanted}), ()")
            _emit_drivers(plan, view, before, found)

        plan.steps.append(step)
        self.space, self.names = view, self._named(view)

    def keep(self, condition: Any) -> None:
        """Keep the rows of which a condition is TRUE."""
        if not self._given:
            raise Untranslatable("WHERE of no table: this engine does not know it")
        space, before, plan = self.space, self._drivers(), self._plan
        kept = space.worked(condition, self.names)
        space.want(kept)
        view, found = self._view(None), plan.name("f")

        def step() -> None:
            space.emit()
            plan.write(f"{found} = [i for i, one in enumerate({kept.list_name}) if one], ()")
            _emit_drivers(plan, view, before, found)

        plan.steps.append(step)
        self.space, self.names = view, self._named(view)


def _emit_drivers(plan: Plan, view: View, before: Sequence[str], found: str) -> None:
    for driver, old in zip(view.drivers, before, strict=False):
        plan.write(f"{driver} = taken({old}, {found}[0])")
    if len(view.drivers) > len(before):
        plan.write(f"{view.drivers[-1]} = {found}[1]")
    plan.write(f"{view.rows} = len({view.drivers[0]})")


def _all_of(parts: Sequence[Any]) -> Any:
    found = parts[0]
    for one in parts[1:]:
        found = exp.And(this=found, expression=one)
    return found


def _projected(space: Space, names: Names, node: exp.Select) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for one in node.expressions:
        star = one if isinstance(one, exp.Star) else one.this if isinstance(one, exp.Column) else None
        if isinstance(star, exp.Star):
            left_out = {each.name for each in star.args.get("except_") or star.args.get("except") or ()}
            for alias, given in names.items():
                if one is star or one.table == alias:
                    columns |= {name: column for name, column in given.items() if name not in left_out | set(columns)}
            continue
        columns[one.alias_or_name] = space.worked(one, names)
    return columns


def _aggregates(node: Any) -> bool:
    if isinstance(node, exp.Window):
        return False
    return isinstance(node, _AGGREGATES) or any(_aggregates(one) for one in node.iter_expressions())


def _grouped(plan: Plan, space: Space, names: Names, node: exp.Select, group: Any) -> Relation:
    made, members = Listed(plan), plan.name("g")
    asked = [
        node.expressions[int(one.name) - 1].unalias() if isinstance(one, exp.Literal) else one
        for one in (group.expressions if group is not None else ())
    ]
    keys = [space.worked(one, names) for one in asked]
    texts = [one.sql() for one in asked]
    inner: dict[str, Column] = {f"key_{n}": Column(made, like=key) for n, key in enumerate(keys)}
    totals: list[tuple[Column, Any, list[Column]]] = []

    def replaced(one: Any) -> Any:
        if one.sql() in texts:
            return exp.column(f"key_{texts.index(one.sql())}")
        if isinstance(one, _AGGREGATES):
            totals.append(_total(made, space, names, one))
            inner[f"total_{len(totals)}"] = totals[-1][0]
            return exp.column(f"total_{len(totals)}")
        return one

    columns = {
        one.alias_or_name: made.worked(one.unalias().transform(replaced), {"": inner}) for one in node.expressions
    }
    for key in keys:
        space.want(key)

    def step() -> None:
        space.emit()
        listed = "".join(f"{key.list_name}, " for key in keys)
        plan.write(f"{members} = groups({space.rows}, ({listed}), ())" + ("" if keys else " or [[]]"))
        plan.write(f"{made.rows} = len({members})")
        for number, key in enumerate(keys):
            column = inner[f"key_{number}"]
            column.list_name, column.nullable = plan.name("c"), key.nullable
            plan.write(f"{column.list_name} = [{key.list_name}[m[0]] for m in {members}]")
        for column, one, arguments in totals:
            column.list_name = plan.name("c")
            column.nullable = not isinstance(one, exp.Count)
            plan.write(f"{column.list_name} = {_total_text(one, arguments, members)}")

    plan.steps.append(step)
    return made, columns


def _total(made: Space, space: Space, names: Names, node: Any) -> tuple[Column, Any, list[Column]]:
    """Return the column of a figure of groups, with the columns that it is made of."""
    inner = node.this
    order: list[Any] = []
    if isinstance(inner, exp.Order):
        order, inner = [one.this for one in inner.expressions], inner.this
    if isinstance(inner, exp.Distinct):
        inner = inner.expressions[0]
    if isinstance(inner, exp.Star):
        inner = exp.Literal.number(1)
    arguments = [space.worked(one, names) for one in (inner, *order)]
    for one in arguments:
        space.want(one)
    kind = NUMBER if isinstance(node, exp.Count) else TEXT if isinstance(node, exp.GroupConcat) else None
    kind = FLAG if isinstance(node, exp.LogicalOr) else kind
    return Column(made, kind, like=None if kind else arguments[0]), node, arguments


def _total_text(node: Any, arguments: Sequence[Column], members: str) -> str:
    if isinstance(node, exp.GroupConcat):
        inner = node.this
        ordered = isinstance(inner, exp.Order)
        once = isinstance(inner.this if ordered else inner, exp.Distinct)
        order = "".join(f"{one.list_name}, " for one in arguments[1:])
        between = node.args["separator"].name
        return f"texts_joined({arguments[0].list_name}, ({order}), {members}, {between!r}, {once})"
    return f"of_groups({arguments[0].list_name}, {members}, {_TOTALS[type(node)]})"


def _distinct(plan: Plan, space: Space, columns: dict[str, Column]) -> Relation:
    view = View(plan, [space], [False])
    for column in columns.values():
        space.want(column)

    def step() -> None:
        space.emit()
        listed = "".join(f"{column.list_name}, " for column in columns.values())
        plan.write(f"{view.drivers[0]} = [m[0] for m in groups({space.rows}, ({listed}), ())]")
        plan.write(f"{view.rows} = len({view.drivers[0]})")

    plan.steps.append(step)
    return view, {name: view.carried(0, column) for name, column in columns.items()}
