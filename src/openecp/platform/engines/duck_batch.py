# SPDX-License-Identifier: Apache-2.0
"""DuckDB over Parquet files: the batch form of the engine, with as many threads as are given.

Limits: memory as given, the rest spills into a temporary folder that is removed; only files that the caller names.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow.parquet as pq

from openecp.kernel.assessment.engine import Schema
from openecp.platform.engines.duck import DuckEngine
from openecp.platform.engines.parcel_ordered import OrderedRows, encoded


class DuckBatchEngine(DuckEngine):
    """An in-memory DuckDB that reads and writes Parquet."""

    def __init__(self, *, threads: int = 2, memory_limit: str = "4GB") -> None:
        super().__init__(threads=threads, memory_limit=memory_limit)
        self._spill = tempfile.TemporaryDirectory(prefix="openecp-batch-")
        self.connection.execute(f"SET temp_directory='{self._spill.name}'")
        self.connection.execute("SET preserve_insertion_order=false")
        self._in_order: dict[str, str] = {}
        self._held: dict[str, OrderedRows] = {}

    def keep_in_order(self, name: str, key: str) -> None:
        """Keep a staged table as rows in the order of a column, from which pieces can be cut."""
        self._in_order[name] = key

    def kept(self, name: str) -> OrderedRows:
        """Return a staged table that is kept in order."""
        return self._held[name]

    def scan(
        self, name: str, schema: Schema, files: Sequence[Path], lacking: Mapping[str, str] = MappingProxyType({})
    ) -> int:
        """Make files an input table; see the protocol."""
        if not files:
            columns = ", ".join(f'CAST(NULL AS {kind}) AS "{column}"' for column, kind in schema)
            self.connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS SELECT {columns} WHERE FALSE')
            return 0
        listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
        source = f"read_parquet([{listed}])"
        given = {row[0]: row[1] for row in self.connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}  # noqa: S608
        needed = [(column, kind) for column, kind in schema if column in given or column not in lacking]
        wrong = [f"{c} {k} (got {given.get(c, 'none')})" for c, k in needed if given.get(c) != k]
        if wrong:
            raise ValueError(f"{name}: expected columns {', '.join(wrong)} in {listed}; write the rows in these types")
        read = {column: f'"{column}"' for column, _ in schema}
        for column, stands in lacking.items():  # a cell without a value lacks it too
            read[column] = f'COALESCE("{column}", {stands})' if column in given else stands
        columns = ", ".join(f'{read[column]} AS "{column}"' for column, _ in schema)
        self.connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS SELECT {columns} FROM {source}')  # noqa: S608
        counted = self.connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608
        return int(counted[0]) if counted else 0

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table; see the protocol."""
        if name in self._in_order:
            self._held[name] = rows = self.ordered(statement, self._in_order[name])
            self.connection.register(name, rows.pieces())
            return
        self.connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {statement}').fetchall()

    def append(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows to a table that was loaded."""
        self.connection.register("incoming", self.arrow(schema, rows))
        self.connection.execute(f'INSERT INTO "{name}" FROM incoming')
        self.connection.unregister("incoming")

    def columns(self, statement: str) -> list[list[Any]]:
        """Run a statement and return its columns."""
        table = self.connection.sql(statement).to_arrow_table()
        return [column.to_pylist() for column in table.columns]

    def parquet(self, statement: str) -> Callable[[], bytes]:
        """Run a statement; return what gives its rows as a Parquet file, from any thread."""
        table = self.connection.sql(statement).to_arrow_table()
        return lambda: encoded(table)

    def ordered(self, statement: str, key: str) -> OrderedRows:
        """Run a statement; return its rows in the order of a column, of which pieces can be cut."""
        return OrderedRows(self.connection.sql(statement).to_arrow_table(), key)

    def join(self, parts: Sequence[Path], file: Path) -> int:
        """Put Parquet files together, in their order; return the rows."""
        listed = ", ".join("'" + str(part).replace("'", "''") + "'" for part in parts)
        return self.write(f"SELECT * FROM read_parquet([{listed}])", file)  # noqa: S608

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a small statement; see the protocol."""
        cursor = self.connection.execute(statement)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def write(self, statement: str, file: Path) -> int:
        """Run a statement into a Parquet file; see the protocol."""
        target = str(file).replace("'", "''")
        written = self.connection.execute(
            f"COPY ({statement}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        ).fetchone()
        return int(written[0]) if written else 0

    def take(self, name: str, content: bytes) -> None:
        """Make a table of a Parquet file's content."""
        self.connection.register("incoming", pq.read_table(io.BytesIO(content)))
        self.connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS FROM incoming')
        self.connection.unregister("incoming")

    def update(self, statement: str) -> None:
        """Run a statement that changes a table."""
        self.connection.execute(statement).fetchall()

    def write_csv(self, rows: OrderedRows, file: Path, names: Sequence[str]) -> None:
        """Write columns of rows into a CSV file without a header."""
        rows.write_csv(self.connection, file, names)
