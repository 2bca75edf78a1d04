# SPDX-License-Identifier: Apache-2.0
"""Sessions of bodies: agenda, decisions and the changes they made; the Secretariat announces them and records both."""

from __future__ import annotations

import asyncio
import re
from typing import get_args

from litestar import get, post
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.response import Redirect

from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread, redirect
from openecp.platform.console.plans.action import EMPTY, REPORTABLE, Filled
from openecp.platform.console.plans.acts import Kept, done, form_for, record, refused
from openecp.platform.console.plans.frame import Frame
from openecp.programme.action_plan.codes import Lifecycle
from openecp.programme.action_plan.commands import Change, HoldSession, RecordDecision
from openecp.programme.action_plan.names import is_day, is_name
from openecp.programme.action_plan.records import Timeframe
from openecp.programme.action_plan.views import AgendaItemView, SessionView

ROWS = 4  # actions that one form may change
AGENDA_MAX = 100
_ITEM = re.compile(r"(\d{1,3})[.)]?\s+(.+)")


@get("/sessions")
@in_thread
def show_sessions(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """Every session, the next or last one first."""
    return sessions_page(Frame(request, console, visitor))


def sessions_page(frame: Frame, filled: Filled = EMPTY, status_code: int = 200) -> Page:
    """Return the list, with the form as it was filled in."""
    return frame.page(
        "sessions.html",
        status_code=status_code,
        address=frame.href("sessions"),
        sessions=frame.plans.sessions(as_of=frame.as_of),
        committees=sorted(
            (frame.text(body.names), body.code) for body in frame.bodies.values() if not body.placeholder
        ),
        filled=filled,
    )


@get("/sessions/{session:path}")
@in_thread
def show_session(request: AnyRequest, console: AtConsole, visitor: ByVisitor, session: InPath) -> Page:
    """One session: its agenda, its decisions, and what they changed."""
    return session_page(Frame(request, console, visitor), session.strip("/"))


def session_of(frame: Frame, name: str) -> SessionView:
    """Return a session.

    Raises: NotFoundException.
    """
    try:
        return frame.plans.session(name, as_of=frame.as_of)
    except LookupError:
        raise NotFoundException from None


def session_page(frame: Frame, name: str, filled: Filled = EMPTY, status_code: int = 200) -> Page:
    """Return the page of a session, with the form as it was filled in."""
    session = session_of(frame, name)
    actions = {action.id: action for action in frame.plans.actions(as_of=frame.as_of)}
    given = frame.request.query_params.get("done", "")
    return frame.page(
        "session.html",
        status_code=status_code,
        address=frame.href("sessions", session.id),
        session=session,
        known=actions,
        filled=filled,
        rows=range(1, ROWS + 1),
        reportable=REPORTABLE,
        recorded=next((each for each in session.decisions if given and str(each.seq) == given), None),
    )


@post("/sessions")
async def announce(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Redirect:
    """Announce a session, or change what is known of it."""
    frame = Frame(request, console, visitor)
    if not frame.writes:
        raise PermissionDeniedException
    values, ours = await form_for(request, frame)
    if not ours:
        return await asyncio.to_thread(sessions_page, frame, Filled(form="stale", values=values), 403)
    faults, agenda = _session_faults(values), agenda_of(values.get("agenda", ""))
    if agenda is None:
        faults["agenda"] = N_("Write one item a line, each number once: 1. Adoption of the agenda")
    if faults:
        filled = Filled(form="session", values=values, faults=faults)
        return await asyncio.to_thread(sessions_page, frame, filled, 422)
    if not agenda:  # left empty: an agenda that is known stays
        sessions = await asyncio.to_thread(frame.plans.sessions)
        agenda = next((list(each.agenda) for each in sessions if each.id == values["session"]), [])
    act = HoldSession(
        session=values["session"],
        body=values["body"],
        name=values.get("name") or values["session"],
        starts=values["starts"],
        ends=values["ends"],
        agenda=tuple(agenda),
    )
    answer = await record(frame, act)
    if answer.outcome == "refused":
        return await asyncio.to_thread(sessions_page, frame, refused("session", values, answer), answer.http_status)
    return redirect(frame.href("sessions", act.session))


def _session_faults(values: Kept) -> Kept:
    faults: Kept = {}
    if not is_name(values.get("session", "")):
        faults["session"] = N_("Give a short name such as PTC/225")
    if not values.get("body"):
        faults["body"] = N_("Choose a body")
    if not is_day(values.get("starts", "")):
        faults["starts"] = N_("Give the first day")
    if not is_day(values.get("ends", "")) or values.get("ends", "") < values.get("starts", ""):
        faults["ends"] = N_("Give the last day, not before the first")
    return faults


def agenda_of(text: str) -> list[AgendaItemView] | None:
    """Read an agenda, one item a line; None where a line has no number or a number stands twice."""
    items: list[AgendaItemView] = []
    for line in (line.strip() for line in text.split("\n")):
        found = _ITEM.fullmatch(line)
        if not line:
            continue
        if found is None or len(items) >= AGENDA_MAX or int(found[1]) in {item.number for item in items}:
            return None
        named = tuple(dict.fromkeys(re.findall(r"\b[A-Za-z0-9._]+(?:-[A-Za-z0-9._]+)*-\d{2,6}\b", found[2])))
        items.append(AgendaItemView(number=int(found[1]), title=found[2], actions=named))
    return items


@post("/decisions")
async def decide(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Redirect:
    """Record a decision of a session and the changes of actions that follow from it."""
    frame = Frame(request, console, visitor)
    if not frame.writes:
        raise PermissionDeniedException
    values, ours = await form_for(request, frame)
    name = values.get("session", "")
    await asyncio.to_thread(session_of, frame, name)
    if not ours:
        return await asyncio.to_thread(session_page, frame, name, Filled(form="stale", values=values), 403)
    faults: Kept = {}
    if len(values.get("text", "")) < 3:
        faults["text"] = N_("Write what was decided")
    known = await asyncio.to_thread(lambda: {action.id for action in frame.plans.actions()})
    changes = [change for row in range(1, ROWS + 1) if (change := _change(values, row, known, faults)) is not None]
    if faults:
        filled = Filled(form="decision", values=values, faults=faults)
        return await asyncio.to_thread(session_page, frame, name, filled, 422)
    item = values.get("item", "")
    act = RecordDecision(
        session=name,
        text=values["text"],
        item=int(item) if item.isascii() and item.isdigit() and len(item) < 5 else None,
        changes=tuple(changes),
    )
    answer = await record(frame, act)
    if answer.outcome == "refused":
        shown = refused("decision", values, answer)
        return await asyncio.to_thread(session_page, frame, name, shown, max(400, answer.http_status))
    return redirect(frame.href("sessions", name, **done(answer)))


def _change(values: Kept, row: int, known: set[str], faults: Kept) -> Change | None:
    """Read one row of changes; a row without an action and anything else asks for nothing."""
    action = values.get(f"action-{row}", "").partition(" ")[0]
    status, due, note = (values.get(f"{name}-{row}", "") for name in ("status", "due", "note"))
    if not action:
        if status or due or note:
            faults[f"action-{row}"] = N_("Name the action that is changed")
        return None
    if action not in known:
        faults[f"action-{row}"] = N_("Name an action of the register, such as ECP-IV-05")
    if status and status not in REPORTABLE:
        faults[f"status-{row}"] = N_("Choose a progress from the list")
    if due and not is_day(due):
        faults[f"due-{row}"] = N_("Give a day")
    if not (status or due or note):
        faults[f"status-{row}"] = N_("Say what changes: progress, due date or a note")
    lifecycle: Lifecycle | None = next((code for code in get_args(Lifecycle) if code == status), None)
    timeframe = Timeframe(kind="date", due=due, year_month=due[:7]) if due else None
    return Change(action=action, status=lifecycle, timeframe=timeframe, note=note)
