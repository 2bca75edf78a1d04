# SPDX-License-Identifier: Apache-2.0
"""Verifies bulk decisions: the records of each batch against the root that its event holds, and the recorded ranges.

A batch's leaf hashes are kept beside its rows, so that a row that was changed is named, not its batch alone.
Limits: the salted hash of a person beside a record is not in the tree; the record itself is.
"""

from __future__ import annotations

import hashlib
from typing import LiteralString, Protocol

import msgspec

from openecp.kernel.journal.bulk import BATCH_STREAMS
from openecp.kernel.journal.merkle import tree_root
from openecp.platform.store.finding import Finding
from openecp.platform.store.pool import Connection

PART = 5_000  # rows fetched at once
MAX_NAMED = 20  # missing rows named of one batch
_sha256 = hashlib.sha256

_EVENTS: LiteralString = "SELECT seq, record FROM events WHERE case_id >= %s AND case_id < %s ORDER BY seq"
_BATCHES: LiteralString = "SELECT seq, source, first_row, last_row, parcels FROM parcel_batches ORDER BY seq"
_LEAVES: LiteralString = "SELECT leaves FROM parcel_batches WHERE seq = %s"
_ROWS: LiteralString = "SELECT seq, number, parcel_id, posted_on::text, record FROM parcels"
_OVERLAPS: LiteralString = """
    SELECT seq, source, first_row, last_row, before FROM (
        SELECT seq, source, first_row, last_row, max(last_row) OVER (PARTITION BY source ORDER BY first_row, seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM parcel_batches) AS ranges
    WHERE before >= first_row ORDER BY seq LIMIT 1001"""


class Report(Protocol):
    """What findings are added to."""

    parcel_batches: int
    parcels: int

    def add(self, finding: Finding) -> None:
        """Name a finding."""


class _Body(msgspec.Struct):
    root: str | None = None
    parcels: int | None = None


class _Event(msgspec.Struct):
    body: _Body


class _Open(msgspec.Struct):
    """A batch whose rows are being read."""

    leaves: list[bytes]  # as stored beside the rows
    sound: bool  # whether these lead to the root of the event
    found: list[bytes]  # computed from the rows, empty where there was none yet
    left: int


_read_event = msgspec.json.Decoder(_Event).decode
_read_record = msgspec.json.Decoder(dict[str, object]).decode


def verify_parcels(connection: Connection, report: Report) -> None:
    """Recompute each batch's root from its rows; name rows that differ, are missing or too many, and ranges."""
    roots = _verify_batches(connection, report)
    _verify_rows(connection, report, roots)
    for seq, source, first, last, before in connection.execute(_OVERLAPS).fetchall():
        report.add(
            _batch(seq, f"{source} rows {first} to {last}", "rows that no other batch holds", f"one to {before}")
        )


def _verify_batches(connection: Connection, report: Report) -> dict[int, tuple[str, int]]:
    """Compare the batches with the events that tell of them; return root and number of parcels of each."""
    told: dict[int, tuple[str, int]] = {}
    with connection.cursor(name="batch_events") as cursor:
        cursor.itersize = PART
        cursor.execute(_EVENTS, (BATCH_STREAMS, BATCH_STREAMS[:-1] + chr(ord(BATCH_STREAMS[-1]) + 1)))
        for seq, record in cursor:
            try:
                body = _read_event(record).body
            except msgspec.MsgspecError:
                continue  # named already, as an event
            if body.root is not None and body.parcels is not None:
                told[seq] = (body.root, body.parcels)
    roots: dict[int, tuple[str, int]] = {}
    for seq, source, first, last, parcels in connection.execute(_BATCHES).fetchall():
        report.parcel_batches += 1
        where = f"{source} rows {first} to {last}"
        if seq not in told:
            report.add(_batch(seq, where, "an event with a root at this place", "none"))
        elif told[seq][1] != parcels:
            report.add(_batch(seq, where, f"{told[seq][1]} parcels as its event says", f"{parcels}"))
        roots[seq] = told.get(seq, ("", parcels))
    for seq in sorted(told.keys() - roots.keys()):
        report.add(_batch(seq, "", f"a batch of {told[seq][1]} parcels, as the event says", "none"))
        roots[seq] = told[seq]
    return roots


def _verify_rows(connection: Connection, report: Report, roots: dict[int, tuple[str, int]]) -> None:
    """Hash every row in the order in which they lie; a batch is done when all its rows have come."""
    opened: dict[int, _Open] = {}
    done: set[int] = set()
    connection.execute("SET LOCAL synchronize_seqscans = off")  # from the first page on, so that few batches are open
    with connection.cursor(name="parcel_rows") as cursor:
        cursor.itersize = PART
        cursor.execute(_ROWS)
        for seq, number, parcel_id, posted_on, record in cursor:
            report.parcels += 1
            batch = opened.get(seq)
            if batch is None:
                if seq in done or seq not in roots:
                    got = "one more" if seq in done else "one of no batch"
                    report.add(_row(seq, number, parcel_id, posted_on, "no such row", got))
                    continue
                batch = opened[seq] = _open(connection, report, seq, *roots[seq])
            if not 0 <= number < len(batch.found) or batch.found[number]:
                report.add(_row(seq, number, parcel_id, posted_on, "no such row", "one more"))
                continue
            data = record.encode()
            leaf = batch.found[number] = _sha256(b"\x00" + data).digest()
            if leaf != batch.leaves[number] and batch.sound:
                expected = f"leaf {batch.leaves[number].hex()}"
                report.add(_row(seq, number, parcel_id, posted_on, expected, leaf.hex()))
            elif f'"id":"{parcel_id}"' not in record or f'"posted":"{posted_on}"' not in record:
                _check_members(report, seq, number, parcel_id, posted_on, record)
            batch.left -= 1
            if not batch.left:
                done.add(seq)
                _close(report, seq, roots[seq][0], opened.pop(seq))
    for seq, batch in opened.items():
        _name_missing(report, seq, batch)
    for seq in sorted(roots.keys() - opened.keys() - done):
        report.add(_batch(seq, "", f"{roots[seq][1]} rows", "none"))


def _open(connection: Connection, report: Report, seq: int, root: str, parcels: int) -> _Open:
    """Read what is expected of a batch's rows."""
    stored = connection.execute(_LEAVES, (seq,)).fetchone()
    data = bytes(stored[0]) if stored is not None else b""
    leaves = [data[at : at + 32] for at in range(0, len(data), 32)]
    sound = len(leaves) == parcels and tree_root(leaves).hex() == root
    if not sound and stored is not None:
        report.add(_batch(seq, "", f"leaf hashes that lead to root {root}", f"root {tree_root(leaves).hex()}"))
    padded = (leaves + [b""] * parcels)[:parcels]
    return _Open(leaves=padded, sound=sound, found=[b""] * parcels, left=parcels)


def _close(report: Report, seq: int, root: str, batch: _Open) -> None:
    """Where the stored leaf hashes could not be relied on: compare the root over the rows themselves."""
    if not batch.sound:
        found = tree_root(batch.found).hex()
        if found != root:
            first = next((n for n, leaf in enumerate(batch.found) if leaf != batch.leaves[n]), None)
            where = "" if first is None else f"from row {first} on"
            report.add(_batch(seq, where, f"root {root}", found))


def _name_missing(report: Report, seq: int, batch: _Open) -> None:
    missing = [number for number, leaf in enumerate(batch.found) if not leaf]
    for number in missing[:MAX_NAMED]:
        report.add(Finding(what="parcel", seq=seq, where=f"number {number}", expected="a row", got="none"))
    if len(missing) > MAX_NAMED:
        report.add(_batch(seq, "", f"{len(batch.found)} rows", f"{len(batch.found) - len(missing)}"))


def _check_members(report: Report, seq: int, number: int, parcel_id: str, posted_on: str, record: str) -> None:
    """Check that a row's key is that of its record, where the record has one."""
    try:
        members = _read_record(record)
    except msgspec.MsgspecError:
        members = {}
    for name, column in (("id", parcel_id), ("posted", posted_on)):
        held = members.get(name, column)
        if held != column:
            report.add(_row(seq, number, parcel_id, posted_on, f"{name} {held}, as its record says", column))


def _row(seq: int, number: int, parcel_id: str, posted_on: str, expected: str, got: str) -> Finding:
    where = f"{parcel_id} of {posted_on}, number {number}"
    return Finding(what="parcel", seq=seq, where=where, expected=expected, got=got)


def _batch(seq: int, where: str, expected: str, got: str) -> Finding:
    return Finding(what="parcel batch", seq=seq, where=where, expected=expected, got=got)
