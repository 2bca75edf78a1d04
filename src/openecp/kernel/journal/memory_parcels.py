# SPDX-License-Identifier: Apache-2.0
"""Bulk decisions in memory: the plain model of what the store does with a batch of parcels.

Limits: as the store in memory: one thread at a time, nothing survives the process.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from openecp.kernel.journal.admission import check_write
from openecp.kernel.journal.bulk import (
    PARCEL_RECEIPT_FORMAT,
    BatchWritten,
    CounterKey,
    CounterState,
    EarlierParcel,
    ParcelBatch,
    ParcelRow,
    check_batch,
    doubles,
    record_path,
    record_tree,
)
from openecp.kernel.journal.canonical import NotCanonical
from openecp.kernel.journal.model import CaseWrite, Event, Written


class MemoryParcels:
    """Batches, ranges, parcels and totals in memory, with the answers that the real store gives."""

    clock: Callable[[], str]
    log: list[tuple[Event, bytes]]
    keys: dict[tuple[str, str], tuple[bytes, Written]]
    last_seq: dict[str, int]
    batches: dict[int, ParcelBatch]
    parcel_places: dict[tuple[str, str], tuple[int, int]]  # seq and number of a parcel
    totals: dict[CounterKey, CounterState]

    if TYPE_CHECKING:

        def _write_one(self, write: CaseWrite, recorded_at: str) -> Written: ...

        def receipt(self, seq: int) -> dict[str, object] | None:
            """Return the receipt of an event."""

    def write_parcels(self, batch: ParcelBatch) -> BatchWritten:
        """Record a batch whole or not at all."""
        try:
            check_batch(batch)
            check_write(batch.write)
        except NotCanonical as error:
            return BatchWritten(outcome="invalid", error=str(error))
        answer = self._range_answer(batch)
        if answer is not None:
            return answer
        if any(self.totals.get(move.key, CounterState(0, 0)).version != move.seen for move in batch.counters):
            return BatchWritten(outcome="counters")
        row, key = batch.write.row, batch.write.idempotency
        if key is None or (key.organisation, key.key) not in self.keys:
            if self.last_seq.get(row.case_id, 0) != batch.write.expected_seq:
                return BatchWritten(outcome="stale", seq=self.last_seq.get(row.case_id, 0))
            twice = doubles(batch)
            if twice:
                fault = f"parcels: expected each once in a batch, found again: {twice[:5]}"
                return BatchWritten(outcome="invalid", error=fault)
            earlier = self.parcels_known(list(zip(batch.parcel_ids, batch.posted_on, strict=True)))
            if earlier:
                return BatchWritten(outcome="parcels", earlier=tuple(earlier))
        written = self._write_one(batch.write, max(self.clock(), self.log[-1][0].recorded_at if self.log else ""))
        if written.outcome == "repeated":
            return BatchWritten(outcome="repeated", seq=written.first_seq, recorded_at=written.recorded_at)
        if written.outcome != "recorded":
            return BatchWritten(outcome="invalid", error=written.error or f"the write is a {written.outcome}")
        seq = written.last_seq
        self.batches[seq] = batch
        for used in batch.keys:
            self.keys[used.organisation, used.key] = (used.body_hash, written)
        for number, place in enumerate(zip(batch.parcel_ids, batch.posted_on, strict=True)):
            self.parcel_places[place] = (seq, number)
        for move in batch.counters:
            total = self.totals.get(move.key, CounterState(0, 0)).total_micro + move.add_micro
            self.totals[move.key] = CounterState(move.seen + 1, total)
        return BatchWritten(outcome="recorded", seq=seq, recorded_at=written.recorded_at)

    def _range_answer(self, batch: ParcelBatch) -> BatchWritten | None:
        for seq, known in self.batches.items():
            if known.source != batch.source or known.first_row > batch.last_row or known.last_row < batch.first_row:
                continue
            if (known.first_row, known.last_row) == (batch.first_row, batch.last_row):
                return BatchWritten(outcome="repeated", seq=seq, recorded_at=self.log[seq - 1][0].recorded_at)
            error = f"rows of {batch.source}: expected new rows, found {known.first_row} to {known.last_row} recorded"
            return BatchWritten(outcome="invalid", seq=seq, error=error)
        return None

    def parcel_ranges(self, source: str) -> list[tuple[int, int, int]]:
        """Return the recorded ranges of a source: first row, last row, seq of the event; in the order of rows."""
        found = [(b.first_row, b.last_row, seq) for seq, b in self.batches.items() if b.source == source]
        return sorted(found)

    def parcels_known(self, keys: Sequence[tuple[str, str]]) -> list[EarlierParcel]:
        """Return which of these (parcel_id, posted_on) were decided before, in the order asked."""
        return [EarlierParcel(*key, *self.parcel_places[key]) for key in keys if key in self.parcel_places]

    def keys_known(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return the body hash of each (organisation, key) that was used before."""
        return {key: self.keys[key][0] for key in keys if key in self.keys}

    def parcel_rows(self, parcel_id: str, posted_on: str | None = None) -> list[ParcelRow]:
        """Return the records of an identifier, latest posting first."""
        places = sorted(
            (
                (posted, seq, number)
                for (known, posted), (seq, number) in self.parcel_places.items()
                if known == parcel_id and posted_on in (None, posted)
            ),
            reverse=True,
        )
        return [_row(self.batches[seq], seq, number) for _, seq, number in places]

    def batch_rows(self, seq: int) -> Iterator[ParcelRow]:
        """Yield the records of a batch in their order."""
        batch = self.batches.get(seq)
        for number in range(len(batch.records) if batch is not None else 0):
            assert batch is not None
            yield _row(batch, seq, number)

    def person_hashes(self, keys: Sequence[str]) -> list[str | None]:
        """Return a hash of each entity key, without a salt; None where nobody is named."""
        return [hashlib.sha256(key.encode()).hexdigest()[:32] if key else None for key in keys]

    def counters(self, keys: Sequence[CounterKey]) -> dict[CounterKey, CounterState]:
        """Return the totals that exist."""
        return {key: self.totals[key] for key in keys if key in self.totals}

    def parcel_receipt(self, parcel_id: str, posted_on: str | None = None) -> dict[str, object] | None:
        """Return record, path to the batch's root and the event's receipt (unsigned)."""
        rows = self.parcel_rows(parcel_id, posted_on)
        if not rows:
            return None
        row, leaves = rows[0], record_tree(self.batches[rows[0].seq].records).leaves
        return {
            "format": PARCEL_RECEIPT_FORMAT,
            "parcel_id": row.parcel_id,
            "posted_on": row.posted_on,
            "record": base64.b64encode(row.record.encode()).decode(),
            "number": row.number,
            "parcels": len(leaves),
            "path": [base64.b64encode(part).decode() for part in record_path(leaves, row.number)],
            "event_receipt": self.receipt(row.seq),
        }


def _row(batch: ParcelBatch, seq: int, number: int) -> ParcelRow:
    return ParcelRow(
        seq=seq,
        number=number,
        parcel_id=batch.parcel_ids[number],
        posted_on=batch.posted_on[number],
        record=batch.records[number],
        person=batch.persons[number] if batch.persons else None,
    )
