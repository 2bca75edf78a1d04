# SPDX-License-Identifier: Apache-2.0
"""The store in PostgreSQL gives the answers of the plain model in memory, whatever is written in whatever order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store_world import (  # noqa: F401  fixtures
    case_write,
    database_server,
    document,
    empty,
    entry,
    later,
    message,
    shared_database,
    store,
    ticking,
)

from openecp.kernel.journal.admission import StoreSettings
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import CaseWrite, Deadline, Written
from openecp.kernel.journal.queries import CaseFilter
from openecp.platform.store import PostgresStore

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@st.composite
def plans(draw: st.DrawFn) -> list[list[tuple[object, ...]]]:
    """Batches of writes over few cases, LRNs and keys, so that they collide."""
    step = st.tuples(
        st.integers(0, 4),  # case
        st.sampled_from(["right", "right", "right", "zero", "wrong"]),  # expected seq
        st.integers(0, 3),  # LRN
        st.sampled_from(["accepted", "rejected", "released"]),
        st.sampled_from([None, "k1", "k2"]),
        st.integers(0, 1),  # body
        st.integers(1, 3),  # events
        st.sampled_from(["", "document", "message", "entry", "reversal", "clock", "no clock", "bad", "twice"]),
        st.sampled_from([None, "MRN1", "MRN2"]),
        st.sampled_from([None, None, "g1", "g2"]),  # group
        st.sampled_from([None, 0, 1, 2]),  # face, at which time
        st.sampled_from(["lodgement", "lodgement", "lodgement", "programme"]),
    )
    return draw(st.lists(st.lists(step, min_size=1, max_size=6), min_size=1, max_size=6))


def writes(plan: list[list[tuple[object, ...]]], model: MemoryStore) -> Iterator[list[CaseWrite]]:
    """Turn a plan into batches; `right` expects what the model holds when the batch begins."""
    number = itertools.count(1)
    for batch in plan:
        made = []
        for case, expected, lrn, status, key, body, events, extra, mrn, group, face, room in batch:
            name, n = f"case-{case}", next(number)
            known = model.last_seq.get(name, 0)
            seq = {"right": known, "zero": 0, "wrong": known + 7}[str(expected)]
            entries = list(model.entries.values())
            ledger = {
                "entry": (entry(n, case_id=name), entry(10_000 + n, 40, case_id=name)),
                "reversal": (entry(n, entries[0].amount_minor, reverses=entries[0].entry_id),) if entries else (),
            }.get(str(extra), ())
            if ledger and ledger[0].reverses and (entries[0].reverses or "reversed" in model.settings.retention_days):
                ledger = ()
            made.append(
                case_write(
                    name,
                    expected_seq=seq,
                    lrn=f"LRN{lrn}",
                    mrn=mrn,  # type: ignore[arg-type]
                    status=str(status),
                    key=key,  # type: ignore[arg-type]
                    body_hash=bytes([int(str(body))]) * 32,
                    events=int(str(events)),
                    body={"share": 0.5} if extra == "bad" else None,
                    documents=(document(n),) if extra == "document" else (),
                    outbox={"message": (message(n), message(10_000 + n)), "twice": (message(1),)}.get(str(extra), ()),
                    ledger=ledger,
                    deadlines={
                        "clock": (Deadline(act="expire", due_at=later(n)),),
                        "no clock": (Deadline(act="expire", due_at=None),),
                    }.get(str(extra), ()),
                    updated_at=later(n % 3),
                    answer=b"%d" % n,
                    room=str(room),
                    group=group,  # type: ignore[arg-type]
                    face=None if face is None else b"%d" % n * (1 + 900 * (n % 2)),
                    occurred_at=later(int(str(face or 0))),
                )
            )
        yield made


def told(written: Written, write: CaseWrite) -> tuple[object, ...]:
    """Return what both stores must say alike: of a group that failed in two places, either may be named."""
    if write.group is not None and written.outcome not in ("recorded", "repeated"):
        return ("nothing",)
    return (written.outcome, written.first_seq, written.last_seq, written.answer, written.recorded_at)


# One database for all examples, each of which uses a store of its own inside it by emptying the tables.
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans(), reuse=st.sampled_from([None, 0]))
def test_the_store_answers_as_the_model_does(store: PostgresStore, plan: list, reuse: int | None) -> None:  # noqa: F811
    empty(store)
    chosen = StoreSettings(lrn_reuse_days=reuse)
    store.configure(chosen)
    store.writer._clock = ticking()
    model = MemoryStore(clock=ticking(), settings=chosen)
    for batch in writes(plan, model):
        wanted = model.write(batch)
        found = store.write(batch)
        assert [told(w, write) for w, write in zip(found, batch, strict=True)] == [
            told(w, write) for w, write in zip(wanted, batch, strict=True)
        ]
    assert store.events() == model.events()
    for name in (f"case-{n}" for n in range(5)):
        assert store.case(name) == model.case(name)
        assert store.events(case_id=name, after_seq=2) == model.events(case_id=name, after_seq=2)
        assert store.documents_of(name) == model.documents_of(name)
        assert store.notifications_of(name) == model.notifications_of(name)
    for room in ("lodgement", "programme"):
        for at in (None, later(0), later(1), later(2), "2025"):
            assert store.faces(room=room, at=at) == model.faces(room=room, at=at)
            assert store.faces(room=room, at=at, prefix="case-1") == model.faces(room=room, at=at, prefix="case-1")
    assert store.feed("XB-1") == model.feed("XB-1")
    for wanted_cases in (
        CaseFilter(),
        CaseFilter(room="programme"),
        CaseFilter(status=("accepted",)),
        CaseFilter(text="lrn1"),
        CaseFilter(text="mrn"),
    ):
        assert store.cases(wanted_cases) == model.cases(wanted_cases)
        assert store.count_by_status(wanted_cases) == model.count_by_status(wanted_cases)
        for row in model.cases(wanted_cases):
            after = f"{row.updated_at}|{row.case_id}"
            assert store.cases(wanted_cases, after=after) == model.cases(wanted_cases, after=after)
    for lrn in ("LRN0", "LRN1", "LRN2", "LRN3"):
        for room in ("lodgement", "programme"):
            asked = {"lrn": lrn, "organisation": "XB-1", "room": room}
            assert store.find_case(**asked) == model.find_case(**asked)  # type: ignore[arg-type]
    assert [(d.case_id, d.act, d.due_at) for d in store.due(later(3000))] == model.due(later(3000))
    report = store.verify()
    assert report.ok, report.findings
    assert report.events == len(model.log)
