# SPDX-License-Identifier: Apache-2.0
"""What a write must look like before it may enter the journal: one bad write never spoils the batch it came in."""

from __future__ import annotations

import re

import msgspec

from openecp.kernel.journal.canonical import (
    MAX_INTEGER,
    NotCanonical,
    are_names,
    are_times,
    body_bytes,
    check_name,
    check_time,
)
from openecp.kernel.journal.model import (
    CaseWrite,
    Deadline,
    Idempotency,
    LedgerEntry,
    OutboxMessage,
    StoredDocument,
    Written,
)

MAX_EVENTS = 256
MAX_ATTACHED = 1_000  # documents, messages, entries or clocks of one write
MAX_DOCUMENT_BYTES = 64 << 20
MAX_STATE_BYTES = 16 << 20
MAX_FACE_BYTES = 256 << 10
MAX_GROUP = 20_000  # writes of one group
MAX_TEXT = 500
_DIGEST = re.compile(r"[0-9a-f]{64}")


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation decides about its store.

    `lrn_reuse_days`: an organisation may use an LRN again so many days after the earlier case; None: never. A case in
    one of `lrn_free_statuses` does not hold its LRN. `retention_days`: how long a document of a kind is kept.
    """

    lrn_reuse_days: int | None = None
    lrn_free_statuses: tuple[str, ...] = ("rejected",)
    retention_days: dict[str, int] = {}
    pool_size: int = 6


def check_write(write: CaseWrite) -> list[bytes]:
    """Check one write alone and return the canonical bodies of its events.

    Raises: NotCanonical, naming the field, what was expected and what was found.
    """
    row = write.row
    check_name("case_id", row.case_id)
    _check_texts(
        "case", row.organisation, row.lrn, row.mrn, row.status, row.channel, row.office, row.movement, row.room,
        write.group,
    )  # fmt: skip
    check_time("updated_at", row.updated_at)
    if not row.organisation or not row.status or not row.room:
        raise NotCanonical("case: expected an organisation, a status and a room, found none")
    if len(row.state) > MAX_STATE_BYTES:
        raise NotCanonical(f"state: expected at most {MAX_STATE_BYTES} bytes, found {len(row.state)}")
    if write.face is not None and len(write.face) > MAX_FACE_BYTES:
        raise NotCanonical(f"face: expected at most {MAX_FACE_BYTES} bytes, found {len(write.face)}")
    if write.faces:
        _check_faces(write)
    if not 0 <= write.expected_seq <= MAX_INTEGER:
        raise NotCanonical(f"expected_seq: expected 0 or the stream's last seq, found {write.expected_seq}")
    if not 1 <= len(write.events) <= MAX_EVENTS:
        raise NotCanonical(f"events: expected 1 to {MAX_EVENTS}, found {len(write.events)}")
    if max(len(write.documents), len(write.outbox), len(write.ledger), len(write.deadlines)) > MAX_ATTACHED:
        raise NotCanonical(f"write: expected at most {MAX_ATTACHED} documents, messages, entries or clocks")
    if not _attached_are_good(write):
        for document in write.documents:
            _check_document(document)
        for message in write.outbox:
            _check_message(message)
        for entry in write.ledger:
            _check_entry(entry)
        for deadline in write.deadlines:
            _check_deadline(deadline)
        if write.idempotency is not None:
            _check_texts("idempotency", write.idempotency.organisation, write.idempotency.key)
    return [body_bytes(event) for event in write.events]


def _attached_are_good(write: CaseWrite) -> bool:
    """Look at all that comes with the events at once; False where anything is to be looked at one by one."""
    names: list[str] = []
    texts: list[str] = []
    times: list[str] = []
    largest = 0
    for document in write.documents:
        names.append(document.document_id)
        texts += (document.kind, document.media_type, *document.person_keys)
        largest = max(largest, len(document.content))
        if document.retain_until is not None or len(document.salt) < 16:
            return False
        if document.digest and not _DIGEST.fullmatch(document.digest):
            return False
    for message in write.outbox:
        names.append(message.message_id)
        texts += (message.organisation, message.case_id, message.kind)
        times.append(message.created_at)
        largest = max(largest, len(message.body))
    for entry in write.ledger:
        names.append(entry.entry_id)
        texts += (entry.case_id, entry.debit, entry.credit, entry.currency, entry.reason, entry.reverses or "")
        if not 0 < entry.amount_minor <= MAX_INTEGER or entry.debit == entry.credit:
            return False
    for deadline in write.deadlines:
        texts.append(deadline.act)
        if deadline.due_at is not None:
            times.append(deadline.due_at)
    if write.idempotency is not None:
        texts += (write.idempotency.organisation, write.idempotency.key)
    joined = "".join(texts)
    return (
        largest <= MAX_STATE_BYTES
        and joined.isascii()
        and "\x00" not in joined
        and max(map(len, texts), default=0) <= MAX_TEXT
        and are_names(names)
        and are_times(times)
    )


def _check_faces(write: CaseWrite) -> None:
    told = max(event.occurred_at for event in write.events)
    instants = [instant for instant, _ in write.faces] + ([told] if write.face is not None else [])
    if len(set(instants)) < len(instants):
        raise NotCanonical(f"faces: expected one face an instant (`face` stands at {told}), found {sorted(instants)}")
    if len(write.faces) > MAX_ATTACHED:
        raise NotCanonical(f"faces: expected at most {MAX_ATTACHED}, found {len(write.faces)}")
    for instant, face in write.faces:
        check_time("faces", instant)
        if instant < told or len(face) > MAX_FACE_BYTES:
            raise NotCanonical(
                f"faces: expected instants from {told} on and at most {MAX_FACE_BYTES} bytes, found {instant} and "
                f"{len(face)}"
            )


def _check_texts(where: str, *texts: str | None) -> None:
    joined = "".join([text for text in texts if text])
    if len(joined) <= MAX_TEXT and joined.isascii() and "\x00" not in joined:
        return  # so it nearly always is: one look at all fields together
    for text in texts:
        if text is None:
            continue
        if len(text) > MAX_TEXT or "\x00" in text:
            raise NotCanonical(f"{where}: expected at most {MAX_TEXT} characters without NUL, found {text[:40]!r}")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise NotCanonical(f"{where}: expected text in Unicode, found a lone surrogate") from error


def _check_document(document: StoredDocument) -> None:
    check_name("document_id", document.document_id)
    _check_texts("document", document.kind, document.media_type, *document.person_keys)
    if len(document.content) > MAX_DOCUMENT_BYTES:
        raise NotCanonical(f"document: expected at most {MAX_DOCUMENT_BYTES} bytes, found {len(document.content)}")
    if len(document.salt) < 16:
        raise NotCanonical(f"document {document.document_id}: expected a salt of at least 16 bytes")
    if document.digest and not _DIGEST.fullmatch(document.digest):
        raise NotCanonical(f"document {document.document_id}: expected a digest of 64 hexadecimal digits, or none")
    if document.retain_until is not None:
        check_time("retain_until", document.retain_until)


def _check_message(message: OutboxMessage) -> None:
    check_name("message_id", message.message_id)
    _check_texts("outbox", message.organisation, message.case_id, message.kind)
    check_time("created_at", message.created_at)
    if len(message.body) > MAX_STATE_BYTES:
        raise NotCanonical(f"outbox: expected at most {MAX_STATE_BYTES} bytes, found {len(message.body)}")


def _check_entry(entry: LedgerEntry) -> None:
    check_name("entry_id", entry.entry_id)
    _check_texts("ledger", entry.case_id, entry.debit, entry.credit, entry.currency, entry.reason, entry.reverses)
    if not 0 < entry.amount_minor <= MAX_INTEGER:
        raise NotCanonical(
            f"ledger {entry.entry_id}: expected a positive amount in minor units within 2^53, found "
            f"{entry.amount_minor}; fix: to take money back, swap debit and credit and name what is reversed"
        )
    if entry.debit == entry.credit:
        raise NotCanonical(f"ledger {entry.entry_id}: expected two accounts, found {entry.debit!r} twice")


def _check_deadline(deadline: Deadline) -> None:
    _check_texts("deadline", deadline.act)
    if deadline.due_at is not None:
        check_time("due_at", deadline.due_at)


def earlier_answer(key: Idempotency, held: tuple[bytes, Written] | None) -> Written | None:
    """Return the answer to a key by the body hash and answer that are held for it; None where the key is new."""
    if held is None:
        return None
    if held[0] != key.body_hash:
        return Written(outcome="conflict")
    return msgspec.structs.replace(held[1], outcome="repeated")
