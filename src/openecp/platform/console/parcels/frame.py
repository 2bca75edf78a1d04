# SPDX-License-Identifier: Apache-2.0
"""What every page of parcels shares: who reads, addresses, days, countries, amounts, rates in the reader's tongue."""

from __future__ import annotations

import datetime
import unicodedata
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from babel.numbers import format_decimal
from litestar.exceptions import NotFoundException, PermissionDeniedException

from openecp.border.low_value.parcel_case import MACHINE
from openecp.platform.console.pages import AnyRequest, Console, Page, reads_declarations, sees_all, signed_in
from openecp.platform.console.parcels import words
from openecp.platform.console.parcels.desk import ParcelDesk
from openecp.platform.console.parcels.quality_words import found_words
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
        keys = ["regimes", "calculator"]
        if self.reads_parcels:
            kept = {"files": self.desk.inbox, "find": self.desk.source}
            keys = [key for key, there in kept.items() if there is not None] + keys
            keys += ["posts"] if self.sees_all and self.desk.scorecard is not None else []
            keys += ["collectors"] if self.desk.collectors is not None else []
        return [(key, self.href(key), words.TABS[key]) for key in keys]

    @property
    def reads_parcels(self) -> bool:
        """Whether the reader reads any parcels: all, or those of the own organisation."""
        return reads_declarations(self.principal)

    @property
    def sees_all(self) -> bool:
        """Whether the reader reads every organisation's parcels, and what is for officers only."""
        return sees_all(self.principal)

    @property
    def may_send(self) -> bool:
        """Whether the reader may send files of parcels."""
        return may(self.principal, "lodge") or may(self.principal, "act")

    @property
    def may_receive(self) -> bool:
        """Whether the reader may record payments of collectors."""
        return may(self.principal, "receive")

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
        if not code or (code[0] in "XQ" and code != "XK"):  # for private use; CLDR has names of its own for some
            return code or ""
        name: str = self.language.locale.territories.get(code, code)
        return name

    def place_order(self, code: str) -> str:
        """Return what countries are sorted by: their names without accents."""
        plain = unicodedata.normalize("NFD", self.country(code).casefold())
        return "".join(letter for letter in plain if not unicodedata.combining(letter))

    def countries(self, codes: tuple[str, ...]) -> str:
        """Return the names of countries, joined."""
        return ", ".join(self.country(code) for code in codes)

    def figure(self, text: str | int | Decimal | None) -> str:
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

    def size(self, count: int) -> str:
        """Return a number of bytes in words."""
        for unit, least in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
            if count >= least:
                return f"{self.figure(Decimal(count * 10 // least).scaleb(-1))}\u00a0{unit}"
        return f"{count}\u00a0B"

    def reason(self, code: str) -> str:
        """Return a reason's or quality code in words."""
        if found := found_words(code, self.language.code):
            return found
        return self.language.text(words.REASONS[code]) if code in words.REASONS else code

    def status(self, code: str) -> str:
        """Return where a parcel stands, in words."""
        state = MACHINE.states.get(code)
        return (state.title_fr if self.language.code == "fr" else state.title_en) if state is not None else code

    def goods(self, name: str, value: str) -> str:
        """Return a field of the goods as the reader writes it; a dash for none."""
        if not value:
            return "–"
        if name in ("quantity", "weight_kg") and "." in value:
            value = value.rstrip("0").rstrip(".")
        return self.figure(value) if name in ("quantity", "unit_price", "weight_kg") else value

    def entry(self, entry: dict[str, Any], currency: str) -> str:
        """Return an entry of the ledger in words: what is charged to whom, taken back from whom, or paid."""
        debit, credit = str(entry["debit"]), str(entry["credit"])
        kind = "charged" if credit.startswith("revenue:") else "taken_back" if debit.startswith("revenue:") else "paid"
        account = debit if kind == "charged" else credit
        parts = account.split(":")
        name = self.word(words.COLLECTORS, parts[1]) if len(parts) > 3 else account
        named = f"{name} {':'.join(parts[2:-1])}" if len(parts) > 3 and parts[2] != "unnamed" else name
        amount = f"{self.language.amount(int(entry['amount_minor']), currency)}\u00a0{currency}"
        return self.language.text(words.ENTRIES[kind], amount=amount, name=named)

    def who(self, actor: str) -> str:
        """Return who did something: a person's number for officers, else what kind of person."""
        kind, _, name = actor.partition(":")
        if name:
            return name
        return self.word({"person": words.ACTORS["person"], "system": words.ACTORS["system"]}, kind)

    def post(self, code: str) -> str:
        """Return a post's code with its country's name."""
        if not code:
            return self.language.text(words.UNKNOWN_POST)
        name = self.country(code[:2])
        return code if name == code[:2] else f"{name} ({code})"

    def thousandths(self, share: int) -> str:
        """Return a share in thousandths as a percentage."""
        return f"{self.figure(Decimal(share).scaleb(-1))}\u00a0%"

    def trend(self, change: int | None) -> str:
        """Return a change of a share in thousandths, with its sign, in points of a percent."""
        if change is None:
            return "–"
        sign = "+" if change > 0 else "\u2212" if change < 0 else ""
        return f"{sign}{self.figure(Decimal(abs(change)).scaleb(-1))}"

    def grade(self, share: int) -> str:
        """Return how a share of complete data is coloured; the number says it too."""
        return "good" if share >= 900 else "middle" if share >= 700 else "bad"
