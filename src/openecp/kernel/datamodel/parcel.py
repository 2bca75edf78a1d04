# SPDX-License-Identifier: Apache-2.0
"""A parcel as its sender's post, carrier or platform declares it: the low-value data set, and its flat form in files.

Leaves are text as declared, amounts and rates decimal strings; who reads them decides what can be used. The flat form
is one row an item, in `PARCEL_COLUMNS`; the rows of one parcel stand together.
Source: WCO Data Model, EU customs data set H7 and the elements of the CN23 form, as published lists of fields.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ColumnKind = Literal["text", "date", "amount", "share", "count", "flag"]


class ParcelItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One content piece: what it is, where it is made, how many at which price. `weight_kg` is the line's, net."""

    description: str | None = None
    hs: str | None = None
    origin: str | None = None
    quantity: str = "1"
    unit_price: str | None = None
    weight_kg: str | None = None
    restricted: bool = False
    tax_paid: bool = False
    duty_rate: str | None = None  # only where no table has the rate; shares, "0.12"
    tax_rate: str | None = None
    excise_rate: str | None = None


class Parcel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One parcel: its key is identifier and posting date, since an identifier is used again after a year or two."""

    parcel_id: str  # S10 for a postal item, else the carrier's number
    posted_on: str  # ISO date
    channel: str = "post"  # post, express, other
    trade: str = "B2C"  # B2C, B2B, C2C, gift
    currency: str | None = None
    dispatch_country: str | None = None
    destination_subdivision: str | None = None
    sold_on: str | None = None
    arrived_on: str | None = None
    carrier: str | None = None  # who presents the parcel and collects at the border: an organisation's identifier
    scheme: str | None = None
    scheme_id: str | None = None
    order_id: str | None = None
    sender_name: str | None = None
    sender_address: str | None = None
    buyer_id: str | None = None
    buyer_name: str | None = None
    buyer_address: str | None = None
    freight: str | None = None
    insurance: str | None = None
    gross_weight_kg: str | None = None
    documents: bool = False
    items: tuple[ParcelItem, ...] = ()


_HEADER: tuple[tuple[str, ColumnKind, bool], ...] = (
    ("parcel_id", "text", True),
    ("posted_on", "date", True),
    ("channel", "text", False),
    ("trade", "text", False),
    ("currency", "text", True),
    ("dispatch_country", "text", False),
    ("destination_subdivision", "text", False),
    ("sold_on", "date", False),
    ("arrived_on", "date", False),
    ("carrier", "text", False),
    ("scheme", "text", False),
    ("scheme_id", "text", False),
    ("order_id", "text", False),
    ("sender_name", "text", False),
    ("sender_address", "text", False),
    ("buyer_id", "text", False),
    ("buyer_name", "text", False),
    ("buyer_address", "text", False),
    ("freight", "amount", False),
    ("insurance", "amount", False),
    ("gross_weight_kg", "amount", False),
    ("documents", "flag", False),
)
_ITEM: tuple[tuple[str, ColumnKind, bool], ...] = (
    ("description", "text", True),
    ("hs", "text", False),
    ("origin", "text", False),
    ("quantity", "count", False),
    ("unit_price", "amount", True),
    ("weight_kg", "amount", False),
    ("restricted", "flag", False),
    ("tax_paid", "flag", False),
    ("duty_rate", "share", False),
    ("tax_rate", "share", False),
    ("excise_rate", "share", False),
)
PARCEL_HEADER_COLUMNS = tuple(name for name, _, _ in _HEADER)  # the same in every row of a parcel
PARCEL_ITEM_COLUMNS = tuple(name for name, _, _ in _ITEM)
PARCEL_COLUMNS: tuple[tuple[str, ColumnKind, bool], ...] = _HEADER + _ITEM  # name, kind, needed in every row
PERSONAL_COLUMNS = ("sender_name", "sender_address", "buyer_id", "buyer_name", "buyer_address")  # never in the log
