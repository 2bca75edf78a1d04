# SPDX-License-Identifier: Apache-2.0
"""What goes into the routes of action plans, and the pages that come out."""

from __future__ import annotations

from typing import Literal

import msgspec

from openecp.programme.action_plan.codes import Lifecycle, Scope
from openecp.programme.action_plan.commands import (
    AssertDependency,
    AssertLineage,
    BindEvidence,
    DecideProposal,
    HoldSession,
    NewEvidence,
    OverrideStatus,
    ProposeActions,
    RecordDecision,
    ReviseAction,
    SetMilestone,
    SetPlanStatus,
    SetThresholds,
    StageDeliverable,
    VerifyEvidence,
)
from openecp.programme.action_plan.plans import ActionDiff
from openecp.programme.action_plan.views import (
    ActionView,
    BodyView,
    ChangeView,
    InstrumentView,
    LineageView,
    MeasurementView,
    PlanView,
    SessionView,
    VersionView,
    WorkProgrammeView,
)


class PlanPage(msgspec.Struct, kw_only=True):
    """The plans, in the order of their periods."""

    plans: list[PlanView]


class ActionPage(msgspec.Struct, kw_only=True):
    """Actions in the order of their numbers; `total` counts all that fit the filter."""

    total: int
    actions: list[ActionView]


class ChangePage(msgspec.Struct, kw_only=True):
    """What changed, oldest first."""

    changes: list[ChangeView]


class HistoryPage(msgspec.Struct, kw_only=True):
    """Every recorded change, oldest first."""

    changes: list[ChangeView]


class VersionPage(msgspec.Struct, kw_only=True):
    """The versions of a plan, oldest first."""

    versions: tuple[VersionView, ...]


class DiffPage(msgspec.Struct, kw_only=True):
    """What differs between two versions."""

    actions: list[ActionDiff]


class SessionPage(msgspec.Struct, kw_only=True):
    """Sessions, the next or last one first."""

    sessions: list[SessionView]


class InstrumentPage(msgspec.Struct, kw_only=True):
    """Instruments that stand alone."""

    instruments: list[InstrumentView]


class BodyPage(msgspec.Struct, kw_only=True):
    """Bodies and work programmes."""

    bodies: list[BodyView]
    work_programmes: list[WorkProgrammeView]


class LineagePage(msgspec.Struct, kw_only=True):
    """Links between the actions of two plans."""

    links: list[LineageView]


class MeasuredAction(msgspec.Struct, kw_only=True):
    """A figure of the running system that is bound to an action."""

    action: str
    measurement: MeasurementView


class FigurePage(msgspec.Struct, kw_only=True):
    """Figures of this installation alone."""

    figures: list[MeasuredAction]


class Recorded(msgspec.Struct, kw_only=True):
    """What became of a command; `repeated`: it was on record already, and nothing was changed."""

    outcome: str
    subject: str
    status: str
    first_seq: int
    last_seq: int


class UpdateBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A report on an action: status, note and evidence, at most these three; the rest is known or optional."""

    status: Lifecycle | None = None
    note: str = ""
    evidence: NewEvidence | None = None
    on: str | None = None
    session: str | None = None
    target: str | None = None


class PlanActBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An act of the Secretariat; `type` says which."""

    act: (
        AssertDependency
        | AssertLineage
        | BindEvidence
        | DecideProposal
        | HoldSession
        | OverrideStatus
        | ProposeActions
        | RecordDecision
        | ReviseAction
        | SetMilestone
        | SetPlanStatus
        | SetThresholds
        | StageDeliverable
        | VerifyEvidence
    )


class TakeBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A plan document: its file name and its bytes in base64. `plan` names it otherwise than it names itself."""

    name: str
    content: bytes
    plan: str | None = None
    language: Literal["en", "fr"] = "en"
    on: str | None = None
    confirmed: bool = False
    scope: Scope = "programme"
    work_programme: str | None = None
