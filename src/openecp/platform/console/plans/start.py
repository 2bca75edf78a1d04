# SPDX-License-Identifier: Apache-2.0
"""The first page of action plans, and the first page of one plan: how it stands, what is late, who is behind."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from litestar import Response, get

from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.plans.calendar import calendar_file
from openecp.platform.console.plans.frame import Frame
from openecp.platform.console.plans.words import COLOURS
from openecp.programme.action_plan.plans import RollUp, RollUpRow
from openecp.programme.action_plan.views import ActionView, PlanView

CHANGES_SHOWN = 8
SESSIONS_SHOWN = 4
LATE_SHOWN = 8


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a plan stands: counts by colour, each with its grounds, and the bodies with late or risky actions."""

    plan: PlanView
    roll_up: RollUp
    colours: tuple[tuple[str, int, tuple[tuple[str, int], ...]], ...]
    behind: tuple[RollUpRow, ...]
    actions: tuple[ActionView, ...]

    @property
    def overdue(self) -> int:
        """Dated actions whose day has passed."""
        return self.roll_up.overall.overdue

    @property
    def due_soon(self) -> int:
        """Dated actions with few days left."""
        return self.roll_up.overall.due_soon


def standing_of(frame: Frame, plan: PlanView) -> Standing:
    """Return how a plan stands as of the day."""
    roll_up = frame.plans.roll_up(plan.id, as_of=frame.as_of)
    actions = frame.plans.actions(plan.id, as_of=frame.as_of)
    grounds: dict[str, Counter[str]] = {colour: Counter() for colour in COLOURS}
    for action in actions:
        grounds[action.assessment.colour][action.assessment.ground] += 1
    counted = {row.key: row.total for row in roll_up.by_assessment}
    return Standing(
        plan=plan,
        roll_up=roll_up,
        colours=tuple((each, counted.get(each, 0), tuple(grounds[each].most_common())) for each in COLOURS),
        behind=behind_first(row for row in roll_up.by_body if row.colours.get("red") or row.colours.get("amber")),
        actions=tuple(actions),
    )


def behind_first(rows: Any) -> tuple[RollUpRow, ...]:
    """Return bodies, the one with most late actions first, then with most at risk; nobody named stands last."""
    return tuple(
        sorted(
            rows,
            key=lambda row: (not row.key, -row.colours.get("red", 0), -row.colours.get("amber", 0), row.key),
        )
    )


@get("/plans")
@in_thread
def show_start(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """Every plan with its counts; the sessions of its bodies; what was recorded last."""
    frame = Frame(request, console, visitor)
    return frame.page(
        "start.html",
        standings=[standing_of(frame, plan) for plan in frame.all_plans],
        sessions=frame.plans.sessions(as_of=frame.as_of)[:SESSIONS_SHOWN],
    )


@get("/plans/{plan:str}")
@in_thread
def show_plan(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Page | Response[bytes]:
    """How one plan stands; or, under its name with `.ics`, its dates for a calendar."""
    if plan.endswith(".ics"):
        return calendar_file(request, console, visitor, plan.removesuffix(".ics"))
    frame = Frame(request, console, visitor)
    found = frame.plan(plan)
    standing = standing_of(frame, found)
    late = [action for action in standing.actions if action.assessment.colour == "red"]
    changes = frame.plans.changes(plan, since="1900-01-01", until=frame.day)
    return frame.page(
        "plan.html",
        plan=found,
        tab="overview",
        standing=standing,
        late=late[:LATE_SHOWN],
        late_total=len(late),
        changes=[each for each in reversed(changes) if each.by.partition(":")[0] == "person"][:CHANGES_SHOWN],
        key=frame.desk.calendar_key(plan),
    )
