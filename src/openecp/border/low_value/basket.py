# SPDX-License-Identifier: Apache-2.0
"""A basket as a shop, a post or a carrier sends it, and the rows of items that are made of it.

Limits: ITEMS_MAX items, amounts of 10 billion main units, six decimals, 200 characters a text. Every fault of a basket
is told in one pass, with its place as in JSON (`items[0].unit_price`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any

import msgspec

from openecp.border.low_value.basket_shape import ShapeFault, repeated_names, shape_faults
from openecp.border.low_value.currencies import exponent
from openecp.border.low_value.faults import Fault, QuoteRefused
from openecp.border.low_value.tables import E8, ITEM_COLUMNS, MICRO, plain
from openecp.kernel.datamodel.currencies import CURRENCIES
from openecp.kernel.datamodel.parcel_rows import scaled

ITEMS_MAX, TEXT_MAX, BYTES_MAX = 1000, 200, 1_000_000
AMOUNT_MAX = 10**10
_DECIMAL = re.compile(r"\d{1,11}(\.\d{1,6})?", re.ASCII)
_SHARE = re.compile(r"\d{1,2}(\.\d{1,8})?", re.ASCII)
_HS = re.compile(r"\d{6,12}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_RATED = re.compile(r"\*|\d{2,12}", re.ASCII)
_PAIR = re.compile(r"([A-Z]{3}/)?[A-Z]{3}", re.ASCII)


_cells_of = itemgetter(*(name for name, _ in ITEM_COLUMNS))


class _Part(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of the basket; a word that the format does not know is a fault."""


class BasketItem(_Part, kw_only=True):
    """One line: what it is, where it is made, how many at which price. `weight_kg` is the line's."""

    description: str | None = None
    hs: str | None = None
    origin: str | None = None
    quantity: str | int = "1"
    unit_price: str
    weight_kg: str | None = None
    restricted: bool = False
    tax_paid: bool = False


class SellerScheme(_Part, kw_only=True):
    """The seller's scheme and its identifier in it."""

    name: str | None = None
    id: str | None = None


class Buyer(_Part, kw_only=True):
    """Who buys: the identifier is the person's or the company's."""

    id: str | None = None
    name: str | None = None
    address: str | None = None


class UsedSoFar(_Part, kw_only=True):
    """What the order or the person has used of a total so far, before this basket, in the basket's currency."""

    order: str | None = None
    person_day: str | None = None
    person_month: str | None = None
    person_year: str | None = None


class Rates(_Part, kw_only=True):
    """Rates that the basket brings, as shares: `{"vat": "0.20", "duty": {"640319": "0.12"}}`."""

    vat: str | None = None
    duty: dict[str, str] | None = None
    excise: dict[str, str] | None = None


class Dates(_Part, kw_only=True):
    """Dates other than the day of the quote, where the law looks at them apart."""

    sale: date | None = None
    acceptance: date | None = None
    arrival: date | None = None


class Basket(_Part, kw_only=True):
    """What is to be bought and sent: header and items, amounts in `currency`."""

    currency: str
    channel: str = "post"
    trade: str = "B2C"
    dispatch_country: str | None = None
    destination_subdivision: str | None = None
    seller_scheme: SellerScheme | None = None
    buyer: Buyer | None = None
    used_so_far: UsedSoFar | None = None
    rates: Rates | None = None
    exchange: dict[str, str] | None = None
    dates: Dates | None = None
    freight: str | None = None
    insurance: str | None = None
    duty_method: str | None = None
    documents: bool = False
    items: list[BasketItem]


_decoder = msgspec.json.Decoder(Basket)


def read_basket(data: bytes) -> Basket:
    """Read a basket of JSON.

    Raises: QuoteRefused with the place of what cannot be read.
    """
    if len(data) > BYTES_MAX:
        raise _refused("$", f"at most {BYTES_MAX} bytes", f"{len(data)} bytes", "Send a smaller basket.")
    data = data.removeprefix(b"\xef\xbb\xbf")  # a mark that editors put before UTF-8
    try:
        data.decode()
        basket, faults = _decoded(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _refused("$", "JSON in UTF-8", str(error)[:200], "Correct the text.") from None
    if basket is None or faults:
        raise QuoteRefused([_fault(*fault) for fault in faults])
    return basket


def _decoded(data: bytes) -> tuple[Basket | None, list[ShapeFault]]:
    """Return the basket, or every fault of its shape."""
    try:
        return _decoder.decode(data), repeated_names(data)
    except msgspec.ValidationError as error:
        expected = "a basket as docs/low-value.md shows it"
        return None, shape_faults(data, Basket) or [ShapeFault("$", expected, str(error), _HOW)]


_HOW = 'Correct this field; amounts and rates are decimal strings such as "12.50".'


def _fault(where: str, expected: str, got: str, fix: str) -> Fault:
    return Fault(
        code="OECP-BASKET", where=where, message="This cannot be used.", expected=expected, got=got[:80], fix=fix
    )


def _refused(where: str, expected: str, got: str, fix: str) -> QuoteRefused:
    return QuoteRefused([_fault(where, expected, got, fix)])


class _Reader:
    """Reads the texts of one basket and gathers what is wrong."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def amount(self, text: str | None, where: str) -> int:
        """Return an amount in millionths; nothing is 0."""
        if text is None:
            return 0
        value = scaled(text, 6) if _DECIMAL.fullmatch(text) else None
        if value is None or value > AMOUNT_MAX * MICRO:
            self.faults.append(
                _fault(where, f"decimal text from 0 to {AMOUNT_MAX}, at most six decimals", repr(text), _HOW)
            )
            return 0
        return value

    def share(self, text: str | None, where: str, most: int = 100) -> int | None:
        """Return a rate in 1/100,000,000."""
        if text is None:
            return None
        value = scaled(text, 8) if _SHARE.fullmatch(text) else None
        if value is not None and value > most * E8:
            self.faults.append(
                _fault(where, "a share up to 1, 0.20 for 20 %", repr(text), "Divide the percentage by 100.")
            )
            return None
        if value is None:
            self.faults.append(_fault(where, "a share as decimal text, 0.20 for 20 %", repr(text), "Correct the rate."))
            return None
        return value

    def code(self, text: str | None, where: str, pattern: re.Pattern[str], expected: str) -> str:
        """Return a code of a given form; nothing is empty."""
        if text is None or text == "":
            return ""
        if not pattern.fullmatch(text):
            self.faults.append(_fault(where, expected, repr(text), "Correct the code."))
            return ""
        return text

    def currency(self, text: str) -> str:
        """Return a currency of ISO 4217."""
        if text not in CURRENCIES:
            self.faults.append(
                _fault("currency", "a currency code of ISO 4217, as EUR", repr(text), "Correct the code.")
            )
            return "EUR"
        return text

    def names(self, given: dict[str, str] | None, where: str, pattern: re.Pattern[str], expected: str) -> None:
        """Look at the names of an object of rates: one of another form would be passed over in silence."""
        for name in given or {}:
            if not pattern.fullmatch(name):
                self.faults.append(_fault(f"{where}[{name[:40]}]", expected, repr(name), "Correct the name."))

    def one_of(self, text: str, where: str, words: tuple[str, ...]) -> str:
        """Return one of the words."""
        if text not in words:
            self.faults.append(_fault(where, "one of " + ", ".join(words), repr(text), "Write one of these."))
        return text

    def text(self, text: str | None, where: str) -> str:
        """Return a text of bearable length, without blanks around it."""
        if text is not None and (len(text) > TEXT_MAX or "|" in text or "#" in text):
            self.faults.append(_fault(where, f"at most {TEXT_MAX} characters, none of | and #", text, "Correct it."))
            return ""
        return (text or "").strip()


def item_rows(
    basket: Basket, jurisdiction: str, on: date, *, regime: str = "", basket_id: int = 1, first_row: int = 1
) -> list[tuple[Any, ...]]:
    """Return the rows of a basket: freight and insurance are shared out over the items by their price, in millionths.

    Raises: QuoteRefused with all faults of the basket.
    """
    reader = _Reader()
    header = _header(basket, reader, on)
    if not 1 <= len(basket.items) <= ITEMS_MAX:
        reader.faults.append(
            _fault("items", f"1 to {ITEMS_MAX} items", f"{len(basket.items)}", "Send a basket that holds goods.")
        )
    lines = [_line(item, number, basket, reader) for number, item in enumerate(basket.items)]
    prices = [line["price_micro"] for line in lines]
    if sum(prices) > AMOUNT_MAX * MICRO:
        reader.faults.append(_fault("items", f"at most {AMOUNT_MAX} in all", "more", "Send several baskets."))
    if reader.faults:
        raise QuoteRefused(reader.faults)
    freight = shared_out(header.pop("freight"), prices)
    insurance = shared_out(header.pop("insurance"), prices)
    rows = []
    named: dict[str, Any] = {**header, "basket_id": basket_id, "jurisdiction": jurisdiction, "regime": regime}
    for number, line in enumerate(lines):
        named |= line
        named["row_id"], named["item"] = first_row + number, number + 1
        named["freight_micro"], named["insurance_micro"] = freight[number], insurance[number]
        rows.append(_cells_of(named))
    return rows


def shared_out(total: int, weights: list[int]) -> list[int]:
    """Share a total out by weights, in whole millionths that sum up to it; equal shares where nothing has weight."""
    whole = sum(weights)
    given = weights if whole else [1] * len(weights)
    whole = whole or len(weights)
    shares, before, upto = [], 0, 0
    for weight in given:
        upto += weight
        now = total * upto // whole
        shares.append(now - before)
        before = now
    return shares


def _header(basket: Basket, reader: _Reader, on: date) -> dict[str, Any]:
    currency = reader.currency(basket.currency)
    unit = 10 ** (6 - exponent(currency))
    scheme, buyer = basket.seller_scheme, basket.buyer or Buyer()
    used, dates, rates = basket.used_so_far or UsedSoFar(), basket.dates or Dates(), basket.rates or Rates()
    for kind in ("duty", "excise"):
        reader.names(getattr(rates, kind), f"rates.{kind}", _RATED, "the beginning of an HS code, 2 to 12 digits, or *")
    reader.names(basket.exchange, "exchange", _PAIR, "two currencies, USD/EUR")
    counters = {name: getattr(used, name) for name in ("order", "person_day", "person_month", "person_year")}
    return {
        "sale_date": dates.sale or on,
        "acceptance_date": dates.acceptance or on,
        "arrival_date": dates.arrival or on,
        "currency": currency,
        "unit_micro": unit,
        "unit_inverse": Decimal(1) / unit,
        "exchange_key": "basket" if basket.exchange else "",
        "channel": reader.one_of(basket.channel, "channel", ("post", "express", "other")),
        "trade": reader.one_of(basket.trade, "trade", ("B2C", "B2B", "C2C", "gift")),
        "dispatch_country": reader.code(basket.dispatch_country, "dispatch_country", _COUNTRY, "two letters, as in CN"),
        "destination_subdivision": reader.text(basket.destination_subdivision, "destination_subdivision"),
        "scheme": plain(reader.text(scheme.name, "seller_scheme.name")) if scheme else "",
        "scheme_id": reader.text(scheme.id, "seller_scheme.id") if scheme else "",
        "buyer_id": reader.text(buyer.id, "buyer.id"),
        "method": reader.text(basket.duty_method, "duty_method"),
        "documents": basket.documents,
        "counted": any(counters[name] is not None for name in ("person_day", "person_month", "person_year")),
        "tax_rate_e8": reader.share(rates.vat, "rates.vat", most=1),
        **{
            f"used_{name.removeprefix('person_')}_micro": reader.amount(text, f"used_so_far.{name}")
            for name, text in counters.items()
        },
        "freight": reader.amount(basket.freight, "freight"),
        "insurance": reader.amount(basket.insurance, "insurance"),
    }


def _line(item: BasketItem, number: int, basket: Basket, reader: _Reader) -> dict[str, Any]:
    where = f"items[{number}]"
    rates = basket.rates or Rates()
    hs = reader.code(
        item.hs.replace(".", "").replace(" ", "") if item.hs else None, f"{where}.hs", _HS, "6 to 12 digits, 640319"
    )
    known = len(reader.faults)
    quantity = reader.amount(str(item.quantity), f"{where}.quantity")
    if quantity == 0 and len(reader.faults) == known:
        reader.faults.append(_fault(f"{where}.quantity", "more than 0", repr(item.quantity), "Say how many."))
    price = reader.amount(item.unit_price, f"{where}.unit_price")
    if item.weight_kg is not None:
        reader.amount(item.weight_kg, f"{where}.weight_kg")
    reader.text(item.description, f"{where}.description")
    product = quantity * price
    if product % MICRO or product > AMOUNT_MAX * MICRO * MICRO:
        reader.faults.append(
            _fault(where, "quantity × unit_price with at most six decimals, up to 10 billion",
                   f"{item.quantity} × {item.unit_price}", "Send fewer decimals.")
        )  # fmt: skip
    return {
        "restricted": item.restricted,
        "tax_paid": item.tax_paid,
        "origin": reader.code(item.origin, f"{where}.origin", _COUNTRY, "two letters, as in CN"),
        "hs": hs,
        "quantity_micro": quantity,
        "price_micro": product // MICRO,
        "duty_rate_e8": reader.share(_longest(rates.duty, hs), f"rates.duty[{hs}]"),
        "excise_rate_e8": reader.share(_longest(rates.excise, hs), f"rates.excise[{hs}]"),
    }


def _longest(rates: dict[str, str] | None, hs: str) -> str | None:
    """Return the rate of the longest code that the goods code begins with."""
    if not rates:
        return None
    for code in _beginnings(hs):
        if code in rates:
            return rates[code]
    return rates.get("*")


def _beginnings(hs: str) -> Iterator[str]:
    for length in range(len(hs), 1, -1):
        yield hs[:length]
