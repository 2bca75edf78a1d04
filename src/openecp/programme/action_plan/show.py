# SPDX-License-Identifier: Apache-2.0
"""Turns what streams hold into what is shown as of a day: assessments, days in a stage, what is overdue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from openecp.programme.action_plan.judge import assessment, face_of
from openecp.programme.action_plan.state import (
    ActionState,
    Instrument,
    Milestone,
    OverrideMark,
    PlanState,
    SessionState,
)
from openecp.programme.action_plan.views import (
    ActionView,
    ChangeView,
    DecisionView,
    InstrumentView,
    MilestoneView,
    OverrideView,
    PlanView,
    SessionView,
    StageView,
    Thresholds,
)


def action_view(
    name: str,
    state: ActionState,
    as_of: str,
    *,
    thresholds: Thresholds,
    sessions: Sequence[str] = (),
    instruments: Iterable[InstrumentView] = (),
    seq: int = 0,
    recorded_at: str = "",
) -> ActionView:
    """Show an action; `instruments` are those that stand alone and name it."""
    text = state.text
    return ActionView(
        id=name,
        plan=state.plan,
        number=text.number,
        section=text.section,
        titles=text.titles,
        title_as_written=text.title_as_written,
        language_as_written=text.language_as_written,
        nature=text.nature,
        responsibilities=text.responsibilities,
        responsible_as_written=text.responsible_as_written,
        responsible_open_ended=text.responsible_open_ended,
        work_programmes=text.work_programmes,
        work_programmes_as_written=text.work_programmes_as_written,
        timeframe=text.timeframe,
        timeframe_as_written=text.timeframe_as_written,
        beyond_plan=text.beyond_plan,
        lifecycle=state.lifecycle,
        lifecycle_since=state.lifecycle_since,
        target=state.target,
        assessment=assessment(face_of(state), as_of, thresholds, sessions),
        override=override_view(state.override, as_of),
        updates=tuple(state.updates),
        evidence=tuple(state.evidence),
        bindings=tuple(state.bindings),
        measurements=tuple(state.measurements),
        milestones=tuple(milestone_view(each, as_of) for each in state.milestones),
        deliverables=(*(instrument_view(each, as_of, (name,)) for each in state.deliverables), *instruments),
        decisions=tuple(state.decisions),
        predecessors=tuple(each for each in state.lineage if each.to_id == name),
        successors=tuple(each for each in state.lineage if each.from_id == name),
        dependencies=tuple(state.dependencies),
        last_update=state.last_update,
        version=state.version,
        withdrawn=state.withdrawn,
        source_lines=text.source_lines,
        flags=text.flags,
        confidence=float(text.confidence),
        notes=text.notes,
        seq=seq,
        recorded_at=recorded_at,
    )


def override_view(mark: OverrideMark | None, as_of: str) -> OverrideView | None:
    """Show a person's own colour; one that was lifted is not shown."""
    if mark is None or mark.colour is None:
        return None
    return OverrideView(
        colour=mark.colour,
        reason=mark.reason,
        by=mark.by,
        on=mark.on,
        expires=mark.expires,
        in_force=as_of <= mark.expires,
        decision=mark.decision,
    )


def milestone_view(milestone: Milestone, as_of: str) -> MilestoneView:
    """Show a milestone."""
    return MilestoneView(
        id=milestone.id,
        title=milestone.title,
        due=milestone.due,
        reached_on=milestone.reached_on,
        overdue=milestone.reached_on is None and milestone.due is not None and milestone.due < as_of,
    )


def instrument_view(instrument: Instrument, as_of: str, actions: Sequence[str] = ()) -> InstrumentView:
    """Show an instrument with the days it spent in each stage."""
    ends = [mark.on for mark in instrument.stages[1:]] + [as_of]
    stages = tuple(
        StageView(
            stage=mark.stage,
            on=mark.on,
            days=max(0, _days(mark.on, end)),
            decision=mark.decision,
            note=mark.note,
            seq=mark.seq,
        )
        for mark, end in zip(instrument.stages, ends, strict=False)
    )
    return InstrumentView(
        id=instrument.id,
        titles=instrument.titles,
        kind=instrument.kind,
        phase=instrument.phase,
        stage=stages[-1].stage if stages else None,
        stages=stages,
        actions=instrument.actions or tuple(actions),
        document=instrument.document,
    )


def _days(start: str, end: str) -> int:
    return (date.fromisoformat(end) - date.fromisoformat(start)).days


def plan_view(state: PlanState, seq: int = 0) -> PlanView:
    """Show a plan."""
    return PlanView(
        id=state.id,
        titles=state.titles,
        title_as_written=state.title_as_written,
        phase=state.phase,
        status=state.status,
        scope=state.scope,
        period=state.period,
        sections=state.sections,
        footnote=state.footnote,
        thresholds=state.thresholds,
        versions=tuple(state.versions),
        actions=len(state.numbers),
        work_programme=state.work_programme,
        reports=tuple(state.reports),
        notes=state.notes,
        seq=seq,
    )


def session_view(state: SessionState, changes: Mapping[str, Sequence[ChangeView]], seq: int = 0) -> SessionView:
    """Show a session; `changes` are those that its decisions made, by decision."""
    decisions = tuple(
        DecisionView(
            id=each.id,
            item=each.item,
            text=each.text,
            on=each.on,
            changes=tuple(changes.get(each.id, ())),
            by=each.by,
            seq=each.seq,
        )
        for each in state.decisions
    )
    return SessionView(
        id=state.id,
        body=state.body,
        name=state.name,
        starts=state.starts,
        ends=state.ends,
        agenda=state.agenda,
        decisions=decisions,
        seq=seq,
    )
