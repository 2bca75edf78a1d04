# SPDX-License-Identifier: Apache-2.0
"""Words that a copy has torn with blanks (`guideli nes`) or spaced letter by letter (`g u i d e`).

A torn word is put together where the whole stands elsewhere in the document, or in a list of words of the language;
each repair is told, and what looks torn but cannot be mended is told too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from openecp.programme.action_plan.importing.fold import fold

_EDGE = re.compile(r"^\W+|\W+$")
_PIECES_MAX = 4


class Mended(NamedTuple):
    """Words after repair, what was repaired (`guideli nes` → `guidelines`), and words that look torn."""

    text: str
    repairs: tuple[str, ...]
    doubtful: tuple[str, ...]


class Lexicon:
    """Words that are known: how often the document writes each, and how common each is in the language."""

    def __init__(self, words: list[str], language: Mapping[str, int] | None = None) -> None:
        self.seen: Counter[str] = Counter(bare(word) for word in words)
        self.language = language or {}

    def known(self, word: str) -> bool:
        """Return whether a word (folded, bare) is whole for certain."""
        return word in self.language or self.seen[word] > 1


def bare(word: str) -> str:
    """Return a word as it is compared: folded, without the marks around it."""
    return _EDGE.sub("", fold(word))


def mend(text: str, lexicon: Lexicon) -> Mended:
    """Return a text with its torn words put together."""
    words = text.split(" ")
    repairs: list[str] = []
    whole: list[str] = []
    position = 0
    while position < len(words):
        taken = _torn(words, position, lexicon)
        if taken > 1:
            piece = words[position : position + taken]
            repairs.append(f"{' '.join(piece)} → {''.join(piece)}")
            whole.append("".join(piece))
        else:
            whole.append(words[position])
        position += max(taken, 1)
    return Mended(" ".join(whole), tuple(repairs), ())


def _torn(words: list[str], position: int, lexicon: Lexicon) -> int:
    """Return how many words from a position on are pieces of one torn word; 1 where the word is whole."""
    for count in range(_PIECES_MAX, 1, -1):
        pieces = words[position : position + count]
        if len(pieces) < count:
            continue
        joined = bare("".join(pieces))
        if not joined.isalpha() or not (lexicon.known(joined) or lexicon.seen[joined]):
            continue
        if any(not lexicon.known(bare(piece)) or len(bare(piece)) == 1 for piece in pieces):
            return count
    return 1
