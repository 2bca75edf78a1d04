# SPDX-License-Identifier: Apache-2.0
"""Unrolls the steps of a tax line: the lines of an item become slots of one row, windows over an item become sums.

Online a row is a line, and what later charges are computed on is a window over the item's lines. Over millions of
items windows are the dear part, so that a batch gives each item one row with a slot a tax type (and one more for each
tie), and the same expressions, taken from the same step files, are written once a slot. A column that is the same in
every line of a slot (stage, base, a rate of VAT …) is written in as a constant.

Why: no second copy of a rule; tests/parity compares both forms (docs/adr/0001).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from openecp.border.narrow import narrow_duty

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

    columns: tuple[str, ...]  # of a line, as relieved_lines gives them
    constants: tuple[Mapping[str, str], ...]
    plain: tuple[bool, ...]  # all lines of the slot are purely ad valorem
    small: tuple[bool, ...]  # all rates of the slot are exact in DECIMAL(9, 6)

    def __post_init__(self) -> None:
        if len(self.constants) > SLOTS_MAX:
            raise ValueError(f"{len(self.constants)} tax lines an item: expected at most {SLOTS_MAX}; split the batch")

    def varying(self) -> list[tuple[int, str]]:
        """Return slot and column of what is not constant."""
        return [(n, c) for n, known in enumerate(self.constants) for c in self.columns if c not in known]

    def at(self, expression: exp.Expression, slot: int, computed: Sequence[str]) -> exp.Expression:
        """Return an expression of a line for one slot."""

        def place(node: Any) -> Any:
            if isinstance(node, exp.Window):
                return self._over_item(node.this, computed)
            if isinstance(node, exp.Column) and (node.name in self.columns or node.name in computed):
                if node.name in self.constants[slot]:
                    return exp.maybe_parse(self.constants[slot][node.name], dialect="duckdb")
                return exp.column(f"{node.name}_{slot}")
            if isinstance(node, exp.Column):
                return exp.column(node.name)
            return node

        made: exp.Expression = expression.copy().transform(place)
        return made

    def _over_item(self, aggregate: exp.Expression, computed: Sequence[str]) -> exp.Expression:
        """Return a window over the lines of an item as an expression over its slots."""
        parts = [
            f"CASE WHEN {self.present(slot)} THEN {self.at(aggregate.this, slot, computed).sql('duckdb')} END"
            for slot in range(len(self.constants))
        ]
        if isinstance(aggregate, exp.Sum):
            return exp.maybe_parse("(" + " + ".join(f"COALESCE({part}, 0)" for part in parts) + ")", dialect="duckdb")
        if isinstance(aggregate, exp.Max):
            text = f"GREATEST({', '.join(parts)})" if len(parts) > 1 else parts[0]
            return exp.maybe_parse(text, dialect="duckdb")
        raise ValueError(f"window {aggregate.sql()}: expected SUM or MAX over the item")

    def present(self, slot: int) -> str:
        """Return SQL that says whether the item has a line in a slot."""
        return f"present_line_{slot}"


def unrolled(
    steps: Sequence[exp.Expression], plain: Sequence[exp.Expression], slots: Slots, start: str, prefix: str = "line"
) -> tuple[list[tuple[str, str]], str]:
    """Return CTEs (name, SQL) that compute the steps over slots from the table `start`, and the last one's name.

    `plain` are the same steps as composed for batches without compound duties, for the slots that hold none. The last
    one has `line_kept_<slot>` for each slot: false where a condition of a step drops the line.
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
            columns = []
            for slot in range(len(slots.constants)):
                tree = slots.at((one_plain if slots.plain[slot] else one).expression, slot, computed)
                value = (narrow_duty(tree) if slots.small[slot] else tree).sql("duckdb")
                columns.append(f"CASE WHEN {slots.present(slot)} THEN {value} END AS {one.name}_{slot}")
            computed.append(one.name)
            parts.append((f"{prefix}_{len(parts)}", f"SELECT *, {', '.join(columns)} FROM {table}"))
            table = parts[-1][0]
    kept = []
    for slot in range(len(slots.constants)):
        said = [f"({slots.at(c, slot, computed).sql('duckdb')})" for c in conditions]
        kept.append(f"{' AND '.join([slots.present(slot), *said])} AS line_kept_{slot}")
    parts.append((f"{prefix}_{len(parts)}", f"SELECT *, {', '.join(kept) or 'TRUE AS nothing'} FROM {table}"))
    return parts, parts[-1][0]
