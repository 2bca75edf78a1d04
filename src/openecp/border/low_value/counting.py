# SPDX-License-Identifier: Apache-2.0
"""Totals of persons and orders: what a parcel has before it in its own chunk and in the journal, and what it adds.

A parcel adds its value to the totals of its person and order when a treatment with such a limit is the one that holds;
what is charged under another rule moves no total. The parcels of a chunk see each other in the order of their rows.
The way of a parcel hangs on its pattern, its values and these totals alone, so that one pass in Python suffices; the
steps then compute on the totals as columns.
Limits: a person counts by an identifier, or by name and address together; namesakes and households do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from openecp.border.low_value.ways import WAY_COLUMNS
from openecp.kernel.journal.bulk import CounterKey, CounterMove, CounterState

PERIODS = {4: "order", 5: "person_day", 6: "person_month", 7: "person_year"}
_USED = {4: "used_order_micro", 5: "used_day_micro", 6: "used_month_micro", 7: "used_year_micro"}
_LENGTH = {5: 10, 6: 7, 7: 4}  # of an ISO date: the day, the month, the year
_DATES = ("sale_date", "acceptance_date", "arrival_date")
_AT = {name: place for place, (name, _) in enumerate(WAY_COLUMNS)}

Reads = Callable[[Sequence[CounterKey]], Mapping[CounterKey, CounterState]]


class Period(NamedTuple):
    """One kind of total that a jurisdiction keeps: over what, from which date, on which value, in which currency."""

    scope: int
    law_date: int
    cif: bool
    currency: str


class ItemValues(NamedTuple):
    """One item: its ways without and with an earlier total of its person, and what it is worth, in millionths."""

    ways: tuple[Sequence[tuple[Any, ...]], Sequence[tuple[Any, ...]]]
    price: int
    cif: int
    quantity: int
    hs6: str


class CountedParcel(NamedTuple):
    """One parcel that totals may concern, in the order of rows."""

    basket_id: int
    first_row: int
    currency: str
    person: str | None  # salted hashes
    order: str | None
    dates: tuple[date, date, date]  # sale, acceptance, arrival
    items: Sequence[ItemValues]


class Addition(NamedTuple):
    """What one parcel adds to one total, in the total's currency."""

    first_row: int
    key: CounterKey
    micro: int


class Count(NamedTuple):
    """What the pass found: rows of person_totals, what each parcel adds, and the versions that were read."""

    totals: list[tuple[Any, ...]]
    additions: list[Addition]
    versions: dict[CounterKey, int]
    read: list[tuple[int, CounterKey]]  # keys that a parcel looked at


def periods_of(treatments: Iterable[Mapping[str, Any]]) -> tuple[Period, ...]:
    """Return the totals that treatments look at; of one scope the first that names it."""
    found: dict[int, Period] = {}
    for row in treatments:
        for name in ("limit", "limit2"):
            scope = row[f"{name}_scope"]
            if scope >= 4:
                found.setdefault(scope, Period(scope, row["law_date"], row[f"{name}_cif"], row["amount_currency"]))
    return tuple(found[scope] for scope in sorted(found))


class Counting:
    """Counts the parcels of a chunk one after the other."""

    def __init__(self, periods: Sequence[Period], pairs: Mapping[tuple[str, str], tuple[int, int]]) -> None:
        self._periods, self._pairs = periods, pairs

    def keys(self, parcel: CountedParcel) -> list[tuple[Period, CounterKey]]:
        """Return the totals that concern a parcel; none where it cannot be said whose it is."""
        found = []
        for period in self._periods:
            if (parcel.currency, period.currency) not in self._pairs:
                continue  # without a rate of exchange the parcel is held
            if period.scope == 4:
                entity = name = parcel.order
            else:
                entity, name = parcel.person, parcel.dates[period.law_date].isoformat()[: _LENGTH[period.scope]]
            if entity and name:
                found.append((period, CounterKey(entity, PERIODS[period.scope], name, period.currency)))
        return found

    def count(self, parcels: Sequence[CountedParcel], reads: Reads) -> Count:
        """Go through the parcels in their order."""
        concerned = [(parcel, self.keys(parcel)) for parcel in parcels]
        wanted = list(dict.fromkeys(key for _, keys in concerned for _, key in keys))
        states = reads(wanted) if wanted else {}
        running = {key: state.total_micro for key, state in states.items()}
        made = Count([], [], {key: states[key].version if key in states else 0 for key in wanted}, [])
        for parcel, keys in concerned:
            if not keys:
                continue
            used = {period.scope: self._into(parcel, period, running.get(key, 0)) for period, key in keys}
            counted = any(running.get(key, 0) > 0 for period, key in keys if period.scope > 4)
            made.totals.append((parcel.basket_id, counted, *(used.get(scope, 0) for scope in _USED)))
            made.read.extend((parcel.first_row, key) for _, key in keys)
            if not any(way[_AT["counts"]] for way in chosen_ways(parcel.items, used, counted=counted)):
                continue
            for period, key in keys:
                value = sum(item.cif if period.cif else item.price for item in parcel.items)
                num, den = self._pairs[parcel.currency, period.currency]
                made.additions.append(Addition(parcel.first_row, key, value * num // den))
                running[key] = running.get(key, 0) + value * num // den
        return made

    def _into(self, parcel: CountedParcel, period: Period, total: int) -> int:
        """Return a total in the parcel's currency, cut after the millionth."""
        num, den = self._pairs[parcel.currency, period.currency]
        return total * den // num


def moves(count: Count, first_row: int, last_row: int, *, exact: bool) -> list[CounterMove]:
    """Return what the parcels of some rows move; the versions go on, for the rows that follow.

    `exact`: totals that were looked at and do not move are checked too.
    """
    sums: dict[CounterKey, int] = {}
    if exact:
        sums = {key: 0 for row, key in count.read if first_row <= row <= last_row}
    for row, key, micro in count.additions:
        if first_row <= row <= last_row:
            sums[key] = sums.get(key, 0) + micro
    found = [CounterMove(key, count.versions[key], micro) for key, micro in sums.items()]
    for move in found:
        count.versions[move.key] += 1
    return found


def chosen_ways(items: Sequence[ItemValues], used: Mapping[int, int], *, counted: bool) -> list[tuple[Any, ...]]:
    """Return the way of each item: the first whose thresholds it keeps (as fast_charges.chosen_statement does)."""
    basket = (sum(item.price for item in items), sum(item.cif for item in items))
    found = []
    for item in items:
        group = [one for one in items if one.hs6 == item.hs6]
        goods = (sum(one.price for one in group), sum(one.cif for one in group))
        own = (item.price, item.cif)
        for way in item.ways[counted]:
            if all(_keeps(way, n, own, goods, basket, item.quantity, used) for n in ("", "2")):
                found.append(way)
                break
    return found


def _keeps(
    way: tuple[Any, ...], n: str, own: Any, goods: Any, basket: Any, quantity: int, used: Mapping[int, int]
) -> bool:
    test = way[_AT["test" + n]]
    if not test:
        return True
    scope, basis = divmod(test, 2)
    most = way[_AT["most" + n]]
    if scope == 1 and quantity > 1_000_000:
        left = own[basis] * int(way[_AT["article_num" + n]])
        right = int(way[_AT["article_den" + n]]) * min(quantity, way[_AT["article_cap" + n]])
        return bool(left < right if way[_AT["article_below" + n]] else left <= right)
    value = own[basis] if scope == 1 else goods[basis] if scope == 2 else basket[basis] + used.get(scope, 0)
    return bool(value <= most)
