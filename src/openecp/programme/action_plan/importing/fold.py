# SPDX-License-Identifier: Apache-2.0
"""Text in the form in which it is compared: apostrophes, dashes and capitals folded, one character for one.

What was written is kept beside it: positions in folded text are positions in the text.
"""

from __future__ import annotations

import re

_TIDY = dict.fromkeys("\ufeff\u200b\u200c\u200d\u2060\u00ad", "")  # marks that take no room on paper
_TIDY |= {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "…": "..."}
_TIDY |= {"\r\n": "\n", "\r": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n\n", "\x0b": " "}
_FOLD = {
    **dict.fromkeys("’‘ʼ‛´`′", "'"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‐‑‒–—−", "-"),
    "İ": "i",
}
SPACE = re.compile(r"\s+")


def tidy(text: str) -> str:
    """Return text without byte order mark and unseen marks, with line feeds alone and without ligatures."""
    for mark, plain in _TIDY.items():
        if mark in text:
            text = text.replace(mark, plain)
    return text


def fold(text: str) -> str:
    """Return text to compare, as long as the text itself."""
    if text.isascii():
        return text.lower()
    for mark, plain in _FOLD.items():
        if mark in text:
            text = text.replace(mark, plain)
    lowered = text.lower()
    if len(lowered) != len(text):  # a capital whose small form is longer
        lowered = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
    return lowered


def squeeze(text: str) -> str:
    """Return folded text without any blank: words that were torn or wrapped compare equal."""
    return "".join(fold(text).split())


def one_line(text: str) -> str:
    """Return text with one blank between words; a hyphen that ends a line belongs to its word."""
    return SPACE.sub(" ", re.sub(r"(?<=\w)-[ \t]*\n\s*(?=\w)", "-", text)).strip()
