# SPDX-License-Identifier: Apache-2.0
"""Writes that stand or fall together; cases of several rooms; what a case looked like at any time."""

from __future__ import annotations

import pytest
from tests.store_world import (  # noqa: F401  fixtures
    TIME,
    case_write,
    database_server,
    document,
    later,
    message,
    shared_database,
    store,
    tamper,
)

from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import Face
from openecp.kernel.journal.queries import CaseFilter
from openecp.platform.store import PostgresStore


@pytest.fixture(params=["memory", "postgres"])
def either(request: pytest.FixtureRequest) -> MemoryStore | PostgresStore:
    """Return each store in turn."""
    if request.param == "memory":
        return MemoryStore()
    found: PostgresStore = request.getfixturevalue("store")
    return found


def test_a_group_is_recorded_whole_where_its_first_write_stands(either: PostgresStore) -> None:
    found = either.write(
        [
            case_write("alone-1"),
            case_write("one", group="g"),
            case_write("alone-2"),
            case_write("two", group="g", key="k"),
        ]
    )
    assert [w.outcome for w in found] == ["recorded"] * 4
    assert [(w.first_seq, w.last_seq) for w in found] == [(1, 2), (3, 4), (7, 8), (5, 6)]
    again = either.write([case_write("one", group="h"), case_write("two", group="h", key="k")])
    assert [w.outcome for w in again] == ["repeated", "repeated"]
    assert [(w.first_seq, w.answer) for w in again] == [(0, b""), (5, b"answer")]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("bad", "outcome", "word"),
    [
        ({"expected_seq": 7}, "stale", ""),
        ({"lrn": "LRN-known"}, "duplicate", ""),
        ({"body": {"share": 0.5}}, "invalid", "expected text, integer"),
        ({"outbox": (message(1),)}, "invalid", ""),
        ({"documents": (document(1),)}, "invalid", ""),
        ({"mrn": "MRN1"}, "invalid", ""),
        ({"key": "k", "body_hash": b"x" * 32}, "conflict", ""),
    ],
)
def test_one_failing_write_withholds_its_group_and_nothing_else(
    either: PostgresStore, place: int, bad: dict[str, object], outcome: str, word: str
) -> None:
    known = case_write("known", key="k", mrn="MRN1", outbox=(message(1),), documents=(document(1),))
    assert either.write([known])[0].outcome == "recorded"
    group = [case_write(f"member-{n}", group="g", outbox=(message(50 + n),), face=b"f") for n in range(3)]
    group[place] = case_write("member-bad", group="g", **bad)  # type: ignore[arg-type]
    batch = [case_write("before", outbox=(message(90),)), *group, case_write("after", outbox=(message(91),))]
    found = either.write(batch)
    assert [found[0].outcome, found[-1].outcome] == ["recorded", "recorded"]
    told = found[1:-1]
    assert (told[place].outcome, word in told[place].error) == (outcome, True)
    for number, answer in enumerate(told):
        if number != place:
            assert answer.outcome == "stale"
            assert f"write {place + 1} of 3 (case member-bad) is {outcome}" in answer.error
            assert word in answer.error
    assert [event.seq for event in either.events()] == list(range(1, 7))
    assert [e.message.message_id for e in either.feed("XB-1")] == ["message-1", "message-90", "message-91"]
    assert [e.number for e in either.feed("XB-1")] == [1, 2, 3]
    assert either.faces(room="lodgement") == []
    assert all(either.case(f"member-{n}") is None for n in (0, 1, 2, "bad"))
    # What failed has left no trace: put right, the same group is recorded.
    group[place] = case_write("member-good", group="g")
    assert [w.outcome for w in either.write(group)] == ["recorded"] * 3


def test_writes_of_a_group_may_collide_with_each_other(either: PostgresStore) -> None:
    pairs = (
        [case_write("a", outbox=(message(1),)), case_write("b", outbox=(message(1),))],
        [case_write("a", lrn="L"), case_write("b", lrn="L")],
        [case_write("a"), case_write("a")],
        [case_write("a", key="k"), case_write("b", key="k")],
    )
    for number, pair in enumerate(pairs):
        import msgspec

        grouped = [msgspec.structs.replace(write, group="g") for write in pair]
        found = either.write(grouped)
        assert [w.outcome for w in found] == ["stale", ["invalid", "duplicate", "stale", "invalid"][number]]
        assert "write 2 of 2" in found[0].error
    assert either.events() == []
    # The second write of a stream may follow the first in the same group.
    followed = [case_write("a", group="g"), case_write("a", group="g", expected_seq=2, status="released")]
    assert [w.outcome for w in either.write(followed)] == ["recorded", "recorded"]
    assert either.case("a") is not None
    assert either.case("a")[0].status == "released"  # type: ignore[index]


def test_rooms_have_lists_and_lrns_of_their_own(either: PostgresStore) -> None:
    found = either.write(
        [
            case_write("border", lrn="L"),
            case_write("plan", lrn="L", room="programme"),
            case_write("plan-2", lrn="", room="programme", status="planned"),
            case_write("plan-3", lrn="", room="programme", status="planned"),
            case_write("plan-4", lrn="L", room="programme"),
        ]
    )
    assert [w.outcome for w in found] == ["recorded"] * 4 + ["duplicate"]
    assert [row.case_id for row in either.cases(CaseFilter())] == ["border"]
    assert [row.case_id for row in either.cases(CaseFilter(room="programme"))] == ["plan-3", "plan-2", "plan"]
    assert either.count_by_status(CaseFilter(room="programme")) == {"accepted": 1, "planned": 2}
    for room, name in (("lodgement", "border"), ("programme", "plan")):
        row = either.find_case(lrn="L", organisation="XB-1", room=room)
        assert (row.case_id, row.room) == (name, room)  # type: ignore[union-attr]
    moved = either.write([case_write("plan", expected_seq=4, lrn="L", room="lodgement")])[0]
    assert (moved.outcome, "expected its room 'programme'" in moved.error) == ("invalid", True)
    assert either.write([case_write("x", room="")])[0].outcome == "invalid"


def test_faces_as_of_any_instant(either: PostgresStore) -> None:
    large = b"large " * 1_000
    either.write([case_write("a:1", room="programme", face=b"a1", occurred_at=later(10))])
    either.write([case_write("b:1", room="programme", face=large, occurred_at=later(20)), case_write("none")])
    either.write([case_write("a:1", expected_seq=2, room="programme", face=b"a2", occurred_at=later(30))])
    either.write([case_write("a:1", expected_seq=8, room="programme", face=b"a3", occurred_at=later(30))])
    either.write([case_write("a:1", expected_seq=10, room="programme", face=b"late", occurred_at=later(15))])
    either.write([case_write("b:1", expected_seq=4, room="programme", face=b"b2", occurred_at=later(40))])
    assert either.faces(room="programme") == [
        Face("a:1", 10, later(30), b"a3"), Face("b:1", 14, later(40), b"b2"),
    ]  # fmt: skip
    assert either.faces(room="programme", at=later(9)) == []
    assert either.faces(room="programme", at=later(10)) == [Face("a:1", 2, later(10), b"a1")]
    assert either.faces(room="programme", at=later(25)) == [
        Face("a:1", 12, later(15), b"late"), Face("b:1", 4, later(20), large),
    ]  # fmt: skip
    assert either.faces(room="programme", at=later(30), prefix="b:") == [Face("b:1", 4, later(20), large)]
    assert either.faces(room="programme", prefix="a:") == [Face("a:1", 10, later(30), b"a3")]
    assert either.faces(room="lodgement") == []


def test_several_faces_of_a_stream_in_one_batch(either: PostgresStore) -> None:
    either.write(
        [
            case_write("a", face=b"1", occurred_at=later(5)),
            case_write("a", expected_seq=2, face=b"2", occurred_at=later(5)),
            case_write("a", expected_seq=4, face=b"3", occurred_at=later(4)),
        ]
    )
    assert either.faces(room="lodgement") == [Face("a", 4, later(5), b"2")]
    assert either.faces(room="lodgement", at=later(4)) == [Face("a", 6, later(4), b"3")]
    refused = either.write([case_write("b", face=bytes(300_000))])[0]
    assert (refused.outcome, "face: expected at most" in refused.error) == ("invalid", True)


def test_one_write_may_tell_of_several_instants(either: PostgresStore) -> None:
    first, second = b"large " * 1_000, b"larger " * 1_000
    write = case_write(
        "a", face=first, occurred_at=later(5), faces=((later(10), second), (later(20), b"small"), (later(30), first))
    )
    assert either.write([write])[0].outcome == "recorded"
    for seconds, face in ((4, None), (5, first), (15, second), (25, b"small"), (30, first)):
        found = either.faces(room="lodgement", at=later(seconds))
        assert [one.face for one in found] == ([] if face is None else [face])
    assert either.faces(room="lodgement") == [Face("a", 2, later(30), first)]
    twice = either.write([case_write("b", face=b"1", faces=((TIME, b"2"),))])[0]
    assert (twice.outcome, "expected one face an instant" in twice.error) == ("invalid", True)


def test_notifications_of_a_case(either: PostgresStore) -> None:
    either.write([case_write("case-1", outbox=(message(1), message(2, "XB-2"), message(3, case_id="case-2")))])
    either.write([case_write("case-2", outbox=(message(4), message(5, "XB-0")))])
    found = either.notifications_of("case-1")
    assert [(e.message.organisation, e.number, e.message.message_id) for e in found] == [
        ("XB-0", 1, "message-5"), ("XB-1", 1, "message-1"), ("XB-1", 3, "message-4"), ("XB-2", 1, "message-2"),
    ]  # fmt: skip
    assert either.notifications_of("case-9") == []


def test_a_changed_face_is_found(store: PostgresStore) -> None:  # noqa: F811
    store.write([case_write(f"case-{n}", face=b"f%d" % n, occurred_at=later(n)) for n in range(4)])
    assert store.verify().ok
    tamper(store, "UPDATE faces SET occurred_at = %s WHERE seq = 4", later(0))
    tamper(store, "UPDATE face_streams SET face = 'x' WHERE case_id = 'case-2'")
    tamper(store, "UPDATE face_streams SET room = 'programme' WHERE case_id = 'case-3'")
    assert {(f.what, f.where) for f in store.verify().findings} == {
        ("face", "case-1"), ("face", "case-2"), ("face", "case-3"),
    }  # fmt: skip
