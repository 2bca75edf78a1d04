# SPDX-License-Identifier: Apache-2.0
"""What the ledger says of those who collect charges for Customs: sums by day and account, and batch by batch.

An account that begins with `collector:` stands for what a platform, post, carrier, broker or buyer owes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

COLLECTOR = "collector:"  # how these accounts begin
# What a stream's events call the day that their money counts for; without it, the day of record does.
DAY_MEMBERS = ("accepted_on", "on")
DATED_STREAMS = ("collector", "parcels")  # first part of the case ids whose events have such a day


class CollectedSum(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of one day between the same two accounts, one of them a collector's, of one kind of stream."""

    on: str
    debit: str
    credit: str
    currency: str
    minor: int
    entries: int
    stream: str  # first part of the case ids: parcels, parcel, collector


class CollectedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Bulk decisions written at one time in one stream, and what was entered with them: debit, credit, minor units."""

    seqs: tuple[int, ...]
    case_id: str
    on: str
    source: str
    first_row: int
    last_row: int
    entries: tuple[tuple[str, str, int], ...]


class CollectedSource(Protocol):
    """The part of the store that collectors' accounts are read from."""

    def collected_sums(self, *, account: str | None = None, by_day: bool = True) -> list[CollectedSum]:
        """Return the sums of one collector's account, or of all of them: by day, else of all time with no day."""

    def collected_batches(self) -> list[CollectedBatch]:
        """Return the batches of parcels with their entries, and entries of such streams that belong to none."""

    def records_between(self, first_seq: int, last_seq: int) -> Iterator[tuple[int, list[str]]]:
        """Yield the records of the batches of these events, some thousands of one batch at a time."""
