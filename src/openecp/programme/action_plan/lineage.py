# SPDX-License-Identifier: Apache-2.0
"""How the actions of one plan go on in the next: links that are proposed from the texts, for a person to confirm.

Titles are compared in wording and in subject, bodies and work programmes support the finding. No identifier and no
number of a plan is known here. A link says why it was proposed, and how sure that is.

Reads: two plan documents as imported. Limits: 5 links from each action; in plans of more than 600 actions together,
the 6,000 likeliest pairs are weighed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection as Names
from collections.abc import Iterable, Mapping

import msgspec

from openecp.programme.action_plan.alike import candidates
from openecp.programme.action_plan.codes import Relation
from openecp.programme.action_plan.context import Context, context_of, placeholder_bodies
from openecp.programme.action_plan.likeness import Collection, Likeness, Terms, Thesaurus
from openecp.programme.action_plan.records import ActionRecord, PlanDocument

LINKS_MAX = 5
COPY_WORDING = 0.65  # from here on, one title is the other with some words changed
HELD_WORDING = 0.8  # so much of one wording inside the other: a part of it, or it as a part
HELD_WORDS_MIN = 3
WHOLE_WORDING = 0.9
SUBJECT_SAME = 0.5
SUBJECT_OF_TRADE = 0.25  # where a term of the trade is shared
SUBJECT_OF_WORDS = 0.4  # where words are that any plan may hold
SUBJECT_NEAR = 0.55  # a second link from an action that already goes on needs more
CONTEXT_NEAR = 0.3
PASSAGE_WORDS = 5  # a run of words taken over: a part was carved out
CONFIDENCE_MIN = 0.3
WEIGHT_MIN = 1.0  # of shared terms: more than what every plan says


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link from an action to one that carries it on, with the reason in English and French."""

    from_id: str
    to_id: str
    relation: Relation
    confidence: float
    reason: str
    reason_fr: str
    shared: tuple[str, ...] = ()  # terms that both titles are about


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """A dated action that went on in the next plan with a later date."""

    from_id: str
    to_id: str
    from_due: str
    to_due: str
    months: int


class Succession(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the earlier plan's actions, as far as the links tell: no answer is a question to be asked."""

    without_successor: tuple[str, ...]  # no link at all: an explicit closing status is needed
    only_related: tuple[str, ...]  # weak links alone
    new: tuple[str, ...]  # actions of the later plan that continue nothing


class _Pair(msgspec.Struct, frozen=True):
    earlier: str
    later: str
    like: Likeness
    context: Context


def propose(
    earlier: PlanDocument,
    later: PlanDocument,
    *,
    body_names: Mapping[str, str] | None = None,
    placeholders: Names[str] | None = None,
    words: Thesaurus | None = None,
) -> list[Link]:
    """Propose how the actions of a plan go on in a later one, strongest first for each action.

    Reads: titles, bodies, work programmes. `placeholders` are codes that name no body; `body_names` by code let a body
    that was renamed be recognised. Limits: 5 links from each action; confidence from 0.3.
    """
    titles = {_key(plan, action): action.title for plan, action in _both(earlier, later)}
    collection = Collection(titles, words)
    records = {_key(plan, action): action for plan, action in _both(earlier, later)}
    nobody = placeholder_bodies() if placeholders is None else frozenset(placeholders)
    pairs = [
        _Pair(
            name, other, collection.likeness(name, other), context_of(records[name], records[other], nobody, body_names)
        )
        for name, other in candidates(collection)
        if name.startswith("0 ") and other.startswith("1 ")
    ]
    finder = _Finder(collection, pairs)
    found = [finder.links_of(_key(0, action)) for action in earlier.actions]
    carried = {link.to_id for links in found for link in links if link.relation != "related"}
    return [
        link
        for links in found
        for link in sorted(links, key=lambda link: (-link.confidence, link.to_id))[:LINKS_MAX]
        if link.relation != "related" or link.to_id not in carried  # weak only where nothing stronger leads there
    ]


def slips(earlier: PlanDocument, later: PlanDocument, links: Iterable[Link]) -> list[Slip]:
    """Return the dated actions that go on under a later date, the longest slip first.

    Only links that continue or escalate an action count: a new task on the same subject has not slipped.
    """
    due = {
        (plan, action.id): action.timeframe.due
        for plan, action in _both(earlier, later)
        if action.timeframe.kind == "date"
    }
    found = []
    for link in links:
        before, after = due.get((0, link.from_id)), due.get((1, link.to_id))
        if link.relation in ("continues", "escalates") and before and after and after > before:
            months = (int(after[:4]) - int(before[:4])) * 12 + int(after[5:7]) - int(before[5:7])
            found.append(Slip(from_id=link.from_id, to_id=link.to_id, from_due=before, to_due=after, months=months))
    return sorted(found, key=lambda slip: (-slip.months, slip.from_id))


def succession(earlier: PlanDocument, later: PlanDocument, links: Iterable[Link]) -> Succession:
    """Return which earlier actions have no successor, which only a weak link, and which later ones are new."""
    links = list(links)
    strong = [link for link in links if link.relation != "related"]
    linked, carried = {link.from_id for link in links}, {link.from_id for link in strong}
    reached = {link.to_id for link in strong}
    return Succession(
        without_successor=tuple(action.id for action in earlier.actions if action.id not in linked),
        only_related=tuple(action.id for action in earlier.actions if action.id in linked - carried),
        new=tuple(action.id for action in later.actions if action.id not in reached),
    )


class _Finder:
    """Weighs the pairs of two plans against each other: a copy explains both its ends, the rest is what it leaves."""

    def __init__(self, collection: Collection, pairs: list[_Pair]) -> None:
        self.collection = collection
        self.of: dict[str, list[_Pair]] = defaultdict(list)
        for pair in pairs:
            self.of[pair.earlier].append(pair)
        copies = [pair for pair in pairs if _is_copy(pair)]
        self.best_of: dict[str, float] = {}
        self.best_to: dict[str, float] = {}
        for pair in copies:
            self.best_of[pair.earlier] = max(self.best_of.get(pair.earlier, 0.0), pair.like.repeated)
            self.best_to[pair.later] = max(self.best_to.get(pair.later, 0.0), pair.like.repeated)

    def links_of(self, earlier: str) -> list[Link]:
        """Return the links from one action."""
        pairs = sorted(self.of[earlier], key=lambda pair: (-pair.like.subject, pair.later))
        parts = self._parts(pairs)
        whole = [link for link in self._whole(pairs) if link.to_id not in {part.to_id for part in parts}]
        whole = whole + parts or self._escalated(pairs)
        done = {link.to_id for link in whole}
        rest = [pair for pair in pairs if pair.later[2:] not in done and pair.later not in self.best_to]
        return whole + [link for pair in rest if (link := self._shared(pair, whole))]

    def _whole(self, pairs: list[_Pair]) -> list[Link]:
        """Return the later actions that repeat an action, or take it up whole and add to it."""
        found = []
        for pair in pairs:
            like = pair.like
            better = (
                self.best_of.get(pair.earlier, 0) > like.repeated and self.best_to.get(pair.later, 0) > like.repeated
            )
            taken_up = like.wording_of_first >= HELD_WORDING and self.best_to.get(pair.later, 0) < WHOLE_WORDING
            if _is_copy(pair) and not better:
                found.append(self._copy(pair))
            elif taken_up and _is_long(self.collection.terms[pair.earlier]) and _weighty(self.collection, pair):
                found.append(self._link(pair, "continues", 0.7 + 0.2 * like.wording_of_first, "enlarged"))
        return found

    def _copy(self, pair: _Pair) -> Link:
        """Return the link of two titles that differ in some words, or in no more than what is to be done."""
        if self._weighed_then_done(pair):
            return self._link(pair, "escalates", 0.5 + 0.4 * pair.like.subject, "escalated")
        if pair.like.repeated == 1:
            return self._link(pair, "continues", 1.0, "same")
        return self._link(pair, "continues", min(0.99, 0.9 + 0.1 * pair.like.repeated), "copy")

    def _link(self, pair: _Pair, relation: Relation, confidence: float, ground: str) -> Link:
        return _link(self.collection, pair, relation, confidence, ground)

    def _weighed_then_done(self, pair: _Pair) -> bool:
        acts = self.collection.terms[pair.earlier].verb, self.collection.terms[pair.later].verb
        return acts == ("weigh", "do") and pair.like.subject >= SUBJECT_SAME

    def _parts(self, pairs: list[_Pair]) -> list[Link]:
        """Return the later actions that each take up a part of an action, where there are two or more."""
        held = [
            pair
            for pair in pairs
            if pair.like.wording_of_second >= HELD_WORDING
            and pair.like.wording_of_first < HELD_WORDING
            and _weighty(self.collection, pair)
        ]
        if any(_is_copy(pair) and pair.like.wording_of_first >= WHOLE_WORDING for pair in pairs):
            return []  # the whole goes on in one action: what is like a part of it is another's
        left = set(self.collection.vectors[pairs[0].earlier]) if pairs else set()
        parts = []
        for pair in sorted(held, key=lambda pair: (-pair.like.wording_of_second, -pair.like.subject, pair.later)):
            mine = left & set(pair.like.shared)
            if len(mine) * 2 >= len(pair.like.shared):
                left -= mine
                parts.append(self._link(pair, "split", 0.5 + 0.4 * pair.like.subject, "part"))
        return parts if len(parts) > 1 else []

    def _escalated(self, pairs: list[_Pair]) -> list[Link]:
        """Return the later action that does what the earlier one weighed."""
        for pair in pairs:
            if self._weighed_then_done(pair) and pair.later not in self.best_to:
                return [self._link(pair, "escalates", 0.5 + 0.4 * pair.like.subject, "escalated")]
        return []

    def _shared(self, pair: _Pair, whole: list[Link]) -> Link | None:
        """Return the link to a later action on the same subject that nothing else explains."""
        like, near = pair.like, pair.context
        if not _weighty(self.collection, pair):
            return None
        earlier, later = self.collection.terms[pair.earlier], self.collection.terms[pair.later]
        of_trade = any(earlier.weights[term] >= 2 for term in like.shared)
        least = SUBJECT_OF_TRADE if of_trade else SUBJECT_OF_WORDS
        weak = 0.25 + 0.4 * like.subject
        if self._passage(pair):
            return self._link(pair, "split", 0.4 + 0.4 * like.subject, "passage")
        if whole and (whole[0].relation == "escalates" or whole[0].confidence >= 0.9 + 0.1 * COPY_WORDING):
            if like.subject >= SUBJECT_NEAR or (like.subject >= least and near.share >= CONTEXT_NEAR):
                return self._link(pair, "related", weak, "subject")
            return None
        if whole:
            held = like.subject_of_first >= HELD_WORDING
            return self._link(pair, "split", 0.4 + 0.4 * like.subject, "branch") if held else None
        if like.subject < least and not (of_trade and near.same_body):
            return None
        if earlier.verb == later.verb == "keep" and not earlier.forms & later.forms:
            return self._link(pair, "related", weak, "other_work")
        if near.share >= CONTEXT_NEAR or near.same_body or like.subject_of_second >= SUBJECT_NEAR:
            return self._link(pair, "follow_up", 0.35 + 0.4 * like.subject + 0.2 * near.share, "followed")
        return self._link(pair, "related", weak, "subject")

    def _passage(self, pair: _Pair) -> bool:
        """Say whether both titles hold the same run of words, and more than common words in it."""
        first, second = self.collection.terms[pair.earlier], self.collection.terms[pair.later]
        held = {
            tuple(second.sequence[at : at + PASSAGE_WORDS]) for at in range(len(second.sequence) - PASSAGE_WORDS + 1)
        }
        for at in range(len(first.sequence) - PASSAGE_WORDS + 1):
            run = tuple(first.sequence[at : at + PASSAGE_WORDS])
            if run in held and sum(first.weights.get(term, 0) >= 1 for term in run) >= 2:
                return True
        return False


def _is_copy(pair: _Pair) -> bool:
    return pair.like.repeated >= COPY_WORDING


def _is_long(told: Terms) -> bool:
    return len(told.sequence) >= HELD_WORDS_MIN


def _weighty(collection: Collection, pair: _Pair) -> bool:
    """Say whether two titles share more than what every plan says."""
    weights = collection.terms[pair.earlier].weights
    return sum(weights[term] for term in pair.like.shared) >= WEIGHT_MIN


def _both(earlier: PlanDocument, later: PlanDocument) -> Iterable[tuple[int, ActionRecord]]:
    for number, document in enumerate((earlier, later)):
        for action in document.actions:
            yield number, action


def _key(plan: int, action: ActionRecord) -> str:
    """Two versions of one plan hold the same identifiers: the key says which plan is meant."""
    return f"{plan} {action.id}"


REASONS = {
    "same": ("Same wording", "Même libellé"),
    "copy": ("Nearly the same wording", "Libellé presque identique"),
    "enlarged": ("Takes up the whole wording and adds to it", "Reprend tout le libellé et le complète"),
    "part": ("Takes up a part of the wording", "Reprend une partie du libellé"),
    "passage": ("Takes over a passage of the wording", "Reprend un passage du libellé"),
    "branch": ("A second action on the whole subject", "Une deuxième action sur tout le sujet"),
    "escalated": ("Does what was to be weighed", "Réalise ce qui était à l’étude"),
    "followed": ("New work on the same subject", "Nouveaux travaux sur le même sujet"),
    "other_work": ("Same subject, another kind of output", "Même sujet, autre type de produit"),
    "subject": ("Related subject", "Sujet connexe"),
}


def _link(collection: Collection, pair: _Pair, relation: Relation, confidence: float, ground: str) -> Link:
    told, told_fr = [[part] for part in REASONS[ground]]
    shared, shared_fr = collection.shown(pair.like, pair.earlier)
    if ground not in ("same", "copy"):
        told += [f"shared: {', '.join(shared)}"] if shared else []
        told_fr += [f"en commun : {', '.join(shared_fr)}"] if shared_fr else []
    if pair.context.bodies:
        told.append(f"bodies kept: {', '.join(pair.context.bodies)}")
        told_fr.append(f"organes conservés : {', '.join(pair.context.bodies)}")
    return Link(
        from_id=pair.earlier[2:],
        to_id=pair.later[2:],
        relation=relation,
        confidence=round(min(1.0, max(CONFIDENCE_MIN, confidence)), 2),
        reason="; ".join(told) + ".",
        reason_fr=" ; ".join(told_fr) + ".",
        shared=shared,
    )
