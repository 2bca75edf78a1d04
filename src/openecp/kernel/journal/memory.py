# SPDX-License-Identifier: Apache-2.0
"""A store that lives in memory only: for tests, and the plain model that the real store is compared with.

Limits: one thread at a time; nothing survives the process; receipts carry no signed checkpoint.
"""

from __future__ import annotations

import base64
import copy
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from openecp.kernel.journal.admission import StoreSettings, check_write, earlier_answer
from openecp.kernel.journal.canonical import NotCanonical, event_bytes
from openecp.kernel.journal.groups import group_fault, repeated, units_of, withheld
from openecp.kernel.journal.memory_collected import MemoryCollected
from openecp.kernel.journal.memory_parcels import MemoryParcels
from openecp.kernel.journal.merkle import inclusion_ranges, leaf_hash, prove, tree_root
from openecp.kernel.journal.model import (
    CaseRow,
    CaseWrite,
    Event,
    Face,
    Idempotency,
    LedgerEntry,
    OutboxMessage,
    StoredDocument,
    Written,
)
from openecp.kernel.journal.queries import CaseFilter, FeedEntry


def utc_now() -> str:
    """Return the present time as the journal writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class MemoryStore(MemoryParcels, MemoryCollected):
    """Store and queries in memory, with the answers that the real store gives."""

    def __init__(self, *, clock: Callable[[], str] = utc_now, settings: StoreSettings | None = None) -> None:
        """Start empty."""
        self.clock = clock
        self.settings = settings or StoreSettings()
        self.log: list[tuple[Event, bytes]] = []
        self.rows: dict[str, CaseRow] = {}
        self.last_seq: dict[str, int] = {}
        self.created_at: dict[str, str] = {}
        self.keys: dict[tuple[str, str], tuple[bytes, Written]] = {}
        self.stored: dict[str, tuple[str, StoredDocument]] = {}
        self.feeds: dict[str, list[OutboxMessage]] = {}
        self.message_ids: set[str] = set()
        self.entries: dict[str, LedgerEntry] = {}
        self.clocks: dict[tuple[str, str], str] = {}
        self.all_faces: dict[str, list[Face]] = {}
        self.entry_seq = {}
        self.batches = {}
        self.parcel_places = {}
        self.totals = {}

    def write(self, batch: list[CaseWrite]) -> list[Written]:
        """Record a batch; the answers stand in the batch's order."""
        recorded_at = max(self.clock(), self.log[-1][0].recorded_at if self.log else "")
        answers: list[Written] = [Written(outcome="invalid")] * len(batch)
        for unit in units_of(batch):
            writes = [batch[place] for place in unit]
            if writes[0].group is None:
                found = [self._write_one(writes[0], recorded_at)]
            else:
                found = self._write_group(writes, recorded_at)
            for place, answer in zip(unit, found, strict=True):
                answers[place] = answer
        return answers

    def _write_group(self, writes: list[CaseWrite], recorded_at: str) -> list[Written]:
        """Record all writes of a group or none."""
        for number, write in enumerate(writes):
            try:
                check_write(write)
            except NotCanonical as error:
                return withheld(writes, number, Written(outcome="invalid", error=str(error)))
        fault = group_fault(writes)
        if fault is not None:
            return withheld(writes, fault[0], Written(outcome="invalid", error=fault[1]))
        earlier = [self._earlier(write) for write in writes]
        for number, answer in enumerate(earlier):
            if answer is not None and answer.outcome == "conflict":
                return withheld(writes, number, answer)
        if any(earlier):
            return repeated(writes, earlier)
        before = {name: copy.copy(part) for name, part in vars(self).items() if isinstance(part, dict | list | set)}
        before["feeds"] = {name: list(messages) for name, messages in self.feeds.items()}
        before["all_faces"] = {name: list(faces) for name, faces in self.all_faces.items()}
        found: list[Written] = []
        for number, write in enumerate(writes):
            found.append(self._write_one(write, recorded_at))
            if found[-1].outcome != "recorded":
                vars(self).update(before)
                return withheld(writes, number, found[-1])
        return found

    def _earlier(self, write: CaseWrite) -> Written | None:
        """Return the answer to a key that was used before."""
        return self.answered_before(write.idempotency) if write.idempotency is not None else None

    def answered_before(self, key: Idempotency) -> Written | None:
        """Return what was answered under a key, or that it was used for another body; None for a new key."""
        return earlier_answer(key, self.keys.get((key.organisation, key.key)))

    def _write_one(self, write: CaseWrite, recorded_at: str) -> Written:
        try:
            bodies = check_write(write)
            self._check_known(write)
        except NotCanonical as error:
            return Written(outcome="invalid", error=str(error))
        earlier = self._earlier(write)
        if earlier is not None:
            return earlier
        key, row = write.idempotency, write.row
        if self.last_seq.get(row.case_id, 0) != write.expected_seq:
            return Written(outcome="stale", last_seq=self.last_seq.get(row.case_id, 0))
        if row.case_id in self.rows and self.rows[row.case_id].room != row.room:
            return Written(outcome="invalid", error=room_fault(row, self.rows[row.case_id].room))
        if self._lrn_in_use(row, recorded_at):
            return Written(outcome="duplicate")
        try:
            self._check_new(write)
        except NotCanonical as error:
            return Written(outcome="invalid", error=str(error))
        first = len(self.log) + 1
        for event, body in zip(write.events, bodies, strict=True):
            data = event_bytes(
                seq=len(self.log) + 1,
                case_id=row.case_id,
                kind=event.kind,
                occurred_at=event.occurred_at,
                recorded_at=recorded_at,
                actor=event.actor,
                body=body,
            )
            recorded = Event(
                seq=len(self.log) + 1,
                case_id=row.case_id,
                kind=event.kind,
                occurred_at=event.occurred_at,
                recorded_at=recorded_at,
                actor=event.actor,
                body=msgspec.json.decode(body),
                leaf=leaf_hash(data),
            )
            self.log.append((recorded, data))
        self._keep(write, recorded_at)
        written = Written(
            outcome="recorded",
            first_seq=first,
            last_seq=len(self.log),
            recorded_at=recorded_at,
            answer=write.answer,
        )
        if key is not None:
            self.keys[key.organisation, key.key] = (key.body_hash, written)
        return written

    def _check_known(self, write: CaseWrite) -> None:
        for entry in write.ledger:
            if entry.reverses is None:
                continue
            known = self.entries.get(entry.reverses) or next(
                (other for other in write.ledger if other.entry_id == entry.reverses), None
            )
            if known is None or (known.debit, known.credit, known.currency) != (
                entry.credit,
                entry.debit,
                entry.currency,
            ):
                raise NotCanonical(f"ledger {entry.entry_id}: expected to reverse a known entry with accounts swapped")

    def _check_new(self, write: CaseWrite) -> None:
        ids = [*(d.document_id for d in write.documents), *(m.message_id for m in write.outbox)]
        ids += [e.entry_id for e in write.ledger]
        if len(set(ids)) < len(ids) or not self.stored.keys().isdisjoint(ids):
            raise NotCanonical("write: expected new document, message and entry ids, found one twice")
        if not self.message_ids.isdisjoint(ids) or not self.entries.keys().isdisjoint(ids):
            raise NotCanonical("write: expected new document, message and entry ids, found one twice")
        mrn = write.row.mrn
        if mrn is not None and any(r.mrn == mrn and r.case_id != write.row.case_id for r in self.rows.values()):
            raise NotCanonical(f"mrn: expected an MRN of its own, found {mrn!r} at another case")

    def _lrn_in_use(self, row: CaseRow, now: str) -> bool:
        if row.case_id in self.rows or not row.lrn or row.status in self.settings.lrn_free_statuses:
            return False
        since = reuse_limit(now, self.settings)
        return any(
            (other.room, other.organisation, other.lrn) == (row.room, row.organisation, row.lrn)
            and other.status not in self.settings.lrn_free_statuses
            and self.created_at[other.case_id] > since
            for other in self.rows.values()
        )

    def _keep(self, write: CaseWrite, recorded_at: str) -> None:
        row = write.row
        self.rows[row.case_id] = row
        self.last_seq[row.case_id] = len(self.log)
        self.created_at.setdefault(row.case_id, recorded_at)
        for document in write.documents:
            self.stored[document.document_id] = (row.case_id, msgspec.structs.replace(document, digest=""))
        for message in write.outbox:
            self.feeds.setdefault(message.organisation, []).append(message)
            self.message_ids.add(message.message_id)
        self.entries.update({e.entry_id: e for e in write.ledger})
        self.entry_seq.update({e.entry_id: len(self.log) for e in write.ledger})
        if write.face is not None:
            occurred_at = max(event.occurred_at for event in write.events)
            face = Face(row.case_id, len(self.log), occurred_at, write.face)
            self.all_faces.setdefault(row.case_id, []).append(face)
        for instant, content in write.faces:
            face = Face(row.case_id, len(self.log), instant, content)
            self.all_faces.setdefault(row.case_id, []).append(face)
        for deadline in write.deadlines:
            self.clocks.pop((row.case_id, deadline.act), None)
            if deadline.due_at is not None:
                self.clocks[row.case_id, deadline.act] = deadline.due_at

    def case(self, case_id: str) -> tuple[CaseRow, int] | None:
        """Return a case and the last seq of its stream."""
        row = self.rows.get(case_id)
        return None if row is None else (row, self.last_seq[case_id])

    def states(self, case_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the states of those cases that there are, by id."""
        return {name: self.rows[name].state for name in case_ids if name in self.rows}

    def find_case(
        self,
        *,
        mrn: str | None = None,
        lrn: str | None = None,
        organisation: str | None = None,
        room: str = "lodgement",
    ) -> CaseRow | None:
        """Return the room's case with this MRN or this organisation's LRN: one that holds it, else the newest."""
        if mrn is None and lrn is None:
            return None
        found = [
            row
            for row in self.rows.values()
            if row.room == room
            and (mrn is None or row.mrn == mrn)
            and (lrn is None or row.lrn == lrn)
            and (organisation is None or row.organisation == organisation)
        ]
        free = self.settings.lrn_free_statuses
        return max(
            found,
            key=lambda r: (r.status not in free, self.created_at[r.case_id], self.last_seq[r.case_id]),
            default=None,
        )

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]:
        """Return events in journal order."""
        found = (event for event, _ in self.log[after_seq:] if case_id is None or event.case_id == case_id)
        return [event for event, _ in zip(found, range(limit), strict=False)]

    def size(self) -> int:
        """Return how many events the journal holds."""
        return len(self.log)

    def document(self, document_id: str) -> StoredDocument | None:
        """Return a stored message, None where there is none."""
        found = self.stored.get(document_id)
        return None if found is None else found[1]

    def documents_of(self, case_id: str) -> list[StoredDocument]:
        """Return the messages of a case, oldest first."""
        return [document for owner, document in self.stored.values() if owner == case_id]

    def cases(self, wanted: CaseFilter, *, after: str | None = None, limit: int = 50) -> list[CaseRow]:
        """Return cases, newest first."""
        found = sorted(
            (row for row in self.rows.values() if _matches(row, wanted)),
            key=lambda row: (row.updated_at, row.case_id),
            reverse=True,
        )
        return [row for row in found if after is None or f"{row.updated_at}|{row.case_id}" < after][:limit]

    def count_by_status(self, wanted: CaseFilter) -> dict[str, int]:
        """Count the cases of each status."""
        return dict(Counter(row.status for row in self.rows.values() if _matches(row, wanted)))

    def feed(self, organisation: str, *, after: int = 0, limit: int = 100) -> list[FeedEntry]:
        """Return an organisation's notifications after a number."""
        messages = self.feeds.get(organisation, [])
        return [FeedEntry(number=n + 1, message=messages[n]) for n in range(after, min(after + limit, len(messages)))]

    def notifications_of(self, case_id: str) -> list[FeedEntry]:
        """Return all notifications about a case, by organisation and in the order of its feed."""
        return [
            FeedEntry(number=number, message=message)
            for _, feed in sorted(self.feeds.items())
            for number, message in enumerate(feed, 1)
            if message.case_id == case_id
        ]

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]:
        """Return the last face of each stream of the room, of all time or as of an instant."""
        found = []
        for case_id, faces in sorted(self.all_faces.items()):
            known = [face for face in faces if at is None or face.occurred_at <= at]
            if known and self.rows[case_id].room == room and case_id.startswith(prefix or ""):
                found.append(max(known, key=lambda face: (face.occurred_at, face.seq)))
        return found

    def due(self, now: str, limit: int = 100) -> list[tuple[str, str, str]]:
        """Return clocks that have run out, earliest first: case, act, due time (nothing is claimed here)."""
        found = sorted((due_at, case_id, act) for (case_id, act), due_at in self.clocks.items() if due_at <= now)
        return [(case_id, act, due_at) for due_at, case_id, act in found[:limit]]

    def receipt(self, seq: int) -> dict[str, object] | None:
        """Return event, leaf, proof and root (unsigned)."""
        if not 1 <= seq <= len(self.log):
            return None
        leaves = [event.leaf for event, _ in self.log]
        proof = prove(
            inclusion_ranges(seq - 1, len(leaves)),
            lambda node: tree_root(leaves[node[1] << node[0] : (node[1] + 1) << node[0]]),
        )
        return {
            "seq": seq,
            "event": base64.b64encode(self.log[seq - 1][1]).decode(),
            "leaf_index": seq - 1,
            "tree_size": len(leaves),
            "root": base64.b64encode(tree_root(leaves)).decode(),
            "proof": [base64.b64encode(h).decode() for h in proof],
        }


def reuse_limit(now: str, settings: StoreSettings) -> str:
    """Return the time before which a case no longer holds its LRN."""
    if settings.lrn_reuse_days is None:
        return ""
    limit = datetime.strptime(now, "%Y-%m-%dT%H:%M:%S.%fZ") - timedelta(days=settings.lrn_reuse_days)
    return limit.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def room_fault(row: CaseRow, room: str) -> str:
    """Say that a case cannot move to another room."""
    return f"case {row.case_id}: expected its room {room!r}, found {row.room!r}; fix: open a case of its own there"


def _matches(row: CaseRow, wanted: CaseFilter) -> bool:
    if row.room != wanted.room:
        return False
    if wanted.organisation is not None and row.organisation != wanted.organisation:
        return False
    if wanted.status is not None and row.status not in wanted.status:
        return False
    if wanted.channel is not None and row.channel not in wanted.channel:
        return False
    if wanted.movement is not None and row.movement != wanted.movement:
        return False
    if wanted.office is not None and row.office != wanted.office:
        return False
    if wanted.text is not None:
        text = wanted.text.lower()
        return row.lrn.lower().startswith(text) or (row.mrn or "").lower().startswith(text)
    return True
