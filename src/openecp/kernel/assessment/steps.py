# SPDX-License-Identifier: Apache-2.0
"""Steps are SQL files, one rule family a file; a pipeline composes them into one statement, a chain of CTEs.

A step reads the batch's input tables, reference tables and the steps before it, by name. Its leading comment is its
documentation; the first line is a sentence for users. Three things are not plain SQL and are expanded here, so that
no profile needs a step of its own: `$name` parameters (the profile's constants, written in as literals), macros such
as `round_money(x)`, and groups of columns such as `m.duty_columns`.

What a batch does not hold costs nothing: a step with `optional` set to a fact is composed in its
`<name>.without_<fact>.sql` form where the batch lacks the fact, and as an empty table where it has no such form.

Why: one statement a batch, and a lean one, because planning is the cost online (docs/adr/0001).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal

import sqlglot
from sqlglot import exp

RoundingMode = Literal["floor", "half_up", "half_even", "ceiling"]
Facts = frozenset[str]
Macro = Callable[[Sequence[str], Facts], str]  # SQL of the arguments, facts of the batch → SQL
ColumnGroup = Callable[[Facts], Sequence[str]]


@dataclass(frozen=True)
class Step:
    """One SQL step: its name is the CTE's, `columns` are the columns that it declares to add, with their types.

    `optional` names a fact of a batch (`charges`, `reliefs`).
    """

    name: str
    package: str  # `openecp.border.tariff`
    columns: tuple[tuple[str, str], ...]
    optional: str = ""
    file: str = ""  # where the step stands in for another: its own file

    @cached_property
    def text(self) -> str:
        """The SQL as written."""
        return (files(self.package) / "steps" / f"{self.file or self.name}.sql").read_text(encoding="utf-8")

    @cached_property
    def text_without(self) -> str:
        """The SQL for batches that lack the fact; without such a file an empty table of the declared columns."""
        path = files(self.package) / "steps" / f"{self.name}.without_{self.optional}.sql"
        if path.is_file():
            return path.read_text(encoding="utf-8")
        columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in self.columns)
        return f"SELECT {columns} WHERE FALSE"


def rounded(expression: str, mode: RoundingMode) -> str:
    """Return SQL that rounds a decimal to a whole number; amounts of money round symmetrically around zero."""
    x = f"({expression})"
    match mode:
        case "floor":  # towards zero: a charge is never rounded up
            return f"TRUNC({x})"
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
    """Composes steps into statements of one dialect, one for each set of facts that occurs."""

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        parameters: Mapping[str, int | str],
        macros: Mapping[str, Macro],
        column_groups: Mapping[str, ColumnGroup],
        macro_facts: Facts = frozenset(),
    ) -> None:
        """`macro_facts` are the facts that macros and column groups look at: bodies are kept apart by these alone."""
        self.steps = tuple(steps)
        self._macro_facts = macro_facts
        self._bodies: dict[tuple[str, bool, Facts], exp.Expression] = {}
        self._texts: dict[tuple[str, bool, Facts, str], tuple[str, frozenset[str]]] = {}
        self._parameters, self._macros, self._groups = dict(parameters), dict(macros), dict(column_groups)

    def statement(self, final: str, *, facts: Facts, dialect: str = "duckdb") -> str:
        """Return the statement that ends in the step `final`, for batches with these facts."""
        steps = {step.name: step for step in self.steps}
        texts: dict[str, tuple[str, frozenset[str]]] = {}
        left = [final]
        while left:  # what the final step does not read is not put together
            name = left.pop()
            if name not in texts and name in steps:
                texts[name] = self._text(steps[name], facts, dialect)
                left += texts[name][1]
        parts = [f"{name} AS (\n{texts[name][0]}\n)" for name in steps if name in texts and name != final]
        chain = f"WITH {', '.join(parts)}\n" if parts else ""
        return f"{chain}{texts[final][0]}"

    def _text(self, step: Step, facts: Facts, dialect: str) -> tuple[str, frozenset[str]]:
        """Return a step's SQL in a dialect and the tables that it reads; made once for each form of the step."""
        key = (*self._form(step, facts), dialect)
        if key not in self._texts:
            body = self.body(step, facts)
            self._texts[key] = (body.sql(dialect=dialect), frozenset(table.name for table in body.find_all(exp.Table)))
        return self._texts[key]

    def _form(self, step: Step, facts: Facts) -> tuple[str, bool, Facts]:
        return step.name, not step.optional or step.optional in facts, facts & self._macro_facts

    def body(self, step: Step, facts: Facts) -> exp.Expression:
        """Return a step's SQL, expanded for batches with these facts."""
        key = self._form(step, facts)
        if key not in self._bodies:
            self._bodies[key] = self._made(step, facts)
        return self._bodies[key]

    def _made(self, step: Step, facts: Facts) -> exp.Expression:
        text = step.text_without if step.optional and step.optional not in facts else step.text
        tree = sqlglot.parse_one(_without_comments(text), read="duckdb")
        for select in list(tree.find_all(exp.Select)):
            select.set("expressions", [column for e in select.expressions for column in self._columns_of(e, facts)])
        made: exp.Expression = tree.transform(lambda node: self._expand(node, facts))
        return made

    def _columns_of(self, selected: Any, facts: Facts) -> list[Any]:
        """Return the columns that a named group of columns stands for, `m.duty_columns`; any other as it is."""
        if isinstance(selected, exp.Column) and selected.name in self._groups:
            return [exp.column(name, table=selected.table or None) for name in self._groups[selected.name](facts)]
        return [selected]

    def _expand(self, node: Any, facts: Facts) -> Any:
        if isinstance(node, exp.Anonymous) and node.name.lower() in self._macros:
            inner = [e.transform(lambda n: self._expand(n, facts)).sql(dialect="duckdb") for e in node.expressions]
            made = sqlglot.parse_one(self._macros[node.name.lower()](inner, facts), read="duckdb")
            return exp.paren(made)
        if isinstance(node, exp.Parameter | exp.Placeholder):
            if node.name not in self._parameters:
                raise ValueError(f"step parameter ${node.name}: expected one of {', '.join(self._parameters)}")
            value = self._parameters[node.name]
            if isinstance(value, str) and re.fullmatch(r"CAST\(.*\)", value):
                return sqlglot.parse_one(value, read="duckdb")
            return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)
        return node


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
