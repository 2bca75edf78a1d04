# SPDX-License-Identifier: Apache-2.0
"""Decides for each write of a batch, in order, whether it is recorded, and lays out the rows that it becomes.

Pure: it knows what the database held when the batch began, and what the writes before it in the batch have changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from openecp.kernel.journal.canonical import canonical, event_bytes, salted_digest
from openecp.kernel.journal.merkle import Frontier
from openecp.kernel.journal.model import CaseRow, CaseWrite, LedgerEntry, NewEvent, Written

EventRow = tuple[int, str, str, bytes]  # seq, case, record, leaf
_sha256 = hashlib.sha256


class KnownCase(msgspec.Struct):
    """What the store knows of a case before a write."""

    last_seq: int
    created_at: str
    new: bool = False
    row: CaseRow | None = None  # the last row written in this batch


class KnownEntry(msgspec.Struct):
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
    lrn_holders: dict[tuple[str, str], set[str]]
    lrn_of: dict[str, tuple[str, str]]
    feed_heads: dict[str, int]
    entries: dict[str, KnownEntry]
    size: int = 0
    events: list[EventRow] = []
    documents: list[tuple[object, ...]] = []
    persons: list[tuple[str, str]] = []
    outbox: list[tuple[object, ...]] = []
    ledger: list[tuple[object, ...]] = []
    idempotency: list[tuple[object, ...]] = []
    deadlines: dict[tuple[str, str], str | None] = {}
    touched: dict[str, KnownCase] = {}
    touched_feeds: dict[str, int] = {}


def admit(batch: Batch, write: CaseWrite, bodies: list[bytes]) -> Written:
    """Admit one write: check it against what is known, then add its rows to the batch."""
    key = write.idempotency
    if key is not None:
        earlier = batch.keys.get((key.organisation, key.key))
        if earlier is not None:
            if earlier[0] != key.body_hash:
                return Written(outcome="conflict")
            return msgspec.structs.replace(earlier[1], outcome="repeated")
    row = write.row
    known = batch.cases.get(row.case_id)
    if (known.last_seq if known else 0) != write.expected_seq:
        return Written(outcome="stale", last_seq=known.last_seq if known else 0)
    holds_lrn = bool(row.lrn) and row.status not in batch.lrn_free
    holders = batch.lrn_holders.get((row.organisation, row.lrn))
    if known is None and holds_lrn and holders:
        return Written(outcome="duplicate")
    fault = _reversal_fault(batch, write.ledger)
    if fault:
        return Written(outcome="invalid", error=fault)

    first = batch.size + 1
    add_events(batch, row.case_id, write.events, bodies)
    if known is None:
        known = batch.cases[row.case_id] = KnownCase(last_seq=0, created_at=batch.recorded_at, new=True)
    known.row, known.last_seq = row, batch.size
    batch.touched[row.case_id] = known
    _hold_lrn(batch, row, holds_lrn, known.created_at)
    _add_attached(batch, write)
    written = Written(
        outcome="recorded", first_seq=first, last_seq=batch.size, recorded_at=batch.recorded_at, answer=write.answer
    )
    if key is not None:
        batch.keys[key.organisation, key.key] = (key.body_hash, written)
        batch.idempotency.append(
            (key.organisation, key.key, key.body_hash, row.case_id, first, batch.size, batch.recorded_at, write.answer)
        )
    return written


def add_events(batch: Batch, case_id: str, events: Sequence[NewEvent], bodies: list[bytes]) -> None:
    """Give the next sequence numbers to events of one stream."""
    recorded_at, seq = batch.recorded_at, batch.size
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
        batch.events.append((seq, case_id, data.decode(), _sha256(b"\x00" + data).digest()))
    batch.size = seq


def _hold_lrn(batch: Batch, row: CaseRow, holds: bool, created_at: str) -> None:
    before = batch.lrn_of.pop(row.case_id, None)
    if before is not None:
        batch.lrn_holders[before].discard(row.case_id)
    if holds and created_at > batch.lrn_since:
        batch.lrn_of[row.case_id] = (row.organisation, row.lrn)
        batch.lrn_holders.setdefault((row.organisation, row.lrn), set()).add(row.case_id)


def _add_attached(batch: Batch, write: CaseWrite) -> None:
    case_id, recorded_at = write.row.case_id, batch.recorded_at
    for document in write.documents:
        digest = bytes.fromhex(salted_digest(document.salt, document.content))
        batch.documents.append(
            (document.document_id, case_id, document.kind, document.media_type, document.content, document.salt, digest,
             document.retain_until, recorded_at)
        )  # fmt: skip
        batch.persons.extend((person, document.document_id) for person in dict.fromkeys(document.person_keys))
    for message in write.outbox:
        number = batch.feed_heads.get(message.organisation, 0) + 1
        batch.feed_heads[message.organisation] = batch.touched_feeds[message.organisation] = number
        batch.outbox.append(
            (message.organisation, number, message.message_id, message.case_id, message.kind, message.body,
             message.created_at)
        )  # fmt: skip
    for entry in write.ledger:
        batch.ledger_number += 1
        batch.ledger_chain = ledger_link(batch.ledger_chain, batch.ledger_number, entry, recorded_at)
        batch.ledger.append(
            (batch.ledger_number, entry.entry_id, entry.case_id, entry.debit, entry.credit, entry.amount_minor,
             entry.currency, entry.reason, entry.reverses, recorded_at, batch.ledger_chain)
        )  # fmt: skip
        if entry.reverses is not None:
            batch.entries[entry.reverses].reversed_minor += entry.amount_minor
        batch.entries[entry.entry_id] = KnownEntry(entry.debit, entry.credit, entry.amount_minor, entry.currency)
    for deadline in write.deadlines:
        batch.deadlines[case_id, deadline.act] = deadline.due_at


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
