# SPDX-License-Identifier: Apache-2.0
"""Parcel files in NDJSON: one JSON object a line, a flat row or a parcel with its `items`.

Numbers are taken as they are written, digit by digit. A row is an item: of a parcel with three items three rows are
counted, all on one line.
Source: RFC 8259. Limits: a line of `row_bytes`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import pyarrow as pa

from openecp.kernel.datamodel.parcel import PARCEL_COLUMNS, PARCEL_HEADER_COLUMNS, PARCEL_ITEM_COLUMNS
from openecp.kernel.datamodel.parcel_check import shown
from openecp.platform.engines.parcel_lines import KEPT, Lines
from openecp.platform.engines.parcel_source import (
    BOM,
    NAMES,
    UNKNOWN_MAX,
    Block,
    ParcelFileRefused,
    ParcelLimits,
    RowFault,
    Rows,
    content_end,
)

ITEMS_READ_MAX = 100_000  # of one line
_HEADER, _ITEM = set(PARCEL_HEADER_COLUMNS), set(PARCEL_ITEM_COLUMNS)
_FLAT, _WHOLE = set(NAMES), _HEADER | {"items"}


class _Number(str):
    """A number as it is written."""


_LEAVES: dict[str, Any] = {"text": str | None, "date": str | None, "flag": str | bool | None}


def _struct(name: str, columns: Sequence[str], more: Sequence[Any] = ()) -> type[msgspec.Struct]:
    """Return a row as it usually comes: what is not so is read again, slowly."""
    kinds = {column: kind for column, kind, _ in PARCEL_COLUMNS}
    fields = [(column, _LEAVES.get(kinds[column], str | int | None), None) for column in columns]
    return msgspec.defstruct(name, [*more, *fields], gc=False, forbid_unknown_fields=True)


_item_struct = _struct("_Item", PARCEL_ITEM_COLUMNS)
_flat = msgspec.json.Decoder(_struct("_Flat", NAMES))
_whole = msgspec.json.Decoder(_struct("_Whole", PARCEL_HEADER_COLUMNS, [("items", list[_item_struct])]))  # type: ignore[valid-type]
_any = msgspec.json.Decoder(float_hook=_Number)
_flat_cells, _header_cells = attrgetter(*NAMES), attrgetter(*PARCEL_HEADER_COLUMNS)
_item_cells = attrgetter(*PARCEL_ITEM_COLUMNS)
_Cells = tuple[Any, ...]  # in the order of NAMES


class _Shape(NamedTuple):
    code: str
    column: str
    expected: str
    got: str


class _Read:
    """The rows of a block while it is read."""

    def __init__(self) -> None:
        self.cells: list[_Cells] = []
        self.lines: list[int] = []  # from 0
        self.shapes: dict[int, _Shape] = {}

    def add(self, line: int, cells: _Cells, shape: _Shape | None = None) -> None:
        """Add a row."""
        if shape:
            self.shapes[len(self.cells)] = shape
        self.cells.append(cells)
        self.lines.append(line)


class NdjsonSource:
    """An NDJSON file."""

    kind = "ndjson"

    def __init__(self, file: Path, limits: ParcelLimits) -> None:
        self._name, self._limits = file.name, limits
        self._file: BinaryIO = file.open("rb")
        self._end = content_end(self._file)
        self.columns = NAMES
        self._unknown: dict[str, None] = {}
        self._file.seek(0)
        begin = self._file.read(4)
        if begin[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise ParcelFileRefused(self._name, "UTF-8", "UTF-16", "Save the file in UTF-8.")
        self._start = len(BOM) if begin[:3] == BOM else 0

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names that nobody knows, as far as the file has been read."""
        return tuple(self._unknown)

    def index(self) -> Iterator[tuple[Block, pa.Array, pa.Array]]:
        """Yield every block with the keys of its rows."""
        place, first, line = self._start, 1, 1
        while place < self._end:
            length, lines = self._lines(place)
            read = self._rows(lines)
            keys, _ = _columns(read.cells, ("parcel_id", "posted_on"))
            yield Block(first, len(read.cells), (place, line)), keys["parcel_id"], keys["posted_on"]
            place, first, line = place + length, first + len(read.cells), line + len(lines)

    def read(self, block: Block) -> Rows:
        """Read a block again."""
        _, lines = self._lines(block.place[0])
        read = self._rows(lines)
        columns, faults = _columns(read.cells, NAMES)
        told = [RowFault(block.first_row + number, *shape) for number, shape in read.shapes.items()]
        told += [
            RowFault(block.first_row + number, "OECP-CELL-TYPE", name, "text, a number, true or false", got)
            for number, name, got in faults
        ]
        return Rows(pa.table(columns), tuple(told))

    def lines(self, block: Block) -> Sequence[int]:
        """Return the line of each row of a block."""
        _, lines = self._lines(block.place[0])
        return [block.place[1] + line for line in self._rows(lines).lines]

    def _lines(self, place: int) -> tuple[int, list[bytes | int]]:
        """Return the length of a block and its lines; of a line that is too long its number of bytes."""
        self._file.seek(place)
        raw = self._file.read(min(self._limits.block_bytes, self._end - place))
        if place + len(raw) < self._end:
            whole = raw.rfind(b"\n") + 1
            if not whole:
                line = Lines(self._file, place, self._end, self._limits.row_bytes).read()
                if line is None:
                    raise RuntimeError(f"{self._name}: expected a line at byte {place}, got the end of the file")
                return line.end - place, [len(line.text) + line.cut if line.cut else line.text]
            raw = raw[:whole]
        lines: list[bytes | int] = list(raw.split(b"\n"))
        if raw.endswith(b"\n"):
            lines.pop()
        return len(raw), lines

    def _rows(self, lines: Sequence[bytes | int]) -> _Read:
        read = _Read()
        for number, line in enumerate(lines):
            if isinstance(line, int):
                wanted = f"a line of at most {self._limits.row_bytes} bytes"
                read.add(number, _NOTHING, _Shape("OECP-ROW-LENGTH", "", wanted, f"{line} bytes"))
            elif not self._usual(read, number, line):
                self._unusual(read, number, line)
        return read

    def _usual(self, read: _Read, number: int, line: bytes) -> bool:
        """Read a row as it usually comes, or say that it is not so."""
        try:
            if b'"items"' not in line:
                cells = _flat_cells(_flat.decode(line))
                given = len(cells) - cells.count(None)
                rows = [cells]
            else:
                parcel: Any = _whole.decode(line)
                header = _header_cells(parcel)
                rows = [(*header, *_item_cells(item)) for item in parcel.items]
                given = 1 + sum(len(cells) - cells.count(None) for cells in rows)
                given -= (len(header) - header.count(None)) * (len(rows) - 1)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
            return False
        told = line.count(b'":')
        if not rows or (told != given and told != given + line.count(b":null")):
            return False
        for cells in rows:
            read.add(number, cells)
        return True

    def _unusual(self, read: _Read, number: int, line: bytes) -> None:
        """Read a row of which something is unusual: a number, a name that is not known, or a fault."""
        try:
            given = _any.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            read.add(number, *_unreadable(line, error))
            return
        if type(given) is not dict:
            read.add(number, _NOTHING, _Shape("OECP-ROW-JSON", "", "an object", shown(str(given)[:KEPT])))
            return
        twice = _twice(line)
        if twice:
            read.add(number, _cells(given), _Shape("OECP-ROW-JSON", twice, "each name once", f"{shown(twice)} twice"))
        elif "items" in given:
            self._items(read, given, number)
        else:
            self._know(given.keys() - _FLAT)
            read.add(number, _cells(given))

    def _items(self, read: _Read, parcel: dict[str, Any], line: int) -> None:
        self._know(parcel.keys() - _WHOLE)
        header = {name: parcel[name] for name in PARCEL_HEADER_COLUMNS if name in parcel}
        items = parcel["items"]
        if type(items) is not list or not items:
            got = "none" if items == [] else shown(str(items)[:KEPT])
            read.add(line, _cells(header), _Shape("OECP-PARCEL-ITEMS", "items", "a list of items", got))
            return
        for item in items[:ITEMS_READ_MAX]:
            if type(item) is not dict:
                got = shown(str(item)[:KEPT])
                read.add(line, _cells(header), _Shape("OECP-ROW-JSON", "items", "objects in the list", got))
            else:
                self._know(item.keys() - _ITEM)
                read.add(line, _cells({**header, **{name: item[name] for name in item if name in _ITEM}}))

    def _know(self, names: set[str]) -> None:
        for name in sorted(names):
            if len(self._unknown) < UNKNOWN_MAX:
                self._unknown.setdefault(shown(name))


def _twice(line: bytes) -> str:
    """Return a name that an object has twice."""
    found: list[str] = []

    def pairs(given: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in given]
        found.extend(name for name in names if names.count(name) > 1 and len(names) < 1_000)

    json.loads(line, object_pairs_hook=pairs)
    return found[0] if found else ""


_NOTHING: _Cells = (None,) * len(NAMES)


def _cells(given: Mapping[str, Any]) -> _Cells:
    return tuple(given.get(name) for name in NAMES)


def _unreadable(line: bytes, error: Exception) -> tuple[_Cells, _Shape]:
    """Say why a line cannot be read; its identifier is looked for: the rows around it may be the same parcel's."""
    if not line.strip():
        return _NOTHING, _Shape("OECP-ROW-EMPTY", "", "a row", "an empty line")
    text = line.decode(errors="replace")
    if isinstance(error, UnicodeDecodeError):
        try:
            given = _any.decode(text)
        except (msgspec.DecodeError, RecursionError, ValueError):
            given = None
        cells = _cells(given) if type(given) is dict and "items" not in given else _cells(_key(text))
        bad = next((name for name, cell in zip(NAMES, cells, strict=True) if "\ufffd" in str(cell)), "")
        place = text.index("\ufffd") if "\ufffd" in text else 0
        return cells, _Shape("OECP-ROW-ENCODING", bad, "UTF-8", shown(text[max(0, place - 20) : place + 20]))
    return _cells(_key(text)), _Shape("OECP-ROW-JSON", "", "a JSON object", shown(f"{error}: {text[:40]}"))


_KEY = re.compile(r'"(parcel_id|posted_on)"\s*:\s*"([^"\\]*)"')


def _key(text: str) -> dict[str, str]:
    return {found[1]: found[2] for found in _KEY.finditer(text[:KEPT])}


def _columns(rows: Sequence[_Cells], names: Sequence[str]) -> tuple[dict[str, pa.Array], list[tuple[int, str, str]]]:
    """Return the rows as columns of text, and the cells that are lists or objects."""
    columns, faults = {}, []
    by_name = dict(zip(NAMES, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(NAMES, ())
    for name in names:
        cells: Sequence[Any] = by_name[name]
        if not set(map(type, cells)) <= {str, type(None)}:
            cells = list(cells)
            for place, cell in enumerate(cells):
                if isinstance(cell, list | dict):
                    faults.append((place, name, shown(str(cell)[:KEPT])))
                    cells[place] = None
                elif cell is not None:
                    cells[place] = str(cell).lower() if isinstance(cell, bool) else str(cell)
        columns[name] = pa.array(cells, pa.string())
    return columns, faults
