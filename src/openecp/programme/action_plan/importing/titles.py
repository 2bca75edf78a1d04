# SPDX-License-Identifier: Apache-2.0
"""The document's own title, its phase, its status and the months that it covers.

The title stands before a line with two months, `(January 2019 to June 2020)`; without one, it is the first line that
speaks of an action plan.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from typing import Literal

import msgspec

from openecp.programme.action_plan.importing.fold import fold, squeeze
from openecp.programme.action_plan.importing.stream import CELL, Stream
from openecp.programme.action_plan.importing.timeframes import MONTH, MONTH_NUMBERS
from openecp.programme.action_plan.records import Period

_PERIOD = re.compile(
    rf"\(?(?P<written>(?P<from>{MONTH})(?P<fromyear>20\d\d)(?:to|-|until|à|au)(?P<to>{MONTH})(?P<toyear>20\d\d))\)?"
)
_PERIOD_SIGN = re.compile(r"20\d\d(?:to|-|until|à|au)")
_MONTH_LETTERS_MAX = 12
_PLAN = re.compile(r"actionplan|pland'action")
_PHASE = re.compile(r"phase\s*([ivxlc]+|\d{1,2})\b", re.IGNORECASE)
PlanStatus = Literal["draft", "revised_draft", "endorsed", "superseded", "unstated"]
_STATUSES: tuple[tuple[PlanStatus, re.Pattern[str]], ...] = (
    ("revised_draft", re.compile(r"(?:draftrevised|reviseddraft|projetrévisé)")),
    ("draft", re.compile(r"(?:draft|projet)(?:d[eu'])?")),
    ("endorsed", re.compile(r"(?:endorsed|adopted|approved|final)")),
    ("superseded", re.compile(r"superseded")),
)
_TITLE_WORDS_MAX = 40


class Head(msgspec.Struct):
    """What stands at the head of a plan; `end` is the index of the first word after it."""

    title_as_written: str = ""
    title: str = ""
    phase: str = ""
    status_as_written: str = ""
    status: PlanStatus = "unstated"
    period: Period = Period()
    end: int = 0
    doubts: dict[str, str] = msgspec.field(default_factory=dict)


def find_head(stream: Stream, before: int) -> Head:
    """Return the head of the plan that stands before the first row (a word's index)."""
    squeezed, starts, kept = stream.remaining()
    head = Head()
    limit = starts[bisect_left(kept, before)]
    for sign in _PERIOD_SIGN.finditer(squeezed, 0, limit):
        match = _PERIOD.search(squeezed, max(sign.start() - _MONTH_LETTERS_MAX, 0), limit)
        if not match or match.start() > sign.start():
            continue
        first, last = bisect_left(starts, match.start()), bisect_left(starts, match.end())
        if starts[first] != match.start() or starts[last] != match.end() or not stream.first_on_line(kept[first]):
            continue
        if last < len(kept) and not stream.first_on_line(kept[last]):
            continue
        title = _title_before(stream, kept[first])
        if title and _PLAN.search(squeeze(" ".join(stream.words[title[0] : title[1]]))):
            head.period = _period(match, stream.words[kept[first] : kept[last - 1] + 1])
            _fill(head, stream, *title)
            head.end = kept[last - 1] + 1
    if not head.title:
        _without_period(stream, head, before)
    return head


def read_title(head: Head, written: str, stream: Stream) -> None:
    """Fill title, phase and status from the title's words."""
    head.title_as_written = written
    head.title = _sentence_case(written, stream)
    if phase := _PHASE.search(written):
        head.phase = phase[1].upper()
    squeezed = squeeze(written)
    for status, pattern in _STATUSES:
        if match := pattern.match(squeezed):
            head.status = status
            head.status_as_written = _first_letters(written, match.end())
            break


def read_period(text: str) -> Period | None:
    """Return the period that a text is, or None."""
    match = _PERIOD.fullmatch(squeeze(text))
    return _period(match, text.split()) if match else None


def _period(match: re.Match[str], words: list[str]) -> Period:
    start = f"{match['fromyear']}-{MONTH_NUMBERS[match['from'].rstrip('.')]:02}"
    end = f"{match['toyear']}-{MONTH_NUMBERS[match['to'].rstrip('.')]:02}"
    letters = "".join(words).strip("()")
    pieces = re.findall(rf"{MONTH}|20\d\d|to|-|until|à|au", match["written"])
    told, offset = [], 0
    for piece in pieces:
        told.append(letters[offset : offset + len(piece)])
        offset += len(piece)
    return Period(start=start, end=end, as_written=" ".join(told))


def _title_before(stream: Stream, index: int) -> tuple[int, int] | None:
    """Return the words of the paragraph before a word."""
    end = index
    while end and (stream.removed[end - 1] or not any(letter.isalpha() for letter in stream.words[end - 1])):
        end -= 1
    start = end
    while start and end - start < _TITLE_WORDS_MAX and not stream.removed[start - 1]:
        start -= 1
        if stream.between(start) >= CELL or not any(letter.isalpha() for letter in stream.words[start - 1]):
            break
    return (start, end) if start < end else None


def _without_period(stream: Stream, head: Head, before: int) -> None:
    lines = [index for index in stream.line_starts if index < before and not stream.removed[index]]
    for index, following in zip(lines, [*lines[1:], before], strict=False):
        words = stream.words[index:following]
        if len(words) <= _TITLE_WORDS_MAX and _PLAN.search(squeeze(" ".join(words))) and not words[-1].endswith("."):
            _fill(head, stream, index, following)
            head.end = following
            head.doubts["period"] = "no line with the months that the plan covers"
            return
    head.doubts["title"] = "no title found before the first row"


def _fill(head: Head, stream: Stream, start: int, end: int) -> None:
    read_title(head, " ".join(stream.words[start:end]), stream)


def _first_letters(written: str, count: int) -> str:
    """Return the beginning of a text that holds so many letters, blanks not counted."""
    for position, letter in enumerate(written):
        count -= not letter.isspace()
        if not count:
            return written[: position + 1]
    return written


def _sentence_case(written: str, stream: Stream) -> str:
    """Return a title in capitals as the document writes its words elsewhere; any other title as it is."""
    words = written.split()
    if not words or any(letter.islower() for letter in written):
        return " ".join(words)
    wanted = {fold(word) for word in words}
    forms: dict[str, Counter[str]] = {}
    for word, folded in zip(stream.words, stream.folded, strict=True):
        if folded in wanted:
            forms.setdefault(folded, Counter())[word] += 1
    title = []
    for position, word in enumerate(words):
        seen = forms.get(fold(word), Counter())
        small = seen[word.lower()]
        capital = seen[word.capitalize()]
        own = seen[word] - words.count(word)
        form = word
        if small or capital:
            form = word.lower() if small >= capital else word.capitalize()
            form = word if own > small + capital else form
        title.append(form[0].upper() + form[1:] if not position else form)
    return " ".join(title)
