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
    "january|janvier|jan", "february|février|fevrier|feb", "march|mars|mar", "april|avril|apr", "may|mai", "june|juin|jun",
    "july|juillet|jul", "august|août|aout|aug", "september|septembre|sept|sep", "october|octobre|oct",
    "november|novembre|nov", "december|décembre|decembre|dec",
)  # fmt: skip
MONTH_NUMBERS = {word: number for number, words in enumerate(_MONTHS, start=1) for word in words.split("|")}
MONTH = "(?:" + "|".join(sorted(MONTH_NUMBERS, key=len, reverse=True)) + r")\.?"
_YEAR = r"(?:19|20)\d\d"
_TO = r"(?:-|to|until|à|au|jusqu'à|jusqu'en)"
_BY = r"(?:by(?:theendof)?|before|until|end(?:of)?|d'ici(?:à)?(?:fin)?|avant|fin|àlafinde|courant)?"
_WORDS = (
    r"continuous|on-?going|permanente?s?|activit(?:y|ies|és?)|basis|continues?|annual(?:ly)?|yearly|annuel(?:le)?(?:ment)?"
    r"|sessions?|each|every|bytheendof|by|before|until|end|of|the|to|avant|fin|du|de|la|au|à"
)
_SEEN_MAX = 10_000
_FORMS = (  # name of the form, pattern in text without blanks
    ("continuous", r"(?:continuous|on-?going|permanent)(?:activit(?:y|ies)|basis)?|activité(?:s)?(?:continue|permanente)s?|en?continu|permanente?s?"),
    ("annual", r"annual(?:ly)?|everyyear|yearly|annuel(?:le)?(?:ment)?|chaqueannée|tousles?ans"),
    ("sessions", r"(?P<body>BODY)sessions?|(?:each|every)(?P<body2>BODY)sessions?|sessions?(?:of(?:the)?|du|dela|de)(?P<body3>BODY)|(?:chaque)?sessions?"),
    ("window", rf"(?P<body>BODY)?(?P<from>{MONTH})(?P<fromyear>{_YEAR})?{_TO}(?P<month>{MONTH})(?P<year>{_YEAR})"),
    ("month", rf"{_BY}(?P<month>{MONTH}),?(?P<year>{_YEAR})"),
    ("day", rf"{_BY}(?P<day>[0-3]?\d)(?:er|st|nd|rd|th)?(?P<month>{MONTH}),?(?P<year>{_YEAR})"),
    ("iso", rf"(?P<year>{_YEAR})-(?P<no>0[1-9]|1[0-2])(?:-(?P<day>[0-3]\d))?"),
    ("quarter", rf"(?:q|t)(?P<quarter>[1-4])[-/]?(?P<year>{_YEAR})|(?P<year2>{_YEAR})[-/]?(?:q|t)(?P<quarter2>[1-4])"),
    ("year", rf"{_BY}(?P<year>{_YEAR})"),
)  # fmt: skip


class Due(NamedTuple):
    """What a timeframe means, and whether a person need not look: a bare year or quarter is read as its last day."""

    timeframe: Timeframe
    certain: bool


class Timeframes:
    """Reads timeframes; the sessions that they name are those of known bodies."""

    def __init__(self, bodies: Names) -> None:
        names = "|".join(re.escape(name) for name in sorted(bodies.known, key=len, reverse=True))
        self._codes = {squeezed: name.code for squeezed, name in bodies.known.items()}
        self._written = {squeezed: name.written for squeezed, name in bodies.known.items()}
        self._forms = [
            (form, re.compile(f"(?:{pattern.replace('BODY', f'(?:{names})')})\\.?")) for form, pattern in _FORMS
        ]
        self._tokens = re.compile(rf"{names}|{MONTH}-{MONTH}|{MONTH}|{_YEAR}(?:-\d\d(?:-\d\d)?)?|{_WORDS}|\d+|.")
        words = rf"{MONTH},?{_YEAR}|continuous|activit(?:y|ies)|continue|basis|annual(?:ly)?|annuel(?:le)?(?:ment)?|sessions?"
        self.tail = re.compile(rf"(?:{words}|on-?going|permanente?|{_YEAR}|-[01]\d|-[0-3]\d|[qt][1-4])\.?$")
        self._seen: dict[str, Due | None] = {}

    def whole(self, squeezed: str) -> Due | None:
        """Return the timeframe that a text without blanks is, or None."""
        if squeezed not in self._seen:
            if len(self._seen) > _SEEN_MAX:
                self._seen.clear()
            self._seen[squeezed] = self._read(squeezed)
        return self._seen[squeezed]

    def spaced(self, squeezed: str) -> str | None:
        """Return the words of a timeframe with one blank between them, or None where they cannot be told apart."""
        tokens = [self._written.get(token, token) for token in self._tokens.findall(squeezed)]
        return None if any(len(token) == 1 and not token.isdigit() for token in tokens) else " ".join(tokens)

    def _read(self, squeezed: str) -> Due | None:
        for form, pattern in self._forms:
            if (match := pattern.fullmatch(squeezed)) and (found := self._timeframe(form, match.groupdict())):
                return Due(found, form not in ("year", "quarter") and (form != "sessions" or found.body is not None))
        return None

    def _timeframe(self, form: str, found: dict[str, str | None]) -> Timeframe | None:
        body = self._codes.get(found.get("body") or found.get("body2") or found.get("body3") or "")
        if form == "continuous":
            return Timeframe(kind="continuous")
        if form == "annual":
            return Timeframe(kind="annual", recurrence="P1Y")
        if form == "sessions":
            return Timeframe(kind="sessions", recurrence="per session", body=body)
        year = int(found.get("year") or found.get("year2") or 0)
        month = _month(found.get("month")) or int(found.get("no") or 0)
        if form == "quarter":
            month = 3 * int(found.get("quarter") or found.get("quarter2") or 0)
        elif form == "year":
            month = 12
        last = monthrange(year, month)[1]
        day = int(found.get("day") or last)
        if not 1 <= day <= last:
            return None
        due, year_month = f"{year}-{month:02}-{day:02}", f"{year}-{month:02}"
        if form == "window":
            start = f"{int(found.get('fromyear') or year)}-{_month(found.get('from')):02}"
            kind = "sessions" if body else "date"
            return Timeframe(kind=kind, start=start, due=due, year_month=year_month, body=body)  # type: ignore[arg-type]
        return Timeframe(kind="date", due=due, year_month=None if form == "year" else year_month)


def _month(word: str | None) -> int:
    return MONTH_NUMBERS.get((word or "").rstrip("."), 0)
