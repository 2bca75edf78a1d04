# SPDX-License-Identifier: Apache-2.0
"""Unrolls the steps of a tax line: the lines of an item become slots of one row, windows over an item become sums.

Online a row is a line, and what later charges are computed on is a window over the item's lines. Over millions of
items windows are the dear part, so that a batch gives each item one row with a slot a line (first duty, second duty,
excise, value added tax), and the same expressions, taken from the same step files, are written once a slot. A column
that is the same in every line of a slot (stage, what the base holds) is written in as a constant and worked out.

Limits: what a slot holds where the item has no such line is not defined, but null for columns of the line and for
amounts; whatever reads a slot asks whether the line is there.
Why: no second copy of a rule; tests/parity compares both forms (docs/adr/0001).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from openecp.border.fold import folded, is_null
from openecp.border.narrow import is_duty, narrow_duty

SLOTS_MAX = 64


@dataclass(frozen=True)
class Definition:
    """One computed column of a line: its name and its expression over the columns before it."""

    name: str
    expression: exp.Expression


def definitions(step: exp.Expression) -> tuple[list[Definition], list[exp.Expression]]:
    """Return the columns that a step computes, innermost first, and its conditions on lines."""
    found: list[Definition] = []
    conditions: list[exp.Expression] = []
    source = step.args["from_"].this
    if isinstance(source, exp.Subquery):
        inner, inner_conditions = definitions(source.this)
        found += inner
        conditions += inner_conditions
    for selected in step.expressions:
        if isinstance(selected, exp.Alias):
            found.append(Definition(selected.alias, selected.this))
    if where := step.args.get("where"):
        conditions.append(where.this)
    if step.args.get("joins"):
        raise ValueError("a step of a tax line joins: expected expressions over the line and windows over its item")
    return found, conditions


@dataclass(frozen=True)
class Slots:
    """The slots of a batch: `constants[slot][column]` is SQL where all lines agree; other columns are `column_slot`."""

    columns: tuple[str, ...]  # of a line, as line_slots gives them
    constants: tuple[dict[str, str], ...]
    simple: tuple[str, ...]  # "all", "some" or "none" of the slot's lines have a rate alone, exact in 64 bits
    empty: set[str] = field(default_factory=set)  # columns of slots that are null where the line is not there

    def __post_init__(self) -> None:
        if len(self.constants) > SLOTS_MAX:
            raise ValueError(f"{len(self.constants)} tax lines an item: expected at most {SLOTS_MAX}; split the batch")
        self.empty.update(f"{c}_{n}" for n, c in self.varying())

    def varying(self) -> list[tuple[int, str]]:
        """Return slot and column of what is not constant."""
        return [(n, c) for n, known in enumerate(self.constants) for c in self.columns if c not in known]

    def of(self, column: str, slot: int) -> str:
        """Return SQL for a column of a slot."""
        return self.constants[slot].get(column, f"{column}_{slot}")

    def at(self, expression: exp.Expression, slot: int, computed: Sequence[str]) -> exp.Expression:
        """Return an expression of a line for one slot, its constant parts worked out."""

        def place(node: Any) -> Any:
            if isinstance(node, exp.Window):
                return self._over_item(node.this, computed)
            if isinstance(node, exp.Column) and (node.name in self.columns or node.name in computed):
                return exp.maybe_parse(self.of(node.name, slot), dialect="duckdb")
            if isinstance(node, exp.Column):
                return exp.column(node.name)
            return node

        made: exp.Expression = expression.copy().transform(place)
        return folded(made)

    def _over_item(self, aggregate: exp.Expression, computed: Sequence[str]) -> exp.Expression:
        """Return a window over the lines of an item as an expression over its slots."""
        trees = [(slot, self.at(aggregate.this, slot, computed)) for slot in range(len(self.constants))]
        parts = [
            tree.sql("duckdb")
            if self.is_empty(tree)
            else f"CASE WHEN {self.present(slot)} THEN {tree.sql('duckdb')} END"
            for slot, tree in trees
            if not is_null(tree)
        ]
        if isinstance(aggregate, exp.Sum):
            whole = " + ".join(f"COALESCE({part}, 0)" for part in parts) or "0"
            return exp.maybe_parse(f"({whole})", dialect="duckdb")
        if isinstance(aggregate, exp.Max):
            text = f"GREATEST({', '.join(parts)})" if len(parts) > 1 else "".join(parts) or "NULL"
            return exp.maybe_parse(text, dialect="duckdb")
        raise ValueError(f"window {aggregate.sql()}: expected SUM or MAX over the item")

    def is_empty(self, tree: Any) -> bool:
        """Return whether an expression is null where the item has no such line."""
        if isinstance(tree, exp.Column):
            return tree.name in self.empty
        if isinstance(tree, exp.Paren | exp.Cast):
            return self.is_empty(tree.this)
        if isinstance(tree, exp.Mul | exp.Add | exp.Sub):
            return self.is_empty(tree.this) or self.is_empty(tree.expression)
        return is_null(tree)

    def present(self, slot: int) -> str:
        """Return SQL that says whether the item has a line in a slot."""
        return f"present_line_{slot}"


def unrolled(
    steps: Sequence[exp.Expression], plain: Sequence[exp.Expression], slots: Slots, start: str, prefix: str = "line"
) -> tuple[list[tuple[str, str]], str, list[str]]:
    """Return CTEs (name, SQL) that compute the steps over slots from the table `start`, the last one's name, and SQL
    that says for each slot whether its line stands: it does not where a condition of a step drops it.

    `plain` are the same steps as composed for batches without compound duties, for lines that are none.
    """
    parts: list[tuple[str, str]] = []
    computed: list[str] = []
    table = start
    conditions: list[exp.Expression] = []
    for step, plain_step in zip(steps, plain, strict=True):
        found, more = definitions(step)
        found_plain, _ = definitions(plain_step)
        conditions += more
        for one, one_plain in zip(found, found_plain, strict=True):
            columns = _columns(one, one_plain, slots, computed)
            computed.append(one.name)
            if columns:
                parts.append((f"{prefix}_{len(parts)}", f"SELECT *, {', '.join(columns)} FROM {table}"))
                table = parts[-1][0]
    kept = []
    for slot in range(len(slots.constants)):
        said = [tree for c in conditions if (tree := slots.at(c, slot, computed)) != exp.true()]
        kept.append(" AND ".join([slots.present(slot), *(f"({tree.sql('duckdb')})" for tree in said)]))
    return parts, table, kept


def _columns(one: Definition, one_plain: Definition, slots: Slots, computed: Sequence[str]) -> list[str]:
    """Return a computed column for each slot; what is constant in a slot joins its constants."""
    columns = []
    for slot in range(len(slots.constants)):
        tree = slots.at((one_plain if slots.simple[slot] == "all" else one).expression, slot, computed)
        name = f"{one.name}_{slot}"
        if is_null(tree) or isinstance(tree, exp.Literal | exp.Column):
            slots.constants[slot][one.name] = tree.sql("duckdb")
            continue
        value = tree.sql("duckdb")
        if is_duty(tree):
            value = f"CASE WHEN {slots.present(slot)} THEN {value} END"
            small = None
            if slots.simple[slot] != "none":
                small = narrow_duty(slots.at(one_plain.expression, slot, computed), slots.of("small_rate", slot))
            if small is not None:
                value = f"COALESCE({folded(small).sql('duckdb')}, {value})"
            slots.empty.add(name)
        elif slots.is_empty(tree):
            slots.empty.add(name)
        columns.append(f"{value} AS {name}")
    return columns
