# SPDX-License-Identifier: Apache-2.0
"""Folds the events of a stream into its state: in the order of the days they hold from, then of their recording.

A past day may be told of later: it then takes its place among the others, and whoever asks for that day sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import msgspec

from openecp.programme.action_plan import fold_actions as actions
from openecp.programme.action_plan import fold_plans as plans
from openecp.programme.action_plan.state import (
    ActionState,
    ActionText,
    Fact,
    Instrument,
    PlanState,
    SessionState,
    State,
)


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Return facts in the order in which they hold; those of one instant in the order of their recording."""
    return sorted(facts, key=lambda fact: fact.occurred_at)  # stable: the input is in the order of recording


def fold(facts: Sequence[Fact], until: str | None = None) -> State | None:
    """Return what facts in order amount to, those after the instant `until` left out; None where there is none."""
    state: State | None = None
    for fact in facts:
        if until is not None and fact.occurred_at > until:
            break
        if state is None:
            state = _begin(fact)
            if state is None:  # told of before the stream's first day: it cannot hold yet
                continue
        else:
            apply = _APPLY.get(fact.kind)
            if apply is not None:
                apply(state, fact)
    return state


def fold_action(facts: Sequence[Fact], until: str | None = None) -> ActionState | None:
    """Return an action's state."""
    return cast("ActionState | None", fold(facts, until))


def fold_plan(facts: Sequence[Fact], until: str | None = None) -> PlanState | None:
    """Return a plan's state."""
    return cast("PlanState | None", fold(facts, until))


def fold_session(facts: Sequence[Fact], until: str | None = None) -> SessionState | None:
    """Return a session's state."""
    return cast("SessionState | None", fold(facts, until))


def fold_instrument(facts: Sequence[Fact], until: str | None = None) -> Instrument | None:
    """Return an instrument's state."""
    return cast("Instrument | None", fold(facts, until))


def encode_state(state: State) -> bytes:
    """Return a state as the store keeps it beside the stream."""
    return msgspec.json.encode(state, order="sorted")


def _begin(fact: Fact) -> State | None:
    body = fact.body
    if fact.kind == "ActionAdded":
        return ActionState(
            plan=body["plan"],
            scope=body["scope"],
            text=msgspec.convert(body["text"], ActionText),
            lifecycle=body.get("lifecycle", "planned"),
            lifecycle_since=fact.on,
            version=body["version"],
            born=fact.occurred_at,
        )
    if fact.kind == "PlanImported":
        plan = PlanState(id=body["plan"], scope=body["scope"], born=fact.occurred_at)
        plans.take_version(plan, fact)
        return plan
    if fact.kind == "SessionHeld":
        session = SessionState(
            id=body["session"], body=body["body"], name="", starts="", ends="", born=fact.occurred_at
        )
        plans.session_held(session, fact)
        return session
    if fact.kind in ("DeliverableStaged", "InstrumentNamed"):
        instrument = Instrument(id=body["deliverable"])
        actions.stage_instrument(instrument, fact)
        return instrument
    return None


_APPLY: dict[str, Callable[[Any, Fact], None]] = {
    "ActionRevised": actions.revised,
    "ResponsibilityChanged": actions.revised,
    "TimeframeChanged": actions.revised,
    "ActionWithdrawn": actions.withdrawn,
    "ActionRestored": actions.restored,
    "StatusReported": actions.status_reported,
    "StatusOverridden": actions.overridden,
    "EvidenceAdded": actions.evidence_added,
    "EvidenceVerified": actions.evidence_verified,
    "EvidenceBound": actions.bound,
    "MeasurementFrozen": actions.frozen,
    "MilestoneSet": actions.milestone,
    "MilestoneReached": actions.milestone,
    "DeliverableStaged": actions.deliverable_staged,
    "InstrumentNamed": actions.deliverable_staged,
    "LineageAsserted": actions.lineage,
    "DependencyAsserted": actions.dependency,
    "PlanVersionAdded": plans.take_version,
    "PlanStatusChanged": plans.plan_status,
    "ThresholdsSet": plans.thresholds,
    "ReportIssued": plans.report_issued,
    "ActionProposed": plans.proposed,
    "ProposalDecided": plans.proposal_decided,
    "SessionHeld": plans.session_held,
    "DecisionRecorded": plans.decision,
}
EVENT_KINDS = (*_APPLY, "PlanImported", "ActionAdded")
