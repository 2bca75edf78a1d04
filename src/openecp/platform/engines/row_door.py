# SPDX-License-Identifier: Apache-2.0
"""The engine of small batches at the online door: the statements of the bulk way as Python, no planning at all.

The same statements as DuckDB gets, translated once by row_plan.py; tables are kept as columns between them. What it
answers is compared with DuckDB row for row by a test.
Limits: some hundreds of rows, one thread; what cannot be translated is refused, and the batch goes the other way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp, parse_one

from openecp.kernel.assessment.engine import Schema
from openecp.platform.engines.row_kinds import DAY, FLAG, NUMBER, TEXT, Kind, Untranslatable
from openecp.platform.engines.row_plan import Translated, translated
from openecp.platform.engines.row_runtime import Rows
from openecp.platform.engines.rows import RowEngine, rows_of, told

STATEMENTS_MOST = 2_000  # translated statements that are kept
_GIVEN = re.compile(r"BETWEEN (\d+) AND (\d+)|IN \((\d+(?:, \d+)*)\)")


class RowDoorEngine(RowEngine):
    """Keeps tables between translated statements; see ClearingEngine in border/low_value/item_rows.py."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Translated] = {}
        self._updates: dict[str, tuple[str, str]] = {}
        self._arrow: dict[tuple[tuple[str, Kind], ...], Any] = {}

    def _answered(self, statement: str) -> tuple[Translated, list[list[Any]], int]:
        """Run a statement; ranges and lists of rows are parameters, so that none needs a translation of its own."""
        parameters: list[Any] = []
        places: dict[str, int] = {}

        def parameter(found: re.Match[str]) -> str:
            if found[3] is not None:
                parameters.append(frozenset(map(int, found[3].split(", "))))
                return f"IN (parameters_{len(parameters) - 1})"
            place = places.setdefault(found[0], len(parameters))  # the same range is the same expression
            if place == len(parameters):
                parameters.extend((int(found[1]), int(found[2])))
            return f"BETWEEN parameter_{place} AND parameter_{place + 1}"

        text = _GIVEN.sub(parameter, statement)
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= STATEMENTS_MOST:
                self._known.clear()
            known = self._known[text] = translated(text, self._kinds, filled=self._filled)
        count, columns = known.function(self._tables, parameters)[""]
        return known, columns, count

    def _forget(self, name: str) -> None:
        super()._forget(name)
        self._known = {text: one for text, one in self._known.items() if name not in text}

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table."""
        known, columns, count = self._answered(statement)
        kinds = dict(known.outputs[""])
        before = self._kinds.get(name), self._filled.get(name, known.filled)
        held = before[1] & known.filled  # two statements may make one table: what both of them fill
        self._kinds[name], self._filled[name] = kinds, held
        if before[0] is not None and before != (kinds, held):
            self._forget(name)
        self._tables[name] = Rows(dict(zip(kinds, map(list, columns), strict=True)), count)

    def append(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows to a table that was loaded."""
        if rows:
            more = rows_of(self._kinds_of(schema), rows)
            self._look(name, schema, more)
            self._tables[name].add(more.columns, more.count)

    def update(self, statement: str) -> None:
        """Change one column of a staged table: `UPDATE table SET column = value WHERE condition`."""
        if statement not in self._updates:
            self._updates[statement] = _as_select(statement, self._kinds)
        name, select = self._updates[statement]
        self.stage(name, select)

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a small statement and return its rows."""
        names = self._names(statement)
        return [dict(zip(names[0], row, strict=True)) for row in zip(*names[1], strict=True)]

    def _names(self, statement: str) -> tuple[list[str], list[list[Any]]]:
        known, columns, _ = self._answered(statement)
        outputs = known.outputs[""]
        return [name for name, _ in outputs], told(columns, outputs)

    def columns(self, statement: str) -> list[list[Any]]:
        """Run a statement and return its columns."""
        return self._names(statement)[1]

    def parquet(self, statement: str) -> Callable[[], bytes]:
        """Run a statement; return what gives its rows as a Parquet file, from any thread."""
        known, columns, _ = self._answered(statement)
        outputs = tuple(known.outputs[""])
        return lambda: self._encoded(outputs, columns)

    def _encoded(self, outputs: tuple[tuple[str, Kind], ...], columns: list[list[Any]]) -> bytes:
        import pyarrow as pa

        from openecp.platform.engines.parcel_ordered import encoded

        if outputs not in self._arrow:
            types = {NUMBER: pa.int64(), TEXT: pa.string(), FLAG: pa.bool_(), DAY: pa.date32()}
            self._arrow[outputs] = pa.schema(
                [(name, pa.int32() if name == "item" else types[kind]) for name, kind in outputs]
            )
        schema = self._arrow[outputs]
        table = pa.table(
            [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
        )
        return encoded(table)


def _as_select(statement: str, known: dict[str, dict[str, Kind]]) -> tuple[str, str]:
    """Return the table of an UPDATE, and the SELECT that gives its rows as they are afterwards."""
    tree: Any = parse_one(statement, read="duckdb")
    if not isinstance(tree, exp.Update) or len(tree.expressions) != 1:
        raise Untranslatable(f"{statement[:80]}: expected UPDATE of one column")
    name, change, where = tree.this.name, tree.expressions[0], tree.args.get("where")
    column, value = change.this.name, change.expression.sql("duckdb")
    if where is not None:
        value = f"CASE WHEN {where.this.sql('duckdb')} THEN {value} ELSE {column} END"
    cells = ", ".join(f"{value} AS {one}" if one == column else one for one in known[name])
    return name, f"SELECT {cells} FROM {name}"  # noqa: S608 - our own names
