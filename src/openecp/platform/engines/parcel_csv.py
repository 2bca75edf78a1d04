# SPDX-License-Identifier: Apache-2.0
"""Parcel files in CSV: UTF-8, comma, semicolon or tab, quoted cells that may hold line ends.

A block of well-formed rows is read at once; one that is not is read again row by row, so that what is wrong with a row
is said of that row and the next ones are read as if nothing had been.
Source: RFC 4180; line ends LF, CR LF or CR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv as pc

from openecp.platform.engines.parcel_csv_rows import CsvRow, CsvRows
from openecp.platform.engines.parcel_source import (
    BOM,
    Block,
    ParcelFileRefused,
    ParcelLimits,
    RowFault,
    Rows,
    content_end,
    known_columns,
)

_PLAIN, _BY_ROW = 0, 1  # how a block is read
_KEYS = ("parcel_id", "posted_on")


class CsvSource:
    """A CSV file."""

    kind = "csv"

    def __init__(self, file: Path, limits: ParcelLimits) -> None:
        self._name, self._limits = file.name, limits
        self._file: BinaryIO = file.open("rb")
        self._end = content_end(self._file)
        self._start, self.names, self.separator, self._line = self._header()
        self.columns, self.unknown = known_columns(file.name, self.names, limits.columns)
        self.types = dict.fromkeys(self.columns, pa.string())
        # two columns of an unknown name are told apart by their place
        self._cells = [n if n in self.columns else f"#{i}" for i, n in enumerate(self.names)]
        mark = re.escape(self.separator.encode())
        self._well_formed = re.compile(
            rb'(?>[^"]*+(?<![^' + mark + rb'\r\n])"[^"]*+"(?=[' + mark + rb"\r\n]|\Z))*+" + rb'[^"]*+\Z'
        )

    def _header(self) -> tuple[int, list[str], str, int]:
        self._file.seek(0)
        begin = self._file.read(4)
        if begin[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise ParcelFileRefused(self._name, "UTF-8", "UTF-16", "Save the file as CSV in UTF-8.")
        start = len(BOM) if begin[:3] == BOM else 0
        read: dict[str, CsvRow] = {}
        for separator in (",", ";", "\t"):
            for row in CsvRows(self._file, start, self._end, separator, 0, self._limits):
                read[separator] = row
                break
        if not read:
            raise ParcelFileRefused(self._name, "a header and rows", "an empty file", "Send the file again.")

        def fits(separator: str) -> tuple[int, int]:
            cells = read[separator].cells
            return sum(cell.strip() in _KEYS for cell in cells), len(cells)

        best = max(read, key=fits)
        row = read[best]
        if row.code:
            raise ParcelFileRefused(f"{self._name}, header", row.expected, row.got, "Correct the first row.")
        return row.end, [cell.strip() for cell in row.cells], best, row.lines

    def index(self) -> Iterator[tuple[Block, pa.Array, pa.Array]]:
        """Yield every block with the keys of its rows."""
        place, first, line = self._start, 1, self._line + 1
        while place < self._end:
            length, data = self._plain_block(place)
            table = self._parse(data, _KEYS) if data is not None else None
            if table is not None:
                block = Block(first, table.num_rows, (place, length, _PLAIN, line))
                line += data.count(b"\n") + (not data.endswith(b"\n")) if data else 0
            else:
                rows = list(self._rows(place))
                length = rows[-1].end - place
                block = Block(first, len(rows), (place, length, _BY_ROW, line))
                table = self._table(rows, _KEYS)
                line += sum(row.lines for row in rows)
            place, first = place + length, first + block.rows
            yield block, _whole(table.column("parcel_id")), _whole(table.column("posted_on"))

    def read(self, block: Block) -> Rows:
        """Read a block again."""
        place, length, how, _ = block.place
        if how == _PLAIN:
            self._file.seek(place)
            table = self._parse(self._file.read(length), self.columns)
            if table is None:
                raise ParcelFileRefused(self._name, "the file as it was", "another", "Leave the file while it is read.")
            return Rows(table)
        rows = list(self._rows(place))
        faults = []
        for number, row in enumerate(rows):
            if row.code:
                column = self.names[row.column] if row.column is not None and row.column < len(self.names) else ""
                faults.append(RowFault(block.first_row + number, row.code, column, row.expected, row.got))
        return Rows(self._table(rows, self.columns), tuple(faults))

    def lines(self, block: Block) -> Sequence[int]:
        """Return the line of each row of a block."""
        place, length, how, line = block.place
        self._file.seek(place)
        if how == _PLAIN and self._file.read(length).rstrip(b"\r\n").count(b"\n") + 1 == block.rows:
            return range(line, line + block.rows)
        found = []
        for _, row in zip(range(block.rows), self._rows(place), strict=False):
            found.append(line)
            line += row.lines
        return found

    def _plain_block(self, place: int) -> tuple[int, bytes | None]:
        """Return the length of the next block, and the block if its rows are well-formed."""
        self._file.seek(place)
        raw = self._file.read(min(self._limits.block_bytes, self._end - place))
        if place + len(raw) < self._end:
            raw = raw[: raw.rfind(b"\n") + 1]
        length, ends, returns = len(raw), raw.count(b"\n"), raw.count(b"\r")
        if not raw or (returns and returns != ends and returns != raw.count(b"\r\n")):
            return length, None  # a line that ends in CR alone
        if b'"' in raw and not self._well_formed.match(raw.replace(b'""', b"") if b'""' in raw else raw):
            return length, None
        data = raw
        try:
            data.decode()
        except UnicodeDecodeError:
            return length, None
        return length, data

    def _parse(self, data: bytes, columns: tuple[str, ...]) -> pa.Table | None:
        """Return the columns of well-formed rows, or nothing where a row has too few or too many cells."""
        wrong = []
        try:
            table = pc.read_csv(
                pa.py_buffer(data),
                read_options=pc.ReadOptions(use_threads=False, column_names=self._cells, block_size=len(data) + 1),
                parse_options=pc.ParseOptions(
                    delimiter=self.separator, newlines_in_values=True, ignore_empty_lines=False,
                    invalid_row_handler=lambda row: wrong.append(row) or "skip",  # type: ignore[func-returns-value]
                ),
                convert_options=pc.ConvertOptions(
                    check_utf8=False, strings_can_be_null=False, quoted_strings_can_be_null=False,
                    include_columns=list(columns), column_types=dict.fromkeys(columns, pa.string()),
                ),
            )  # fmt: skip
        except pa.ArrowInvalid:
            return None
        return None if wrong else table

    def _rows(self, place: int) -> Iterator[CsvRow]:
        """Yield the rows of a block that is read row by row."""
        enough = place + self._limits.block_bytes
        for row in CsvRows(self._file, place, self._end, self.separator, len(self.names), self._limits):
            yield row
            if row.end >= enough:
                return

    def _table(self, rows: list[CsvRow], columns: tuple[str, ...]) -> pa.Table:
        at = {name: self.names.index(name) for name in columns}
        return pa.table({name: pa.array([row.cells[i] for row in rows], pa.string()) for name, i in at.items()})


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
