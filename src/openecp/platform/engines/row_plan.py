# SPDX-License-Identifier: Apache-2.0
"""A statement as one Python function: SELECTs become spaces of rows (row_spaces.py), and these become its lines.

Limits: SELECT with joins on equality (and further conditions), WHERE, GROUP BY, DISTINCT, UNION ALL, windows, ORDER BY
and LIMIT; anything else is refused when the statement is translated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sqlglot
from sqlglot import exp

from openecp.platform.engines.row_joins import Relation, Sources, Table
from openecp.platform.engines.row_kinds import FLAG, NUMBER, TEXT, Kind, Untranslatable
from openecp.platform.engines.row_loop import Names, Plan
from openecp.platform.engines.row_runtime import NAMES
from openecp.platform.engines.row_spaces import Column, Listed, Space, View

_TOTALS = {
    exp.Sum: "total_sum", exp.Max: "total_max", exp.Min: "total_min", exp.LogicalOr: "total_or",
    exp.BitwiseOrAgg: "total_bits", exp.Count: "total_count",
}  # fmt: skip
_AGGREGATES = (*_TOTALS, exp.GroupConcat)


class Translated:
    """A statement's function, the names and kinds of what it gives, and of what some of its steps give.

    `filled`: those of the statement's own columns that hold a value in every row.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        outputs: dict[str, list[tuple[str, Kind]]],
        filled: frozenset[str],
        text: str,
    ) -> None:
        self.function, self.outputs, self.filled, self.text = function, outputs, filled, text


def translated(
    statement: str,
    known: Mapping[str, Mapping[str, Kind]],
    steps: Sequence[str] = (),
    *,
    filled: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Translated:
    """Translate a statement over tables of known columns; `filled` names those of each that are never null.

    Raises: Untranslatable.
    """
    tree: Any = sqlglot.parse_one(statement, read="duckdb")
    return _Translation(known, filled).whole(tree, steps)


class _Translation:
    def __init__(self, known: Mapping[str, Mapping[str, Kind]], filled: Mapping[str, Collection[str]]) -> None:
        self._plan, self._known, self._filled = Plan(), known, filled
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
        own = frozenset(name for name, column in found[""][1].items() if not column.nullable)
        return Translated(names["run"], outputs, own, text)

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
        table = Table(self._plan, node.name, self._known[node.name], self._filled.get(node.name, ()))
        self._tables[node.name] = table, table.columns
        return table, table.columns

    def _select(self, node: exp.Select) -> Relation:
        sources = Sources(self._plan)
        source: Any = node.args.get("from_") or node.args.get("from")
        if source is not None:
            sources.first(source.this.alias_or_name, self._source(source.this))
        for join in node.args.get("joins") or ():
            sources.join(join, self._source(join.this))
        where = node.args.get("where")
        if where is not None:
            sources.keep(where.this)
        space: Space = sources.space
        names: Names = sources.names
        group = node.args.get("group")
        if group is not None or any(_aggregates(one) for one in node.expressions):
            space, columns, ordered = _grouped(self._plan, space, names, node, group)
            return self._ordered(node, space, columns, {}, ordered)
        unnested: dict[str, Column] = {}
        if any(isinstance(one.unalias(), exp.Explode) for one in node.expressions):
            space, names, unnested = _unnested(self._plan, space, names, node)
        columns = _projected(space, names, node) | unnested
        if node.args.get("qualify") is not None:
            space, names, columns = _qualified(self._plan, space, names, columns, node.args["qualify"].this)
        if node.args.get("distinct") is not None:
            space, columns = _distinct(self._plan, space, columns)
        return self._ordered(node, space, columns, names)

    def _ordered(
        self,
        node: exp.Select,
        space: Space,
        columns: dict[str, Column],
        names: Names,
        given: Mapping[str, Column] | None = None,
    ) -> Relation:
        """Put rows in order; `given` are columns that an order may name by their text (the keys of groups)."""
        order, limit = node.args.get("order"), node.args.get("limit")
        if order is None and limit is None:
            return space, columns
        keys = []
        outputs = {one.unalias().sql(): one.alias_or_name for one in node.expressions}
        for one in order.expressions if order is not None else ():
            asked = one.this
            plain = isinstance(asked, exp.Column) and not asked.table and asked.name in columns
            output = asked.name if plain else outputs.get(asked.sql())
            key = columns[output] if output is not None else (given or {}).get(asked.sql())
            key = key if key is not None else space.worked(asked, names)
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


def _projected(space: Space, names: Names, node: exp.Select) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for one in node.expressions:
        if isinstance(one.unalias(), exp.Explode):
            continue
        star = one if isinstance(one, exp.Star) else one.this if isinstance(one, exp.Column) else None
        if isinstance(star, exp.Star):
            left_out = {each.name for each in star.args.get("except_") or star.args.get("except") or ()}
            for alias, given in names.items():
                if one is star or one.table == alias:
                    columns |= {name: column for name, column in given.items() if name not in left_out | set(columns)}
            continue
        columns[one.alias_or_name] = space.worked(one, names)
    return columns


def _unnested(plan: Plan, space: Space, names: Names, node: exp.Select) -> tuple[Space, Names, dict[str, Column]]:
    """Give each row as often as a list that is unnested has cells, with the cell in a column of its own."""
    asked = [one for one in node.expressions if isinstance(one.unalias(), exp.Explode)]
    if len(asked) != 1 or not isinstance(asked[0].unalias().this, exp.Array):
        raise Untranslatable("UNNEST: expected one list that is written out")
    cells = [space.worked(cell, names) for cell in asked[0].unalias().this.expressions]
    for cell in cells:
        space.want(cell)
    view = View(plan, [space], [False])
    made = Column(view, like=cells[0])

    def step() -> None:
        space.emit()
        listed, driver = ", ".join(cell.list_name for cell in cells), view.drivers[0]
        made.list_name, made.nullable = plan.name("c"), any(cell.nullable for cell in cells)
        plan.write(f"{driver} = [i for i in range({space.rows}) for _ in range({len(cells)})]")
        plan.write(f"{view.rows} = len({driver})")
        plan.write(f"{made.list_name} = [one for row in zip({listed}) for one in row]")

    plan.steps.append(step)
    seen = {alias: {name: view.carried(0, one) for name, one in given.items()} for alias, given in names.items()}
    return view, seen, {asked[0].alias_or_name: made}


def _aggregates(node: Any) -> bool:
    if isinstance(node, exp.Window):
        return False
    return isinstance(node, _AGGREGATES) or any(_aggregates(one) for one in node.iter_expressions())


def _grouped(
    plan: Plan, space: Space, names: Names, node: exp.Select, group: Any
) -> tuple[Space, dict[str, Column], dict[str, Column]]:
    made, members = Listed(plan), plan.name("g")
    asked = [
        node.expressions[int(one.name) - 1].unalias() if isinstance(one, exp.Literal) else one
        for one in (group.expressions if group is not None else ())
    ]
    if group is not None and group.args.get("all"):
        asked = [one.unalias() for one in node.expressions if not _aggregates(one)]
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
    return made, columns, {text: inner[f"key_{number}"] for number, text in enumerate(texts)}


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


def _qualified(
    plan: Plan, space: Space, names: Names, columns: dict[str, Column], condition: Any
) -> tuple[Space, Names, dict[str, Column]]:
    """Keep the rows of which a condition on windows is TRUE."""
    kept, view = space.worked(condition, names), View(plan, [space], [False])
    space.want(kept)

    def step() -> None:
        space.emit()
        plan.write(f"{view.drivers[0]} = [i for i, one in enumerate({kept.list_name}) if one]")
        plan.write(f"{view.rows} = len({view.drivers[0]})")

    plan.steps.append(step)
    seen = {alias: {name: view.carried(0, one) for name, one in given.items()} for alias, given in names.items()}
    return view, seen, {name: view.carried(0, one) for name, one in columns.items()}


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
