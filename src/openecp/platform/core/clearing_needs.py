# SPDX-License-Identifier: Apache-2.0
"""What the clearing of a file needs of others: an input that can be staged, what assesses it, and the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from openecp.kernel.journal.bulk import (
    BatchWritten,
    CounterKey,
    CounterMove,
    CounterState,
    EarlierParcel,
    ParcelBatch,
    ParcelRow,
)


class StagedFile(Protocol):
    """An input that can be staged."""

    digest: str
    rows: int
    parcels: int
    kind: str
    warnings: tuple[str, ...]

    def chunks(self, parcels: int = ...) -> Iterator[Any]: ...

    def stage(self, chunk: Any) -> None: ...


class Clears(Protocol):
    """What assesses the staged rows: border/low_value/clearance.py."""

    items: Any

    @property
    def counts(self) -> bool: ...

    def keep_totals(self, reads: Any, hashes: Any) -> None: ...

    def moves(self, first_row: int, last_row: int) -> list[CounterMove]: ...

    def assess(
        self, rows: str = "parcel_rows", *, quality: str = "", sums: bool = True, charges: bool = True
    ) -> None: ...


class ClearingStore(Protocol):
    """The part of the store that is needed."""

    def write_parcels(self, batch: ParcelBatch) -> BatchWritten: ...

    def parcel_ranges(self, source: str) -> list[tuple[int, int, int]]: ...

    def parcels_known(self, keys: Sequence[tuple[str, str]]) -> list[EarlierParcel]: ...

    def batch_rows(self, seq: int) -> Iterator[ParcelRow]: ...

    def case(self, case_id: str) -> tuple[Any, int] | None: ...

    def states(self, case_ids: Sequence[str]) -> Mapping[str, bytes]: ...

    def counters(self, keys: Sequence[CounterKey]) -> dict[CounterKey, CounterState]: ...

    def person_hashes(self, keys: Sequence[str]) -> list[str | None]: ...
