# SPDX-License-Identifier: Apache-2.0
"""How the actions of one plan may rest on each other: candidates by subject, for a person to confirm.

What comes first is judged by the kind of work: a study before its update and its workshops, a framework before the help
to apply it, an exploration before the system. Dates may only contradict, never prove.

Reads: one plan document. Limits: 5 candidates for each action.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import msgspec

from openecp.programme.action_plan.alike import candidates
from openecp.programme.action_plan.codes import DependencyKind
from openecp.programme.action_plan.context import context_of, placeholder_bodies
from openecp.programme.action_plan.likeness import Collection, Likeness, Terms, Thesaurus
from openecp.programme.action_plan.records import ActionRecord, PlanDocument

PER_ACTION_MAX = 5
SUBJECT_ALONE = 0.45
SUBJECT_WITH_CONTEXT = 0.3


class Dependency(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate: how one action of a plan may rest on another, with the reason in English and French."""

    from_id: str
    to_id: str
    kind: DependencyKind
    confidence: float
    reason: str
    reason_fr: str


class _Order(NamedTuple):
    """Which of two actions comes first, how they hang together, and why."""

    turned: bool
    kind: DependencyKind
    reason: str
    reason_fr: str


def propose_dependencies(document: PlanDocument, *, words: Thesaurus | None = None) -> list[Dependency]:
    """Propose how the actions of a plan rest on each other, the surest first."""
    records = {action.id: action for action in document.actions}
    collection = Collection({name: action.title for name, action in records.items()}, words)
    nobody = placeholder_bodies()
    found: list[Dependency] = []
    for name, other in candidates(collection):
        like = collection.likeness(name, other)
        near = context_of(records[name], records[other], nobody)
        of_trade = any(collection.terms[name].weights[term] >= 2 for term in like.shared)
        if like.subject >= SUBJECT_ALONE or (
            of_trade and like.subject >= SUBJECT_WITH_CONTEXT and (near.same_body or near.programmes)
        ):
            order = _order(records[name], records[other], collection.terms[name], collection.terms[other])
            found.append(_dependency(collection, name, other, order, like))
    return _at_most(sorted(found, key=lambda row: (-row.confidence, row.from_id, row.to_id)))


def _order(first: ActionRecord, second: ActionRecord, left: Terms, right: Terms) -> _Order:
    """Return which action comes first by the kind of work, unless the dates say otherwise."""
    for turned, one, other, told, dit in ((False, first, second, left, right), (True, second, first, right, left)):
        if (
            "study" in told.forms & dit.forms
            and told.verb != "keep"
            and dit.verb == "keep"
            and _may_precede(one, other)
        ):
            return _Order(turned, "precedes", "A study before its update", "Une étude avant sa mise à jour")
        if "study" in told.forms and "event" in dit.forms and "event" not in told.forms and _may_precede(one, other):
            kind: DependencyKind = "precedes" if told.verb != "keep" else "feeds"
            return _Order(turned, kind, "A study before its workshops", "Une étude avant ses ateliers")
        if "framework" in told.forms and "capacity" in dit.forms and "capacity" not in told.forms:
            return _Order(
                turned, "precedes", "A framework before help to apply it", "Un cadre avant l’aide à l’appliquer"
            )
        if "framework" in told.forms and "compendium" in dit.forms and _specific(dit):
            return _Order(turned, "feeds", "A framework and its cases", "Un cadre et ses cas")
        if _lasting(one) and told.verb == "keep" and not _specific(told) and "guidance" in dit.forms:
            return _Order(turned, "includes", "Lasting work and a document of it", "Un travail durable et son document")
        if _lasting(one) and told.verb == "keep" and dit.forms & {"compendium", "system", "capacity"}:
            return _Order(turned, "supports", "Lasting work and what helps it", "Un travail durable et son appui")
        if told.verb == "weigh" and "system" in dit.forms:
            return _Order(turned, "feeds", "An exploration before the system", "Une exploration avant le système")
    return _Order(False, "related", "Same subject", "Même sujet")


def _specific(told: Terms) -> bool:
    """Say whether a title names a document or an event as its output."""
    return bool(told.forms & {"guidance", "study", "event", "compendium"})


def _lasting(action: ActionRecord) -> bool:
    return action.timeframe.kind in ("continuous", "annual", "sessions", "unstated")


def _may_precede(first: ActionRecord, second: ActionRecord) -> bool:
    """Say whether the dates allow that one action comes before another."""
    before, after = first.timeframe.due, second.timeframe.due
    return not (before and after) or before <= after


def _dependency(collection: Collection, name: str, other: str, order: _Order, like: Likeness) -> Dependency:
    shared, shared_fr = collection.shown(like, name)
    before, after = (other, name) if order.turned else (name, other)
    return Dependency(
        from_id=before,
        to_id=after,
        kind=order.kind,
        confidence=round(min(0.95, 0.25 + 0.6 * like.subject + (0.1 if order.kind != "related" else 0)), 2),
        reason=f"{order.reason}; shared: {', '.join(shared)}.",
        reason_fr=f"{order.reason_fr} ; en commun : {', '.join(shared_fr)}." if shared_fr else f"{order.reason_fr}.",
    )


def _at_most(found: list[Dependency]) -> list[Dependency]:
    counts: Counter[str] = Counter()
    kept = []
    for row in found:
        if counts[row.from_id] < PER_ACTION_MAX and counts[row.to_id] < PER_ACTION_MAX:
            counts.update((row.from_id, row.to_id))
            kept.append(row)
    return kept
