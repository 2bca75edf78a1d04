# SPDX-License-Identifier: Apache-2.0
"""What a text is weighed by: hashes of its words, its pairs of words, and pieces of words that are not known.

Hashes only: a model holds no word. Its weights tell how strongly a hash speaks for a code, no order and no sentence.
"""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

from openecp.border.data_quality.words import fold

LONGEST_TEXT = 1_000  # characters that are weighed
MOST_WORDS = 60
_WORD = re.compile(r"[^\W_]+")
_EMPTY = frozenset(
    [
        "of",
        "the",
        "and",
        "or",
        "for",
        "in",
        "to",
        "with",
        "not",
        "other",
        "than",
        "nes",
        "no",
        "a",
        "an",
        "by",
        "whether",
        "on",
        "as",
        "including",
        "similar",
        "thereof",
        "chapter",
        "heading",
        "subheading",
        "excluding",
        "except",
        "from",
        "these",
        "their",
        "its",
        "put",
        "up",
        "otherwise",
        "specified",
        "elsewhere",
        "included",
        "described",
        "means",
        "de",
        "la",
        "le",
        "les",
        "et",
        "du",
        "des",
        "pour",
        "und",
        "fur",
        "der",
        "die",
        "das",
        "von",
        "el",
        "los",
        "las",
        "y",
        "para",
        "piece",
        "pc",
        "pcs",
        "set",
        "new",
        "unit",
    ]
)
PAIR, PIECE = 0.7, 0.6  # weight of a pair of words, and of a piece of an unknown word


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return a word without its English plural ending."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def telling_words(text: str) -> list[str]:
    """Return the words of a text that may tell what the goods are."""
    found = (word for word in _WORD.findall(fold(text[:LONGEST_TEXT])) if not word.isdigit())
    return [stem(word) for word in found if word not in _EMPTY][:MOST_WORDS]


@lru_cache(maxsize=65_536)
def word_hash(word: str) -> int:
    """Return the hash of a word."""
    return crc32(b"w" + word.encode())


def pair_hash(first: str, second: str) -> int:
    """Return the hash of two words that follow each other."""
    return crc32(f"b{first} {second}".encode())


@lru_cache(maxsize=16_384)
def piece_hashes(word: str) -> tuple[int, ...]:
    """Return the hashes of the pieces of a word of three to five letters, its ends marked."""
    marked = f"^{word}$"
    lengths = (3, 4, 5) if word.isascii() else (1, 2, 3)
    pieces = {marked[i : i + n] for n in lengths for i in range(len(marked) - n + 1)} - {"^", "$"}
    return tuple(crc32(b"c" + piece.encode()) for piece in sorted(pieces))
