# SPDX-License-Identifier: Apache-2.0
"""Lists of records by type with filters in the address; what waits for moderation; the standards register."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from litestar import get
from litestar.exceptions import PermissionDeniedException

from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Page, in_thread
from openecp.platform.console.records.frame import RecordFrame
from openecp.platform.core.recordbook import RecordFilter
from openecp.programme.compendia.record import STATUSES
from openecp.programme.compendia.standards import STATUSES as STANDARD_STATUSES
from openecp.programme.compendia.standards import coverage

CHARS_MAX = 100
ROWS_MAX = 500


def wanted_of(request: AnyRequest) -> RecordFilter:
    """Read the filter from the address; what is too long or cannot be printed asks for nothing."""

    def one(name: str) -> str:
        text = str(request.query_params.get(name, "")).strip()
        return text if len(text) <= CHARS_MAX and text.isprintable() else ""

    status = one("status")
    return RecordFilter(
        type=one("type"),
        status=(status,) if status in STATUSES else (),
        action=one("action"),
        body=one("body"),
        owner=one("owner"),
        topic=one("topic"),
        text=one("text"),
    )


def query_of(wanted: RecordFilter, **changes: str) -> dict[str, Any]:
    """Return the address's parameters of a filter with some of it changed."""
    found = msgspec.structs.asdict(wanted) | {"status": wanted.status[0] if wanted.status else ""} | changes
    return {name: value for name, value in found.items() if value}


@get("/records")
@in_thread
def show_records(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """Every record that its reader may see, by type."""
    frame = RecordFrame(request, console, visitor)
    wanted = wanted_of(request)
    of_all_types = frame.book.records(frame.reader, msgspec.structs.replace(wanted, type=""))
    rows = [face for face in of_all_types if not wanted.type or face.type == wanted.type]
    everything = frame.book.records(frame.reader)
    return frame.page(
        "list.html",
        wanted=wanted,
        query=lambda **changes: query_of(wanted, **changes),
        rows=rows[:ROWS_MAX],
        found=len(rows),
        empty=sum(face.origin == "plan" for face in rows),
        counts=Counter(face.type for face in of_all_types),
        total=len(of_all_types),
        waiting=len(frame.book.moderation(frame.reader)) if frame.may_add else 0,
        actions=sorted({action for face in everything for action in face.actions}),
        bodies=sorted({body for face in everything for body in face.bodies}),
        statuses=STATUSES,
    )


@get("/records/moderation")
@in_thread
def show_moderation(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """What was submitted and is in review, the longest waiting first."""
    frame = RecordFrame(request, console, visitor)
    if not frame.may_add:
        raise PermissionDeniedException
    rows = frame.book.moderation(frame.reader)
    return frame.page("moderation.html", rows=rows[:ROWS_MAX], found=len(rows))


@get("/records/standards")
@in_thread
def show_standards(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """The standards register: coverage by instrument, and each standard with what shows it."""
    frame = RecordFrame(request, console, visitor)
    standards = frame.book.standards()
    instrument = str(request.query_params.get("instrument", ""))[:CHARS_MAX]
    status = str(request.query_params.get("status", ""))[:CHARS_MAX]
    rows = [
        row
        for row in standards
        if (not instrument or row.instrument == instrument) and (not status or row.status == status)
    ]
    return frame.page(
        "standards.html",
        rows=rows,
        coverage=coverage(standards),
        instruments=list(dict.fromkeys(row.instrument for row in standards)),
        instrument=instrument,
        status=status,
        statuses=STANDARD_STATUSES,
    )
