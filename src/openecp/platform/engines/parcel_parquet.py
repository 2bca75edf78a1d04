# SPDX-License-Identifier: Apache-2.0
"""Parcel files in Parquet: row groups are read directly, typed or as text, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from openecp.kernel.datamodel.parcel import PARCEL_COLUMNS
from openecp.kernel.datamodel.parcel_check import shown
from openecp.platform.engines.parcel_lines import KEPT
from openecp.platform.engines.parcel_looks import is_text
from openecp.platform.engines.parcel_source import (
    Block,
    ParcelFileRefused,
    ParcelLimits,
    RowFault,
    Rows,
    known_columns,
)

_KINDS = {name: kind for name, kind, _ in PARCEL_COLUMNS}
_MANY_VALUES = ("parcel_id", "order_id")  # a dictionary would not help


class ParquetSource:
    """A Parquet file."""

    kind = "parquet"

    def __init__(self, file: Path, limits: ParcelLimits) -> None:
        self._name, self._limits = file.name, limits
        try:
            self._file = pq.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise ParcelFileRefused(
                file.name, "a Parquet file", str(error)[:200], "Write the file again; it may be cut off."
            ) from None
        schema = self._file.schema_arrow
        self.columns, self.unknown = known_columns(file.name, schema.names, limits.columns)
        self.types = {name: schema.field(name).type for name in self.columns}
        for name, kind in self.types.items():
            _refuse_type(file.name, name, kind)
        texts = [n for n in self.columns if is_text(self.types[n]) and n not in _MANY_VALUES]
        self._file = pq.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20, read_dictionary=texts)
        self.rows = self._file.metadata.num_rows
        self._open: tuple[int, Iterator[pa.RecordBatch]] | None = None

    def _pieces(self, columns: list[str]) -> Iterator[pa.Table]:
        """Yield the rows in pieces of `block_rows`, however the file was written."""
        size = self._limits.block_rows
        held: list[pa.RecordBatch] = []
        rows = 0
        for batch in self._file.iter_batches(size, columns=columns, use_threads=False):
            held.append(batch)
            rows += batch.num_rows
            if rows >= size:
                table = pa.Table.from_batches(held)
                yield table.slice(0, size)
                held, rows = table.slice(size).to_batches(), rows - size
        if rows:
            yield pa.Table.from_batches(held)

    def index(self) -> Iterator[tuple[Block, pa.Array, pa.Array]]:
        """Yield every block with the keys of its rows."""
        first = 1
        for number, piece in enumerate(self._pieces(["parcel_id", "posted_on"])):
            yield (
                Block(first, piece.num_rows, (number,)),
                *(_plain(piece.column(n)) for n in ("parcel_id", "posted_on")),
            )
            first += piece.num_rows

    def read(self, block: Block) -> Rows:
        """Read a block: in the order of the file nothing is read twice."""
        (wanted,) = block.place
        if self._open is None or self._open[0] > wanted:
            self._open = (0, self._pieces(list(self.columns)))
        number, pieces = self._open
        while True:
            piece = next(pieces)
            number += 1
            self._open = (number, pieces)
            if number > wanted:
                return self._checked(piece, block)

    def _checked(self, table: pa.Table, block: Block) -> Rows:
        """Return the rows with text that is UTF-8; what was not is its row's fault."""
        faults: list[RowFault] = []
        for place, name in enumerate(table.column_names):
            column, bad = _text_of(table.column(name))
            if column is not table.column(name):
                table = table.set_column(place, name, column)
            faults += [RowFault(block.first_row + at, "OECP-ROW-ENCODING", name, "UTF-8", got) for at, got in bad]
        return Rows(table, tuple({fault.row_id: fault for fault in reversed(faults)}.values()))

    def lines(self, block: Block) -> None:
        """Parquet has no lines."""


def _plain(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    return whole.cast(pa.string())


def _text_of(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, list[tuple[int, str]]]:
    """Return a column whose text is UTF-8, and the places, from 0, where it was not."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_null(kind):
        return column.cast(pa.string()), []
    if not (is_text(kind) or _is_bytes(kind)):
        return column, []
    try:
        for chunk in column.chunks:
            values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
            (values.cast(pa.string()) if _is_bytes(kind) else values).validate(full=True)
        return (column.cast(pa.string()) if _is_bytes(kind) else column), []
    except pa.ArrowInvalid:
        bad, cells = [], []
        for place, cell in enumerate(column.cast(pa.large_binary()).to_pylist()):
            try:
                cells.append(None if cell is None else cell.decode())
            except UnicodeDecodeError as error:
                bad.append((place, shown(cell[max(0, error.start - 20) : error.start + 20].decode(errors="replace"))))
                cells.append(cell[:KEPT].decode(errors="replace"))
        return pa.chunked_array([pa.array(cells, pa.string())]), bad


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _refuse_type(file: str, name: str, kind: pa.DataType) -> None:
    """Refuse a column whose type cannot hold what it is for.

    Raises: ParcelFileRefused; a code in a number has lost its leading zeros, an amount in a short float its cents.
    """
    of = pa.types
    text = is_text(kind) or _is_bytes(kind) or of.is_null(kind)
    fits = {
        "text": text or (of.is_integer(kind) and name != "hs"),
        "date": text or of.is_date(kind),
        "flag": text or of.is_boolean(kind) or of.is_integer(kind),
    }.get(_KINDS[name], text or of.is_integer(kind) or of.is_decimal128(kind) or of.is_float64(kind))
    if not fits:
        wanted = {
            "text": "text",
            "date": "text or DATE",
            "flag": "text or BOOLEAN",
        }.get(_KINDS[name], "text, an integer, DECIMAL up to 38 digits or DOUBLE")
        raise ParcelFileRefused(f"{file}, column {name}", wanted, str(kind), "Write the column in this type.")
