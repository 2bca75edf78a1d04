# SPDX-License-Identifier: Apache-2.0
"""Receipts of what was recorded of an action, for whoever wants to verify it."""

from __future__ import annotations

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException

from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, NumberInPath, Page, in_thread
from openecp.platform.console.plans.files import sent
from openecp.platform.console.plans.frame import Frame
from openecp.programme.action_plan.views import ChangeView


@get("/actions/{action_id:str}/receipts/{seq:int}")
@in_thread
def show_plan_receipt(
    request: AnyRequest, console: AtConsole, visitor: ByVisitor, action_id: InPath, seq: NumberInPath
) -> Page:
    """The receipt of one entry of an action's history."""
    frame = Frame(request, console, visitor)
    action = frame.action(action_id)
    change, text = _receipt(frame, action_id, seq)
    return frame.page("receipt.html", action=action, change=change, text=text)


@get("/actions/{action_id:str}/receipts/{seq:int}/file")
@in_thread
def plan_receipt_file(
    request: AnyRequest, console: AtConsole, visitor: ByVisitor, action_id: InPath, seq: NumberInPath
) -> Response[bytes]:
    """The receipt as a file."""
    frame = Frame(request, console, visitor)
    _, text = _receipt(frame, action_id, seq)
    return sent(f"receipt-{seq}.json", text.encode(), "application/octet-stream")


def _receipt(frame: Frame, action_id: str, seq: int) -> tuple[ChangeView, str]:
    try:
        history = frame.plans.history(action_id, as_of=frame.as_of)
    except LookupError:
        raise NotFoundException from None
    change = next((each for each in history if each.seq == seq), None)
    receipt = frame.console.queries.receipt(seq) if change is not None else None
    if change is None or receipt is None:
        raise NotFoundException
    return change, msgspec.json.format(msgspec.json.encode(receipt), indent=2).decode()
