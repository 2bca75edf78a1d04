# SPDX-License-Identifier: Apache-2.0
"""What stands on a page and is not the plan: repeated header rows, footnotes, document marks, page numbers, rulers.

They are known by what they say, not by where they stand: page breaks move when a document is copied.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter

import msgspec

from openecp.programme.action_plan.importing.stream import Stream
from openecp.programme.action_plan.importing.vocabulary import Vocabulary

_NUMBER = r"(?:no\.?|n°|nº|#|numbers?|numéros?)?"
_ACTION = r"(?:actions?|mesures?)(?:\(s\))?"
_BODY = r"(?:responsiblebod(?:y|ies|y\(ies\))|organes?(?:\(s\))?responsables?(?:\(s\))?)\*{0,2}"
_PROGRAMME = (
    r"(?:(?:relevant|related)?workprogrammes?(?:\(s\))?(?:(?:/|or|and)(?:action)?plans?)?"
    r"|programmes?(?:\(s\))?detravail(?:connexes?|associés?|pertinents?|liés?|correspondants?)?(?:\(s\))?"
    r"(?:(?:/|ou|et)plans?d'action)?)"
)
_TIME = r"(?:timeframe|deadline|duedate|timeline|calendrier|échéances?|délais?)"
_HEADERS = (  # whole header rows first: a page break may stand within one
    re.compile(f"{_NUMBER}(?:{_ACTION})?{_BODY}{_PROGRAMME}{_TIME}"),
    re.compile(
        f"{_NUMBER}(?:{_ACTION})?{_BODY}{_TIME}|{_NUMBER}{_ACTION}{_BODY}{_PROGRAMME}"
        f"|{_NUMBER}{_ACTION}{_PROGRAMME}{_TIME}|{_BODY}{_PROGRAMME}"
    ),
)
_BEFORE_PROGRAMME = ("action", "actions", "mesure", "mesures")
_HEADER_STARTS = (  # a part of every header row, quick to find
    *("responsiblebod", "organeresponsable", "organesresponsable", "organe(s)responsable"),
    *(f"{word}{kind}workprogramme" for word in _BEFORE_PROGRAMME[:2] for kind in ("", "relevant", "related")),
    *(f"{word}programmedetravail" for word in _BEFORE_PROGRAMME),
)
HEADER_SIGNS = ("responsiblebod", "relevantworkprog", "timeframe", "responsable(s)", "organesresponsables")
_FOOTNOTE = re.compile(
    r"(?:will|shall)(?:support|assist)all(?:the)?actions(?:inthe(?:ecp)?(?:action)?(?:plan)?)?\.?"
    r"|(?:appuiera|soutiendra|appuie|soutient)touteslesactions(?:duplan(?:d'action)?)?\.?"
)
_FOOTNOTE_SIGN = re.compile(r"all(?:the)?actions|touteslesactions")
_FOOTNOTE_START = re.compile(r"\*{0,3}(?:the|le|la|l')?$")
_DOCUMENT = re.compile(r"doc(?:ument)?\.?(?P<mark>[a-z]{2}\d{3,4}[a-z]\d)(?:[ivxlc]+/\d{1,3}\.?|[a-z])?")
_ANNEX = re.compile(r"annexe?(?:to|au|à)?(?:the)?$")
_PAGE = re.compile(
    r"[ivxlc]+/\d{1,3}\.?|page\d{1,4}(?:(?:of|/|sur)\d{1,4})?|\d{1,4}(?:/|\||of|sur)\d{1,4}|-\d{1,4}-|[-–—]\d{1,4}[-–—]"
)
_RULER = re.compile(r"[_*=~·•-]{1,}")
_OF = frozenset({"/", "of", "sur", "|"})
_LINE_WORDS_MAX = 6


class Furniture(msgspec.Struct):
    """What was found and taken out."""

    headers: list[int] = msgspec.field(default_factory=list)  # the first word of each header row
    footnote: str = ""
    supporting: tuple[str, ...] = ()
    document_mark: str = ""  # as written, `Annex to doc. PC0457E1`


def clear(stream: Stream, vocabulary: Vocabulary) -> Furniture:
    """Take page furniture, footnotes and header rows out of a text, in this order; return what they said."""
    found = Furniture()
    _clear_marks(stream, found)
    _clear_footnotes(stream, vocabulary, found)
    _clear_headers(stream, found)
    return found


def _clear_marks(stream: Stream, found: Furniture) -> None:
    squeezed, starts, kept = stream.remaining()
    for match in _DOCUMENT.finditer(squeezed):
        annex = _ANNEX.search(squeezed, max(match.start() - 12, 0), match.start())
        span = _words(stream, starts, kept, annex.start() if annex else match.start(), match.end(), own_line=True)
        if span is None:
            continue
        if annex:
            mark = range(bisect_left(starts, annex.start()), bisect_left(starts, match.end("mark")))
            found.document_mark = " ".join(stream.words[kept[position]] for position in mark)
        stream.remove(*span)
    for index in stream.line_starts:
        word = stream.folded[index]
        following = stream.folded[index + 1] if index + 1 < len(stream.folded) else ""
        numbered = word.isdigit() and following in _OF
        if word[0].isalnum() and word != "page" and "/" not in word and not numbered:
            continue
        end = index + 1
        while end < len(stream.words) and end - index < _LINE_WORDS_MAX and not stream.first_on_line(end):
            end += 1
        line = "".join(stream.folded[index:end])
        if (end == len(stream.words) or stream.first_on_line(end)) and (
            _PAGE.fullmatch(line) or _RULER.fullmatch(line)
        ):
            stream.remove(index, end)


def _clear_footnotes(stream: Stream, vocabulary: Vocabulary, found: Furniture) -> None:
    squeezed, starts, kept = stream.remaining()
    said: Counter[str] = Counter()
    for sign in _FOOTNOTE_SIGN.finditer(squeezed):
        match = _FOOTNOTE.search(squeezed, max(sign.start() - 12, 0), sign.end() + 24)
        if not match:
            continue
        for name in vocabulary.bodies.ending(squeezed, match.start()):
            before = match.start() - len(name.squeezed)
            opening = _FOOTNOTE_START.search(squeezed, max(before - 6, 0), before)
            span = _words(stream, starts, kept, opening.start() if opening else before, match.end(), own_line=True)
            if span is None:
                continue
            said[" ".join(stream.words[slice(*span)])] += 1
            found.supporting = (name.code,)
            stream.remove(*span)
            break
    if said:
        found.footnote = said.most_common(1)[0][0]


def _clear_headers(stream: Stream, found: Furniture) -> None:
    for pattern in _HEADERS:
        while _clear_header(stream, found, pattern):
            pass
    found.headers.sort()


def _clear_header(stream: Stream, found: Furniture, pattern: re.Pattern[str]) -> bool:
    """Take out every header row that a pattern finds; return whether there was one."""
    squeezed, starts, kept = stream.remaining()
    done = before = len(found.headers)
    end = 0
    for at in sorted(_found(squeezed, _HEADER_STARTS)):
        if at < end:
            continue
        match = pattern.search(squeezed, max(at - 24, end), at + 160)
        span = match and _words(stream, starts, kept, match.start(), match.end(), own_line=False)
        if match and span:
            stream.remove(*span)
            found.headers.append(span[0])
            end, done = match.end(), done + 1
    return done > before


def _words(
    stream: Stream, starts: list[int], kept: list[int], start: int, end: int, *, own_line: bool
) -> tuple[int, int] | None:
    """Return the words that a match covers, or None where it begins or ends within a word or within a line."""
    first, last = bisect_left(starts, start), bisect_left(starts, end)
    if starts[last] != end or first >= last:
        return None
    if own_line and not stream.first_on_line(kept[first]):
        return None
    return kept[first], kept[last - 1] + 1


def _found(text: str, parts: tuple[str, ...]) -> set[int]:
    """Return where any of the parts stands in a text."""
    places = set()
    for part in parts:
        at = text.find(part)
        while at >= 0:
            places.add(at)
            at = text.find(part, at + 1)
    return places
