# SPDX-License-Identifier: Apache-2.0
"""The commands that bring the register of both plans, as it ships, into a new installation: facts, never an outcome.

They are the same commands that a person gives. A plan that is known already is left as it is.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Collection, Mapping
from itertools import pairwise

import msgspec

from openecp.kernel.indicators.model import Indicator
from openecp.programme.action_plan.bodies import shipped_bindings
from openecp.programme.action_plan.codes import Nature, Stage
from openecp.programme.action_plan.commands import (
    AssertDependency,
    AssertLineage,
    BindEvidence,
    Link,
    PlanAct,
    StageDeliverable,
    TakePlan,
)
from openecp.programme.action_plan.dependencies import propose_dependencies
from openecp.programme.action_plan.lineage import propose
from openecp.programme.action_plan.names import parse_action
from openecp.programme.action_plan.shipped import (
    ShippedInstrument,
    ShippedPlan,
    Words,
    shipped_instruments,
    shipped_plans,
)
from openecp.programme.action_plan.views import BindingView, Texts

NO_DATE = "2017-01-01"  # the plan of Phase III tells of what has no date of its own


def seed_acts(known: Collection[str], indicators: Mapping[str, Indicator]) -> list[PlanAct]:
    """Return what a new installation is given; `known` are the plans that it has already."""
    shipped = shipped_plans()
    plans = [plan for plan in shipped if plan.document.plan.plan_id not in known]
    acts: list[PlanAct] = [take_shipped(plan) for plan in plans]
    if len(plans) == len(shipped):
        acts += [stage_shipped(instrument) for instrument in shipped_instruments()]
        acts += [lineage_of(earlier, later) for earlier, later in pairwise(plans)]
        acts += [dependencies_of(plan) for plan in plans]
    acts += [bindings_of(plan, indicators) for plan in plans]
    return [act for act in acts if not isinstance(act, AssertDependency | BindEvidence) or _says(act)]


def _says(act: AssertDependency | BindEvidence) -> bool:
    return bool(act.links if isinstance(act, AssertDependency) else act.bindings)


def lineage_of(earlier: ShippedPlan, later: ShippedPlan) -> AssertLineage:
    """Return the command that proposes how the actions of a plan go on in the next; a person confirms."""
    links = tuple(
        Link(
            from_id=link.from_id,
            to_id=link.to_id,
            relation=link.relation,
            confidence=f"{link.confidence:.2f}",
            reason=link.reason,
            reasons={"en": link.reason, "fr": link.reason_fr},
        )
        for link in propose(earlier.document, later.document)
    )
    return AssertLineage(links=links, on=_start(later))


def dependencies_of(plan: ShippedPlan) -> AssertDependency:
    """Return the command that proposes how the actions of a plan rest on each other; a person confirms."""
    links = tuple(
        Link(
            from_id=each.from_id,
            to_id=each.to_id,
            kind=each.kind,
            confidence=f"{each.confidence:.2f}",
            reason=each.reason,
            reasons={"en": each.reason, "fr": each.reason_fr},
        )
        for each in propose_dependencies(plan.document)
    )
    return AssertDependency(links=links, on=_start(plan))


def bindings_of(plan: ShippedPlan, indicators: Mapping[str, Indicator]) -> BindEvidence:
    """Return the command that binds figures of the running system to the actions of a plan."""
    actions = {action.id for action in plan.document.actions}
    bindings = tuple(
        (row["action"], binding(indicators[row["indicator"]], row))
        for row in shipped_bindings()
        if row["indicator"] in indicators and row["action"] in actions
    )
    return BindEvidence(bindings=bindings, on=_start(plan))


def _start(plan: ShippedPlan) -> str | None:
    start = plan.document.plan.period.start
    return f"{start}-01" if start else None


def take_shipped(plan: ShippedPlan) -> TakePlan:
    """Return the command that takes a plan as it ships; its hash is that of its content."""
    digest = hashlib.sha256(msgspec.json.encode(plan)).hexdigest()
    record = msgspec.structs.replace(
        plan.document.plan, source_sha256=digest, source_name=f"register of OpenECP, {plan.document.plan.plan_id}"
    )
    return TakePlan(
        document=msgspec.structs.replace(plan.document, plan=record),
        official=False,
        plan_titles=texts(plan.title),
        section_titles={str(number): texts(words) for number, words in plan.section_titles.items()},
        titles={_number(action): texts(words) for action, words in plan.action_titles.items()},
        natures=msgspec.convert(
            {_number(action): nature for action, nature in plan.natures.items()}, dict[str, Nature]
        ),
    )


def stage_shipped(instrument: ShippedInstrument) -> StageDeliverable:
    """Return the command that records an instrument that the texts name, with the last stage that they show."""
    return StageDeliverable(
        instrument=instrument.id,
        titles=texts(instrument.title),
        kind=instrument.kind,
        phase=instrument.phase,
        actions=instrument.actions,
        stage=msgspec.convert(instrument.stage, Stage) if instrument.stage else None,
        on=_day(instrument.date),
        decision=", ".join(instrument.decided_by) or None,
    )


def binding(indicator: Indicator, row: Mapping[str, str]) -> BindingView:
    """Return a binding of an indicator to an action."""
    return BindingView(
        indicator=indicator.id,
        version=indicator.version,
        title=indicator.title,
        unit=indicator.unit,
        scope=indicator.scope,
        threshold=row["threshold"] or None,
        direction=indicator.direction,
        window_days=int(row["window_days"]) if row["window_days"] else None,
    )


def texts(words: Words) -> Texts:
    """Return words by language."""
    return {"en": words.en, "fr": words.fr}


def _number(action: str) -> str:
    parsed = parse_action(action)
    assert parsed is not None, f"{action}: an action id of the package"
    return str(parsed[1])


def _day(date: str) -> str:
    """Return the last day of a month or year, the day itself, or the day of the text that tells of it."""
    if len(date) == 7:
        return f"{date}-{monthrange(int(date[:4]), int(date[5:]))[1]:02d}"
    if len(date) == 4:
        return f"{date}-12-31"
    return date or NO_DATE
