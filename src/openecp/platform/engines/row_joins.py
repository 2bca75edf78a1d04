# SPDX-License-Identifier: Apache-2.0
"""What FROM, its joins and WHERE give: tables as they are, and the rows that are left of them.

Limits: joins that hold at least one equality; SEMI and ANTI joins of equalities alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlglot import exp

from openecp.platform.engines.row_kinds import Kind, Untranslatable
from openecp.platform.engines.row_loop import Plan
from openecp.platform.engines.row_spaces import Column, Listed, Space, View

Relation = tuple[Space, dict[str, Column]]


class Stored(Column):
    """A column of a table."""

    def __init__(self, space: Space, table: str, name: str, kind: Kind, *, filled: bool) -> None:
        super().__init__(space, kind)
        self.nullable = not filled
        self._line, self._asked = f"{table}.columns[{name!r}]", False
        self.list_name = space.plan.name("c")

    def ask(self) -> None:
        if not self._asked:
            self._asked = True
            self.space.plan.head.append(f"{self.list_name} = {self._line}")


class Table(Listed):
    """A table as it is given."""

    def __init__(self, plan: Plan, name: str, kinds: Mapping[str, Kind], filled: Collection[str]) -> None:
        super().__init__(plan)
        self.table = plan.name("t")
        plan.head.append(f"{self.table} = tables[{name!r}]; {self.rows} = {self.table}.count")
        self.columns = {
            column: Stored(self, self.table, column, kind, filled=column in filled) for column, kind in kinds.items()
        }

    def name_of(self, column: Column) -> str | None:
        """Return the name of one of its own columns."""
        return next((name for name, one in self.columns.items() if one is column), None)


class Sources:
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
        names = [other.name_of(one) for one in right] if isinstance(other, Table) else [None]
        if isinstance(other, Table) and None not in names:
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
