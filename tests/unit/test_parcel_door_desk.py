# SPDX-License-Identifier: Apache-2.0
"""The desk and the queue of the online door over a store in memory and a clearer of few lines."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from openecp.kernel.datamodel.parcel import Parcel, ParcelItem
from openecp.kernel.journal.bulk import BatchWritten, CounterKey, CounterMove, ParcelBatch, ParcelRow, record_tree
from openecp.kernel.journal.memory import MemoryStore, utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, NewEvent
from openecp.kernel.parties.model import Principal
from openecp.platform.core.parcel_line import ParcelLine
from openecp.platform.core.parcel_model import LodgeParcels, ParcelPlace, ParcelsAnswer
from openecp.platform.core.parceldesk import ParcelDesk
from openecp.platform.core.settings import Settings

WHO = Principal(principal_id="t", kind="system", organisation="org-1", name="T", roles=("trader",))
TOTAL = CounterKey("anna", "person_year", "2026", "EUR")


class Clearer:
    """Writes the row and what the person had before into each record; `poison` names parcels that break it."""

    def __init__(self, store: MemoryStore, *, poison: frozenset[str] = frozenset(), counted: bool = False) -> None:
        self.store, self.poison, self.counted, self.sizes = store, poison, counted, list[int]()

    def clear(self, places: Sequence[ParcelPlace], *, jurisdiction: str, source: str) -> ParcelBatch:
        self.sizes.append(len(places))
        if any(one.parcel.parcel_id in self.poison for one in places):
            raise ValueError("poison")
        before = self.store.counters([TOTAL]).get(TOTAL)
        had = before.total_micro if before is not None else 0
        records = [
            msgspec.json.encode({"id": one.parcel.parcel_id, "row": one.row, "had": had + n}).decode()
            for n, one in enumerate(places)
        ]
        body: dict[str, Any] = {
            "root": record_tree(records).root, "parcels": len(records), "first_row": places[0].row,
            "last_row": places[-1].row, "refused_rows": 0, "decisions": {}, "categories": {}, "refused": {},
            "quality": {}, "charged": [],
        }  # fmt: skip
        row = CaseRow(
            case_id=f"parcels/online/{jurisdiction}", organisation="customs", lrn="", mrn=None, status="clearing",
            channel=None, office=None, movement=None, version=0, state=b"{}", updated_at=utc_now(), room="parcels",
        )  # fmt: skip
        event = NewEvent(kind="ParcelsCleared", occurred_at=utc_now(), actor="system:test", body=body)
        move = CounterMove(TOTAL, before.version if before is not None else 0, len(places))
        return ParcelBatch(
            write=CaseWrite(row=row, expected_seq=0, events=(event,)), source=source, first_row=places[0].row,
            last_row=places[-1].row, parcel_ids=[one.parcel.parcel_id for one in places],
            posted_on=[one.parcel.posted_on for one in places], records=records,
            counters=(move,) if self.counted else (),
        )  # fmt: skip

    def jurisdictions(self) -> tuple[str, ...]:
        return ("EU", "CH")

    def same_goods(self, row: ParcelRow, parcel: Parcel) -> bool:
        return parcel.freight is None


def parcels(*names: str, **more: Any) -> LodgeParcels:
    """A request of parcels by name."""
    found = tuple(Parcel(parcel_id=name, posted_on="2026-07-02", items=(ParcelItem(),), **more) for name in names)
    return LodgeParcels(principal=WHO, jurisdiction="EU", parcels=found)


def desk_of(store: MemoryStore, **more: Any) -> tuple[ParcelDesk, Clearer]:
    """A desk and its clearer."""
    clearer = Clearer(store, **more)
    return ParcelDesk(clearer=clearer, store=store, source="run-1", patience_s=0.2), clearer


def outcomes(answers: Sequence[ParcelsAnswer]) -> list[list[str]]:
    """The outcomes of each request."""
    return [[item.outcome for item in answer.items] for answer in answers]


def test_many_requests_are_one_batch_for_each_jurisdiction() -> None:
    store = MemoryStore()
    desk, clearer = desk_of(store)
    other = msgspec.structs.replace(parcels("C"), jurisdiction="CH")
    answers = desk.work([parcels("A", "B"), other, parcels("D")])
    assert outcomes(answers) == [["decided", "decided"], ["decided"], ["decided"]]
    assert clearer.sizes == [3, 1]
    assert [event.case_id for event, _ in store.log] == ["parcels/online/EU", "parcels/online/CH"]


def test_what_was_decided_before_is_taken_out_and_answered_again() -> None:
    store = MemoryStore()
    desk, _ = desk_of(store)
    (first,) = desk.work([parcels("A")])
    answers = desk.work([parcels("A", "B", "B"), parcels("A", freight="1")])
    assert outcomes(answers) == [["repeated", "decided", "repeated"], ["conflict"]]
    assert answers[0].items[0].record == first.items[0].record
    assert len(store.parcel_places) == 2


def test_a_parcel_that_cannot_be_worked_harms_no_other() -> None:
    store = MemoryStore()
    desk, _ = desk_of(store, poison=frozenset({"C"}))
    (answer,) = desk.work([parcels("A", "B", "C", "D", "E")])
    assert [item.outcome for item in answer.items] == ["decided", "decided", "refused", "decided", "decided"]
    assert answer.items[2].incident


def test_a_total_that_has_moved_on_is_looked_at_again() -> None:
    store = MemoryStore()
    desk, _ = desk_of(store, counted=True)
    works = [desk.prepare([parcels("A", "B")]), desk.prepare([parcels("C")])]  # both see a total of nothing
    answers = [desk.record(work)[0] for work in works]
    assert desk.counts["counters_moved"] == 1
    assert [msgspec.json.decode(item.record)["had"] for answer in answers for item in answer.items] == [0, 1, 2]
    assert store.totals[TOTAL].total_micro == 3


def test_a_write_whose_answer_was_lost_is_not_doubled() -> None:
    class Lossy(MemoryStore):
        lost = False

        def write_parcels(self, batch: ParcelBatch) -> BatchWritten:
            written = super().write_parcels(batch)
            if not self.lost:
                self.lost = True
                raise ConnectionError("the answer was lost")
            return written

    store = Lossy()
    desk, _ = desk_of(store)
    assert outcomes(desk.work([parcels("A", "B")])) == [["decided", "decided"]]
    assert store.size() == 1


def test_a_store_that_stays_away_is_told() -> None:
    class Away(MemoryStore):
        def write_parcels(self, batch: ParcelBatch) -> BatchWritten:
            raise ConnectionError("away")

    desk, _ = desk_of(Away())
    (answer,) = desk.work([parcels("A")])
    assert answer.fault is not None
    assert (answer.fault.status, answer.fault.code) == (503, "OECP-STORE-UNAVAILABLE")


@pytest.mark.parametrize("batch_max", [3, 5_000])
def test_the_queue_answers_all_and_works_off_what_waits(batch_max: int) -> None:
    store = MemoryStore()
    desk, clearer = desk_of(store)
    line = ParcelLine(desk, Settings(gather_ms=2), batch_max=batch_max)
    got: dict[int, ParcelsAnswer] = {}
    done = threading.Event()

    def to(items: list[tuple[int, ParcelsAnswer]]) -> None:
        got.update(items)
        if len(got) == 40:
            done.set()

    line.start()
    for number in range(40):
        line.submit([(number, parcels(f"P{number}", f"Q{number}"))], to)
    assert done.wait(20)
    line.stop()
    assert not line.alive
    assert outcomes([got[number] for number in range(40)]) == [["decided", "decided"]] * 40
    assert len(store.parcel_places) == 80
    assert max(clearer.sizes) <= max(batch_max, 2)
    line.submit([(99, parcels("late"))], to)
    assert got[99].fault is not None
    assert got[99].fault.code == "OECP-BUSY"
