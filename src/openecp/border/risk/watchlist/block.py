# SPDX-License-Identifier: Apache-2.0
"""Finds the few names of a list that are worth comparing with a name: those that share enough of its rarer words.

A word finds itself, what sounds like it, what is one typing error away, and what is parted or joined differently.
Reads: names as `plain` makes them. Limits: at most `CANDIDATES_MAX` rows a name; a word that begins and sounds
differently and has two errors is not found by itself, the other words of the name have to do it.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import log
from typing import Any

from rapidfuzz import fuzz

from openecp.border.risk.watchlist.alike import bones, run_together, word_alike
from openecp.border.risk.watchlist.plain import PlainName
from openecp.border.risk.watchlist.words import SHORT_NAMES

CANDIDATES_MAX = 20  # that are compared in full
LOOKED_AT_MAX = 40  # that are looked at as texts
SHARE_MIN = 0.45  # of the weight of the words of the shorter name
SHARE_SURE = 0.75  # from here on likeness as sets of words is enough
TEXT_MIN, RUN_TOGETHER_MIN = 70, 75  # likeness of the texts, of 100
ALIKE_MIN = 0.6
_REMEMBERED_MAX = 5_000_000  # rows behind the words seen last


class Blocks:
    """The words of a list's names with the rows that have them. For one thread at a time."""

    def __init__(self, names: Sequence[PlainName], *, wide: bool = False) -> None:
        """Index some names; `wide` gives all that share words, whether their texts are alike or not."""
        import numpy

        self._numpy: Any = numpy
        self._wide = wide
        own: dict[str, array[int]] = defaultdict(lambda: array("i"))
        glued: dict[str, array[int]] = defaultdict(lambda: array("i"))
        for row, name in enumerate(names):
            for word in dict.fromkeys(name.telling):
                own[word].append(row)
            for word in dict.fromkeys(name.glued):
                glued[word].append(row)
        self._own, self._glued = dict(own), dict(glued)
        self._many = max(len(names), 2)
        self._total = numpy.array([self._sum(name.telling) for name in names] or [0.0])
        self._scratch = numpy.zeros(max(len(names), 1))
        self._texts = [name.text for name in names]
        self._telling = [name.telling for name in names]
        self._joined = ["".join(name.telling) for name in names]
        forms: dict[int, list[str]] = defaultdict(list)
        for word in own:
            for form in _forms(word):
                forms[form].append(word)
        self._forms = dict(forms)
        self._seen: dict[str, tuple[Any, Any] | None] = {}
        self._remembered = 0

    def _weight(self, word: str) -> float:
        return log(1 + self._many / len(self._own.get(word, "1")))

    def _sum(self, words: Iterable[str]) -> float:
        return sum([self._weight(word) for word in set(words)])

    def candidates(self, name: PlainName) -> list[int]:
        """Return the rows worth comparing with a name, most promising first."""
        numpy, scratch = self._numpy, self._scratch
        near = [found for word in dict.fromkeys(name.telling) if (found := self._near(word)) is not None]
        for word in name.glued:
            if word in self._own and word not in name.telling:
                near.append((self._array(self._own[word]), self._weight(word)))
        if not near:
            return []
        for rows, weights in near:
            scratch[rows] += weights
        rows = numpy.concatenate([rows for rows, _ in near])
        found = scratch[rows]
        scratch[rows] = 0.0
        total = self._total[rows]
        mine = self._sum(name.telling)
        good = found >= SHARE_MIN * numpy.minimum(total, mine)
        if not good.any():
            return []
        rows, place = numpy.unique(rows[good], return_index=True)
        found, total = found[good][place], total[good][place]
        order = numpy.lexsort((rows, -found / (total + mine)))[:LOOKED_AT_MAX]
        if self._wide:
            return [int(row) for row in rows[order][:CANDIDATES_MAX]]
        shares = found / numpy.minimum(total, mine)
        return self._looked_at(name, rows[order].tolist(), shares[order].tolist())

    def _looked_at(self, name: PlainName, rows: list[int], shares: list[float]) -> list[int]:
        """Return those of some rows whose texts are alike: as sets of words, or run together."""
        text, joined = name.text, "".join(name.telling)
        one = len(name.telling) == 1
        kept = []
        for row, share in zip(rows, shares, strict=True):
            other = self._texts[row]
            alike = fuzz.token_set_ratio(text, other, score_cutoff=TEXT_MIN) if share >= SHARE_SURE else 0.0
            if not alike:
                alike = fuzz.ratio(joined, self._joined[row], score_cutoff=RUN_TOGETHER_MIN)
            if not alike and (one or " " not in other):
                alike = 100 * run_together(name.telling, self._telling[row])
                alike = alike if alike >= RUN_TOGETHER_MIN else 0.0
            if alike:
                kept.append((-alike, row))
        kept.sort()
        return [row for _, row in kept[:CANDIDATES_MAX]]

    def _array(self, rows: array[int]) -> Any:
        return self._numpy.frombuffer(rows, dtype=self._numpy.intc)

    def _near(self, word: str) -> tuple[Any, Any] | None:
        """Return the rows with a word that can be this one, and what sharing it weighs; None where there are none."""
        if word in self._seen:
            return self._seen[word]
        numpy = self._numpy
        parts: list[tuple[Any, float]] = []
        for other in sorted({other for form in _forms(word) for other in self._forms.get(form, ())}):
            alike, _ = word_alike(word, other)
            if alike >= ALIKE_MIN:
                parts.append((self._array(self._own[other]), alike * self._weight(other)))
        if word in self._glued:
            parts.append((self._array(self._glued[word]), log(1 + self._many)))
        found = None
        if parts:
            rows = numpy.concatenate([rows for rows, _ in parts])
            weights = numpy.concatenate([numpy.full(len(rows), weight) for rows, weight in parts])
            if len(parts) > 1:  # a row counts once, with its best word
                order = numpy.lexsort((-weights, rows))
                rows, first = numpy.unique(rows[order], return_index=True)
                weights = weights[order][first]
            found = rows, weights
            self._remembered += len(rows)
        if self._remembered > _REMEMBERED_MAX or len(self._seen) > _REMEMBERED_MAX // 20:
            self._seen.clear()
            self._remembered = 0
        self._seen[word] = found
        return found


def _forms(word: str) -> set[int]:
    """Return the forms under which a word is found: itself, less one letter, its sound."""
    found = {hash(word)}
    if len(word) > 2:
        found.update([hash(word[:at] + word[at + 1 :]) for at in range(len(word))])
        found.add(hash("~" + bones(word)))
    found.update([hash(f"={group}") for group in SHORT_NAMES.get(word, ())])
    return found
