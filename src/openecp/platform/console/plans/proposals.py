# SPDX-License-Identifier: Apache-2.0
"""What was proposed to a plan, by whom and with which expected hours; the Secretariat takes it up or declines it."""

from __future__ import annotations

import asyncio

from litestar import get, post
from litestar.exceptions import PermissionDeniedException
from litestar.response import Redirect

from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread, redirect
from openecp.platform.console.plans.action import Filled
from openecp.platform.console.plans.acts import form_for, record, refused
from openecp.platform.console.plans.frame import Frame
from openecp.platform.console.times.words import OWNERS
from openecp.programme.action_plan.commands import DecideProposal
from openecp.programme.action_plan.proposed import Proposal

STATES: dict[str, str] = {"open": N_("open"), "taken_up": N_("taken up"), "declined": N_("declined")}


@get("/plans/{plan:str}/proposals")
@in_thread
def show_proposals(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Page:
    """What was proposed to a plan: open ones first, then those that were decided."""
    return proposals_page(Frame(request, console, visitor), plan)


def proposals_page(frame: Frame, plan: str, filled: Filled | None = None, status: int = 200) -> Page:
    """Return the page of a plan's proposals, with a form as it was filled in."""
    view = frame.plan(plan)
    found = frame.plans.proposals(view.id, as_of=frame.as_of)
    actions = frame.plans.actions(view.id, as_of=frame.as_of) if found else []
    return frame.page(
        "proposals.html",
        status_code=status,
        plan=view,
        tab="proposals",
        proposals=sorted(found, key=lambda one: (one.state != "open", -one.expected_hours)),
        hours=sum(one.expected_hours for one in found if one.state == "open"),
        actions=actions,
        known={action.id: action for action in actions},
        filled=filled or Filled(form=""),
        owner=lambda one: owner_of(frame, one),
        states=STATES,
    )


def owner_of(frame: Frame, proposal: Proposal) -> str:
    """Return who should act: a body by its name, a party to release by its word, else as it is written."""
    kind, _, name = proposal.owner.partition(":")
    if kind not in OWNERS:
        return frame.body(proposal.owner)
    word = frame.language.text(OWNERS[kind])
    return f"{word} {name}" if name else word[:1].upper() + word[1:]


@post("/plans/{plan:str}/proposals")
async def decide_proposal(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Page | Redirect:
    """Take a proposal up under an action, or decline it."""
    frame = Frame(request, console, visitor)
    if not frame.writes:
        raise PermissionDeniedException
    values, ours = await form_for(request, frame)
    if not ours:
        return await asyncio.to_thread(proposals_page, frame, plan, Filled(form="stale"), 403)
    proposal, takes = values.get("proposal", ""), values.get("decision") != "decline"
    faults = {}
    if takes and not values.get("action"):
        faults["action"] = N_("Choose an action")
    if len(values.get("reason", "")) < 3:
        faults["reason"] = N_("Write why")
    if faults:
        return await asyncio.to_thread(
            proposals_page, frame, plan, Filled(form=proposal[:20], values=values, faults=faults), 422
        )
    action = values["action"] if takes else None
    answer = await record(frame, DecideProposal(plan=plan, proposal=proposal, reason=values["reason"], action=action))
    if answer.outcome == "refused":
        shown = refused(proposal[:20], values, answer)
        return await asyncio.to_thread(proposals_page, frame, plan, shown, max(400, answer.http_status))
    return redirect(frame.href("plans", plan, "proposals") + f"#{proposal}")
