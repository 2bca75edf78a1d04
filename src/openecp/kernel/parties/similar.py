# SPDX-License-Identifier: Apache-2.0
"""People and firms that are written differently, grouped: beside the exact key, never in place of it.

Who has a word of the name and a part of the address in common with somebody is compared with them (blocks); who is
judged to be the same joins a group, unless the fullest forms of both groups contradict each other. What initials alone
suggest joins last, and only where it suggests one group.
Source: record linkage by blocking and pairwise comparison (Fellegi and Sunter 1969), with rules in place of weights.
Limits: two million rows; a block of more than 40 is searched among neighbours in the order of their keys.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from rapidfuzz.distance import OSA

from openecp.kernel.parties.entity_key import identifier_forms, plain_addresses, plain_names
from openecp.kernel.parties.likeness import Likeness, PartyForm, compared_form, folded, one_digit_off
from openecp.kernel.parties.name import NAME_LENGTH_MAX, head_word
from openecp.kernel.parties.plain_text import plain_lines

ROWS_MAX = 2_000_000
BLOCK_MAX = 40
NEIGHBOURS = 6
_SHIFT = 24


class Agreement(NamedTuple):
    """How well groups agree with the truth, over pairs of rows: share of right pairs, share of found ones, both."""

    precision: float
    recall: float
    f1: float


def similar(
    names: Sequence[str | None], addresses: Sequence[str | None], identifiers: Sequence[str | None] | None = None
) -> list[int]:
    """Return the group of each row: the number of its first row. Rows in which nobody is named stay alone.

    Raises: ValueError above `ROWS_MAX` rows.
    """
    if len(names) > ROWS_MAX:
        raise ValueError(f"similar: expected at most {ROWS_MAX} rows, got {len(names)}; group them in parts")
    if not names:
        return []
    forms = plain_names(names), plain_addresses(addresses), identifier_forms(identifiers or [None] * len(names))
    heads = [head_word(line.split()) for line in plain_lines(names, length_max=NAME_LENGTH_MAX)]
    rows = list(zip(*forms, heads, strict=True))
    distinct = list(dict.fromkeys(row for row in rows if row[0] or row[2]))
    number = {row: place for place, row in enumerate(distinct)}
    volume = Counter(word for row in rows for word in row[0].split())
    groups = _Groups(distinct, volume).grouped()
    first: dict[int, int] = {}
    found = []
    for place, row in enumerate(rows):
        group = groups[number[row]] if row in number else -1 - place
        found.append(first.setdefault(group, place))
    return found


def same_key(keys: Sequence[str]) -> list[int]:
    """Return the group of each row by its exact key, numbered as `similar` numbers; rows without a key stay alone."""
    first: dict[str, int] = {}
    return [first.setdefault(key, place) if key else place for place, key in enumerate(keys)]


def agreement(groups: Sequence[int], truth: Sequence[int]) -> Agreement:
    """Return precision, recall and F1 over all pairs of rows, computed from counts."""

    def pairs(labels: Counter[object]) -> int:
        return sum(count * (count - 1) // 2 for count in labels.values())

    both = pairs(Counter(zip(groups, truth, strict=True)))
    told, true = pairs(Counter(groups)), pairs(Counter(truth))
    precision, recall = both / told if told else 1.0, both / true if true else 1.0
    return Agreement(precision, recall, 2 * precision * recall / (precision + recall) if both else 0.0)


class _Groups:
    """The groups while they grow: a forest of rows, with the fullest form of each tree."""

    def __init__(self, rows: list[tuple[str, str, str, str]], volume: Counter[str]) -> None:
        self._forms = [compared_form(name, address, head) for name, address, _, head in rows]
        self._identifiers = [row[2] for row in rows]
        self._text = rows
        frequency = Counter(word for form in self._forms for word in form.names)
        self._likeness = Likeness(frequency, volume)
        self._parent = list(range(len(rows)))
        self._fullest = list(range(len(rows)))
        self._size = [len(form.names) * 4 + sum(map(len, form.names)) + 5 * len(form.numbers) + len(form.words)
                      + 5 * bool(form.postcode) for form in self._forms]  # fmt: skip

    def grouped(self) -> list[int]:
        """Return the group of each row."""
        by_identifier: dict[str, int] = {}
        for place, sign in enumerate(self._identifiers):
            if sign and (other := by_identifier.setdefault(sign, place)) != place:
                self._join(other, place)
        later: list[tuple[int, int]] = []
        weak: dict[int, set[int]] = defaultdict(set)
        numbers = [form.numbers for form in self._forms]
        postcodes = [form.postcode for form in self._forms]
        for one, other in self._candidates():
            mine, theirs = numbers[one], numbers[other]
            if mine and theirs and mine.isdisjoint(theirs) and postcodes[one] != postcodes[other]:
                continue  # most pairs that share a block live elsewhere: told here, since a call costs more
            if self._root(one) == self._root(other):
                continue
            match self._judge(one, other):
                case 3:
                    self._join_unless_contradicted(one, other)
                case 2:
                    later.append((one, other))
                case 1:
                    shorter = min(one, other, key=lambda place: (len("".join(self._forms[place].names)), place))
                    weak[shorter].add(one + other - shorter)
        for one, other in later:
            self._join_unless_contradicted(one, other)
        self._join_weak(weak)
        return [self._root(place) for place in range(len(self._parent))]

    def _judge(self, one: int, other: int) -> int:
        """Return 3 for the same, 2 with something missing, 1 by initials, 0 for no ground, -1 for two parties."""
        first, second = self._forms[one], self._forms[other]
        mine, theirs = self._identifiers[one], self._identifiers[other]
        if mine and theirs and OSA.distance(mine, theirs, score_cutoff=1) > 1:
            return -1
        if not self._text[one][1] and not self._text[other][1]:
            return 3 if self._likeness.names(first.names, second.names) == 3 else 0
        placed = self._likeness.addresses(first, second)
        if placed < 0 and len(first.names) > 1 and first.names == second.names and one_digit_off(first, second):
            return 2
        if placed <= 0:
            return placed
        named = self._likeness.names(first.names, second.names)
        if named == 2 and self._likeness.lacks_head(first, second):
            named = 1
        if named <= 0:
            return named
        return min(named, 3 if placed == 2 else 2 if named == 3 else 0)

    def _join_unless_contradicted(self, one: int, other: int) -> None:
        left, right = self._root(one), self._root(other)
        if left == right:
            return
        full, second = self._fullest[left], self._fullest[right]
        if (full, second) != (one, other) and self._judge(full, second) < 0:
            return
        self._join(left, right)

    def _join_weak(self, weak: dict[int, set[int]]) -> None:
        """Join what initials suggest where they suggest one group, for all rows of a group at once."""
        suggested: dict[int, set[int]] = defaultdict(set)
        for place, others in weak.items():
            suggested[self._root(place)] |= others
        for place in sorted(suggested):
            roots = {self._root(other) for other in suggested[place]} - {self._root(place)}
            fullest = sorted({self._fullest[root] for root in roots})
            if all(self._judge(one, other) > 1 for one, other in combinations(fullest[:5], 2)):
                for other in fullest:
                    self._join_unless_contradicted(place, other)

    def _root(self, place: int) -> int:
        parent = self._parent
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    def _join(self, one: int, other: int) -> None:
        left, right = sorted((self._root(one), self._root(other)))
        self._parent[right] = left
        full, second = self._fullest[left], self._fullest[right]
        if self._size[second] > self._size[full]:
            self._fullest[left] = second

    def _candidates(self) -> Iterator[tuple[int, int]]:
        """Yield each pair that shares a block, once."""
        seen: set[int] = set()
        for block in self._blocks():
            if len(block) <= BLOCK_MAX:
                pairs: Iterator[tuple[int, int]] = combinations(block, 2)
            else:
                block.sort(key=self._text.__getitem__)
                pairs = (
                    (block[at], other) for at in range(len(block)) for other in block[at + 1 : at + 1 + NEIGHBOURS]
                )
            for one, other in pairs:
                pair = (one << _SHIFT) | other if one < other else (other << _SHIFT) | one
                if pair not in seen:
                    seen.add(pair)
                    yield (one, other) if one < other else (other, one)

    def _blocks(self) -> Iterator[list[int]]:
        """Yield the rows that share two features: a word of the name by sound, a number, a postcode, a rare word."""
        seen_in = Counter(word for form in self._forms for word in form.words)
        features: dict[str, int] = {}
        keys: list[int] = []
        for place, form in enumerate(self._forms):
            for one, other in _feature_pairs(form, seen_in):
                key = features.setdefault(one, len(features)) << 22 | features.setdefault(other, len(features))
                keys.append(key << _SHIFT | place)
        keys.sort()
        block: list[int] = []
        last, low = -1, (1 << _SHIFT) - 1
        for number in keys:
            if number >> _SHIFT != last:
                if len(block) > 1:
                    yield block
                block, last = [], number >> _SHIFT
            if not block or block[-1] != number & low:
                block.append(number & low)
        if len(block) > 1:
            yield block


def _feature_pairs(form: PartyForm, seen_in: Counter[str]) -> Iterator[tuple[str, str]]:
    sounds = sorted({folded(word) for word in form.names if len(word) > 2}, key=len)[-3:]
    numbers = sorted(form.numbers, key=lambda one: (-len(one), one))[:3]
    for sound in sounds:
        for number in numbers:
            yield f"w{sound}", f"#{number}"
    yield from ((f"#{one}", f"#{other}") for one, other in combinations(sorted(numbers), 2))
    if form.postcode and numbers:
        yield f"#{numbers[0]}", f"@{form.postcode}"
    if not form.words and not numbers:  # nobody says where: the name alone, all of it
        yield from ((f"w{sound}", "alone") for sound in sounds)
    shared = sorted((seen_in[word], word) for word in form.words if seen_in[word] > 1)
    for _, word in shared[: 2 if numbers else 4]:
        for sound in sounds:
            yield f"w{sound}", f"&{word}"
