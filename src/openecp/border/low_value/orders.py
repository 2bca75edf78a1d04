# SPDX-License-Identifier: Apache-2.0
"""E-commerce orders by importer and day: what each day's orders come to, and the duty where they are above a limit.

The orders task of the WCO hackathon of 2026: orders priced in INR, AED = INR × 0.044, 5 % on all items of an importer's
day above AED 1,000 (exactly 1,000 is not above). Nothing is rounded but the duty that is payable: once for each
importer and day, half up to the fils; an item bears what it adds to the rounded sum, so that lines sum up to totals.
Reads: rows of text. Limits: amounts below a thousand million, at most six decimals; texts of 4,000 characters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from fractions import Fraction
from typing import NamedTuple

import msgspec

ORDER_COLUMNS = (
    "order_id",
    "timestamp",
    "importer_name",
    "delivery_address",
    "product_title",
    "description",
    "product_category",
    "item_price_inr",
    "image_url",
)
NEEDED_COLUMNS = (*ORDER_COLUMNS[:5], "item_price_inr")  # each row must fill these
TEXT_MAX = 4_000
MICRO = 1_000_000
_PRICE = re.compile(
    r"(?:(?:₹|Rs\.?|INR) ?)?(\d{1,9}|\d{1,3}(?:,\d{2,3})*,\d{3})(?:\.(\d{1,6}))?", re.IGNORECASE | re.ASCII
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]+")


class OrderTerms(NamedTuple):
    """Exchange rate, limit and duty of the task; another file may be judged by others."""

    rate: Fraction = Fraction(44, 1000)  # AED for one INR
    limit: Fraction = Fraction(1000)  # AED a day, above which all items bear duty
    duty_rate: Fraction = Fraction(5, 100)
    currency: str = "AED"
    minor_units: int = 100


class Order(NamedTuple):
    """One ordered item; `day` is the local day of the office's time zone."""

    row: int
    order_id: str
    timestamp: str
    day: date
    importer_name: str
    delivery_address: str
    product_title: str
    description: str
    product_category: str
    price_micro: int  # INR in millionths
    image_url: str


class OrderFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a cell of an order cannot be used, and what to do."""

    row: int
    column: str
    code: str
    expected: str
    got: str
    fix: str


class OrderGroup(msgspec.Struct, frozen=True, kw_only=True):
    """An importer's orders of one day. Amounts are exact; `duty_minor` alone is rounded."""

    group: int  # number of the importer
    day: date
    places: tuple[int, ...]  # of its orders in the list that was grouped
    price_micro: int
    total: Fraction
    dutiable: bool
    duty: Fraction
    duty_minor: int
    item_duty_minor: tuple[int, ...]


def read_orders(
    rows: Iterable[Mapping[str, str | None]], zone: tzinfo, *, first_row: int = 2
) -> tuple[list[Order], list[OrderFault]]:
    """Return the usable orders and every fault of the others. A row with a fault shuts out itself and no other.

    Columns are found by name, in any order; `first_row` is the row of the file that the first order stands in. Rows
    with the number of an order before them are further items of it; any other use of a number is a fault.
    """
    orders: list[Order] = []
    faults: list[OrderFault] = []
    known: dict[str, list[Order]] = defaultdict(list)
    for number, row in enumerate(rows, start=first_row):
        if not any(row.values()):
            continue  # a blank row
        found = read_order(row, number, zone)
        if isinstance(found, Order):
            double = _doubled(found, known[found.order_id])
            if double is not None:
                faults.append(double)
                continue
            known[found.order_id].append(found)
            orders.append(found)
        else:
            faults += found
    return orders, faults


def _doubled(order: Order, before: Sequence[Order]) -> OrderFault | None:
    """Return the fault of a row whose order number stands for another order already, or that is there twice."""
    if not before:
        return None
    first = before[0]
    same = next((one for one in before if one._replace(row=order.row) == order), None)
    if same is not None:
        got, fix = f"the same row as row {same.row}", "Leave out the second; it was not counted."
    elif (order.importer_name, order.delivery_address, order.timestamp) != (
        first.importer_name, first.delivery_address, first.timestamp,
    ):  # fmt: skip
        got = f"{order.order_id}, the number of another importer, address or time in row {first.row}"
        fix = "Give each order a number of its own."
    else:
        return None
    return OrderFault(
        row=order.row, column="order_id", code="OECP-ORDER-DOUBLE", got=got[:120], fix=fix,
        expected="a number that no order before has, or a further item of the same order",
    )  # fmt: skip


def read_order(row: Mapping[str, str | None], number: int, zone: tzinfo) -> Order | list[OrderFault]:
    """Return one order, or all that is wrong with its row."""
    faults: list[OrderFault] = []
    cells = {name: _UNSEEN.sub(" ", row.get(name) or "").strip() for name in ORDER_COLUMNS}

    def fault(column: str, code: str, expected: str, got: str, fix: str) -> None:
        faults.append(OrderFault(row=number, column=column, code=code, expected=expected, got=got[:80], fix=fix))

    for name, text in cells.items():
        if not text and name in NEEDED_COLUMNS:
            fault(name, "OECP-ORDER-EMPTY", "a value", "nothing", "Fill the cell.")
        elif "\ufffd" in text:
            fault(name, "OECP-ORDER-ENCODING", "text in UTF-8", "bytes that are none", "Save the file as UTF-8.")
        elif len(text) > TEXT_MAX:
            got = f"{len(text):,} characters"
            fault(name, "OECP-ORDER-LONG", f"at most {TEXT_MAX:,} characters", got, "Shorten the text.")
    day = order_day(cells["timestamp"], zone) if cells["timestamp"] else None
    if cells["timestamp"] and day is None:
        expected = "date and time as in 2026-03-01T21:30:00+05:30, or without an offset in the time zone of the office"
        fault("timestamp", "OECP-ORDER-TIME", expected, cells["timestamp"], "Write year, month, day in this order.")
    price = order_price(cells["item_price_inr"]) if cells["item_price_inr"] else None
    if cells["item_price_inr"] and price is None:
        expected = "an amount of 0 or more with a decimal point and at most 6 decimals"
        fault("item_price_inr", "OECP-ORDER-PRICE", expected, cells["item_price_inr"], "Write 1299.50 or 1,299.50.")
    for name in ORDER_COLUMNS if faults else ():
        lines = (row.get(name) or "").count("\n")
        if lines:
            got = f"a cell of {lines + 1:,} lines"
            fault(
                name, "OECP-ORDER-QUOTE", "a quote that is closed in its row", got, "Close it, or double it in a text."
            )
    if None in row:
        fault("", "OECP-ORDER-CELLS", "as many cells as headings", "more", "Put texts with commas into quotes.")
    if faults or day is None or price is None:
        return faults
    texts = {name: cells[name] for name in ORDER_COLUMNS if name != "item_price_inr"}
    return Order(row=number, day=day, price_micro=price, **texts)


def order_day(text: str, zone: tzinfo) -> date | None:
    """Return the local day of a moment; what names no offset is local time. None where it is no moment."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.date() if moment.tzinfo is None else moment.astimezone(zone).date()
    except (ValueError, OverflowError):
        return None


def order_price(text: str) -> int | None:
    """Return a price in millionths; groups of digits may be parted by commas, ₹, Rs or INR may stand before it."""
    found = _PRICE.fullmatch(text)
    if not found:
        return None
    whole, decimals = found[1].replace(",", ""), (found[2] or "").ljust(6, "0")
    return int(whole + decimals) if len(whole) <= 9 else None


def group_orders(orders: Sequence[Order], importers: Sequence[int], terms: OrderTerms) -> list[OrderGroup]:
    """Return each importer's days, in the order of day and importer; `importers` are groups, one an order."""
    members: dict[tuple[date, int], list[int]] = defaultdict(list)
    for place, (order, importer) in enumerate(zip(orders, importers, strict=True)):
        members[order.day, importer].append(place)
    return [_group(orders, day, importer, places, terms) for (day, importer), places in sorted(members.items())]


def _group(orders: Sequence[Order], day: date, importer: int, places: list[int], terms: OrderTerms) -> OrderGroup:
    price = sum(orders[place].price_micro for place in places)
    total = terms.rate * Fraction(price, MICRO)
    dutiable = total > terms.limit
    shares = [0] * len(places)
    before = so_far = 0
    if dutiable:
        minor = terms.rate * terms.duty_rate * Fraction(terms.minor_units, MICRO)  # of a millionth of INR
        for at, place in enumerate(places):
            so_far += orders[place].price_micro
            upto = half_up(so_far * minor)
            shares[at], before = upto - before, upto
    return OrderGroup(
        group=importer,
        day=day,
        places=tuple(places),
        price_micro=price,
        total=total,
        dutiable=dutiable,
        duty=total * terms.duty_rate if dutiable else Fraction(0),
        duty_minor=before,
        item_duty_minor=tuple(shares),
    )


def half_up(value: Fraction) -> int:
    """Return the nearest whole number, halves up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def amount_text(value: Fraction) -> str:
    """Return an exact amount as decimals, at least two.

    Raises: ValueError where it has no end as a decimal.
    """
    scale, digits, divisor = 2, value.numerator * 100, value.denominator
    while digits % divisor:
        scale, digits = scale + 1, digits * 10
        if scale > 30:
            raise ValueError(f"amount {value}: expected a number that ends as a decimal")
    whole, rest = divmod(abs(digits) // divisor, 10**scale)
    return f"{'-' if digits < 0 else ''}{whole}.{rest:0{scale}d}"


def inr(micro: int) -> Fraction:
    """Return millionths as an amount."""
    return Fraction(micro, MICRO)


def order_checks(orders: Sequence[Order], groups: Sequence[OrderGroup], terms: OrderTerms) -> dict[str, bool]:
    """Return what must hold of a result, each with whether it does; computed anew from the orders."""
    places = sorted(place for group in groups for place in group.places)
    price = sum(order.price_micro for order in orders)
    dutiable = inr(sum(group.price_micro for group in groups if group.dutiable))
    return {
        "each order is in one group": places == list(range(len(orders))),
        "groups hold one day each": all(orders[place].day == group.day for group in groups for place in group.places),
        "sum of orders = sum of groups (INR)": price == sum(group.price_micro for group in groups),
        "INR × rate = sum of groups": inr(price) * terms.rate == sum((group.total for group in groups), Fraction(0)),
        "duty only above the limit": all((group.total > terms.limit) == group.dutiable for group in groups)
        and not any(group.duty or group.duty_minor for group in groups if not group.dutiable),
        "duty before rounding = rate × dutiable value": dutiable * terms.rate * terms.duty_rate
        == sum((group.duty for group in groups), Fraction(0)),
        "sum of item duties = duty of the group": all(
            sum(group.item_duty_minor) == group.duty_minor for group in groups
        ),
        "no group is off by more than half a minor unit": all(
            abs(group.duty * terms.minor_units - group.duty_minor) <= Fraction(1, 2) for group in groups
        ),
    }
