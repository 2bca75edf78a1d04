# SPDX-License-Identifier: Apache-2.0
"""Puts Parquet files of one schema together without reading their rows: their pages are copied, the footers joined.

A footer is one Thrift structure in the compact protocol; of it only places in the file and numbers of rows change.
Source: Apache Parquet format, parquet.thrift (FileMetaData, RowGroup, ColumnChunk, ColumnMetaData) and the compact
    protocol of Apache Thrift.
Limits: files that this installation wrote: no encryption; a footer of at most FOOTER_MOST bytes.
Why: rows of a result are encoded once; reading and encoding them again took a twentieth of the time of clearing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

MAGIC = b"PAR1"
FOOTER_MOST = 64_000_000
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_ROWS, _GROUPS, _SCHEMA = 3, 4, 2  # of FileMetaData
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7  # of RowGroup
_CHUNK_PLACES, _CHUNK_META = (2, 4, 6), 3  # of ColumnChunk: file, offset index, column index
_PAGE_PLACES = (9, 10, 11, 14)  # of ColumnMetaData: data, index, dictionary, bloom filter

Fields = dict[int, tuple[int, Any]]  # type and value by number, in their order


class PartsDiffer(ValueError):  # noqa: N818 - what whoever reads the log reads
    """Files that cannot be put together."""


class _Reader:
    """Reads the compact protocol."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def varint(self) -> int:
        found = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7

    def _zigzag(self) -> int:
        found = self.varint()
        return found >> 1 ^ -(found & 1)

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def fields(self) -> Fields:
        found: Fields = {}
        number = 0
        while head := self._bytes(1)[0]:
            kind = head & 15
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            found[number] = (kind, kind == _TRUE if kind in (_TRUE, _FALSE) else self.value(kind))
        return found

    def value(self, kind: int) -> Any:
        if kind == _STRUCT:
            return self.fields()
        if kind in (_I16, _I32, _I64):
            return self._zigzag()
        if kind == _BINARY:
            return self._bytes(self.varint())
        if kind in (_LIST, _SET):
            head = self._bytes(1)[0]
            size = head >> 4 if head >> 4 < 15 else self.varint()
            return head & 15, [self.value(head & 15) for _ in range(size)]
        if kind in (_TRUE, _FALSE, _BYTE):  # a byte of a list
            return self._bytes(1)
        if kind == _DOUBLE:
            return self._bytes(8)
        raise PartsDiffer(f"footer: expected a type of Parquet's, found {kind}")


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def _zigzag(number: int) -> bytes:
    return _varint(number << 1 ^ number >> 63)


def _written(kind: int, value: Any) -> bytes:
    if kind == _STRUCT:
        return _fields(value)
    if kind in (_I16, _I32, _I64):
        return _zigzag(value)
    if kind == _BINARY:
        return b"".join((_varint(len(value)), value))
    if kind in (_LIST, _SET):
        of, values = value
        head = bytes([len(values) << 4 | of]) if len(values) < 15 else bytes([240 | of]) + _varint(len(values))
        return head + b"".join(_written(of, one) for one in values)
    found: bytes = value
    return found


def _fields(fields: Fields) -> bytes:
    parts, last = [], 0
    for number, (kind, value) in fields.items():
        flag = kind in (_TRUE, _FALSE)
        head = (_TRUE if value else _FALSE) if flag else kind
        step = number - last
        parts.append(bytes([step << 4 | head]) if 0 < step < 16 else bytes([head]) + _zigzag(number))
        if not flag:
            parts.append(_written(kind, value))
        last = number
    return b"".join(parts) + b"\0"


def _moved(fields: Fields, numbers: Sequence[int], by: int) -> None:
    for number in numbers:
        if number in fields and fields[number][1] > 0:  # nothing stands at the file's beginning
            kind, value = fields[number]
            fields[number] = (kind, value + by)


def _footer(part: IO[bytes]) -> tuple[Fields, int]:
    """Return the footer of a file and where its pages end."""
    size = part.seek(0, 2)
    part.seek(max(0, size - 8))
    tail = part.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or not 0 < length <= min(FOOTER_MOST, size - 12):
        raise PartsDiffer(f"part: expected a Parquet file, found {size} bytes that end in {tail[4:]!r}")
    part.seek(size - 8 - length)
    return _Reader(part.read(length)).fields(), size - 8 - length


def join_parquet(parts: Sequence[Path], file: IO[bytes]) -> int:
    """Write the rows of all parts, one after the other, as one Parquet file; return how many there are.

    Raises: PartsDiffer where a part is no Parquet file, or has other columns than the first one.
    """
    whole: Fields | None = None
    groups: list[Fields] = []
    rows = 0
    file.write(MAGIC)
    for path in parts:
        with path.open("rb") as part:
            footer, end = _footer(part)
            whole = whole or footer
            if footer[_SCHEMA] != whole[_SCHEMA]:
                raise PartsDiffer(f"{path.name}: expected the columns of the first part, found others")
            by = file.tell() - len(MAGIC)
            part.seek(len(MAGIC))
            left = end - len(MAGIC)
            while left and (pages := part.read(min(left, 1 << 20))):
                left -= file.write(pages)
        rows += footer[_ROWS][1]
        for group in footer[_GROUPS][1][1]:
            _place(group, by, len(groups))
            groups.append(group)
    if whole is None:
        raise PartsDiffer("parts: expected one at least, found none")
    kind, (of, _) = whole[_GROUPS]
    told = _fields(whole | {_ROWS: (_I64, rows), _GROUPS: (kind, (of or _STRUCT, groups))})
    file.write(told + len(told).to_bytes(4, "little") + MAGIC)
    return rows


def _place(group: Fields, by: int, number: int) -> None:
    """Say where a group of rows stands now."""
    _moved(group, (_GROUP_OFFSET,), by)
    if _ORDINAL in group:
        group[_ORDINAL] = (_I16, number)
    for chunk in group[_COLUMNS][1][1]:
        _moved(chunk, _CHUNK_PLACES, by)
        _moved(chunk[_CHUNK_META][1], _PAGE_PLACES, by)
