# SPDX-License-Identifier: Apache-2.0
"""What is overdue and what falls due soon, with the owners and the reason in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openecp.programme.action_plan.views import ActionView
from openecp.programme.reports.gather import Basis
from openecp.programme.reports.names import Names
from openecp.programme.reports.paper import Block, Column, Heading, Paragraph, Table


def deadlines(basis: Basis, names: Names) -> Iterator[Block]:
    """Yield the overdue actions and those due within the plan's threshold."""
    words = names.words
    values = {"as_of": words.day(basis.as_of), "days": words.number(basis.plan.thresholds.due_soon_days)}
    yield Heading(words.say("heading.deadlines"))
    yield Heading(words.say("heading.overdue"), level=2)
    if basis.overdue:
        yield due_table(words.say("deadlines.overdue", **values), basis.overdue, names)
    else:
        yield Paragraph(words.say("deadlines.overdue_none", **values))
    yield Heading(words.say("heading.due_soon", **values), level=2)
    if basis.due_soon:
        yield due_table(words.say("deadlines.due_soon", **values), basis.due_soon, names)
    else:
        yield Paragraph(words.say("deadlines.due_soon_none", **values))


def due_table(caption: str, actions: Sequence[ActionView], names: Names) -> Table:
    """Return a table of dated actions with owners and ground."""
    words = names.words
    return Table(
        caption=caption,
        columns=(
            Column(words.say("column.action"), 38),
            Column(words.say("column.body"), 30),
            Column(words.say("column.ground"), 32),
        ),
        rows=tuple((names.action(each), names.responsible(each), names.deadline(each)) for each in actions),
    )
