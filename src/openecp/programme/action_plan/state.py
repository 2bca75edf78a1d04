# SPDX-License-Identifier: Apache-2.0
"""What a stream of the register holds once its events are folded: the same from the first event as after a restart."""

from __future__ import annotations

from typing import Any

import msgspec

from openecp.programme.action_plan.codes import Colour, Lifecycle, Nature, PlanStatus, Scope, Stage
from openecp.programme.action_plan.proposed import Proposal
from openecp.programme.action_plan.records import Period, Timeframe
from openecp.programme.action_plan.views import (
    AgendaItemView,
    BindingView,
    BodyView,
    DependencyView,
    EvidenceView,
    LineageView,
    MeasurementView,
    ReportView,
    Responsibility,
    SectionView,
    Texts,
    Thresholds,
    UpdateView,
    VersionView,
    WorkProgrammeView,
)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the register, recorded (`seq` above 0) or about to be."""

    kind: str
    occurred_at: str
    actor: str
    body: dict[str, Any]
    seq: int = 0
    recorded_at: str = ""

    @property
    def on(self) -> str:
        """The day from which it holds."""
        return self.occurred_at[:10]


class ActionText(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a plan says of an action."""

    number: int
    section: int
    titles: Texts = {}
    title_as_written: str = ""
    language_as_written: str = "en"
    nature: Nature = ""
    responsibilities: tuple[Responsibility, ...] = ()
    responsible_as_written: str = ""
    responsible_open_ended: bool = False
    work_programmes: tuple[str, ...] = ()
    work_programmes_as_written: str = ""
    timeframe: Timeframe = Timeframe()
    timeframe_as_written: str = ""
    beyond_plan: bool = False
    source_lines: tuple[int, int] | None = None
    flags: tuple[str, ...] = ()
    confidence: str = "1"  # decimal text: the journal holds no fractions
    notes: tuple[str, ...] = ()


class StageMark(msgspec.Struct, frozen=True, kw_only=True):
    """That an instrument entered a stage."""

    stage: Stage
    on: str
    decision: str | None = None
    note: str = ""
    seq: int = 0


class Instrument(msgspec.Struct, kw_only=True):
    """An instrument and the stages it entered."""

    id: str
    titles: Texts = {}
    kind: str = ""
    phase: str = ""
    actions: tuple[str, ...] = ()
    document: str = ""
    stages: list[StageMark] = []


class Milestone(msgspec.Struct, kw_only=True):
    """A step on the way of an action."""

    id: str
    title: str = ""
    due: str | None = None
    reached_on: str | None = None


class OverrideMark(msgspec.Struct, frozen=True, kw_only=True):
    """A person's own colour; None lifts the one before."""

    colour: Colour | None
    reason: str
    by: str
    on: str
    expires: str
    decision: str | None = None


class ActionState(msgspec.Struct, kw_only=True):
    """An action as its events say."""

    plan: str
    scope: Scope
    text: ActionText
    lifecycle: Lifecycle = "planned"
    lifecycle_since: str = ""
    target: str | None = None
    updates: list[UpdateView] = []
    evidence: list[EvidenceView] = []
    override: OverrideMark | None = None
    bindings: list[BindingView] = []
    measurements: list[MeasurementView] = []
    milestones: list[Milestone] = []
    deliverables: list[Instrument] = []
    decisions: list[str] = []
    lineage: list[LineageView] = []
    dependencies: list[DependencyView] = []
    first_update: str | None = None
    last_update: str | None = None
    version: int = 1
    withdrawn: bool = False
    born: str = ""  # the instant of its first event

    @property
    def responsible(self) -> tuple[str, ...]:
        """Codes of the responsible bodies."""
        return tuple(each.body for each in self.text.responsibilities if each.role == "responsible")


class PlanState(msgspec.Struct, kw_only=True):
    """A plan as its events say."""

    id: str
    titles: Texts = {}
    title_as_written: str = ""
    phase: str = ""
    status: PlanStatus = "unstated"
    scope: Scope = "programme"
    period: Period = Period()
    sections: tuple[SectionView, ...] = ()
    footnote: str = ""
    thresholds: Thresholds = Thresholds()
    versions: list[VersionView] = []
    work_programme: str | None = None  # a child plan: the items of this work programme
    numbers: list[int] = []  # of the actions in its current version
    reports: list[ReportView] = []
    proposals: list[Proposal] = []
    bodies: tuple[BodyView, ...] = ()
    work_programmes: tuple[WorkProgrammeView, ...] = ()
    notes: tuple[str, ...] = ()
    born: str = ""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of a session."""

    id: str
    item: int | None
    text: str
    on: str
    by: str
    actions: tuple[str, ...] = ()
    seq: int = 0


class SessionState(msgspec.Struct, kw_only=True):
    """A session as its events say."""

    id: str
    body: str
    name: str
    starts: str
    ends: str
    agenda: tuple[AgendaItemView, ...] = ()
    decisions: list[Decided] = []
    born: str = ""


State = ActionState | PlanState | SessionState | Instrument
