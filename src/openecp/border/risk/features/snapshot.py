# SPDX-License-Identifier: Apache-2.0
"""History as bytes and back, so that a start need not read the whole journal again.

A snapshot says up to which event of the journal it counts, and that event's leaf: of another journal it is not used.
Reads: FeatureState. Limits: format VERSION; pseudonyms only, no name.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import msgspec

from openecp.border.risk.features.history import Controls, Keyed, Times
from openecp.border.risk.features.online import KINDS, FeatureState

VERSION = 1
CHUNK = 5_000  # keys a part: other threads have their turn between parts


class SnapshotHead(msgspec.Struct, frozen=True, kw_only=True):
    """Up to which event of which journal a snapshot counts, and how many parts follow for each movement."""

    version: int
    seq: int
    leaf: str
    kinds: tuple[str, ...]
    movements: tuple[str, ...]


class _Part(msgspec.Struct, frozen=True, array_like=True):
    movement: str
    what: str  # a kind of key, "references", "controls" or "clock"
    rows: Any


_encode = msgspec.msgpack.Encoder().encode
_part = msgspec.msgpack.Decoder(_Part).decode


def snapshot_parts(states: dict[str, FeatureState], seq: int, leaf: str) -> Iterator[bytes]:
    """Yield a snapshot part by part, the head first."""
    yield _encode(SnapshotHead(version=VERSION, seq=seq, leaf=leaf, kinds=KINDS, movements=tuple(states)))
    for movement, state in states.items():
        yield _encode(_Part(movement, "clock", [state.now_us, state.swept, state.references.month]))
        for kind, keyed in state.keyed.items():
            keys = list(keyed.keys.items())
            for start in range(0, len(keys), CHUNK):
                yield _encode(
                    _Part(movement, kind, [_packed(key, times) for key, times in keys[start : start + CHUNK]])
                )
        for month, cells in state.references.months.items():
            listed = list(cells.items())
            for start in range(0, len(listed), CHUNK):
                rows = [(month, cell, amounts.tobytes()) for cell, amounts in listed[start : start + CHUNK]]
                yield _encode(_Part(movement, "references", rows))
        controls = state.controls
        yield _encode(_Part(movement, "controls", [controls.seen, controls.found, controls.of]))


def read_head(content: bytes) -> SnapshotHead | None:
    """Return the head of a snapshot; None where it is none of this version."""
    try:
        head = msgspec.msgpack.decode(content, type=SnapshotHead)
    except msgspec.MsgspecError:
        return None
    return head if head.version == VERSION and head.kinds == KINDS else None


def restored(head: SnapshotHead, parts: Iterator[bytes], *, keys_max: int) -> dict[str, FeatureState]:
    """Return the states of a snapshot."""
    states = {movement: FeatureState(keys_max=keys_max) for movement in head.movements}
    for content in parts:
        part = _part(content)
        state = states[part.movement]
        if part.what == "clock":
            state.now_us, state.swept, month = part.rows
            if month >= 0:
                state.references.turn(month)
        elif part.what == "references":
            for month, cell, amounts in part.rows:
                held = array("d")
                held.frombytes(amounts)
                state.references.put(month, (cell[0], cell[1], cell[2], cell[3]), held)
        elif part.what == "controls":
            _put_controls(state.controls, part.rows)
        else:
            _put_keys(state.keyed[part.what], part.rows)
    return states


def _packed(key: str, times: Times) -> tuple[Any, ...]:
    if not times.hours and times.members is None:
        return key, times.first, times.last, times.count
    members = None if times.members is None else sorted(times.members)
    own = key, times.first, times.last, times.count, times.amount, times.gifts
    return (*own, times.hours, times.counts, times.amounts, times.gifts_at, members)


def _put_keys(keyed: Keyed, rows: list[list[Any]]) -> None:
    for row in rows:
        times = keyed.keys[row[0]] = Times(row[1])
        times.last, times.count = row[2], row[3]
        if len(row) > 4:
            times.amount, times.gifts, times.hours, times.counts, times.amounts, times.gifts_at = row[4:10]
            times.members = None if row[10] is None else set(row[10])


def _put_controls(controls: Controls, rows: list[Any]) -> None:
    controls.seen, controls.found, of = rows
    for kind, held in of.items():
        controls.of[kind].update(held)
