# SPDX-License-Identifier: Apache-2.0
"""What parcels would have paid under other rules, from the goods as they were recorded; and the difference, posted.

Compared are the parcels that were released: what is held or under a full declaration was not charged here. Sums are by
collector and type; a ruling is posted once, under its name, however often it is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import msgspec

from openecp.kernel.datamodel.parcel import PERSONAL_COLUMNS
from openecp.kernel.journal.bulk import CounterKey, CounterState
from openecp.kernel.journal.canonical import canonical
from openecp.kernel.journal.model import CaseRow, CaseWrite, Idempotency, LedgerEntry, NewEvent
from openecp.platform.core.clearing_batch import EVENT_KIND, ROOM

REASSESSED_KIND = "ParcelsReassessed"
ENTRIES_MOST = 900  # of one write
PAGE = 1_000  # events read at once
_CHARGED = ("release", "release_with_charges")


class Rules(Protocol):
    """Other rules: what assesses parcels that were accepted on a day, and whether they are judged as of another."""

    def clearance(self, on: date) -> Any: ...

    def day(self, accepted_on: date) -> date:
        """Return the day whose law is asked for."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: of which jurisdiction and which days of acceptance, under which rules in words."""

    jurisdiction: str
    first: date | None = None
    last: date | None = None
    as_if: str = ""
    all_dates: bool = False  # the rules of one day, whatever the parcel's own dates are


class Sum(msgspec.Struct, kw_only=True):
    """What one collector owed and would owe, of one type, in minor units."""

    account: str
    type: str
    currency: str
    was: int = 0
    would: int = 0

    @property
    def difference(self) -> int:
        """What would have been paid more; negative: what was paid too much."""
        return self.would - self.was


class Reassessed(msgspec.Struct, kw_only=True):
    """The answer: sums, and how many parcels stand behind them."""

    jurisdiction: str
    as_if: str
    parcels: int = 0
    changed: int = 0
    left_out: int = 0  # held or under a full declaration then
    unanswered: int = 0  # would be held or under a full declaration: nothing is charged
    erased: int = 0  # batches whose goods are no longer kept
    batches: int = 0
    sums: list[Sum] = []
    posted: str = ""  # the stream of the ruling; empty: nothing was posted
    repeated: bool = False  # the ruling was posted before


class ParcelChange(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel before and after."""

    parcel_id: str
    posted_on: str
    currency: str
    decision: str
    would_be: str
    duty: int
    tax: int
    would_duty: int
    would_tax: int


class _Amount(msgspec.Struct):
    by: str
    minor: int
    type: str


class _Record(msgspec.Struct):
    row: int
    id: str
    posted: str
    decision: str
    currency: str
    duty: int
    tax: int
    amounts: list[_Amount]


_decode = msgspec.json.Decoder(_Record).decode


class Reassessment:
    """Goes through the batches of a period."""

    def __init__(self, store: Any, engine: Any, rules: Rules, asked: Asked) -> None:
        self._store, self._engine, self._rules, self._asked = store, engine, rules, asked
        self._totals: dict[CounterKey, CounterState] = {}
        self._sums: dict[tuple[str, str], Sum] = {}

    def run(self, each: Callable[[ParcelChange], None] | None = None) -> Reassessed:
        """Assess anew; `each` gets every parcel."""
        told = Reassessed(jurisdiction=self._asked.jurisdiction, as_if=self._asked.as_if)
        for seq, body in self._batches():
            told.batches += 1
            self._batch(seq, body, told, each)
        told.sums = [self._sums[key] for key in sorted(self._sums)]
        return told

    def _batches(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        asked, after = self._asked, 0
        while events := self._store.events(after_seq=after, limit=PAGE):
            after = events[-1].seq
            for event in events:
                if event.kind != EVENT_KIND or event.body.get("jurisdiction") != asked.jurisdiction:
                    continue
                on = date.fromisoformat(event.body.get("accepted_on") or event.occurred_at[:10])
                if (asked.first or on) <= on <= (asked.last or on):
                    yield event.seq, event.body

    def _batch(
        self, seq: int, body: Mapping[str, Any], told: Reassessed, each: Callable[[ParcelChange], None] | None
    ) -> None:
        records = [_decode(row.record) for row in self._store.batch_rows(seq)]
        released = {record.row: record for record in records if record.decision in _CHARGED}
        told.left_out += len(records) - len(released)
        if not self._staged(body):
            told.erased += 1
            told.left_out += len(released)
            return
        self._engine.load("released_rows", (("row_id", "BIGINT"),), [(row,) for row in released])
        self._engine.update(
            "DELETE FROM parcel_rows WHERE parcel_no NOT IN (SELECT r.parcel_no FROM parcel_rows AS r "
            "JOIN released_rows AS d ON d.row_id = r.row_id)"
        )
        clearance = self._rules.clearance(self._rules.day(date.fromisoformat(body["accepted_on"])))
        clearance.keep_totals(lambda keys: {k: self._totals[k] for k in keys if k in self._totals}, _hashed)
        clearance.assess()
        for move in clearance.moves(body["first_row"], body["last_row"]):
            before = self._totals.get(move.key, CounterState(0, 0))
            self._totals[move.key] = CounterState(before.version + 1, before.total_micro + move.add_micro)
        self._add(released, told, each)

    def _staged(self, body: Mapping[str, Any]) -> bool:
        """Make parcel_rows of what is kept of a batch; False where its goods are gone."""
        found = {one["kind"]: self._store.document(one["id"]) for one in body.get("documents", ())}
        goods, persons = found.get("parcel_goods"), found.get("parcel_persons")
        if goods is None:
            return False
        self._engine.take("kept_goods", goods.content)
        if persons is not None:
            self._engine.take("kept_persons", persons.content)
            named = ", ".join(f"p.{name}" for name in PERSONAL_COLUMNS)
            join = "LEFT JOIN kept_persons AS p ON p.row_id = g.row_id"
        else:
            named, join = ", ".join(f"CAST(NULL AS VARCHAR) AS {name}" for name in PERSONAL_COLUMNS), ""
        self._engine.stage("parcel_rows", f"SELECT g.*, {named} FROM kept_goods AS g {join} ORDER BY g.row_id")  # noqa: S608 - our own names
        if self._asked.all_dates:
            self._engine.update("UPDATE parcel_rows SET sold_on = NULL, arrived_on = NULL")
        return True

    def _add(
        self, released: Mapping[int, _Record], told: Reassessed, each: Callable[[ParcelChange], None] | None
    ) -> None:
        for record in released.values():
            for amount in record.amounts:
                self._sum(amount.by, amount.type, record.currency).was += amount.minor
        for row in self._engine.ask("SELECT account, type, currency, minor FROM collector_sums"):
            self._sum(row["account"], row["type"], row["currency"]).would += row["minor"]
        for row in self._engine.ask("SELECT first_row, decision, duty_minor, tax_minor FROM parcel_results"):
            record = released[row["first_row"]]
            told.parcels += 1
            told.changed += (record.duty, record.tax) != (row["duty_minor"], row["tax_minor"])
            told.unanswered += row["decision"] not in _CHARGED
            if each is not None:
                each(ParcelChange(
                    parcel_id=record.id, posted_on=record.posted, currency=record.currency, decision=record.decision,
                    would_be=row["decision"], duty=record.duty, tax=record.tax, would_duty=row["duty_minor"],
                    would_tax=row["tax_minor"],
                ))  # fmt: skip

    def _sum(self, account: str, kind: str, currency: str) -> Sum:
        return self._sums.setdefault((account, kind), Sum(account=account, type=kind, currency=currency))


def _hashed(keys: Sequence[str]) -> list[str | None]:
    return [hashlib.sha256(key.encode()).hexdigest()[:32] if key else None for key in keys]


def post(store: Any, told: Reassessed, *, ruling: str, asked: Asked, now: str, actor: str) -> Reassessed:
    """Post the differences under a ruling, all or nothing, once.

    Raises: ValueError where the store refuses them.
    """
    moved = [one for one in told.sums if one.difference]
    parts = [moved[at : at + ENTRIES_MOST] for at in range(0, len(moved), ENTRIES_MOST)] or [[]]
    told.posted = f"parcels/ruling/{ruling}"
    writes = [_write(told, part, number, len(parts), ruling, asked, now, actor) for number, part in enumerate(parts)]
    answers = store.write(writes)
    told.repeated = any(answer.outcome == "repeated" for answer in answers)
    wrong = [answer for answer in answers if answer.outcome not in ("recorded", "repeated")]
    if wrong and not told.repeated:
        raise ValueError(wrong[0].error or wrong[0].outcome)
    return told


def _write(
    told: Reassessed, part: Sequence[Sum], number: int, parts: int, ruling: str, asked: Asked, now: str, actor: str
) -> CaseWrite:
    case_id = told.posted if parts == 1 else f"{told.posted}/{number + 1}"
    body = {
        "ruling": ruling,
        "jurisdiction": asked.jurisdiction,
        "as_if": asked.as_if,
        "first": asked.first.isoformat() if asked.first else "",
        "last": asked.last.isoformat() if asked.last else "",
        "parcels": told.parcels,
        "changed": told.changed,
        "part": number + 1,
        "parts": parts,
        "differences": [
            {"account": one.account, "type": one.type, "currency": one.currency, "was": one.was, "would": one.would}
            for one in part
        ],
    }
    row = CaseRow(
        case_id=case_id, organisation="customs", lrn="", mrn=None, status="posted", channel=None, office=None,
        movement=None, version=1, state=canonical(body), updated_at=now, room=ROOM,
    )  # fmt: skip
    return CaseWrite(
        row=row,
        expected_seq=0,
        events=(NewEvent(kind=REASSESSED_KIND, occurred_at=now, actor=actor, body=body),),
        ledger=tuple(_entry(one, case_id, place, asked, ruling) for place, one in enumerate(part, start=1)),
        idempotency=Idempotency(
            organisation="customs", key=f"ruling:{ruling}:{number + 1}",
            body_hash=hashlib.sha256(f"ruling:{ruling}".encode()).digest(),
        ),
        group=f"ruling:{ruling}" if parts > 1 else None,
    )  # fmt: skip


def _entry(one: Sum, case_id: str, place: int, asked: Asked, ruling: str) -> LedgerEntry:
    """Return the entry of a difference: owed to the administration, or given back."""
    revenue = f"revenue:{one.type}:{asked.jurisdiction}:{one.currency}"
    debit, credit = (one.account, revenue) if one.difference > 0 else (revenue, one.account)
    return LedgerEntry(
        entry_id=f"{hashlib.sha256(case_id.encode()).hexdigest()[:24]}-{place}", case_id=case_id, debit=debit,
        credit=credit, amount_minor=abs(one.difference), currency=one.currency, reason=f"ruling {ruling}",
    )  # fmt: skip
