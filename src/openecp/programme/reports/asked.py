# SPDX-License-Identifier: Apache-2.0
"""Decisions that the paper asks for: what only a committee or a person can settle, with the question put to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from openecp.programme.action_plan.views import ActionView, LineageView
from openecp.programme.reports.gather import Basis
from openecp.programme.reports.names import Names
from openecp.programme.reports.paper import Block, Column, Heading, Mark, Paragraph, Table

_DONE = frozenset({"delivered", "endorsed"})
_RUNNING = frozenset({"proposed", "planned", "in_progress", "suspended"})


class Asked(msgspec.Struct, frozen=True):
    """The points that need a decision."""

    overdue: tuple[ActionView, ...]  # without an update since the due date
    delivered: tuple[ActionView, ...]  # delivered or endorsed before the last session, not closed
    ended: tuple[ActionView, ...]  # running after the plan's end, without a confirmed successor
    links: tuple[LineageView, ...]  # proposed, by nobody confirmed
    overrides: tuple[ActionView, ...]  # expiring soon, or expired since the last session

    @property
    def total(self) -> int:
        """Return the number of points."""
        return sum(map(len, (self.overdue, self.delivered, self.ended, self.links, self.overrides)))


def asked_for(basis: Basis) -> Asked:
    """Return what the register finds open."""
    end = basis.plan.period.end or ""
    horizon = date.fromisoformat(basis.as_of) + timedelta(days=basis.plan.thresholds.due_soon_days)
    links: dict[tuple[str, str, str], LineageView] = {}
    for action in basis.actions:
        for link in (*action.predecessors, *action.successors):
            if link.state == "proposed":
                links[link.from_id, link.to_id, link.relation] = link
    return Asked(
        overdue=tuple(
            each for each in basis.overdue if not each.last_update or each.last_update <= (each.timeframe.due or "")
        ),
        delivered=tuple(
            each for each in basis.actions if each.lifecycle in _DONE and each.lifecycle_since[:10] <= basis.since
        ),
        ended=tuple(each for each in basis.actions if _outlived(each, end, basis.as_of)),
        links=tuple(links.values()),
        overrides=tuple(
            each
            for each in basis.actions
            if each.override is not None and basis.since < each.override.expires <= horizon.isoformat()
        ),
    )


def _outlived(action: ActionView, end: str, as_of: str) -> bool:
    """Tell whether an action still runs after its plan ended, and no later action is known to go on with it."""
    if not end or as_of[:7] <= end or action.lifecycle not in _RUNNING or action.assessment.ground == "overdue":
        return False
    if action.beyond_plan and (action.timeframe.due or "") >= as_of:
        return False
    return not any(link.state == "confirmed" and link.relation != "related" for link in action.successors)


def asked(basis: Basis, names: Names) -> Iterator[Block]:
    """Yield the decisions asked for."""
    words, found = names.words, asked_for(basis)
    yield Heading(words.say("heading.asked"))
    if not found.total:
        yield Paragraph(words.say("asked.empty", as_of=words.day(basis.as_of)))
        return
    yield Paragraph(words.say("asked.intro"), leads=True)
    if found.overdue:
        yield Heading(words.say("heading.asked_overdue"), level=2)
        question = words.say("asked.overdue_question")
        rows = [(names.action(each), f"{names.deadline(each)} {question}") for each in found.overdue]
        yield _table(words.say("asked.overdue_caption"), rows, names)
    if found.delivered or found.ended:
        yield Heading(words.say("heading.asked_closing"), level=2)
        rows = [(names.action(each), _closing(each, basis, names)) for each in (*found.delivered, *found.ended)]
        yield _table(words.say("asked.closing_caption"), rows, names)
    if found.links:
        yield Heading(words.say("heading.asked_lineage"), level=2)
        yield Paragraph(words.say("asked.lineage_note"), note=True, leads=True)
        yield _links(found.links, basis, names)
    if found.overrides:
        yield Heading(words.say("heading.asked_override"), level=2)
        yield _overrides(found.overrides, names)


def _table(caption: str, rows: list[tuple[str, str]], names: Names) -> Table:
    columns = (Column(names.words.say("column.action"), 45), Column(names.words.say("column.question"), 55))
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def _closing(action: ActionView, basis: Basis, names: Names) -> str:
    words = names.words
    lifecycle = words.code("lifecycle", action.lifecycle)
    if action.lifecycle in _DONE:
        since = words.day(action.lifecycle_since)
        return words.say("asked.closing_delivered", lifecycle=lifecycle[:1].upper() + lifecycle[1:], since=since)
    return words.say("asked.closing_ended", end=words.month(basis.plan.period.end or ""), lifecycle=lifecycle)


def _links(links: tuple[LineageView, ...], basis: Basis, names: Names) -> Table:
    words = names.words
    known = {each.id: each for each in basis.actions} | basis.linked

    def named(action: str) -> str:
        return names.action(known[action]) if action in known else action

    return Table(
        caption=words.say("asked.lineage_caption"),
        columns=(
            Column(words.say("column.action"), 42),
            Column(words.say("column.relation"), 16),
            Column(words.say("column.follows"), 42),
        ),
        rows=tuple((named(each.from_id), words.code("relation", each.relation), named(each.to_id)) for each in links),
    )


def _overrides(actions: tuple[ActionView, ...], names: Names) -> Table:
    words = names.words
    rows = []
    for each in actions:
        if each.override is None:
            continue
        key = "asked.override_expires" if each.override.in_force else "asked.override_expired"
        rows.append(
            (
                names.action(each),
                Mark(each.override.colour, words.code("colour", each.override.colour)),
                Mark(each.assessment.colour, words.code("colour", each.assessment.colour)),
                words.say(key, expires=words.day(each.override.expires)),
            )
        )
    return Table(
        caption=words.say("asked.override_caption"),
        columns=(
            Column(words.say("column.action"), 36),
            Column(words.say("column.colour"), 14),
            Column(words.say("column.assessment"), 16),
            Column(words.say("column.question"), 34),
        ),
        rows=tuple(rows),
    )
