# SPDX-License-Identifier: Apache-2.0
"""Decides a command of the register: which streams it concerns, whether it may be done, and what is then recorded."""

from __future__ import annotations

from collections.abc import Iterator

from openecp.programme.action_plan import acts, meetings, proposals
from openecp.programme.action_plan.commands import (
    AssertDependency,
    AssertLineage,
    BindEvidence,
    DecideProposal,
    FreezeMeasurements,
    HoldSession,
    IssueReport,
    OverrideStatus,
    PlanAct,
    ProposeActions,
    RecordDecision,
    ReviseAction,
    SetMilestone,
    SetPlanStatus,
    SetThresholds,
    StageDeliverable,
    TakePlan,
    UpdateAction,
    VerifyEvidence,
)
from openecp.programme.action_plan.deciding import Actor, Context, Decision, Draft, Refused, Streams
from openecp.programme.action_plan.names import (
    action_id,
    action_stream,
    instrument_stream,
    is_name,
    is_plan_id,
    parse_action,
    plan_stream,
    session_stream,
)
from openecp.programme.action_plan.state import PlanState
from openecp.programme.action_plan.take import take_plan

_OF_PLANS = (FreezeMeasurements, IssueReport, SetThresholds, SetPlanStatus, ProposeActions, DecideProposal)


def concerns(act: PlanAct) -> tuple[str, ...]:
    """Return the streams that deciding a command reads first; what cannot be a name is left out, and refused later."""
    return tuple(dict.fromkeys(_concerns(act)))


def _concerns(act: PlanAct) -> Iterator[str]:
    if isinstance(act, TakePlan):
        if is_plan_id(act.document.plan.plan_id):
            yield plan_stream(act.document.plan.plan_id)
        return
    for action in _actions(act):
        parsed = parse_action(action)
        if parsed is not None:
            yield action_stream(action)
            yield plan_stream(parsed[0])
    if isinstance(act, _OF_PLANS) and is_plan_id(act.plan):
        yield plan_stream(act.plan)
    if isinstance(act, HoldSession | RecordDecision) and is_name(act.session):
        yield session_stream(act.session)
    if isinstance(act, StageDeliverable) and act.action is None and act.instrument and is_name(act.instrument):
        yield instrument_stream(act.instrument)


def _actions(act: PlanAct) -> Iterator[str]:
    if isinstance(act, UpdateAction | VerifyEvidence | OverrideStatus | ReviseAction | SetMilestone):
        yield act.action
    elif isinstance(act, StageDeliverable):
        if act.action is not None:
            yield act.action
    elif isinstance(act, RecordDecision):
        yield from (change.action for change in act.changes)
    elif isinstance(act, AssertLineage | AssertDependency):
        for link in act.links:
            yield from (link.from_id, link.to_id)
    elif isinstance(act, DecideProposal):
        if act.action is not None:
            yield act.action
    elif isinstance(act, BindEvidence):
        yield from (action for action, _ in act.bindings)
    elif isinstance(act, FreezeMeasurements):
        yield from (action for action, _ in act.measurements)


def concerns_further(act: PlanAct, streams: Streams, actor: Actor, context: Context) -> tuple[str, ...]:
    """Return the streams that are read once the first are known: the actions of a plan of which a version is taken."""
    if not isinstance(act, TakePlan):
        return ()
    plan_id = act.document.plan.plan_id
    plan = Draft(streams, actor, context).state(plan_stream(plan_id)) if is_plan_id(plan_id) else None
    if not isinstance(plan, PlanState):
        return ()
    if any(each.source_sha256 == act.document.plan.source_sha256 for each in plan.versions):
        return ()
    numbers = set(plan.numbers) | {action.number for action in act.document.actions}
    numbers |= {parsed[1] for each in plan.versions for name in each.withdrawn if (parsed := parse_action(name))}
    return tuple(action_stream(action_id(plan_id, number)) for number in sorted(numbers) if number > 0)


def decide(act: PlanAct, actor: Actor, streams: Streams, context: Context) -> Decision:
    """Decide a command.

    Raises: Refused.
    """
    draft = Draft(streams, actor, context)
    if isinstance(act, UpdateAction):
        return acts.update_action(act, draft, actor)
    if not actor.writes:
        raise Refused(
            "OECP-PLAN-ROLE",
            "Only the Secretariat may do this.",
            where="role",
            expected="secretariat",
            got="delegate of " + (", ".join(actor.bodies) or "no body"),
            fix="Report status, note and evidence of your own actions, or ask the Secretariat.",
            status=403,
        )
    return _decide(act, draft)


def _decide(act: PlanAct, draft: Draft) -> Decision:
    match act:
        case TakePlan():
            return take_plan(act, draft)
        case VerifyEvidence():
            return acts.verify_evidence(act, draft)
        case OverrideStatus():
            return acts.override_status(act, draft)
        case ReviseAction():
            return acts.revise_action(act, draft)
        case SetMilestone():
            return acts.set_milestone(act, draft)
        case StageDeliverable():
            return acts.stage_deliverable(act, draft)
        case HoldSession():
            return meetings.hold_session(act, draft)
        case RecordDecision():
            return meetings.record_decision(act, draft)
        case AssertLineage():
            return meetings.assert_lineage(act, draft)
        case AssertDependency():
            return meetings.assert_dependency(act, draft)
        case BindEvidence():
            return meetings.bind_evidence(act, draft)
        case FreezeMeasurements():
            return meetings.freeze_measurements(act, draft)
        case IssueReport():
            return meetings.issue_report(act, draft)
        case SetThresholds():
            return meetings.set_thresholds(act, draft)
        case SetPlanStatus():
            return meetings.set_plan_status(act, draft)
        case ProposeActions():
            return proposals.propose_actions(act, draft)
        case DecideProposal():
            return proposals.decide_proposal(act, draft)
        case UpdateAction():
            raise AssertionError("decided before")
