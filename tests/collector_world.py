# SPDX-License-Identifier: Apache-2.0
"""Batches of charged parcels with their ledger entries, and payments of those who collect."""

from __future__ import annotations

from typing import Any

from tests.parcel_world import parcel_batch, parcel_record

from openecp.border.revenue.collector_payments import CollectorPayment
from openecp.kernel.journal.model import LedgerEntry
from openecp.kernel.parties.model import Principal

POST, SELLER = "collector:post:XB-POST:EUR", "collector:seller:IM1234567890:EUR"
OFFICER = Principal(principal_id="o-1", kind="person", organisation="customs", name="O", roles=("officer",))
REVENUE = Principal(principal_id="r-1", kind="person", organisation="customs", name="R", roles=("revenue",))
TRADER = Principal(principal_id="t-1", kind="system", organisation="XB-POST", name="T", roles=("trader",))
Line = tuple[str, str, int, int]  # account, type, item, minor units


def cleared(
    to: Any, parcels: dict[str, list[Line]], *, on: str = "2026-07-01", jurisdiction: str = "EU", first_row: int = 1
) -> None:
    """Record a batch of parcels with these tax lines and the ledger entries that sum them up."""
    records, sums = [], {}
    for number, (parcel_id, lines) in enumerate(parcels.items()):
        amounts = [
            {"base": 0, "by": by, "due": "border", "item": item, "minor": minor, "rate": 0, "type": kind}
            for by, kind, item, minor in lines
        ]
        records.append(
            parcel_record(
                parcel_id,
                amounts=amounts,
                currency="EUR",
                date=on,
                quality=[],
                reasons=[],
                row=first_row + number,
                category=3,
                regime="EU-1",
                duty=0,
                tax=0,
            )
        )
        for by, kind, _, minor in lines:
            sums[by, kind] = sums.get((by, kind), 0) + minor
    case_id = f"parcels/file/{first_row}"
    ledger = tuple(
        LedgerEntry(
            entry_id=f"{case_id}-{number}",
            case_id=case_id,
            debit=by,
            credit=f"revenue:{kind}:{jurisdiction}:EUR",
            amount_minor=minor,
            currency="EUR",
            reason="parcels cleared",
        )
        for number, ((by, kind), minor) in enumerate(sorted(sums.items()))
        if minor
    )
    batch = parcel_batch(
        list(parcels), records=records, ledger=ledger, first_row=first_row, case_id=case_id,
        body={"accepted_on": on, "jurisdiction": jurisdiction},
    )  # fmt: skip
    assert to.write_parcels(batch).outcome == "recorded"


def payment(minor: int, **changes: Any) -> CollectorPayment:
    given: dict[str, Any] = {"account": POST, "minor": minor, "on": "2026-08-01", "reference": "RF18", "key": "k-1"}
    return CollectorPayment(**given | changes)
