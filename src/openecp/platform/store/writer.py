# SPDX-License-Identifier: Apache-2.0
"""Records batches of writes, each batch in one transaction with one step of the tree's frontier.

Whoever records holds the row `journal_head`, so that the sequence has no gap and no two writers fork the tree, even
when two processes write. Reads made under that lock are therefore true until the commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, LiteralString

import psycopg

from openecp.kernel.journal.admission import StoreSettings, check_write
from openecp.kernel.journal.canonical import NotCanonical
from openecp.kernel.journal.groups import units_of, withheld
from openecp.kernel.journal.memory import reuse_limit
from openecp.kernel.journal.merkle import Frontier
from openecp.kernel.journal.model import CaseWrite, NewEvent, Written
from openecp.platform.store.admit import Batch, KnownCase, KnownEntry, add_events, admit, admit_group, case_rows
from openecp.platform.store.errors import StoreUnavailable
from openecp.platform.store.pool import BROKEN, Connection
from openecp.platform.store.rows import ROW_OF, SIZE_32, copy_rows, int2_field, int8_field

Prepared = tuple[int, CaseWrite, list[bytes]]  # place in the batch, the write, its events' bodies
Unit = list[Prepared]  # a single write, or those of a group

_HEAD: LiteralString = "SELECT size, frontier, recorded_at, ledger_number, ledger_chain FROM journal_head FOR UPDATE"
_KEYS: LiteralString = """
    SELECT i.organisation, i.key, i.body_hash, i.first_seq, i.last_seq, i.recorded_at, i.answer
    FROM unnest(%b::text[], %b::text[]) AS w (organisation, key)
    JOIN idempotency i ON i.organisation = w.organisation AND i.key = w.key"""
_CASES: LiteralString = "SELECT case_id, last_seq, created_at, room FROM cases WHERE case_id = ANY(%b)"
_LRNS: LiteralString = """
    SELECT c.room, c.organisation, c.lrn, c.case_id
    FROM unnest(%b::text[], %b::text[], %b::text[]) AS w (room, organisation, lrn)
    JOIN cases c ON lower(c.lrn) = lower(w.lrn) AND c.lrn = w.lrn AND c.organisation = w.organisation
        AND c.room = w.room
    WHERE c.status <> ALL(%b) AND c.created_at > %s"""
_FEEDS: LiteralString = "SELECT organisation, last_number FROM feed_heads WHERE organisation = ANY(%b)"
_ENTRIES: LiteralString = """
    SELECT e.entry_id, e.debit, e.credit, e.amount_minor, e.currency,
           coalesce((SELECT sum(r.amount_minor)::bigint FROM ledger r WHERE r.reverses = e.entry_id), 0)
    FROM ledger e WHERE e.entry_id = ANY(%b)"""
_FACES: LiteralString = (
    "SELECT case_id, stream, occurred_at, seq FROM face_streams WHERE case_id = ANY(%b) AND room = ANY(%b)"
)


class Writer:
    """The one way by which anything enters the journal; one thread at a time."""

    def __init__(self, connect: Callable[[], Connection], clock: Callable[[], str], settings: StoreSettings) -> None:
        """Take the way to connect, the clock that gives the record time, and the settings."""
        self._connect = connect
        self._clock = clock
        self.settings = settings
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._sent: tuple[int, bytes] | None = None  # size and last leaf of a commit whose answer is still to come

    def write(self, batch: list[CaseWrite]) -> list[Written]:
        """Record a batch; the answers stand in its order.

        Raises: StoreUnavailable, when the database does not answer: whether it recorded is then unknown.
        """
        now = self._clock()
        answers: list[Written | None] = [None] * len(batch)
        units: list[Unit] = []
        for places in units_of(batch):
            unit: Unit = []
            for place in places:
                try:
                    unit.append((place, batch[place], check_write(batch[place])))
                except NotCanonical as error:
                    invalid = Written(outcome="invalid", error=str(error))
                    _withhold([batch[place] for place in places], places, len(unit), invalid, answers)
                    break
            else:
                units.append(unit)
        with self._lock:
            if units:
                self._record_or_split(units, answers, now)
        return [answer if answer is not None else Written(outcome="invalid") for answer in answers]

    def _record_or_split(self, units: list[Unit], answers: list[Written | None], now: str) -> None:
        """Record; when the database refuses a row, record the halves, until the refused write stands alone."""
        try:
            found = self._record_and_resolve(units, now)
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            if len(units) == 1:
                said = error.diag.message_primary or str(error)
                detail = f": {error.diag.message_detail}" if error.diag.message_detail else ""
                refused = Written(outcome="invalid", error=f"the store refused it: {said}{detail}")
                writes, places = [write for _, write, _ in units[0]], [place for place, _, _ in units[0]]
                _withhold(writes, places, self._refused_member(units[0], now), refused, answers)
                return
            middle = len(units) // 2
            self._record_or_split(units[:middle], answers, now)
            self._record_or_split(units[middle:], answers, now)
            return
        for (place, _, _), answer in zip((one for unit in units for one in unit), found, strict=True):
            answers[place] = answer

    def _refused_member(self, unit: Unit, now: str) -> int:
        """Return which write of a group the database refuses, by trying ever closer beginnings of it in vain."""
        low, high = 0, len(unit)  # the first `low` are not refused, the first `high` are
        while high - low > 1:
            middle = (low + high) // 2
            try:
                self._record_and_resolve([unit[:middle]], now, trial=True)
                low = middle
            except (psycopg.IntegrityError, psycopg.DataError):
                high = middle
        return high - 1

    def _record_and_resolve(self, units: list[Unit], now: str, *, trial: bool = False) -> list[Written]:
        """Record; when the connection breaks, find out under the lock whether the commit had arrived, else repeat."""
        found: list[Written] = []
        for last_try in (False, False, True):
            try:
                if self._sent is not None and self._arrived():
                    self._sent = None
                    return found
                self._sent = None
                found = []
                self._record(units, found, now, trial)
                return found
            except BROKEN as error:
                self._drop_connection()
                if last_try:
                    self._sent = None
                    raise StoreUnavailable(
                        f"store: the database does not answer, what was sent may or may not be recorded: {error}; "
                        "fix: send the same requests with the same keys again"
                    ) from error
            except BaseException:
                self._roll_back()
                raise
        raise AssertionError("unreachable")

    def _arrived(self) -> bool:
        assert self._sent is not None
        size, leaf = self._sent
        connection = self._open()
        connection.execute("SELECT 1 FROM journal_head FOR UPDATE")  # waits for what the lost connection still does
        row = connection.execute("SELECT leaf FROM events WHERE seq = %s", (size,)).fetchone()
        connection.rollback()
        return row is not None and bytes(row[0]) == leaf

    def _record(self, units: list[Unit], found: list[Written], now: str, trial: bool) -> None:
        connection = self._open()
        batch = self._begin(connection, [write for unit in units for _, write, _ in unit], now)
        before = batch.size
        for unit in units:
            _, write, bodies = unit[0]
            if write.group is None:
                found.append(admit(batch, write, bodies))
            else:
                found.extend(admit_group(batch, [one[1] for one in unit], [one[2] for one in unit]))
        if batch.size == before:
            connection.rollback()
            return
        self._store(connection, batch)
        if trial:
            connection.rollback()
            return
        self._sent = (batch.size, batch.leaves[-1])
        connection.commit()
        self._sent = None

    def append(self, case_id: str, events: list[tuple[NewEvent, bytes]], also: Callable[[Connection], None]) -> int:
        """Record events of the installation itself (an erasure) together with what they tell of; return the last seq.

        Raises: StoreUnavailable, as `write`.
        """
        with self._lock:
            try:
                connection = self._open()
                batch = self._begin(connection, [], self._clock())
                add_events(batch, case_id, [event for event, _ in events], [body for _, body in events])
                also(connection)
                self._store(connection, batch)
                connection.commit()
            except BROKEN as error:
                self._drop_connection()
                raise StoreUnavailable(f"store: the database does not answer: {error}; fix: try again") from error
            except BaseException:
                self._roll_back()
                raise
            return batch.size

    def _begin(self, connection: Connection, writes: list[CaseWrite], now: str) -> Batch:
        """Take the lock and read what the batch may collide with, in one round trip."""
        keys = {(k.organisation, k.key): None for w in writes if (k := w.idempotency) is not None}
        lrns = {(w.row.room, w.row.organisation, w.row.lrn): None for w in writes if not w.expected_seq and w.row.lrn}
        faced = {(w.row.case_id, w.row.room): None for w in writes if w.face is not None or w.faces}
        feeds = {m.organisation: None for w in writes for m in w.outbox}
        reversed_ids = {e.reverses: None for w in writes for e in w.ledger if e.reverses is not None}
        free = list(self.settings.lrn_free_statuses)
        since = reuse_limit(now, self.settings)
        with connection.pipeline():
            head = connection.execute(_HEAD)
            known_keys = connection.execute(_KEYS, _columns(keys, 2))
            known_cases = connection.execute(_CASES, (list(dict.fromkeys(w.row.case_id for w in writes)),))
            known_lrns = connection.execute(_LRNS, (*_columns(lrns, 3), free, since))
            known_feeds = connection.execute(_FEEDS, (list(feeds),))
            known_entries = connection.execute(_ENTRIES, (list(reversed_ids),)) if reversed_ids else None
            known_faces = connection.execute(_FACES, _columns(faced, 2)) if faced else None
        row = head.fetchone()
        assert row is not None
        size, frontier, recorded_at, ledger_number, ledger_chain = row
        holders: dict[tuple[str, str, str], frozenset[str]] = {}
        lrn_of: dict[str, tuple[str, str, str]] = {}
        for room, organisation, lrn, case_id in known_lrns:
            lrn_of[case_id] = name = (room, organisation, lrn)
            holders[name] = holders.get(name, frozenset()) | {case_id}
        return Batch(
            frontier=Frontier.from_bytes(size, frontier),
            recorded_at=max(now, recorded_at),
            ledger_number=ledger_number,
            ledger_chain=ledger_chain,
            lrn_since=since,
            lrn_free=frozenset(free),
            keys={
                (organisation, key): (
                    body_hash,
                    Written(outcome="repeated", first_seq=first, last_seq=last, recorded_at=at, answer=answer),
                )
                for organisation, key, body_hash, first, last, at, answer in known_keys
            },
            cases={
                case_id: KnownCase(last_seq=seq, created_at=at, room=room) for case_id, seq, at, room in known_cases
            },
            lrn_holders=holders,
            lrn_of=lrn_of,
            feed_heads=dict(known_feeds.fetchall()),
            entries={entry[0]: KnownEntry(*entry[1:]) for entry in known_entries or ()},
            face_heads={case_id: (stream, at, seq) for case_id, stream, at, seq in known_faces or ()},
            size=size,
        )

    def _store(self, connection: Connection, batch: Batch, *, more: Sequence[tuple[bytes, list[bytes]]] = ()) -> None:
        """Write the batch's rows; COPY for what is new, one statement for each kind of change."""
        nodes = batch.frontier.extend(batch.leaves)
        changed = [_case_columns(known) for known in batch.touched.values() if not known.new]
        copy_rows(
            connection,
            [
                (b"COPY events FROM STDIN (FORMAT binary)", batch.events),
                (_COPY_CASES, case_rows(batch.touched.values())),
                (_COPY_DOCUMENTS, batch.documents),
                (b"COPY outbox FROM STDIN (FORMAT binary)", batch.outbox),
                (b"COPY idempotency FROM STDIN (FORMAT binary)", batch.idempotency),
                (b"COPY ledger FROM STDIN (FORMAT binary)", batch.ledger),
                (b"COPY document_persons FROM STDIN (FORMAT binary)", batch.persons),
                (b"COPY faces FROM STDIN (FORMAT binary)", batch.faces),
                (_COPY_NODES, _node_rows(nodes)),
                *more,
            ],
        )
        with connection.pipeline():
            if changed:
                connection.execute(_UPDATE_CASES, [list(column) for column in zip(*changed, strict=True)])
            if batch.touched_feeds:
                connection.execute(_UPSERT_FEEDS, _columns(batch.touched_feeds.items(), 2))
            if batch.last_faces:
                connection.execute(_UPSERT_LAST_FACES, _columns(batch.last_faces.values(), 6))
            if batch.deadlines:
                connection.execute(_DROP_DEADLINES, _columns(batch.deadlines, 2))
                kept = [(case_id, act, due) for (case_id, act), due in batch.deadlines.items() if due is not None]
                connection.execute(_INSERT_DEADLINES, _columns(kept, 3))
            connection.execute(
                "UPDATE journal_head SET size = %s, frontier = %s, recorded_at = %s, ledger_number = %s, "
                "ledger_chain = %s",
                (batch.size, batch.frontier.to_bytes(), batch.recorded_at, batch.ledger_number, batch.ledger_chain),
            )

    def _open(self) -> Connection:
        if self._connection is None:
            connection = self._connect()
            connection.autocommit = True
            # The tables may be empty when plans are first made: always take the index, whatever the estimates say.
            connection.execute("SET enable_seqscan = off")
            connection.execute("SET enable_hashjoin = off")
            connection.execute("SET enable_mergejoin = off")
            connection.autocommit = False
            self._connection = connection
        return self._connection

    def _roll_back(self) -> None:
        try:
            if self._connection is not None:
                self._connection.rollback()
        except psycopg.Error:
            self._drop_connection()

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop_connection()


_COPY_CASES = (
    b"COPY cases (case_id, organisation, lrn, mrn, status, channel, office, movement, version, state, updated_at, "
    b"created_at, last_seq, room) FROM STDIN (FORMAT binary)"
)
_COPY_DOCUMENTS = (
    b"COPY documents (document_id, case_id, kind, media_type, content, salt, digest, retain_until, recorded_at) "
    b"FROM STDIN (FORMAT binary)"
)
_COPY_NODES = b"COPY merkle_nodes FROM STDIN (FORMAT binary)"
_UPDATE_CASES: LiteralString = """
    UPDATE cases c SET organisation = w.organisation, lrn = w.lrn, mrn = w.mrn, status = w.status, channel = w.channel,
        office = w.office, movement = w.movement, version = w.version, state = w.state, updated_at = w.updated_at,
        last_seq = w.last_seq
    FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[],
        %b::int4[], %b::bytea[], %b::text[], %b::text[], %b::int8[], %b::text[])
        AS w (case_id, organisation, lrn, mrn, status, channel, office, movement, version, state, updated_at,
              created_at, last_seq, room)
    WHERE c.case_id = w.case_id"""
_UPSERT_FEEDS: LiteralString = """
    INSERT INTO feed_heads SELECT * FROM unnest(%b::text[], %b::int8[])
    ON CONFLICT (organisation) DO UPDATE SET last_number = excluded.last_number"""
_UPSERT_LAST_FACES: LiteralString = """
    INSERT INTO face_streams (room, case_id, stream, seq, occurred_at, face)
    SELECT * FROM unnest(%b::text[], %b::text[], %b::int8[], %b::int8[], %b::text[], %b::bytea[])
    ON CONFLICT (room, case_id) DO UPDATE
        SET seq = excluded.seq, occurred_at = excluded.occurred_at, face = excluded.face"""
_DROP_DEADLINES: LiteralString = """
    DELETE FROM deadlines d USING unnest(%b::text[], %b::text[]) AS w (case_id, act)
    WHERE d.case_id = w.case_id AND d.act = w.act"""
_INSERT_DEADLINES: LiteralString = (
    "INSERT INTO deadlines (case_id, act, due_at) SELECT * FROM unnest(%b::text[], %b::text[], %b::text[])"
)


def _node_rows(nodes: list[tuple[int, int, bytes]]) -> list[bytes]:
    rows: list[bytes] = []
    for level, index, node in nodes:
        rows += (ROW_OF[3], int2_field(2, level), int8_field(8, index), SIZE_32, node)
    return rows


def _withhold(
    writes: list[CaseWrite], places: list[int], failing: int, answer: Written, answers: list[Written | None]
) -> None:
    """Answer for a write that failed, and for its group where it has one."""
    for place, told in zip(places, withheld(writes, failing, answer), strict=True):
        answers[place] = told


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Turn rows into columns, also when there are none."""
    listed = list(rows)
    return [[row[place] for row in listed] for place in range(width)]


def _case_columns(known: KnownCase) -> tuple[object, ...]:
    row = known.row
    assert row is not None
    return (
        row.case_id, row.organisation, row.lrn, row.mrn, row.status, row.channel, row.office, row.movement,
        row.version, row.state, row.updated_at, known.created_at, known.last_seq, row.room,
    )  # fmt: skip
