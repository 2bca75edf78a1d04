# SPDX-License-Identifier: Apache-2.0
"""One parcel: what was decided and why, the trace of every amount, what happened since, what may be done now.

A trader finds the own organisation's parcels alone; a parcel of others looks as if there were none. What an officer
wrote reaches no trader.
Limits: 50 postings of one identifier are listed; texts of an act have 2,000 characters.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.response import Redirect

from openecp.border.low_value.parcel_commands import LIMIT_TEXT, NEEDS_REASON, NEEDS_TEXT, ParcelAct
from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.datamodel.parcel_check import check_parcel
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread, redirect
from openecp.platform.console.parcels import trace, words
from openecp.platform.console.parcels.frame import ParcelFrame
from openecp.platform.console.parcels.goods import form_rows, goods_of, rows_of
from openecp.platform.console.parcels.quality_words import notes_of
from openecp.platform.console.plans.files import sent
from openecp.platform.console.signin import form_is_ours, form_of
from openecp.platform.core.parcelview import FoundParcel, acts_for, find_parcel, history_of
from openecp.platform.core.permissions import may_read

POSTINGS_MAX = 50


class ParcelPageFrame(ParcelFrame):
    """One reader's view of parcels on record."""

    def open(self, parcel_id: str, posted_on: str) -> FoundParcel:
        """Return a parcel that this reader may see.

        Raises: NotFoundException, the same for one that is not there and one of others.
        """
        if not self.reads_parcels:
            raise PermissionDeniedException
        found = None
        if self.desk.source is not None and is_key(parcel_id, posted_on):
            found = find_parcel(self.desk.source, parcel_id, posted_on)
        if found is None or not may_read(self.principal, found.on_record.organisation):
            raise NotFoundException
        return found

    def postings(self, parcel_id: str) -> list[FoundParcel]:
        """Return every posting of an identifier that this reader may see, the latest first."""
        if self.desk.source is None or not is_key(parcel_id, self.today):
            return []
        rows = self.desk.source.parcel_rows(parcel_id)[:POSTINGS_MAX]
        found = [find_parcel(self.desk.source, row.parcel_id, row.posted_on) for row in rows]
        return [each for each in found if each is not None and may_read(self.principal, each.on_record.organisation)]

    def declared(self, found: FoundParcel) -> Parcel | None:
        """Return the goods as declared, None where nobody can tell them any more."""
        record, known = found.on_record.record, found.on_record
        if self.desk.declared is None:
            return None
        return self.desk.declared(known.seq, known.number, str(record["id"]), str(record["posted"]))

    def as_found(self, found: FoundParcel) -> Parcel | None:
        """Return the goods as an officer last found them."""
        name = found.case.revision_id if found.case is not None else None
        kept = self.desk.source.document(name) if name is not None and self.desk.source is not None else None
        try:
            return msgspec.json.decode(kept.content, type=Parcel) if kept is not None else None
        except msgspec.DecodeError:
            return None

    def parcel_href(self, found: FoundParcel, kind: str = "parcel") -> str:
        """Return the address of a parcel's page, its receipt or its acts."""
        record = found.on_record.record
        return self.href(kind, str(record["posted"]), str(record["id"]))


def is_key(parcel_id: str, posted_on: str) -> bool:
    """Tell whether these can be the key of a parcel, so that the store need not be asked otherwise."""
    probe = Parcel(parcel_id=parcel_id, posted_on=posted_on)
    return not any(fault.column in ("parcel_id", "posted_on") for fault in check_parcel(probe))


@get("/parcels/find")
@in_thread
def find(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page | Redirect:
    """The form that finds a parcel; with an identifier, its page, or the list of its postings."""
    frame = ParcelPageFrame(request, console, visitor)
    if not frame.reads_parcels or frame.desk.source is None:
        raise NotFoundException
    text = str(request.query_params.get("text", "")).strip()[:40]
    postings = frame.postings(text.upper()) or frame.postings(text) if text else []
    if len(postings) == 1:
        return redirect(frame.parcel_href(postings[0]))
    return frame.page("find.html", text=text, postings=postings)


@get("/parcels/parcel/{posted_on:str}/{parcel_id:path}")
@in_thread
def show_parcel(
    request: AnyRequest, console: AtConsole, visitor: ByVisitor, posted_on: InPath, parcel_id: InPath
) -> Page:
    """One parcel."""
    frame = ParcelPageFrame(request, console, visitor)
    return parcel_page(frame, frame.open(parcel_id.removeprefix("/"), posted_on))


def parcel_page(
    frame: ParcelPageFrame,
    found: FoundParcel,
    *,
    problem: dict[str, Any] | None = None,
    filled: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    status_code: int = 200,
) -> Page:
    """Return the page of a parcel, with what is wrong with an act where one was tried."""
    record = found.on_record.record
    file = next(
        (each for each in frame.desk.jurisdictions() if each.jurisdiction == found.on_record.jurisdiction), None
    )
    regime, treatments = trace.rule_of_record(record, file)
    declared, revised = frame.declared(found), frame.as_found(found)
    acts = [act for act in words.ACT_ORDER if act in acts_for(frame.principal, found)]
    source = frame.desk.source
    return frame.page(
        "parcel.html",
        status_code=status_code,
        address=frame.parcel_href(found),
        found=found,
        record=record,
        regime=regime,
        treatments=treatments,
        traces=trace.traces_of(frame, record, regime, treatments),
        quality=list(notes_of(record.get("quality", ()), frame.language.code)),
        goods=rows_of(declared, revised),
        declared=declared,
        revised=revised,
        history=history_of(source, found, frame.principal.audience) if source is not None else [],
        acts=acts,
        form=form_rows(declared, revised, filled or {}) if "revise" in acts else [],
        filled=filled or {},
        faults=faults or {},
        problem=problem,
        done=request_done(frame),
        needs_reason=NEEDS_REASON,
        needs_text=NEEDS_TEXT,
    )


def request_done(frame: ParcelFrame) -> bool:
    """Tell whether the page is shown after an act."""
    return frame.request.method == "GET" and frame.request.query_params.get("done") == "yes"


@get("/parcels/receipt/{posted_on:str}/{parcel_id:path}")
@in_thread
def parcel_receipt(
    request: AnyRequest, console: AtConsole, visitor: ByVisitor, posted_on: InPath, parcel_id: InPath
) -> Response[bytes]:
    """The receipt of a parcel's decision as a file: record, path to its batch's root, the event's own receipt."""
    frame = ParcelPageFrame(request, console, visitor)
    found = frame.open(parcel_id.removeprefix("/"), posted_on)
    record = found.on_record.record
    given = frame.desk.source.parcel_receipt(record["id"], record["posted"]) if frame.desk.source is not None else None
    if given is None:
        raise NotFoundException
    content = json.dumps(given, indent=1, ensure_ascii=True).encode()
    return sent(f"receipt-{record['posted']}-{record['id']}.json", content, "application/json")


@post("/parcels/acts/{posted_on:str}/{parcel_id:path}")
async def do_parcel_act(
    request: AnyRequest, console: AtConsole, visitor: ByVisitor, posted_on: InPath, parcel_id: InPath
) -> Page | Redirect:
    """Record an act on a parcel; refused where the parcel has moved on since its page was opened."""
    frame = ParcelPageFrame(request, console, visitor)
    found = await asyncio.to_thread(frame.open, parcel_id.removeprefix("/"), posted_on)
    fields = await form_of(request)

    async def again(status: int, **more: Any) -> Page:
        return await asyncio.to_thread(parcel_page, frame, found, filled=fields, status_code=status, **more)

    if not form_is_ours(request, visitor, fields):
        return await again(403, problem={"kind": "form"})
    act, seen = fields.get("act", ""), fields.get("expected_seq", "")
    if act not in acts_for(frame.principal, found):
        changed = seen != str(found.last_seq)
        return await again(409, problem={"kind": "changed" if changed else "not_offered"})
    faults = faults_of(act, fields)
    goods: Parcel | None = None
    if act == "revise":
        goods, wrong = await asyncio.to_thread(_goods, frame, found, fields)
        faults |= wrong
    if faults:
        return await again(422, faults=faults, problem={"kind": "fields"})
    answer = await console.core.submit(
        ParcelAct(
            principal=frame.principal,
            parcel_id=found.on_record.record["id"],
            posted_on=found.on_record.record["posted"],
            act=act,  # type: ignore[arg-type]
            reason=_plain(fields, "reason"),
            text=_plain(fields, "text"),
            result=fields.get("result") or None,  # type: ignore[arg-type]
            on=fields.get("on") or None,
            declaration=_plain(fields, "declaration") or None,
            goods=goods,
            expected_seq=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else -1,
        )
    )
    if answer.error is not None:
        found = await asyncio.to_thread(frame.open, parcel_id.removeprefix("/"), posted_on)
        status = answer.http_status if 400 <= answer.http_status < 500 else 409
        return await again(status, problem={"kind": "refused", "error": answer.error})
    return redirect(f"{frame.parcel_href(found)}?done=yes")


def _plain(fields: dict[str, str], name: str) -> str:
    return fields.get(name, "").replace("\r\n", "\n").strip()


def _goods(frame: ParcelPageFrame, found: FoundParcel, fields: dict[str, str]) -> tuple[Parcel, dict[str, str]]:
    record = found.on_record.record
    bare = Parcel(parcel_id=record["id"], posted_on=record["posted"], currency=record["currency"])
    return goods_of(fields, frame.as_found(found) or frame.declared(found) or bare)


def faults_of(act: str, fields: dict[str, str]) -> dict[str, str]:
    """Return what is missing in the form of an act, field by field."""
    found = {}
    if act in NEEDS_REASON and not _plain(fields, "reason"):
        found["reason"] = "missing"
    if act in NEEDS_TEXT and not _plain(fields, "text"):
        found["text"] = "missing"
    if act == "examined" and fields.get("result") not in ("conform", "not_conform"):
        found["result"] = "missing"
    for name in ("reason", "text", "declaration"):
        if len(_plain(fields, name)) > LIMIT_TEXT:
            found[name] = "long"
    if act == "present" and fields.get("on") and not is_key("X", fields["on"]):
        found["on"] = "day"
    return found
