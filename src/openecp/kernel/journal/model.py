# SPDX-License-Identifier: Apache-2.0
"""What is written in one transaction, and what comes back: events, case state, outbox, ledger, deadlines, receipts.

The journal does not know what an event means. An event's body is a JSON object without personal data: names,
addresses and personal identifiers stay in the `documents` table, and the event carries a salted hash of them.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

import msgspec


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A fact to be recorded in a case's stream. `occurred_at` is UTC, ISO 8601 with microseconds and `Z`."""

    kind: str  # past tense, `DeclarationAccepted`
    occurred_at: str
    actor: str  # `person:<id>`, `system:<id>` or `customs`
    body: dict[str, Any]  # canonical JSON (RFC 8785) when written


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as recorded: `seq` is the order of the journal, from 1 without a gap; `leaf` its RFC 6962 leaf hash."""

    seq: int
    case_id: str
    kind: str
    occurred_at: str
    recorded_at: str
    actor: str
    body: dict[str, Any]
    leaf: bytes


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A message or attachment kept outside the log, so that it can be erased; `person_keys` name whom it is about."""

    document_id: str
    kind: str  # "declaration", "request", "response"
    media_type: str
    content: bytes
    salt: bytes  # the event holds sha256(salt + content) only
    person_keys: tuple[str, ...] = ()
    retain_until: str | None = None
    digest: str = ""  # that salted hash in hexadecimal, where whoever made the document has it already; never read back


class OutboxMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A notification to be delivered: in the organisation's pull feed at once, and to its webhook by the relay."""

    message_id: str
    organisation: str
    case_id: str
    kind: str  # notification function code and name, `01 ACC`
    body: bytes  # JSON of the Response
    created_at: str


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One double entry: the same amount debited and credited, never edited; a reversal names what it reverses."""

    entry_id: str
    case_id: str
    debit: str  # account, `receivable:<organisation>`
    credit: str  # account, `revenue:<tax type>`
    amount_minor: int
    currency: str
    reason: str
    reverses: str | None = None


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """A clock of a case: at `due_at` the casework is asked to apply `act`; a later write may replace or drop it."""

    act: str
    due_at: str | None  # None drops the clock


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """The searchable face of a case and its folded state; `state` is rebuilt from the events alone by a replay."""

    case_id: str
    organisation: str
    lrn: str
    mrn: str | None
    status: str
    channel: str | None
    office: str | None
    movement: str | None
    version: int
    state: bytes  # canonical JSON
    updated_at: str
    room: str = "lodgement"  # the capability or instrument whose case it is; a case never changes its room


class Idempotency(msgspec.Struct, frozen=True, kw_only=True):
    """Key of a request within an organisation, and the hash of its body."""

    organisation: str
    key: str
    body_hash: bytes


class CaseWrite(msgspec.Struct, frozen=True, kw_only=True):
    """All that one command writes, in one transaction. `expected_seq` is the stream's last seq, 0 for a new case."""

    row: CaseRow
    expected_seq: int
    events: tuple[NewEvent, ...]
    documents: tuple[StoredDocument, ...] = ()
    outbox: tuple[OutboxMessage, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    idempotency: Idempotency | None = None
    answer: bytes = b""  # what a repeated request gets again
    group: str | None = None  # writes of one batch with the same group are recorded all together or not at all
    face: bytes | None = None  # what lists and reports show of the case from here on; holds no personal data
    faces: tuple[tuple[str, bytes], ...] = ()  # further instants and faces, where a write tells of the past


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one `CaseWrite`.

    `recorded`: done; `repeated`: same key and body, `answer` is the first one's; `conflict`: same key, other body;
    `stale`: the stream has moved on, decide again; `duplicate`: the LRN is already in use by this organisation;
    `invalid`: this write cannot be recorded, `error` says why (the rest of the batch is recorded all the same).
    In a group one failure withholds all: the write that failed keeps its outcome, the others are `stale` and `error`
    names the one that failed. A key that was used before makes the whole group `repeated`.
    """

    outcome: Literal["recorded", "repeated", "conflict", "stale", "duplicate", "invalid"]
    first_seq: int = 0
    last_seq: int = 0
    recorded_at: str = ""
    answer: bytes = b""
    error: str = ""


class Face(msgspec.Struct, frozen=True, gc=False):
    """What a case looked like after the write whose last event is `seq`; `occurred_at` is its latest event's time."""

    case_id: str
    seq: int
    occurred_at: str
    face: bytes


class Store(Protocol):
    """The one store. Every method is synchronous; one writer process calls `write`, anyone reads."""

    def write(self, batch: list[CaseWrite]) -> list[Written]:
        """Record a batch in one transaction (one Merkle frontier row); the answers stand in the batch's order."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None:
        """Return a case and the last seq of its stream."""

    def find_case(
        self,
        *,
        mrn: str | None = None,
        lrn: str | None = None,
        organisation: str | None = None,
        room: str = "lodgement",
    ) -> CaseRow | None:
        """Return the room's case with this MRN, or with this LRN of this organisation."""

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]:
        """Return events in journal order."""

    def document(self, document_id: str) -> StoredDocument | None:
        """Return a stored message, None where it was erased."""

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]:
        """Return the last face of each stream of the room, of all time or as of an instant."""
