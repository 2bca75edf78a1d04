# SPDX-License-Identifier: Apache-2.0
"""What a page, a report or a feed may ask about action plans, and what it gets: the same figures for all of them.

Codes, never sentences: `colour`, `ground`, `lifecycle`, `stage` and the like are translated where they are shown.
Dates are ISO 8601 days (`2020-02-01`), instants end in `Z`. A text per language is a mapping of `en`, `fr`; a language
that nobody wrote is absent, never filled with another.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from openecp.programme.action_plan.codes import (
    Colour,
    DependencyKind,
    EvidenceKind,
    Ground,
    Lifecycle,
    LinkState,
    Nature,
    PlanStatus,
    Relation,
    Role,
    Scope,
    Stage,
)
from openecp.programme.action_plan.records import Period, Timeframe

Texts = dict[str, str]  # language: text


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """The figures that assessments of a plan are computed with; a plan's own, changed only by a recorded event."""

    due_soon_days: int = 90
    silent_days: int = 120
    period_days: int = 182  # a reporting period of continuous actions


class Responsibility(msgspec.Struct, frozen=True, kw_only=True):
    """A body's part in an action."""

    body: str
    role: Role = "responsible"


class AssessmentView(msgspec.Struct, frozen=True, kw_only=True):
    """The computed colour of an action as of a day, and its ground."""

    colour: Colour
    ground: Ground
    facts: dict[str, str | int] = {}


class OverrideView(msgspec.Struct, frozen=True, kw_only=True):
    """A person's own colour beside the computed one, with reason and expiry; never in place of it."""

    colour: Colour
    reason: str
    by: str
    on: str
    expires: str
    in_force: bool  # as of the day asked for
    decision: str | None = None


class EvidenceView(msgspec.Struct, frozen=True, kw_only=True):
    """What shows that something was done. `counts`: its scope is as wide as the plan's, so assessments rest on it."""

    id: str  # "E1", within the action
    kind: EvidenceKind
    ref: str  # document symbol, address or event
    title: str = ""
    sha256: str | None = None
    scope: Scope = "programme"
    on: str
    added_by: str
    recorded_at: str
    session: str | None = None  # filed for this session
    verified_by: str | None = None
    verified_on: str | None = None
    counts: bool = True
    seq: int = 0  # of the journal: a receipt can be asked for


class UpdateView(msgspec.Struct, frozen=True, kw_only=True):
    """A progress update: what a focal point or the Secretariat reported."""

    on: str
    lifecycle: Lifecycle
    before: Lifecycle
    note: str
    by: str
    recorded_at: str
    session: str | None = None
    decision: str | None = None
    evidence: tuple[str, ...] = ()
    target: str | None = None  # merged into, carried over to
    seq: int = 0


class BindingView(msgspec.Struct, frozen=True, kw_only=True):
    """A stored query that gives an action a figure of the running system."""

    indicator: str
    version: int
    title: Texts
    unit: str
    scope: Scope
    threshold: str | None = None
    direction: Literal["up", "down", ""] = ""
    window_days: int | None = None


class MeasurementView(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen figure: no value without n, as-of, journal position and the hash of its query."""

    indicator: str
    version: int
    title: Texts
    unit: str
    value: str | None  # decimal text; None where n is 0
    n: int
    as_of: str
    journal_position: int
    query_hash: str
    scope: Scope
    frozen_on: str
    report: str | None = None
    seq: int = 0


class MilestoneView(msgspec.Struct, frozen=True, kw_only=True):
    """A step on the way, with its date and whether it was reached."""

    id: str
    title: str
    due: str | None = None
    reached_on: str | None = None
    overdue: bool = False


class StageView(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of an instrument; `days` it lasted, up to the day asked for where it lasts still."""

    stage: Stage
    on: str
    days: int
    decision: str | None = None
    note: str = ""
    seq: int = 0


class InstrumentView(msgspec.Struct, frozen=True, kw_only=True):
    """A guideline, handbook, study, toolkit or other output, with the stages it went through."""

    id: str  # "D-I-01", or "ECP-IV-43/D1" for a deliverable of an action
    titles: Texts
    kind: str
    phase: str = ""
    stage: Stage | None = None
    stages: tuple[StageView, ...] = ()
    actions: tuple[str, ...] = ()
    document: str = ""


class LineageView(msgspec.Struct, frozen=True, kw_only=True):
    """How an action of one plan goes on in a later one; proposed by the software, confirmed by a person."""

    from_id: str
    to_id: str
    relation: Relation
    confidence: float
    reason: str
    reasons: Texts = {}  # by language, where the software proposed it
    state: LinkState
    by: str
    on: str


class DependencyView(msgspec.Struct, frozen=True, kw_only=True):
    """How one action of a plan rests on another."""

    from_id: str
    to_id: str
    kind: DependencyKind
    confidence: float
    reason: str
    reasons: Texts = {}  # by language, where the software proposed it
    state: LinkState
    by: str
    on: str


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field before and after, as text."""

    field: str
    before: str
    after: str


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded change of an action, plan, session or instrument."""

    subject: str  # "ECP-IV-55", "ECP-IV", "PTC/223"
    kind: str  # of event
    on: str  # the day it holds from
    recorded_at: str
    by: str
    seq: int
    fields: tuple[FieldChange, ...] = ()
    note: str = ""
    decision: str | None = None  # the decision that made it
    version: int | None = None  # the plan version that made it


class ActionView(msgspec.Struct, frozen=True, kw_only=True):
    """An action as it stood at the end of a day, with everything that a page or a report row shows."""

    id: str  # "ECP-IV-55"
    plan: str
    number: int
    section: int
    titles: Texts  # short, in our own words
    title_as_written: str = ""  # official; "" until a document was imported
    language_as_written: str = "en"
    nature: Nature = ""
    responsibilities: tuple[Responsibility, ...] = ()
    responsible_as_written: str = ""
    responsible_open_ended: bool = False
    work_programmes: tuple[str, ...] = ()
    work_programmes_as_written: str = ""
    timeframe: Timeframe = Timeframe()
    timeframe_as_written: str = ""
    beyond_plan: bool = False  # due after the plan ends
    lifecycle: Lifecycle = "planned"
    lifecycle_since: str = ""
    target: str | None = None  # merged into, carried over to
    assessment: AssessmentView
    override: OverrideView | None = None  # the last one, in force or not
    updates: tuple[UpdateView, ...] = ()  # oldest first
    evidence: tuple[EvidenceView, ...] = ()
    bindings: tuple[BindingView, ...] = ()
    measurements: tuple[MeasurementView, ...] = ()
    milestones: tuple[MilestoneView, ...] = ()
    deliverables: tuple[InstrumentView, ...] = ()
    decisions: tuple[str, ...] = ()  # ids of decisions that changed it
    predecessors: tuple[LineageView, ...] = ()
    successors: tuple[LineageView, ...] = ()
    dependencies: tuple[DependencyView, ...] = ()
    last_update: str | None = None
    version: int = 1  # of the plan, that last touched its text
    withdrawn: bool = False  # not in the plan's current version
    source_lines: tuple[int, int] | None = None
    flags: tuple[str, ...] = ()
    confidence: float = 1.0
    notes: tuple[str, ...] = ()
    seq: int = 0  # last of its stream
    recorded_at: str = ""

    @property
    def responsible(self) -> tuple[str, ...]:
        """Codes of the responsible bodies."""
        return tuple(each.body for each in self.responsibilities if each.role == "responsible")

    @property
    def shown(self) -> Colour:
        """The colour a person reads first: the override while it is in force, else the computed one."""
        return self.override.colour if self.override and self.override.in_force else self.assessment.colour

    def title(self, language: str) -> str:
        """Return the title in a language: the official one where it is written in it, else the short one, else ""."""
        if self.title_as_written and self.language_as_written == language:
            return self.title_as_written
        return self.titles.get(language, "")


class SectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A section of a plan."""

    number: int
    titles: Texts
    title_as_written: str = ""
    code: str | None = None
    reference: str = ""
    actions: tuple[str, ...] = ()


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a plan: which document, with which status, what it changed."""

    number: int
    status: PlanStatus
    on: str  # holds from
    title: str
    source_name: str
    source_sha256: str
    document_id: str | None = None  # the document itself, where it was kept
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()
    by: str
    recorded_at: str
    seq: int = 0


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as it stood at the end of a day."""

    id: str  # "ECP-IV"
    titles: Texts
    title_as_written: str = ""
    phase: str = ""
    status: PlanStatus = "unstated"
    scope: Scope = "programme"
    period: Period = Period()
    sections: tuple[SectionView, ...] = ()
    footnote: str = ""
    footnotes: Texts = {}
    thresholds: Thresholds = Thresholds()
    versions: tuple[VersionView, ...] = ()  # oldest first
    actions: int = 0
    work_programme: str | None = None  # a child plan: its actions are the items of this work programme
    reports: tuple[ReportView, ...] = ()
    notes: tuple[str, ...] = ()
    seq: int = 0


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """A session paper that was issued, with the hashes of its files."""

    id: str
    language: str
    as_of: str
    since: str | None
    session: str | None
    files: dict[str, str]  # name: sha256
    by: str
    recorded_at: str
    seq: int = 0


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of a session and the changes of actions that it made."""

    id: str  # "PTC/223/D1"
    item: int | None
    text: str
    on: str
    changes: tuple[ChangeView, ...] = ()
    by: str = ""
    seq: int = 0


class AgendaItemView(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a session's agenda."""

    number: int
    title: str
    actions: tuple[str, ...] = ()
    outcome: str = ""


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session of a body: dates, agenda, decisions."""

    id: str  # "PTC/223"
    body: str
    name: str
    starts: str
    ends: str
    agenda: tuple[AgendaItemView, ...] = ()
    decisions: tuple[DecisionView, ...] = ()
    seq: int = 0


class BodyView(msgspec.Struct, frozen=True, kw_only=True):
    """A committee, working group or other body, with the names it goes by."""

    code: str
    names: Texts
    aliases: tuple[str, ...] = ()
    kind: str = ""
    parent: str | None = None
    placeholder: bool = False  # not a body at all: "other relevant committees"


class WorkProgrammeView(msgspec.Struct, frozen=True, kw_only=True):
    """A work programme and the body that owns it."""

    code: str
    names: Texts
    aliases: tuple[str, ...] = ()
    owner: str | None = None
    items: str | None = None  # the plan that holds its items
