# SPDX-License-Identifier: Apache-2.0
"""Reads a plan from running text: rows with tabs, cells between empty lines, or copies in which both were lost.

Order: furniture out, rows by their numbers, headings between them, the plan's head, then each row cut into cells.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter

from openecp.programme.action_plan.importing.build import Row
from openecp.programme.action_plan.importing.cells import Cut, name_cut, tab_cut, time_before
from openecp.programme.action_plan.importing.chains import Candidate
from openecp.programme.action_plan.importing.fold import tidy
from openecp.programme.action_plan.importing.furniture import HEADER_SIGNS, Furniture, clear
from openecp.programme.action_plan.importing.goals import strategic_goals
from openecp.programme.action_plan.importing.headings import Heading, find_headings
from openecp.programme.action_plan.importing.recover import RowNames, Start, all_starts
from openecp.programme.action_plan.importing.rows import find_rows
from openecp.programme.action_plan.importing.segment import Segment
from openecp.programme.action_plan.importing.source import twice
from openecp.programme.action_plan.importing.stream import CELL, WIDE, Stream
from openecp.programme.action_plan.importing.timeframes import Timeframes
from openecp.programme.action_plan.importing.titles import Head, find_head
from openecp.programme.action_plan.importing.vocabulary import Vocabulary

_PAGE_MAX = 999


class TextRead:
    """A plan as running text gives it: head, headings, rows, and what was furniture."""

    def __init__(self, name: str, text: str, vocabulary: Vocabulary, timeframes: Timeframes) -> None:
        self.stream = Stream(tidy(text))
        self.furniture: Furniture = clear(self.stream, vocabulary)
        self.chosen, self.others = find_rows(self.stream, self.furniture.headers[0] if self.furniture.headers else None)
        first = self.chosen[0].word if self.chosen else len(self.stream.words)
        self.head: Head = find_head(self.stream, first)
        starts = [row.word for row in self.chosen]
        self.headings: list[Heading] = find_headings(self.stream, starts, self.head.end, self.furniture.headers)
        self.goals = strategic_goals("".join(self.stream.folded[: self.head.end]))
        self.starts, self.unresolved = all_starts(
            self.stream, self.chosen, self.headings, RowNames(vocabulary, timeframes)
        )
        _refuse_twice(self, name, timeframes)
        self.page_numbers = _remove_page_numbers(self.stream, self.starts, self.others)
        self.segments = self._segments()
        self.skipped: list[str] = []
        self.rows = _read_rows(self, vocabulary, timeframes)

    def _segments(self) -> list[Segment]:
        """Return the words of each row: from its number to the next number or heading."""
        borders = sorted(
            [*(one.word for one in self.starts), *(one.start for one in self.headings), len(self.stream.words)]
        )
        return [Segment(self.stream, one.first, borders[bisect_right(borders, one.word)]) for one in self.starts]


def _remove_page_numbers(stream: Stream, starts: list[Start], others: list[Candidate]) -> set[int]:
    """Take out numbers that stand alone on a line within a row; return the numbers of those rows."""
    words = [one.word for one in starts]
    found = set()
    for other in others:
        place = bisect_right(words, other.word)
        if place and stream.alone_on_line(other.word) and other.number <= _PAGE_MAX:
            stream.remove(other.word, other.word + 1)
            found.add(starts[place - 1].number)
    return found


def _refuse_twice(read: TextRead, name: str, timeframes: Timeframes) -> None:
    """Refuse a text in which a row stands whose number another has. Raises: PlanFault."""
    stream = read.stream
    own = {one.number: one for one in read.starts}
    borders = sorted([*(one.word for one in read.starts), *(one.start for one in read.headings), len(stream.words)])
    for other in read.others:
        if other.number not in own or other.word < read.head.end or stream.alone_on_line(other.word):
            continue
        segment = Segment(stream, other.word + 1, borders[bisect_right(borders, other.word)])
        before = Segment(stream, borders[bisect_right(borders, other.word) - 1], other.word)
        ended = len(before) and time_before(before, len(before), timeframes) is not None
        if tab_cut(segment) or (ended and time_before(segment, len(segment), timeframes) is not None):
            lines = sorted((stream.line(own[other.number].word), stream.line(other.word)))
            raise twice(name, other.number, f"line {lines[0]}", f"line {lines[1]}")


def _read_rows(read: TextRead, vocabulary: Vocabulary, timeframes: Timeframes) -> list[Row]:
    cuts: list[tuple[Cut, bool]] = []
    for segment in read.segments:
        tabs = tab_cut(segment)
        cuts.append((tabs, True) if tabs else (name_cut(segment, vocabulary, timeframes), False))
    border = _usual_border(read.segments, cuts)
    rows = []
    named = sum(certain or cut.body < cut.end for cut, certain in cuts)
    if 2 * named < len(cuts):
        return []  # numbers that count up, and nothing of a plan beside them
    for start, segment, (cut, certain) in zip(read.starts, read.segments, cuts, strict=True):
        if not certain:
            if cut.body == cut.end and _no_row(read, start.number, segment):
                read.skipped.append(
                    f"line {read.stream.line(start.word)}: begins with {start.number}, and is no action"
                )
                continue
            _weigh(segment, cut, border)
        rows.append(_row(read, start, segment, cut))
    return rows


def _no_row(read: TextRead, number: int, segment: Segment) -> bool:
    """Return whether a number with nothing of a plan beside it begins a sentence: no row on both sides carries it."""
    numbers = {one.number for one in read.starts}
    if number + 1 in numbers and (number - 1 in numbers or number == 1):
        return False
    words = segment.text(0, len(segment))
    return number - 1 not in numbers or words.endswith(".") or words[:1].islower()


def _row(read: TextRead, start: Start, segment: Segment, cut: Cut) -> Row:
    last = segment.indexes[cut.end - 1] if cut.end else start.word
    line = read.stream.line
    place = bisect_right([heading.start for heading in read.headings], start.word)
    row = Row(
        number=start.number,
        title=segment.text(0, cut.body, hyphen="\u00ad"),
        body=segment.text(cut.body, cut.programme),
        programme=segment.text(cut.programme, cut.time),
        time=segment.text(cut.time, cut.end),
        lines=(line(start.word), line(last)),
        place=f"line {line(start.word)}",
        section=read.headings[place - 1].number if place else 0,
        doubts=dict(cut.doubts),
    )
    if not start.numbered:
        row.doubt("number", f"the number is lost; {start.number} is the one that is missing there")
    if any(sign in segment.squeezed for sign in HEADER_SIGNS):
        for cell in ("title", "body", "programme", "time"):
            row.doubt(cell, "words of a header row stand in the row")
    if start.number in read.page_numbers:
        row.doubt("title", "a number that stands alone on its line was taken for a page number")
    if cut.end < len(segment):
        row.doubt("time", f"words stand after the timeframe: {segment.text(cut.end, len(segment))[:80]!r}")
    if start.number in read.unresolved:
        for cell in ("title", "body", "programme", "time"):
            row.doubt(cell, "numbers are missing after this action; words of another may stand here")
    return row


def _usual_border(segments: list[Segment], cuts: list[tuple[Cut, bool]]) -> int:
    """Return what stands between the cells of most rows: a tab, an empty line, several blanks, or nothing of these."""
    seen: Counter[int] = Counter()
    for segment, (cut, certain) in zip(segments, cuts, strict=True):
        if not certain and 0 < cut.body < len(segment):
            seen[segment.borders[cut.body]] += 1
    return seen.most_common(1)[0][0] if seen else WIDE


def _weigh(segment: Segment, cut: Cut, border: int) -> None:
    """Compare the cells that were read by name with the borders in the row; doubt what they do not confirm."""
    if 0 < cut.body < len(segment) and segment.borders[cut.body] < WIDE:
        cut.doubt("title", "no border between title and bodies: cut by the names of bodies")
        cut.doubt("body", "no border between title and bodies: cut by the names of bodies")
    if border >= CELL and cut.programme == cut.time < cut.end and not segment.marked_empty(segment.offsets[cut.time]):
        cut.doubt("programme", "no work programme, and no room where one would stand")
