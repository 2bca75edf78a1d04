# SPDX-License-Identifier: Apache-2.0
"""Words as senders write them, in the form in which they are compared; patterns that read them alike in every engine.

A pattern is built of characters, classes, groups, `*`, `+`, `?` and `|` alone, so that Python, DuckDB (RE2) and Spark
(Java) give one answer. It reads a folded field: no accents, lower case, a blank before and after.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LONGEST = 240  # characters of a field that are looked at: a longer one says something
_APART = (
    "\\x01-/:-@\\[-`{-~\\x80-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf×÷"
    "\u2000-\u206f\u3000-\u3004\u3008-\u3020\uff01-\uff0f\uff1a-\uff20"
)
APART = f"[{_APART}]"  # one character between words
WORD = f"[^{_APART}]"  # one character of a word
GAP = "[ -/:-@_]+"  # between the words of one term: a short class, since it stands in a pattern hundreds of times
NO_TEXT = "[^\\x01-\U0010ffff]"  # matches nothing


def fold(text: str) -> str:
    """Return a text without accents, in lower case, with a blank before and after."""
    if not text.isascii():
        marks = (letter for letter in unicodedata.normalize("NFD", text) if unicodedata.category(letter)[0] != "M")
        text = unicodedata.normalize("NFC", "".join(marks))
    return f" {text.lower()} "


def _blanks() -> dict[int, str]:
    spans = (
        (1, 0x2F),
        (0x3A, 0x40),
        (0x5B, 0x60),
        (0x7B, 0x7E),
        (0x80, 0xA9),
        (0xAB, 0xB4),
        (0xB6, 0xB9),
        (0xBB, 0xBF),
    )
    others = ((0xD7, 0xD7), (0xF7, 0xF7), (0x2000, 0x206F), (0x3000, 0x3004), (0x3008, 0x3020))
    wide = ((0xFF01, 0xFF0F), (0xFF1A, 0xFF20))
    return {code: " " for first, last in (*spans, *others, *wide) for code in range(first, last + 1)}


BLANKS = _blanks()  # what stands between words, to be made a blank


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are compared."""
    return fold(text).translate(BLANKS).split(" ")[1:-1] if text else []


def normal(text: str) -> str:
    """Return a text as it is compared: its words with one blank between them."""
    return " ".join(word for word in words_of(text) if word)


def forms(term: str) -> list[str]:
    """Return a term as it is compared, in the singular and the plural of its last word."""
    whole = normal(term)
    first, blank, last = whole.rpartition(" ")
    if not last.isascii() or len(last) < 3 or last.isdigit():
        return [whole]
    ends = {last}
    if last.endswith("ies"):
        ends.add(last[:-3] + "y")
    elif last.endswith("y") and last[-2] not in "aeiou":
        ends.add(last[:-1] + "ies")
    elif last.endswith(("xes", "ches", "shes", "sses")):
        ends.add(last[:-2])
    elif last.endswith(("x", "ch", "sh", "ss")):
        ends.add(last + "es")
    elif last.endswith("s"):
        ends.add(last[:-1])
    else:
        ends.add(last + "s")
    return [f"{first}{blank}{end}" for end in sorted(ends)]


def any_of(texts: Iterable[str], *, either_case: bool = False) -> str:
    """Return a pattern for any of these comparable texts, shared beginnings once; one that matches nothing if none."""
    tree: dict[str, dict] = {}  # type: ignore[type-arg] # it holds itself
    for text in texts:
        branch = tree
        for letter in text:
            branch = branch.setdefault(letter, {})
        branch[""] = {}
    return _branches(tree, either_case) if tree else NO_TEXT


def _branches(tree: dict[str, dict], either: bool) -> str:  # type: ignore[type-arg] # it holds itself
    found = [_letter(letter, either) + _branches(rest, either) for letter, rest in sorted(tree.items()) if letter]
    if not found:
        return ""
    joined = found[0] if len(found) == 1 and "" not in tree else f"(?:{'|'.join(found)})"
    return joined + "?" if "" in tree else joined


def _letter(letter: str, either: bool) -> str:
    if letter == " ":
        return GAP
    other = letter.upper()
    return f"[{letter}{other}]" if either and other != letter and len(other) == 1 else letter
