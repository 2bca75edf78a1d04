# SPDX-License-Identifier: Apache-2.0
"""The words of one row of a plan's table, from its number to where the row ends."""

from __future__ import annotations

from itertools import accumulate

from openecp.programme.action_plan.importing.fold import SPACE
from openecp.programme.action_plan.importing.stream import CELL, LINE, PAGE, WIDE, Stream


class Segment:
    """Words of a row with the borders between them; `squeezed` is the row without blanks."""

    def __init__(self, stream: Stream, start: int, end: int) -> None:
        self.stream = stream
        self.indexes = [index for index in range(start, end) if not stream.removed[index]]
        folded = [stream.folded[index] for index in self.indexes]
        self.squeezed = "".join(folded)
        self.offsets = [0, *accumulate(map(len, folded))]
        self.borders = [stream.between(index) for index in self.indexes]
        self._at = {offset: position for position, offset in enumerate(self.offsets)}

    def __len__(self) -> int:
        return len(self.indexes)

    def word_at(self, offset: int) -> int | None:
        """Return the position of the word that starts at an offset of `squeezed`, or None inside a word."""
        return self._at.get(offset)

    def border_at(self, offset: int) -> int:
        """Return what stands before an offset: 0 inside a word."""
        position = self._at.get(offset)
        return 0 if position is None or position >= len(self.indexes) else self.borders[position]

    def marked_empty(self, offset: int) -> bool:
        """Return whether an empty cell shows before an offset: two blanks on a line, or a blank that begins one."""
        position = self._at.get(offset)
        if position is None or position >= len(self.indexes):
            return False
        gap = self.stream.gaps[self.indexes[position]]
        kind = self.borders[position]
        return kind == WIDE or (kind in (LINE, CELL, PAGE) and not gap.endswith(("\n", "\f")))

    def text(self, start: int, end: int, hyphen: str = "") -> str:
        """Return the words from one position to another as written, one blank between; wrapped hyphens keep none.

        `hyphen` stands after a hyphen that ended a line.
        """
        words, gaps = self.stream.words, self.stream.gaps
        told = ""
        for position in range(start, end):
            index = self.indexes[position]
            word = words[index]
            wrapped = told.endswith("-") and len(told) > 1 and told[-2].isalnum() and "\n" in gaps[index]
            told += word if not told else hyphen + word if wrapped and word[0].isalnum() else f" {word}"
        return told

    def lines(self, start: int, end: int) -> tuple[int, int]:
        """Return the first and last line of the words from one position to another."""
        return self.stream.line(self.indexes[start]), self.stream.line(self.indexes[end - 1])


def respaced(written: str, model: str) -> str | None:
    """Return what was written with the blanks of a model that holds the same letters, or None where it does not."""
    letters = SPACE.sub("", written)
    lengths = [len(word) for word in model.split()]
    if sum(lengths) != len(letters):
        return None
    ends = list(accumulate(lengths))
    return " ".join(letters[end - length : end] for end, length in zip(ends, lengths, strict=True))
