# SPDX-License-Identifier: Apache-2.0
"""Rows of a CSV file one by one, for the parts of a file where something is wrong.

A quoted cell may go over several lines. If its quote is never closed, or is closed in the middle of a cell, or the row
then has the wrong number of cells, the first line alone is the bad row and the next line is read as a row of its own.
Limits: a row of `row_bytes`; what is longer is skipped. WASTE_MAX bytes are read in vain, then no row is longer than
its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from openecp.kernel.datamodel.parcel_check import shown
from openecp.platform.engines.parcel_lines import KEPT, Line, Lines
from openecp.platform.engines.parcel_source import ParcelLimits

WASTE_MAX = 64 << 20
_INSIDE = re.compile(rb'(?:[^"]|"")*+')  # of a quoted cell, up to its closing quote


class CsvRow(NamedTuple):
    """A row: its cells, where it ends in the file, how many lines it has, and what is wrong with its shape."""

    cells: list[str]
    end: int
    lines: int
    code: str = ""
    column: int | None = None
    expected: str = ""
    got: str = ""


class CsvRows:
    """The rows from a place of a file on; `columns` 0 takes any number of cells."""

    def __init__(
        self, file: BinaryIO, place: int, end: int, separator: str, columns: int, limits: ParcelLimits
    ) -> None:
        self._lines = Lines(file, place, end, limits.row_bytes)
        self._mark, self._columns, self._limits = separator.encode(), columns, limits
        self._cell = re.compile(rb"[^" + re.escape(self._mark) + rb"]*+")
        self._waste = 0

    def __iter__(self) -> Iterator[CsvRow]:
        while (line := self._lines.read()) is not None:
            yield self._row(line)

    def _row(self, line: Line) -> CsvRow:
        if line.cut:
            wanted, got = f"a row of at most {self._limits.row_bytes} bytes", f"{len(line.text) + line.cut} bytes"
            return self._padded(self._split(line.text)[0], line.end, 1, "OECP-ROW-LENGTH", None, wanted, got)
        if not line.text.strip():
            return self._padded([], line.end, 1, "OECP-ROW-EMPTY", None, "a row", "an empty line")
        cells, problem, column = self._split(line.text)
        if problem == "open":
            longer = self._longer(line)
            if longer is not None:
                return longer
        if problem:
            got = "a quote that is not closed" if problem == "open" else "a quote inside a cell, or text after it"
            wanted = "quotes around whole cells"
            return self._padded(cells, line.end, 1, "OECP-ROW-QUOTE", column, wanted, got)
        return self._counted(cells, line.end, 1)

    def _longer(self, first: Line) -> CsvRow | None:
        """Return the row that goes over several lines, if it is one."""
        whole, lines = bytearray(first.text), 1
        while self._waste < WASTE_MAX:
            line = self._lines.read()
            if line is None:
                break
            whole += b"\n" + line.text
            lines += 1
            if line.cut or len(whole) > self._limits.row_bytes:
                break
            inside = _INSIDE.match(line.text)
            stop = inside.end() if inside else 0
            if stop == len(line.text):
                continue  # the quote is still open
            if line.text[stop + 1 : stop + 2] not in (b"", self._mark):
                break  # closed in the middle of a cell: it was never closed
            self._waste += len(whole)
            cells, problem, _ = self._split(bytes(whole))
            if problem == "open" and (not self._columns or len(cells) <= self._columns):
                continue
            if problem or (self._columns and len(cells) != self._columns):
                break
            return self._counted(cells, line.end, lines)
        self._waste += len(whole)
        self._lines.back(first.end)
        return None

    def _split(self, text: bytes) -> tuple[list[bytes], str, int | None]:
        """Return the cells of a row, whether a quote is `open` or `inside` a cell, and of which."""
        cells: list[bytes] = []
        at, problem, column = 0, "", None
        most = self._limits.columns + 1
        while len(cells) <= most:
            if text[at : at + 1] == b'"':
                inside = _INSIDE.match(text, at + 1)
                stop = inside.end() if inside else at + 1
                if stop == len(text):
                    cells.append(text[at + 1 :][:KEPT])
                    return cells, problem or "open", len(cells) - 1 if column is None else column
                if text[stop + 1 : stop + 2] in (b"", self._mark):
                    cells.append(text[at + 1 : min(stop, at + 1 + 2 * KEPT)].replace(b'""', b'"')[:KEPT])
                    at = stop + 1
                else:
                    problem, column = problem or "inside", len(cells) if column is None else column
                    at = self._bare(text, at, cells)
            else:
                at = self._bare(text, at, cells)
            if at >= len(text):
                return cells, problem, column
            at += 1
            if at == len(text):
                cells.append(b"")
                return cells, problem, column
        return cells, problem, column

    def _bare(self, text: bytes, at: int, cells: list[bytes]) -> int:
        found = self._cell.match(text, at)
        stop = found.end() if found else at
        cells.append(text[at : min(stop, at + KEPT)])
        return stop

    def _counted(self, cells: list[bytes], end: int, lines: int) -> CsvRow:
        if not any(cells):
            return self._padded([], end, lines, "OECP-ROW-EMPTY", None, "a row", "a row of empty cells")
        if self._columns and len(cells) != self._columns:
            wanted, got = f"{self._columns} cells", f"{len(cells)} cells"
            column = min(len(cells), self._columns) - 1
            return self._padded(cells, end, lines, "OECP-ROW-COLUMNS", column, wanted, got)
        return self._padded(cells, end, lines, "", None, "", "")

    def _padded(
        self, cells: list[bytes], end: int, lines: int, code: str, column: int | None, expected: str, got: str
    ) -> CsvRow:
        """Return a row with as many cells as there are columns; what is not UTF-8 is its fault."""
        texts = []
        for place, cell in enumerate(cells):
            try:
                texts.append(cell.decode())
            except UnicodeDecodeError as error:
                if error.start < KEPT - 4:  # else the cut went through a character
                    if not code:
                        code, column, expected = "OECP-ROW-ENCODING", place, "UTF-8"
                        got = shown(cell[max(0, error.start - 20) : error.start + 20].decode(errors="replace"))
                    texts.append(cell.decode(errors="replace"))
                else:
                    texts.append(cell.decode(errors="ignore"))
        if self._columns:
            texts = (texts + [""] * self._columns)[: self._columns]
        return CsvRow(texts, end, lines, code, column, expected, got)
