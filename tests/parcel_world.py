# SPDX-License-Identifier: Apache-2.0
"""Batches of decided parcels, as a bulk decision writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openecp.kernel.journal.bulk import CounterMove, ParcelBatch, record_tree
from openecp.kernel.journal.canonical import canonical, salted_digest
from openecp.kernel.journal.model import CaseRow, CaseWrite, Idempotency, LedgerEntry, NewEvent, StoredDocument

AT = "2026-07-01T09:00:00.000000Z"


def parcel_record(parcel_id: str, posted_on: str = "2026-07-01", **members: Any) -> str:
    """Return a parcel's record: canonical JSON with identifier and posting date."""
    return canonical({"decision": "release", "id": parcel_id, "posted": posted_on, "v": 1} | members).decode()


def parcel_batch(
    parcels: Sequence[tuple[str, str] | str],
    *,
    first_row: int = 1,
    last_row: int | None = None,
    expected_seq: int = 0,
    source: str = "file-1",
    case_id: str = "parcels/file/1",
    records: Sequence[str] | None = None,
    persons: Sequence[str | None] = (),
    counters: tuple[CounterMove, ...] = (),
    ledger: tuple[LedgerEntry, ...] = (),
    documents: tuple[StoredDocument, ...] = (),
    idempotency: Idempotency | None = None,
    body: dict[str, Any] | None = None,
    room: str = "parcels",
) -> ParcelBatch:
    """Return a batch of parcels, each an identifier or an identifier with its posting date."""
    keys = [(parcel, "2026-07-01") if isinstance(parcel, str) else parcel for parcel in parcels]
    texts = list(records) if records is not None else [parcel_record(*key) for key in keys]
    tree = record_tree(texts)
    named = [{"id": d.document_id, "sha256": salted_digest(d.salt, d.content)} for d in documents]
    event = NewEvent(
        kind="ParcelsCleared",
        occurred_at=AT,
        actor="customs",
        body={"parcels": len(texts), "root": tree.root} | ({"documents": named} if named else {}) | (body or {}),
    )
    row = CaseRow(
        case_id=case_id, organisation="XB-POST", lrn="", mrn=None, status="cleared", channel=None, office=None,
        movement="import", version=expected_seq + 1, state=b"{}", updated_at=AT, room=room,
    )  # fmt: skip
    return ParcelBatch(
        write=CaseWrite(
            row=row,
            expected_seq=expected_seq,
            events=(event,),
            ledger=ledger,
            documents=documents,
            idempotency=idempotency,
        ),
        source=source,
        first_row=first_row,
        last_row=first_row + len(texts) - 1 if last_row is None else last_row,
        parcel_ids=[key[0] for key in keys],
        posted_on=[key[1] for key in keys],
        records=texts,
        persons=persons,
        counters=counters,
    )
