# SPDX-License-Identifier: Apache-2.0
"""Forms of the pages of action plans: taken from the page, given to the core, what is wrong named beside its field."""

from __future__ import annotations

import asyncio
from typing import Any, get_args

from litestar import post
from litestar.exceptions import PermissionDeniedException
from litestar.response import Redirect

from openecp.kernel.casework.answer import Answer
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, redirect
from openecp.platform.console.plans.action import REPORTABLE, Filled, action_page
from openecp.platform.console.plans.frame import Frame
from openecp.platform.console.signin import form_is_ours, form_of
from openecp.platform.core.model import ProgrammeCommand
from openecp.programme.action_plan.codes import Colour, EvidenceKind, Lifecycle
from openecp.programme.action_plan.commands import NewEvidence, OverrideStatus, PlanAct, UpdateAction
from openecp.programme.action_plan.names import is_day

# A refusal of the register that concerns one field of the form, in words for the field.
AT_FIELD: dict[str, tuple[str, str]] = {
    "OECP-PLAN-EVIDENCE": ("evidence", N_("Give the number or address of a document that shows it")),
    "OECP-PLAN-REASON": ("note", N_("Write why")),
    "OECP-PLAN-EXPIRY": ("expires", N_("Give a day after today")),
    "OECP-PLAN-EMPTY": ("note", N_("Give a progress, a note or an evidence")),
}
Kept = dict[str, str]


async def record(frame: Frame, act: PlanAct) -> Answer:
    """Have the core decide and record a command."""
    return await frame.console.core.submit(ProgrammeCommand(principal=frame.principal, act=act))


def refused(form: str, values: Kept, answer: Answer) -> Filled:
    """Return a form as it was filled in, with what the register said: at its field where it concerns one."""
    at = AT_FIELD.get(answer.error.code) if answer.error else None
    if at is not None:
        return Filled(form=form, values=values, faults={at[0]: at[1]})
    return Filled(form=form, values=values, refusal=answer.error)


async def form_for(request: AnyRequest, frame: Frame) -> tuple[Kept, bool]:
    """Return a form's fields without blanks around them, and whether it was sent from our own page."""
    fields = await form_of(request)
    ours = form_is_ours(request, frame.visitor, fields)
    return {name: text.strip().replace("\r\n", "\n") for name, text in fields.items() if name != "form_token"}, ours


@post("/actions/{action_id:str}/update")
async def update(request: AnyRequest, console: AtConsole, visitor: ByVisitor, action_id: InPath) -> Page | Redirect:
    """Report on an action: progress, what happened, evidence; at most these three."""
    frame = Frame(request, console, visitor)
    action = await asyncio.to_thread(frame.action, action_id)
    if not frame.may_report(action):
        raise PermissionDeniedException
    values, ours = await form_for(request, frame)
    if not ours:
        return await _again(frame, action_id, Filled(form="stale", values=values), 403)
    status, note, ref = values.get("status", ""), values.get("note", ""), values.get("evidence", "")
    faults = _update_faults(status, note, ref)
    if faults:
        return await _again(frame, action_id, Filled(form="update", values=values, faults=faults), 422)
    kind: EvidenceKind = "external" if ref.startswith(("https://", "http://")) else "document"
    lifecycle: Lifecycle | None = next((code for code in get_args(Lifecycle) if code == status), None)
    evidence = NewEvidence(ref=ref, kind=kind) if ref else None
    answer = await record(frame, UpdateAction(action=action_id, status=lifecycle, note=note, evidence=evidence))
    return await _answered(frame, action_id, refused("update", values, answer), answer)


def _update_faults(status: str, note: str, ref: str) -> Kept:
    faults: Kept = {}
    if status and status not in REPORTABLE:
        faults["status"] = N_("Choose a progress from the list")
    if not (status or note or ref):
        faults["note"] = N_("Give a progress, a note or an evidence")
    if len(note) > 4000:
        faults["note"] = N_("Shorten the note to 4,000 characters")
    if len(ref) > 500:
        faults["evidence"] = N_("Shorten the reference to 500 characters")
    return faults


@post("/actions/{action_id:str}/override")
async def override(request: AnyRequest, console: AtConsole, visitor: ByVisitor, action_id: InPath) -> Page | Redirect:
    """Set a status beside the computed one, or lift it."""
    frame = Frame(request, console, visitor)
    await asyncio.to_thread(frame.action, action_id)
    if not frame.writes:
        raise PermissionDeniedException
    values, ours = await form_for(request, frame)
    if not ours:
        return await _again(frame, action_id, Filled(form="stale", values=values), 403)
    wanted, reason, expires = values.get("colour", ""), values.get("reason", ""), values.get("expires", "")
    faults: Kept = {}
    if wanted not in (*get_args(Colour), "none"):
        faults["colour"] = N_("Choose a status")
    if len(reason) < 3:
        faults["reason"] = N_("Give a reason")
    if wanted != "none" and not (is_day(expires) and expires > frame.today):
        faults["expires"] = N_("Give a day after today")
    if faults:
        return await _again(frame, action_id, Filled(form="override", values=values, faults=faults), 422)
    colour: Colour | None = next((code for code in get_args(Colour) if code == wanted), None)
    act = OverrideStatus(action=action_id, colour=colour, reason=reason, expires=expires if colour else None)
    answer = await record(frame, act)
    return await _answered(frame, action_id, refused("override", values, answer), answer)


async def _answered(frame: Frame, action_id: str, filled: Filled, answer: Answer) -> Page | Redirect:
    if answer.outcome == "refused":
        status = answer.http_status if 400 <= answer.http_status < 500 else 409
        return await _again(frame, action_id, filled, status)
    return redirect(frame.href("actions", action_id, **done(answer)))


def done(answer: Answer) -> dict[str, Any]:
    """Return what lets the next page say what was recorded."""
    return {"done": answer.last_seq or answer.first_seq} if answer.last_seq or answer.first_seq else {}


async def _again(frame: Frame, action_id: str, filled: Filled, status_code: int) -> Page:
    return await asyncio.to_thread(action_page, frame, action_id, filled, status_code)
