# SPDX-License-Identifier: Apache-2.0
"""Reads of bulk decisions: ranges of an input, earlier parcels, the records of a parcel or a batch, and receipts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import LiteralString

from openecp.kernel.journal.bulk import EarlierParcel, ParcelRow
from openecp.platform.store.parcels import known_parcels
from openecp.platform.store.pool import Pool, Row

PARCEL_RECEIPT_FORMAT = "openecp-parcel-receipt-1"
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


class ParcelReads:
    """The reading half of bulk decisions."""

    pool: Pool

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

    def parcel_rows(self, parcel_id: str, posted_on: str | None = None) -> list[ParcelRow]:
        """Return the records of an identifier, latest posting first."""
        if posted_on is None:
            return [_row(row) for row in self.pool.fetch(_BY_ID, (parcel_id, MAX_POSTINGS))]
        return [_row(row) for row in self.pool.fetch(_BY_KEY, (posted_on, parcel_id))]

    def batch_rows(self, seq: int) -> Iterator[ParcelRow]:
        """Yield the records of a batch in their order."""
        with self.pool.transaction() as connection, connection.cursor(name="batch") as cursor:
            cursor.itersize = PART
            cursor.execute(_BY_BATCH, (seq,))
            for row in cursor:
                yield _row(row)


def _row(row: Row) -> ParcelRow:
    seq, number, parcel_id, posted_on, record, person = row
    return ParcelRow(seq=seq, number=number, parcel_id=parcel_id, posted_on=posted_on, record=record, person=person)
