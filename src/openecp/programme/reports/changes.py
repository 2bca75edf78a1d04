# SPDX-License-Identifier: Apache-2.0
"""Changes since the last session: each named, with the decision, evidence or version that it rests on.

Many changes of one kind that a document or the software made at once stand as one row with their number.
Limits: what people wrote as a note is not repeated: its language is not known, and a paper never mixes languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from openecp.programme.action_plan.codes import Role
from openecp.programme.action_plan.names import is_day
from openecp.programme.action_plan.records import TimeframeKind
from openecp.programme.action_plan.views import ChangeView, FieldChange
from openecp.programme.reports.gather import Basis
from openecp.programme.reports.names import Names
from openecp.programme.reports.paper import Block, Cell, Column, Heading, Paragraph, Table

MANY = 5
_GROUPED = ("ActionAdded", "ActionRevised", "LineageAsserted", "DependencyAsserted", "EvidenceBound")
_PLAIN = (
    "EvidenceVerified", "ActionRevised", "ActionAdded", "ActionWithdrawn", "ActionRestored", "PlanImported",
    "PlanVersionAdded", "ThresholdsSet", "LineageAsserted", "DependencyAsserted", "EvidenceBound", "DecisionRecorded",
    "SessionHeld", "ActionProposed", "ProposalDecided",
)  # fmt: skip
_SHOWN = ("timeframe", "responsibilities", "work_programmes", "lifecycle", "evidence", "override", "status")


def changes(basis: Basis, names: Names) -> Iterator[Block]:
    """Yield what was recorded between the two days of the paper."""
    words = names.words
    days = {"since": words.day(basis.since), "as_of": words.day(basis.as_of)}
    yield Heading(words.say("heading.changes"))
    if not basis.changes:
        yield Paragraph(words.say("changes.empty", **days))
        return
    yield Table(
        caption=words.say("changes.caption", **days),
        columns=(
            Column(words.say("column.date"), 17),
            Column(words.say("column.action"), 35),
            Column(words.say("column.change"), 30),
            Column(words.say("column.decision"), 18),
        ),
        rows=tuple(_rows(basis, names)),
    )


def _rows(basis: Basis, names: Names) -> Iterator[tuple[Cell, ...]]:
    actions = {each.id: each for each in basis.actions}
    order = {name: position for position, name in enumerate(actions)}
    for change, number in _grouped(basis.changes, order):
        day = names.words.day(change.on)
        if number:
            what = names.words.count(f"changes.{change.kind}_many", number)
            yield day, names.words.say("changes.plan"), what, _ground(change, names)
            continue
        subject = names.action(actions[change.subject]) if change.subject in actions else change.subject
        if change.subject == basis.plan.id:
            subject = names.words.say("changes.plan")
        yield day, subject, what_changed(change, names), _ground(change, names)


def _grouped(changes: Sequence[ChangeView], order: dict[str, int]) -> Iterator[tuple[ChangeView, int]]:
    """Yield changes by action, in time; many of one kind that came on one day stand once, with their number."""
    sizes: dict[tuple[str, str, int | None], int] = {}
    for change in changes:
        if change.kind in _GROUPED:
            key = (change.kind, change.on, change.version)
            sizes[key] = sizes.get(key, 0) + 1
    seen = set()
    many, single = [], []
    for change in changes:
        key = (change.kind, change.on, change.version)
        if sizes.get(key, 0) <= MANY:
            single.append((change, 0))
        elif key not in seen:
            seen.add(key)
            many.append((change, sizes[key]))
    single.sort(key=lambda pair: (order.get(pair[0].subject, -1), pair[0].on, pair[0].seq))
    yield from many
    yield from single


def what_changed(change: ChangeView, names: Names) -> str:
    """Return a change in words, its values by name and date."""
    fields = {each.field: each for each in change.fields}
    told = [_field(fields[name], names) for name in _SHOWN if name in fields]
    told += [_step(each, change.kind, names) for each in change.fields if each.field.startswith(("milestone", "stage"))]
    if told:
        return names.words.say("paper.between").join(told)
    if change.kind == "StatusReported":
        return names.words.say("changes.updated")
    return names.words.say(f"changes.{change.kind}" if change.kind in _PLAIN else "changes.other")


def _field(field: FieldChange, names: Names) -> str:
    words = names.words
    match field.field:
        case "lifecycle":
            states = {"before": words.code("lifecycle", field.before), "after": words.code("lifecycle", field.after)}
            return words.say("changes.StatusReported", lifecycle=words.say("changes.lifecycle", **states))
        case "evidence":
            return words.say("changes.EvidenceAdded", ref=field.after)
        case "override":
            if not field.after:
                return words.say("changes.StatusOverridden_lifted")
            return words.say("changes.StatusOverridden", colour=words.code("colour", field.after))
        case "status":
            return words.say("changes.PlanStatusChanged", status=words.code("plan_status", field.after))
        case "timeframe":
            return words.say(
                "changes.TimeframeChanged", before=_when(field.before, names), after=_when(field.after, names)
            )
        case "work_programmes":
            both = {"before": _listed(field.before, names), "after": _listed(field.after, names)}
            return words.say("changes.programmes", **both)
        case _:
            both = {"before": _bodies(field.before, names), "after": _bodies(field.after, names)}
            return words.say("changes.ResponsibilityChanged", **both)


def _step(field: FieldChange, kind: str, names: Names) -> str:
    words = names.words
    if field.field.startswith("stage"):
        return words.say("changes.DeliverableStaged", stage=words.code("stage", field.after))
    if kind == "MilestoneReached":
        return words.say("changes.MilestoneReached", reached=words.day(field.after))
    if not is_day(field.after):
        return words.say("changes.MilestoneSet_undated")
    return words.say("changes.MilestoneSet", due=words.day(field.after))


def _when(text: str, names: Names) -> str:
    if is_day(text):
        return names.words.day(text)
    if text in get_args(TimeframeKind):
        return names.words.code("timeframe", text)
    return names.words.say("changes.none")


def _bodies(text: str, names: Names) -> str:
    """Return the bodies of a change, `PTC, IMSC (supporting)`, by name."""
    told = []
    for part in filter(None, text.split(", ")):
        code, bracket, role = part.partition(" (")
        role = role.removesuffix(")")
        if bracket and role in get_args(Role):
            name, word = names.body(code), names.words.code("responsibility", role)
            told.append(names.words.say("changes.responsibility", body=name, role=word))
        else:
            told.append(names.body(part))
    return names.words.listed(told, none=names.words.say("changes.none"))


def _listed(text: str, names: Names) -> str:
    parts = [names.programme(code) for code in text.split(", ") if code]
    return names.words.listed(parts, none=names.words.say("changes.none"))


def _ground(change: ChangeView, names: Names) -> str:
    if change.decision:
        return names.words.say("changes.decided", decision=change.decision)
    if change.version is not None:
        return names.words.say("changes.version", version=change.version)
    return ""
