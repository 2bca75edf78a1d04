# SPDX-License-Identifier: Apache-2.0
"""Which of many texts may be alike, without comparing each with each.

Texts of the same words are one text. The others meet through the terms they share, rarest first, and through two
neighbouring words that few texts hold: so that near copies are found where every single word is frequent.

Limits: 600,000 steps of adding up, 60,000 pairs by neighbouring words, 6,000 pairs returned, the likeliest first.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import combinations, pairwise

from openecp.programme.action_plan.likeness import Collection

STEPS_MAX = 600_000
NEIGHBOURS_MAX = 60_000
EXAMINED_MAX = 6_000
SMALL_MAX = 600
COPIES_MAX = 20
SUBJECT_MIN = 0.2  # under it, two texts are not looked at


def candidates(collection: Collection) -> Iterator[tuple[str, str]]:
    """Yield the pairs of texts worth a closer look: in a small collection all that share a weighty term."""
    if len(collection.terms) > SMALL_MAX:
        yield from dict.fromkeys((*alike(collection)[0], *_same_words(collection)))
        return
    order = {name: number for number, name in enumerate(collection.terms)}
    for name, number in order.items():
        for other in sorted(collection.neighbours(name), key=order.__getitem__):
            if order[other] > number:
                yield name, other


def _same_words(collection: Collection) -> Iterator[tuple[str, str]]:
    """Yield the pairs of the same words, where they are not too many to mean anything."""
    for group in collection.same.values():
        if len(group) <= COPIES_MAX:
            yield from combinations(group, 2)


def alike(collection: Collection) -> tuple[list[tuple[str, str]], bool]:
    """Return the pairs that may be alike, in the order of the collection, and whether none was left out.

    Of a hundred texts of the same words each is paired with the first: nobody needs all 4,950 pairs.
    """
    order = {name: number for number, name in enumerate(collection.terms)}
    names = [group[0] for group in collection.same.values()]
    found, complete = _by_terms(collection, names)
    for first, second in _by_neighbours(collection, names):
        if (first, second) not in found:
            value = collection.subject(first, second)
            if value >= SUBJECT_MIN:
                found[first, second] = value
    best = heapq.nlargest(EXAMINED_MAX, ((value, *pair) for pair, value in found.items()))
    copies = [(group[0], other) for group in collection.same.values() for other in group[1:]]
    pairs = [*copies, *((first, second) for _, first, second in best)]
    ordered = [pair if order[pair[0]] < order[pair[1]] else (pair[1], pair[0]) for pair in pairs]
    return ordered, complete and len(best) == len(found)


def _by_terms(collection: Collection, names: list[str]) -> tuple[dict[tuple[str, str], float], bool]:
    """Return what pairs share, added up on the way; the most frequent terms are left out where steps would run out."""
    wanted = set(names)
    holders = {term: [name for name in held if name in wanted] for term, held in collection.holders.items()}
    steps, known = 0, set()
    for term in sorted(holders, key=lambda term: (len(holders[term]), term)):
        steps += len(holders[term]) * (len(holders[term]) - 1) // 2
        if steps > STEPS_MAX:
            break
        known.add(term)
    before: dict[str, list[tuple[str, float]]] = {term: [] for term in known}
    found: dict[tuple[str, str], float] = {}
    for name in names:
        shared: dict[str, float] = {}
        vector = collection.vectors[name]
        for term in vector.keys() & known:
            weight = vector[term]
            for other, its_weight in before[term]:
                if other in shared:
                    shared[other] += weight * its_weight
                else:
                    shared[other] = weight * its_weight
            before[term].append((name, weight))
        found.update({(other, name): value for other, value in shared.items() if value >= SUBJECT_MIN})
    return found, len(known) == len(holders)


def _by_neighbours(collection: Collection, names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs that hold the same two neighbouring words, where few texts hold them."""
    holders: dict[tuple[str, str], list[str]] = {}
    for name in names:
        for run in set(pairwise(collection.terms[name].sequence)):
            holders.setdefault(run, []).append(name)
    left = NEIGHBOURS_MAX
    for run in sorted(
        (run for run, held in holders.items() if len(held) > 1), key=lambda run: (len(holders[run]), run)
    ):
        held = holders[run]
        left -= len(held) * (len(held) - 1) // 2
        if left < 0:
            return
        for place, first in enumerate(held):
            for second in held[place + 1 :]:
                yield first, second
