# SPDX-License-Identifier: Apache-2.0
"""The questions that may be asked of the register, each as of any day: the one contract of pages, reports and feeds."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from openecp.programme.action_plan.codes import Colour, Lifecycle, Role
from openecp.programme.action_plan.proposed import Proposal
from openecp.programme.action_plan.records import TimeframeKind
from openecp.programme.action_plan.views import (
    ActionView,
    BodyView,
    ChangeView,
    FieldChange,
    InstrumentView,
    LineageView,
    MeasurementView,
    PlanView,
    SessionView,
    VersionView,
    WorkProgrammeView,
)


class RollUpRow(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of actions that share a key; `""` is the key of those without one (no body, no programme, no date)."""

    key: str
    total: int
    lifecycle: dict[str, int] = {}  # only those that occur
    colours: dict[str, int] = {}  # computed assessment
    overdue: int = 0
    due_soon: int = 0
    with_evidence: int = 0


class RollUp(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a plan, or of all, as of a day.

    Sections, timeframes, lifecycles, assessments and quarters each sum to `total`; an action of two bodies or two
    programmes counts once in each of them.
    """

    plan: str | None
    as_of: str
    total: int
    overall: RollUpRow
    by_section: tuple[RollUpRow, ...]  # key "ECP-IV/1"
    by_body: tuple[RollUpRow, ...]  # responsible bodies
    by_programme: tuple[RollUpRow, ...]
    by_timeframe: tuple[RollUpRow, ...]  # kind
    by_lifecycle: tuple[RollUpRow, ...]
    by_assessment: tuple[RollUpRow, ...]  # colour
    by_quarter: tuple[RollUpRow, ...]  # "2019-Q4" of the due date
    by_plan: tuple[RollUpRow, ...]
    overridden: int = 0  # with an override in force
    position: int = 0  # of the journal


class ActionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which actions; None matches any. Several values of one field: any of them."""

    body: tuple[str, ...] | None = None  # "" finds those without a responsible body
    role: Role | None = None  # of the body; None: responsible
    programme: tuple[str, ...] | None = None
    section: tuple[int, ...] | None = None
    timeframe: tuple[TimeframeKind, ...] | None = None
    lifecycle: tuple[Lifecycle, ...] | None = None
    colour: tuple[Colour, ...] | None = None  # computed
    quarter: tuple[str, ...] | None = None
    text: str | None = None  # in titles of every language and as written, without regard to case and accents
    overdue: bool | None = None
    due_within_days: int | None = None
    withdrawn: bool | None = False


class ActionDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What differs in one action between two versions."""

    id: str
    what: Literal["added", "withdrawn", "changed"]
    fields: tuple[FieldChange, ...] = ()


class Plans(Protocol):
    """Everything that may be asked about plans. `as_of` is a day, its end; None is now.

    Raises: LookupError where a plan, action or session of that name is not known as of that day.
    """

    def plans(self, *, as_of: str | None = None) -> list[PlanView]: ...

    def plan(self, plan: str, *, as_of: str | None = None) -> PlanView: ...

    def actions(
        self, plan: str | None = None, wanted: ActionFilter | None = None, *, as_of: str | None = None
    ) -> list[ActionView]:
        """Return actions in the order of plan and number; of one plan, or of all."""

    def action(self, action: str, *, as_of: str | None = None) -> ActionView: ...

    def overdue(self, plan: str | None = None, *, as_of: str | None = None) -> list[ActionView]:
        """Return running actions whose due date has passed, longest overdue first."""

    def due_within(self, plan: str | None = None, *, days: int = 90, as_of: str | None = None) -> list[ActionView]:
        """Return running actions that fall due within so many days, soonest first."""

    def roll_up(self, plan: str | None = None, *, as_of: str | None = None) -> RollUp: ...

    def changes(self, plan: str | None = None, *, since: str, until: str | None = None) -> list[ChangeView]:
        """Return what changed after the end of the day `since` up to the end of `until`, in order."""

    def history(self, subject: str, *, as_of: str | None = None) -> list[ChangeView]:
        """Return every recorded change of an action, plan, session or instrument, oldest first."""

    def versions(self, plan: str) -> tuple[VersionView, ...]: ...

    def proposals(self, plan: str, *, as_of: str | None = None) -> tuple[Proposal, ...]:
        """Return what was proposed to a plan, oldest first."""

    def diff(self, plan: str, old: int, new: int) -> list[ActionDiff]: ...

    def lineage(self, earlier: str | None = None, later: str | None = None) -> list[LineageView]:
        """Return the links between two plans, or all."""

    def sessions(self, body: str | None = None, *, as_of: str | None = None) -> list[SessionView]:
        """Return sessions, the next or last one first."""

    def session(self, session: str, *, as_of: str | None = None) -> SessionView: ...

    def instruments(self, *, as_of: str | None = None) -> list[InstrumentView]: ...

    def bodies(self) -> list[BodyView]: ...

    def work_programmes(self) -> list[WorkProgrammeView]: ...

    def measure(self, plan: str, *, as_of: str) -> list[tuple[str, MeasurementView]]:
        """Run every binding of a plan now; action and figure, not frozen yet (`seq` 0)."""

    def position(self) -> int:
        """Return the last sequence number of the journal."""
