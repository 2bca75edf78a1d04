# SPDX-License-Identifier: Apache-2.0
"""What becomes of writes: recorded in order, repeated, refused one by one; and nothing can be changed afterwards."""

from __future__ import annotations

import msgspec
import psycopg
import pytest
from tests.store_world import (  # noqa: F401  fixtures
    case_write,
    database_server,
    document,
    entry,
    later,
    message,
    shared_database,
    store,
)

from openecp.kernel.journal.admission import StoreSettings
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import Deadline, Written
from openecp.kernel.journal.queries import CaseFilter
from openecp.platform.store import PostgresStore


def outcomes(store: PostgresStore, *writes: object) -> list[str]:  # noqa: F811
    return [written.outcome for written in store.write(list(writes))]  # type: ignore[arg-type]


def test_a_batch_is_recorded_in_order_without_a_gap(store: PostgresStore) -> None:  # noqa: F811
    found = store.write([case_write(f"case-{n}", events=3) for n in range(4)])
    assert [(w.outcome, w.first_seq, w.last_seq) for w in found] == [
        ("recorded", 1, 3), ("recorded", 4, 6), ("recorded", 7, 9), ("recorded", 10, 12),
    ]  # fmt: skip
    assert [event.seq for event in store.events()] == list(range(1, 13))
    assert [event.seq for event in store.events(case_id="case-2", after_seq=7)] == [8, 9]
    assert [event.seq for event in store.events(after_seq=5, limit=2)] == [6, 7]
    row, seq = store.case("case-3") or (None, 0)
    assert (row, seq) == (case_write("case-3").row, 12)
    assert store.write([]) == []


def test_same_key_and_body_gets_the_first_answer_another_body_is_refused(store: PostgresStore) -> None:  # noqa: F811
    first = store.write([case_write("case-1", key="k", answer=b"first")])[0]
    again = store.write([case_write("case-2", key="k", answer=b"second")])[0]
    assert (again.outcome, again.answer, again.first_seq, again.last_seq) == ("repeated", b"first", 1, 2)
    assert again.recorded_at == first.recorded_at
    assert outcomes(store, case_write("case-2", key="k", body_hash=b"x" * 32)) == ["conflict"]
    assert outcomes(store, case_write("case-3", key="k", organisation="XB-2")) == ["recorded"]
    assert store.case("case-2") is None


def test_keys_and_streams_collide_within_a_batch_as_between_batches(store: PostgresStore) -> None:  # noqa: F811
    assert outcomes(
        store,
        case_write("case-1", key="k"),
        case_write("case-2", key="k"),
        case_write("case-2", key="k", body_hash=b"x" * 32),
        case_write("case-1", expected_seq=0),
        case_write("case-1", expected_seq=2, status="released"),
        case_write("case-1", expected_seq=2),
        case_write("case-9", lrn="LRN-case-1"),
    ) == ["recorded", "repeated", "conflict", "stale", "recorded", "stale", "duplicate"]
    row, seq = store.case("case-1") or (None, 0)
    assert (row and row.status, seq, store.size()) == ("released", 4, 4)


def test_an_lrn_is_used_once_by_an_organisation_unless_rejected(store: PostgresStore) -> None:  # noqa: F811
    assert outcomes(store, case_write("case-1", lrn="L"), case_write("case-2", lrn="L", organisation="XB-2")) == [
        "recorded", "recorded",
    ]  # fmt: skip
    assert outcomes(store, case_write("case-3", lrn="L")) == ["duplicate"]
    assert outcomes(store, case_write("case-1", lrn="L", expected_seq=2, status="rejected")) == ["recorded"]
    assert outcomes(store, case_write("case-3", lrn="L"), case_write("case-4", lrn="L")) == ["recorded", "duplicate"]
    found = store.find_case(lrn="L", organisation="XB-1")
    assert found is not None
    assert found.case_id == "case-3"
    store.configure(StoreSettings(lrn_reuse_days=0))
    assert outcomes(store, case_write("case-5", lrn="L")) == ["recorded"]


def test_one_bad_write_does_not_spoil_its_batch(store: PostgresStore) -> None:  # noqa: F811
    good = [case_write(f"case-{n}", outbox=(message(n),), documents=(document(n),)) for n in range(8)]
    assert set(outcomes(store, *good)) == {"recorded"}
    found = store.write(
        [
            case_write("new-1"),
            case_write("new-2", body={"rate": 0.1}),
            case_write("new-3", outbox=(message(3),)),  # an id that is known
            case_write("new-4", documents=(document(100), document(100))),
            case_write("new-5", lrn="with\x00nul"),
            case_write("new-6", ledger=(entry(1, 0),)),
            case_write("new-7", mrn="MRN"),
            case_write("new-8", mrn="MRN"),
            case_write('new"9'),
            case_write("new-10", ledger=(entry(2, 10, reverses="entry-77"),)),
            case_write("new-11", lrn="\ud800"),
            case_write("new-12"),
        ]
    )
    assert [w.outcome for w in found] == [
        "recorded", *["invalid"] * 5, "recorded", "invalid", "invalid", "invalid", "invalid", "recorded",
    ]  # fmt: skip
    assert "$.rate: expected text, integer" in found[1].error
    assert "message-3" in found[2].error
    assert [event.seq for event in store.events()] == list(range(1, 23))
    assert [feed.number for feed in store.feed("XB-1")] == list(range(1, 9))
    assert store.verify().ok


def test_each_organisation_has_a_feed_without_gaps_that_is_replayable(store: PostgresStore) -> None:  # noqa: F811
    store.write([case_write("case-1", outbox=(message(1), message(2, "XB-2"), message(3)))])
    store.write([case_write("case-2", outbox=(message(4, "XB-2"), message(5)))])
    assert [(f.number, f.message.message_id) for f in store.feed("XB-1")] == [
        (1, "message-1"), (2, "message-3"), (3, "message-5"),
    ]  # fmt: skip
    assert [(f.number, f.message) for f in store.feed("XB-2", after=1)] == [(2, message(4, "XB-2"))]
    assert store.feed("XB-1", after=2, limit=1) == store.feed("XB-1")[2:]


def test_a_ledger_entry_is_taken_back_once_and_no_more(store: PostgresStore) -> None:  # noqa: F811
    assert outcomes(store, case_write("case-1", ledger=(entry(1, 100),))) == ["recorded"]
    assert outcomes(store, case_write("case-1", expected_seq=2, ledger=(entry(2, 60, reverses="entry-1"),))) == [
        "recorded"
    ]
    found = store.write([case_write("case-1", expected_seq=4, ledger=(entry(3, 41, reverses="entry-1"),))])[0]
    assert (found.outcome, "expected to reverse at most 40" in found.error) == ("invalid", True)
    assert outcomes(store, case_write("case-1", expected_seq=4, ledger=(entry(3, 40, reverses="entry-1"),))) == [
        "recorded"
    ]
    assert store.balances() == {("receivable:XB-1", "XBC"): 0, ("revenue:A00", "XBC"): 0}
    assert [row["reverses"] for row in store.ledger_of("case-1")] == [None, "entry-1", "entry-1"]


def test_clocks_are_set_replaced_dropped_and_claimed_once(store: PostgresStore) -> None:  # noqa: F811
    store.write([case_write("case-1", deadlines=(Deadline(act="expire", due_at=later(10)),))])
    store.write(
        [case_write("case-2", deadlines=(Deadline(act="expire", due_at=later(20)), Deadline(act="x", due_at=None)))]
    )
    store.write([case_write("case-1", expected_seq=2, deadlines=(Deadline(act="expire", due_at=later(30)),))])
    assert [(d.case_id, d.due_at) for d in store.due(later(30))] == [("case-2", later(20)), ("case-1", later(30))]
    assert store.due(later(31)) == []  # claimed
    assert len(store.due(later(95))) == 2  # the claim has lapsed
    store.write([case_write("case-2", expected_seq=4, deadlines=(Deadline(act="expire", due_at=None),))])
    assert (store.deadlines_of("case-2"), store.deadlines_of("case-1")) == ({}, {"expire": later(30)})


def test_work_lists_are_filtered_paged_and_searched(store: PostgresStore) -> None:  # noqa: F811
    store.write(
        [
            case_write(f"case-{n}", lrn=f"A{n}%_", mrn=f"26XB{n}", updated_at=later(n // 2), status=["a", "b"][n % 2])
            for n in range(10)
        ]
    )
    first = store.cases(CaseFilter(), limit=4)
    rest = store.cases(CaseFilter(), after=f"{first[-1].updated_at}|{first[-1].case_id}")
    assert [row.case_id for row in [*first, *rest]] == [f"case-{n}" for n in range(9, -1, -1)]
    assert [row.case_id for row in store.cases(CaseFilter(status=("b",), organisation="XB-1"), limit=2)] == [
        "case-9",
        "case-7",
    ]
    assert store.count_by_status(CaseFilter()) == {"a": 5, "b": 5}
    assert [row.lrn for row in store.cases(CaseFilter(text="a3%_"))] == ["A3%_"]
    assert [row.mrn for row in store.cases(CaseFilter(text="26xb4"))] == ["26XB4"]
    assert store.cases(CaseFilter(text="%")) == []
    assert store.cases(CaseFilter(organisation="XB-2")) == []
    assert store.find_case(mrn="26XB4") == store.find_case(lrn="A4%_", organisation="XB-1")
    assert store.find_case() is None


@pytest.mark.parametrize(
    "statement",
    ["UPDATE events SET record = ''", "DELETE FROM events", "TRUNCATE events", "UPDATE ledger SET amount_minor = 1",
     "DELETE FROM ledger", "DELETE FROM checkpoints", "UPDATE merkle_nodes SET hash = ''"],
)  # fmt: skip
def test_what_is_recorded_cannot_be_changed(store: PostgresStore, statement: str) -> None:  # noqa: F811
    store.write([case_write(f"case-{n}", events=200, ledger=(entry(n),)) for n in range(2)])
    store.sign_checkpoint()
    with (
        psycopg.connect(store.url, options="-c search_path=openecp") as connection,
        pytest.raises(psycopg.errors.RestrictViolation, match="append-only"),
    ):
        connection.execute(statement)  # type: ignore[call-overload]


def test_two_stores_writing_to_one_database_keep_one_sequence(store: PostgresStore, tmp_path) -> None:  # noqa: F811
    with PostgresStore(url=store.url, folder=tmp_path) as other:
        for n in range(5):
            assert outcomes(store, case_write(f"a{n}")) == outcomes(other, case_write(f"b{n}")) == ["recorded"]
        assert outcomes(other, case_write("a0")) == ["stale"]
    assert store.verify().events == 20


def test_a_broken_connection_is_replaced_and_nothing_is_written_twice(store: PostgresStore) -> None:  # noqa: F811
    store.write([case_write("case-1")])
    with psycopg.connect(store.url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                           "AND datname = current_database()")  # fmt: skip
    assert outcomes(store, case_write("case-2")) == ["recorded"]
    assert store.size() == 4


def test_the_record_time_never_goes_back(store: PostgresStore) -> None:  # noqa: F811
    store.writer._clock = lambda: later(50)
    store.write([case_write("case-1")])
    store.writer._clock = lambda: later(10)
    assert store.write([case_write("case-2")])[0].recorded_at == later(50)


def test_what_was_answered_under_a_key_can_be_read(store: PostgresStore) -> None:  # noqa: F811
    """As writing again would be told, and as the store in memory tells it."""
    write = case_write("case-1", key="k", answer=b"first")
    for each in (store, MemoryStore()):
        first = each.write([write])[0]
        key = write.idempotency
        assert key is not None
        assert each.answered_before(key) == msgspec.structs.replace(first, outcome="repeated")
        assert each.answered_before(key) == each.write([write])[0]
        assert each.answered_before(msgspec.structs.replace(key, body_hash=b"x" * 32)) == Written(outcome="conflict")
        assert each.answered_before(msgspec.structs.replace(key, key="other")) is None
        assert each.answered_before(msgspec.structs.replace(key, organisation="XB-2")) is None
