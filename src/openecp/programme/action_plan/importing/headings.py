# SPDX-License-Identifier: Apache-2.0
"""Section headings, `2. Title (Strategic reference - CODE)`: those between the rows whose numbers count up."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

import msgspec

from openecp.programme.action_plan.importing.chains import Candidate, longest_chain
from openecp.programme.action_plan.importing.fold import squeeze
from openecp.programme.action_plan.importing.stream import CELL, Stream

_HEADING = re.compile(r"(\d{1,2})\.(?!\d)(.*)", re.DOTALL)
_WORDS_MAX = 60
_HEADING_WORDS_USUAL = 30
_REFERENCE = re.compile(r"^(?P<title>.*\S)\s*\((?P<reference>[^()]*)\)\s*$")
_CODE = re.compile(r"(?:^|[-–—:,])\s*(?P<code>[A-Z]{1,4}\s?\d{1,2}(?:\.\d{1,2})?)\s*$")
_STRATEGIC = re.compile(r"strateg|stratég|goal|objecti[fv]|pillar|pilier", re.IGNORECASE)


class Heading(msgspec.Struct):
    """A section's heading as it stands: its number, its words, and the words that it covers in the text."""

    number: int
    written: str
    start: int
    end: int
    sure: bool = True  # it ended at an empty line


def find_headings(stream: Stream, rows: list[int], after: int, headers: Sequence[int] = ()) -> list[Heading]:
    """Return the headings that stand after the plan's title, between its rows and header rows, in order."""
    candidates = []
    places, own = sorted([*rows, *headers]), set(rows)
    for index in stream.line_starts:
        if index < after or stream.removed[index] or index in own:
            continue
        word = stream.folded[index]
        if not word[0].isdigit() or not (found := _opening(stream, index, word)):
            continue
        number, first = found
        if first >= len(stream.words) or stream.removed[first]:
            continue
        if not rows or index < max(rows[-1], places[-1]):
            candidates.append(Candidate(index, number, 1.0, bisect_left(places, index) + 1))
    return [_heading(stream, one, rows) for one in longest_chain(candidates)]


def split_reference(words: str) -> tuple[str, str, str | None]:
    """Return title, strategic reference and its code of a heading's words."""
    match = _REFERENCE.match(words)
    if not match:
        return words, "", None
    code = _CODE.search(match["reference"])
    if not code and not _STRATEGIC.search(match["reference"]):
        return words, "", None
    reference, found = match["reference"].strip(), code["code"].replace(" ", "") if code else None
    return match["title"], "" if squeeze(reference) == squeeze(found or "") else reference, found


def _opening(stream: Stream, index: int, word: str) -> tuple[int, int] | None:
    """Return the number of a heading and the index of its first word; the dot may have come off."""
    if word.isdigit() and index + 1 < len(stream.words) and stream.folded[index + 1] == ".":
        return int(word), index + 2
    match = _HEADING.fullmatch(word)
    if not match or (match[2] and not match[2][0].isalpha()):
        return None
    return int(match[1]), index if match[2] else index + 1


def _heading(stream: Stream, candidate: Candidate, rows: list[int]) -> Heading:
    _, first = _opening(stream, candidate.word, stream.folded[candidate.word]) or (0, candidate.word + 1)
    place = bisect_left(rows, candidate.word)
    limit = min(rows[place] if place < len(rows) else len(stream.words), first + _WORDS_MAX)
    end, sure = first + 1, True
    while end < limit and not stream.removed[end]:
        if stream.between(end) >= CELL:
            if not stream.words[end][0].islower():
                break
            sure = False  # a sentence does not begin with a small letter: the empty line came in between
        end += 1
    if (cut := _sentence_end(stream, first, end)) is not None:
        end, sure = cut
    words = list(stream.words[first:end])
    if first == candidate.word:
        words[0] = words[0].split(".", 1)[1]
    written = " ".join(words)
    ended = end < len(stream.words) and (stream.removed[end] or stream.between(end) >= CELL)
    return Heading(candidate.number, written, candidate.word, end, sure and bool(ended))


def _sentence_end(stream: Stream, first: int, end: int) -> tuple[int, bool] | None:
    """Return where a heading ends to which a paragraph was joined, and whether that is certain; None where it is whole.

    A reference with a code ends it for certain. Else it is too long for one, or ends like a sentence: then it ends with
    a line before one that begins with a capital.
    """
    for index in range(first + 1, end):
        if stream.first_on_line(index) and split_reference(" ".join(stream.words[first:index]))[2]:
            return index, True
    if end - first <= _HEADING_WORDS_USUAL and not stream.words[end - 1].endswith("."):
        return None
    for index in range(first + 1, end):
        if stream.first_on_line(index) and stream.words[index][0].isupper():
            return index, False
    return None
