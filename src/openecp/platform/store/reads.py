# SPDX-License-Identifier: Apache-2.0
"""Reads of the store: cases, events, documents, feeds; each in its own short transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec

from openecp.kernel.journal.admission import earlier_answer
from openecp.kernel.journal.model import CaseRow, Event, Face, Idempotency, OutboxMessage, StoredDocument, Written
from openecp.kernel.journal.queries import CaseFilter, FeedEntry
from openecp.platform.store.pool import Pool, Row

MAX_ROWS = 10_000  # of one answer
_CASE: LiteralString = (
    "SELECT case_id, organisation, lrn, mrn, status, channel, office, movement, version, state, updated_at, room, "
    "last_seq FROM cases "
)
_EVENT: LiteralString = "SELECT record, leaf FROM events "
_DOCUMENT: LiteralString = """
    SELECT d.document_id, d.kind, d.media_type, d.content, d.salt, d.retain_until,
           ARRAY(SELECT person_key FROM document_persons p WHERE p.document_id = d.document_id ORDER BY person_key)
    FROM documents d """
_KEY: LiteralString = (
    "SELECT body_hash, first_seq, last_seq, recorded_at, answer FROM idempotency WHERE organisation = %s AND key = %s"
)

MAX_FACES = 100_000  # of one answer
_LAST_FACES: LiteralString = (
    "SELECT case_id, seq, occurred_at, face FROM face_streams WHERE room = %s AND case_id >= %s AND case_id < %s "
)
# A stream that has not changed since shows its last face; for the others, one look into the index each.
_FACES_AT: LiteralString = """
    SELECT case_id, seq, occurred_at, face FROM face_streams
    WHERE room = %s AND case_id >= %s AND case_id < %s AND occurred_at <= %s
    UNION ALL SELECT n.case_id, f.seq, f.occurred_at, f.face FROM face_streams n CROSS JOIN LATERAL (
        SELECT seq, occurred_at, face FROM faces
        WHERE stream = n.stream AND occurred_at <= %s ORDER BY occurred_at DESC, seq DESC LIMIT 1) AS f
    WHERE n.room = %s AND n.case_id >= %s AND n.case_id < %s AND n.occurred_at > %s"""
_LARGE_FACES: LiteralString = "SELECT seq, occurred_at, large FROM faces WHERE large IS NOT NULL AND seq = ANY(%s)"


class _Record(msgspec.Struct):
    """An event's record as it lies in the log."""

    seq: int
    case_id: str
    kind: str
    occurred_at: str
    recorded_at: str
    actor: str
    body: dict[str, Any]


_read_record = msgspec.json.Decoder(_Record).decode
_STATES: LiteralString = "SELECT case_id, state FROM cases WHERE case_id = ANY(string_to_array(%s, chr(10)))"


class JournalReads:
    """The reading half of the store."""

    pool: Pool
    lrn_free_statuses: tuple[str, ...]

    def answered_before(self, key: Idempotency) -> Written | None:
        """Return what was answered under a key, or that it was used for another body; None for a new key."""
        rows = self.pool.fetch(_KEY, (key.organisation, key.key))
        if not rows:
            return None
        body_hash, first, last, at, answer = rows[0]
        written = Written(outcome="repeated", first_seq=first, last_seq=last, recorded_at=at, answer=bytes(answer))
        return earlier_answer(key, (bytes(body_hash), written))

    def case(self, case_id: str) -> tuple[CaseRow, int] | None:
        """Return a case and the last seq of its stream."""
        rows = self.pool.fetch(_CASE + "WHERE case_id = %s", (case_id,))
        return (_case(rows[0]), rows[0][12]) if rows else None

    def states(self, case_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the states of those cases that there are, by id; in one question."""
        names = "\n".join(name for name in case_ids if "\n" not in name)  # one text: a list takes thirty times as long
        rows = self.pool.fetch(_STATES, (names,))
        return {row[0]: bytes(row[1]) for row in rows}

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
        rows = self.pool.fetch(
            _CASE
            + """WHERE room = %s AND (%s::text IS NULL OR mrn = %s)
                AND (%s::text IS NULL OR lrn = %s) AND (%s::text IS NULL OR organisation = %s)
                """
            + ("AND upper(mrn) = upper(%s)" if mrn is not None else "AND lower(lrn) = lower(%s)")
            + " ORDER BY status <> ALL(%s) DESC, created_at DESC, last_seq DESC LIMIT 1",
            (room, mrn, mrn, lrn, lrn, organisation, organisation, mrn or lrn, list(self.lrn_free_statuses)),
        )
        return _case(rows[0]) if rows else None

    def cases(self, wanted: CaseFilter, *, after: str | None = None, limit: int = 50) -> list[CaseRow]:
        """Return cases, newest first; `after` is the `updated_at|case_id` of the last row of the page before."""
        where, parameters = _where(wanted)
        if after is not None:
            updated_at, _, case_id = after.partition("|")
            where += " AND (updated_at, case_id) < (%s, %s)"
            parameters += [updated_at, case_id]
        rows = self.pool.fetch(
            _CASE + where + " ORDER BY updated_at DESC, case_id DESC LIMIT %s", (*parameters, _limit(limit))
        )
        return [_case(row) for row in rows]

    def count_by_status(self, wanted: CaseFilter) -> dict[str, int]:
        """Count the cases of each status."""
        where, parameters = _where(wanted)
        query: LiteralString = "SELECT status, count(*) FROM cases "
        return dict(self.pool.fetch(query + where + " GROUP BY status", parameters))

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]:
        """Return events in journal order."""
        if case_id is None:
            rows = self.pool.fetch(_EVENT + "WHERE seq > %s ORDER BY seq LIMIT %s", (after_seq, _limit(limit)))
        else:
            rows = self.pool.fetch(
                _EVENT + "WHERE case_id = %s AND seq > %s ORDER BY seq LIMIT %s", (case_id, after_seq, _limit(limit))
            )
        return [_event(row) for row in rows]

    def document(self, document_id: str) -> StoredDocument | None:
        """Return a stored message, None where it was erased."""
        rows = self.pool.fetch(_DOCUMENT + "WHERE d.document_id = %s AND d.content IS NOT NULL", (document_id,))
        return _document(rows[0]) if rows else None

    def documents_of(self, case_id: str) -> list[StoredDocument]:
        """Return the messages of a case that are not erased, oldest first."""
        rows = self.pool.fetch(
            _DOCUMENT + "WHERE d.case_id = %s AND d.content IS NOT NULL ORDER BY d.number LIMIT %s", (case_id, MAX_ROWS)
        )
        return [_document(row) for row in rows]

    def feed(self, organisation: str, *, after: int = 0, limit: int = 100) -> list[FeedEntry]:
        """Return an organisation's notifications after a number; replayable at any time."""
        rows = self.pool.fetch(
            "SELECT number, message_id, organisation, case_id, kind, body, created_at FROM outbox "
            "WHERE organisation = %s AND number > %s ORDER BY number LIMIT %s",
            (organisation, after, _limit(limit)),
        )
        return [feed_entry(row) for row in rows]

    def notifications_of(self, case_id: str) -> list[FeedEntry]:
        """Return all notifications about a case, by organisation and in the order of its feed."""
        rows = self.pool.fetch(
            "SELECT number, message_id, organisation, case_id, kind, body, created_at FROM outbox "
            "WHERE case_id = %s ORDER BY organisation, number LIMIT %s",
            (case_id, MAX_ROWS),
        )
        return [feed_entry(row) for row in rows]

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]:
        """Return the last face of each stream of the room, of all time or as of an instant, by case.

        The last is the one with the latest `occurred_at`, of equal ones that with the greatest `seq`.
        Limits: MAX_FACES streams.
        """
        wanted = [room, prefix or "", (prefix or "") + "\x7f"]  # case ids are ASCII
        if at is None:
            rows = self.pool.fetch(_LAST_FACES + "ORDER BY case_id LIMIT %s", (*wanted, MAX_FACES), binary=True)
            return [Face(*row) for row in rows]
        rows = self.pool.fetch(_FACES_AT, (*wanted, at, at, *wanted, at), binary=True)
        large = [row[1] for row in rows if row[3] is None]
        if large:
            more = {tuple(row[:2]): row[2] for row in self.pool.fetch(_LARGE_FACES, (large,), binary=True)}
            rows = [(*row[:3], more[row[1], row[2]]) if row[3] is None else row for row in rows]
        return sorted([Face(*row) for row in rows], key=lambda face: face.case_id)[:MAX_FACES]

    def ledger_of(self, case_id: str) -> list[dict[str, object]]:
        """Return the ledger entries of a case in the order of their numbers."""
        names = (
            "number", "entry_id", "debit", "credit", "amount_minor", "currency", "reason", "reverses", "recorded_at",
        )  # fmt: skip
        rows = self.pool.fetch(
            "SELECT number, entry_id, debit, credit, amount_minor, currency, reason, reverses, recorded_at "
            "FROM ledger WHERE case_id = %s ORDER BY number LIMIT %s",
            (case_id, MAX_ROWS),
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def balances(self, *, prefix: str = "") -> dict[tuple[str, str], int]:
        """Return debits less credits of each account and currency whose account begins with `prefix`."""
        rows = self.pool.fetch(
            """SELECT account, currency, sum(amount)::bigint FROM (
                   SELECT debit AS account, currency, amount_minor AS amount FROM ledger
                   UNION ALL SELECT credit, currency, -amount_minor FROM ledger) AS postings
               WHERE starts_with(account, %s) GROUP BY account, currency""",
            (prefix,),
        )
        return {(account, currency): amount for account, currency, amount in rows}

    def size(self) -> int:
        """Return how many events the journal holds."""
        return int(self.pool.fetch("SELECT size FROM journal_head")[0][0])


def _limit(limit: int) -> int:
    return max(0, min(limit, MAX_ROWS))


def _where(wanted: CaseFilter) -> tuple[LiteralString, list[Any]]:
    """Return the condition of a work list; every part is fixed text, values are parameters."""
    where: LiteralString = "WHERE room = %s"
    parameters: list[Any] = [wanted.room]
    if wanted.organisation is not None:
        where += " AND organisation = %s"
        parameters.append(wanted.organisation)
    if wanted.status is not None:
        where += " AND status = ANY(%s)"
        parameters.append(list(wanted.status))
    if wanted.channel is not None:
        where += " AND channel = ANY(%s)"
        parameters.append(list(wanted.channel))
    if wanted.movement is not None:
        where += " AND movement = %s"
        parameters.append(wanted.movement)
    if wanted.office is not None:
        where += " AND office = %s"
        parameters.append(wanted.office)
    if wanted.text is not None:
        literal = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        where += " AND (lower(lrn) LIKE %s OR upper(mrn) LIKE %s)"
        parameters += [literal.lower() + "%", literal.upper() + "%"]
    return where, parameters


def _case(row: Row) -> CaseRow:
    return CaseRow(
        case_id=row[0],
        organisation=row[1],
        lrn=row[2],
        mrn=row[3],
        status=row[4],
        channel=row[5],
        office=row[6],
        movement=row[7],
        version=row[8],
        state=row[9],
        updated_at=row[10],
        room=row[11],
    )


def _event(row: Row) -> Event:
    record = _read_record(row[0])
    return Event(
        seq=record.seq,
        case_id=record.case_id,
        kind=record.kind,
        occurred_at=record.occurred_at,
        recorded_at=record.recorded_at,
        actor=record.actor,
        body=record.body,
        leaf=row[1],
    )


def _document(row: Row) -> StoredDocument:
    return StoredDocument(
        document_id=row[0],
        kind=row[1],
        media_type=row[2],
        content=row[3],
        salt=row[4],
        retain_until=row[5],
        person_keys=tuple(row[6]),
    )


def feed_entry(row: Row) -> FeedEntry:
    """Build a feed entry from number, message id, organisation, case, kind, body and time."""
    return FeedEntry(
        number=row[0],
        message=OutboxMessage(
            message_id=row[1], organisation=row[2], case_id=row[3], kind=row[4], body=row[5], created_at=row[6]
        ),
    )
