# SPDX-License-Identifier: Apache-2.0
"""Reads of bulk decisions: ranges of an input, earlier parcels, the records of a parcel or a batch, and receipts."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, LiteralString

from openecp.kernel.journal.bulk import (
    PARCEL_RECEIPT_FORMAT,
    EarlierParcel,
    ParcelRow,
    batch_told,
    record_path,
    record_proven,
)
from openecp.platform.store.errors import JournalTampered
from openecp.platform.store.parcels import known_parcels
from openecp.platform.store.pool import Pool, Row

MAX_POSTINGS = 1_000  # of one identifier
PART = 5_000  # rows fetched at once

# Without a date, each posting date is looked into once: the key begins with it.
_BY_ID: LiteralString = """
    WITH RECURSIVE days (posted_on) AS (
        (SELECT posted_on FROM parcels ORDER BY posted_on DESC LIMIT 1)
        UNION ALL
        SELECT (SELECT q.posted_on FROM parcels q WHERE q.posted_on < d.posted_on ORDER BY q.posted_on DESC LIMIT 1)
        FROM days d WHERE d.posted_on IS NOT NULL)
    SELECT p.seq, p.number, p.parcel_id, p.posted_on::text, p.record, p.person
    FROM days d CROSS JOIN LATERAL (
        SELECT * FROM parcels q WHERE q.posted_on = d.posted_on AND q.parcel_id = %s LIMIT 1) AS p
    ORDER BY p.posted_on DESC LIMIT %s"""
_BY_KEY: LiteralString = (
    "SELECT seq, number, parcel_id, posted_on::text, record, person FROM parcels "
    "WHERE posted_on = %s::date AND parcel_id = %s"
)
_BY_BATCH: LiteralString = (
    "SELECT seq, number, parcel_id, posted_on::text, record, person FROM parcels WHERE seq = %s ORDER BY number"
)

_KEYS: LiteralString = (
    "SELECT i.organisation, i.key, i.body_hash FROM unnest(%s::text[], %s::text[]) AS w (organisation, key) "
    "JOIN idempotency i ON i.organisation = w.organisation AND i.key = w.key"
)


class ParcelReads:
    """The reading half of bulk decisions."""

    pool: Pool

    if TYPE_CHECKING:

        def receipt(self, seq: int) -> dict[str, object] | None:
            """Return the receipt of an event (of `Receipts`)."""

    def parcel_ranges(self, source: str) -> list[tuple[int, int, int]]:
        """Return the recorded ranges of a source: first row, last row, seq of the event; in the order of rows."""
        rows = self.pool.fetch(
            "SELECT first_row, last_row, seq FROM parcel_batches WHERE source = %s ORDER BY first_row", (source,)
        )
        return [(first, last, seq) for first, last, seq in rows]

    def parcels_known(self, keys: Sequence[tuple[str, str]]) -> list[EarlierParcel]:
        """Return which of these (parcel_id, posted_on) were decided before, in the order asked."""
        with self.pool.transaction() as connection:
            return known_parcels(connection, keys)

    def keys_known(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return the body hash of each (organisation, key) that was used before."""
        rows = self.pool.fetch(_KEYS, ([one[0] for one in keys], [one[1] for one in keys]))
        return {(organisation, key): bytes(body_hash) for organisation, key, body_hash in rows}

    def parcel_rows(self, parcel_id: str, posted_on: str | None = None) -> list[ParcelRow]:
        """Return the records of an identifier, latest posting first."""
        if posted_on is None:
            return [_row(row) for row in self.pool.fetch(_BY_ID, (parcel_id, MAX_POSTINGS))]
        return [_row(row) for row in self.pool.fetch(_BY_KEY, (posted_on, parcel_id))]

    def batch_rows(self, seq: int) -> Iterator[ParcelRow]:
        """Yield the records of a batch in their order."""
        with self.pool.transaction() as connection, connection.cursor(name="batch") as cursor:
            connection.execute("SET LOCAL enable_seqscan = off")
            cursor.itersize = PART
            cursor.execute(_BY_BATCH, (seq,))
            for row in cursor:
                yield _row(row)

    def parcel_receipt(self, parcel_id: str, posted_on: str | None = None) -> dict[str, object] | None:
        """Return the receipt of a parcel's decision as JSON: record, path to its batch's root, the event's receipt.

        Without a date it is the latest posting's.
        Raises: JournalTampered, when the record no longer leads to the root that the event holds.
        """
        rows = self.parcel_rows(parcel_id, posted_on)
        if not rows:
            return None
        row = rows[0]
        stored = self.pool.fetch("SELECT leaves FROM parcel_batches WHERE seq = %s", (row.seq,), binary=True)
        event = self.receipt(row.seq)
        if not stored or event is None:
            raise JournalTampered(f"journal: parcel {row.parcel_id} stands at event {row.seq}, which has no batch")
        data = bytes(stored[0][0])
        leaves = [data[at : at + 32] for at in range(0, len(data), 32)]
        told = batch_told(base64.b64decode(str(event["event"])))
        path = record_path(leaves, row.number) if row.number < len(leaves) else []
        if told is None or not record_proven(row.record, number=row.number, parcels=told[1], path=path, root=told[0]):
            raise JournalTampered(
                f"journal: the record of parcel {row.parcel_id} of {row.posted_on} is not what event {row.seq} holds; "
                "no receipt is given; fix: run `openecp journal verify`"
            )
        return {
            "format": PARCEL_RECEIPT_FORMAT,
            "parcel_id": row.parcel_id,
            "posted_on": row.posted_on,
            "record": base64.b64encode(row.record.encode()).decode(),
            "number": row.number,
            "parcels": told[1],
            "path": [base64.b64encode(part).decode() for part in path],
            "event_receipt": event,
        }


def _row(row: Row) -> ParcelRow:
    seq, number, parcel_id, posted_on, record, person = row
    return ParcelRow(seq=seq, number=number, parcel_id=parcel_id, posted_on=posted_on, record=record, person=person)
