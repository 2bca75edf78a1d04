# SPDX-License-Identifier: Apache-2.0
"""What a person or the system may ask the register to record; each is decided whole or refused with a reason.

`on` is the day from which something holds, today where none is given: past days may be told later, future ones not.
"""

from __future__ import annotations

import msgspec

from openecp.programme.action_plan.codes import (
    Colour,
    DependencyKind,
    EvidenceKind,
    Lifecycle,
    LinkState,
    Nature,
    PlanStatus,
    Relation,
    Scope,
    Stage,
)
from openecp.programme.action_plan.records import PlanDocument, Timeframe
from openecp.programme.action_plan.views import (
    AgendaItemView,
    BindingView,
    BodyView,
    MeasurementView,
    Responsibility,
    Texts,
    Thresholds,
    WorkProgrammeView,
)


class TakePlan(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Take a plan document into the register: a new plan, or a new version of one that is known.

    `official`: the titles of the document are the published wording, in `language`; else they are short titles of our
    own, and `titles` has them in every language, by action number. A document whose facts are not those of the known
    plan is refused unless `confirmed`: it may be another plan under the same name.
    """

    document: PlanDocument
    official: bool = True
    language: str = "en"
    plan_titles: Texts = {}
    section_titles: dict[str, Texts] = {}  # by section number
    titles: dict[str, Texts] = {}  # by action number
    natures: dict[str, Nature] = {}  # by action number
    scope: Scope = "programme"
    work_programme: str | None = None  # the document is a work programme of this code: its rows are items
    thresholds: Thresholds | None = None
    bodies: tuple[BodyView, ...] = ()
    work_programmes: tuple[WorkProgrammeView, ...] = ()
    on: str | None = None
    confirmed: bool = False
    source: bytes = b""  # the document itself, kept beside the journal
    media_type: str = "text/plain"


class NewEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence to be added: a document symbol, an address, an event."""

    ref: str
    kind: EvidenceKind = "document"
    title: str = ""
    sha256: str | None = None
    scope: Scope | None = None  # None: the plan's own


class UpdateAction(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Report on an action: status, note and evidence, at most these three; the rest is known."""

    action: str
    status: Lifecycle | None = None
    note: str = ""
    evidence: NewEvidence | None = None
    on: str | None = None
    session: str | None = None  # filed for this session
    target: str | None = None  # merged into, carried over to


class VerifyEvidence(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """State that somebody looked at an evidence and found it to be what it says."""

    action: str
    evidence: str
    on: str | None = None


class OverrideStatus(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Set a colour of one's own beside the computed one, with reason and expiry; no colour lifts it."""

    action: str
    colour: Colour | None
    reason: str
    expires: str | None = None
    on: str | None = None


class ReviseAction(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Change what an action says: titles, owners, timeframe; None leaves a field as it is."""

    action: str
    reason: str
    titles: Texts | None = None
    nature: Nature | None = None
    responsible: tuple[Responsibility, ...] | None = None
    work_programmes: tuple[str, ...] | None = None
    timeframe: Timeframe | None = None
    on: str | None = None


class SetMilestone(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Set a step on the way of an action, or report that it was reached."""

    action: str
    milestone: str | None = None  # None: a new one
    title: str = ""
    due: str | None = None
    reached_on: str | None = None
    on: str | None = None


class StageDeliverable(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Report the stage of an instrument: one of an action, or one that stands alone (`D-I-01`); None only names it."""

    stage: Stage | None = None
    action: str | None = None
    instrument: str | None = None  # id; None: a new one of the action
    titles: Texts = {}
    kind: str = ""
    phase: str = ""
    actions: tuple[str, ...] = ()
    document: str = ""
    decision: str | None = None
    note: str = ""
    on: str | None = None


class HoldSession(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Announce a session of a body, or change what is known of it."""

    session: str  # "PTC/223"
    body: str
    name: str
    starts: str
    ends: str
    agenda: tuple[AgendaItemView, ...] = ()
    on: str | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change that a decision makes."""

    action: str
    status: Lifecycle | None = None
    target: str | None = None
    timeframe: Timeframe | None = None
    responsible: tuple[Responsibility, ...] | None = None
    work_programmes: tuple[str, ...] | None = None
    note: str = ""


class RecordDecision(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Record what a session decided, and make the changes of actions that follow from it; each names the decision."""

    session: str
    text: str
    item: int | None = None
    changes: tuple[Change, ...] = ()
    on: str | None = None


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link between two actions; `confidence` is decimal text from 0 to 1."""

    from_id: str
    to_id: str
    relation: Relation | None = None
    kind: DependencyKind | None = None
    confidence: str = "1"
    reason: str = ""
    reasons: Texts = {}  # by language


class AssertLineage(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Say how actions of one plan go on in another: proposed by the software, confirmed or rejected by a person."""

    links: tuple[Link, ...]
    state: LinkState = "proposed"
    on: str | None = None


class AssertDependency(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Say how actions of one plan rest on each other."""

    links: tuple[Link, ...]
    state: LinkState = "proposed"
    on: str | None = None


class BindEvidence(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Bind stored queries of the running system to actions."""

    bindings: tuple[tuple[str, BindingView], ...]  # action, binding
    on: str | None = None


class FreezeMeasurements(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Freeze figures as they were computed; one without n, as-of, journal position or query hash is refused."""

    plan: str
    measurements: tuple[tuple[str, MeasurementView], ...]  # action, figure
    report: str | None = None
    on: str | None = None


class IssueReport(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Record that a session paper was issued, with the hashes of its files."""

    plan: str
    report: str
    language: str
    as_of: str
    since: str | None = None
    session: str | None = None
    files: dict[str, str] = {}  # name: sha256


class SetThresholds(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Set the thresholds that a plan's assessments are computed with, from a day on."""

    plan: str
    thresholds: Thresholds
    reason: str
    on: str | None = None


class SetPlanStatus(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Endorse a plan, or say that it is superseded."""

    plan: str
    status: PlanStatus
    reason: str
    decision: str | None = None
    on: str | None = None


class NewProposal(msgspec.Struct, frozen=True, kw_only=True):
    """An action to be proposed; `expected_hours` of waiting would be saved, `source` is what it comes from."""

    titles: Texts
    owner: str
    due: str | None = None
    expected_hours: int = 0
    source: dict[str, str] = {}


class ProposeActions(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Propose actions to a plan, as a study recommends them; no action changes until a person decides."""

    plan: str
    proposals: tuple[NewProposal, ...]
    on: str | None = None


class DecideProposal(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Take a proposal up under an action of the plan, or decline it where no action is named."""

    plan: str
    proposal: str
    reason: str
    action: str | None = None
    on: str | None = None


PlanAct = (
    TakePlan
    | UpdateAction
    | VerifyEvidence
    | OverrideStatus
    | ReviseAction
    | SetMilestone
    | StageDeliverable
    | HoldSession
    | RecordDecision
    | AssertLineage
    | AssertDependency
    | BindEvidence
    | FreezeMeasurements
    | IssueReport
    | SetThresholds
    | SetPlanStatus
    | ProposeActions
    | DecideProposal
)
