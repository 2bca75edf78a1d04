# SPDX-License-Identifier: Apache-2.0
"""One record: what it says, its evidence, editions and history, and what may be done with it."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import get, post
from litestar.datastructures import FormMultiDict
from litestar.exceptions import PermissionDeniedException
from litestar.response import Redirect

from openecp.kernel.casework.answer import Answer
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread, redirect
from openecp.platform.console.records.forms import codes_of, form_fields, values_of
from openecp.platform.console.records.frame import RecordFrame
from openecp.platform.console.signin import form_is_ours, form_of
from openecp.platform.core.recordview import field_views
from openecp.programme.compendia.commands import (
    AddRecord,
    AddRecordEvidence,
    FreezeEdition,
    PublishRecord,
    RecordAct,
    RetireRecord,
    ReturnRecord,
    ReviewRecord,
    ReviseRecord,
    SubmitRecord,
)
from openecp.programme.compendia.record import RecordState
from openecp.programme.compendia.templates import Template
from openecp.programme.compendia.values import take_values

FORM_BYTES_MAX = 500_000
HISTORY_SHOWN = 200


@get("/records/{record:str}")
@in_thread
def show_record(request: AnyRequest, console: AtConsole, visitor: ByVisitor, record: InPath) -> Page:
    """A record as its reader may see it."""
    return record_page(RecordFrame(request, console, visitor), record)


def record_page(
    frame: RecordFrame,
    record: str,
    *,
    refusal: Any = None,
    stale: bool = False,
    filled: dict[str, str] | None = None,
    status_code: int = 200,
    **more: Any,
) -> Page:
    """Return the page of a record, with what was refused and filled in where a form comes back."""
    state = frame.state(record)
    template = frame.template(state.type)
    entry = frame.book.shown(state, frame.reader)
    works = frame.may_work_on(state.owner)
    history = frame.book.history(record)[-HISTORY_SHOWN:] if works else []
    contacts = {name: frame.book.contact(ref) for name, ref in state.contacts.items()} if works else {}
    return frame.page(
        "record.html",
        status_code=status_code,
        address=frame.href(record),
        state=state,
        rtype=template,
        entry=entry,
        works=works,
        fields=field_views(entry, template, frame.language.code, frame.members),
        contacts=[
            (frame.word(field.label), contacts[field.name]) for field in template.fields if field.name in contacts
        ],
        offers=frame.offers(state),
        history=[event for event in reversed(history) if event.kind != "SurveyAnswered"],
        done=str(frame.request.query_params.get("done", ""))[:20],
        refusal=refusal,
        stale=stale,
        filled=filled or {},
        rates=frame.book.rates(state) if frame.moderates and state.survey is not None else (),
        **more,
    )


@get("/records/new")
@in_thread
def choose_type(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """Which type of record is to be added."""
    frame = RecordFrame(request, console, visitor)
    if not frame.may_add:
        raise PermissionDeniedException
    return frame.page("types.html", templates=list(frame.book.templates.values()))


@get("/records/new/{kind:str}")
@in_thread
def show_new(request: AnyRequest, console: AtConsole, visitor: ByVisitor, kind: InPath) -> Page:
    """The empty form of a type."""
    frame = RecordFrame(request, console, visitor)
    if not frame.may_add:
        raise PermissionDeniedException
    return form_page(frame, frame.template(kind), None, {})


def form_page(
    frame: RecordFrame,
    template: Template,
    state: RecordState | None,
    kept: dict[str, str],
    *,
    given: dict[str, Any] | None = None,
    faults: Any = (),
    refusal: Any = None,
    stale: bool = False,
    status_code: int = 200,
) -> Page:
    """Return the form of a record, new or known."""
    address = frame.href(state.id, "edit") if state is not None else frame.href("new", template.type)
    if state is not None and not kept:
        kept = {"owner": state.owner, "actions": ", ".join(state.actions), "bodies": ", ".join(state.bodies)}
    return frame.page(
        "form.html",
        status_code=status_code,
        address=address,
        rtype=template,
        state=state,
        kept=kept,
        owners=frame.reader.of,
        fields=form_fields(template, state, given, faults),
        faults=faults,
        refusal=refusal,
        stale=stale,
        post_to=address,
    )


@post("/records/new/{kind:str}", request_max_body_size=FORM_BYTES_MAX)
async def add(request: AnyRequest, console: AtConsole, visitor: ByVisitor, kind: InPath) -> Page | Redirect:
    """Add a record from its form."""
    frame = RecordFrame(request, console, visitor)
    if not frame.may_add:
        raise PermissionDeniedException
    template = frame.template(kind)
    form, ours = await _form(request, frame)
    given, kept = values_of(template, form), _kept(form)
    language = kept["language"] if kept["language"] in ("en", "fr") else "en"
    taken = take_values(template, given, language)
    if not ours or taken.faults:
        return await asyncio.to_thread(
            form_page, frame, template, None, kept, given=given, faults=taken.faults, stale=not ours,
            status_code=422 if ours else 403,
        )  # fmt: skip
    act = AddRecord(
        record=f"{kind}-{kept['name'].lower()}",
        owner=kept["owner"],
        language="fr" if language == "fr" else "en",
        values={name: value for name, value in given.items() if value not in ("", [], None)},
        actions=codes_of(form, "actions"),
        bodies=codes_of(form, "bodies"),
    )
    answer = await frame.submit(act)
    if answer.error is not None:
        return await asyncio.to_thread(
            form_page, frame, template, None, kept, given=given, refusal=answer.error, status_code=_status(answer)
        )
    return redirect(frame.href(act.record, done="add"))


@get("/records/{record:str}/edit")
@in_thread
def show_edit(request: AnyRequest, console: AtConsole, visitor: ByVisitor, record: InPath) -> Page:
    """The form of a record as it stands."""
    frame = RecordFrame(request, console, visitor)
    state = frame.state(record)
    if not frame.may_edit(state):
        raise PermissionDeniedException
    return form_page(frame, frame.template(state.type), state, {})


@post("/records/{record:str}/edit", request_max_body_size=FORM_BYTES_MAX)
async def revise(request: AnyRequest, console: AtConsole, visitor: ByVisitor, record: InPath) -> Page | Redirect:
    """Change a record from its form."""
    frame = RecordFrame(request, console, visitor)
    state = await asyncio.to_thread(frame.state, record)
    if not frame.may_edit(state):
        raise PermissionDeniedException
    template = frame.template(state.type)
    form, ours = await _form(request, frame)
    given, kept = values_of(template, form), _kept(form)
    taken = take_values(template, given, state.language)
    if not ours or taken.faults:
        return await asyncio.to_thread(
            form_page, frame, template, state, kept, given=given, faults=taken.faults, stale=not ours,
            status_code=422 if ours else 403,
        )  # fmt: skip
    right = tuple(str(place) for place in form.getall("still_right", []))
    act = ReviseRecord(
        record=record,
        values=given,
        still_right=tuple(place for place in right if place in state.outdated()),
        owner=kept["owner"] or None,
        actions=codes_of(form, "actions"),
        bodies=codes_of(form, "bodies"),
        reason=kept["reason"],
    )
    answer = await frame.submit(act)
    if answer.error is not None:
        return await asyncio.to_thread(
            form_page, frame, template, state, kept, given=given, refusal=answer.error, status_code=_status(answer)
        )
    return redirect(frame.href(record, done="repeated" if answer.outcome == "repeated" else "revise"))


async def _form(request: AnyRequest, frame: RecordFrame) -> tuple[FormMultiDict, bool]:
    form = await request.form()
    token = form.get("form_token", "")
    ours = form_is_ours(request, frame.visitor, {"form_token": token if isinstance(token, str) else ""})
    return form, ours


def _kept(form: FormMultiDict) -> dict[str, str]:
    names = ("name", "owner", "language", "actions", "bodies", "reason")
    return {name: str(form.get(name, "")).strip()[:2000] for name in names}


def _status(answer: Answer) -> int:
    return answer.http_status if 400 <= answer.http_status < 500 else 409


@post("/records/{record:str}/acts")
async def do_act(request: AnyRequest, console: AtConsole, visitor: ByVisitor, record: InPath) -> Page | Redirect:
    """Do what a button says: submit, review, publish, give back, retire, add evidence, freeze an edition."""
    frame = RecordFrame(request, console, visitor)
    state = await asyncio.to_thread(frame.state, record)
    if not frame.may_work_on(state.owner):
        raise PermissionDeniedException
    filled = await form_of(request)
    if not form_is_ours(request, visitor, filled):
        return await asyncio.to_thread(record_page, frame, record, stale=True, filled=filled, status_code=403)
    act = act_of(record, filled)
    if act is None:
        raise PermissionDeniedException
    answer = await frame.submit(act)
    if answer.error is not None:
        return await asyncio.to_thread(
            record_page, frame, record, refusal=answer.error, filled=filled, status_code=_status(answer)
        )
    if isinstance(act, FreezeEdition):
        return redirect(frame.href(record, "editions", str(answer.version)))
    return redirect(frame.href(record, done=filled["act"]))


def act_of(record: str, filled: dict[str, str]) -> RecordAct | None:
    """Return the command that a button of the page asks for."""
    reason = " ".join(filled.get("reason", "").split())
    match filled.get("act"):
        case "submit":
            return SubmitRecord(record=record)
        case "review":
            return ReviewRecord(record=record)
        case "publish":
            return PublishRecord(record=record)
        case "return":
            return ReturnRecord(record=record, reason=reason)
        case "retire":
            return RetireRecord(record=record, reason=reason)
        case "evidence":
            sha256 = filled.get("sha256", "").strip().lower() or None
            ref, title = filled.get("ref", "").strip(), filled.get("title", "").strip()
            return AddRecordEvidence(record=record, ref=ref, title=title, sha256=sha256)
        case "edition":
            title = filled.get("title", "").strip()
            return FreezeEdition(record=record, title=title, note=filled.get("note", "").strip())
    return None
