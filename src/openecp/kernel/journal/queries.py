# SPDX-License-Identifier: Apache-2.0
"""What may be asked of the store without writing: work lists, one case with its history, feeds, receipts."""

from __future__ import annotations

from typing import Protocol

import msgspec

from openecp.kernel.journal.model import CaseRow, Event, Face, OutboxMessage, StoredDocument


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filter of a work list; None matches any. `organisation` is always set for a trader."""

    room: str = "lodgement"
    organisation: str | None = None
    status: tuple[str, ...] | None = None
    channel: tuple[str, ...] | None = None
    movement: str | None = None
    office: str | None = None
    text: str | None = None  # finds in LRN and MRN, case-insensitive prefix or whole


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One notification of an organisation's feed; `number` counts from 1 within the organisation, without a gap."""

    number: int
    message: OutboxMessage


class Queries(Protocol):
    """Reads, each in its own short transaction."""

    def cases(self, wanted: CaseFilter, *, after: str | None = None, limit: int = 50) -> list[CaseRow]:
        """Return cases, newest first; `after` is the `updated_at|case_id` of the last row of the page before."""

    def count_by_status(self, wanted: CaseFilter) -> dict[str, int]: ...

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def find_case(
        self,
        *,
        mrn: str | None = None,
        lrn: str | None = None,
        organisation: str | None = None,
        room: str = "lodgement",
    ) -> CaseRow | None: ...

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def documents_of(self, case_id: str) -> list[StoredDocument]: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def feed(self, organisation: str, *, after: int = 0, limit: int = 100) -> list[FeedEntry]: ...

    def notifications_of(self, case_id: str) -> list[FeedEntry]:
        """Return all notifications about a case, by organisation and in the order of its feed."""

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]:
        """Return the last face of each stream of the room, by case; `prefix` is how the case ids begin.

        The last is the one with the latest `occurred_at`, of equal ones that with the greatest `seq`; with `at`, of
        those that had occurred by then.
        """

    def receipt(self, seq: int) -> dict[str, object] | None:
        """Return the receipt of an event: body, leaf, inclusion proof and a signed checkpoint, as JSON."""
