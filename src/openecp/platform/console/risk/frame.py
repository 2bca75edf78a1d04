# SPDX-License-Identifier: Apache-2.0
"""What every page of the risk desk shares: who reads, addresses, words and figures in the reader's language.

Officers and auditors read these pages. To everybody else who has signed in they look as if there were none.
"""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from babel.dates import format_date
from litestar.exceptions import NotFoundException

from openecp.border.risk.models.metrics import Interval
from openecp.platform.console.language import N_, moment_of
from openecp.platform.console.pages import AnyRequest, Console, Page, sees_all, signed_in
from openecp.platform.console.plans.words import day_of
from openecp.platform.console.risk import words
from openecp.platform.console.risk.desk import RiskDesk
from openecp.platform.console.risk.predicate_rows import Money
from openecp.platform.console.session import Visitor
from openecp.platform.core.permissions import may

REASON_CHARS_MAX = 1000


class RiskFrame:
    """One reader's view of the risk desk, in a language.

    Raises: SignInNeededError; NotFoundException where the reader is neither officer nor auditor.
    """

    def __init__(self, request: AnyRequest, console: Console, visitor: Visitor) -> None:
        self.request, self.console, self.visitor = request, console, visitor
        self.language = console.language(visitor)
        self.principal = signed_in(visitor)
        if not sees_all(self.principal) or console.risk is None:
            raise NotFoundException
        self.desk: RiskDesk = console.risk
        self.acts = may(self.principal, "act")

    def href(self, *parts: str, **query: Any) -> str:
        """Return the address of a page of the risk desk; what is empty is left out."""
        path = "/".join(("/console/risk", *(quote(part, safe="-_.") for part in parts)))
        pairs = [(name, str(value)) for name, value in query.items() if value not in (None, "", ())]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def page(self, template: str, *, status_code: int = 200, address: str | None = None, **context: Any) -> Page:
        """Return a page."""
        return self.console.page(
            self.request, self.visitor, f"risk/{template}", status_code=status_code, address=address, kf=self, kw=words,
            **context,
        )  # fmt: skip

    @property
    def tabs(self) -> list[tuple[str, str, str]]:
        """The pages: key, address, words."""
        more = self.desk.profiles is not None
        return [
            ("hits", self.href(), words.TABS["hits"]),
            ("lists", self.href("lists"), words.TABS["lists"]),
            *((key, self.href(key), words.TABS[key]) for key in ("profiles", "lanes", "rates", "compliance") if more),
            ("models", self.href("models"), words.TABS["models"]),
        ]

    @property
    def money(self) -> Money:
        """How amounts of the national currency are written for this reader."""
        return msgspec.structs.replace(self.desk.money, comma=self.language.code == "fr")

    def amount(self, minor: int | None) -> str:
        """Return an amount of the national currency with its currency."""
        if minor is None:
            return "–"
        return f"{self.language.amount(minor, self.desk.money.currency)}\u00a0{self.desk.money.currency}"

    def office(self, code: str) -> str:
        """Return an office's name with its code."""
        if not code:
            return self.language.text(N_("office not told"))
        name = self.console.names.office(code, self.language.code)
        return f"{name} ({code})" if name else code

    def day_and_month(self, day: str) -> str:
        """Return a day without its year, for axes."""
        written: str = format_date(datetime.date.fromisoformat(day), "d MMM", locale=self.language.locale)
        return written

    def month(self, text: str) -> str:
        """Return a month (2026-03) in words."""
        try:
            first = datetime.date.fromisoformat(f"{text}-01")
        except ValueError:
            return text
        written: str = format_date(first, "LLLL y", locale=self.language.locale)
        return written

    def word(self, table: dict[str, str], code: str | None) -> str:
        """Return the word of a code; a code without one stays as it is."""
        return self.language.text(table[code]) if code and code in table else (code or "")

    def date(self, day: str) -> str:
        """Return a day as the reader writes it."""
        return day_of(day[:10], self.language, "short")

    def moment(self, text: str) -> str:
        """Return a moment in the time zone of the reader's office."""
        when = moment_of(text)
        zone = self.console.names.time_zone(self.principal.office)
        return self.language.moment(when, zone) if when is not None else text

    def actor(self, actor: str) -> str:
        """Return who acted: a person's number, or the command line."""
        if actor in words.ACTORS:
            return self.language.text(words.ACTORS[actor])
        return actor.partition(":")[2] or actor

    def decimal(self, value: float, digits: int = 3) -> str:
        """Return a figure with so many decimals and a real minus sign."""
        text = f"{abs(value):.{digits}f}"
        sign = "\u2212" if value < 0 and float(text) else ""
        return sign + (text.replace(".", ",") if self.language.code == "fr" else text)

    def points(self, value: float) -> str:
        """Return points with their sign."""
        return ("+" if value >= 0 else "") + self.decimal(value, 2)

    def percent(self, share: float, digits: int = 1) -> str:
        """Return a share as a percentage."""
        return f"{self.decimal(100 * share, digits)}\u00a0%"

    def between(self, figure: Interval, *, share: bool = True) -> str:
        """Return the bounds of a figure's interval."""
        shown = self.percent if share else self.decimal
        return f"{shown(figure.low)} – {shown(figure.high)}"


def reason_fault(reason: str) -> str:
    """Return what is wrong with a reason, nothing where it is good."""
    if not reason:
        return "reason"
    return "reason_long" if len(reason) > REASON_CHARS_MAX else ""
