# SPDX-License-Identifier: Apache-2.0
"""When an action is due, from the words of the timeframe column, in English or French, whatever blanks they hold.

A month becomes its last day; a window between sessions keeps its start; what is not understood stays unstated and is
flagged.
"""

from __future__ import annotations

import re
from calendar import monthrange
from typing import NamedTuple

from openecp.programme.action_plan.importing.vocabulary import Names
from openecp.programme.action_plan.records import Timeframe

_MONTHS = (
    "january|janvier|jan", "february|février|fevrier|feb", "march|mars|mar", "april|avril|apr", "may|mai",
    "june|juin|jun", "july|juillet|jul", "august|août|aout|aug", "september|septembre|sept|sep", "october|octobre|oct",
    "november|novembre|nov", "december|décembre|decembre|dec",
)  # fmt: skip
MONTH_NUMBERS = {word: number for number, words in enumerate(_MONTHS, start=1) for word in words.split("|")}
MONTH = "(?:" + "|".join(sorted(MONTH_NUMBERS, key=len, reverse=True)) + r")\.?"
_YEAR = r"(?:19|20)\d\d"
_TO = r"(?:-|to|until|à|au|jusqu'à|jusqu'en)"
_BY = r"(?:by(?:theendof)?|before|until|end(?:of)?|d'ici(?:à)?(?:fin)?|avant|fin|àlafinde|courant)?"
_TIME_WORDS = (
    "continuous continuously ongoing on-going permanent permanente activity activities activité activités basis "
    "continue continues continu annual annually yearly annuel annuelle annuellement session sessions each every "
    "chaque by before until end of the to avant fin du de la au à en"
)
_WORDS = frozenset(_TIME_WORDS.split())
_SMALL_WORDS = "|".join(sorted(_WORDS, key=len, reverse=True))
_TOKEN = re.compile(rf"{MONTH}-{MONTH}|{MONTH}|{_YEAR}(?:-\d\d(?!\d)(?:-\d\d)?)?|{_SMALL_WORDS}|\d+|.")
_SEEN_MAX = 10_000
_ONE = r"(?:each|every|chaque|toutesles|lorsde|à|aux?|during)*"
_FORMS = tuple(  # name of the form, pattern in text without blanks; a body is one that is known
    (form, re.compile(rf"(?:{pattern})\.?"))
    for form, pattern in (
        ("continuous", r"(?:continuous(?:ly)?|on-?going|permanent)(?:activit(?:y|ies)|basis)?|permanentes?"),
        ("continuous", r"activités?(?:continue|permanente)s?|(?:en|defaçon)?continue?|encours"),
        ("annual", r"annual(?:ly)?|everyyear|yearly|annuel(?:le)?(?:ment)?|chaqueannée|tousles?ans"),
        ("sessions", rf"{_ONE}sessions?(?:(?:of(?:the)?|du|dela|de|des)(?P<body>.+))?"),
        ("sessions", rf"{_ONE}(?:the)?(?P<body>.+?)sessions?"),
        ("window", rf"(?P<body>.*?)(?P<from>{MONTH})(?P<fromyear>{_YEAR})?{_TO}(?P<month>{MONTH})(?P<year>{_YEAR})"),
        (
            "window",
            rf"sessions?(?:of(?:the)?|du|dela|de)(?P<body>.+?)[,:]?(?:de)?(?P<from>{MONTH})(?P<fromyear>{_YEAR})?{_TO}"
            rf"(?P<month>{MONTH})(?P<year>{_YEAR})",
        ),
        ("month", rf"{_BY}(?P<month>{MONTH}),?(?P<year>{_YEAR})"),
        ("day", rf"{_BY}(?:le)?(?P<day>[0-3]?\d)(?:er|st|nd|rd|th)?(?P<month>{MONTH}),?(?P<year>{_YEAR})"),
        ("iso", rf"(?P<year>{_YEAR})-(?P<no>0[1-9]|1[0-2])(?:-(?P<day>[0-3]\d))?"),
        ("slashed", rf"(?P<day>[0-3]?\d)[/.](?P<no>[01]?\d)[/.](?P<year>{_YEAR})"),
        ("quarter", rf"[qt](?P<quarter>[1-4])[-/]?(?P<year>{_YEAR})"),
        ("quarter", rf"(?P<year>{_YEAR})[-/]?[qt](?P<quarter>[1-4])"),
        ("years", rf"(?P<fromyear>{_YEAR})(?:{_TO}|/)(?P<year>{_YEAR})"),
        ("year", rf"{_BY}(?P<year>{_YEAR})"),
    )
)
_TAIL = re.compile(
    rf"(?:{_YEAR}|continuous(?:ly)?|activit(?:y|ies|és?)|continue?|basis|annual(?:ly)?|yearly|annuel(?:le)?(?:ment)?"
    rf"|sessions?|on-?going|permanente?s?|year|année|ans|cours|-[01]\d|-[0-3]\d|[qt][1-4]|sessions?(?:of|du|de).{{2,80}})\.?$"
)
_SURE = frozenset({"continuous", "annual", "window", "month", "day", "iso"})
_MONTHS_A_YEAR = 12


class Due(NamedTuple):
    """What a timeframe means, and whether a person need not look: a bare year or quarter is read as its last day."""

    timeframe: Timeframe
    certain: bool


class Timeframes:
    """Reads timeframes; the sessions that they name are those of known bodies."""

    def __init__(self, bodies: Names) -> None:
        self._known = bodies.known
        self._seen: dict[str, Due | None] = {}
        self.tail = _TAIL  # what a timeframe ends with, quick to find

    def whole(self, squeezed: str) -> Due | None:
        """Return the timeframe that a text without blanks is, or None."""
        if squeezed not in self._seen:
            if len(self._seen) > _SEEN_MAX:
                self._seen.clear()
            self._seen[squeezed] = self._read(squeezed)
        return self._seen[squeezed]

    def spaced(self, squeezed: str) -> str | None:
        """Return the words of a timeframe with one blank between them, or None where they cannot be told apart."""
        told, position = [], 0
        while position < len(squeezed):
            name = next((name for length in range(len(squeezed) - position, 1, -1)
                         if (name := self._known.get(squeezed[position : position + length]))), None)  # fmt: skip
            match = _TOKEN.match(squeezed, position)
            if name is None and (match is None or (len(match[0]) == 1 and not match[0].isdigit() and match[0] != "à")):
                return None
            told.append(name.written if name else match[0])  # type: ignore[index]
            position += len(name.squeezed) if name else len(match[0])  # type: ignore[index]
        return " ".join(told)

    def _read(self, squeezed: str) -> Due | None:
        for form, pattern in _FORMS:
            match = pattern.fullmatch(squeezed)
            if match is None:
                continue
            groups = match.groupdict()
            name = self._known.get(groups.get("body") or "")
            if groups.get("body") and name is None:
                continue
            if found := _timeframe(form, groups, name.code if name else None):
                return Due(
                    found, form in _SURE or (form == "sessions" and found.body is not None) or _one_way(form, groups)
                )
        return None


def _one_way(form: str, found: dict[str, str | None]) -> bool:
    """Return whether a date with slashes can be read in one way only."""
    return form == "slashed" and int(found["day"] or 0) > _MONTHS_A_YEAR


def _timeframe(form: str, found: dict[str, str | None], body: str | None) -> Timeframe | None:
    if form == "continuous":
        return Timeframe(kind="continuous")
    if form == "annual":
        return Timeframe(kind="annual", recurrence="P1Y")
    if form == "sessions":
        return Timeframe(kind="sessions", recurrence="per session", body=body)
    year, month = int(found["year"] or 0), _month(found.get("month")) or int(found.get("no") or 0)
    if form == "quarter":
        month = 3 * int(found["quarter"] or 0)
    elif form in ("year", "years"):
        month = _MONTHS_A_YEAR
    if not 1 <= month <= _MONTHS_A_YEAR:
        return None
    last = monthrange(year, month)[1]
    day = int(found.get("day") or last)
    if not 1 <= day <= last:
        return None
    due, year_month = f"{year}-{month:02}-{day:02}", f"{year}-{month:02}"
    if form == "years":
        return Timeframe(kind="date", start=f"{found['fromyear']}-01", due=due)
    if form == "window":
        start = f"{int(found.get('fromyear') or year)}-{_month(found.get('from')):02}"
        return Timeframe(kind="sessions" if body else "date", start=start, due=due, year_month=year_month, body=body)
    return Timeframe(kind="date", due=due, year_month=None if form == "year" else year_month)


def _month(word: str | None) -> int:
    return MONTH_NUMBERS.get((word or "").rstrip("."), 0)
