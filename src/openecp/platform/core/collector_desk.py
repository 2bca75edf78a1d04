# SPDX-License-Identifier: Apache-2.0
"""Reads collectors' accounts and records their payments: the same for the API, the console and the command line.

A payment is decided by `paymentwork`: in the core process for API and console, in this one for the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from openecp.border.low_value.parcel_acts import charges_of
from openecp.border.low_value.parcel_case import ROOM as PARCEL_ROOM
from openecp.border.low_value.parcel_case import parcel_case_of
from openecp.border.low_value.parcel_commands import ParcelAct
from openecp.border.revenue.collector_feed import FeedRow, feed_rows
from openecp.border.revenue.collector_payments import (
    CollectorPayment,
    PaymentResult,
    collector_stream,
    payments_on_record,
    result_of,
)
from openecp.border.revenue.collector_reconciliation import (
    Reconciliation,
    Sums,
    compare,
    entered,
    reconcile,
    ruled,
)
from openecp.border.revenue.collectors import (
    CollectorBalance,
    Movement,
    Statement,
    StatementPayment,
    collector_balances,
    movements,
    statement,
)
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, Idempotency, Written
from openecp.kernel.journal.queries import CaseFilter
from openecp.kernel.ledger.collected import CollectedBatch, CollectedSum
from openecp.kernel.parties.model import Principal
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.parcelview import ParcelSource
from openecp.platform.core.parcelwork import ParcelCasework
from openecp.platform.core.paymentwork import PaymentCasework, refused_by
from openecp.platform.core.programme import NoClearance, ProgrammeCasework

PAGE = 1_000


class CollectorStore(ParcelSource, Protocol):
    """The part of the store that collectors' accounts need."""

    def collected_sums(self, *, account: str | None = None, by_day: bool = True) -> list[CollectedSum]: ...

    def collected_batches(self) -> list[CollectedBatch]: ...

    def records_between(self, first_seq: int, last_seq: int) -> Iterator[tuple[int, list[str]]]: ...

    def find_case(
        self, *, mrn: str | None = None, lrn: str | None = None, organisation: str | None = None
    ) -> CaseRow | None: ...

    def cases(self, wanted: CaseFilter, *, after: str | None = None, limit: int = 50) -> list[CaseRow]: ...

    def entered_in(self, case_id: str) -> list[tuple[str, str, int]]:
        """Return debit, credit and amount of the entries of a case."""

    def answered_before(self, key: Idempotency) -> Written | None: ...

    def write(self, batch: list[CaseWrite]) -> list[Written]: ...


class _NothingToAssess:
    """Stands where goods would be assessed: a refund goes by what is on record."""

    def declared(self, seq: int, number: int, parcel_id: str, posted_on: str) -> None:
        """Know nothing of the goods."""

    def assess(self, goods: Parcel, *, jurisdiction: str, on: str) -> Mapping[str, Any]:
        """Refuse.

        Raises: LookupError.
        """
        raise LookupError("a refund assesses nothing")


class CollectorDesk:
    """What may be asked about collectors, and the one thing that may be told: a payment."""

    def __init__(self, store: CollectorStore, *, new_id: Callable[[], str], clock: Callable[[], str] = utc_now) -> None:
        """Take the store, the way to make ids, and the clock."""
        self._store, self._new_id, self._clock = store, new_id, clock

    def balances(self) -> list[CollectorBalance]:
        """Return every account with where it stands."""
        return collector_balances(movements(self._store.collected_sums()))

    def statement(self, account: str, first: str, last: str) -> Statement:
        """Return an account's statement of a period.

        Raises: CollectorRefused.
        """
        paid = self._payments(account)
        return statement(account, self._moved(account), first, last, payments=paid)

    def _moved(self, account: str) -> list[Movement]:
        sums = self._store.collected_sums(account=account)
        return [one for one in movements(sums) if one.account == account]

    def _payments(self, account: str) -> list[StatementPayment]:
        found: list[StatementPayment] = []
        after = 0
        while True:
            events = self._store.events(case_id=collector_stream(account), after_seq=after, limit=PAGE)
            found += payments_on_record(events)
            if len(events) < PAGE:
                return found
            after = events[-1].seq

    def pay(self, payment: CollectorPayment, by: Principal) -> PaymentResult:
        """Record a payment; one with a key that was used before for the same payment gets the first answer again.

        Raises: CollectorRefused; StoreUnavailable, then send it again with the same key.
        """
        work = PaymentCasework(self._store, new_id=self._new_id, clock=self._clock)
        programme = ProgrammeCasework(self._store, clock=self._clock, others=(work,))
        nothing = NoClearance()
        desk = Desk(assessor=nothing, casework=nothing, reader=self._store, writer=self._store, programme=programme)
        return self.recorded(InProcessCore(desk).submit_all([ProgrammeCommand(principal=by, act=payment)])[0])

    def recorded(self, answer: Answer) -> PaymentResult:
        """Return what the answer to a payment stands for, as its event tells it.

        Raises: CollectorRefused.
        """
        if answer.error is not None or not answer.case_id:
            raise refused_by(answer)
        found = self.payment(answer.case_id, answer.first_seq)
        if found is None:
            raise LookupError(f"{answer.case_id}: expected a payment at event {answer.first_seq}, got none")
        return found

    def payment(self, stream: str, seq: int) -> PaymentResult | None:
        """Return the payment that an event of a collector's stream records."""
        events = self._store.events(case_id=stream, after_seq=max(0, seq - 1), limit=1)
        return result_of(events[0].body) if events and events[0].seq == seq else None

    def refund(self, by: Principal, parcel_id: str, posted_on: str, *, reason: str, item: int | None = None) -> Answer:
        """Give a parcel's charges back, or those of one item, once."""
        return self.act(
            ParcelAct(principal=by, parcel_id=parcel_id, posted_on=posted_on, act="refund", reason=reason, item=item)
        )

    def act(self, act: ParcelAct) -> Answer:
        """Do an act on a parcel for which nothing is assessed; refused as any other act."""
        nothing = NoClearance()
        parcels = ParcelCasework(self._store, _NothingToAssess(), clock=self._clock)
        desk = Desk(assessor=nothing, casework=nothing, reader=self._store, writer=self._store, parcels=parcels)
        return InProcessCore(desk).submit_all([act])[0]

    def feed(self, first: str, last: str) -> list[FeedRow]:
        """Return the tax authority's rows of a period."""
        return feed_rows(movements(self._store.collected_sums()), first, last)

    def reconcile(self, first: str, last: str) -> Reconciliation:
        """Compare the ledger with the records of every parcel accepted in the period, and every parcel changed since.

        Limits: changes on single parcels are compared whenever they were made.
        """
        batches = [batch for batch in self._store.collected_batches() if first <= batch.on <= last]
        seqs = [seq for batch in batches for seq in batch.seqs]
        records = self._store.records_between(min(seqs), max(seqs)) if seqs else iter(())
        report = reconcile(first, last, batches, records, self._rulings(batches))
        self._reconcile_cases(report)
        return report

    def _rulings(self, batches: Sequence[CollectedBatch]) -> dict[str, Sums]:
        """Return what was posted under rulings, as the events of those streams say."""
        found: dict[str, Sums] = {}
        for batch in batches:
            if not batch.seqs:
                sums = found.setdefault(batch.case_id, {})
                for event in self._store.events(case_id=batch.case_id, limit=PAGE):
                    for key, minor in ruled(event.body).items():
                        sums[key] = sums.get(key, 0) + minor
        return found

    def _reconcile_cases(self, report: Reconciliation) -> None:
        """Compare what each case says is charged with the record's amounts and the entries since."""
        after = None
        while True:
            rows = self._store.cases(CaseFilter(room=PARCEL_ROOM), after=after, limit=PAGE)
            for row in rows:
                case = parcel_case_of(row.state)
                found = self._store.parcel_rows(case.parcel_id, case.posted_on)
                records: Sums = {}
                for charge in charges_of(msgspec.json.decode(found[0].record)) if found else ():
                    records[charge.account, charge.type] = charge.minor
                entries = [one for one in self._store.entered_in(row.case_id) if not one[0].startswith("bank:")]
                ledger = dict(records)
                for key, minor in entered(entries).items():
                    ledger[key] = ledger.get(key, 0) + minor
                standing: Sums = {}
                for charge in case.charges:
                    key = (charge.account, charge.type)
                    standing[key] = standing.get(key, 0) + charge.minor
                compare(report, f"parcel {case.parcel_id} of {case.posted_on}", standing, ledger)
                report.parcel_cases += 1
            if len(rows) < PAGE:
                return
            after = f"{rows[-1].updated_at}|{rows[-1].case_id}"
