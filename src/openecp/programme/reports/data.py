# SPDX-License-Identifier: Apache-2.0
"""The figures of a paper as plain data, in codes and ISO dates: the same that its tables show, from the same basis."""

from __future__ import annotations

from typing import Any

import msgspec

from openecp.programme.action_plan.plans import RollUpRow
from openecp.programme.action_plan.views import ActionView
from openecp.programme.reports.asked import asked_for
from openecp.programme.reports.changes import what_changed
from openecp.programme.reports.gather import Basis
from openecp.programme.reports.names import Names
from openecp.programme.reports.paper import Annex, AnnexRow

SCHEMA = "openecp.session-paper/1"


def data_of(basis: Basis, names: Names, annex: Annex) -> dict[str, Any]:
    """Return the data of a paper; titles and grounds in its language, all else in codes."""
    rows = {int(row.number): row for section in annex.sections for row in section.rows}
    asked = asked_for(basis)
    counts = basis.roll_up
    return {
        "schema": SCHEMA,
        "language": names.language,
        "plan": {
            "id": basis.plan.id,
            "title": names.plan(),
            "title_in_annex": annex.title,
            "phase": basis.plan.phase,
            "status": basis.plan.status,
            "period": {"start": basis.plan.period.start, "end": basis.plan.period.end},
            "footnote": annex.footnote,
            "sections": [{"number": each.number, "heading": each.heading} for each in annex.sections],
        },
        "as_of": basis.as_of,
        "since": basis.since,
        "last_change_seq": basis.position,
        "draft": basis.draft,
        "thresholds": msgspec.to_builtins(basis.plan.thresholds),
        "counts": {
            "total": counts.total,
            "overridden": counts.overridden,
            "overall": _counts(counts.overall),
            **{
                name: [_counts(row) for row in getattr(counts, name)]
                for name in ("by_section", "by_body", "by_programme", "by_timeframe", "by_quarter")
            },
        },
        "changes": [
            {
                "subject": each.subject,
                "kind": each.kind,
                "on": each.on,
                "change": what_changed(each, names),
                "fields": [msgspec.to_builtins(field) for field in each.fields],
                "decision": each.decision,
                "version": each.version,
                "seq": each.seq,
            }
            for each in basis.changes
        ],
        "overdue": [each.id for each in basis.overdue],
        "due_soon": [each.id for each in basis.due_soon],
        "decisions_asked": {
            "overdue_without_update": [each.id for each in asked.overdue],
            "closing_status": [each.id for each in (*asked.delivered, *asked.ended)],
            "lineage": [{"from": link.from_id, "to": link.to_id, "relation": link.relation} for link in asked.links],
            "overrides": [each.id for each in asked.overrides],
        },
        "measurements": [
            {"action": action, **_measurement(msgspec.to_builtins(figure))} for action, figure in basis.measurements
        ],
        "actions": [_action(each, rows[each.number], names) for each in basis.actions],
    }


def _measurement(figure: dict[str, Any]) -> dict[str, Any]:
    """Leave out what issuing the paper adds: the same paper has the same bytes before and after."""
    return {name: value for name, value in figure.items() if name not in ("report", "seq", "frozen_on", "title")}


def _counts(row: RollUpRow) -> dict[str, Any]:
    return dict(msgspec.to_builtins(row))


def _action(action: ActionView, row: AnnexRow, names: Names) -> dict[str, Any]:
    override = action.override if action.override and action.override.in_force else None
    return {
        "id": action.id,
        "number": action.number,
        "section": action.section,
        "title": row.title,
        "short_title": names.title(action),
        "responsible": list(action.responsible),
        "responsible_as_written": row.responsible,
        "responsible_open_ended": action.responsible_open_ended,
        "work_programmes": list(action.work_programmes),
        "work_programmes_as_written": row.work_programmes,
        "timeframe_as_written": row.timeframe,
        "timeframe": msgspec.to_builtins(action.timeframe),
        "lifecycle": action.lifecycle,
        "assessment": {
            "colour": action.assessment.colour,
            "ground": action.assessment.ground,
            "facts": dict(action.assessment.facts),
            "in_words": names.ground(action.assessment),
        },
        "override": {"colour": override.colour, "expires": override.expires} if override else None,
        "last_update": action.last_update,
        "evidence": len(action.evidence),
    }
