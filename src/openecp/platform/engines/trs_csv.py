# SPDX-License-Identifier: Apache-2.0
"""Reads a CSV file of events that is damaged, and says of each row that cannot be used why.

A sound file is read by DuckDB in parallel. Where that stumbles, this reads line by line: a quote that never closes
costs its own line, not those after it.
Limits: LINE_MAX characters a line, LINES_MAX lines a cell.
"""

from __future__ import annotations

import codecs
import csv
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from openecp.platform.engines.trs_source import EventFileFault

LINE_MAX = 32 << 20
LINES_MAX = 60
HEADER_MAX = 1 << 20
COLUMNS_MAX = 1000
BATCH_ROWS = 50_000
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class CsvForm(NamedTuple):
    """How a file is written: its encoding, the mark between cells, its header, and whether plain UTF-8 is certain."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    is_plain: bool


def csv_form(path: Path, encoding: str = "", delimiter: str = "") -> CsvForm:
    """Find out how a file is written.

    Raises: EventFileFault where it is empty or its header cannot be read.
    """
    if not path.stat().st_size:
        raise EventFileFault(path.name, "a file of events", "an empty file", "Export it again.")
    found, plain = _encoding(path, encoding)
    with _opened(path, found) as stream:
        line = stream.readline(HEADER_MAX)
    line = line.lstrip("\ufeff").rstrip("\r\n")
    if not line.strip() or len(line) >= HEADER_MAX - 2 or "\0" in line:
        raise EventFileFault(f"{path.name}, line 1", "the names of columns", repr(line[:60]), "Write a header.")
    mark = delimiter or max(",;\t|", key=lambda mark: (line.count(mark), mark == ","))
    names: list[str] = []
    for place, name in enumerate(next(csv.reader([line], delimiter=mark)), start=1):
        name = name.strip() or f"column_{place}"
        names.append(name if name not in names else f"{name}_{place}")
    if len(names) > COLUMNS_MAX:
        raise EventFileFault(
            f"{path.name}, line 1", f"at most {COLUMNS_MAX} columns", str(len(names)), "Leave some out."
        )
    whole = line.count('"') % 2 == 0
    return CsvForm(found, mark, tuple(names), plain and whole)


def _encoding(path: Path, declared: str) -> tuple[str, bool]:
    """Return the encoding and whether the file is plain UTF-8 without zero bytes."""
    with path.open("rb") as stream:
        start = stream.read(4)
        for mark, name in _MARKS:
            if start.startswith(mark) and not declared:
                if name != "utf-8-sig":
                    return name, False
                declared = name
        if declared:
            try:
                codecs.lookup(declared)
            except LookupError:
                raise EventFileFault(path.name, "a known encoding", declared[:40], "Write utf-8 or cp1252.") from None
            if codecs.lookup(declared).name not in ("utf-8", "utf-8-sig"):
                return declared, False
        stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        zeros = False
        try:
            while chunk := stream.read(1 << 20):
                decoder.decode(chunk)
                zeros = zeros or b"\0" in chunk
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return ("utf-8" if declared else "cp1252"), False
    return "utf-8-sig", not zeros


def _opened(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, errors="replace", newline="")


class CsvRows:
    """The rows of a damaged file as batches of columns; `left_out` and `notes` count what they could not give."""

    def __init__(self, path: Path, form: CsvForm) -> None:
        self.path, self.form = path, form
        self.left_out: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self.rows = 0

    def batches(self) -> Iterator[dict[str, list[str | None]]]:
        """Yield the rows that have the header's columns."""
        batch: list[list[str]] = []
        csv.field_size_limit(LINE_MAX)
        with _opened(self.path, self.form.encoding) as stream:
            stream.readline(HEADER_MAX)
            for row in self._rows(stream):
                batch.append(row)
                if len(batch) == BATCH_ROWS or (len(row) and max(map(len, row)) > 1 << 20):
                    yield self._columns(batch)
                    batch = []
        if batch:
            yield self._columns(batch)

    def _columns(self, batch: list[list[str]]) -> dict[str, list[str | None]]:
        columns = zip(*batch, strict=True)
        return {
            name: [value or None for value in column] for name, column in zip(self.form.header, columns, strict=True)
        }

    def _rows(self, stream: TextIO) -> Iterator[list[str]]:
        """Yield rows of the header's length, line by line, quotes heeded."""
        waiting: deque[str] = deque()
        at_end = False
        while waiting or not at_end:
            taken: list[str] = []
            quotes = 0
            while True:
                if waiting:
                    line = waiting.popleft()
                else:
                    line = self._line(stream)
                    at_end = not line
                if not line:
                    break
                taken.append(line)
                quotes += line.count('"')
                if quotes % 2 == 0 or len(taken) >= LINES_MAX:
                    break
            if not taken:
                continue
            cells = self._parsed("".join(taken)) if quotes % 2 == 0 else None
            if len(taken) > 1 and (cells is None or self._swallowed(cells)):
                waiting.extendleft(reversed(taken[1:]))
                cells = None
            if cells == []:
                continue  # an empty line is no row
            self.rows += 1
            row = self._judged(cells, taken[0])
            if row is not None:
                yield row

    def _parsed(self, text: str) -> list[str] | None:
        try:
            return next(csv.reader([text], delimiter=self.form.delimiter), [])
        except csv.Error:  # a carriage return within a line
            return None

    def _line(self, stream: TextIO) -> str:
        line = stream.readline(LINE_MAX)
        while len(line) >= LINE_MAX and not line.endswith("\n"):
            self.rows += 1
            self.left_out["line_too_long"] += 1
            while (rest := stream.readline(LINE_MAX)) and not rest.endswith("\n"):
                pass
            line = stream.readline(LINE_MAX)
        return line

    def _swallowed(self, cells: list[str]) -> bool:
        """Tell whether a cell of several lines has eaten rows."""
        width = len(self.form.header)
        if len(cells) != width:
            return True
        mark = self.form.delimiter
        return any(line.count(mark) >= width - 1 for cell in cells if "\n" in cell for line in cell.split("\n")[1:])

    def _judged(self, cells: list[str] | None, line: str) -> list[str] | None:
        width = len(self.form.header)
        if cells is None:
            self.left_out["unbalanced_quote"] += 1
            return None
        if "\0" in line:
            cells = [cell.replace("\0", "") for cell in cells]
            self.notes["zero_bytes"] += 1
        if "\ufffd" in line:
            self.notes["unreadable_characters"] += 1
        if len(cells) > width:
            if any(cell.strip() for cell in cells[width:]):
                self.left_out["too_many_cells"] += 1
                return None
            cells = cells[:width]
        elif len(cells) < width:
            self.notes["short_rows"] += 1
            cells = cells + [""] * (width - len(cells))
        return cells
