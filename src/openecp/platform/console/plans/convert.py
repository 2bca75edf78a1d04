# SPDX-License-Identifier: Apache-2.0
"""Turns actions as the register shows them back into records of a plan, for what compares plans and finds gaps."""

from __future__ import annotations

from collections.abc import Iterable

from openecp.programme.action_plan.records import ActionRecord, PlanDocument, PlanRecord, Section
from openecp.programme.action_plan.views import ActionView, PlanView


def record_of(action: ActionView) -> ActionRecord:
    """Return an action as a record, under its official title where there is one."""
    return ActionRecord(
        id=action.id,
        number=action.number,
        section=action.section,
        title=action.title_as_written or action.titles.get("en") or next(iter(action.titles.values()), ""),
        responsible_as_written=action.responsible_as_written,
        responsible=action.responsible,
        responsible_open_ended=action.responsible_open_ended,
        supporting=tuple(each.body for each in action.responsibilities if each.role == "supporting"),
        work_programmes_as_written=action.work_programmes_as_written,
        work_programmes=action.work_programmes,
        timeframe_as_written=action.timeframe_as_written,
        timeframe=action.timeframe,
        beyond_phase_period=action.beyond_plan,
        source_lines=action.source_lines,
    )


def plan_record_of(plan: PlanView) -> PlanRecord:
    """Return a plan as a record."""
    sections = tuple(
        Section(number=each.number, title=each.title_as_written or each.titles.get("en", ""), code=each.code)
        for each in plan.sections
    )
    return PlanRecord(
        plan_id=plan.id,
        title=plan.title_as_written or plan.titles.get("en", ""),
        phase=plan.phase,
        period=plan.period,
        sections=sections,
    )


def document_of(plan: PlanView, actions: Iterable[ActionView]) -> PlanDocument:
    """Return a plan with its actions as a document would state them."""
    return PlanDocument(plan=plan_record_of(plan), actions=tuple(record_of(action) for action in actions))
