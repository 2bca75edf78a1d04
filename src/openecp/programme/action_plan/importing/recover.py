# SPDX-License-Identifier: Apache-2.0
"""Rows whose number was lost: where the count leaps, a row must hide between two that have theirs.

A row ends with its timeframe; words that follow one, up to the next number, are the row that is missing. Its number is
the one that is missing, and a person is asked to look. Where none is found, the row before is to be looked at.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

from openecp.programme.action_plan.importing.cells import OPEN_ENDS, time_before
from openecp.programme.action_plan.importing.chains import Candidate
from openecp.programme.action_plan.importing.headings import Heading
from openecp.programme.action_plan.importing.segment import Segment
from openecp.programme.action_plan.importing.stream import CELL, LINE, WIDE, Stream
from openecp.programme.action_plan.importing.timeframes import Timeframes
from openecp.programme.action_plan.importing.vocabulary import Vocabulary

_ROW_WORDS_MAX = 120


class RowNames(NamedTuple):
    """What the cells of a row may name."""

    vocabulary: Vocabulary
    timeframes: Timeframes

    def ends(self, segment: Segment, end: int) -> bool:
        """Return whether a known body or work programme ends before a position."""
        stop = segment.offsets[end]
        return any(
            True
            for known in (self.vocabulary.programmes, self.vocabulary.bodies)
            for _ in known.ending(segment.squeezed, stop)
        )


class Start(NamedTuple):
    """Where a row begins: the index of its number, or of its first word where the number is lost."""

    word: int
    number: int
    numbered: bool = True

    @property
    def first(self) -> int:
        """Return the index of the first word after the number."""
        return self.word + self.numbered


def all_starts(
    stream: Stream, rows: list[Candidate], headings: list[Heading], names: RowNames
) -> tuple[list[Start], set[int]]:
    """Return the starts of all rows, and the numbers of rows after which others are missing and were not found."""
    starts: list[Start] = []
    unresolved: set[int] = set()
    for position, row in enumerate(rows):
        before = rows[position - 1] if position else None
        lost = row.number - (before.number if before else 0) - 1
        if lost and (before or row.number <= _FIRST_NUMBERS):
            found = _between(stream, before, row, headings, names)
            first = (before.number if before else 0) + 1
            starts += [Start(word, first + step, False) for step, word in enumerate(found[:lost])]
            if len(found) != lost and before:
                unresolved.add(before.number)
        starts.append(Start(row.word, row.number))
    if rows:
        last = rows[-1]
        end = next((one.start for one in headings if one.start > last.word), len(stream.words))
        for step, word in enumerate(_splits(stream, last.word + 1, end, names), start=1):
            starts.append(Start(word, last.number + step, False))
    return starts, unresolved


_FIRST_NUMBERS = 6  # a plan that begins with a higher number is a part of one


def _between(
    stream: Stream, before: Candidate | None, row: Candidate, headings: list[Heading], names: RowNames
) -> list[int]:
    """Return the first words of rows between two numbers: after the row before, and after a heading's header row."""
    found: list[int] = []
    start = before.word + 1 if before else 0
    inside = [one for one in headings if (before.word if before else -1) < one.start < row.word]
    if before:
        found = _splits(stream, start, inside[0].start if inside else row.word, names, lost=True)
    elif not inside:
        inside = [Heading(0, "", start, start)]
    for heading, following in zip_longest(inside, inside[1:]):
        end = following.start if following else row.word
        first = _after_removed(stream, heading.end, end)
        while first < end:
            stop = next((index for index in range(first, end) if stream.removed[index]), end)
            if stop - first <= _ROW_WORDS_MAX:
                found += [first, *_splits(stream, first, stop, names, lost=True)]
            first = _after_removed(stream, stop, end)
    return found


def _after_removed(stream: Stream, start: int, end: int) -> int:
    """Return the first word after the next header row or page mark, or the end."""
    index = start
    while index < end and not stream.removed[index]:
        index += 1
    while index < end and stream.removed[index]:
        index += 1
    return index


def _splits(stream: Stream, start: int, end: int, names: RowNames, *, lost: bool = False) -> list[int]:
    """Return the words that begin a row of their own: after a timeframe that ends its row, or on a line with a tab."""
    segment = Segment(stream, start, end)
    found: list[int] = []
    for position in range(1, len(segment)):
        gap = stream.gaps[segment.indexes[position]]
        if segment.borders[position] < LINE:
            continue
        begins = "\n" in gap and "\t" in gap.rsplit("\n", 1)[1]
        ended = _ended(segment, position, names) or (lost and _ended_without_time(segment, position, names))
        if (begins or ended) and (begins or _is_row(segment, position, names, lost=lost)):
            found.append(segment.indexes[position])
    return found


def _ended(segment: Segment, position: int, names: RowNames) -> bool:
    """Return whether a timeframe that is a cell of its own stands before a position."""
    start = time_before(segment, position, names.timeframes)
    return start is not None and start > 0 and not names.ends(segment, position)


def _ended_without_time(segment: Segment, position: int, names: RowNames) -> bool:
    """Return whether a row without a timeframe may end before a position: after a known name, before no cell of it."""
    if segment.borders[position] < CELL or not names.ends(segment, position):
        return False
    offset = segment.offsets[position]
    known = (names.vocabulary.bodies, names.vocabulary.programmes)
    if any(True for one in known for _ in one.starting(segment.squeezed, offset)):
        return False
    stops = segment.offsets[position + 1 : position + 7]
    return not any(names.timeframes.whole(segment.squeezed[offset:stop]) for stop in stops)


def _is_row(segment: Segment, position: int, names: RowNames, *, lost: bool) -> bool:
    """Return whether the words from a position on can be a row: a capital first, and cells after the title.

    Where a row is known to be missing (`lost`), a timeframe or a known name that ends before a border does. Where none
    is, the timeframe must be a cell of its own: text after a table may end with a date too.
    """
    word = segment.stream.words[segment.indexes[position]]
    if not (word[0].isupper() or word[0].isdigit() or word[0] in "(‘“'\""):
        return False
    for end in range(position + 2, min(position + _ROW_WORDS_MAX, len(segment)) + 1):
        if end < len(segment) and segment.borders[end] < LINE:
            continue
        time = time_before(segment, end, names.timeframes)
        if time is not None and time > position and (lost or _own_cell(segment, time)):
            return True
        if lost and names.ends(segment, end):
            return True
    return False


def _own_cell(segment: Segment, time: int) -> bool:
    """Return whether a border or a blank cell stands before a timeframe, and no word that needs another after it."""
    before = segment.squeezed[segment.offsets[time - 1] : segment.offsets[time]]
    return before not in OPEN_ENDS and segment.borders[time] >= WIDE
