# SPDX-License-Identifier: Apache-2.0
"""Bulk decisions: one event for a batch and one row for each parcel, provable one by one.

The event's body holds the root of a tree (RFC 6962) over the batch's records in their order; so a receipt of one
record is its path to that root and the event's own receipt. The journal does not know what a record means: it is
canonical JSON in ASCII without personal data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from openecp.kernel.journal.merkle import leaf_hash, tree_root
from openecp.kernel.journal.model import CaseWrite

MAX_RECORDS = 50_000  # of one batch
MAX_RECORD = 64_000  # characters


class CounterKey(NamedTuple):
    """A running total of a person or an address: `entity` is a salted hash, `period` a day, month, year or order."""

    entity: str
    scope: str  # person_day, person_month, person_year, order
    period: str  # 2026-07-01, 2026-07, 2026, or the order's salted hash
    currency: str


class CounterMove(NamedTuple):
    """What a batch adds to a total; `seen` is the version it was assessed on (0: there was none)."""

    key: CounterKey
    seen: int
    add_micro: int


class CounterState(NamedTuple):
    """A total in millionths of the currency's main unit, and how often it has been moved."""

    version: int
    total_micro: int


class ParcelBatch(msgspec.Struct, frozen=True, kw_only=True):
    """All that one bulk decision writes in one transaction; the columns have one entry a parcel, in the tree's order.

    `write` holds one event whose body has `root` (hexadecimal, `records_root(records)`) and `parcels` (their number),
    and the ledger entries, documents and messages of the batch. `source` names the input (its SHA-256, or the door),
    and `first_row`, `last_row` the rows it comes from: a range is recorded once.
    """

    write: CaseWrite
    source: str
    first_row: int
    last_row: int
    parcel_ids: Sequence[str]
    posted_on: Sequence[str]
    records: Sequence[str]
    persons: Sequence[str | None] = ()  # salted hash of the entity key; empty: none
    counters: tuple[CounterMove, ...] = ()


class EarlierParcel(NamedTuple):
    """A parcel that was decided before: where its record stands."""

    parcel_id: str
    posted_on: str
    seq: int
    number: int


class BatchWritten(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch.

    `recorded`: done; `repeated`: this range of this source was recorded before, `seq` says where; `parcels`: some of
    the parcels were decided before (`earlier`), nothing was recorded: leave them out and write again; `counters`: a
    total has moved on, nothing was recorded: assess again; `stale`: the stream has moved on; `invalid`: `error` says
    why.
    """

    outcome: Literal["recorded", "repeated", "parcels", "counters", "stale", "invalid"]
    seq: int = 0
    recorded_at: str = ""
    earlier: tuple[EarlierParcel, ...] = ()
    error: str = ""


class ParcelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel's record as written: its batch's event, its number in the batch from 0, and the record itself."""

    seq: int
    number: int
    parcel_id: str
    posted_on: str
    record: str
    person: str | None = None


class ParcelStore(Protocol):
    """What the store offers for bulk decisions."""

    def write_parcels(self, batch: ParcelBatch) -> BatchWritten:
        """Record a batch in one transaction."""

    def parcel_ranges(self, source: str) -> list[tuple[int, int, int]]:
        """Return the recorded ranges of a source: first row, last row, seq of the event; in the order of rows."""

    def parcels_known(self, keys: Sequence[tuple[str, str]]) -> list[EarlierParcel]:
        """Return which of these (parcel_id, posted_on) were decided before."""

    def parcel_rows(self, parcel_id: str, posted_on: str | None = None) -> list[ParcelRow]:
        """Return the records of an identifier, latest posting first."""

    def batch_rows(self, seq: int) -> Iterator[ParcelRow]:
        """Yield the records of a batch in their order."""

    def counters(self, keys: Sequence[CounterKey]) -> dict[CounterKey, CounterState]:
        """Return the totals that exist."""


def records_root(records: Sequence[str]) -> bytes:
    """Return the root of the tree over records: leaf hashes of their bytes, in their order."""
    return tree_root([leaf_hash(record.encode("ascii")) for record in records])
