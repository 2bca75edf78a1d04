# SPDX-License-Identifier: Apache-2.0
"""Whatever is recorded in whatever order: replay equals state, faces equal folds, and roll-ups add up.

Method: Hypothesis draws commands, many of them about past days and some that are refused, over a small plan.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.register_world import DELEGATE, SECRETARIAT, RegisterWorld, date_frame, world_with_plan

from openecp.programme.action_plan.codes import Colour, Lifecycle
from openecp.programme.action_plan.commands import (
    Change,
    HoldSession,
    NewEvidence,
    OverrideStatus,
    RecordDecision,
    ReviseAction,
    SetMilestone,
    SetThresholds,
    StageDeliverable,
    UpdateAction,
)
from openecp.programme.action_plan.deciding import as_new, face_bytes
from openecp.programme.action_plan.fold import encode_state, fold, in_order
from openecp.programme.action_plan.names import ROOM, end_of
from openecp.programme.action_plan.records import Timeframe
from openecp.programme.action_plan.streams import fact_of
from openecp.programme.action_plan.views import Responsibility, Thresholds

FIRST = date(2018, 12, 15)  # some days before the plan begins: those are refused
days = st.integers(0, 600).map(lambda number: (FIRST + timedelta(days=number)).isoformat())
actions = st.integers(1, 6).map(lambda number: f"TEST-{number:02d}")
bodies = st.sampled_from(["PTC", "SAFE WG", "IMSC"])
timeframes = st.one_of(days.map(date_frame), st.sampled_from([Timeframe(kind="continuous"), Timeframe()]))
evidence = st.builds(
    NewEvidence, ref=st.just("PC0500"), scope=st.sampled_from([None, "instance", "programme"])
)  # fmt: skip
commands = st.one_of(
    st.builds(
        UpdateAction,
        action=actions,
        status=st.sampled_from([None, *get_args(Lifecycle)]),
        note=st.sampled_from(["", "done"]),
        evidence=st.none() | evidence,
        on=days,
        session=st.sampled_from([None, "PTC/1", "PTC/2"]),
        target=st.sampled_from([None, "TEST-06"]),
    ),
    st.builds(
        OverrideStatus,
        action=actions,
        colour=st.sampled_from([None, *get_args(Colour)]),
        reason=st.just("because"),
        expires=days,
        on=days,
    ),
    st.builds(
        ReviseAction,
        action=actions,
        reason=st.just("because"),
        timeframe=st.none() | timeframes,
        responsible=st.none() | st.lists(bodies.map(lambda code: Responsibility(body=code)), max_size=2).map(tuple),
        on=days,
    ),
    st.builds(SetMilestone, action=actions, title=st.just("step"), due=days, reached_on=st.none() | days, on=days),
    st.builds(
        StageDeliverable,
        action=actions,
        stage=st.sampled_from(["drafting", "ptc", "published"]),
        titles=st.just({"en": "Guide"}),
        on=days,
    ),
    st.builds(
        HoldSession,
        session=st.sampled_from(["PTC/1", "PTC/2"]),
        body=st.just("PTC"),
        name=st.just("x"),
        starts=days,
        ends=days,
    ),
    st.builds(
        RecordDecision,
        session=st.sampled_from(["PTC/1", "PTC/2"]),
        text=st.just("agreed"),
        changes=st.lists(
            st.builds(
                Change, action=actions, status=st.sampled_from([None, "endorsed"]), timeframe=st.none() | timeframes
            ),
            max_size=3,
        ).map(tuple),
        on=days,
    ),
    st.builds(
        SetThresholds,
        plan=st.just("TEST"),
        thresholds=st.builds(Thresholds, due_soon_days=st.integers(1, 200), period_days=st.integers(1, 400)),
        reason=st.just("because"),
        on=days,
    ),
)  # fmt: skip
histories = st.lists(st.tuples(commands, st.sampled_from([SECRETARIAT, SECRETARIAT, DELEGATE])), max_size=12)


def after(history: list[tuple[Any, Any]]) -> RegisterWorld:
    """A register after these commands, some of them refused."""
    world = world_with_plan()
    for act, who in history:
        answer = world.ask(act, who)
        assert answer.error is None or answer.http_status in (403, 404, 409, 422), answer.error
    return world


@settings(max_examples=60)
@given(histories, days)
def test_replay_equals_state_and_faces_equal_folds(history: list[tuple[Any, Any]], day: str) -> None:
    world = after(history)
    streams: dict[str, list[Any]] = {}
    for event, _ in world.store.log:
        streams.setdefault(event.case_id, []).append(fact_of(event))
    for name, facts in streams.items():
        replayed = fold([as_new(fact) for fact in in_order(facts)])
        assert replayed is not None
        assert encode_state(replayed) == world.store.rows[name].state, name
    for at in (None, end_of(day)):
        faces = {face.case_id: face.face for face in world.store.faces(room=ROOM, at=at)}
        for name, facts in streams.items():
            state = fold(in_order(facts), at)
            assert faces.get(name) == (None if state is None else face_bytes(state)), (name, at)


@settings(max_examples=60)
@given(histories, days)
def test_sums_of_roll_ups_equal_what_pages_show(history: list[tuple[Any, Any]], day: str) -> None:
    world = after(history)
    if day < "2019-01-01":
        return
    found = world.book.actions("TEST", as_of=day)
    counts = world.book.roll_up("TEST", as_of=day)
    assert counts.total == len(found) == counts.overall.total
    for rows in (counts.by_section, counts.by_timeframe, counts.by_lifecycle, counts.by_assessment, counts.by_quarter):
        assert sum(row.total for row in rows) == counts.total
        assert sum(row.overdue for row in rows) == counts.overall.overdue
        for row in rows:
            assert sum(row.lifecycle.values()) == sum(row.colours.values()) == row.total
    assert counts.overall.colours == Counter(action.assessment.colour for action in found)
    assert counts.overall.lifecycle == Counter(action.lifecycle for action in found)
    assert counts.overall.overdue == len(world.book.overdue("TEST", as_of=day))
    soon = world.book.plan("TEST", as_of=day).thresholds.due_soon_days
    assert counts.overall.due_soon == len(world.book.due_within("TEST", days=soon, as_of=day))
    of_bodies = Counter(body for action in found for body in action.responsible or ("",))
    assert {row.key: row.total for row in counts.by_body} == of_bodies
    assert counts.overridden == sum(1 for action in found if action.override and action.override.in_force)


@settings(max_examples=40)
@given(histories, days, days)
def test_a_past_day_is_not_changed_by_later_days(history: list[tuple[Any, Any]], day: str, later: str) -> None:
    """Commands about days after `day` leave the page of `day` as it was."""
    world = after(history)
    if not "2019-01-01" <= day < later:
        return
    before = world.book.actions("TEST", as_of=day)
    for number in range(1, 7):
        world.ask(UpdateAction(action=f"TEST-{number:02d}", status="in_progress", note="later", on=later))
    now = world.book.actions("TEST", as_of=day)
    strip = [(action.lifecycle, action.assessment, action.updates, action.evidence) for action in before]
    assert strip == [(action.lifecycle, action.assessment, action.updates, action.evidence) for action in now]
