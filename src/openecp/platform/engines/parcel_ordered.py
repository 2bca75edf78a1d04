# SPDX-License-Identifier: Apache-2.0
"""Rows of a statement in the order of the input, of which pieces are cut without asking again.

A stride of chunks is asked for once; each chunk's columns, documents and part of the result are cut out of the answer.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PIECE = 20_000  # rows
UNIQUE = ("_id", "_no", "_name", "_address", "_price_micro")  # columns of which a dictionary would save nothing


def encoded(table: pa.Table) -> bytes:
    """Return rows as a Parquet file.

    Packed tightly, so that the database does not try to pack it again, which costs more than all of this.
    """
    sink = io.BytesIO()
    repeating = [field.name for field in table.schema if not field.name.endswith(UNIQUE)]
    pq.write_table(
        table, sink, compression="zstd", compression_level=1, use_dictionary=repeating, write_statistics=False
    )
    return sink.getvalue()


class OrderedRows:
    """Rows by a whole number that grows; the same number may stand in several rows."""

    def __init__(self, table: pa.Table, key: str) -> None:
        numbers = table.column(key).to_numpy()
        table = table.combine_chunks()
        if np.any(numbers[1:] < numbers[:-1]):
            order = np.argsort(numbers, kind="stable")
            table, numbers = table.take(pa.array(order)).combine_chunks(), numbers[order]
        self._table, self._numbers = table, numbers

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def pieces(self) -> pa.Table:
        """Return the rows in pieces that several threads read side by side."""
        table = self._table
        return pa.concat_tables([table.slice(at, PIECE) for at in range(0, len(self), PIECE)] or [table])

    def between(self, first: int, last: int) -> OrderedRows:
        """Return the rows whose number lies between two, both included; nothing is copied."""
        begin, end = np.searchsorted(self._numbers, [first, last + 1])
        return self._cut(self._table.slice(begin, end - begin), self._numbers[begin:end])

    @classmethod
    def _cut(cls, table: pa.Table, numbers: Any) -> OrderedRows:
        made = cls.__new__(cls)
        made._table, made._numbers = table, numbers
        return made

    def at(self, numbers: Sequence[int], *names: str) -> list[list[Any]]:
        """Return columns of the rows with these numbers, each of which is there once, as lists."""
        places = pa.array(np.searchsorted(self._numbers, np.asarray(numbers, dtype=np.int64)))
        return [self._table.column(name).take(places).to_pylist() for name in names]

    def columns(self, *names: str) -> list[list[Any]]:
        """Return columns as lists; text is text, days are days."""
        return [self._table.column(name).to_pylist() for name in names]

    def plain(self, name: str) -> list[bytes]:
        """Return a column of text without gaps as bytes."""
        whole = self._table.column(name).combine_chunks()
        return whole.cast(pa.binary()).to_numpy(zero_copy_only=False).tolist()  # type: ignore[no-any-return]

    def words(self, name: str) -> list[str]:
        """Return a column of which few values are distinct as text: each is made once."""
        column = self._table.column(name).combine_chunks().dictionary_encode()
        values = column.dictionary.cast(pa.string()).to_pylist()
        return [values[place] for place in column.indices.to_pylist()]

    def parquet(self) -> Callable[[], bytes]:
        """Return what gives the rows as a Parquet file, from any thread."""
        table = self._table
        return lambda: encoded(table)

    def write(self, file: Path, names: Sequence[str]) -> None:
        """Write some columns into a Parquet file."""
        pq.write_table(
            self._table.select(list(names)), file, compression="zstd", compression_level=1, store_schema=False,
            use_dictionary=[name for name in names if not name.endswith(UNIQUE)],
        )  # fmt: skip

    def write_csv(self, run: duckdb.DuckDBPyConnection, file: Path, names: Sequence[str]) -> None:
        """Write some columns into a CSV file without a header."""
        target = str(file).replace("'", "''")
        run.register("ordered_rows", self._table.select(list(names)))
        run.execute(f"COPY (FROM ordered_rows) TO '{target}' (FORMAT csv, HEADER false)").fetchall()
        run.unregister("ordered_rows")
