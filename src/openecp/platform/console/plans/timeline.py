# SPDX-License-Identifier: Apache-2.0
"""The timeline of a plan: a chart for each section, the table of its data, and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from litestar import Response, get
from markupsafe import Markup

from openecp.platform.console.charts.svg import Day
from openecp.platform.console.charts.timeline import Axis, Bar, Mark, draw_timeline
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.plans.files import csv_file
from openecp.platform.console.plans.frame import Frame
from openecp.platform.console.plans.listing import actions_of, wanted_of
from openecp.platform.console.plans.table import chip_text
from openecp.platform.console.plans.words import days_after
from openecp.programme.action_plan.views import ActionView, PlanView, SectionView

MONTHS_FINE = 40  # up to so many months, quarters are written; beyond, years


@get("/plans/{plan:str}/timeline")
@in_thread
def show_timeline(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Page:
    """Bars up to due dates, bands of lasting work without an end, sessions, the day asked for."""
    frame = Frame(request, console, visitor)
    found = frame.plan(plan)
    wanted = wanted_of(request)
    actions = actions_of(frame, plan, wanted)
    axis = axis_of(frame, found, actions)
    marks = marks_of(frame, found, axis)
    drawn = [action for action in actions if action.timeframe.kind != "unstated"]
    charts = []
    for section in found.sections:
        rows = [action for action in drawn if action.section == section.number]
        if rows:
            charts.append((section, rows, chart_of(frame, found, section, rows, axis, marks)))
    return frame.page(
        "timeline.html",
        plan=found,
        tab="timeline",
        wanted=wanted,
        chips=[(name, value, chip_text(frame, found, name, value)) for name, value in wanted.chosen],
        charts=charts,
        unstated=[action for action in actions if action.timeframe.kind == "unstated"],
        total=len(actions),
        axis=axis,
        marks=marks,
    )


@get("/plans/{plan:str}/timeline.csv")
@in_thread
def timeline_csv(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Response[bytes]:
    """What the chart shows; an action without an end has none here either."""
    frame = Frame(request, console, visitor)
    found = frame.plan(plan)
    actions = actions_of(frame, plan, wanted_of(request))
    return csv_file(f"{plan}-timeline-{frame.day}.csv", _rows(frame, found, actions))


def _rows(frame: Frame, plan: PlanView, actions: list[ActionView]) -> Iterator[tuple[str, ...]]:
    yield ("id", "title", "timeframe", "start", "due", "status", "ground", "as_of")
    for action in actions:
        first = start_of(plan, action) if action.timeframe.kind != "unstated" else ""
        yield (
            action.id,
            frame.title(action),
            action.timeframe.kind,
            first,
            action.timeframe.due or "",
            action.assessment.colour,
            action.assessment.ground,
            frame.day,
        )


def start_of(plan: PlanView, action: ActionView) -> str:
    """Return the day from which an action is drawn: its own start, else the plan's, else when it was recorded."""
    text = action.timeframe.start or plan.period.start or action.lifecycle_since or action.timeframe.due or "2000-01-01"
    return text if len(text) == 10 else f"{text}-01"


def axis_of(frame: Frame, plan: PlanView, actions: list[ActionView]) -> Axis:
    """Return the axis: from the plan's beginning to its end, or to the last due date where that is later."""
    firsts = [start_of(plan, action) for action in actions if action.timeframe.kind != "unstated"]
    ends = [action.timeframe.due for action in actions if action.timeframe.due]
    ends += [f"{plan.period.end}-28"[:10]] if plan.period.end else []
    first = min(firsts, default=frame.day)[:7] + "-01"
    last = max([each for each in ends if each], default=days_after(first, 365))
    if last < frame.day <= days_after(last, 120):
        last = frame.day
    last = month_after(max(last, days_after(first, 90)))
    return Axis(first=first, last=last, ticks=tuple(_ticks(frame, first, last)))


def month_after(day: str) -> str:
    """Return the first day of the month after a day's month."""
    year, month = int(day[:4]), int(day[5:7])
    return f"{year + month // 12}-{month % 12 + 1:02d}-01"


def _ticks(frame: Frame, first: str, last: str) -> Iterator[Day]:
    months = (int(last[:4]) - int(first[:4])) * 12 + int(last[5:7]) - int(first[5:7])
    step = 3 if months <= MONTHS_FINE else 12 * max(1, months // 180)
    place = date.fromisoformat(first)
    while place.isoformat() < last:
        if step == 3 and (place.month - 1) % 3 == 0:
            quarter = frame.language.text(N_("Q%(number)s"), number=(place.month + 2) // 3)
            yield Day(place.isoformat(), f"{quarter} {place:%Y}")
        elif step != 3 and place.month == 1 and (place.year * 12) % step == 0:
            yield Day(place.isoformat(), f"{place:%Y}")
        place = date.fromisoformat(month_after(place.isoformat()))


def marks_of(frame: Frame, plan: PlanView, axis: Axis) -> list[Mark]:
    """Return the marks: sessions, the plan's end, the day asked for."""
    found = [
        Mark(day=session.starts, label=session.id, kind="session")
        for session in reversed(frame.plans.sessions(as_of=frame.as_of))
        if axis.first <= session.starts <= axis.last
    ]
    if plan.period.end:
        end = month_after(f"{plan.period.end[:7]}-01")
        found.append(Mark(day=end, label=frame.language.text(N_("end of the plan")), kind="end"))
    found.append(Mark(day=frame.day, label=frame.date(frame.day, "short"), kind="today"))
    return found


def chart_of(
    frame: Frame, plan: PlanView, section: SectionView, actions: list[ActionView], axis: Axis, marks: list[Mark]
) -> Markup:
    """Return the chart of a section."""
    text = frame.language.text
    sessions = {mark.label.partition("/")[0]: [] for mark in marks if mark.kind == "session"}  # type: dict[str, list[str]]
    for mark in marks:
        if mark.kind == "session":
            sessions[mark.label.partition("/")[0]].append(mark.day)
    bars = [_bar(frame, plan, action, sessions) for action in actions]
    title = f"{section.number}. {frame.text(section.titles) or section.title_as_written}"
    description = text(
        N_("%(count)s actions from %(first)s to %(last)s. The table below has the same data."),
        count=len(bars),
        first=frame.date(axis.first),
        last=frame.date(axis.last),
    )
    return Markup(  # noqa: S704 - the chart escapes what it is given
        draw_timeline(f"timeline-{section.number}", bars, axis, marks, title=title, description=description)
    )


def _bar(frame: Frame, plan: PlanView, action: ActionView, sessions: dict[str, list[str]]) -> Bar:
    dated = action.timeframe.kind == "date" and action.timeframe.due is not None
    when = frame.date(action.timeframe.due, "short") if dated else frame.word("timeframe", action.timeframe.kind)
    points: tuple[str, ...] = ()
    if action.timeframe.kind == "sessions":
        points = tuple(sessions.get((action.timeframe.body or "").replace(" ", "-"), ()))
    if action.timeframe.kind == "annual":
        points = tuple(each.on for each in action.evidence)
    return Bar(
        id=action.id,
        label=f"{action.number}  {frame.title(action)}",
        start=start_of(plan, action),
        end=action.timeframe.due if dated else None,
        tone=action.shown,
        caption=f"{when} · {frame.word('colour', action.shown)}",
        href=frame.href("actions", action.id),
        points=points,
    )
