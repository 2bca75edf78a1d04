# SPDX-License-Identifier: Apache-2.0
"""DuckDB as the engine of an assessment: in this process, one connection, one thread online.

Limits: no file, no network, no extension is ever loaded by a statement; the version is pinned exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from openecp.kernel.assessment.engine import Schema


class DuckEngine:
    """An in-memory DuckDB that holds the reference tables of one profile."""

    dialect = "duckdb"

    def __init__(self, *, threads: int = 1, memory_limit: str = "2GB") -> None:
        self._connection = duckdb.connect(":memory:")
        self._connection.execute(f"SET threads={int(threads)}")
        self._connection.execute(f"SET memory_limit='{memory_limit}'")
        self._connection.execute("SET enable_progress_bar=false")
        self._connection.execute("SET autoinstall_known_extensions=false")
        self._connection.execute("SET autoload_known_extensions=false")
        self._types: dict[tuple[tuple[str, str], ...], pa.Schema] = {}
        self._parsed: dict[str, Any] = {}

    def load(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]], unique: Sequence[str] = ()) -> None:
        """Load a reference table; see the protocol."""
        table = self.arrow(schema, rows)
        self._connection.register("incoming", table)
        self._connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS FROM incoming')
        self._connection.unregister("incoming")
        if unique:
            self._refuse_doubled(name, unique)

    def _refuse_doubled(self, name: str, unique: Sequence[str]) -> None:
        keys = ", ".join(unique)
        doubled = self._connection.execute(
            f'SELECT {keys} FROM "{name}" GROUP BY {keys} HAVING count(*) > 1 LIMIT 3'  # noqa: S608 - our own names
        ).fetchall()
        if doubled:
            raise ValueError(
                f"reference table {name}: expected unique {keys}, got doubled {doubled}; remove the double"
            )

    def run(
        self, statement: str, inputs: Mapping[str, tuple[Schema, Sequence[Sequence[Any]]]]
    ) -> list[tuple[Any, ...]]:
        """Run one statement over the batch's input tables; see the protocol."""
        for name, (schema, rows) in inputs.items():
            self._connection.register(name, self.arrow(schema, rows))
        if statement not in self._parsed:
            self._parsed[statement] = self._connection.extract_statements(statement)[0]
        return self._connection.execute(self._parsed[statement]).fetchall()

    def arrays(self, statement: str) -> dict[str, Any]:
        """Run a statement and return its columns as arrays; see the batch protocol."""
        return self._connection.execute(statement).fetchnumpy()

    def hold(self, name: str, columns: Mapping[str, Any]) -> None:
        """Make a table of arrays; see the batch protocol."""
        self._connection.register("incoming", pa.table(dict(columns)))
        self._connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS FROM incoming')
        self._connection.unregister("incoming")

    def arrow(self, schema: Schema, rows: Sequence[Sequence[Any]]) -> pa.Table:
        """Return rows as an Arrow table of the given DuckDB types."""
        key = tuple(schema)
        if key not in self._types:
            self._types[key] = pa.schema([(name, _arrow_type(kind)) for name, kind in schema])
        types = self._types[key]
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(types)
        arrays = [_array(values, field.type) for values, field in zip(columns, types, strict=True)]
        return pa.table(arrays, schema=types)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection, for batch work over Parquet files that the caller names."""
        return self._connection


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_map(kind):
        return pa.array([list(v.items()) if isinstance(v, dict) else v for v in values], kind)
    return pa.array(values, kind)


def _arrow_type(kind: str) -> pa.DataType:
    simple = {
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "VARCHAR": pa.string(),
        "BOOLEAN": pa.bool_(),
        "DATE": pa.date32(),
    }
    if kind in simple:
        return simple[kind]
    if kind.endswith("[]"):
        return pa.list_(_arrow_type(kind[:-2]))
    if kind.startswith("DECIMAL("):
        width, scale = (int(x) for x in kind[8:-1].split(","))
        return pa.decimal128(width, scale)
    if kind.startswith("MAP("):
        key, value = (x.strip() for x in kind[4:-1].split(","))
        return pa.map_(_arrow_type(key), _arrow_type(value))
    raise ValueError(f"column type {kind}: expected BIGINT, INTEGER, VARCHAR, BOOLEAN, DATE, DECIMAL, a list or a map")
