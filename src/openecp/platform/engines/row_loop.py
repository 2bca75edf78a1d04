# SPDX-License-Identifier: Apache-2.0
"""The lines of a translated statement, and those of one loop over rows: each text is worked out once a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from openecp.platform.engines.row_kinds import NUMBER, Untranslatable, Value
from openecp.platform.engines.row_sql import Writer

if TYPE_CHECKING:
    from openecp.platform.engines.row_spaces import Column, Worked

Names = Mapping[str, Mapping[str, "Column"]]  # by alias and name


class Plan:
    """The lines of one statement, in the making; `steps` write them when everything is known that is wanted."""

    def __init__(self) -> None:
        self.head: list[str] = []
        self.lines: list[str] = []
        self.steps: list[Callable[[], None]] = []
        self._count = 0

    def name(self, letter: str) -> str:
        """Return a new name."""
        self._count += 1
        return f"{letter}{self._count}"

    def write(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)


def leaves(node: Any) -> list[Any]:
    """Return the columns and windows of an expression; what stands in a window is the window's own."""
    found: list[Any] = []
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, exp.Column | exp.Window):
            found.append(one)
        else:
            waiting.extend(one.iter_expressions())
    return found


def resolved(node: exp.Column, names: Names) -> Column | None:
    """Return the column that a name means; None for a parameter of the statement."""
    if node.name.startswith(("parameter_", "parameters_")) and not node.table:
        return None
    for alias, columns in names.items():
        if (not node.table or node.table == alias) and node.name in columns:
            return columns[node.name]
    raise Untranslatable(f"column {node.sql('duckdb')}: in none of {', '.join(names)}")


class Loop:
    """The lines of one loop over the rows of a space."""

    def __init__(self, plan: Plan, indexes: Sequence[str]) -> None:
        self._plan, self.indexes = plan, list(indexes)
        self.index = plan.name("i")
        self.lines: list[str] = []
        self._held: dict[str, str] = {}
        self._values: dict[int, Value] = {}
        self._writers: list[Any] = []

    def held(self, text: str) -> str:
        """Return the variable that holds what a text gives."""
        if text not in self._held:
            self._held[text] = self._plan.name("x")
            self.lines.append(f"{self._held[text]} = {text}")
        return self._held[text]

    def list_of(self, name: str) -> str | None:
        """Return the list of this space's rows that a variable is a cell of."""
        text = next((text for text, held in self._held.items() if held == name), "")
        ends = f"[{self.index}]"
        return text.removesuffix(ends) if text.endswith(ends) and text.removesuffix(ends).isidentifier() else None

    def cell(self, text: str, column: Column) -> Value:
        """Return a cell of a list."""
        name = self.held(text)
        return Value(name, column.space.kind(column), frozenset({name}) if column.nullable else frozenset())

    def value(self, column: Column) -> Value:
        """Return a column in this row."""
        if id(column) not in self._values:
            self._values[id(column)] = column.row_value(self)
        return self._values[id(column)]

    def writer(self, names: Names, column: Worked) -> Writer:
        """Return what writes an expression of a column."""
        found = _InLoop(self, names, column)
        self._writers.append(found)
        return Writer(found)


class _InLoop:
    """Finds the columns of an expression in a loop."""

    def __init__(self, loop: Loop, names: Names, column: Worked) -> None:
        self._loop, self._names, self._column = loop, names, column

    def column(self, node: exp.Column) -> Value:
        found = resolved(node, self._names)
        if found is None:
            return Value(f"parameters[{int(node.name.removeprefix('parameter_'))}]", NUMBER)
        return self._loop.value(found)

    def held(self, text: str) -> str:
        return self._loop.held(text)

    def computed(self, node: exp.Window) -> Value:
        self._column.inside()
        return self._loop.value(self._column.windows[id(node)])
