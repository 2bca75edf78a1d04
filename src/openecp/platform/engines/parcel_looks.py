# SPDX-License-Identifier: Apache-2.0
"""Looks at a whole column of text at once: what its bytes are, how long its cells, so that most need no look a row.

A column whose bytes are all digits and points holds no formula and no letter; only what remains is asked of each row.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

DISTINCT_MAX = 1_000  # values of a column that are worth knowing one by one


class TextLook(NamedTuple):
    """The bytes of a column's cells one after the other, the cells' lengths in bytes, and how many are not empty.

    A dictionary may hold cells that no row has; `filled` counts rows.
    """

    data: bytes
    longest: int
    shortest: int  # of cells that are not empty; 0 where all are
    filled: int
    values: tuple[pa.Array, ...]

    def holds_only(self, allowed: bytes) -> bool:
        """Tell whether there is no other byte."""
        return not self.data.translate(None, allowed)

    def holds(self, *signs: bytes) -> bool:
        """Tell whether one of the signs is there."""
        return any(sign in self.data for sign in signs)

    def is_numbers(self, whole: int, places: int) -> bool:
        """Tell whether every cell is digits, with one point between them or none."""
        if not self.holds_only(b"0123456789."):
            return False
        if not self.holds(b"."):
            return self.longest <= whole
        for array in self.values:
            point = pc.find_substring(array, ".")
            length = pc.binary_length(array)
            after = pc.subtract(length, point)  # the point and what follows; without a point one more than the length
            split = pc.and_(
                pc.and_(pc.greater(point, 0), pc.less_equal(point, whole)),
                pc.and_(pc.greater(after, 1), pc.less_equal(after, places + 1)),
            )
            if not pc.all(pc.or_(split, pc.and_(pc.equal(point, -1), pc.less_equal(length, whole)))).as_py():
                return False
        return True

    def is_days(self) -> bool:
        """Tell whether every cell has the form of a day, four digits first."""
        if not self.holds_only(b"0123456789-") or (self.longest, self.shortest) not in ((10, 10), (0, 0)):
            return False
        for array in self.values:
            first = pc.find_substring(array, "-")
            there = pc.greater(pc.binary_length(array), 0)
            if not pc.all(pc.or_(pc.equal(first, 4), pc.invert(there))).as_py():
                return False
        return True


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column holds text, plain or by a dictionary."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _values(column: pa.ChunkedArray) -> list[pa.Array]:
    """Return arrays that hold every text of a column, and may hold more."""
    found: dict[int, pa.Array] = {}
    for chunk in column.chunks:
        array = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        buffer = array.buffers()[2]
        key = buffer.address if buffer is not None and array is not chunk else id(chunk)
        found[key] = array
    return list(found.values())


def _bytes(array: pa.Array) -> bytes:
    _, offsets, data = array.buffers()
    if data is None or not len(array):
        return b""
    wide = pa.types.is_large_string(array.type)
    places = memoryview(offsets).cast("q" if wide else "i")
    begin, end = places[array.offset], places[array.offset + len(array)]
    return bytes(memoryview(data)[begin:end])


def look_at(column: pa.ChunkedArray) -> TextLook:
    """Return what the cells of a text column look like."""
    values = _values(column)
    longest = shortest = filled = 0
    counted = not any(pa.types.is_dictionary(chunk.type) for chunk in column.chunks)
    for array in values:
        lengths = pc.binary_length(array)
        edges = pc.min_max(lengths)
        most = edges["max"].as_py() or 0
        if most:
            there = len(lengths) - array.null_count
            if edges["min"].as_py() == 0:
                lengths = lengths.filter(pc.greater(lengths, 0))
                edges, there = pc.min_max(lengths), len(lengths)
            low = edges["min"].as_py()
            longest, shortest = max(longest, most), min(shortest or low, low)
            filled += there
    if not counted:
        filled = sum(_filled(chunk) for chunk in column.chunks)
    return TextLook(b"".join(_bytes(array) for array in values), longest, shortest, filled, tuple(values))


def _filled(chunk: pa.Array) -> int:
    there = len(chunk) - chunk.null_count
    empty = pc.index(chunk.dictionary, "").as_py()
    return int(there if empty < 0 else there - (pc.sum(pc.equal(chunk.indices, empty)).as_py() or 0))


def distinct(column: pa.ChunkedArray) -> set[str] | None:
    """Return the values of a column that are not empty, if they are few."""
    found: set[str] = set()
    for array in _values(column):
        values = pc.unique(array)
        if len(values) > DISTINCT_MAX:
            return None
        try:
            found.update(value for value in values.to_pylist() if value)
        except UnicodeDecodeError:
            return None
    return found


def changes(column: pa.ChunkedArray) -> pa.Array:
    """Return for each row from the second on whether its cell differs from the one before; may say so too often."""
    parts: list[pa.Array] = []
    last: pa.Array | None = None
    for chunk in column.chunks:
        if not len(chunk):
            continue
        if last is not None:
            parts.append(pa.array([last[-1].as_py() != chunk[0].as_py()]))
        array = chunk.indices if pa.types.is_dictionary(chunk.type) else chunk
        after, before = array.slice(1), array.slice(0, len(array) - 1)
        other = pc.not_equal(after, before)
        if array.null_count:
            other = pc.if_else(pc.is_null(other), pc.xor(pc.is_null(after), pc.is_null(before)), other)
        parts.append(other)
        last = chunk
    return pa.concat_arrays(parts) if parts else pa.array([], pa.bool_())
