# SPDX-License-Identifier: Apache-2.0
"""Steps are SQL files, one rule family a file; a pipeline composes them into one statement, a chain of CTEs.

A step reads the batch's input tables, reference tables and the steps before it, by name. Its leading comment is its
documentation; the first line is a sentence for users. Two things are not plain SQL and are expanded here, so that
no profile needs a step of its own: `$name` parameters (the profile's constants, written in as literals) and the
macros `round_money(x)` and `duty_amount(base)`; `m.duty_columns` stands for the columns that a tariff's duties need.

Why: one statement a batch, because planning is the cost online (docs/adr/0001).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

import sqlglot
from sqlglot import exp

RoundingMode = Literal["floor", "half_up", "half_even", "ceiling"]
Macro = Callable[[exp.Expression], str]


@dataclass(frozen=True, slots=True)
class Step:
    """One SQL step: its name is the CTE's, `columns` are the declared output names and types.

    `optional` names a fact of a batch (`charges`, `reliefs`); where the batch lacks it the step is composed as an
    empty table of its columns, which spares its planning.
    """

    name: str
    package: str  # `openecp.border.tariff`
    columns: tuple[tuple[str, str], ...]
    optional: str = ""
    like: str = ""  # an earlier step with the same columns, where they hang on the loaded tariff

    @property
    def text(self) -> str:
        """The SQL as written."""
        return (files(self.package) / "steps" / f"{self.name}.sql").read_text(encoding="utf-8")


def rounded(expression: str, mode: RoundingMode) -> str:
    """Return SQL that rounds a decimal to a whole number; amounts of money round symmetrically around zero."""
    x = f"({expression})"
    match mode:
        case "floor":  # towards zero: a charge is never rounded up
            return f"CASE WHEN {x} < 0 THEN CEIL({x}) ELSE FLOOR({x}) END"
        case "ceiling":
            return f"CASE WHEN {x} < 0 THEN FLOOR({x}) ELSE CEIL({x}) END"
        case "half_up":
            return f"ROUND({x}, 0)"
        case "half_even":
            return (
                f"CASE WHEN {x} - FLOOR({x}) = 0.5 THEN FLOOR({x}) + (CAST(FLOOR({x}) AS BIGINT) & 1) "
                f"ELSE ROUND({x}, 0) END"
            )
    raise ValueError(f"rounding mode {mode!r}: expected floor, half_up, half_even or ceiling")


class Composer:
    """Composes steps into statements of one dialect; each step is parsed once."""

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        parameters: Mapping[str, int | str],
        macros: Mapping[str, Macro],
        column_groups: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self.steps = tuple(steps)
        self._parameters, self._macros, self._groups = dict(parameters), dict(macros), dict(column_groups)
        self._bodies = {step.name: self._expand(step.text) for step in steps}

    def _expand(self, text: str) -> exp.Expression:
        tree = sqlglot.parse_one(_without_comments(text), read="duckdb")

        def expand(node: exp.Expression) -> exp.Expression:
            if isinstance(node, exp.Anonymous) and node.name.lower() in self._macros:
                inner = node.expressions[0].transform(expand)
                made = sqlglot.parse_one(self._macros[node.name.lower()](inner), read="duckdb")
                return exp.paren(made.transform(expand) if made.find(exp.Anonymous) else made)
            if isinstance(node, (exp.Parameter, exp.Placeholder)):
                name = node.name
                if name not in self._parameters:
                    raise ValueError(f"step parameter ${name}: expected one of {', '.join(self._parameters)}")
                value = self._parameters[name]
                if isinstance(value, str) and re.fullmatch(r"CAST\(.*\)", value):
                    return sqlglot.parse_one(value, read="duckdb")
                return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)
            return node

        for select in list(tree.find_all(exp.Select)):
            select.set("expressions", [column for e in select.expressions for column in self._columns_of(e)])
        return tree.transform(expand)

    def _columns_of(self, selected: exp.Expression) -> list[exp.Expression]:
        """Return the columns that a named group of columns stands for, `m.duty_columns`; any other as it is."""
        if isinstance(selected, exp.Column) and selected.name in self._groups:
            return [exp.column(name, table=selected.table) for name in self._groups[selected.name]]
        return [selected]

    def statement(self, final: str, *, dialect: str = "duckdb", facts: frozenset[str] = frozenset()) -> str:
        """Return the statement that ends in the step `final`; optional steps are full only where `facts` names them."""
        wanted = self._needed(final)
        parts = []
        for step in self.steps:
            if step.name not in wanted or step.name == final:
                continue
            if step.optional and step.optional not in facts:
                body = sqlglot.parse_one(empty_select(step), read="duckdb")
            else:
                body = self._bodies[step.name]
            parts.append(f"{step.name} AS (\n{body.sql(dialect=dialect)}\n)")
        return f"WITH {', '.join(parts)}\n{self._bodies[final].sql(dialect=dialect)}"

    def _needed(self, final: str) -> set[str]:
        needed, waiting = set(), [final]
        while waiting:
            name = waiting.pop()
            if name in needed or name not in self._bodies:
                continue
            needed.add(name)
            waiting.extend(table.name for table in self._bodies[name].find_all(exp.Table))
        return needed


def empty_select(step: Step) -> str:
    """Return a SELECT without rows that has a step's columns."""
    if step.like:
        return f"SELECT * FROM {step.like} WHERE FALSE"  # noqa: S608 - a step's name
    columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in step.columns)
    return f"SELECT {columns} WHERE FALSE"


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
