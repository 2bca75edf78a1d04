# SPDX-License-Identifier: Apache-2.0
"""A name as it is compared: plain Latin letters, words apart, what tells little marked, in one order.

Order of words, case, accents, script, marks of direction and letters of another script that look alike make no
difference. Reads: `kernel.parties.plain_text`. Limits: the first 200 characters and 16 words of a name count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from anyascii import anyascii

from openecp.border.risk.watchlist.words import HONORIFICS, LEGAL_FORMS, LEGAL_PHRASES, PARTICLES, SAME_WORDS
from openecp.kernel.parties.plain_text import plain_lines

NAME_LENGTH_MAX = 200
WORDS_MAX = 16
# letters of Cyrillic and Greek that look like Latin ones, taken so only inside a word that has Latin letters too
_ALIKE = str.maketrans(
    "аеорсухіјѕԁһкмтвнАВЕКМНОРСТХІЈЅУΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοικνρτυ",
    "aeopcyxijsdhkmtbhABEKMHOPCTXIJSYABEZHIKMNOPTYXaoiknptu",
)
_SYLLABLES = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff]")
_OTHER = frozenset(chr(code) for code in _ALIKE)


class PlainName(NamedTuple):
    """A name as it is compared: its words in one order, those that tell who it is, its legal form."""

    words: tuple[str, ...]  # sorted
    telling: tuple[str, ...]  # those that are no particle; all where there are only particles
    legal: str
    person: bool
    glued: tuple[str, ...]  # neighbours written as one word
    text: str  # the words with blanks

    @property
    def key(self) -> str:
        """What equal names share."""
        return f"{'p' if self.person else 'o'} {self.text} {self.legal}"


def plain_names(names: Sequence[str], *, person: bool) -> list[PlainName]:
    """Return names as they are compared; `person` says whether they are of people."""
    cut = [_unmasked(name[: 2 * NAME_LENGTH_MAX]) for name in names]
    if not cut:
        return []
    return [_plain(line, person) for line in plain_lines(cut, length_max=NAME_LENGTH_MAX)]


def _unmasked(name: str) -> str:
    """Return a name without invisible signs, and with Latin letters where a word mixes scripts that look alike."""
    if name.isascii():
        return name
    name = "".join([sign for sign in unicodedata.normalize("NFKC", name) if unicodedata.category(sign) != "Cf"])
    words = name.split(" ")
    for place, word in enumerate(words):
        if _SYLLABLES.search(word):  # 习近平 is one word, Xijinping, not three
            words[place] = anyascii(word).lower()
        elif any(sign.isascii() and sign.isalpha() for sign in word) and not _OTHER.isdisjoint(word):
            words[place] = word.translate(_ALIKE)
    return " ".join(words)


def _plain(line: str, person: bool) -> PlainName:
    words = line.split()[: 3 * WORDS_MAX]
    legal = ""
    if person:
        words = [word for word in words if word not in HONORIFICS] or words
    else:
        words, legal = _firm_words(words)
    words = words[:WORDS_MAX]
    glued = tuple(a + b for a, b in pairwise(words))
    words.sort()
    telling = tuple(word for word in words if word not in PARTICLES) or tuple(words)
    return PlainName(tuple(words), telling, legal, person, glued, " ".join(words))


def _firm_words(words: list[str]) -> tuple[list[str], str]:
    """Return the words of a firm's name with initials joined and the legal form apart."""
    joined: list[str] = []
    letters = ""
    for word in words:
        if len(word) == 1 and word.isalpha():
            letters += word
            continue
        if letters:
            joined.append(letters)
            letters = ""
        joined.append(word)
    if letters:
        joined.append(letters)
    legal = ""
    text = f" {' '.join(joined)} "
    for phrase, form in LEGAL_PHRASES:
        if phrase in text and len(text) > len(phrase):
            legal = legal or form
            text = text.replace(phrase, " ")
    joined = text.split()
    found: list[str] = []
    for word in joined:
        if word in LEGAL_FORMS and (found or len(joined) > 1):
            legal = legal or LEGAL_FORMS[word]
        elif word != "and":
            found.append(SAME_WORDS.get(word, word))
    return found or joined, legal
