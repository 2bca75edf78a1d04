# SPDX-License-Identifier: Apache-2.0
"""How alike two titles are: in their wording, and in their subject.

Wording compares words in their order: identical text gives 1, one comma or one word less a little under it. Subject
compares what the text is about: terms of the trade count as one (`TRS` is `Time Release Study`), rare words count more
than frequent ones, and what every plan says (`develop`, `guidance`, `Members`) counts little. Both take English and
French. The words are data (`data/register/thesaurus.csv`): a plan on other subjects needs no code.

Reads: texts. Limits: 2,000 characters of a text; a term that more than 300 texts hold leads nobody to another.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import pairwise

import msgspec

from openecp.programme.action_plan.shipped import shipped_rows

TEXT_LENGTH_MAX = 2_000
STEMS_MAX = 65_536  # words whose stem is remembered
HOLDERS_MAX = 300  # a term that more texts hold is no ground to look at a pair
LEADING_TERMS = 8  # the weightiest terms of a text, through which its neighbours are found
_WORD = re.compile(r"[^\W_]+")
_MARK = "0"  # ends an acronym that counts only in capitals, so that `it` is not `IT`
_ACRONYM_LENGTH_MAX = 4
ACTS = ("weigh", "do", "keep")
_WEIGHTS = {"alias": 2.0, "weigh": 0.2, "do": 0.2, "keep": 0.2, "form": 0.35, "common": 0.3, "stop": 0.05}


class Thesaurus(msgspec.Struct, frozen=True):
    """Terms that mean the same, what every plan says, and words without a meaning of their own."""

    exact: dict[str, str]  # acronyms that count only in capitals: IT, SW
    acronyms: re.Pattern[str]  # finds them
    phrases: dict[str, tuple[tuple[tuple[str, ...], str, str], ...]]  # by first word: phrase, term, kind; longest first
    kinds: dict[str, str]  # stem -> weigh, do, keep, form, common; word -> stop
    forms: dict[str, str]  # term -> guidance, study, event, …
    names: dict[str, tuple[str, str]]  # term of the trade -> what it is called in English and in French


class Terms(msgspec.Struct, frozen=True):
    """What a text says: its terms in order, what they weigh, and what kind of act and of work it names."""

    sequence: tuple[str, ...]  # terms of the trade as one, other words as written
    words: tuple[str, ...]  # every word in lower case
    weights: dict[str, float]  # by stem; 2 a term of the trade, 1 a word, less what every plan says
    verb: str  # weigh, do or keep: the act that the text begins with; "" where it begins with a thing
    forms: frozenset[str]  # guidance, study, event, compendium, framework, system, capacity


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """How alike two texts are, 0 to 1 each; `shared` are the terms that both are about, the weightiest first."""

    repeated: float  # the same words in the same order, by weight: a word less on either side costs little
    wording: float
    wording_of_first: float  # how much of the first's wording stands in the second
    wording_of_second: float
    subject: float
    subject_of_first: float  # how much of what the first is about is in the second
    subject_of_second: float
    shared: tuple[str, ...]


@cache
def shipped_thesaurus() -> Thesaurus:
    """Return the terms of the trade that ship with the package, in English and French."""
    rows = shipped_rows("thesaurus")
    names = {row["means"]: (row["name_en"], row["name_fr"]) for row in rows if row["name_en"]}
    return thesaurus(((row["kind"], row["means"], row["words"].split(";")) for row in rows), names)


def thesaurus(
    rows: Iterable[tuple[str, str, list[str]]], names: Mapping[str, tuple[str, str]] | None = None
) -> Thesaurus:
    """Build a thesaurus of rows of kind, meaning and words; a kind is alias, weigh, do, keep, form, common or stop."""
    exact: dict[str, str] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
    kinds: dict[str, str] = {}
    forms: dict[str, str] = {}
    for kind, means, words in rows:
        for word in words:
            folded = tuple(_fold(word))
            if kind == "alias" and word[:2].isupper() and len(word) <= _ACRONYM_LENGTH_MAX:
                exact[word] = folded[0] + _MARK
                folded = (folded[0] + _MARK,)
            if kind in ("alias", "form") and (kind == "alias" or len(folded) > 1):
                term = means if kind == "alias" else " ".join(folded)
                phrases.setdefault(folded[0], []).append((folded, term, kind))
            else:
                term = folded[0] if kind == "stop" else stem(folded[0])
                kinds[term] = kind
            if kind == "form":
                forms[term] = means
    ordered = {first: tuple(sorted(group, key=lambda row: -len(row[0]))) for first, group in phrases.items()}
    acronyms = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(exact)))})\b")
    return Thesaurus(exact, acronyms, ordered, kinds, forms, dict(names or {}))


@lru_cache(maxsize=STEMS_MAX)
def stem(word: str) -> str:
    """Return a word without its plural and its commonest ending, so that `workshops` meets `workshop`."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word[-1] in "sx" and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if len(word) > 6 and word.endswith("ing"):
        return word[:-3]
    return word


def terms(text: str, words: Thesaurus | None = None) -> Terms:
    """Return what a text says; only its first 2,000 characters are read."""
    known = words or shipped_thesaurus()
    sequence: list[str] = []
    weights: dict[str, float] = {}
    forms: set[str] = set()
    verb: str | None = None
    folded = _fold(_spell_out(text[:TEXT_LENGTH_MAX], known))
    for term, kind in _read(folded, known):
        if not (kind == "alias" and sequence and sequence[-1] == term):  # a name and its acronym in brackets
            sequence.append(term)
        if verb is None and kind != "stop":
            verb = kind if kind in ACTS else ""
        form = known.forms.get(term)
        if form:
            forms.add(form)
        if kind != "stop":
            weights[term] = _WEIGHTS.get(kind, 1.0)
    return Terms(tuple(sequence), tuple(folded), weights, verb or "", frozenset(forms))


def weighed(told: Terms, words: Thesaurus | None = None) -> tuple[tuple[str, float], ...]:
    """Return each word's stem with its weight: where a term of the trade lost a word, the others still count."""
    known = words or shipped_thesaurus()
    found = []
    for word in told.words:
        kind = "stop" if len(word) == 1 else known.kinds.get(word) or known.kinds.get(stem(word), "")
        found.append((stem(word), _WEIGHTS.get(kind, 1.0)))
    return tuple(found)


def _spell_out(text: str, known: Thesaurus) -> str:
    """Replace acronyms that count only in capitals by a word that no text holds."""
    return known.acronyms.sub(lambda found: known.exact[found.group()], text) if known.exact else text


def _read(folded: list[str], known: Thesaurus) -> Iterable[tuple[str, str]]:
    """Yield the terms of a folded text with their kinds; the longest known phrase first."""
    place = 0
    while place < len(folded):
        word = folded[place]
        for phrase, term, kind in known.phrases.get(word, ()):
            if tuple(folded[place : place + len(phrase)]) == phrase:
                yield term, kind
                place += len(phrase)
                break
        else:
            place += 1
            if len(word) == 1 or known.kinds.get(word) == "stop":
                yield word, "stop"
            else:
                yield stem(word), known.kinds.get(stem(word), "")


def _fold(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def runs(told: Terms) -> Counter[tuple[str, ...]]:
    """Return the terms of a text and its pairs of neighbouring terms, each with its count."""
    words = told.sequence
    return Counter([*((word,) for word in words), *pairwise(words)])


def repeated(first: tuple[tuple[str, float], ...], second: tuple[tuple[str, float], ...]) -> float:
    """Return how much of two texts is the same words in the same order, by weight (longest common subsequence)."""
    if first == second:
        return 1.0 if first else 0.0
    best = [0.0] * (len(second) + 1)
    for word, weight in first:
        before = 0.0  # what was best one word earlier in both
        for place, (other, _) in enumerate(second, start=1):
            above = best[place]
            if word == other:
                best[place] = before + weight
            elif best[place - 1] > above:
                best[place] = best[place - 1]
            before = above
    total = math.fsum(weight for _, weight in first) + math.fsum(weight for _, weight in second)
    return 2 * best[-1] / (total or 1.0)


class Collection:
    """Texts that are compared with each other: which are alike is found through their rare terms, not pair by pair."""

    def __init__(self, texts: Mapping[str, str], words: Thesaurus | None = None) -> None:
        self.terms = {name: terms(text, words) for name, text in texts.items()}
        counts = Counter(term for told in self.terms.values() for term in told.weights)
        total = len(self.terms)
        self.rarity = {term: math.log(1 + total / count) for term, count in counts.items()}
        self.vectors = {name: self._vector(told) for name, told in self.terms.items()}
        self.holders: dict[str, list[str]] = {}  # term -> texts that hold it
        self.same: dict[tuple[str, ...], list[str]] = {}  # wording -> texts of this wording
        self.words = words
        self._runs: dict[str, Counter[tuple[str, ...]]] = {}  # these two are made when first asked for
        self._weighed: dict[str, tuple[tuple[str, float], ...]] = {}
        for name, vector in self.vectors.items():
            self.same.setdefault(self.terms[name].sequence, []).append(name)
            for term in vector:
                self.holders.setdefault(term, []).append(name)

    def _vector(self, told: Terms) -> dict[str, float]:
        """Return the weights of a text's terms, scaled so that their squares sum to 1; the weightiest first."""
        raw = {term: weight * self.rarity[term] for term, weight in told.weights.items()}
        length = math.sqrt(math.fsum(value * value for value in raw.values())) or 1.0
        return {term: raw[term] / length for term in sorted(raw, key=lambda term: (-raw[term], term))}

    def neighbours(self, name: str) -> set[str]:
        """Return the texts that may be like one: of the same wording, or sharing one of its weightiest terms."""
        found = set(self.same[self.terms[name].sequence][:HOLDERS_MAX])
        for term in list(self.vectors[name])[:LEADING_TERMS]:
            if len(self.holders[term]) <= HOLDERS_MAX:
                found.update(self.holders[term])
        return found - {name}

    def subject(self, first: str, second: str) -> float:
        """Return how alike two texts are in their subject alone; quicker than `likeness`."""
        right = self.vectors[second]
        return sum(weight * right[term] for term, weight in self.vectors[first].items() if term in right)

    def shown(self, like: Likeness, name: str, most: int = 4) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what two texts share, for a reader of English and one of French.

        A term of the trade has a name in both languages; other words are shown as one text has them, in English only.
        """
        known = (self.words or shipped_thesaurus()).names
        written = {stem(word): word for word in reversed(self.terms[name].words)}
        english = [known[term][0] if term in known else written.get(term, term) for term in like.shared]
        french = [known[term][1] for term in like.shared if term in known]
        return tuple(english[:most]), tuple(french[:most])

    def _weighed_of(self, name: str) -> tuple[tuple[str, float], ...]:
        if name not in self._weighed:
            self._weighed[name] = weighed(self.terms[name], self.words)
        return self._weighed[name]

    def _runs_of(self, name: str) -> Counter[tuple[str, ...]]:
        if name not in self._runs:
            self._runs[name] = runs(self.terms[name])
        return self._runs[name]

    def likeness(self, first: str, second: str) -> Likeness:
        """Return how alike two texts of the collection are."""
        left, right = self.vectors[first], self.vectors[second]
        shared = {term: left[term] * right[term] for term in left.keys() & right.keys()}
        runs_left, runs_right = self._runs_of(first), self._runs_of(second)
        common = sum(min(count, runs_right[run]) for run, count in runs_left.items() if run in runs_right)
        return Likeness(
            repeated=repeated(self._weighed_of(first), self._weighed_of(second)),
            wording=2 * common / ((runs_left.total() + runs_right.total()) or 1),
            wording_of_first=common / (runs_left.total() or 1),
            wording_of_second=common / (runs_right.total() or 1),
            subject=min(1.0, math.fsum(shared.values())),
            subject_of_first=min(1.0, math.fsum(left[term] ** 2 for term in shared)),
            subject_of_second=min(1.0, math.fsum(right[term] ** 2 for term in shared)),
            shared=tuple(sorted(shared, key=lambda term: (-shared[term], term))),
        )
