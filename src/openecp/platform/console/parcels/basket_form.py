# SPDX-License-Identifier: Apache-2.0
"""The calculator's form: what stands in the page's address becomes a basket, and a fault of it finds its field.

People write percentages and either decimal sign; a basket has shares and points. Nothing is stored.
Limits: 25 items, 200 characters a field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

import msgspec

from openecp.border.low_value.basket import Basket, read_basket
from openecp.border.low_value.faults import Fault, QuoteRefused
from openecp.border.low_value.model import Jurisdiction

ITEMS_MAX = 25
TEXT_MAX = 200
HEAD_FIELDS = (
    *("jurisdiction", "on", "against", "regime", "currency", "channel", "trade", "dispatch", "place", "scheme"),
    *("scheme_id", "buyer_id", "vat", "freight", "insurance", "order", "person_day", "person_month", "person_year"),
    *("fx", "fx_to", "method"),
)
HEAD_FLAGS = ("documents", "strict")
ITEM_FIELDS = ("what", "hs", "origin", "count", "price", "kg", "duty", "excise")
ITEM_FLAGS = ("restricted", "paid")
USED = ("order", "person_day", "person_month", "person_year")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class BasketForm(msgspec.Struct, frozen=True, kw_only=True):
    """The fields as they stand in the address: of the parcel, and of each item."""

    head: dict[str, str]
    items: tuple[dict[str, str], ...]

    @property
    def asked(self) -> bool:
        """Whether there is anything to calculate."""
        return bool(self.head["jurisdiction"]) and any(any(item.values()) for item in self.items)

    def pairs(self, items: tuple[dict[str, str], ...] | None = None) -> list[tuple[str, str]]:
        """Return what the address holds: every field that is filled, and how many items there are."""
        kept = self.items if items is None else items
        found = [(name, self.head[name]) for name in (*HEAD_FIELDS, *HEAD_FLAGS) if self.head[name]]
        for number, item in enumerate(kept, start=1):
            found += [(f"{name}{number}", item[name]) for name in (*ITEM_FIELDS, *ITEM_FLAGS) if item[name]]
        return [*found, ("items", str(len(kept)))]

    def query(self, items: tuple[dict[str, str], ...] | None = None) -> str:
        """Return the address's parameters."""
        return urlencode(self.pairs(items))


def form_of(parameters: Mapping[str, Any], today: str) -> BasketForm:
    """Read the form from the address; what is too long is cut, what cannot be printed is left out."""

    def one(name: str) -> str:
        text = str(parameters.get(name, "")).strip()[:TEXT_MAX]
        return text if text.isprintable() else ""

    head = {name: one(name) for name in HEAD_FIELDS}
    head |= {name: "yes" if one(name) else "" for name in HEAD_FLAGS}
    head["jurisdiction"] = head["jurisdiction"].upper()
    head["channel"], head["trade"] = head["channel"] or "post", head["trade"] or "B2C"
    head["on"] = head["on"] or today
    wanted = one("items")
    count = max(1, min(ITEMS_MAX, int(wanted) if wanted.isascii() and wanted.isdigit() else 1))
    items = []
    for number in range(1, count + 1):
        item = {name: one(f"{name}{number}") for name in ITEM_FIELDS}
        items.append(item | {name: "yes" if one(f"{name}{number}") else "" for name in ITEM_FLAGS})
    return BasketForm(head=head, items=tuple(items))


def empty_item() -> dict[str, str]:
    """Return an item that nobody has filled."""
    return dict.fromkeys((*ITEM_FIELDS, *ITEM_FLAGS), "")


def basket_of(form: BasketForm, file: Jurisdiction | None) -> tuple[Basket | None, list[Fault]]:
    """Return the basket that a form says without what it cannot hold, and everything that is so."""
    faults: list[Fault] = []
    head = form.head
    currency = (head["currency"] or (file.currency if file else "")).upper()
    rates: dict[str, Any] = {}
    if head["vat"]:
        rates["vat"] = _share(head["vat"], "rates.vat", faults)
    for name, field in (("duty", "duty"), ("excise", "excise")):
        given = _rates(form, field, faults)
        if given:
            rates[name] = given
    basket: dict[str, Any] = {
        "currency": currency,
        "channel": head["channel"],
        "trade": head["trade"],
        "dispatch_country": head["dispatch"].upper() or None,
        "destination_subdivision": head["place"] or None,
        "freight": _number(head["freight"]),
        "insurance": _number(head["insurance"]),
        "duty_method": head["method"] or None,
        "documents": bool(head["documents"]),
        "items": [_item(item) for item in form.items],
    }
    if head["scheme"] or head["scheme_id"]:
        basket["seller_scheme"] = {"name": head["scheme"] or None, "id": head["scheme_id"].replace(" ", "") or None}
    if head["buyer_id"]:
        basket["buyer"] = {"id": head["buyer_id"]}
    if any(head[name] for name in USED):
        basket["used_so_far"] = {name: _number(head[name]) for name in USED if head[name]}
    if rates:
        basket["rates"] = rates
    if head["fx"]:
        target = (head["fx_to"] or (file.currency if file else "")).upper()
        basket["exchange"] = {f"{currency}/{target}": _number(head["fx"])}
    try:
        return read_basket(msgspec.json.encode(_without_none(basket))), faults
    except QuoteRefused as refused:
        return None, [*faults, *refused.faults]


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list) else value


def _item(item: dict[str, str]) -> dict[str, Any]:
    return {
        "description": item["what"] or None,
        "hs": item["hs"].replace(" ", "").replace(".", "") or None,
        "origin": item["origin"].upper() or None,
        "quantity": _number(item["count"]) or "1",
        "unit_price": _number(item["price"]) or "",
        "weight_kg": _number(item["kg"]),
        "restricted": bool(item["restricted"]),
        "tax_paid": bool(item["paid"]),
    }


def _number(text: str) -> str | None:
    """Return a number with a point; blanks between thousands go, and a comma that parts decimals is a point."""
    plain = re.sub(r"[\s\u00a0\u202f]", "", text)
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    return plain or None


def _share(text: str, where: str, faults: list[Fault]) -> str | None:
    """Return a percentage as a share, exactly."""
    plain = (_number(text) or "").removesuffix("%")
    try:
        share = Decimal(plain) / 100 if re.fullmatch(r"\d{1,4}(\.\d{1,6})?", plain, re.ASCII) else None
    except InvalidOperation:
        share = None
    if share is None:
        faults.append(
            Fault(
                code="OECP-BASKET",
                where=where,
                message="This cannot be used.",
                expected="a percentage such as 20 or 7.5",
                got=repr(text[:40]),
                fix="Correct the rate.",
            )
        )
        return None
    return f"{share.normalize():f}"


def _rates(form: BasketForm, field: str, faults: list[Fault]) -> dict[str, str]:
    """Return the rates of the items by HS code; an item without one has the rate of all others."""
    found: dict[str, str] = {}
    for number, item in enumerate(form.items):
        if not item[field]:
            continue
        where = f"items[{number}].{field}"
        share = _share(item[field], where, faults)
        key = item["hs"].replace(" ", "").replace(".", "") or "*"
        if share is None:
            continue
        if found.setdefault(key, share) != share:
            faults.append(
                Fault(
                    code="OECP-BASKET",
                    where=where,
                    message="Two items of one HS code have different rates.",
                    expected="one rate for each HS code",
                    got=item[field][:40],
                    fix="Give both the same rate, or a longer HS code.",
                )
            )
    return found


_PLACES = {
    "date": "on",
    "dispatch_country": "dispatch",
    "destination_subdivision": "place",
    "seller_scheme.name": "scheme",
    "seller_scheme.id": "scheme_id",
    "buyer.id": "buyer_id",
    "rates.vat": "vat",
    "duty_method": "method",
    "items": "price1",
    "$": "price1",
}
_ITEM_PLACES = {
    "description": "what",
    "hs": "hs",
    "origin": "origin",
    "quantity": "count",
    "unit_price": "price",
    "weight_kg": "kg",
    "duty": "duty",
    "excise": "excise",
}


def field_of(fault: Fault, form: BasketForm) -> str:
    """Return the field of the form that a fault is about."""
    where = fault.where
    if where in _PLACES:
        return _PLACES[where]
    if where.startswith("used_so_far."):
        return where.partition(".")[2]
    if where.startswith("exchange"):
        return "fx"
    if where.startswith("regime"):
        return "regime"
    if found := re.fullmatch(r"rates\.(duty|excise)\[(.*)\]", where):
        return _rate_field(form, found.group(1), found.group(2))
    if found := re.match(r"items\[(\d+)\](?:\.(\w+))?", where):
        return f"{_ITEM_PLACES.get(found.group(2) or '', 'price')}{int(found.group(1)) + 1}"
    return where if where in HEAD_FIELDS else "jurisdiction"


def _rate_field(form: BasketForm, kind: str, hs: str) -> str:
    for number, item in enumerate(form.items, start=1):
        if (item["hs"].replace(" ", "").replace(".", "") or "?") == hs:
            return f"{kind}{number}"
    return f"{kind}1"


def day_of_field(text: str) -> date | None:
    """Return the day of a field, None where it is none between 1990 and 2100."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
    return day if day is not None and 1990 <= day.year <= 2100 else None
