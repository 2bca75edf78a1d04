# SPDX-License-Identifier: Apache-2.0
"""A regime file: what it may say, field by field. docs/low-value.md explains the format to those who write one.

Amounts and rates are decimal text, amounts in the regime's currency, rates as shares (`"0.20"`). A field that is not
known is left out: where a quote would need it, the regime loads as incomplete and the quote names it.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec

Support = Literal[
    "official",
    "official+secondary",
    "secondary+official",
    "secondary",
    "secondary-conflicting",
    "secondary-old",
    "secondary-announced",
    "background-unverified",
    "decided",
]
Basis = Literal["intrinsic", "fob", "price", "cif"]  # the first three leave freight and insurance out
Scope = Literal["item", "hs6", "consignment", "order", "person_day", "person_month", "person_year"]
Channel = Literal["post", "express", "other"]
Trade = Literal["B2C", "B2B", "C2C", "gift"]
Collector = Literal["seller", "carrier", "post", "express", "broker", "buyer"]
Due = Literal["sale", "border", "return"]
Level = Literal["item", "consignment"]
Mode = Literal["floor", "half_up", "half_even", "ceiling"]
Digits = Annotated[str, msgspec.Meta(pattern=r"^\d{2}(\d{2}){0,2}$")]
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$")]
CurrencyCode = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]
MONEY_FORM = r"^\d{1,11}(\.\d{1,6})?$"
SHARE_FORM = r"^\d{1,2}(\.\d{1,8})?$"
Money = Annotated[str, msgspec.Meta(pattern=MONEY_FORM)]
Share = Annotated[str, msgspec.Meta(pattern=SHARE_FORM)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: a word that the format does not know is a fault, never ignored."""


class Limit(_Part, frozen=True, kw_only=True):
    """A threshold on value: at most (`le`) or below (`lt`) an amount, on a basis, summed over a scope."""

    le: Money | None = None
    lt: Money | None = None
    basis: Basis | None = None
    scope: Scope | None = None


class Band(_Part, frozen=True, kw_only=True):
    """One band of a progressive charge: up to a value, or below a duty rate, with what is deducted from the charge."""

    upto: Money | None = None
    rate: Share | None = None
    deduct: Money | None = None
    rate_lt: Share | None = None
    rate_le: Share | None = None
    amount: Money | None = None


class Duty(_Part, frozen=True, kw_only=True):
    """What duty a treatment charges, who collects it and when."""

    kind: Literal["ad_valorem", "tariff", "flat_per_hs6", "flat_per_consignment"]
    rate: Share | None = None
    amount: Money | None = None
    basis: Basis = "cif"
    bands: tuple[Band, ...] = ()
    up_to_chapter: Annotated[str, msgspec.Meta(pattern=r"^\d\d$")] | None = None  # later chapters are free
    by: Collector = "carrier"
    due: Due = "border"


class Tax(_Part, frozen=True, kw_only=True):
    """What tax on consumption a treatment charges: the rate is the file's, else the basket's."""

    name: str = "VAT"
    rate: Share | None = None
    rate_from: Literal["basket", "postal_article", "basket_or_none"] = "basket"
    basis: Basis = "cif"
    on_duty: bool = True
    inside: bool = False  # the base holds the tax itself: r/(1-r)
    factor: Share | None = None
    with_excise: bool = False  # (excise + tax)/(1 - excise)
    by: Collector = "carrier"
    due: Due = "border"


class Remission(_Part, frozen=True, kw_only=True):
    """A threshold on the tax: so little is not collected. `judged` before or after it is rounded."""

    le: Money | None = None
    lt: Money | None = None
    scope: Literal["item", "consignment"] = "consignment"
    judged: Literal["exact", "rounded"] = "exact"
    duty_too: bool = False


class Treatment(_Part, frozen=True, kw_only=True):
    """One way in which a regime treats goods: when it applies, with which declaration, what it charges."""

    name: str
    says: str
    declaration: str | None = None
    data_set: str | None = None
    category: Literal["auto", 1, 2, 3, 4] = "auto"
    channels: tuple[Channel, ...] = ()
    trades: tuple[Trade, ...] = ()
    dispatch: tuple[Country, ...] = ()
    not_dispatch: tuple[Country, ...] = ()
    origins: tuple[Country, ...] = ()
    scheme: bool = False  # the seller's identifier is there and valid
    buyer: bool = False  # the buyer's
    single_article: bool = False
    any_goods: bool = False  # the regime's exclusions do not shut goods out of this treatment
    method: str | None = None
    limits: Annotated[tuple[Limit, ...], msgspec.Meta(max_length=2)] = ()
    requires: tuple[
        Literal["hs", "origin", "weight", "description", "buyer.id", "buyer.name", "dispatch_country"], ...
    ] = ()
    duty: Duty | None = None
    tax: Tax | None = None
    remission: Remission | None = None


class Scheme(_Part, frozen=True, kw_only=True):
    """A seller's scheme: its names, and the published pattern of its identifier (`#` stands for a digit)."""

    name: str
    aliases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


class OriginsOut(_Part, frozen=True, kw_only=True):
    """Countries of origin that are shut out from a day on."""

    countries: tuple[Country, ...]
    since: date = date(1900, 1, 1)


class Excluded(_Part, frozen=True, kw_only=True):
    """Goods that the regime does not take: HS prefixes, origins, goods under a prohibition or restriction."""

    goods: tuple[Digits, ...] = ()
    origins: OriginsOut | None = None
    restricted: bool = True
    scope: Literal["item", "consignment"] = "consignment"


class Applies(_Part, frozen=True, kw_only=True):
    """Who falls under the regime where nobody names it."""

    channels: tuple[Channel, ...] = ()
    trades: tuple[Trade, ...] = ()
    scheme: bool = False  # the seller names the regime's scheme
    counter: bool = False  # a total of the person is given


class Rounding(_Part, frozen=True, kw_only=True):
    """Where, how and to what the charges are rounded, once."""

    level: Level = "consignment"
    mode: Mode = "half_up"
    quantum: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1  # minor units, of the regime's currency


class Exchange(_Part, frozen=True, kw_only=True):
    """Which official table of rates holds, and for how long each of its rates does."""

    table: str
    period: Literal["day", "week", "month"] = "day"
    source: str | None = None


class Categories(_Part, frozen=True, kw_only=True):
    """Categories of the WCO Immediate Release Guidelines that the assessment answers with."""

    documents: int = 1
    nothing_due: int = 2
    due: int = 3
    full: int = 4


class Caveat(_Part, frozen=True, kw_only=True):
    """What must be said to everyone who relies on the regime, from a day on."""

    text: str
    since: date = date(1900, 1, 1)


class Regime(_Part, frozen=True, kw_only=True):
    """One dated regime of a jurisdiction."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}-[A-Z0-9-]{2,40}$")]
    title: str
    support: Support | None = None
    row: str | None = None  # the row of the reference that it was written from
    valid_from: date | None = None
    valid_to: date | None = None
    start_unknown: bool = False
    date: Literal["sale", "acceptance", "arrival"] = "acceptance"
    currency: CurrencyCode | None = None
    ordinary: bool = False  # what holds where no relief does
    sources: tuple[str, ...] = ()
    background: tuple[str, ...] = ()  # fields that no cited source supports
    dropped: tuple[str, ...] = ()  # what the reference says and the regime does not
    missing: tuple[str, ...] = ()  # what must be known before it can run
    scheme: Scheme | None = None
    buyer_patterns: tuple[str, ...] = ()
    excluded: Excluded | None = None
    applies: tuple[Applies, ...] = ()
    rounding: Rounding = Rounding()
    exchange: Exchange | None = None
    categories: Categories = Categories()
    caveats: tuple[Caveat, ...] = ()
    treatments: tuple[Treatment, ...] = ()


class Jurisdiction(_Part, frozen=True, kw_only=True):
    """One file: the regimes of a jurisdiction in the order in which they are tried."""

    jurisdiction: Country
    name: str
    currency: CurrencyCode
    regimes: tuple[Regime, ...] = ()
