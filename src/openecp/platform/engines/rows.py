# SPDX-License-Identifier: Apache-2.0
"""Runs the SQL of steps over a handful of rows, in this process and without planning: for answers in a millisecond.

A database plans a chain of steps anew for every batch, which costs more than a quote may take. This engine translates
the chain once into one Python function (row_plan.py): the same statement, the same rules; what it answers is compared
with DuckDB by a test.

Limits: what row_plan.py and row_sql.py know; anything else is refused when the statement is translated. Rows are held
in memory: meant for at most some hundreds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from typing import Any

from openecp.kernel.assessment.engine import Schema
from openecp.platform.engines.row_kinds import Kind, kind_of
from openecp.platform.engines.row_plan import Translated, translated
from openecp.platform.engines.row_runtime import Rows

Row = tuple[Any, ...]
_WIDE = Context(prec=90)


def rows_of(kinds: Mapping[str, Kind], rows: Sequence[Sequence[Any]]) -> Rows:
    """Return a table of rows; decimals become whole numbers of their column's scale."""
    if not rows:
        return Rows({name: [] for name in kinds}, 0)
    columns = dict(zip(kinds, map(list, zip(*rows, strict=True)), strict=True))
    for name, kind in kinds.items():
        if kind.scale:
            columns[name] = [None if cell is None else whole(cell, kind.scale) for cell in columns[name]]
    return Rows(columns, len(rows))


def whole(cell: Any, scale: int) -> int:
    """Return a decimal as a whole number of its scale."""
    return int(_WIDE.scaleb(cell if isinstance(cell, Decimal) else Decimal(cell), scale))


def told(columns: Sequence[list[Any]], kinds: Sequence[tuple[str, Kind]]) -> list[list[Any]]:
    """Return columns as a database gives them: numbers with a scale are decimals."""
    return [
        column
        if not kind.scale
        else [None if cell is None else _WIDE.scaleb(Decimal(cell), -kind.scale) for cell in column]
        for column, (_, kind) in zip(columns, kinds, strict=True)
    ]


class RowEngine:
    """Holds the reference tables and runs translated statements; see the protocol in kernel.assessment.engine."""

    dialect = "duckdb"

    def __init__(self) -> None:
        self._tables: dict[str, Rows] = {}
        self._kinds: dict[str, dict[str, Kind]] = {}
        self._schemas: dict[int, tuple[Schema, dict[str, Kind]]] = {}
        self._filled: dict[str, frozenset[str]] = {}  # by table: columns without a null in any row so far
        self._translated: dict[tuple[str, tuple[str, ...]], Translated] = {}

    def load(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]], unique: Sequence[str] = ()) -> None:
        """Load a reference table; see the protocol."""
        self._kinds[name] = self._kinds_of(schema)
        table = self._tables[name] = rows_of(self._kinds[name], rows)
        self._look(name, schema, table)
        if unique and len(table.index(tuple(unique))) != table.count:
            raise ValueError(f"reference table {name}: expected unique {', '.join(unique)}; remove the doubled row")

    def _kinds_of(self, schema: Schema) -> dict[str, Kind]:
        known = self._schemas.get(id(schema))
        if known is None or known[0] is not schema:
            known = self._schemas[id(schema)] = schema, {name: kind_of(kind) for name, kind in schema}
        return known[1]

    def _look(self, name: str, schema: Schema, rows: Rows) -> None:
        """Look whether a table's columns are as filled as its schema says; what was translated on a wrong word goes."""
        before = self._filled.get(name)
        claimed = getattr(schema, "filled", frozenset()) if before is None else before
        held = frozenset(column for column in claimed if None not in rows.columns.get(column, (None,)))
        if held != before:
            self._filled[name] = held
            if before is not None:
                self._forget(name)

    def _forget(self, name: str) -> None:
        """Forget the translations that read a table."""
        self._translated = {key: one for key, one in self._translated.items() if name not in key[0]}

    def run(self, statement: str, inputs: Mapping[str, tuple[Schema, Sequence[Sequence[Any]]]]) -> list[Row]:
        """Run one statement over the batch's input tables; see the protocol."""
        return self.run_with(statement, inputs, ())[""]

    def run_with(
        self, statement: str, inputs: Mapping[str, tuple[Schema, Sequence[Sequence[Any]]]], steps: Sequence[str]
    ) -> dict[str, list[Row]]:
        """Run one statement; return its rows under the empty name, and what some of its steps gave."""
        tables = dict(self._tables)
        for name, (schema, rows) in inputs.items():
            self._kinds[name] = self._kinds_of(schema)
            tables[name] = rows_of(self._kinds[name], rows)
            self._look(name, schema, tables[name])
        known = self._translated.get((statement, tuple(steps)))
        if known is None:
            known = self._translated[statement, tuple(steps)] = translated(
                statement, self._kinds, steps, filled=self._filled
            )
        answers = known.function(tables, ())
        return {
            name: list(zip(*told(columns, known.outputs[name]), strict=True)) for name, (_, columns) in answers.items()
        }
