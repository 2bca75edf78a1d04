# SPDX-License-Identifier: Apache-2.0
"""Records bulk decisions: the batch's event and all that comes with it, a row for each parcel, the range, the totals.

One transaction under the head's lock. Parcels are new in nearly every batch, so their rows are sent at once; only when
the database finds one that it holds already are the earlier ones looked up and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, LiteralString

import psycopg
from psycopg import errors

from openecp.kernel.journal.admission import check_write
from openecp.kernel.journal.bulk import (
    MAX_PARCEL_ID,
    BatchWritten,
    CheckedBatch,
    EarlierParcel,
    ParcelBatch,
    check_batch,
    doubles,
)
from openecp.kernel.journal.canonical import NotCanonical
from openecp.platform.store.admit import Batch, admit
from openecp.platform.store.counters import COPY_COUNTERS, have_moved, move_counters, new_counter_rows
from openecp.platform.store.errors import StoreUnavailable
from openecp.platform.store.pool import BROKEN, Connection
from openecp.platform.store.rows import NULL, ROW_OF, int4_field, int8_field, size_of, text_field
from openecp.platform.store.writer import Writer

PART = 10_000  # parcels looked up at once
MANY = 2_000  # from so many on rows are laid out by columns
AT_ONCE_BYTES = 1 << 30  # in a column
_POSTGRES_EPOCH = date(2000, 1, 1).toordinal()  # COPY's binary form counts a date from here
_COPY_PARCELS = b"COPY parcels (seq, number, posted_on, parcel_id, person, record) FROM STDIN (FORMAT binary)"
_COPY_BATCHES = b"COPY parcel_batches (seq, source, first_row, last_row, parcels, leaves) FROM STDIN (FORMAT binary)"
# Ranges do not overlap, so only the last one that begins before this range's end can touch it.
_RANGE: LiteralString = """
    SELECT b.first_row, b.last_row, b.seq, e.record FROM parcel_batches b JOIN events e ON e.seq = b.seq
    WHERE b.source = %s AND b.first_row <= %s ORDER BY b.first_row DESC LIMIT 1"""
_KNOWN: LiteralString = """
    SELECT w.parcel_id, w.posted_on::text, p.seq, p.number
    FROM unnest(%b::text[], %b::date[]) WITH ORDINALITY AS w (parcel_id, posted_on, place)
    CROSS JOIN LATERAL (SELECT seq, number FROM parcels p
        WHERE p.posted_on = w.posted_on AND p.parcel_id = w.parcel_id LIMIT 1) AS p
    ORDER BY w.place"""
_SIZES = [size_of(size) for size in range(MAX_PARCEL_ID + 1)]
_ROW_BEGIN = [  # of a row in the binary form of COPY: fields up to the size of the identifier
    ("fields", ">i2"), ("size8", ">i4"), ("seq", ">i8"), ("size4", ">i4"), ("number", ">i4"), ("size_day", ">i4"),
    ("day", ">i4"), ("size_id", ">i4"),
]  # fmt: skip
_RECORDED_AT = ',"recorded_at":"'


class BulkWriter(Writer):
    """The writer, which records whole batches of parcels too."""

    def write_parcels(self, batch: ParcelBatch) -> BatchWritten:
        """Record a batch in one transaction.

        Raises: StoreUnavailable, when the database does not answer: whether it recorded is then unknown.
        """
        try:
            checked = check_batch(batch)
            bodies = check_write(batch.write)
        except NotCanonical as error:
            return BatchWritten(outcome="invalid", error=str(error))
        now = self._clock()
        with self._lock:
            try:
                return self._settle(batch, checked, bodies, now)
            except errors.UniqueViolation as error:
                if error.diag.constraint_name == "parcels_key":
                    return self._explain(batch)
                return _refused(error)
            except (psycopg.IntegrityError, psycopg.DataError) as error:
                return _refused(error)

    def _settle(self, batch: ParcelBatch, checked: CheckedBatch, bodies: list[bytes], now: str) -> BatchWritten:
        """Record; when the connection breaks, find out under the lock whether the commit had arrived, else repeat."""
        told: list[BatchWritten] = []
        for last_try in (False, False, True):
            try:
                if self._sent is not None and self._arrived():
                    self._sent = None
                    return told[-1]
                self._sent = None
                return self._record_batch(batch, checked, bodies, now, told)
            except BROKEN as error:
                self._drop_connection()
                if last_try:
                    self._sent = None
                    raise StoreUnavailable(
                        f"store: the database does not answer, the batch may or may not be recorded: {error}; "
                        "fix: send the same range again, it is recorded once"
                    ) from error
            except BaseException:
                self._roll_back()
                raise
        raise AssertionError("unreachable")

    def _record_batch(
        self, batch: ParcelBatch, checked: CheckedBatch, bodies: list[bytes], now: str, told: list[BatchWritten]
    ) -> BatchWritten:
        connection = self._open()
        state = self._begin(connection, [batch.write], now)
        answer = _range_answer(connection, batch)
        if answer is None and have_moved(connection, batch.counters):
            answer = BatchWritten(outcome="counters")
        if answer is None:
            written = admit(state, batch.write, bodies)
            if written.outcome == "repeated":
                answer = BatchWritten(outcome="repeated", seq=written.first_seq, recorded_at=written.recorded_at)
            elif written.outcome == "stale":
                answer = BatchWritten(outcome="stale", seq=written.last_seq)
            elif written.outcome != "recorded":
                answer = BatchWritten(outcome="invalid", error=written.error or f"the write is a {written.outcome}")
        if answer is not None:
            connection.rollback()
            return answer
        seq = state.size
        _add_keys(state, batch, seq)
        self._store(
            connection,
            state,
            more=[
                (_COPY_BATCHES, _batch_row(seq, batch, checked)),
                (COPY_COUNTERS, new_counter_rows(batch.counters)),
                (_COPY_PARCELS, _parcel_rows(seq, batch, checked)),
            ],
        )
        move_counters(connection, batch.counters)
        told.append(BatchWritten(outcome="recorded", seq=seq, recorded_at=state.recorded_at))
        self._sent = (state.size, state.leaves[-1])
        connection.commit()
        self._sent = None
        return told[-1]

    def _explain(self, batch: ParcelBatch) -> BatchWritten:
        """Say which parcels the database held already, or which stand in the batch twice."""
        twice = doubles(batch)
        if twice:
            shown = ", ".join(f"{parcel_id} of {posted_on}" for parcel_id, posted_on in twice[:5])
            return BatchWritten(
                outcome="invalid",
                error=f"parcels: expected each once in a batch, found {len(twice)} again: {shown}; fix: leave them out",
            )
        connection = self._open()
        try:
            earlier = known_parcels(connection, list(zip(batch.parcel_ids, batch.posted_on, strict=True)))
        finally:
            self._roll_back()
        return BatchWritten(outcome="parcels", earlier=tuple(earlier))


def _add_keys(state: Batch, batch: ParcelBatch, seq: int) -> None:
    """Keep the keys of the requests: what they got is found by their parcels, so no answer is kept."""
    for key in batch.keys:
        state.idempotency += (
            ROW_OF[8], text_field(key.organisation), text_field(key.key), size_of(len(key.body_hash)), key.body_hash,
            text_field(batch.write.row.case_id), int8_field(8, seq), int8_field(8, seq), text_field(state.recorded_at),
            size_of(0),
        )  # fmt: skip


def known_parcels(connection: Connection, keys: Sequence[tuple[str, str]]) -> list[EarlierParcel]:
    """Return which of these (parcel_id, posted_on) the store holds, in the order asked."""
    found: list[EarlierParcel] = []
    for start in range(0, len(keys), PART):
        part = keys[start : start + PART]
        dates = {text: date.fromisoformat(text) for _, text in part}
        rows = connection.execute(_KNOWN, ([key[0] for key in part], [dates[key[1]] for key in part]))
        found += [EarlierParcel(*row) for row in rows]
    return found


def _range_answer(connection: Connection, batch: ParcelBatch) -> BatchWritten | None:
    """Return the answer to rows of this source that are recorded already; None where all are new."""
    row = connection.execute(_RANGE, (batch.source, batch.last_row)).fetchone()
    if row is None or row[1] < batch.first_row:
        return None
    first, last, seq, record = row
    if (first, last) == (batch.first_row, batch.last_row):
        at = record.rindex(_RECORDED_AT) + len(_RECORDED_AT)
        return BatchWritten(outcome="repeated", seq=seq, recorded_at=record[at : at + 27])
    return BatchWritten(
        outcome="invalid",
        seq=seq,
        error=(
            f"rows {batch.first_row} to {batch.last_row} of {batch.source}: expected new rows, found {first} to {last} "
            f"recorded by event {seq}; fix: go on after the ranges that parcel_ranges gives"
        ),
    )


def _refused(error: psycopg.Error) -> BatchWritten:
    detail = f": {error.diag.message_detail}" if error.diag.message_detail else ""
    said = error.diag.message_primary or str(error)
    return BatchWritten(outcome="invalid", error=f"the store refused it: {said}{detail}")


def _batch_row(seq: int, batch: ParcelBatch, checked: CheckedBatch) -> list[bytes]:
    leaves = b"".join(checked.tree.leaves)
    return [
        ROW_OF[6], int8_field(8, seq), text_field(batch.source), int8_field(8, batch.first_row),
        int8_field(8, batch.last_row), int4_field(4, len(checked.tree.leaves)), size_of(len(leaves)), leaves,
    ]  # fmt: skip


def _parcel_rows(seq: int, batch: ParcelBatch, checked: CheckedBatch) -> list[bytes]:
    """Lay out a row for each parcel."""
    data = checked.tree.data
    if len(data) < MANY or sum(map(len, data)) > AT_ONCE_BYTES:
        return _rows_one_by_one(seq, batch, checked)
    return [_rows_at_once(seq, batch, checked)]


def _rows_at_once(seq: int, batch: ParcelBatch, checked: CheckedBatch) -> bytes:
    """Lay out all rows by columns; other threads go on meanwhile."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(checked.tree.data)

    def of_one_size(table: Any) -> Any:
        size = table.dtype.itemsize
        ends = np.arange(0, (count + 1) * size, size, dtype=np.int32)
        return pa.Array.from_buffers(pa.binary(), count, [None, pa.py_buffer(ends), pa.py_buffer(table)])

    def sizes_of(column: Any) -> Any:
        sizes = pc.fill_null(pc.binary_length(column), -1)  # null has no bytes, and this size
        return sizes.to_numpy().astype(">i4")

    ids = pa.array(batch.parcel_ids, pa.string()).cast(pa.binary())
    persons = pa.array(batch.persons or [None] * count, pa.string()).cast(pa.binary())
    records = pa.array(checked.tree.data, pa.binary())
    days = {text: ordinal - _POSTGRES_EPOCH for text, ordinal in checked.days.items()}
    begin = np.empty(count, dtype=_ROW_BEGIN)
    begin["fields"], begin["size8"], begin["seq"] = 6, 8, seq
    begin["size4"], begin["number"] = 4, np.arange(count)
    begin["size_day"], begin["day"] = 4, [days[text] for text in batch.posted_on]
    begin["size_id"] = sizes_of(ids)
    rows = pc.binary_join_element_wise(
        of_one_size(begin), ids, of_one_size(sizes_of(persons)), pc.fill_null(persons, b""),
        of_one_size(sizes_of(records)), records, b"",
    )  # fmt: skip
    ends = np.frombuffer(rows.buffers()[1], dtype=np.int32)
    return rows.buffers()[2].slice(int(ends[0]), int(ends[count]) - int(ends[0])).to_pybytes()  # type: ignore[no-any-return]


def _rows_one_by_one(seq: int, batch: ParcelBatch, checked: CheckedBatch) -> list[bytes]:
    """Lay out a row for each parcel; what they have in common is packed once."""
    begin = ROW_OF[6] + int8_field(8, seq)
    days = {text: int4_field(4, ordinal - _POSTGRES_EPOCH) for text, ordinal in checked.days.items()}
    size = _SIZES
    data = checked.tree.data
    names = [name.encode() for name in batch.parcel_ids]
    persons = [None if person is None else person.encode() for person in batch.persons] or [None] * len(data)
    rows: list[bytes] = []
    add = rows.extend
    for number, (posted_on, name, person, record) in enumerate(zip(batch.posted_on, names, persons, data, strict=True)):
        if person is None:
            who: tuple[bytes, ...] = (NULL,)
        else:
            who = (size[len(person)], person)
        add((begin, int4_field(4, number), days[posted_on], size[len(name)], name, *who, size_of(len(record)), record))
    return rows
