# SPDX-License-Identifier: Apache-2.0
"""Text in the form in which it is compared: apostrophes, dashes and capitals folded, one character for one.

What was written is kept beside it: positions in folded text are positions in the text.
"""

from __future__ import annotations

import re

_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "…": "..."}
_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad"))  # marks that take no room on paper
_TIDY = _UNSEEN | str.maketrans(_LIGATURES) | {0x85: "\n", 0x2028: "\n", 0x2029: "\n\n", 0x0B: " "}
_FOLD = str.maketrans("’‘ʼ‛´`′“”„«»‐‑‒–—−İ", "'''''''\"\"\"\"\"------i")
SPACE = re.compile(r"\s+")


def tidy(text: str) -> str:
    """Return text without byte order mark and unseen marks, with line feeds alone and without ligatures."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_TIDY)


def fold(text: str) -> str:
    """Return text to compare, as long as the text itself."""
    if text.isascii():
        return text.lower()
    lowered = text.translate(_FOLD).lower()
    if len(lowered) != len(text):  # a capital whose small form is longer
        lowered = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text.translate(_FOLD))
    return lowered


def squeeze(text: str) -> str:
    """Return folded text without any blank: words that were torn or wrapped compare equal."""
    return "".join(fold(text).split())


def one_line(text: str) -> str:
    """Return text with one blank between words; a hyphen that ends a line belongs to its word."""
    return SPACE.sub(" ", re.sub(r"(?<=\w)-[ \t]*\n\s*(?=\w)", "-", text)).strip()
