# SPDX-License-Identifier: Apache-2.0
"""Decides for each write of a batch, in order, whether it is recorded, and lays out the rows that it becomes.

Pure: it knows what the database held when the batch began, and what the writes before it in the batch have changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from openecp.kernel.journal.admission import earlier_answer
from openecp.kernel.journal.canonical import canonical, event_bytes, salted_digest
from openecp.kernel.journal.groups import group_fault, repeated, withheld
from openecp.kernel.journal.memory import room_fault
from openecp.kernel.journal.merkle import Frontier
from openecp.kernel.journal.model import CaseRow, CaseWrite, LedgerEntry, NewEvent, Written
from openecp.platform.store.rows import (
    NULL,
    ROW_OF,
    SIZE_32,
    int4_field,
    int8_field,
    optional_text,
    size_of,
    text_field,
    word_field,
)

SMALL_FACE_BYTES = 2_000  # up to here a face lies in the index itself
_NOBODY: frozenset[str] = frozenset()
_sha256 = hashlib.sha256


class KnownCase(msgspec.Struct, frozen=True):
    """What the store knows of a case before a write."""

    last_seq: int
    created_at: str
    room: str
    new: bool = False
    row: CaseRow | None = None  # the last row written in this batch


class KnownEntry(msgspec.Struct, frozen=True):
    """A ledger entry that another one reverses, and how much of it is reversed already."""

    debit: str
    credit: str
    amount_minor: int
    currency: str
    reversed_minor: int = 0


class Batch(msgspec.Struct):
    """The state before the batch, changed by each write, and the rows to be stored."""

    frontier: Frontier
    recorded_at: str
    ledger_number: int
    ledger_chain: bytes
    lrn_since: str
    lrn_free: frozenset[str]
    keys: dict[tuple[str, str], tuple[bytes, Written]]
    cases: dict[str, KnownCase]
    lrn_holders: dict[tuple[str, str, str], frozenset[str]]  # by room, organisation and LRN
    lrn_of: dict[str, tuple[str, str, str]]
    feed_heads: dict[str, int]
    entries: dict[str, KnownEntry]
    face_heads: dict[str, tuple[int, str, int]]  # of a case: number of its stream, time and seq of its last face
    size: int = 0
    leaves: list[bytes] = []
    events: list[bytes] = []  # rows in the parts that COPY's binary form has, as all that follow (see rows.py)
    documents: list[bytes] = []
    persons: list[bytes] = []
    outbox: list[bytes] = []
    ledger: list[bytes] = []
    idempotency: list[bytes] = []
    faces: list[bytes] = []
    deadlines: dict[tuple[str, str], str | None] = {}
    touched: dict[str, KnownCase] = {}
    touched_feeds: dict[str, int] = {}
    last_faces: dict[str, tuple[object, ...]] = {}

    def keep(self) -> dict[str, object]:
        """Return the state as it is now; everything in it is replaced and never changed in place."""
        return {
            name: part.copy() if isinstance(part, dict | list) else part
            for name, part in msgspec.structs.asdict(self).items()
        }

    def go_back(self, kept: dict[str, object]) -> None:
        """Forget what was admitted since."""
        for name, part in kept.items():
            setattr(self, name, part)


def admit_group(batch: Batch, writes: list[CaseWrite], bodies: list[list[bytes]]) -> list[Written]:
    """Admit all writes of a group or none."""
    fault = group_fault(writes)
    if fault is not None:
        return withheld(writes, fault[0], Written(outcome="invalid", error=fault[1]))
    earlier = [_earlier(batch, write) for write in writes]
    for number, answer in enumerate(earlier):
        if answer is not None and answer.outcome == "conflict":
            return withheld(writes, number, answer)
    if any(earlier):
        return repeated(writes, earlier)
    kept = batch.keep()
    found: list[Written] = []
    for number, (write, own) in enumerate(zip(writes, bodies, strict=True)):
        found.append(admit(batch, write, own))
        if found[-1].outcome != "recorded":
            batch.go_back(kept)
            return withheld(writes, number, found[-1])
    return found


def _earlier(batch: Batch, write: CaseWrite) -> Written | None:
    """Return the answer to a key that was used before."""
    key = write.idempotency
    return earlier_answer(key, batch.keys.get((key.organisation, key.key))) if key is not None else None


def admit(batch: Batch, write: CaseWrite, bodies: list[bytes]) -> Written:
    """Admit one write: check it against what is known, then add its rows to the batch."""
    earlier = _earlier(batch, write)
    if earlier is not None:
        return earlier
    key, row = write.idempotency, write.row
    known = batch.cases.get(row.case_id)
    if (known.last_seq if known else 0) != write.expected_seq:
        return Written(outcome="stale", last_seq=known.last_seq if known else 0)
    if known is not None and known.room != row.room:
        return Written(outcome="invalid", error=room_fault(row, known.room))
    holds_lrn = bool(row.lrn) and row.status not in batch.lrn_free
    holders = batch.lrn_holders.get((row.room, row.organisation, row.lrn))
    if known is None and holds_lrn and holders:
        return Written(outcome="duplicate")
    fault = _reversal_fault(batch, write.ledger)
    if fault:
        return Written(outcome="invalid", error=fault)

    first = batch.size + 1
    add_events(batch, row.case_id, write.events, bodies)
    created_at = batch.recorded_at if known is None else known.created_at
    batch.cases[row.case_id] = batch.touched[row.case_id] = KnownCase(
        last_seq=batch.size, created_at=created_at, room=row.room, new=known is None or known.new, row=row
    )
    _hold_lrn(batch, row, holds_lrn, created_at)
    if write.face is not None:
        _add_face(batch, write, max(event.occurred_at for event in write.events), write.face, first)
    for instant, face in write.faces:
        _add_face(batch, write, instant, face, first)
    _add_attached(batch, write)
    written = Written(
        outcome="recorded", first_seq=first, last_seq=batch.size, recorded_at=batch.recorded_at, answer=write.answer
    )
    if key is not None:
        batch.keys[key.organisation, key.key] = (key.body_hash, written)
        name, case_name = key.key.encode(), row.case_id.encode()
        batch.idempotency += (
            ROW_OF[8], word_field(key.organisation), size_of(len(name)), name,
            size_of(len(key.body_hash)), key.body_hash,
            size_of(len(case_name)), case_name, int8_field(8, first), int8_field(8, batch.size),
            word_field(batch.recorded_at), size_of(len(write.answer)), write.answer,
        )  # fmt: skip
    return written


def add_events(batch: Batch, case_id: str, events: Sequence[NewEvent], bodies: list[bytes]) -> None:
    """Give the next sequence numbers to events of one stream."""
    recorded_at, seq = batch.recorded_at, batch.size
    case_field, rows, leaves = text_field(case_id), batch.events, batch.leaves
    for event, body in zip(events, bodies, strict=True):
        seq += 1
        data = event_bytes(
            seq=seq,
            case_id=case_id,
            kind=event.kind,
            occurred_at=event.occurred_at,
            recorded_at=recorded_at,
            actor=event.actor,
            body=body,
        )
        leaf = _sha256(b"\x00" + data).digest()
        leaves.append(leaf)
        rows += (ROW_OF[4], int8_field(8, seq), case_field, size_of(len(data)), data, SIZE_32, leaf)
    batch.size = seq


def _hold_lrn(batch: Batch, row: CaseRow, holds: bool, created_at: str) -> None:
    before = batch.lrn_of.pop(row.case_id, None)
    if before is not None:
        batch.lrn_holders[before] -= {row.case_id}
    if holds and created_at > batch.lrn_since:
        name = batch.lrn_of[row.case_id] = (row.room, row.organisation, row.lrn)
        batch.lrn_holders[name] = batch.lrn_holders.get(name, _NOBODY) | {row.case_id}


def _add_face(batch: Batch, write: CaseWrite, occurred_at: str, face: bytes, first_seq: int) -> None:
    """Keep the face under the number of its stream; it is the last one unless a later time is known already."""
    case_id, seq = write.row.case_id, batch.size
    stream, last_at, last_seq = batch.face_heads.get(case_id, (first_seq, "", 0))
    small = len(face) <= SMALL_FACE_BYTES
    batch.faces += (ROW_OF[5], int8_field(8, stream), text_field(occurred_at), int8_field(8, seq))
    batch.faces += (size_of(len(face)), face, NULL) if small else (NULL, size_of(len(face)), face)
    if (occurred_at, seq) > (last_at, last_seq):
        batch.face_heads[case_id] = (stream, occurred_at, seq)
        batch.last_faces[case_id] = (write.row.room, case_id, stream, seq, occurred_at, face)


def _add_attached(batch: Batch, write: CaseWrite) -> None:
    case_id, recorded_at = write.row.case_id, word_field(batch.recorded_at)
    case_field = text_field(case_id)
    for document in write.documents:
        name, content, salt = text_field(document.document_id), document.content, document.salt
        digest = bytes.fromhex(document.digest or salted_digest(salt, content))
        batch.documents += (
            ROW_OF[9], name, case_field, word_field(document.kind), word_field(document.media_type),
            size_of(len(content)), content, size_of(len(salt)), salt, SIZE_32, digest,
            optional_text(document.retain_until), recorded_at,
        )  # fmt: skip
        for person in dict.fromkeys(document.person_keys):
            batch.persons += (ROW_OF[2], text_field(person), name)
    for message in write.outbox:
        organisation, identifier, body = message.organisation, message.message_id.encode(), message.body
        number = batch.feed_heads.get(organisation, 0) + 1
        batch.feed_heads[organisation] = batch.touched_feeds[organisation] = number
        batch.outbox += (
            ROW_OF[7], word_field(organisation), int8_field(8, number), size_of(len(identifier)), identifier,
            case_field if message.case_id == case_id else text_field(message.case_id), word_field(message.kind),
            size_of(len(body)), body, word_field(message.created_at),
        )  # fmt: skip
    for entry in write.ledger:
        number = batch.ledger_number = batch.ledger_number + 1
        batch.ledger_chain = chain = ledger_link(batch.ledger_chain, number, entry, batch.recorded_at)
        batch.ledger += (
            ROW_OF[11], int8_field(8, number), text_field(entry.entry_id), text_field(entry.case_id),
            word_field(entry.debit), word_field(entry.credit), int8_field(8, entry.amount_minor),
            word_field(entry.currency), text_field(entry.reason), optional_text(entry.reverses), recorded_at,
            SIZE_32, chain,
        )  # fmt: skip
        if entry.reverses is not None:
            known = batch.entries[entry.reverses]
            batch.entries[entry.reverses] = msgspec.structs.replace(
                known, reversed_minor=known.reversed_minor + entry.amount_minor
            )
        batch.entries[entry.entry_id] = KnownEntry(entry.debit, entry.credit, entry.amount_minor, entry.currency)
    for deadline in write.deadlines:
        batch.deadlines[case_id, deadline.act] = deadline.due_at


def case_rows(cases: Iterable[KnownCase]) -> list[bytes]:
    """Return the rows of cases that are new."""
    rows: list[bytes] = []
    for known in cases:
        row = known.row
        if row is None or not known.new:
            continue
        rows += (
            ROW_OF[14], text_field(row.case_id), word_field(row.organisation), text_field(row.lrn),
            optional_text(row.mrn), word_field(row.status), word_field(row.channel), word_field(row.office),
            word_field(row.movement), int4_field(4, row.version), size_of(len(row.state)), row.state,
            word_field(row.updated_at), word_field(known.created_at), int8_field(8, known.last_seq),
            word_field(row.room),
        )  # fmt: skip
    return rows


def _reversal_fault(batch: Batch, ledger: tuple[LedgerEntry, ...]) -> str:
    """Return why an entry may not reverse what it names; empty when all may."""
    own: dict[str, LedgerEntry] = {}
    taken: dict[str, int] = {}
    for entry in ledger:
        if entry.reverses is not None:
            known = batch.entries.get(entry.reverses)
            if known is None and (before := own.get(entry.reverses)):
                known = KnownEntry(before.debit, before.credit, before.amount_minor, before.currency)
            if known is None:
                return f"ledger {entry.entry_id}: expected to reverse a known entry, found {entry.reverses!r}"
            if (known.debit, known.credit, known.currency) != (entry.credit, entry.debit, entry.currency):
                return f"ledger {entry.entry_id}: expected the accounts of {entry.reverses} swapped, in its currency"
            taken[entry.reverses] = taken.get(entry.reverses, 0) + entry.amount_minor
            if known.reversed_minor + taken[entry.reverses] > known.amount_minor:
                return (
                    f"ledger {entry.entry_id}: expected to reverse at most "
                    f"{known.amount_minor - known.reversed_minor} of {entry.reverses}, found {taken[entry.reverses]}"
                )
        own[entry.entry_id] = entry
    return ""


def ledger_link(chain: bytes, number: int, entry: LedgerEntry, recorded_at: str) -> bytes:
    """Return the hash over an entry and all before it, so that a changed or missing entry shows."""
    fields = [number, entry.entry_id, entry.case_id, entry.debit, entry.credit, entry.amount_minor, entry.currency]
    return _sha256(chain + canonical([*fields, entry.reason, entry.reverses, recorded_at])).digest()
