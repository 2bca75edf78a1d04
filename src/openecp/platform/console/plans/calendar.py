# SPDX-License-Identifier: Apache-2.0
"""A plan's due dates and sessions for calendar programs (iCalendar).

Source: RFC 5545. Limits: 10,000 entries; whole days only, since a plan knows no time of day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import msgspec
from litestar import Response
from litestar.exceptions import NotFoundException

from openecp.platform.console.language import Language
from openecp.platform.console.pages import HEADERS, AnyRequest, Console
from openecp.platform.console.plans import words
from openecp.platform.console.plans.frame import desk_of
from openecp.platform.console.session import Visitor
from openecp.programme.action_plan.views import ActionView, PlanView, SessionView

ENTRIES_MAX = 10_000
LINE_BYTES_MAX = 75


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: whole days from `first` to `last`."""

    uid: str
    first: str
    last: str
    summary: str
    description: str = ""
    category: str = ""
    sequence: int = 0
    url: str = ""


def calendar_file(request: AnyRequest, console: Console, visitor: Visitor, plan: str) -> Response[bytes]:
    """Return a plan's calendar to whoever has signed in or brings its key.

    Raises: NotFoundException where there is no such plan, or no right to read it: both look the same.
    """
    desk = desk_of(console)
    if visitor.principal is None and not desk.opens_calendar(plan, str(request.query_params.get("key", ""))[:100]):
        raise NotFoundException
    try:
        found = desk.plans.plan(plan)
    except LookupError:
        raise NotFoundException from None
    wanted = str(request.query_params.get("lang", ""))
    language = console.languages.get(wanted) or console.language(visitor)
    base = str(request.base_url).rstrip("/")
    bodies = {body.code: body.names.get(language.code) or body.code for body in desk.plans.bodies()}
    actions = [action for action in desk.plans.actions(plan) if action.timeframe.kind == "date"]
    entries = [*action_entries(actions, language, base, bodies), *session_entries(desk.plans.sessions(), found, base)]
    content = calendar_text(found, language, entries[:ENTRIES_MAX], stamp=console.now_text())
    headers = {**HEADERS, "Content-Disposition": f'inline; filename="{plan}.ics"'}
    return Response(content=content.encode(), media_type="text/calendar; charset=utf-8", headers=headers)


def action_entries(
    actions: Iterable[ActionView], language: Language, base: str, bodies: dict[str, str]
) -> Iterator[Entry]:
    """Yield an entry for each due date."""
    for action in actions:
        due = action.timeframe.due
        if not due:
            continue
        title = action.title(language.code) or action.title_as_written or next(iter(action.titles.values()), "")
        facts = [", ".join(bodies.get(code, code) for code in action.responsible)]
        facts.append(words.capital(words.name_of("lifecycle", action.lifecycle, language)))
        yield Entry(
            uid=f"{action.id}@openecp",
            first=due,
            last=due,
            summary=f"{action.id}: {title}",
            description="\n".join(fact for fact in facts if fact),
            category=words.name_of("colour", action.shown, language),
            sequence=action.seq,
            url=f"{base}/console/actions/{action.id}",
        )


def session_entries(sessions: Iterable[SessionView], plan: PlanView, base: str) -> Iterator[Entry]:
    """Yield an entry for each session from the plan's beginning on."""
    for session in sessions:
        if session.starts[:7] < (plan.period.start or ""):
            continue
        agenda = "\n".join(f"{item.number}. {item.title}" for item in session.agenda)
        yield Entry(
            uid=f"{session.id}@openecp",
            first=session.starts,
            last=session.ends,
            summary=session.name,
            description=agenda,
            category=session.body,
            sequence=session.seq,
            url=f"{base}/console/sessions/{session.id}",
        )


def calendar_text(plan: PlanView, language: Language, entries: Iterable[Entry], *, stamp: str) -> str:
    """Return a calendar as text: lines of at most 75 bytes that end with CR LF."""
    name = plan.titles.get(language.code) or plan.title_as_written or plan.id
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//OpenECP//action plan//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ]
    moment = stamp[:19].replace("-", "").replace(":", "") + "Z"
    for entry in entries:
        after = date.fromisoformat(entry.last) + timedelta(days=1)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{escaped(entry.uid)}",
            f"DTSTAMP:{moment}",
            f"DTSTART;VALUE=DATE:{entry.first.replace('-', '')}",
            f"DTEND;VALUE=DATE:{after:%Y%m%d}",
            f"SEQUENCE:{entry.sequence}",
            f"SUMMARY;LANGUAGE={language.code}:{escaped(entry.summary)}",
        ]
        lines += [f"DESCRIPTION:{escaped(entry.description)}"] if entry.description else []
        lines += [f"CATEGORIES:{escaped(entry.category)}"] if entry.category else []
        lines += [f"URL:{entry.url}", "TRANSP:TRANSPARENT", "END:VEVENT"]
    return "".join(folded(line) for line in [*lines, "END:VCALENDAR"])


def escaped(text: str) -> str:
    """Return a text as a value of type TEXT (RFC 5545, 3.3.11)."""
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def folded(line: str) -> str:
    """Return a line cut so that no part is over 75 bytes and no character is torn (RFC 5545, 3.1)."""
    parts, part, size = [], "", 0
    for character in line:
        wide = len(character.encode())
        if size + wide > LINE_BYTES_MAX:
            parts.append(part)
            part, size = " ", 1
        part, size = part + character, size + wide
    return "\r\n".join([*parts, part]) + "\r\n"
