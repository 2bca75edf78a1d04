# SPDX-License-Identifier: Apache-2.0
"""Words that a copy has torn with blanks (`guideli nes`) or spaced letter by letter (`g u i d e`).

Words are put together where the whole stands elsewhere in the document, or is a word of the language, and is far more
likely than its pieces. Each repair is told; what looks torn and cannot be mended for certain is told too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from math import log
from types import MappingProxyType
from typing import NamedTuple

from openecp.programme.action_plan.importing.fold import fold

WRAPPED = "-\u00ad"  # a hyphen at the end of a line, in text handed to `mend`
MARKS = "()[]{}'\".,:;!?*-/&"
_RUNS = re.compile(r"[^\W\d_]+")
_PIECES_MAX = 5
_SPACED_LETTERS_MIN = 4
_WORD_LETTERS_MAX = 24
_ZIPF = 12.0  # the most common word of a language is about every twelfth
_LETTER_WORDS = frozenset("aiàyêo")
_SMALL = ("of", "the", "on", "and", "to", "in", "for", "with", "by", "or")
_TWICE = 2
_PREFIX_LETTERS_MAX = 4
_LETTER = -3.0  # a letter beside a mark: e.g., e-commerce, the WCO's
_UNKNOWN, _HAPAX_ACRONYM = -25.0, -13.0  # logarithms of how likely such a word is
_JOIN, _JOIN_SEEN, _JOIN_KNOWN = (
    1.0,
    3.0,
    7.0,
)  # what the whole must be more likely than its pieces; than pieces that are words too
_COVERED = 0.65  # share of a document's words that a language knows where the document is in that language
_MARKED = re.compile(r"\u00ad|\d \d|\w[-/] \w|\w [-/]\w| [.,;)\]!?'’]|[(\[‘“] |(?:^| )\S \S \S(?: |$)")
_PUNCTUATION = re.compile(r"[.,;)\]!?]+|['’]s?")


class Mended(NamedTuple):
    """Words after repair, what was repaired (`guideli nes → guidelines`), and words that look torn."""

    text: str
    repairs: tuple[str, ...]
    doubtful: tuple[str, ...]


Language = Mapping[str, int]  # the words of a language: how many are more common than each
NO_LANGUAGE: Language = MappingProxyType({})


class Shape(NamedTuple):
    """A word: whether it is no known one, the letters that begin and end it, whether it is in capitals."""

    unknown: bool
    head: str
    tail: str
    capitals: bool


class Lexicon:
    """Words that are known to be whole: of the document, and of the language if the document is written in it."""

    def __init__(self, folded: list[str], language: Language = NO_LANGUAGE) -> None:
        self.seen: Counter[str] = Counter(_RUNS.findall(" ".join(folded)))
        self.tokens = folded
        self.total = max(len(folded), 1)
        words = {word: count for word, count in self.seen.items() if len(word) > 1}
        covered = sum(count for word, count in words.items() if word in language)
        self.language = language if covered >= _COVERED * sum(words.values()) > 0 else NO_LANGUAGE
        self.shapes: dict[str, Shape] = {}
        self._worth: dict[tuple[str, bool], float] = {}

    @cached_property
    def whole_tokens(self) -> frozenset[str]:
        """Return what stands between blanks in the document, without the marks around it."""
        return frozenset(token.strip(MARKS) for token in self.tokens)

    def worth(self, run: str, capitals: bool = False) -> float:
        """Return the logarithm of how likely a run of letters is to be a word."""
        key = (run, capitals)
        if key not in self._worth:
            self._worth[key] = self._likely(run, capitals)
        return self._worth[key]

    def whole(self, run: str) -> bool:
        """Return whether a run of letters stands whole elsewhere, or is a word of the language."""
        return run in self.language or self.seen[run] > 0

    def _likely(self, run: str, capitals: bool) -> float:
        count = self.seen[run]
        if len(run) == 1 and run not in _LETTER_WORDS:
            return _UNKNOWN
        if run in self.language:
            return max(-log(_ZIPF * (self.language[run] + 3)), log(max(count - 1, 1e-9) / self.total))
        if count > 1 and not (count == _TWICE and self._glued(run)):
            return log((count - 0.5) / self.total)
        if capitals and len(run) > 1:
            return _HAPAX_ACRONYM
        return _UNKNOWN if self.language else _HAPAX_ACRONYM

    def _glued(self, run: str) -> bool:
        """Return whether a run of letters is a word with a small word at its end or beginning: a lost blank."""
        rest = {run[len(small) :] for small in _SMALL if run.startswith(small)}
        rest |= {run[: -len(small)] for small in _SMALL if run.endswith(small)}
        return any(len(word) > 1 and word in self.language for word in rest)

    def shape(self, word: str) -> Shape:
        """Return whether a word is known, and the letters with which it could be joined to its neighbours."""
        found = self.shapes.get(word)
        if found is None:
            if word.isalpha() and len(word) > 1:
                run, capitals = fold(word), word.isupper()
                found = self.shapes[word] = Shape(self.worth(run, capitals) <= _UNKNOWN, run, run, capitals)
                return found
            runs = _RUNS.findall(fold(word))
            found = self.shapes[word] = Shape(
                _unknown(word, self),
                runs[0] if word[0].isalpha() else "",
                runs[-1] if word[-1].isalpha() else "",
                word.isupper(),
            )
        return found

    def joined(self, run: str) -> float:
        """Return the worth of a run that would come about by a repair: once elsewhere is enough."""
        if len(run) > 1 and run not in self.language and self.seen[run] == 1:
            return log(0.5 / self.total)
        return self.worth(run)


def mend(text: str, lexicon: Lexicon) -> Mended:
    """Return a text with its torn words put together, and what remains doubtful."""
    words = text.split()
    if not _MARKED.search(text) and not _may_be_torn(words, lexicon):
        return Mended(" ".join(words), (), ())
    repairs: list[str] = []
    words = [_unwrap(word, lexicon, repairs) for word in words]
    words = _unspace(words, lexicon, repairs)
    words = _close_marks(words, lexicon, repairs)
    words = _join(words, lexicon, repairs)
    return Mended(" ".join(words), tuple(repairs), _doubtful(words, lexicon))


def _may_be_torn(words: list[str], lexicon: Lexicon) -> bool:
    """Return whether a word is not known, or two neighbours would make a known one."""
    known = lexicon.shapes
    shapes = [known.get(word) or lexicon.shape(word) for word in words]
    if any(shape.unknown for shape in shapes):
        return True
    return any(
        left.tail and right.head and (lexicon.whole(left.tail + right.head) or (left.capitals and right.capitals))
        for left, right in pairwise(shapes)
    )


def _unspace(words: list[str], lexicon: Lexicon, repairs: list[str]) -> list[str]:
    """Put together letters that stand one by one, and part them into words again."""
    told: list[str] = []
    position = 0
    while position < len(words):
        end = position
        while end < len(words) and len(words[end]) == 1 and not words[end].isdigit():
            end += 1
        if end - position >= _SPACED_LETTERS_MIN:
            letters = "".join(words[position:end])
            told += _part(letters, lexicon)
            repairs.append(f"{' '.join(words[position:end])} → {' '.join(_part(letters, lexicon))}")
            position = end
        else:
            told.append(words[position])
            position += 1
    return told


def _part(letters: str, lexicon: Lexicon) -> list[str]:
    """Return the likeliest words that a run of letters is."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(letters) + 1):
        found = (-1e9, end - 1)
        for start in range(max(end - _WORD_LETTERS_MAX, 0), end):
            run = fold(letters[start:end]).strip(MARKS)
            worth = lexicon.joined(run) if run.isalpha() else _UNKNOWN * max(len(run), 0.2)
            found = max(found, (best[start][0] + worth, start))
        best.append(found)
    words, end = [], len(letters)
    while end:
        words.append(letters[best[end][1] : end])
        end = best[end][1]
    return words[::-1]


def _close_marks(words: list[str], lexicon: Lexicon, repairs: list[str]) -> list[str]:
    """Put marks back where they belong: no blank before a comma or a closing bracket, none after an opening one."""
    told: list[str] = []
    for word in words:
        left = told[-2] if told[-1:] == ["-"] and len(told) > 1 else ""
        if left and fold(f"{left}-{word}").strip(MARKS) in lexicon.whole_tokens:
            repairs.append(f"{left} - {word} → {left}-{word}")
            told[-2:] = [f"{left}-{word}"]
        elif told and _belongs(told[-1], word, lexicon):
            repairs.append(f"{told[-1]} {word} → {told[-1]}{word}")
            told[-1] += word
        else:
            told.append(word)
    return told


def _belongs(left: str, right: str, lexicon: Lexicon) -> bool:
    """Return whether there was no blank between two words: for their marks, or a hyphen that has none elsewhere."""
    if _PUNCTUATION.fullmatch(right) or left in ("(", "[", "‘", "“") or (left[-1] in "'’" and right == "s"):
        return True
    if left[-1] == "-" and len(left) > 1 and right[0].isalpha():
        return fold(left + right).strip(MARKS) in lexicon.whole_tokens
    return right[0] == "-" and len(right) > 1 and fold(left + right).strip(MARKS) in lexicon.whole_tokens


def _runs(word: str, lexicon: Lexicon) -> float:
    """Return how likely a word is, run of letters by run of letters."""
    worth = 0.0
    runs = _RUNS.findall(word)
    alone = len(runs) == 1 and len(word.strip(MARKS + "’‘“”")) == 1
    for run in runs:
        worth += _LETTER if len(run) == 1 and not alone else lexicon.worth(fold(run), run.isupper())
    return worth


def _unknown(word: str, lexicon: Lexicon) -> bool:
    """Return whether a word holds a run of letters that is no word; a short prefix before a hyphen may be one."""
    bare = word.strip(MARKS + "’‘“”")
    runs = _RUNS.findall(bare)
    for run in runs:
        if len(run) == 1 and len(bare) > 1:
            continue
        if len(run) <= _PREFIX_LETTERS_MAX and f"{run}-" in bare:
            continue
        if lexicon.worth(fold(run), run.isupper()) <= _UNKNOWN:
            return True
    return False


def _whole(word: str, lexicon: Lexicon) -> float | None:
    """Return how likely a word is that would come about by a repair, or None where it is not known."""
    worth = 0.0
    for run in _RUNS.findall(word):
        folded = fold(run)
        if len(run) > 1 and not lexicon.whole(folded):
            return None
        worth += _LETTER if len(run) == 1 else lexicon.joined(folded)
    return worth


def _join(words: list[str], lexicon: Lexicon, repairs: list[str]) -> list[str]:
    """Return the words in the likeliest grouping; pieces that are words themselves need a far likelier whole."""
    unknown = [lexicon.shape(word).unknown for word in words]
    single = [_runs(word, lexicon) for word in words]
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(words) + 1):
        found = (best[end - 1][0] + single[end - 1], end - 1)
        for start in range(max(end - _PIECES_MAX, 0), end - 1):
            pieces = words[start:end]
            torn = any(unknown[start:end])
            if (not torn and end - start > 2) or not all(_fits(left, right) for left, right in pairwise(pieces)):
                continue
            if not torn and not lexicon.whole(_edge(*pieces)):
                continue
            worth = _whole("".join(pieces), lexicon)
            if worth is None:
                continue
            cost = _JOIN if torn else _JOIN_KNOWN
            if lexicon.seen[_edge(pieces[0], pieces[1])]:
                cost = min(cost, _JOIN_SEEN)
            found = max(found, (best[start][0] + worth - cost, start))
        best.append(found)
    told: list[str] = []
    end = len(words)
    while end:
        start = best[end][1]
        told.append("".join(words[start:end]))
        if end - start > 1:
            repairs.append(f"{' '.join(words[start:end])} → {told[-1]}")
        end = start
    return told[::-1]


def _fits(left: str, right: str) -> bool:
    """Return whether two words may be pieces of one: a letter before the blank, and a letter after it."""
    return left[-1].isalpha() and right[0].isalpha()


def _edge(left: str, right: str) -> str:
    """Return the run of letters that would come about where two words meet."""
    return fold(_RUNS.findall(left)[-1] + _RUNS.findall(right)[0])


def _doubtful(words: list[str], lexicon: Lexicon) -> tuple[str, ...]:
    """Return what looks torn still: pieces that are no words, blanks after a hyphen or slash or between digits."""
    found = [word for word in words if lexicon.shape(word).unknown] if lexicon.language else []
    for left, right in pairwise(words):
        if _suspect(left, right, lexicon):
            found.append(f"{left} {right}")
    return tuple(dict.fromkeys(found))


def _suspect(left: str, right: str, lexicon: Lexicon) -> bool:
    if _fits(left, right):
        run, first, second = _edge(left, right), fold(_RUNS.findall(left)[-1]), fold(_RUNS.findall(right)[0])
        if run in lexicon.language and (len(second) > 1 or len(right) == 1):
            return lexicon.worth(run) > lexicon.worth(first) + lexicon.worth(second)
        capitals = left.isupper() and right.isupper() and len(first) + len(second) > 2
        rare = min(lexicon.seen[first], lexicon.seen[second]) <= 1
        return capitals and (rare or min(len(first), len(second)) == 1 or (left[0] == "(" and right[-1] == ")"))
    if left[-1].isdigit() and right[0].isdigit():
        return True
    return (left[-1] in "-/" and left[-2:-1].isalnum()) or (right[0] in "-/" and right[1:2].isalnum())


def _unwrap(word: str, lexicon: Lexicon, repairs: list[str]) -> str:
    """Return a word without the mark of a wrapped hyphen; without the hyphen too, where it only ended a line."""
    if WRAPPED not in word:
        return word
    kept, without = word.replace(WRAPPED, "-"), word.replace(WRAPPED, "")
    known, bare = fold(kept).strip(MARKS), fold(without).strip(MARKS)
    pieces = _RUNS.findall(known)
    torn = any(not lexicon.whole(piece) for piece in pieces if len(piece) > 1)
    if bare.isalpha() and lexicon.tokens.count(known) < 2 and lexicon.whole(bare) and (torn or lexicon.seen[bare] > 0):
        repairs.append(f"{kept} → {without}")
        return without
    return kept
