# SPDX-License-Identifier: Apache-2.0
"""What every page of release times shares: who reads, addresses, durations and names in the reader's language.

Officers and auditors read these pages; a trader reads none of them.
"""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import quote, urlencode

from litestar.exceptions import NotFoundException, PermissionDeniedException

from openecp.border.time_release.clocks import CLOCKS
from openecp.border.time_release.events import ACTIVITIES
from openecp.platform.console.language import N_
from openecp.platform.console.pages import AnyRequest, Console, Page, sees_all, signed_in
from openecp.platform.console.plans.words import capital, day_of
from openecp.platform.console.session import Visitor
from openecp.platform.console.times import words
from openecp.platform.console.times.desk import TimesDesk

_ACTIVITIES = {activity.code: activity for activity in ACTIVITIES}
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class TimesFrame:
    """One reader's view of release times, in a language.

    Raises: SignInNeededError, PermissionDeniedException, NotFoundException.
    """

    def __init__(self, request: AnyRequest, console: Console, visitor: Visitor) -> None:
        self.request, self.console, self.visitor = request, console, visitor
        self.language = console.language(visitor)
        if not sees_all(signed_in(visitor)):
            raise PermissionDeniedException
        if console.times is None:
            raise NotFoundException
        self.desk: TimesDesk = console.times

    def href(self, *parts: str, **query: Any) -> str:
        """Return the address of a page of release times; what is empty is left out."""
        path = "/".join(("/console/times", *(quote(part, safe="-_.") for part in parts)))
        pairs = [(name, str(value)) for name, value in query.items() if value not in (None, "", ())]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def page(self, template: str, *, status_code: int = 200, **context: Any) -> Page:
        """Return a page."""
        return self.console.page(
            self.request, self.visitor, f"times/{template}", status_code=status_code, tf=self, tiw=words, **context
        )

    @property
    def tabs(self) -> list[tuple[str, str, str]]:
        """The pages: key, address, words."""
        found = [("live", self.href(), words.TABS["live"]), ("explore", self.href("explore"), words.TABS["explore"])]
        if self.desk.studies is not None:
            found.append(("studies", self.href("studies"), words.TABS["studies"]))
        return found

    def word(self, table: dict[str, str], code: str | None) -> str:
        """Return the word of a code; a code without one stays as it is."""
        return self.language.text(table[code]) if code and code in table else (code or "")

    def owner(self, code: str) -> str:
        """Return who was awaited; an agency with its code."""
        kind, _, name = code.partition(":")
        word = self.word(words.OWNERS, kind)
        return f"{word} {name}" if name else word

    def capital(self, text: str) -> str:
        """Return a text with a capital at its beginning."""
        return capital(text)

    def clock(self, name: str) -> str:
        """Return what a clock is called."""
        clock = CLOCKS.get(name)
        if clock is None:
            start, parted, end = name.removeprefix("from=").partition(",to=")
            return f"{self.activity(start)} → {self.activity(end)}" if parted else name
        return clock.title_fr if self.language.code == "fr" else clock.title_en

    def activity(self, code: str) -> str:
        """Return what an activity is called."""
        known = _ACTIVITIES.get(code)
        if known is None:
            return code
        return known.title_fr if self.language.code == "fr" else known.title_en

    def value(self, segment: str, value: str | None) -> str:
        """Return a segment's value in words."""
        if not value:
            return self.language.text(N_("none"))
        if segment == "office":
            name = self.console.names.office(value, self.language.code)
            return f"{name} ({value})" if name else value
        tables = {"channel": words.CHANNELS, "direction": words.DIRECTIONS}
        return self.word(tables.get(segment, {}), value)

    def length(self, us: float | None) -> str:
        """Return a duration in its two greatest units; a dash for none."""
        if us is None:
            return "–"
        sign = "\u2212" if us < 0 else ""
        seconds = round(abs(us) / 1_000_000)
        if seconds < 60:
            return self.language.text(N_("%(sign)s%(s)s s"), sign=sign, s=seconds)
        minutes = round(seconds / 60)
        if minutes < 60:
            return self.language.text(N_("%(sign)s%(m)s min"), sign=sign, m=minutes)
        if minutes < 1440 and not minutes % 60:
            return self.language.text(N_("%(sign)s%(h)s h"), sign=sign, h=minutes // 60)
        if minutes < 1440:
            return self.language.text(N_("%(sign)s%(h)s h %(m)s min"), sign=sign, h=minutes // 60, m=minutes % 60)
        hours = round(minutes / 60)
        days = self.language.number(hours // 24)
        if not hours % 24:
            return self.language.text(N_("%(sign)s%(d)s d"), sign=sign, d=days)
        return self.language.text(N_("%(sign)s%(d)s d %(h)s h"), sign=sign, d=days, h=hours % 24)

    def share(self, part: float, whole: float) -> str:
        """Return a share as a percentage."""
        return f"{self.language.number(round(100 * part / whole))}\u00a0%" if whole else "–"

    def change(self, now: float | None, before: float | None) -> str:
        """Return how a figure differs from an earlier one, in percent with a sign; a dash where one is missing."""
        if now is None or not before:
            return "–"
        percent = round(100 * (now - before) / abs(before))
        sign = "+" if percent > 0 else "\u2212" if percent < 0 else "±"
        return f"{sign}{self.language.number(abs(percent))}\u00a0%"

    def moment(self, us: int, office: str = "") -> str:
        """Return a moment in the office's time zone."""
        when = _EPOCH + datetime.timedelta(microseconds=us)
        return self.language.moment(when, self.console.names.time_zone(office), seconds=True)

    def date(self, day: datetime.date | str | None) -> str:
        """Return a day as the reader writes it."""
        return day_of(day.isoformat() if isinstance(day, datetime.date) else day, self.language, "short")
