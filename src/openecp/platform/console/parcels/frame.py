# SPDX-License-Identifier: Apache-2.0
"""What every page of parcels shares: who reads, addresses, days, countries, amounts, rates in the reader's tongue."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from babel.numbers import format_decimal
from litestar.exceptions import NotFoundException, PermissionDeniedException

from openecp.platform.console.pages import AnyRequest, Console, Page, signed_in
from openecp.platform.console.parcels import words
from openecp.platform.console.parcels.desk import ParcelDesk
from openecp.platform.console.plans.words import capital, day_of
from openecp.platform.console.session import Visitor
from openecp.platform.core.permissions import may

PATH_SAFE = "-_."


def desk_of(console: Console) -> ParcelDesk:
    """Return the desk of parcels.

    Raises: NotFoundException where this console has none.
    """
    if console.parcels is None:
        raise NotFoundException
    return console.parcels


class ParcelFrame:
    """One reader's view of parcels, in a language."""

    def __init__(self, request: AnyRequest, console: Console, visitor: Visitor) -> None:
        self.request, self.console, self.visitor = request, console, visitor
        self.principal = signed_in(visitor)
        self.language = console.language(visitor)
        self.desk = desk_of(console)
        if not may(self.principal, "quote"):
            raise PermissionDeniedException
        self.today = console.now_text()[:10]

    def href(self, *parts: str, **query: Any) -> str:
        """Return the address of a page of parcels; what is empty is left out."""
        path = "/".join(("/console/parcels", *(quote(part, safe=PATH_SAFE) for part in parts)))
        pairs = [(name, str(value)) for name, value in query.items() if value not in (None, "", ())]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def page(self, template: str, *, status_code: int = 200, address: str | None = None, **context: Any) -> Page:
        """Return a page."""
        return self.console.page(
            self.request,
            self.visitor,
            f"parcels/{template}",
            status_code=status_code,
            address=address,
            pf=self,
            paw=words,
            **context,
        )

    @property
    def tabs(self) -> list[tuple[str, str, str]]:
        """The pages that this reader has: key, address, words."""
        found = [("regimes", self.href("regimes"), words.TABS["regimes"])]
        found.append(("calculator", self.href("calculator"), words.TABS["calculator"]))
        return found

    def word(self, table: dict[str, str], code: str | None) -> str:
        """Return the word of a code in the reader's language; a code without one stays as it is."""
        if not code:
            return ""
        return self.language.text(table[code]) if code in table else code.replace("_", " ")

    def capital(self, table: dict[str, str], code: str | None) -> str:
        """Return the word of a code with a capital."""
        return capital(self.word(table, code))

    def date(self, day: str | datetime.date | None, form: str = "long") -> str:
        """Return a day as the reader writes it."""
        return day_of(day.isoformat() if isinstance(day, datetime.date) else day, self.language, form)

    def before(self, day: datetime.date) -> datetime.date:
        """Return the day before."""
        return day - datetime.timedelta(days=1)

    def country(self, code: str | None) -> str:
        """Return a country's or union's name."""
        if not code:
            return ""
        name: str = self.language.locale.territories.get(code, code)
        return name

    def countries(self, codes: tuple[str, ...]) -> str:
        """Return the names of countries, joined."""
        return ", ".join(self.country(code) for code in codes)

    def figure(self, text: str | int | None) -> str:
        """Return a decimal text with all its digits, as the reader writes numbers."""
        if text is None or text == "":
            return "–"
        try:
            value = Decimal(str(text))
        except ArithmeticError:
            return str(text)
        places = max(0, -int(value.as_tuple().exponent)) if value.is_finite() else 0
        written: str = format_decimal(
            value, format="#,##0" + ("." + "0" * places if places else ""), locale=self.language.locale
        )
        return written

    def money(self, text: str | None, currency: str | None) -> str:
        """Return an amount with its currency; they are not parted at the end of a line."""
        return f"{self.figure(text)}\u00a0{currency}" if currency else self.figure(text)

    def percent(self, share: str | None) -> str:
        """Return a share as a percentage."""
        if share is None or share == "":
            return "–"
        try:
            value = (Decimal(share) * 100).normalize()
        except ArithmeticError:
            return share
        return f"{self.figure(f'{value:f}')}\u00a0%"

    def rate(self, text: str) -> str:
        """Return the rate of a charge: a share as a percentage, a flat amount with its currency."""
        amount, _, currency = text.partition(" ")
        return self.money(amount, currency) if currency else self.percent(amount)

    def signed(self, text: str) -> str:
        """Return a difference with its sign."""
        return f"+{self.figure(text[1:])}" if text.startswith("+") else f"\u2212{self.figure(text.lstrip('-'))}"
