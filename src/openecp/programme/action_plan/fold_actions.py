# SPDX-License-Identifier: Apache-2.0
"""What each event of an action or an instrument changes."""

from __future__ import annotations

import msgspec

from openecp.programme.action_plan.state import (
    ActionState,
    ActionText,
    Fact,
    Instrument,
    Milestone,
    OverrideMark,
    StageMark,
)
from openecp.programme.action_plan.views import (
    BindingView,
    DependencyView,
    EvidenceView,
    LineageView,
    MeasurementView,
    UpdateView,
)

_TEXT_TYPES = {field.name: field.type for field in msgspec.structs.fields(ActionText)}


def revised(state: ActionState, fact: Fact) -> None:
    """Change what the plan says of an action."""
    changes = {
        name: msgspec.convert(change["after"], _TEXT_TYPES[name]) for name, change in fact.body["fields"].items()
    }
    state.text = msgspec.structs.replace(state.text, **changes)
    state.version = fact.body.get("version", state.version)
    _named_decision(state, fact)


def withdrawn(state: ActionState, fact: Fact) -> None:
    """Take an action out of the current version; its history stays."""
    state.withdrawn = True
    state.version = fact.body["version"]


def restored(state: ActionState, fact: Fact) -> None:
    """Put an action back that an earlier version left out."""
    state.withdrawn = False
    state.version = fact.body["version"]


def status_reported(state: ActionState, fact: Fact) -> None:
    """Add an update; one without a status leaves the lifecycle as it is."""
    body = fact.body
    state.updates.append(
        UpdateView(
            on=fact.on,
            lifecycle=body.get("status", state.lifecycle),
            before=state.lifecycle,
            note=body.get("note", ""),
            by=fact.actor,
            recorded_at=fact.recorded_at,
            session=body.get("session"),
            decision=body.get("decision"),
            evidence=tuple(body.get("evidence", ())),
            target=body.get("target"),
            seq=fact.seq,
        )
    )
    if state.lifecycle != body.get("status", state.lifecycle):
        state.lifecycle, state.lifecycle_since = body["status"], fact.on
        state.target = None
    if body.get("target"):
        state.target = body["target"]
    _named_decision(state, fact)
    _progressed(state, fact)


def evidence_added(state: ActionState, fact: Fact) -> None:
    """Add an evidence."""
    body = fact.body
    state.evidence.append(
        EvidenceView(
            id=body["evidence"],
            kind=body["kind"],
            ref=body["ref"],
            title=body.get("title", ""),
            sha256=body.get("sha256"),
            scope=body["scope"],
            on=fact.on,
            added_by=fact.actor,
            recorded_at=fact.recorded_at,
            session=body.get("session"),
            counts=counts(body["scope"], state.scope),
            seq=fact.seq,
        )
    )
    _named_decision(state, fact)
    _progressed(state, fact)


_WIDTH = {"instance": 0, "member": 1, "programme": 2}


def counts(scope: str, plan_scope: str) -> bool:
    """Tell whether evidence of this scope speaks for a plan: what one installation shows is no claim about all."""
    return _WIDTH[scope] >= _WIDTH[plan_scope]


def evidence_verified(state: ActionState, fact: Fact) -> None:
    """Note who looked at an evidence."""
    for place, each in enumerate(state.evidence):
        if each.id == fact.body["evidence"]:
            state.evidence[place] = msgspec.structs.replace(each, verified_by=fact.actor, verified_on=fact.on)


def overridden(state: ActionState, fact: Fact) -> None:
    """Set or lift a person's own colour."""
    state.override = OverrideMark(
        colour=fact.body["colour"],
        reason=fact.body["reason"],
        by=fact.actor,
        on=fact.on,
        expires=fact.body["expires"],
        decision=fact.body.get("decision"),
    )


def milestone(state: ActionState, fact: Fact) -> None:
    """Set a milestone, or note that it was reached."""
    body = fact.body
    found = next((each for each in state.milestones if each.id == body["milestone"]), None)
    if found is None:
        found = Milestone(id=body["milestone"])
        state.milestones.append(found)
    for name in ("title", "due", "reached_on"):
        if name in body:
            setattr(found, name, body[name])
    if fact.kind == "MilestoneReached":
        _progressed(state, fact)


def deliverable_staged(state: ActionState | Instrument, fact: Fact) -> None:
    """Add a stage to a deliverable of an action, or to an instrument that stands alone."""
    if isinstance(state, Instrument):
        stage_instrument(state, fact)
        return
    name = fact.body["deliverable"]
    found = next((each for each in state.deliverables if each.id == name), None)
    if found is None:
        found = Instrument(id=name)
        state.deliverables.append(found)
    stage_instrument(found, fact)
    if fact.kind == "DeliverableStaged":
        _progressed(state, fact)


def stage_instrument(instrument: Instrument, fact: Fact) -> None:
    """Add a stage to an instrument."""
    body = fact.body
    for name in ("kind", "phase", "document"):
        if body.get(name):
            setattr(instrument, name, body[name])
    if body.get("titles"):
        instrument.titles = instrument.titles | body["titles"]
    if body.get("actions"):
        instrument.actions = tuple(body["actions"])
    if "stage" not in body:
        return
    instrument.stages.append(
        StageMark(
            stage=body["stage"], on=fact.on, decision=body.get("decision"), note=body.get("note", ""), seq=fact.seq
        )
    )


def bound(state: ActionState, fact: Fact) -> None:
    """Bind a stored query; a later binding of the same indicator takes its place."""
    binding = msgspec.convert(fact.body["binding"], BindingView)
    state.bindings = [each for each in state.bindings if each.indicator != binding.indicator] + [binding]


def frozen(state: ActionState, fact: Fact) -> None:
    """Keep a frozen figure."""
    figure = msgspec.convert(fact.body["measurement"], MeasurementView)
    state.measurements.append(
        msgspec.structs.replace(figure, frozen_on=fact.on, report=fact.body.get("report"), seq=fact.seq)
    )


def lineage(state: ActionState, fact: Fact) -> None:
    """Set a link to an action of another plan."""
    body = fact.body
    link = LineageView(
        from_id=body["from"],
        to_id=body["to"],
        relation=body["relation"],
        confidence=float(body["confidence"]),
        reason=body["reason"],
        reasons=body.get("reasons", {}),
        state=body["state"],
        by=fact.actor,
        on=fact.on,
    )
    others = [each for each in state.lineage if (each.from_id, each.to_id) != (link.from_id, link.to_id)]
    state.lineage = sorted([*others, link], key=lambda each: (each.from_id, each.to_id))


def dependency(state: ActionState, fact: Fact) -> None:
    """Set a link to an action of the same plan."""
    body = fact.body
    link = DependencyView(
        from_id=body["from"],
        to_id=body["to"],
        kind=body["kind"],
        confidence=float(body["confidence"]),
        reason=body["reason"],
        reasons=body.get("reasons", {}),
        state=body["state"],
        by=fact.actor,
        on=fact.on,
    )
    others = [each for each in state.dependencies if (each.from_id, each.to_id) != (link.from_id, link.to_id)]
    state.dependencies = sorted([*others, link], key=lambda each: (each.from_id, each.to_id))


def _named_decision(state: ActionState, fact: Fact) -> None:
    decision = fact.body.get("decision")
    if decision and decision not in state.decisions:
        state.decisions.append(decision)


def _progressed(state: ActionState, fact: Fact) -> None:
    state.first_update = state.first_update or fact.on
    state.last_update = fact.on
