# SPDX-License-Identifier: Apache-2.0
"""Reads what the ledger says of collectors: sums by day, and the entries of each batch of parcels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import LiteralString

from openecp.kernel.ledger.collected import CollectedBatch, CollectedSum
from openecp.platform.store.pool import Pool

PART = 5_000  # records fetched at once

# A record ends with ,"recorded_at":"…","seq":N,"v":1}, so its time is found without parsing; one day an instant.
_DAYS: LiteralString = """
    WITH days AS (
        SELECT DISTINCT ON (case_id, recorded_at) case_id, recorded_at,
            coalesce(body ->> 'accepted_on', body ->> 'on') AS on_day
        FROM (SELECT case_id, record::json -> 'body' AS body, seq,
                left(right(record, 42 + length(seq::text)), 27) AS recorded_at
            FROM events WHERE (case_id >= 'parcels/' AND case_id < 'parcels0')
                OR (case_id >= 'collector/' AND case_id < 'collector0')) AS told
        ORDER BY case_id, recorded_at, seq)"""
_COLUMNS: LiteralString = """, l.debit, l.credit, l.currency, sum(l.amount_minor)::bigint, count(*),
        split_part(l.case_id, '/', 1)
    FROM ledger l"""
_BY_DAY: LiteralString = (
    " SELECT coalesce(d.on_day, left(l.recorded_at, 10))"
    + _COLUMNS
    + " LEFT JOIN days d ON d.case_id = l.case_id AND d.recorded_at = l.recorded_at"
)
_AT_ALL: LiteralString = "SELECT ''" + _COLUMNS  # no event is read for it
_SUMS: LiteralString = """
    WHERE (l.debit >= 'collector:' AND l.debit < 'collector;' AND (%s::text IS NULL OR l.debit = %s))
        OR (l.credit >= 'collector:' AND l.credit < 'collector;' AND (%s::text IS NULL OR l.credit = %s))
    GROUP BY 1, 2, 3, 4, 7 ORDER BY 1, 2, 3, 4, 7"""
# Batches of one stream and one time are compared together: which entry is whose of them cannot be told.
_BATCHES: LiteralString = """, entered AS (
        SELECT case_id, recorded_at, debit, credit, sum(amount_minor)::bigint AS minor FROM ledger
        WHERE case_id >= 'parcels/' AND case_id < 'parcels0' GROUP BY 1, 2, 3, 4),
    entries AS (
        SELECT case_id, recorded_at, array_agg(debit ORDER BY debit, credit) AS debits,
            array_agg(credit ORDER BY debit, credit) AS credits, array_agg(minor ORDER BY debit, credit) AS minors
        FROM entered GROUP BY 1, 2),
    batches AS (
        SELECT e.case_id, left(right(e.record, 42 + length(e.seq::text)), 27) AS recorded_at,
            array_agg(b.seq ORDER BY b.seq) AS seqs, min(b.source) AS source, min(b.first_row) AS first_row,
            max(b.last_row) AS last_row
        FROM parcel_batches b JOIN events e ON e.seq = b.seq GROUP BY 1, 2)
    SELECT coalesce(b.seqs, '{}'), coalesce(b.case_id, n.case_id),
        coalesce(d.on_day, left(coalesce(b.recorded_at, n.recorded_at), 10)), coalesce(b.source, ''),
        coalesce(b.first_row, 0), coalesce(b.last_row, 0), coalesce(n.debits, '{}'), coalesce(n.credits, '{}'),
        coalesce(n.minors, '{}')
    FROM batches b FULL JOIN entries n ON n.case_id = b.case_id AND n.recorded_at = b.recorded_at
    LEFT JOIN days d ON d.case_id = coalesce(b.case_id, n.case_id)
        AND d.recorded_at = coalesce(b.recorded_at, n.recorded_at)
    ORDER BY 3, 2, 1"""


class Collected:
    """Reads of collectors' accounts."""

    pool: Pool

    def collected_sums(self, *, account: str | None = None, by_day: bool = True) -> list[CollectedSum]:
        """Return the sums of one collector's account, or of all of them: by day, else of all time with no day."""
        rows = self.pool.fetch(_DAYS + _BY_DAY + _SUMS if by_day else _AT_ALL + _SUMS, (account,) * 4)
        return [
            CollectedSum(
                on=on, debit=debit, credit=credit, currency=currency, minor=minor, entries=entries, stream=stream
            )
            for on, debit, credit, currency, minor, entries, stream in rows
        ]

    def collected_batches(self) -> list[CollectedBatch]:
        """Return the batches of parcels with their entries, and entries of such streams that belong to none."""
        return [
            CollectedBatch(
                seqs=tuple(seqs),
                case_id=case_id,
                on=on,
                source=source,
                first_row=first_row,
                last_row=last_row,
                entries=tuple(zip(debits, credits, minors, strict=True)),
            )
            for seqs, case_id, on, source, first_row, last_row, debits, credits, minors in self.pool.fetch(
                _DAYS + _BATCHES
            )
        ]

    def records_between(self, first_seq: int, last_seq: int) -> Iterator[tuple[int, list[str]]]:
        """Yield the records of the batches of these events, some thousands of one batch at a time, as they lie."""
        with self.pool.transaction() as connection, connection.cursor(name="records") as cursor:
            cursor.execute("SELECT seq, record FROM parcels WHERE seq BETWEEN %s AND %s", (first_seq, last_seq))
            while rows := cursor.fetchmany(PART):
                for seq, run in groupby(rows, key=itemgetter(0)):
                    yield seq, [row[1] for row in run]

    def entry_ids(self, seq: int) -> dict[tuple[str, str], str]:
        """Return the ledger entries written with an event, by debit and credit."""
        rows = self.pool.fetch(
            "SELECT l.debit, l.credit, l.entry_id FROM events e JOIN ledger l ON l.case_id = e.case_id "
            "AND l.recorded_at = left(right(e.record, 42 + length(e.seq::text)), 27) "
            "WHERE e.seq = %s ORDER BY l.number",
            (seq,),
        )
        return {(debit, credit): entry_id for debit, credit, entry_id in rows}

    def entered_in(self, case_id: str) -> list[tuple[str, str, int]]:
        """Return debit, credit and amount of the entries of a case."""
        rows = self.pool.fetch(
            "SELECT debit, credit, amount_minor FROM ledger WHERE case_id = %s ORDER BY number", (case_id,)
        )
        return [(debit, credit, minor) for debit, credit, minor in rows]
