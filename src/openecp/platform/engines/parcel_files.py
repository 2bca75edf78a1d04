# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words; what senders write comes in as rows
"""Parcel files of millions of rows: read in chunks of whole parcels, typed and checked, the same on every run.

`open_parcels` reads the keys of the file once: where each parcel begins, and which stand in it twice. Then chunks can
be staged in any order, so that a file is resumed where it stopped. Every row of a chunk is in `parcel_rows` or has its
fault in `parcel_faults`: nothing is lost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from openecp.kernel.datamodel.parcel_check import ITEMS_MAX, cell_fault
from openecp.platform.engines.parcel_csv import CsvSource
from openecp.platform.engines.parcel_faults import FAULT_SCHEMA, differing_parcels, find_faults
from openecp.platform.engines.parcel_ndjson import NdjsonSource
from openecp.platform.engines.parcel_parquet import ParquetSource
from openecp.platform.engines.parcel_source import (
    BOM,
    Block,
    ParcelFileRefused,
    ParcelLimits,
    RowFault,
    Rows,
    Source,
    file_digest,
)
from openecp.platform.engines.parcel_sql import typed_columns, typed_sql

CHUNK_PARCELS = 25_000


class Chunk(NamedTuple):
    """A piece of a file: whole parcels, rows from 1, both ends included; the same on every run."""

    number: int  # from 0
    first_row: int
    last_row: int
    parcels: int
    first_parcel: int  # from 1, as in parcel_no


class ParcelFile:
    """A parcel file that has been looked through: its digest, rows and chunks."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: Path, source: Source, limits: ParcelLimits) -> None:
        self.kind = source.kind
        self._connection, self._file, self._source, self._limits = connection, file, source, limits
        self._seen = _state(file)
        self.digest = file_digest(file, limits.file_bytes)
        self._blocks: list[Block] = []
        self._held: tuple[int, Rows] | None = None
        self.rows = 0
        self._parcels = self._look_through()
        self.parcels = self._parcels.num_rows

    @property
    def unknown_columns(self) -> tuple[str, ...]:
        """The names of columns that are not known."""
        return self._source.unknown

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the sender should know though nothing is wrong with a row."""
        if not self.unknown_columns:
            return ()
        return ("columns that are not known and were not read: " + ", ".join(self.unknown_columns),)

    def _look_through(self) -> pa.Table:
        """Read the keys of all rows; return the parcels: where each begins, whether it is too long or stands twice."""
        run = self._connection
        run.execute("CREATE OR REPLACE TEMP TABLE parcel_keys (first_row BIGINT, key1 UBIGINT, key2 UBIGINT)")
        rows = 0
        before: tuple[str | None, str | None] = (None, None)
        for block, ids, days in self._source.index():
            self._blocks.append(block)
            rows += block.rows
            if rows > self._limits.rows:
                raise ParcelFileRefused(self._file.name, f"at most {self._limits.rows} rows", "more", "Split the file.")
            if not block.rows:
                continue
            place = pc.indices_nonzero(parcel_starts(ids, days, before, self._limits))
            before = (ids[-1].as_py(), days[-1].as_py())
            keys = pa.table({"place": place.cast(pa.int64()), "id": ids.take(place), "day": days.take(place)})
            run.register("parcel_keys_of_block", keys)
            run.execute(
                f"INSERT INTO parcel_keys SELECT {block.first_row} + place, "
                # nothing is no key: rows without an identifier are not the same parcel
                "CASE WHEN id <> '' THEN HASH(id || '|' || COALESCE(day, '')) END, "
                "HASH(COALESCE(day, '') || '|' || id) FROM parcel_keys_of_block"
            )
            run.unregister("parcel_keys_of_block")
        parcels = run.sql(
            "WITH doubled AS (SELECT key1, key2 FROM parcel_keys GROUP BY ALL HAVING count(*) > 1) "
            f"SELECT first_row, LEAD(first_row, 1, {rows + 1}) OVER (ORDER BY first_row) - first_row AS rows, "
            "d.key1 IS NOT NULL AS doubled FROM parcel_keys AS s LEFT JOIN doubled AS d "
            "ON s.key1 = d.key1 AND s.key2 = d.key2 ORDER BY first_row"
        ).to_arrow_table()
        run.execute("DROP TABLE parcel_keys")
        self.rows = rows
        overlong = pc.greater(parcels.column("rows"), ITEMS_MAX)
        return self._in_pieces(parcels.append_column("overlong", overlong)).combine_chunks()

    def _in_pieces(self, parcels: pa.Table) -> pa.Table:
        """Cut a parcel that is longer than a chunk may be: it is shut out anyway, and memory has a limit."""
        most = self._limits.chunk_rows
        long = pc.greater(parcels.column("rows"), most)
        if not pc.any(long).as_py():
            return parcels
        pieces = [
            {**row, "first_row": first, "rows": min(most, row["first_row"] + row["rows"] - first)}
            for row in parcels.filter(long).to_pylist()
            for first in range(row["first_row"], row["first_row"] + row["rows"], most)
        ]
        whole = parcels.filter(pc.invert(long))
        return pa.concat_tables([whole, pa.Table.from_pylist(pieces, schema=parcels.schema)]).sort_by("first_row")

    def chunks(self, parcels: int = CHUNK_PARCELS) -> Iterator[Chunk]:
        """Yield the chunks in order: at most so many parcels, and no more rows than the limits say."""
        begins = self._parcels.column("first_row")
        number, begin = 0, 0

        def row_of(parcel: int) -> int:
            return int(begins[parcel].as_py()) if parcel < self.parcels else self.rows + 1

        while begin < self.parcels:
            first = row_of(begin)
            end = min(begin + parcels, self.parcels)
            if row_of(end) - first > self._limits.chunk_rows:
                end = bisect_right(range(self.parcels), first + self._limits.chunk_rows, begin + 1, end, key=row_of) - 1
                end = max(end, begin + 1)
            yield Chunk(number, first, row_of(end) - 1, end - begin, begin + 1)
            number, begin = number + 1, end

    def stage(self, chunk: Chunk) -> None:
        """Make the tables `parcel_rows` and `parcel_faults` of a chunk.

        Raises: ParcelFileRefused where the file has changed since it was opened.
        """
        if _state(self._file) != self._seen:
            raise ParcelFileRefused(
                self._file.name, "the file as it was opened", "another size or time", "Leave the file while it is read."
            )
        run = self._connection
        table, shapes = self._input(chunk)
        run.register("parcel_input", table)
        try:
            columns = typed_columns(table, self._limits)
            run.execute(f"CREATE OR REPLACE TEMP TABLE parcel_rows AS {typed_sql(columns)}")
            differing = differing_parcels(table) if table.num_rows > chunk.parcels else []
            faults = find_faults(run, table, columns, self._peculiar(chunk), differing, shapes, self._limits)
        finally:
            run.unregister("parcel_input")
        self._finish([(*fault, line) for fault, line in zip(faults, self._lines(faults), strict=True)])

    def _lines(self, faults: Sequence[tuple[Any, ...]]) -> Iterator[int | None]:
        """Yield the line of each fault's row; faults come in the order of rows."""
        first_rows = [block.first_row for block in self._blocks]
        place, lines = -1, None
        for fault in faults:
            now = bisect_right(first_rows, fault[0]) - 1
            if now != place:
                place, lines = now, self._source.lines(self._blocks[now])
            yield lines[fault[0] - first_rows[now]] if lines is not None else None

    def _finish(self, faults: list[tuple[Any, ...]]) -> None:
        run = self._connection
        columns: list[Sequence[Any]] = list(zip(*faults, strict=True)) or [()] * len(FAULT_SCHEMA)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, FAULT_SCHEMA, strict=True)]
        run.register("parcel_found", pa.table(arrays, schema=FAULT_SCHEMA))
        run.execute("CREATE OR REPLACE TEMP TABLE parcel_faults AS FROM parcel_found ORDER BY row_id, column_name")
        run.unregister("parcel_found")
        if faults:
            run.execute("DELETE FROM parcel_rows WHERE row_id IN (SELECT row_id FROM parcel_faults)")

    def _peculiar(self, chunk: Chunk) -> list[tuple[int, int, bool, bool]]:
        """Return the parcels that stand twice or have too many items: first row, rows, twice, too many."""
        parcels = self._parcels.slice(chunk.first_parcel - 1, chunk.parcels)
        found = parcels.filter(pc.or_(parcels.column("doubled"), parcels.column("overlong")))
        return [(row["first_row"], row["rows"], row["doubled"], row["overlong"]) for row in found.to_pylist()]

    def _input(self, chunk: Chunk) -> tuple[pa.Table, list[RowFault]]:
        """Return the chunk's rows with row_id, parcel_no and item, and the rows whose shape is wrong."""
        tables: list[pa.Table] = []
        shapes: list[RowFault] = []
        at = bisect_right([block.first_row for block in self._blocks], chunk.first_row) - 1
        while at < len(self._blocks) and self._blocks[at].first_row <= chunk.last_row:
            block = self._blocks[at]
            if self._held is None or self._held[0] != at:
                self._held = (at, self._source.read(block))
            rows = self._held[1]
            skip = max(0, chunk.first_row - block.first_row)
            tables.append(rows.table.slice(skip, chunk.last_row + 1 - block.first_row - skip))
            shapes += [fault for fault in rows.faults if chunk.first_row <= fault.row_id <= chunk.last_row]
            at += 1
        table = pa.concat_tables(tables)
        begins = self._parcels.slice(chunk.first_parcel - 1, chunk.parcels)
        ends = pc.cumulative_sum(begins.column("rows").combine_chunks())
        length = table.num_rows
        if ends[-1].as_py() != length:
            raise RuntimeError(f"{self._file.name}: expected {ends[-1]} rows in {chunk}, got {length}")
        row_id = _numbers(chunk.first_row, length)
        first = _spread(begins.column("first_row").combine_chunks(), ends)
        table = table.append_column("row_id", row_id)
        table = table.append_column("parcel_no", _spread(_numbers(chunk.first_parcel, chunk.parcels), ends))
        item = pc.add(pc.subtract(row_id, first), 1).cast(pa.int32())
        return table.append_column("item", item), shapes


def _numbers(first: int, many: int) -> pa.Array:
    return pa.arange(first, first + many)


def _spread(values: pa.Array, ends: pa.Array) -> pa.Array:
    """Return each parcel's value in each of its rows."""
    return pc.run_end_decode(pa.RunEndEncodedArray.from_arrays(ends, values))


def parcel_starts(
    ids: pa.Array, days: pa.Array, before: tuple[str | None, str | None], limits: ParcelLimits
) -> pa.Array:
    """Return which rows begin a parcel: another identifier than the row before, or another day of posting.

    A day that is none belongs to the parcel of the row before, if the identifier does; no identifier is no parcel's.
    """
    last_ids = pa.concat_arrays([pa.array([before[0]], ids.type), ids.slice(0, max(0, len(ids) - 1))])[: len(ids)]
    last_days = pa.concat_arrays([pa.array([before[1]], days.type), days.slice(0, max(0, len(days) - 1))])[: len(days)]
    other_id = pc.or_(pc.fill_null(pc.not_equal(ids, last_ids), True), pc.fill_null(pc.equal(ids, ""), True))
    other_day = pc.and_(pc.invert(other_id), pc.fill_null(pc.not_equal(days, last_days), False))
    if not pc.any(other_day).as_py():
        return other_id
    # few rows: the same identifier on another day
    certain = [
        _is_day(days[place].as_py(), limits) and _is_day(last_days[place].as_py(), limits)
        for place in pc.indices_nonzero(other_day).to_pylist()
    ]
    return pc.or_(other_id, pc.replace_with_mask(other_day, other_day, pa.array(certain, pa.bool_())))


def _is_day(text: str, limits: ParcelLimits) -> bool:
    return not cell_fault("posted_on", text, limits.check)


def _state(file: Path) -> tuple[int, int]:
    state = file.stat()
    return state.st_size, state.st_mtime_ns


def open_parcels(
    connection: duckdb.DuckDBPyConnection, file: Path, *, limits: ParcelLimits | None = None
) -> ParcelFile:
    """Open a parcel file: CSV, NDJSON or Parquet, told by its content.

    Raises: ParcelFileRefused where the file cannot be used at all.
    """
    limits = limits or ParcelLimits()
    return ParcelFile(connection, file, _source(file, limits), limits)


def _source(file: Path, limits: ParcelLimits) -> Source:
    with file.open("rb") as opened:
        begin = opened.read(64)
    if begin[:4] == b"PAR1":
        return ParquetSource(file, limits)
    if begin.removeprefix(BOM).lstrip()[:1] in (b"{", b"["):
        return NdjsonSource(file, limits)
    return CsvSource(file, limits)
