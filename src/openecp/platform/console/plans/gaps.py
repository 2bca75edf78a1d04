# SPDX-License-Identifier: Apache-2.0
"""What the plan exists to prevent: the same work twice, work without an owner, dates that cannot hold, slips, load."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from litestar import Response, get

from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.plans.convert import document_of
from openecp.platform.console.plans.files import csv_file
from openecp.platform.console.plans.frame import Frame
from openecp.platform.console.plans.lineage import Pair, pair_of
from openecp.programme.action_plan.gaps import Duplication, Gaps, LoadRow, find_duplicates, find_gaps, load
from openecp.programme.action_plan.lineage import Link, Slip, slips
from openecp.programme.action_plan.views import ActionView, PlanView

CANDIDATES_SHOWN = 60

# name in the register's answer, heading, what it means
LISTS: tuple[tuple[str, str, str], ...] = (
    (
        "without_owner",
        N_("No responsible body"),
        N_("Nobody is named but the Secretariat, which supports every action."),
    ),
    ("owner_open_ended", N_("Open-ended mention only"), N_("Only other relevant bodies are named, and none by name.")),
    ("without_programme", N_("No work programme"), N_("No work programme of any body takes it up.")),
    ("without_date", N_("No date"), N_("It is due on no day: continuous, yearly, by sessions, or not stated.")),
    ("without_timeframe", N_("No timeframe at all"), N_("The plan is silent about when.")),
    ("after_plan_end", N_("Due after the plan's end"), N_("The plan ends before the work is due.")),
)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a plan."""

    actions: dict[str, ActionView]
    gaps: Gaps
    duplication: Duplication
    load: tuple[LoadRow, ...]
    slips: tuple[Slip, ...]
    pair: Pair | None


def found_in(frame: Frame, plan: PlanView) -> Found:
    """Look for gaps in a plan as of the day."""
    actions = frame.plans.actions(plan.id, as_of=frame.as_of)
    document = document_of(plan, actions)
    placeholders = {body.code for body in frame.bodies.values() if body.placeholder}
    linked = {
        frozenset((link.from_id, link.to_id))
        for action in actions
        for link in action.dependencies
        if link.state == "confirmed"
    }
    deliverables = {  # its own: one that two actions share says nothing about which is the other's double
        each.id: [frame.text(own.titles) for own in each.deliverables if own.id.startswith(f"{each.id}/")]
        for each in actions
    }
    pair = pair_of(frame, plan)
    return Found(
        actions={action.id: action for action in actions},
        gaps=find_gaps(
            document.plan,
            document.actions,
            bodies=list(frame.bodies),
            programmes=list(frame.programmes),
            placeholders=placeholders,
        ),
        duplication=find_duplicates(
            document.actions, deliverables=deliverables, linked=linked, placeholders=placeholders
        ),
        load=load(document.actions, plan.period),
        slips=slips_of(pair) if pair is not None else (),
        pair=pair,
    )


def slips_of(pair: Pair) -> tuple[Slip, ...]:
    """Return the dated actions that went on in the later plan with a later date, by the links that nobody rejected."""
    links = [
        Link(
            from_id=link.from_id,
            to_id=link.to_id,
            relation=link.relation,
            confidence=link.confidence,
            reason=link.reason,
            reason_fr=link.reason,
        )
        for link in pair.standing
    ]
    return tuple(slips(document_of(pair.earlier, pair.lefts), document_of(pair.later, pair.rights), links))


class LoadTable(msgspec.Struct, frozen=True, kw_only=True):
    """Due dates and lasting work, body against quarter."""

    quarters: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[int, ...]], ...]  # body, lasting, due by quarter
    most: int


def load_table(rows: tuple[LoadRow, ...]) -> LoadTable:
    """Arrange the load by body and quarter; nobody named stands last."""
    quarters = tuple(sorted({row.quarter for row in rows}))
    due = {(row.body, row.quarter): row.due for row in rows}
    lasting: dict[str, int] = {}
    for row in rows:
        lasting[row.body] = max(lasting.get(row.body, 0), row.lasting)
    ordered = sorted(lasting, key=lambda body: (not body, -sum(due.get((body, each), 0) for each in quarters), body))
    cells = tuple((body, lasting[body], tuple(due.get((body, each), 0) for each in quarters)) for body in ordered)
    return LoadTable(quarters=quarters, rows=cells, most=max((row.due for row in rows), default=1) or 1)


@get("/plans/{plan:str}/gaps")
@in_thread
def show_gaps(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Page:
    """Candidates for duplication, gaps, slips, and the load of each body by quarter."""
    frame = Frame(request, console, visitor)
    view = frame.plan(plan)
    found = found_in(frame, view)
    known = dict(found.actions)
    if found.pair is not None:
        known |= {each.id: each for each in (*found.pair.lefts, *found.pair.rights)}
    return frame.page(
        "gaps.html",
        plan=view,
        tab="gaps",
        found=found,
        known=known,
        lists=[(name, heading, told, getattr(found.gaps, name)) for name, heading, told in LISTS],
        candidates=found.duplication.candidates[:CANDIDATES_SHOWN],
        load=load_table(found.load),
    )


@get("/plans/{plan:str}/gaps.csv")
@in_thread
def gaps_csv(request: AnyRequest, console: AtConsole, visitor: ByVisitor, plan: InPath) -> Response[bytes]:
    """The same as rows: kind, action, other action, figure, note."""
    frame = Frame(request, console, visitor)
    return csv_file(f"{plan}-gaps-{frame.day}.csv", _rows(found_in(frame, frame.plan(plan))))


def _rows(found: Found) -> Iterator[tuple[str, ...]]:
    yield ("kind", "subject", "other", "figure", "note")
    for each in found.duplication.candidates:
        yield ("duplicate", each.first, each.second, f"{each.score:.2f}", ", ".join(each.shared))
    for name, _, _ in LISTS:
        for action in getattr(found.gaps, name):
            yield (name, action, "", "", "")
    for body in found.gaps.bodies_without_actions:
        yield ("body_without_actions", body, "", "", "")
    for programme in found.gaps.programmes_without_actions:
        yield ("programme_without_actions", programme, "", "", "")
    for slip in found.slips:
        yield ("slip", slip.from_id, slip.to_id, str(slip.months), f"{slip.from_due} {slip.to_due}")
    for row in found.load:
        yield ("load", row.body, row.quarter, str(row.due), str(row.lasting))
