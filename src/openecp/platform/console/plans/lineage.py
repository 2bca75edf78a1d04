# SPDX-License-Identifier: Apache-2.0
"""How the actions of one plan go on in another: the picture, the links, and their confirmation by a person."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import get_args

import msgspec
from litestar import Response, get, post
from litestar.exceptions import PermissionDeniedException
from litestar.response import Redirect
from markupsafe import Markup

from openecp.platform.console.charts.lineage import Node, Tie, draw_lineage
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread, redirect
from openecp.platform.console.plans.action import EMPTY, Filled
from openecp.platform.console.plans.acts import form_for, record, refused
from openecp.platform.console.plans.convert import document_of
from openecp.platform.console.plans.files import csv_file
from openecp.platform.console.plans.frame import Frame
from openecp.programme.action_plan.codes import LinkState, Relation
from openecp.programme.action_plan.commands import AssertLineage, Link
from openecp.programme.action_plan.lineage import propose
from openecp.programme.action_plan.names import parse_action
from openecp.programme.action_plan.views import ActionView, LineageView, PlanView

WEAK = 0.5  # links less sure than this are dashed
OPEN = ("proposed", "planned", "in_progress")


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two plans, the earlier first, with their actions and the links between them."""

    earlier: PlanView
    later: PlanView
    lefts: tuple[ActionView, ...]
    rights: tuple[ActionView, ...]
    links: tuple[LineageView, ...]

    @property
    def standing(self) -> tuple[LineageView, ...]:
        """Links that nobody rejected."""
        return tuple(link for link in self.links if link.state != "rejected")

    @property
    def open_ended(self) -> list[ActionView]:
        """Actions of the earlier plan that go on nowhere and have no closing status."""
        going_on = {link.from_id for link in self.standing}
        return [each for each in self.lefts if each.id not in going_on and each.lifecycle in OPEN]

    @property
    def new(self) -> list[ActionView]:
        """Actions of the later plan that go back to none."""
        reached = {link.to_id for link in self.standing}
        return [each for each in self.rights if each.id not in reached]


def pair_of(frame: Frame, plan: PlanView) -> Pair | None:
    """Return the plan with the other one that the address names; without a name, with the one before, else after."""
    others = [each for each in frame.all_plans if each.id != plan.id]
    wanted = str(frame.request.query_params.get("with", ""))
    start = plan.period.start or ""
    before = [each for each in others if (each.period.start or "") <= start]
    chosen = next((each for each in others if each.id == wanted), None) or next(iter(before or reversed(others)), None)
    if chosen is None:
        return None
    earlier, later = sorted((plan, chosen), key=lambda each: (each.period.start or "", each.id))
    return Pair(
        earlier=earlier,
        later=later,
        lefts=tuple(frame.plans.actions(earlier.id, as_of=frame.as_of)),
        rights=tuple(frame.plans.actions(later.id, as_of=frame.as_of)),
        links=tuple(frame.plans.lineage(earlier.id, later.id)),
    )


def is_weak(link: LineageView) -> bool:
    """Tell whether a link is drawn dashed."""
    return link.state != "confirmed" and (link.relation == "related" or link.confidence < WEAK)


def picture_of(frame: Frame, pair: Pair) -> Markup:
    """Return the picture."""
    text = frame.language.text

    def node(action: ActionView) -> Node:
        label, href = frame.title(action), frame.href("actions", action.id)
        return Node(id=action.id, number=str(action.number), label=label, href=href)

    ties = [
        Tie(
            start=link.from_id,
            end=link.to_id,
            relation=link.relation,
            weak=is_weak(link),
            sure=link.state == "confirmed",
            label=f"{link.from_id} → {link.to_id}: {frame.word('relation', link.relation)}, "
            f"{frame.word('link_state', link.state)}, {round(link.confidence * 100)} %",
        )
        for link in pair.standing
    ]
    heads = (frame.plan_title(pair.earlier), frame.plan_title(pair.later))
    title = text(N_("Lineage from %(earlier)s to %(later)s"), earlier=heads[0], later=heads[1])
    description = text(
        N_("%(count)s links between two columns of actions. The table below has the same data."), count=len(ties)
    )
    return Markup(  # noqa: S704 - the chart escapes what it is given
        draw_lineage(
            "lineage",
            [node(action) for action in pair.lefts],
            [node(action) for action in pair.rights],
            ties,
            heads=heads,
            title=title,
            description=description,
        )
    )


@get("/plans/{plan:str}/lineage")
@in_thread
def show_lineage(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Page:
    """The picture and its table."""
    return lineage_page(Frame(request, console, visitor), plan)


def lineage_page(frame: Frame, plan: str, filled: Filled = EMPTY, status_code: int = 200) -> Page:
    """Return the page."""
    found = frame.plan(plan)
    pair = pair_of(frame, found)
    return frame.page(
        "lineage.html",
        status_code=status_code,
        address=None if frame.request.method == "GET" else frame.href("plans", plan, "lineage"),
        other=None if pair is None else pair.earlier.id if pair.later.id == plan else pair.later.id,
        plan=found,
        tab="lineage",
        pair=pair,
        others=[each for each in frame.all_plans if each.id != plan],
        picture=picture_of(frame, pair) if pair is not None else "",
        known={each.id: each for each in (*pair.lefts, *pair.rights)} if pair is not None else {},
        is_weak=is_weak,
        filled=filled,
    )


@get("/plans/{plan:str}/lineage.csv")
@in_thread
def lineage_csv(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Response[bytes]:
    """The links, those rejected too."""
    frame = Frame(request, console, visitor)
    pair = pair_of(frame, frame.plan(plan))
    return csv_file(f"{plan}-lineage.csv", _rows(pair.links if pair else ()))


def _rows(links: tuple[LineageView, ...]) -> Iterator[tuple[str, ...]]:
    yield ("from", "to", "relation", "confidence", "state", "reason", "by", "on")
    for link in links:
        share = f"{link.confidence:.2f}"
        yield (link.from_id, link.to_id, link.relation, share, link.state, link.reason, link.by, link.on)


@post("/plans/{plan:str}/lineage")
async def judge_link(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Page | Redirect:
    """Confirm or reject a link, or have links proposed."""
    frame = Frame(request, console, visitor)
    if not frame.writes:
        raise PermissionDeniedException
    values, ours = await form_for(request, frame)
    filled, act = Filled(form="stale"), None
    if ours:
        act = await asyncio.to_thread(_asked, frame, plan, values)
        filled = Filled(form="link", values=values, faults={"choice": N_("Choose a link of this page")})
    if act is None:
        return await asyncio.to_thread(lineage_page, frame, plan, filled, 422 if ours else 403)
    answer = await record(frame, act)
    if answer.outcome == "refused":
        shown = refused("link", values, answer)
        return await asyncio.to_thread(lineage_page, frame, plan, shown, max(400, answer.http_status))
    other = {"with": values["with"]} if values.get("with") else {}
    ends = f"#link-{values['from']}-{values['to']}" if values.get("from") and values.get("to") else ""
    return redirect(frame.href("plans", plan, "lineage", **other) + ends)


def _asked(frame: Frame, plan: str, values: dict[str, str]) -> AssertLineage | None:
    state: LinkState | None = next((code for code in get_args(LinkState) if code == values.get("state")), None)
    if state == "proposed":
        return _proposed(frame, plan, values.get("with", ""))
    ends = (values.get("from", ""), values.get("to", ""))
    known = {(link.from_id, link.to_id): link for link in frame.plans.lineage()}
    link = known.get(ends)
    if state is None or link is None or plan not in {end[0] for end in map(parse_action, ends) if end}:
        return None
    relation: Relation = link.relation
    return AssertLineage(
        links=(
            Link(
                from_id=link.from_id,
                to_id=link.to_id,
                relation=relation,
                confidence=f"{link.confidence:.2f}",
                reason=link.reason,
                reasons=link.reasons,
            ),
        ),
        state=state,
    )


def _proposed(frame: Frame, plan: str, other: str) -> AssertLineage | None:
    """Links between two plans that are not on record yet, in both languages."""
    found = frame.plan(plan)
    chosen = next((each for each in frame.all_plans if each.id == other and each.id != plan), None)
    if chosen is None:
        return None
    earlier, later = sorted((found, chosen), key=lambda each: (each.period.start or "", each.id))
    known = {(link.from_id, link.to_id) for link in frame.plans.lineage(earlier.id, later.id)}
    documents = [document_of(each, frame.plans.actions(each.id)) for each in (earlier, later)]
    links = tuple(
        Link(
            from_id=link.from_id,
            to_id=link.to_id,
            relation=link.relation,
            confidence=f"{link.confidence:.2f}",
            reason=link.reason,
            reasons={"en": link.reason, "fr": link.reason_fr},
        )
        for link in propose(*documents)
        if (link.from_id, link.to_id) not in known
    )
    return AssertLineage(links=links) if links else None
