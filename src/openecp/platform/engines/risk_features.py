# SPDX-License-Identifier: Apache-2.0
"""Reckons risk features in batch: statements over items and results, in DuckDB, into a Parquet file.

Limits: memory, rows; no network, no extension, no file but those that are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from openecp.platform.engines.risk_files import RiskFileFault

Schema = Sequence[tuple[str, str]]
ROWS_MAX = 50_000_000
_ARROW = {"BIGINT": pa.int64(), "INTEGER": pa.int32(), "VARCHAR": pa.string(), "DOUBLE": pa.float64()}


class FeatureEngine:
    """Holds items and results, and answers features of them."""

    def __init__(self, *, threads: int = 2, memory_limit: str = "2GB") -> None:
        """Open an engine of its own; it forgets everything at its end."""
        self._connection = duckdb.connect(":memory:")
        self._connection.execute("SET autoinstall_known_extensions=false; SET autoload_known_extensions=false")
        self._connection.execute(f"SET threads={threads}; SET memory_limit='{memory_limit}'")

    def close(self) -> None:
        """End the engine."""
        self._connection.close()

    def load(self, table: str, schema: Schema, rows: Sequence[Sequence[Any]]) -> None:
        """Take rows in the order of the schema."""
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
        held = pa.table({
            name: pa.array(column, _ARROW[kind]) for (name, kind), column in zip(schema, columns, strict=True)
        })  # fmt: skip
        self._connection.register("loaded", held)
        self._connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM loaded")  # noqa: S608 - our words
        self._connection.unregister("loaded")

    def read(self, table: str, schema: Schema, path: Path) -> int:
        """Take the rows of a Parquet or CSV file that has the columns of the schema; return how many.

        Raises: RiskFileFault.
        """
        where = str(path)
        if not path.is_file():
            raise RiskFileFault(where, "a file", "nothing there", "Correct the path.")
        reader = "read_parquet(?)" if path.suffix == ".parquet" else "read_csv(?, header=true, all_varchar=true)"
        try:
            named = self._connection.sql(f"SELECT * FROM {reader} LIMIT 0", params=[_plain(path)]).columns  # noqa: S608
            missing = [name for name, _ in schema if name not in named]
            if missing:
                expected = f"the columns {', '.join(name for name, _ in schema)}"
                raise RiskFileFault(where, expected, f"no {', '.join(missing)}", "Add them; they may be empty.")
            cast = ", ".join(
                f"COALESCE(CAST({name} AS VARCHAR), '') AS {name}" if kind == "VARCHAR"
                else f"CAST({name} AS {kind}) AS {name}"
                for name, kind in schema
            )  # fmt: skip
            self._connection.execute(
                f"CREATE OR REPLACE TABLE {table} AS SELECT {cast} FROM {reader} LIMIT {ROWS_MAX + 1}",  # noqa: S608
                [_plain(path)],
            )
        except duckdb.Error as error:
            got = str(error).splitlines()[0][:200]
            raise RiskFileFault(where, "rows of the documented types", got, "Correct the file.") from None
        many = self._one(f"SELECT COUNT(*) FROM {table}")  # noqa: S608 - our words
        if many > ROWS_MAX:
            raise RiskFileFault(where, f"at most {ROWS_MAX} rows", f"{many} or more", "Give a part of it.")
        return many

    def check(self, where: str, latest_us: int) -> None:
        """Look for items that history cannot be made of.

        Raises: RiskFileFault.
        """
        twice = self._one("SELECT COUNT(*) - COUNT(DISTINCT (seq, item)) FROM items")
        if twice:
            raise RiskFileFault(where, "one row a seq and item", f"{twice} more", "Number declarations by their order.")
        empty = self._one("SELECT COUNT(*) FROM items WHERE seq IS NULL OR at_us IS NULL OR item IS NULL")
        if empty:
            raise RiskFileFault(where, "seq, at_us and item in every row", f"{empty} rows without", "Fill them.")
        late = self._one(f"SELECT COUNT(*) FROM items WHERE at_us > {latest_us}")  # noqa: S608
        if late:
            raise RiskFileFault(where, "moments that have passed", f"{late} rows of the future", "Correct at_us.")

    def run(self, statements: Sequence[tuple[str, str]]) -> int:
        """Reckon every statement's table, in their order; return how many rows the last one has."""
        for table, sql in statements:
            self._connection.execute(f"CREATE OR REPLACE TABLE {table} AS {sql}")
        return self._one(f"SELECT COUNT(*) FROM {statements[-1][0]}")  # noqa: S608 - our words

    def columns(
        self, table: str, schema: Schema, order: str
    ) -> tuple[dict[str, Any], dict[str, tuple[list[str], Any]]]:
        """Return a table's columns in an order: numbers (not a number where unknown), texts as places in a list."""
        held = self._connection.sql(f"SELECT * FROM {table} ORDER BY {order}").to_arrow_table()  # noqa: S608 - our words
        numbers: dict[str, Any] = {}
        texts: dict[str, tuple[list[str], Any]] = {}
        for name, kind in schema:
            column = held.column(name).combine_chunks()
            if kind != "VARCHAR":
                numbers[name] = column.to_numpy(zero_copy_only=False)
                continue
            named = column.fill_null("").dictionary_encode()
            texts[name] = named.dictionary.to_pylist(), named.indices.to_numpy(zero_copy_only=False).astype("int64")
        return numbers, texts

    def add_columns(self, table: str, order: str, into: str, told: dict[str, Any], whole: frozenset[str]) -> int:
        """Make a table of another's seq, declaration and item with columns beside them; return how many rows."""
        asked = f"SELECT seq, declaration, item FROM {table} ORDER BY {order}"  # noqa: S608 - our words
        held = self._connection.sql(asked).to_arrow_table()
        for name, column in told.items():
            values = pa.array(column, pa.float64(), mask=column != column)
            held = held.append_column(name, values.cast(pa.int64()) if name in whole else values)
        self._connection.register("loaded", held)
        self._connection.execute(f"CREATE OR REPLACE TABLE {into} AS SELECT * FROM loaded")  # noqa: S608 - our words
        self._connection.unregister("loaded")
        return int(held.num_rows)

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return self._one(f"SELECT COUNT(*) FROM {table}")  # noqa: S608 - our words

    def write(self, sql: str, path: Path) -> int:
        """Write the rows of a question into a Parquet file, whole or not at all; return how many."""
        part = path.with_name(path.name + ".part")
        self._connection.execute(f"COPY ({sql}) TO '{str(part).replace(chr(39), chr(39) * 2)}' (FORMAT PARQUET)")
        part.replace(path)
        return self._one(f"SELECT COUNT(*) FROM ({sql})")  # noqa: S608 - our words

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a question."""
        found: list[dict[str, Any]] = self._connection.sql(sql).to_arrow_table().to_pylist()
        return found

    def _one(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchall()[0][0])


def _plain(path: Path) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.resolve()))
