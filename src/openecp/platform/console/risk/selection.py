# SPDX-License-Identifier: Apache-2.0
"""Why this one: everything that speaks about the selection of a declaration, in one place.

Criteria, draw, counters, scores and contributions are those that the assessment kept. The lists are compared when the
page is opened, as they stand then; each hit says whether it was known.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException

from openecp.border.risk.features.definitions import FEATURES
from openecp.border.risk.watchlist.declared import declared_parties
from openecp.border.risk.watchlist.hits import HitRefused, HitState
from openecp.border.risk.watchlist.match import ListHit
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.journal.model import Event
from openecp.platform.console.opened import open_case
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.risk.condition_words import column_words
from openecp.platform.console.risk.desk import PartyHits
from openecp.platform.console.risk.feature_words import FEATURE_WORDS
from openecp.platform.console.risk.frame import RiskFrame
from openecp.platform.console.risk.predicate_rows import unit_of

RANDOM = "risk.random"
DRAWS = 1_000_000_000
HITS_SHOWN = 50
CHANGES = ("LaneOverrideAsked", "LaneOverridden", "LaneMoved")
_RULE = re.compile(r"risk\.([A-Z][A-Z0-9-]{2,39})\.(\d{1,9})")


class SelectionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the assessment kept of how the lane was chosen."""

    office: str = ""
    lane: str = "green"
    ground: str = "none"
    draw: float | None = None  # as a share, 0 to 1
    draw_day: str = ""
    below: float | None = None  # the draw had to be below it
    counters: int = 0  # entry of the journal that the counters stand for
    criteria: tuple[str, ...] = ()
    hits: tuple[str, ...] = ()
    let_through: tuple[str, ...] = ()
    random: str = ""  # what the random share alone would have chosen
    mandatory: str = ""
    trusted: bool = False
    stake_minor: int = 0


class LaneChange(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to the lane after it was chosen."""

    seq: int
    kind: str
    at: str
    actor: str
    before: str
    after: str
    note: str


@get("/risk/cases/{case_id:str}")
@in_thread
def show_selection(request: AnyRequest, console: AtConsole, visitor: ByVisitor, case_id: InPath) -> Page:
    """Why a declaration was chosen: record, criteria with their instructions, draw, hits of lists, scores."""
    kf = RiskFrame(request, console, visitor)
    opened = open_case(console.queries, case_id, kf.principal)
    if opened is None or opened.row.room != "lodgement":
        raise NotFoundException
    view = opened.view(kf.principal)
    parties = declared_parties(opened.declaration) if opened.declaration is not None else []
    found: list[PartyHits] | None = []
    erased = ""
    try:
        found = kf.desk.compared(parties) if parties else []
    except HitRefused as refused:
        erased = refused.where
    models, choice = kf.desk.registry()
    officer = officer_part(opened.events)
    return kf.page(
        "selection.html",
        view=view,
        criteria=[reason for reason in view.channel_reasons if reason.rule != RANDOM],
        draws=[reason for reason in view.channel_reasons if reason.rule == RANDOM],
        profile_of=lambda reason: profile_of(kf, reason),
        read_words=lambda reason: read_words(kf, reason.read),
        record=record_of(officer.get("selection")),
        changes=[_change(event, opened.notes) for event in opened.events if event.kind in CHANGES],
        told=officer.get("risk") or {},
        counted=counted_hits(kf, officer),
        contribution=lambda one: contribution_words(kf, one),
        parties=parties,
        compared=found,
        erased=erased,
        lists=[one for one, _ in kf.desk.lists()],
        choice=choice,
        champion=next((one for one in models if one.status == "champion"), None),
        declared=opened.declaration is not None,
    )


def officer_part(events: tuple[Event, ...]) -> dict[str, Any]:
    """Return what the latest assessment tells officers alone."""
    found = next((event.body.get("officer") for event in reversed(events) if event.kind == "DeclarationAssessed"), None)
    return found or {}


def counted_hits(kf: RiskFrame, officer: dict[str, Any]) -> list[tuple[HitState, ListHit | None]]:
    """Return the hits on record that counted when the lane was chosen, each with both names where these are kept."""
    names = (officer.get("risk") or {}).get("hits") or ()
    found = [kf.desk.hit(str(name)) for name in names[:HITS_SHOWN]]
    return [(one[0], one[1]) for one in found if one is not None]


def record_of(told: dict[str, Any] | None) -> SelectionRecord | None:
    """Return what was kept of the selection; None where lanes were chosen without a plan."""
    if not told:
        return None
    return SelectionRecord(
        office=told.get("office", ""), lane=told.get("lane", "green"), ground=told.get("ground", "none"),
        draw=told["draw"] / DRAWS if "draw" in told else None, draw_day=told.get("draw_day", ""),
        below=told["below"] / DRAWS if told.get("below") else None, counters=told.get("counters", 0),
        criteria=tuple(told.get("criteria", ())), hits=tuple(told.get("hits", ())),
        let_through=tuple(told.get("let_through", ())), random=told.get("random", ""),
        mandatory=told.get("mandatory", ""), trusted=bool(told.get("trusted")), stake_minor=told.get("stake_minor", 0),
    )  # fmt: skip


def _change(event: Event, notes: dict[str, str]) -> LaneChange:
    facts, note = event.body.get("officer") or {}, event.body.get("note") or {}
    return LaneChange(
        seq=event.seq, kind=event.kind, at=event.occurred_at, actor=event.actor, before=facts.get("from") or "green",
        after=facts.get("lane") or "green", note=notes.get(str(note.get("id")), "") if isinstance(note, dict) else "",
    )  # fmt: skip


def profile_of(kf: RiskFrame, reason: Reason) -> tuple[str, str, bool]:
    """Return the criterion and its version, and whether it is a profile on record with a page."""
    found = _RULE.fullmatch(reason.rule)
    if found is None:
        return "", reason.rule.rpartition(".")[2] if reason.rule.startswith("risk.") else "", False
    return found[1], found[2], kf.desk.profile(found[1]) is not None


def read_words(kf: RiskFrame, read: dict[str, int | str] | None) -> list[tuple[str, str]]:
    """Return the figures that a criterion compared: what each is called, and its value as people write it."""
    return [(column_words(name, kf.language), _value(kf, name, value)) for name, value in (read or {}).items()]


def _value(kf: RiskFrame, name: str, value: int | str) -> str:
    if isinstance(value, str):
        return value
    unit = unit_of(name)
    if unit == "percent":
        return kf.percent(value / 1_000_000)
    return kf.amount(value) if unit == "money" else kf.language.number(value)


def contribution_words(kf: RiskFrame, one: dict[str, Any]) -> tuple[str, bool]:
    """Return what a column of the model means, and whether that is in the reader's language."""
    name = str(one.get("name", ""))
    if name in FEATURE_WORDS:
        return kf.language.text(FEATURE_WORDS[name]), True
    return FEATURES.get(name, name), False
