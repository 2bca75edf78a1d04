# SPDX-License-Identifier: Apache-2.0
"""Compares the ledger with the tax lines of every parcel's record, to the minor unit, batch by batch.

What acts on single parcels changed later (a revision, a return, a refund) is compared parcel by parcel: the record's
amounts and the entries since must give what its case says is charged now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from openecp.border.revenue.collectors import owner_of
from openecp.kernel.ledger.collected import CollectedBatch

MAX_DIFFERENCES = 1_000


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One place where the ledger is not what the records say: the batch or parcel, the account, the two amounts."""

    where: str
    account: str
    type: str
    records_minor: int
    ledger_minor: int


class CollectedTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What the records and the ledger say of one collector and type over the period."""

    account: str
    role: str
    collector: str
    currency: str
    type: str
    records_minor: int
    ledger_minor: int


class Reconciliation(msgspec.Struct, kw_only=True):
    """What was compared and what was found."""

    first_day: str
    last_day: str
    batches: int = 0
    rulings: int = 0
    parcels: int = 0
    parcel_cases: int = 0
    totals: list[CollectedTotal] = []
    differences: list[Difference] = []
    differences_left_off: int = 0

    @property
    def ok(self) -> bool:
        """Tell whether ledger and records agree."""
        return not self.differences

    def add(self, difference: Difference) -> None:
        """Name a difference, or count it when there are too many."""
        if len(self.differences) < MAX_DIFFERENCES:
            self.differences.append(difference)
        else:
            self.differences_left_off += 1


class TaxLine(msgspec.Struct, frozen=True, gc=False):
    """One amount of a record: who collects it, which type, how much."""

    by: str
    type: str
    minor: int


class TaxedRecord(msgspec.Struct, frozen=True):
    """The part of a parcel's record that money depends on."""

    amounts: tuple[TaxLine, ...] = ()


Sums = dict[tuple[str, str], int]  # by account and type
_records = msgspec.json.Decoder(list[TaxedRecord]).decode


def add_records(sums: Sums, records: list[str]) -> None:
    """Add the tax lines of records to the sums."""
    for record in _records(f"[{','.join(records)}]"):
        for line in record.amounts:
            key = (line.by, line.type)
            sums[key] = sums.get(key, 0) + line.minor


def entered(entries: Iterable[tuple[str, str, int]]) -> Sums:
    """Return what entries between collectors and revenue come to, by account and type; others are named as they are."""
    sums: Sums = {}
    for debit, credit, minor in entries:
        if credit.startswith("revenue:"):
            key, amount = (debit, credit.split(":")[1]), minor
        elif debit.startswith("revenue:"):
            key, amount = (credit, debit.split(":")[1]), -minor
        else:
            key, amount = (f"{debit} to {credit}", ""), minor
        sums[key] = sums.get(key, 0) + amount
    return sums


def ruled(body: Mapping[str, Any]) -> Sums:
    """Return what an event of a ruling says was posted: by account and type, what would be charged less what was."""
    sums: Sums = {}
    for one in body.get("differences", ()):
        key = (one["account"], one["type"])
        sums[key] = sums.get(key, 0) + one["would"] - one["was"]
    return sums


def batch_name(batch: CollectedBatch) -> str:
    """Return how a batch is named: its event and the rows of its source; what is no batch, by its stream."""
    if not batch.seqs:
        return f"{batch.case_id}: no batch"
    return f"event {', '.join(map(str, batch.seqs))}: {batch.source} rows {batch.first_row} to {batch.last_row}"


def compare(report: Reconciliation, where: str, records: Mapping[tuple[str, str], int], ledger: Sums) -> None:
    """Name every account and type whose sums differ."""
    for account, kind in sorted(records.keys() | ledger.keys()):
        expected, found = records.get((account, kind), 0), ledger.get((account, kind), 0)
        if expected != found:
            report.add(Difference(where=where, account=account, type=kind, records_minor=expected, ledger_minor=found))


def reconcile(
    first: str,
    last: str,
    batches: Sequence[CollectedBatch],
    parts: Iterable[tuple[int, list[str]]],
    rulings: Mapping[str, Sums],
) -> Reconciliation:
    """Compare the batches of a period with their entries.

    `parts` are records with the event of their batch, in any order; those of other batches are left aside. `rulings`
    has what the events of streams without batches say, by stream.
    """
    report = Reconciliation(first_day=first, last_day=last)
    summed: list[Sums] = [{} if batch.seqs else dict(rulings.get(batch.case_id, {})) for batch in batches]
    place = {seq: number for number, batch in enumerate(batches) for seq in batch.seqs}
    for seq, part in parts:
        if seq in place:
            report.parcels += len(part)
            add_records(summed[place[seq]], part)
    in_records: Sums = {}
    in_ledger: Sums = {}
    for batch, records in zip(batches, summed, strict=True):
        report.batches += len(batch.seqs)
        report.rulings += not batch.seqs
        ledger = entered(batch.entries)
        compare(report, batch_name(batch), records, ledger)
        for sums, total in ((records, in_records), (ledger, in_ledger)):
            for key, minor in sums.items():
                total[key] = total.get(key, 0) + minor
    for account, kind in sorted(in_records.keys() | in_ledger.keys()):
        whose = owner_of(account)
        report.totals.append(
            CollectedTotal(
                account=account,
                role=whose.role,
                collector=whose.collector,
                currency=whose.currency,
                type=kind,
                records_minor=in_records.get((account, kind), 0),
                ledger_minor=in_ledger.get((account, kind), 0),
            )
        )
    return report
