# SPDX-License-Identifier: Apache-2.0
"""How alike two names are, in parts: each word with the word that fits best, what is left over, the whole.

Reads: names as `plain` makes them. The parts are the same whichever name comes first and in whatever order its words
stand. Source: record linkage by comparison of fields (Fellegi and Sunter 1969), words compared by edit distance.
Limits: 16 words a name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import permutations
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from openecp.border.risk.watchlist.plain import PlainName
from openecp.border.risk.watchlist.words import PARTICLES, SHORT_NAMES
from openecp.kernel.parties.likeness import folded

# name of a part, the direction in which it may speak (1 for the same party, -1 against), what it says
PARTS: tuple[tuple[str, int, str], ...] = (
    ("worst_word", 1, "how well the word that fits worst fits, of the shorter name"),
    ("longer_covered", 1, "share of the longer name that has its counterpart"),
    ("whole_set", 1, "likeness of the two sets of words as texts"),
    ("run_together", 1, "likeness of the names without blanks"),
    ("words_apart", -1, "words that have no counterpart on either side, or a bad one"),
    ("one_of_many", -1, "a single word against a name of several"),
    ("legal_form_differs", -1, "two different legal forms"),
    ("letters_missing", -1, "letters of the shorter name's words without counterpart"),
    ("letters_apart", -1, "letters without counterpart on both sides"),
    ("firm", 1, "the names are not of people"),
    ("same", 1, "the same words"),
)
PAIRED_MIN = 0.5  # less alike is no pair
_VOWELS = re.compile(r"[aeiouy]")
_NONE: frozenset[int] = frozenset()


class WordPair(NamedTuple):
    """Two words that were taken for one another, how alike they are from 0 to 1, and why."""

    one: str
    other: str
    alike: float
    how: str  # equal, sound, short name, initial, typing, joined


class Likeness(NamedTuple):
    """The parts of a comparison in the order of `PARTS`, and the words that were paired."""

    parts: tuple[float, ...]
    pairs: tuple[WordPair, ...]


@lru_cache(maxsize=200_000)
def bones(word: str) -> str:
    """Return a word by its consonants as they sound."""
    sound = folded(word)
    return sound[:1] + _VOWELS.sub("", sound[1:])


@lru_cache(maxsize=1_000_000)
def word_alike(one: str, other: str) -> tuple[float, str]:
    """Return how alike two words are from 0 to 1, and why."""
    if one == other:
        return 1.0, "equal"
    if len(one) == 1 or len(other) == 1:
        return (0.8, "initial") if one[0] == other[0] else (0.0, "")
    if one.isdigit() or other.isdigit():
        return 0.0, ""
    alike = OSA.normalized_similarity(one, other, score_cutoff=PAIRED_MIN)
    if not SHORT_NAMES.get(one, _NONE).isdisjoint(SHORT_NAMES.get(other, _NONE)):
        return max(alike, 0.95), "short name"
    if folded(one) == folded(other):
        return max(alike, 0.93), "sound"
    if min(len(one), len(other)) > 3 and len(bones(one)) > 2 and bones(one) == bones(other):
        return max(alike, 0.88), "sound"
    if len(one) == len(other) > 3 and alike < 0.87 and sorted(one) == sorted(other):
        return 0.87, "typing"  # letters in the wrong order
    return alike, "typing"


@lru_cache(maxsize=200_000)
def _weight(word: str) -> float:
    if word in PARTICLES:
        return 0.25
    return 0.4 if len(word) == 1 else 0.6 if len(word) < 4 else 1.0


def compare(one: PlainName, other: PlainName) -> Likeness:
    """Return the parts of the comparison of two names."""
    if (len(one.words), one.words) > (len(other.words), other.words):
        one, other = other, one
    left, right = list(one.words), list(other.words)
    pairs = word_pairs(left, right)
    telling = [pair for pair in pairs if pair.one not in PARTICLES or pair.other not in PARTICLES]
    missing = [word for word in left if word and word not in PARTICLES]
    more = [word for word in right if word and word not in PARTICLES]
    worst = min([pair.alike for pair in telling], default=0.0)
    matched = sum([_weight(pair.other) * pair.alike for pair in pairs])
    total = sum([_weight(word) for word in right if word]) + sum([_weight(pair.other) for pair in pairs])
    apart = min(len(missing), len(more)) + sum([pair.alike < 0.65 for pair in telling])
    lost, gained = sum(map(len, missing)), sum(map(len, more))
    few, many = sorted((len(one.telling), len(other.telling)))
    parts = (
        min(worst, 0.3) if missing else worst,
        matched / total if total else 0.0,
        fuzz.token_set_ratio(one.text, other.text) / 100,
        run_together(one.telling, other.telling),
        min(apart, 3) / 3,
        float(few == 1 and many > 1 and not any(pair.how == "joined" for pair in pairs)),
        float(bool(one.legal and other.legal and one.legal != other.legal)),
        min(lost, 12) / 12,
        min(lost, gained, 12) / 12,
        float(not (one.person or other.person)),
        float(one.words == other.words),
    )
    return Likeness(parts, tuple(pairs))


def run_together(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Return how alike two names are without blanks; a single word is compared with the other in every order."""
    if len(one) > len(other):
        one, other = other, one
    if len(one) == 1 and 1 < len(other) <= 4:
        return max([fuzz.ratio(one[0], "".join(order)) for order in permutations(other)]) / 100
    return fuzz.ratio("".join(one), "".join(other)) / 100


def word_pairs(mine: list[str], theirs: list[str]) -> list[WordPair]:
    """Pair the words of two names, best first; what was paired is blanked in both."""
    ranked = []
    for place, word in enumerate(mine):
        for other_place, other in enumerate(theirs):
            alike, how = word_alike(word, other)
            if alike >= PAIRED_MIN:
                first, second = (word, other) if word <= other else (other, word)
                ranked.append((-alike, -len(word) - len(other), first, second, place, other_place, how))
    ranked.sort()
    found: list[WordPair] = []
    for alike, _, _, _, place, other_place, how in ranked:
        word, other = mine[place], theirs[other_place]
        if not word or not other:
            continue
        if alike > -0.8 and (_joined(mine, theirs, place, found, turned=False)
                             or _joined(theirs, mine, other_place, found, turned=True)):  # fmt: skip
            continue
        found.append(WordPair(word, other, -alike, how))
        mine[place] = theirs[other_place] = ""
    for place, word in enumerate(mine):
        if word:
            _joined(mine, theirs, place, found, turned=False)
    for place, word in enumerate(theirs):
        if word:
            _joined(theirs, mine, place, found, turned=True)
    return found


def _joined(mine: list[str], theirs: list[str], place: int, found: list[WordPair], *, turned: bool) -> bool:
    """Pair one word with two that stand for it together (Abdulhai, Abdul Hai); say whether there were any."""
    word = mine[place]
    if len(word) < 5:
        return False
    for at, head in enumerate(theirs):
        if not head or len(head) >= len(word) or not word.startswith(head[:2]):
            continue
        for to, tail in enumerate(theirs):
            if to == at or not tail or abs(len(head) + len(tail) - len(word)) > 1:
                continue
            alike, _ = word_alike(word, head + tail)
            if alike >= 0.85:
                both = f"{head} {tail}"
                found.append(WordPair(both, word, alike, "joined") if turned else WordPair(word, both, alike, "joined"))
                mine[place] = theirs[at] = theirs[to] = ""
                return True
    return False
