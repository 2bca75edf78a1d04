# SPDX-License-Identifier: Apache-2.0
"""Importing a plan document: read, shown with what a person should look at beside its source lines, then accepted.

Nothing is recorded before somebody accepts it. Limits: 20 MB a document; 2,000 actions are shown.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import PermissionDeniedException
from litestar.response import Redirect

from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Page, in_thread, redirect
from openecp.platform.console.plans.acts import form_for, record
from openecp.platform.console.plans.frame import Frame
from openecp.platform.console.plans.uploads import BYTES_MAX, Upload
from openecp.platform.console.signin import form_is_ours
from openecp.programme.action_plan.commands import TakePlan
from openecp.programme.action_plan.history import as_text
from openecp.programme.action_plan.importing.source import PlanFault, SourceTable
from openecp.programme.action_plan.names import action_id, is_plan_id
from openecp.programme.action_plan.plans import ActionDiff
from openecp.programme.action_plan.records import ActionRecord
from openecp.programme.action_plan.state import ActionText
from openecp.programme.action_plan.take import PROVENANCE, differences, text_of
from openecp.programme.action_plan.views import ActionView, FieldChange, PlanView

ACTIONS_SHOWN = 2000
LINES_SHOWN = 40  # of one action's source
SLACK = 100_000  # bytes of the form around a document
FLAGGABLE = ("number", "title", "responsible", "work_programmes", "timeframe")


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a document cannot be taken, as pages show it."""

    code: str
    message: str
    expected: str = ""
    got: str = ""
    fix: str = ""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A document as read, and what it would change."""

    upload: Upload
    act: TakePlan
    lines: dict[int, str]
    known: PlanView | None
    repeats: int | None  # version that was made from the same document
    changes: tuple[ActionDiff, ...]

    @property
    def flagged(self) -> list[ActionRecord]:
        """Actions that a person should look at."""
        return [action for action in self.act.document.actions if action.flags]

    def of(self, what: str) -> list[ActionDiff]:
        """Changes of one kind."""
        return [change for change in self.changes if change.what == what]

    def source(self, action: ActionRecord) -> list[tuple[int, str]]:
        """Return the source lines of an action."""
        if action.source_lines is None:
            return []
        first, last = action.source_lines
        return [(n, self.lines[n]) for n in range(first, min(last, first + LINES_SHOWN) + 1) if n in self.lines]


@get("/plan-import")
@in_thread
def show_import(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """The form that takes a document."""
    return import_page(Frame(request, console, visitor))


def import_page(
    frame: Frame, reading: Reading | None = None, refusal: Any = None, fault: str = "", status_code: int = 200
) -> Page:
    """Return the page: the form, what was read, or why nothing could be.

    Raises: PermissionDeniedException for whoever is not of the Secretariat.
    """
    if not frame.writes:
        raise PermissionDeniedException
    return frame.page(
        "import.html",
        status_code=status_code,
        address=frame.href("plan-import"),
        reading=reading,
        refusal=refusal,
        fault=fault,
        flaggable=FLAGGABLE,
        shown=ACTIONS_SHOWN,
    )


@post("/plan-import", request_max_body_size=BYTES_MAX + SLACK)
async def read_upload(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """Read a document and show what it says and what it would change."""
    frame = Frame(request, console, visitor)
    if not frame.writes:
        raise PermissionDeniedException
    form = await request.form()
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    if not form_is_ours(request, visitor, fields):
        stale = N_("This page was open too long or was not sent from the console. Please try again.")
        return await asyncio.to_thread(import_page, frame, None, None, stale, 403)
    file = form.get("document")
    content = await file.read() if isinstance(file, UploadFile) else b""
    if not isinstance(file, UploadFile) or not content:
        return await asyncio.to_thread(import_page, frame, None, None, N_("Choose a document"), 422)
    upload = frame.desk.uploads.keep(
        frame.principal.principal_id, file.filename or "plan.txt", content, _seconds(frame)
    )
    return await asyncio.to_thread(_read_page, frame, upload, fields)


def _seconds(frame: Frame) -> float:
    return frame.console.now().timestamp()


def _read_page(frame: Frame, upload: Upload, fields: dict[str, str]) -> Page:
    try:
        reading = read(frame, upload, language=fields.get("language", "en"), plan_id=fields.get("plan", "").strip())
    except PlanFault as fault:
        return import_page(frame, None, _shown(fault), "", 422)
    return import_page(frame, reading)


def _shown(fault: PlanFault) -> Refusal:
    return Refusal(code=fault.where, message=fault.message, expected=fault.wanted, got=fault.got, fix=fault.fix)


def read(frame: Frame, upload: Upload, *, language: str, plan_id: str, confirmed: bool = False) -> Reading:
    """Read a document and compare it with the register.

    Raises: PlanFault.
    """
    from openecp.platform.core.taking import take_act  # readers of documents are loaded when the first one comes
    from openecp.platform.documents.reading import read_document

    name = plan_id if is_plan_id(plan_id) else None
    tongue = language if language in ("en", "fr") else "en"
    act = take_act(upload.name, upload.content, plan_id=name, language=tongue, confirmed=confirmed)
    lines: dict[int, str] = {}
    for block in read_document(upload.name, upload.content).blocks:
        if isinstance(block, SourceTable):
            lines |= {row.line: " | ".join(row.cells) for row in block.rows if row.line is not None}
        elif block.line is not None:
            lines |= dict(enumerate(block.text.split("\n"), start=block.line))
    plan = act.document.plan.plan_id
    known = next((each for each in frame.plans.plans() if each.id == plan), None)
    actions = {each.number: each for each in frame.plans.actions(plan)} if known is not None else {}
    versions = known.versions if known is not None else ()
    return Reading(
        upload=upload,
        act=act,
        lines=lines,
        known=known,
        repeats=next((each.number for each in versions if each.source_sha256 == upload.sha256), None),
        changes=tuple(_changes(act, actions)),
    )


def _changes(act: TakePlan, known: dict[int, ActionView]) -> list[ActionDiff]:
    """Return what taking a document would change, action by action."""
    plan, found = act.document.plan.plan_id, []
    for action in act.document.actions:
        name = action_id(plan, action.number)
        before = known.get(action.number)
        if before is None:
            found.append(ActionDiff(id=name, what="added"))
            continue
        old = _text_of_view(before)
        changed = differences(old, text_of(action, act, old))
        fields = tuple(
            FieldChange(field=field, before=as_text(each["before"]), after=as_text(each["after"]))
            for field, each in changed.items()
            if field not in PROVENANCE
        )
        if fields:
            found.append(ActionDiff(id=name, what="changed", fields=fields))
    numbers = {action.number for action in act.document.actions}
    found += [ActionDiff(id=each.id, what="withdrawn") for number, each in known.items() if number not in numbers]
    return found


def _text_of_view(action: ActionView) -> ActionText:
    values = {name: getattr(action, name) for name in ActionText.__struct_fields__ if name != "confidence"}
    return ActionText(**values, confidence=f"{action.confidence:.3f}".rstrip("0").rstrip("."))


@post("/plan-import/accept")
async def accept(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Redirect:
    """Take the document that was shown into the register."""
    frame = Frame(request, console, visitor)
    if not frame.writes:
        raise PermissionDeniedException
    values, ours = await form_for(request, frame)
    person = frame.principal.principal_id
    upload = frame.desk.uploads.find(person, values.get("sha256", ""), _seconds(frame))
    if not ours or upload is None:
        gone = N_("The document is no longer here. Choose it again.")
        return await asyncio.to_thread(import_page, frame, None, None, gone, 409)
    try:
        reading = await asyncio.to_thread(
            lambda: read(
                frame,
                upload,
                language=values.get("language", "en"),
                plan_id=values.get("plan", ""),
                confirmed=values.get("confirmed") == "yes",
            )
        )
    except PlanFault as fault:
        return await asyncio.to_thread(import_page, frame, None, _shown(fault), "", 422)
    answer = await record(frame, reading.act)
    if answer.outcome == "refused":
        status = answer.http_status if 400 <= answer.http_status < 500 else 409
        return await asyncio.to_thread(import_page, frame, reading, answer.error, "", status)
    frame.desk.uploads.forget(person, upload.sha256)
    return redirect(frame.href("plans", reading.act.document.plan.plan_id, "versions"))
