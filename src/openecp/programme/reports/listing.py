# SPDX-License-Identifier: Apache-2.0
"""One row an action with what the register computed of it, for a spreadsheet; dates are ISO days."""

from __future__ import annotations

from openecp.programme.action_plan.views import ActionView
from openecp.programme.reports.gather import Basis
from openecp.programme.reports.names import Names
from openecp.programme.reports.paper import Column, Table

_COLUMNS = (
    "id", "number", "section", "title", "body", "programme", "timeframe", "due", "lifecycle", "assessment", "ground",
    "overridden", "last_update", "evidence",
)  # fmt: skip


def action_rows(basis: Basis, names: Names) -> Table:
    """Return the actions of the plan, one a row."""
    columns = tuple(Column(names.words.say(f"listing.{name}"), 1) for name in _COLUMNS)
    rows = tuple(_row(action, names) for action in basis.actions)
    return Table(caption=names.words.say("column.actions"), columns=columns, rows=rows)


def _row(action: ActionView, names: Names) -> tuple[str, ...]:
    words = names.words
    between = words.say("paper.between")
    override = action.override if action.override and action.override.in_force else None
    return (
        action.id,
        str(action.number),
        str(action.section),
        names.title(action),
        between.join(names.body(code) for code in action.responsible),
        between.join(names.programme(code) for code in action.work_programmes),
        words.code("timeframe", action.timeframe.kind),
        action.timeframe.due or "",
        words.code("lifecycle", action.lifecycle),
        words.code("colour", action.assessment.colour),
        names.ground(action.assessment),
        words.code("colour", override.colour) if override else "",
        action.last_update or "",
        str(len(action.evidence)),
    )
