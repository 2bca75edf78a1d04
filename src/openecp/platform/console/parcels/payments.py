# SPDX-License-Identifier: Apache-2.0
"""A payment of a collector at the console: the form is checked here, the core decides and records.

The form carries a key of its own, so that a payment sent twice counts once.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from litestar import post
from litestar.exceptions import PermissionDeniedException
from litestar.response import Redirect

from openecp.border.revenue.collector_payments import CollectorPayment
from openecp.border.revenue.collectors import owner_of
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, redirect
from openecp.platform.console.parcels.collectors import CollectorFrame, statement_page
from openecp.platform.console.signin import form_is_ours, form_of
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.documents.collector_papers import minor_of

_KEY = re.compile(r"[A-Za-z0-9_-]{10,60}")


@post("/parcels/collectors/{account:str}/payments")
async def do_pay(request: AnyRequest, console: AtConsole, visitor: ByVisitor, account: InPath) -> Page | Redirect:
    """Record that a collector paid; refused, the page says what is wrong and keeps what was typed."""
    frame = CollectorFrame(request, console, visitor)
    await asyncio.to_thread(frame.statement, account)
    if not frame.may_receive:
        raise PermissionDeniedException
    fields = {name: text.strip() for name, text in (await form_of(request)).items()}

    async def again(status: int, problem: dict[str, Any]) -> Page:
        return await asyncio.to_thread(
            statement_page, frame, account, filled=fields, problem=problem, status_code=status
        )

    key = fields.get("key", "")
    if not form_is_ours(request, visitor, fields) or not _KEY.fullmatch(key):
        fields.pop("key", None)
        return await again(403, {"kind": "form"})
    minor = minor_of(fields.get("amount", ""), owner_of(account).currency)
    if not minor:
        return await again(422, {"kind": "amount"})
    if not fields.get("reference"):
        return await again(422, {"kind": "reference"})
    payment = CollectorPayment(
        account=account,
        minor=minor,
        on=fields.get("on") or frame.today,
        reference=fields["reference"],
        key=f"console/{frame.principal.principal_id}/{key}".replace(" ", "/"),
        jurisdiction=fields.get("jurisdiction") or None,
    )
    answer = await console.core.submit(ProgrammeCommand(principal=frame.principal, act=payment))
    if answer.error is not None:
        status = answer.http_status if 400 <= answer.http_status < 600 else 409
        return await again(status, {"kind": "refused", "error": answer.error})
    return redirect(frame.href("collectors", account, month=payment.on[:7], paid=answer.first_seq))
