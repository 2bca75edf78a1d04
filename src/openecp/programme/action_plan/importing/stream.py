# SPDX-License-Identifier: Apache-2.0
"""A text as a run of words with what stood between them: a blank, several blanks, a tab, a new line, an empty line.

Layouts differ, and copies lose them; words and their order stay. So rules look at words and weigh what is between.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from operator import add

from openecp.programme.action_plan.importing.fold import fold

BLANK, LINE, WIDE, TAB, CELL, PAGE = range(1, 7)  # what is between two words; from WIDE on it may be a cell border
_BETWEEN = re.compile(r"\s+")
_NEWLINE = re.compile("\n")


class Stream:
    """The words of a text, the blanks before each, and where each stands."""

    def __init__(self, text: str) -> None:
        self.words = text.split()
        self.folded = fold(text).split()
        between = _BETWEEN.findall(text)
        if not text[:1].isspace():
            between.insert(0, "")
        self.at = list(accumulate(map(add, map(len, between), (0, *map(len, self.words)))))[: len(self.words)]
        if between:
            between[0] += "\n"
        self.gaps = between  # before each word; one more where blanks end the text
        self.removed = bytearray(len(self.words))
        self._remaining: tuple[str, list[int], list[int]] | None = None
        self.line_starts = [
            index
            for index, gap in enumerate(self.gaps[: len(self.words)])
            if gap != " " and ("\n" in gap or "\f" in gap)
        ]
        self._newlines = [match.start() for match in _NEWLINE.finditer(text)]

    def line(self, index: int) -> int:
        """Return the line of a word, from 1."""
        return bisect_right(self._newlines, self.at[index]) + 1

    def first_on_line(self, index: int) -> bool:
        """Return whether a word begins a line."""
        gap = self.gaps[index]
        return "\n" in gap or "\f" in gap

    def alone_on_line(self, index: int) -> bool:
        """Return whether a word is all that stands on its line."""
        return self.first_on_line(index) and (index + 1 >= len(self.words) or self.first_on_line(index + 1))

    def between(self, index: int) -> int:
        """Return what stands before a word; where words before it were removed, a page border."""
        if index and self.removed[index - 1]:
            return PAGE
        return kind_of(self.gaps[index])

    def remaining(self) -> tuple[str, list[int], list[int]]:
        """Return the words that were not removed as one text without blanks, the start of each there, and its index."""
        if self._remaining is None:
            kept = [index for index, gone in enumerate(self.removed) if not gone]
            words = self.folded if len(kept) == len(self.words) else [self.folded[index] for index in kept]
            self._remaining = "".join(words), [0, *accumulate(map(len, words))], kept
        return self._remaining

    def remove(self, start: int, end: int) -> None:
        """Take words out: page furniture, a repeated header."""
        self._remaining = None
        self.removed[start:end] = b"\x01" * (end - start)


def kind_of(gap: str) -> int:
    """Return which kind of border the blanks between two words are."""
    if gap == " ":
        return BLANK
    if "\t" in gap:
        return TAB
    if "\f" in gap:
        return PAGE
    lines = gap.count("\n")
    if lines:
        return CELL if lines > 1 else LINE
    return WIDE if len(gap) > 1 else BLANK
