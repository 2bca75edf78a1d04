# SPDX-License-Identifier: Apache-2.0
"""The pages of one declaration: what it is and why, what was declared, the message, the notifications, the receipts."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException

from openecp.kernel.journal.model import Event, StoredDocument
from openecp.kernel.parties.model import Principal
from openecp.platform.console import acts
from openecp.platform.console.notices import Notice, notice_of
from openecp.platform.console.opened import Opened, notifications_of, open_case
from openecp.platform.console.pages import (
    HEADERS,
    AnyRequest,
    AtConsole,
    ByVisitor,
    Console,
    InPath,
    NumberInPath,
    Page,
    in_thread,
    sees_all,
    signed_in,
)
from openecp.platform.console.session import Visitor
from openecp.platform.console.tree import declared_tree
from openecp.platform.console.views import CaseView, faults_of_item, may_have_receipt
from openecp.platform.core.permissions import may

ITEMS_SHOWN = 50
MESSAGE_LINES_SHOWN = 5000
MESSAGE_CHARS_SHOWN = 500_000


def opened_for(console: Console, principal: Principal, case_id: str) -> Opened:
    """Open a case for a reader.

    Raises: NotFoundException where there is none, or none that this reader may see.
    """
    found = open_case(console.queries, case_id, principal)
    if found is None:
        raise NotFoundException
    return found


def case_page(
    request: AnyRequest,
    console: Console,
    visitor: Visitor,
    opened: Opened,
    *,
    faults: acts.ActFaults | None = None,
    answer_fault: dict[str, object] | None = None,
    looked_at_seq: int | None = None,
    status_code: int = 200,
) -> Page:
    """Return the declaration page; after a refused act it says what was wrong and keeps what was filled in."""
    principal = signed_in(visitor)
    view = opened.view(principal)
    first = _first_item(request, view)
    offered = offers_for(opened, principal)
    return console.page(
        request,
        visitor,
        "case.html",
        status_code=status_code,
        address=f"/console/cases/{view.row.case_id}" if request.method == "POST" else None,
        tab="case",
        principal=principal,
        officer=view.audience == "officer",
        view=view,
        zone=console.names.time_zone(view.row.office),
        organisation=console.register.organisation(view.row.organisation),
        settled=opened.folded is not None and opened.folded.money == "settled",
        offers=offered,
        faults=faults,
        answer_fault=answer_fault,
        looked_at_seq=looked_at_seq,
        done=_done(request, opened, principal),
        first=first,
        items=view.items[first - 1 : first - 1 + ITEMS_SHOWN],
        items_shown=ITEMS_SHOWN,
        faults_of_item=faults_of_item,
    )


def offers_for(opened: Opened, principal: Principal) -> tuple[acts.Offer, ...]:
    """Return the acts that the page offers to this reader: none to those who may not act."""
    if not may(principal, "act"):
        return ()
    return acts.offers(opened.row.status, opened.folded)


@get("/cases/{case_id:str}")
@in_thread
def show_case(request: AnyRequest, console: AtConsole, visitor: ByVisitor, case_id: InPath) -> Page:
    """The declaration page."""
    opened = opened_for(console, signed_in(visitor), case_id)
    return case_page(request, console, visitor, opened)


@get("/cases/{case_id:str}/changes")
@in_thread
def show_changes(request: AnyRequest, console: AtConsole, visitor: ByVisitor, case_id: InPath) -> Page:
    """Whether the case has moved on since the page was opened; the open page asks now and then."""
    principal = signed_in(visitor)
    found = console.queries.case(case_id) if sees_all(principal) else None
    if found is None:
        raise NotFoundException
    opened_at = request.query_params.get("after", "0")
    moved = opened_at.isdigit() and found[1] > int(opened_at[:18])
    return console.page(request, visitor, "_changed.html", moved=moved, case_id=case_id)


@get("/cases/{case_id:str}/declared")
@in_thread
def show_declared(request: AnyRequest, console: AtConsole, visitor: ByVisitor, case_id: InPath) -> Page:
    """The declared data as a tree, each fault at its element."""
    principal = signed_in(visitor)
    opened = opened_for(console, principal, case_id)
    view = opened.view(principal)
    tree = declared_tree(opened.declaration, view.faults + view.warnings) if opened.declaration else None
    return _tab(request, console, visitor, view, "declared", tree=tree, erased=opened.message is None)


@get("/cases/{case_id:str}/message")
@in_thread
def show_message(request: AnyRequest, console: AtConsole, visitor: ByVisitor, case_id: InPath) -> Page:
    """The messages as received, line by line."""
    principal = signed_in(visitor)
    opened = opened_for(console, principal, case_id)
    chosen = _document(opened, request.query_params.get("document", ""))
    view = opened.view(principal)
    text = chosen.content[: MESSAGE_CHARS_SHOWN * 4].decode("utf-8", "replace") if chosen else ""
    lines = text[:MESSAGE_CHARS_SHOWN].splitlines()
    cut = bool(chosen) and (len(lines) > MESSAGE_LINES_SHOWN or len(text) > MESSAGE_CHARS_SHOWN)
    current = chosen is not None and chosen is opened.message
    return _tab(
        request,
        console,
        visitor,
        view,
        "message",
        documents=_messages(opened),
        chosen=chosen,
        lines=lines[:MESSAGE_LINES_SHOWN],
        fault_lines={f.line for f in view.faults if f.line} if current else set(),
        cut=cut,
    )


@get("/cases/{case_id:str}/message/file")
@in_thread
def message_file(request: AnyRequest, console: AtConsole, visitor: ByVisitor, case_id: InPath) -> Response[bytes]:
    """A message as received, as a file."""
    opened = opened_for(console, signed_in(visitor), case_id)
    chosen = _document(opened, request.query_params.get("document", ""))
    if chosen is None:
        raise NotFoundException
    ending = "json" if "json" in chosen.media_type else "xml"
    return _file(chosen.content, f"{chosen.kind}-{opened.row.mrn or opened.row.case_id}.{ending}")


@get("/cases/{case_id:str}/notifications")
@in_thread
def show_notifications(request: AnyRequest, console: AtConsole, visitor: ByVisitor, case_id: InPath) -> Page:
    """What the declarant was told, and when."""
    principal = signed_in(visitor)
    opened = opened_for(console, principal, case_id)
    notices: list[Notice] = [notice_of(message) for message in notifications_of(console.queries, opened.row)]
    return _tab(request, console, visitor, opened.view(principal), "notifications", notices=notices)


@get("/cases/{case_id:str}/receipts/{seq:int}")
@in_thread
def show_receipt(
    request: AnyRequest,
    console: AtConsole,
    visitor: ByVisitor,
    case_id: InPath,
    seq: NumberInPath,
) -> Page:
    """The receipt of one event, and how anyone verifies it."""
    principal = signed_in(visitor)
    opened = opened_for(console, principal, case_id)
    event, receipt = _receipt(console, opened, principal, seq)
    view = opened.view(principal)
    text = _pretty(receipt)
    return _tab(request, console, visitor, view, "receipt", event=event, receipt=receipt, text=text)


@get("/cases/{case_id:str}/receipts/{seq:int}/file")
@in_thread
def receipt_file(console: AtConsole, visitor: ByVisitor, case_id: InPath, seq: NumberInPath) -> Response[bytes]:
    """The receipt of one event as a file."""
    principal = signed_in(visitor)
    opened = opened_for(console, principal, case_id)
    _, receipt = _receipt(console, opened, principal, seq)
    return _file(_pretty(receipt).encode(), f"receipt-{seq}.json")


def _tab(request: AnyRequest, console: Console, visitor: Visitor, view: CaseView, tab: str, **context: Any) -> Page:
    return console.page(
        request,
        visitor,
        f"{tab}.html",
        tab=tab,
        principal=signed_in(visitor),
        officer=view.audience == "officer",
        view=view,
        zone=console.names.time_zone(view.row.office),
        **context,
    )


def _receipt(console: Console, opened: Opened, principal: Principal, seq: int) -> tuple[Event, dict[str, object]]:
    event = next((event for event in opened.events if event.seq == seq), None)
    if event is None or (principal.audience == "trader" and not may_have_receipt(event)):
        raise NotFoundException
    receipt = console.queries.receipt(seq)
    if receipt is None:
        raise NotFoundException
    return event, receipt


def _pretty(receipt: dict[str, object]) -> str:
    return msgspec.json.format(msgspec.json.encode(receipt), indent=2).decode()


def _messages(opened: Opened) -> tuple[StoredDocument, ...]:
    return tuple(d for d in opened.documents if d.kind in {"declaration", "request"})


def _document(opened: Opened, document_id: str) -> StoredDocument | None:
    if not document_id:
        return opened.message
    return next((d for d in _messages(opened) if d.document_id == document_id), None)


def _file(content: bytes, name: str) -> Response[bytes]:
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)[:100]
    return Response(
        content=content,
        media_type="application/octet-stream",
        headers={**HEADERS, "Content-Disposition": f'attachment; filename="{safe}"'},
    )


def _first_item(request: AnyRequest, view: CaseView) -> int:
    text = request.query_params.get("items", "1")
    first = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return min(max(1, first), max(1, len(view.items)))


def _done(request: AnyRequest, opened: Opened, principal: Principal) -> Event | None:
    """The event that this person's last act recorded; an address alone cannot make the page claim one."""
    text = request.query_params.get("done", "")
    seq = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    return next((e for e in opened.events if e.seq == seq and e.actor == principal.actor), None)
