# SPDX-License-Identifier: Apache-2.0
"""The cells of a row: where its title ends, which bodies, which work programmes, when.

The order of the columns is known, and what stands in the last three is a list of names or a timeframe. So a row is read
from its end: timeframe, work programmes, bodies; the title is what remains. Tabs, empty lines and double blanks between
cells confirm it or cast doubt on it.
"""

from __future__ import annotations

import msgspec

from openecp.programme.action_plan.importing.segment import Segment
from openecp.programme.action_plan.importing.stream import WIDE
from openecp.programme.action_plan.importing.timeframes import Timeframes
from openecp.programme.action_plan.importing.vocabulary import Names, Vocabulary

TIME_CHARACTERS_MAX = 60
_TIME_WORDS_MAX = 12
_OPEN_WORDS = (  # no title ends with one of these
    "the of to with for and or in on by a an from at as into under between within through including via per "
    "de du des la le les l' d' à au aux et ou en pour par avec sur dans entre sous"
)
OPEN_ENDS = frozenset(_OPEN_WORDS.split())


class Cut(msgspec.Struct):
    """Where the cells of a row begin, as positions of words: title 0 to body, body to programme, and so on to end."""

    body: int
    programme: int
    time: int
    end: int
    doubts: dict[str, str] = msgspec.field(default_factory=dict)  # cell: why

    def doubt(self, cell: str, why: str) -> None:
        """Note why a cell needs a person's eye; the first reason stands."""
        self.doubts.setdefault(cell, why)


def tab_cut(segment: Segment, columns: int = 5) -> Cut | None:
    """Return the cells of a row whose tabs are all there, or None."""
    ends: list[int] = []
    stop = len(segment)
    gaps = [segment.stream.gaps[index] for index in segment.indexes]
    following = segment.indexes[-1] + 1 if segment.indexes else 0
    if 0 < following < len(segment.stream.gaps):
        gaps.append(segment.stream.gaps[following])
    for position, gap in enumerate(gaps):
        if gap == " ":
            continue
        ends += [position] * (gap if not position else gap.split("\n", 1)[0]).count("\t")
        if position and len(ends) >= columns - 1 and gap.count("\n") > 1:
            stop = position
            break
    if len(ends) != columns - 1 or ends[0] != 0:
        return None
    return Cut(body=ends[1], programme=ends[2], time=ends[3], end=stop)


def name_cut(segment: Segment, vocabulary: Vocabulary, timeframes: Timeframes) -> Cut:
    """Return the cells of a row by what stands in them, read from the row's end."""
    time, end = _time(segment, vocabulary.programmes, timeframes)
    programme, _ = _list_start(segment, time, vocabulary.programmes)
    body, refused = _list_start(segment, programme, vocabulary.bodies)
    cut = Cut(body=body, programme=programme, time=time, end=end)
    if refused and body == programme:
        for cell in ("title", "body"):
            cut.doubt(cell, "a body is named where the title seems to go on: it was left in the title")
    return cut


def _time(segment: Segment, programmes: Names, timeframes: Timeframes) -> tuple[int, int]:
    """Return the positions where the timeframe begins and ends: at the row's end, else before the last border."""
    ends = [len(segment)]
    ends += [position for position in range(len(segment) - 1, 0, -1) if segment.borders[position] > WIDE]
    for end in ends:
        start = time_before(segment, end, timeframes)
        if start is not None and _inside_name(segment, start, end, programmes):
            continue
        if start is not None and (not start or segment.borders[start] >= WIDE or not _open(segment, start)):
            return start, end
    return len(segment), len(segment)


def _inside_name(segment: Segment, start: int, end: int, programmes: Names) -> bool:
    """Return whether a work programme's name ends with the years that look like a timeframe."""
    stop = segment.offsets[end]
    length = stop - segment.offsets[start]
    return any(len(name.squeezed) > length for name in programmes.ending(segment.squeezed, stop))


def time_before(segment: Segment, end: int, timeframes: Timeframes) -> int | None:
    """Return the position where the timeframe begins that ends at a position, or None."""
    stop = segment.offsets[end]
    if not timeframes.tail.search(segment.squeezed, max(stop - 16, 0), stop):
        return None
    found, certain = None, False
    for start in range(end - 1, max(end - _TIME_WORDS_MAX, -1), -1):
        begin = segment.offsets[start]
        if stop - begin > TIME_CHARACTERS_MAX:
            break
        if due := timeframes.whole(segment.squeezed[begin:stop]):
            found, certain = start, due.certain
        if certain and segment.borders[start] >= WIDE:
            break  # a whole timeframe does not reach over a border
    return found


def _list_start(segment: Segment, end: int, names: Names) -> tuple[int, bool]:
    """Return the position where the list of known names begins that ends at a position; the position itself if none.

    Second, whether names stood there that cannot begin a list, since the words before them ask for more.
    """
    text, stop = segment.squeezed, segment.offsets[end]
    starts: list[int] = []
    while True:
        trimmed = stop - (1 if text[:stop].endswith((",", ";", ".")) and stop else 0)
        begin = next(
            (
                at
                for name in names.ending(text, trimmed)
                if (at := trimmed - len(name.squeezed)) >= 0 and segment.word_at(at) is not None
            ),
            None,
        )
        if begin is None:
            break
        starts.append(begin)
        before = _separated(segment, begin)
        if before is None:
            break
        stop = before
    for begin in reversed(starts):
        position = segment.word_at(begin)
        if position is not None and (not position or segment.borders[position] >= WIDE or not _open(segment, position)):
            return position, position != segment.word_at(starts[-1])
    return end, bool(starts)


def _separated(segment: Segment, begin: int) -> int | None:
    """Return where the item before a list's item ends, or None where the list begins here."""
    text = segment.squeezed
    if text[begin - 1 : begin] in (",", ";", "&"):
        return begin - 1
    for word in ("and", "et", "or", "ou"):
        at = begin - len(word)
        if text[at:begin] == word and segment.word_at(at) is not None:
            return at
    return None


def _open(segment: Segment, position: int) -> bool:
    """Return whether the words before a position cannot be the end of a title."""
    before = segment.squeezed[segment.offsets[position - 1] : segment.offsets[position]]
    return before in OPEN_ENDS or before.endswith((",", "(", "/", "-", ":", "l'", "d'"))
