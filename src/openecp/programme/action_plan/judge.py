# SPDX-License-Identifier: Apache-2.0
"""The computed assessment of an action: a colour and its ground, as of a day: one engine for all figures.

Source: the Action Plans' timeframe kinds; thresholds are settings of each plan, and a judgement of ours.
Limits: what nobody reported on is grey, never green; what a date alone shows (overdue, due soon) needs no report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

import msgspec

from openecp.programme.action_plan.codes import Colour, Ground, Lifecycle
from openecp.programme.action_plan.records import TimeframeKind
from openecp.programme.action_plan.state import ActionState
from openecp.programme.action_plan.views import AssessmentView, Thresholds

DONE = frozenset({"delivered", "endorsed", "closed"})
NOT_RUNNING = frozenset({"suspended", "cancelled", "merged", "carried_over"})


class Face(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The few facts of an action that lists and roll-ups need; kept with the stream for every day it changed."""

    section: int
    kind: TimeframeKind
    due: str | None
    sessions_of: str | None
    lifecycle: Lifecycle
    since: str
    bodies: tuple[str, ...]
    programmes: tuple[str, ...]
    first_update: str | None
    last_update: str | None
    last_evidence: str | None  # that counts for the plan
    reported: tuple[str, ...]  # sessions for which something was filed
    override: Colour | None
    override_until: str
    withdrawn: bool


class SessionFace(msgspec.Struct, frozen=True, array_like=True):
    """Body and dates of a session."""

    body: str
    starts: str
    ends: str


class Judged(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A colour, its ground, and the day and the number of days that it rests on."""

    colour: Colour
    ground: Ground
    day: str | None = None
    days: int = 0


def face_of(state: ActionState) -> Face:
    """Return the face of an action."""
    override = state.override
    filed = [each.session for each in state.updates if each.session]
    filed += [each.session for each in state.evidence if each.session]
    return Face(
        state.text.section,
        state.text.timeframe.kind,
        state.text.timeframe.due,
        state.text.timeframe.body,
        state.lifecycle,
        state.lifecycle_since,
        state.responsible,
        state.text.work_programmes,
        state.first_update,
        state.last_update,
        max((each.on for each in state.evidence if each.counts), default=None),
        tuple(dict.fromkeys(filed)),
        override.colour if override is not None else None,
        override.expires if override is not None else "",
        state.withdrawn,
    )


def judge(face: Face, as_of: str, thresholds: Thresholds, sessions: Sequence[str] = ()) -> Judged:
    """Judge an action as of a day. `sessions` are the ids of its body's sessions held in the plan's period by then."""
    lifecycle, kind = face.lifecycle, face.kind
    if lifecycle in DONE:
        return Judged("green", "delivered", face.since)
    if lifecycle in NOT_RUNNING:
        return Judged("grey", "not_running", face.since)
    if kind == "date" and face.due is not None:
        return _judge_date(face, face.due, as_of, thresholds)
    if kind == "continuous":
        return _judge_continuous(face, as_of, thresholds)
    if kind == "annual":
        return _judge_annual(face, as_of)
    if kind == "sessions":
        return _judge_sessions(face, sessions)
    return Judged("grey", "no_timeframe")


def _judge_date(face: Face, due: str, as_of: str, thresholds: Thresholds) -> Judged:
    left = _ordinal(due) - _ordinal(as_of)
    if left < 0:
        return Judged("red", "overdue", due, -left)
    if left < thresholds.due_soon_days:
        return Judged("amber", "due_soon", due, left)
    if face.last_update is None:
        return Judged("grey", "no_data")
    silent = _ordinal(as_of) - _ordinal(face.last_update)
    if silent > thresholds.silent_days:
        return Judged("amber", "silent", face.last_update, silent)
    return Judged("green", "on_course", due, left)


def _judge_continuous(face: Face, as_of: str, thresholds: Thresholds) -> Judged:
    since = face.last_evidence or face.first_update
    if since is None:
        return Judged("grey", "no_data")
    days = _ordinal(as_of) - _ordinal(since)
    if face.last_evidence is not None and days <= thresholds.period_days:
        return Judged("green", "evidence_in_period", since, days)
    if days <= 2 * thresholds.period_days:
        return Judged("amber", "one_period_without", since, days)
    return Judged("red", "two_periods_without", since, days)


def _judge_annual(face: Face, as_of: str) -> Judged:
    since = face.last_evidence or face.first_update
    if since is None:
        return Judged("grey", "no_data")
    years = int(as_of[:4]) - int(since[:4])
    if face.last_evidence is not None and years <= 0:
        return Judged("green", "edition_this_year", since)
    if face.last_evidence is not None and years == 1:
        return Judged("amber", "edition_last_year", since)
    return Judged("amber" if years <= 1 else "red", "edition_missing", since)


def _judge_sessions(face: Face, sessions: Sequence[str]) -> Judged:
    if not sessions:
        return Judged("grey", "no_data" if face.last_update is None else "no_session_held")
    missing = len(sessions) - len({*sessions} & {*face.reported})
    if missing == 0:
        return Judged("green", "reported_each_session", None, len(sessions))
    return Judged("amber" if missing == 1 else "red", "session_without_report", None, missing)


def assessment(face: Face, as_of: str, thresholds: Thresholds, sessions: Sequence[str] = ()) -> AssessmentView:
    """Return the judgement with its figures."""
    found = judge(face, as_of, thresholds, sessions)
    facts: dict[str, str | int] = {}
    if found.ground in _DAY_NAMES and found.day is not None:
        facts[_DAY_NAMES[found.ground]] = found.day
    if found.ground in ("overdue", "due_soon", "silent", "on_course") or found.ground.startswith(
        ("evidence", "one_", "two_")
    ):
        facts["days"] = found.days
    if found.ground in ("one_period_without", "two_periods_without", "edition_missing") and face.last_evidence is None:
        facts["first_update"] = facts.pop("last_evidence")
    if found.ground == "on_course" and face.last_update is not None:
        facts["last_update"] = face.last_update
    if found.ground == "not_running":
        facts["lifecycle"] = face.lifecycle
    if found.ground in ("reported_each_session", "session_without_report"):
        facts["sessions"] = len(sessions)
        facts["reported"] = len({*sessions} & {*face.reported})
    return AssessmentView(colour=found.colour, ground=found.ground, facts=facts)


_DAY_NAMES: Mapping[str, str] = {
    "delivered": "delivered_on",
    "not_running": "since",
    "overdue": "due",
    "due_soon": "due",
    "on_course": "due",
    "silent": "last_update",
    "evidence_in_period": "last_evidence",
    "one_period_without": "last_evidence",
    "two_periods_without": "last_evidence",
    "edition_this_year": "last_evidence",
    "edition_last_year": "last_evidence",
    "edition_missing": "last_evidence",
}


@lru_cache(maxsize=16_384)
def _ordinal(day: str) -> int:
    return date.fromisoformat(day[:10]).toordinal()


def is_overdue(face: Face, as_of: str) -> bool:
    """Tell whether the due date of a running action has passed."""
    return (
        face.due is not None
        and face.kind == "date"
        and face.due < as_of
        and face.lifecycle not in DONE
        and face.lifecycle not in NOT_RUNNING
    )


def days_left(face: Face, as_of: str) -> int | None:
    """Return how many days a running, dated action has left; None where it is done, not running or has no date."""
    if face.due is None or face.kind != "date" or face.lifecycle in DONE or face.lifecycle in NOT_RUNNING:
        return None
    return _ordinal(face.due) - _ordinal(as_of)
