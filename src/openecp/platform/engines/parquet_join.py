# SPDX-License-Identifier: Apache-2.0
"""Puts Parquet files of one schema into one file: their row groups are copied as they are, only the footer is written.

Reading and writing the rows again takes half as long as writing them first did, and changes nothing. A footer is a
structure of Thrift's compact protocol; it is kept as it was read, but for the places of the columns in the file.
Source: Apache Parquet format 2.11, `parquet.thrift`; Thrift compact protocol.
Limits: files that are whole, not encrypted, with one schema.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

MAGIC = b"PAR1"
FOOTER_MOST = 64 << 20
DEPTH_MOST = 32
_TRUE, _FALSE, _BYTE, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 6, 7, 8, 9, 10, 11, 12

# fields by their number in parquet.thrift
_SCHEMA, _ROWS, _GROUPS = 2, 3, 4  # FileMetaData
_COLUMNS, _GROUP_AT, _ORDINAL = 1, 5, 7  # RowGroup
_META, _CHUNK_AT = 3, (2, 4, 6)  # ColumnChunk: of itself and of its page indexes
_PAGES_AT = (9, 10, 11, 14)  # ColumnMetaData: of its pages, dictionary and Bloom filter


class Field(NamedTuple):
    """A field of a structure: its type in the compact protocol, and its value."""

    kind: int
    value: Any


Struct = dict[int, Field]


class ParquetUnjoinable(ValueError):  # noqa: N818 - says which file and why
    """A file that cannot be put beside others: where, expected, got, fix."""

    def __init__(self, file: Path, expected: str, got: str) -> None:
        super().__init__(f"{file.name}: expected {expected}; got {got}. Write the part again.")


def join_parquet(parts: Sequence[Path], target: Path) -> int:
    """Write one file of the row groups of all parts, in their order; return its rows.

    Raises: ParquetUnjoinable.
    """
    whole: Struct = {}
    groups: list[Struct] = []
    rows = 0
    with target.open("wb") as out:
        out.write(MAGIC)
        for part in parts:
            with part.open("rb") as opened:
                footer, end = read_footer(opened, part)
                if whole and footer[_SCHEMA] != whole[_SCHEMA]:
                    raise ParquetUnjoinable(part, "the schema of the parts before it", "another one")
                whole = whole or footer
                rows += footer[_ROWS].value
                _moved(groups, footer[_GROUPS].value[1], out.tell() - len(MAGIC))
                opened.seek(len(MAGIC))
                _copy(opened, out, end - len(MAGIC))
        whole[_ROWS] = Field(_I64, rows)
        whole[_GROUPS] = Field(_LIST, (_STRUCT, groups))
        footer_bytes = bytearray()
        _write_struct(footer_bytes, whole)
        out.write(footer_bytes)
        out.write(len(footer_bytes).to_bytes(4, "little") + MAGIC)
    return rows


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    while length:
        piece = source.read(min(length, 1 << 20))
        if not piece:
            raise EOFError("a part ends before its footer")
        target.write(piece)
        length -= len(piece)


def _moved(groups: list[Struct], more: Sequence[Struct], by: int) -> None:
    """Add row groups whose places lie further behind."""

    def move(struct: Struct, number: int) -> None:
        if number in struct and struct[number].value:
            struct[number] = Field(struct[number].kind, struct[number].value + by)

    for group in more:
        move(group, _GROUP_AT)
        if _ORDINAL in group:
            group[_ORDINAL] = Field(group[_ORDINAL].kind, len(groups))
        for chunk in group[_COLUMNS].value[1]:
            for number in _CHUNK_AT:
                move(chunk, number)
            for number in _PAGES_AT:
                move(chunk[_META].value, number)
        groups.append(group)


def read_footer(file: BinaryIO, name: Path) -> tuple[Struct, int]:
    """Return the footer of an open file, and where it begins."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 8))
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or not 0 < length <= min(FOOTER_MOST, size - 12):
        raise ParquetUnjoinable(name, "a whole Parquet file", f"{size} bytes that end with {tail[4:]!r}")
    file.seek(size - 8 - length)
    return _Reader(file.read(length)).struct(0), size - 8 - length


class _Reader:
    """Reads the compact protocol."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _number(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                return found
            shift += 7

    def _signed(self) -> int:
        found = self._number()
        return (found >> 1) ^ -(found & 1)

    def _bytes(self, length: int) -> bytes:
        self._at += length
        if self._at > len(self._data):
            raise EOFError("a footer ends within a field")
        return self._data[self._at - length : self._at]

    def struct(self, depth: int) -> Struct:
        """Read the fields of a structure."""
        if depth > DEPTH_MOST:
            raise ValueError("a footer is nested too deeply")
        found: Struct = {}
        number = 0
        while head := self._byte():
            kind = head & 15
            number = number + (head >> 4) if head >> 4 else self._signed()
            found[number] = Field(kind, kind == _TRUE if kind <= _FALSE else self._value(kind, depth + 1))
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind <= _BYTE:
            return self._byte()  # in a list also true and false
        if kind <= _I64:
            return self._signed()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _BINARY:
            return self._bytes(self._number())
        if kind in (_LIST, _SET):
            head = self._byte()
            many = head >> 4 if head >> 4 < 15 else self._number()
            return head & 15, [self._value(head & 15, depth) for _ in range(many)]
        if kind == _STRUCT:
            return self.struct(depth)
        raise ValueError(f"a footer has a field of an unknown kind {kind}")


def _write_number(out: bytearray, number: int) -> None:
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _write_signed(out: bytearray, number: int) -> None:
    _write_number(out, (number << 1) ^ (number >> 63))


def _write_struct(out: bytearray, struct: Struct) -> None:
    last = 0
    for number in sorted(struct):
        kind, value = struct[number]
        kind = (_TRUE if value else _FALSE) if kind <= _FALSE else kind
        if 0 < number - last < 16:
            out.append((number - last) << 4 | kind)
        else:
            out.append(kind)
            _write_signed(out, number)
        last = number
        if kind > _FALSE:
            _write_value(out, kind, value)
    out.append(0)


def _write_value(out: bytearray, kind: int, value: Any) -> None:
    if kind <= _BYTE:
        out.append(value)
    elif kind <= _I64:
        _write_signed(out, value)
    elif kind == _DOUBLE:
        out += value
    elif kind == _BINARY:
        _write_number(out, len(value))
        out += value
    elif kind in (_LIST, _SET):
        of, values = value
        if len(values) < 15:
            out.append(len(values) << 4 | of)
        else:
            out.append(0xF0 | of)
            _write_number(out, len(values))
        for one in values:
            _write_value(out, of, one)
    else:
        _write_struct(out, value)
