# SPDX-License-Identifier: Apache-2.0
"""Hits of watchlists: the list, a hit with both names and the parts of its score, and what two officers decide."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import get, post
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.response import Redirect

from openecp.border.risk.watchlist.hits import CLEARED_DAYS, CLEARED_DAYS_MAX, HitRefused, HitState
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, Console, InPath, Page, in_thread, redirect
from openecp.platform.console.risk.frame import RiskFrame, reason_fault
from openecp.platform.console.session import Visitor
from openecp.platform.console.signin import form_is_ours, form_of

STATUSES = ("open", "proposed", "match", "cleared")
PAGE_ROWS = 50


@get("/risk")
@in_thread
def show_hits(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """The hits on record, surest first; without another wish those that are open."""
    kf = RiskFrame(request, console, visitor)
    everything = kf.desk.hits()
    counts = {status: sum(one.status == status for one in everything) for status in STATUSES}
    status = str(request.query_params.get("status", ""))
    if status not in STATUSES:
        status = "proposed" if not counts["open"] and counts["proposed"] else "open"
    wanted = [one for one in everything if one.status == status]
    asked = str(request.query_params.get("page", "1"))
    pages = max(-(-len(wanted) // PAGE_ROWS), 1)
    number = min(max(int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1, 1), pages)
    shown = wanted[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]
    return kf.page(
        "hits.html",
        status=status,
        statuses=STATUSES,
        counts=counts,
        rows=[(one, kf.desk.names(one)) for one in shown],
        total=len(wanted),
        number=number,
        pages=pages,
        today=kf.console.now().date().isoformat(),
    )


@get("/risk/lists")
@in_thread
def show_lists(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """The lists that are loaded, with their versions."""
    kf = RiskFrame(request, console, visitor)
    return kf.page("lists.html", lists=kf.desk.lists())


class HitForm(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer filled in about a hit, and what is wrong with it."""

    act: str = ""
    verdict: str = ""
    until: str = ""
    reason: str = ""
    faults: tuple[str, ...] = ()
    refused: str = ""  # a refusal's own words, in English


def hit_page(
    request: AnyRequest, console: Console, visitor: Visitor, hit_id: str, form: HitForm, status_code: int = 200
) -> Page:
    """Return a hit's page; after a refused act it says what was wrong and keeps what was filled in."""
    kf = RiskFrame(request, console, visitor)
    found = kf.desk.hit(hit_id)
    if found is None:
        raise NotFoundException
    state, names, seq, history = found
    today = console.now().date()
    return kf.page(
        "hit.html",
        status_code=status_code,
        address=kf.href("hits", hit_id),
        state=state,
        both=names,
        seq=seq,
        history=history,
        form=form,
        own=state.status == "proposed" and state.proposed_by == kf.principal.actor,
        can_propose=kf.acts and _may_propose(kf, state),
        can_decide=kf.acts and state.status == "proposed" and state.proposed_by != kf.principal.actor,
        ended=state.status == "cleared" and state.until < today.isoformat(),
        first_day=(today + timedelta(days=1)).isoformat(),
        last_day=(today + timedelta(days=CLEARED_DAYS_MAX)).isoformat(),
        usual_day=(today + timedelta(days=CLEARED_DAYS)).isoformat(),
        done=str(request.query_params.get("done", "")) == str(seq) and request.method == "GET",
    )


def _may_propose(kf: RiskFrame, state: HitState) -> bool:
    return state.status == "open" or (state.status == "proposed" and state.proposed_by == kf.principal.actor)


@get("/risk/hits/{hit_id:str}")
@in_thread
def show_hit(request: AnyRequest, console: AtConsole, visitor: ByVisitor, hit_id: InPath) -> Page:
    """One hit."""
    return hit_page(request, console, visitor, hit_id, HitForm())


@post("/risk/hits/{hit_id:str}/acts")
async def act_on_hit(request: AnyRequest, console: AtConsole, visitor: ByVisitor, hit_id: InPath) -> Page | Redirect:
    """Propose what a hit is, or decide about another officer's proposal."""
    kf = await asyncio.to_thread(RiskFrame, request, console, visitor)
    if not kf.acts:
        raise PermissionDeniedException
    fields = await form_of(request)
    form = HitForm(
        act=fields.get("act", ""), verdict=fields.get("verdict", ""), until=fields.get("until", "").strip()[:20],
        reason=" ".join(fields.get("reason", "").split()),
    )  # fmt: skip
    if not form_is_ours(request, visitor, fields):
        return await asyncio.to_thread(hit_page, request, console, visitor, hit_id, _with(form, "form"), 403)
    return await asyncio.to_thread(_decide, kf, hit_id, form, fields.get("expected_seq", ""))


def _decide(kf: RiskFrame, hit_id: str, form: HitForm, expected: str) -> Page | Redirect:
    def again(form: HitForm, status_code: int) -> Page:
        return hit_page(kf.request, kf.console, kf.visitor, hit_id, form, status_code)

    found = kf.desk.hit(hit_id)
    if found is None or form.act not in ("propose", "confirm", "decline"):
        raise NotFoundException
    state, actor = found[0], kf.principal.actor
    seen = int(expected) if expected.isascii() and expected.isdigit() and len(expected) < 19 else -1
    if seen != found[2]:
        return again(_with(form, "changed"), 409)
    if form.act != "propose" and state.proposed_by == actor:
        return again(_with(form, "same"), 403)
    faults = _faults_of(form, kf.console.now().date())
    if faults:
        return again(_with(form, *faults), 422)
    try:
        with kf.desk.lock:
            after = _done(kf, hit_id, form, seen)
    except HitRefused as refused:
        told = f"{refused.where}: expected {refused.expected}, got {refused.got}; {refused.fix}"
        return again(msgspec.structs.replace(form, refused=told), 409)
    known = kf.desk.hit(after.hit_id)
    return redirect(kf.href("hits", hit_id, done=known[2] if known else None))


def _done(kf: RiskFrame, hit_id: str, form: HitForm, seen: int) -> HitState:
    more: dict[str, Any] = {"actor": kf.principal.actor, "note": form.reason, "seen": seen}
    if form.act == "propose":
        until = date.fromisoformat(form.until) if form.verdict == "cleared" and form.until else None
        return kf.desk.watch.propose(hit_id, "cleared" if form.verdict == "cleared" else "match", until=until, **more)
    return kf.desk.watch.confirm(hit_id, agree=form.act == "confirm", **more)


def _faults_of(form: HitForm, today: date) -> list[str]:
    faults = []
    if form.act == "propose" and form.verdict not in ("match", "cleared"):
        faults.append("verdict")
    if form.act == "propose" and form.verdict == "cleared" and form.until:
        try:
            day = date.fromisoformat(form.until)
        except ValueError:
            day = today
        if not today < day <= today + timedelta(days=CLEARED_DAYS_MAX):
            faults.append("until")
    wrong = reason_fault(form.reason)
    return [*faults, wrong] if wrong else faults


def _with(form: HitForm, *faults: str) -> HitForm:
    return msgspec.structs.replace(form, faults=faults)
