# SPDX-License-Identifier: Apache-2.0
"""An officer's act: taken from the form, given to the core, and the answer shown."""

from __future__ import annotations

import asyncio

from litestar import post
from litestar.exceptions import PermissionDeniedException
from litestar.response import Redirect

from openecp.border.lodgement.commands import OfficerAct
from openecp.kernel.casework.answer import Answer
from openecp.platform.console import acts
from openecp.platform.console.cases import case_page, offers_for, opened_for
from openecp.platform.console.findings import finding_form, finding_of
from openecp.platform.console.language import currency_exponent
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, redirect, signed_in
from openecp.platform.console.signin import form_is_ours, form_of
from openecp.platform.core.permissions import may


@post("/cases/{case_id:str}/acts")
async def do_act(request: AnyRequest, console: AtConsole, visitor: ByVisitor, case_id: InPath) -> Page | Redirect:
    """Record an officer act; refused where the case has changed since the officer looked."""
    principal = signed_in(visitor)
    opened = await asyncio.to_thread(opened_for, console, principal, case_id)
    if not may(principal, "act"):
        raise PermissionDeniedException
    fields = await form_of(request)
    if not form_is_ours(request, visitor, fields):
        return await asyncio.to_thread(
            case_page, request, console, visitor, opened, answer_fault={"kind": "form"}, status_code=403
        )
    act, result = fields.get("act", ""), fields.get("result", "")
    reason = " ".join(fields.get("reason", "").split())
    form = finding_form(fields)
    seen = _seq(fields.get("expected_seq", ""))
    offer = next((offer for offer in offers_for(opened, principal) if offer.act == act), None)
    if seen is None or seen != opened.seq or offer is None:
        kind = "changed" if seen is not None and seen != opened.seq else "not_offered"
        return await asyncio.to_thread(
            case_page,
            request,
            console,
            visitor,
            opened,
            answer_fault={"kind": kind},
            faults=acts.ActFaults(act=act, result=result, reason=reason, finding=form),
            looked_at_seq=seen,
            status_code=409,
        )
    currency = console.names.currency
    finding, wrong = finding_of(form, act, result, exponent=currency_exponent(currency), comma=visitor.language == "fr")
    faults = acts.faults_of(offer, result, reason, form, wrong)
    if faults is not None:
        return await asyncio.to_thread(case_page, request, console, visitor, opened, faults=faults, status_code=422)
    answer = await console.core.submit(
        OfficerAct(
            principal=principal,
            case_id=case_id,
            act=offer.act,
            result=result if offer.results else None,
            reason=reason,
            expected_seq=seen,
            finding=finding,
        )
    )
    if answer.outcome == "refused":
        kept = acts.ActFaults(act=act, result=result, reason=reason, finding=form)
        opened = await asyncio.to_thread(opened_for, console, principal, case_id)
        return await asyncio.to_thread(
            case_page,
            request,
            console,
            visitor,
            opened,
            answer_fault=_refusal(answer),
            faults=kept,
            looked_at_seq=seen,
            status_code=answer.http_status if 400 <= answer.http_status < 500 else 409,
        )
    return redirect(f"/console/cases/{case_id}?done={answer.first_seq or answer.last_seq}")


def _refusal(answer: Answer) -> dict[str, object]:
    return {"kind": "refused", "error": answer.error}


def _seq(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
