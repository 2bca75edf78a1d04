# SPDX-License-Identifier: Apache-2.0
"""Features of the next declaration, told before it is taken in: the same numbers as the statements over the journal.

For each declaration in the journal's order: `features`, then `take`; for each control result `take_result`. What was
seen and is not in the journal yet waits in `Pending`, and counts as if it were.
Limits: bounded in memory, see `history.py`; no clock is read, the declarations bring their time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from openecp.border.risk.features.definitions import (
    CONTROLLED,
    COUNTED,
    HORIZON_H,
    MEMBERS_MAX,
    NOVEL,
    PRIOR_FOUND,
    PRIOR_SEEN,
    RATE_WEIGHT,
)
from openecp.border.risk.features.history import Controls, Keyed, References, Times

Row = Mapping[str, Any]  # a row of ITEMS
Told = dict[str, Any]  # a feature: number, or None where it is not known
Keys = tuple[str | None, ...]  # of one item, one a kind; None where a part is not known
KEYS_MAX = 2_000_000
KINDS = (*(kind for kind, _ in COUNTED), "address", "identifier")
_AT = {kind: place for place, kind in enumerate(KINDS)}
_IMPORTER, _SELLER, _DECLARANT, _ENTITY = _AT["importer"], _AT["seller"], _AT["declarant"], _AT["entity"]
_HEADING, _ADDRESS, _IDENTIFIER = _AT["seller_heading_entity"], _AT["address"], _AT["identifier"]
_CONTROLLED = tuple((kind, _AT[kind]) for kind in CONTROLLED)
_PAIRS_AT = tuple((f"{kind}_before", _AT[kind]) for kind in NOVEL)
_HOUR_US = 3_600_000_000
_START = datetime(1970, 1, 1, tzinfo=UTC)


class Pending:
    """What was seen and is not in the journal yet, by key: count, amount, gifts, importers."""

    __slots__ = ("kinds", "many")

    def __init__(self) -> None:
        self.kinds: tuple[dict[str, list[Any]], ...] = tuple({} for _ in KINDS)
        self.many = 0

    def add(self, items: Sequence[Row], keys: Sequence[Keys], sign: int = 1) -> None:
        """Add a declaration, or take it out again with a sign of -1."""
        self.many += sign
        importer = min(item["importer"] for item in items)
        for (place, key), (amount, gift) in _sums(items, keys).items():
            held = self.kinds[place].setdefault(key, [0, 0, 0, []])
            held[0] += sign
            held[1] += sign * amount
            held[2] += sign * gift
            if place >= _ADDRESS:
                held[3].append(importer) if sign > 0 else held[3].remove(importer)
            if not held[0]:
                del self.kinds[place][key]


class FeatureState:
    """All that is kept of the past."""

    def __init__(self, *, keys_max: int = KEYS_MAX) -> None:
        self.keyed = {kind: Keyed(kind, keys_max) for kind in KINDS}
        self.references = References()
        self.controls = Controls(CONTROLLED)
        self.now_us = 0
        self.swept = 0

    @property
    def dropped(self) -> int:
        """How many keys were dropped for want of room: their next declaration looks like the first."""
        return sum(keyed.dropped for keyed in self.keyed.values())

    def size(self) -> int:
        """Return how many keys are held."""
        return sum(len(keyed) for keyed in self.keyed.values())

    def features(
        self, items: Sequence[Row], keys: Sequence[Keys] | None = None, pending: Pending | None = None
    ) -> list[Told]:
        """Return the features of each item of one declaration that is not taken in yet."""
        hour, month = self._moment(items)
        self.references.turn(month)
        waiting = pending.kinds if pending is not None and pending.many else None
        value = sum(item["value_minor"] or 0 for item in items)
        known = [item_keys(item) for item in items] if keys is None else keys
        return [self._item(item, each, hour, value, waiting) for item, each in zip(items, known, strict=True)]

    def take(self, items: Sequence[Row], keys: Sequence[Keys] | None = None) -> None:
        """Take one declaration into history."""
        hour, month = self._moment(items)
        self.now_us = max(self.now_us, items[0]["at_us"])
        self.references.turn(month)
        known = [item_keys(item) for item in items] if keys is None else keys
        importer = min(item["importer"] for item in items)
        for (place, key), (amount, gift) in _sums(items, known).items():
            member = importer if place >= _ADDRESS else None
            self.keyed[KINDS[place]].add(key, hour, amount, gift, member)
        for item in items:
            if item["unit"]:
                cell = item["goods"][:6], item["origin"], item["unit"]
                for measure, ratio in enumerate(_ratios(item)):
                    if ratio is not None:
                        self.references.add(measure, *cell, ratio)
        if hour - self.swept >= 24 * 30:
            self.swept = hour
            for keyed in self.keyed.values():
                keyed.forget(hour)

    def take_result(self, items: Sequence[Row], irregular: bool) -> None:
        """Take what a control found in these items of a declaration that was taken in."""
        found = [item_keys(item) for item in items]
        keys = {(kind, key) for each in found for kind, place in _CONTROLLED if (key := each[place]) is not None}
        self.controls.add(keys, int(irregular))

    def _moment(self, items: Sequence[Row]) -> tuple[int, int]:
        now_us = max(self.now_us, items[0]["at_us"])
        moment = _START + timedelta(microseconds=now_us)
        return now_us // _HOUR_US, moment.year * 12 + moment.month

    def _item(
        self, item: Row, keys: Keys, hour: int, declared: int, waiting: tuple[dict[str, list[Any]], ...] | None
    ) -> Told:
        log_value, log_quantity, log_mass = _logs(item)
        found: Told = {
            "log_value": log_value, "log_quantity": log_quantity, "log_mass": log_mass,
            "preference": item["preference"], "private": item["private"], "gift": item["gift"],
        }  # fmt: skip
        self._compare(found, item, log_value, log_quantity, log_mass)
        times: list[Times | None] = []
        more: list[list[Any] | None] = []
        before: list[int | None] = []
        for place, (key, keyed) in enumerate(zip(keys, self.keyed.values(), strict=True)):
            held = None if key is None else keyed.keys.get(key)
            if held is not None and hour - held.last > HORIZON_H:
                held = None
            new = None if waiting is None or key is None else waiting[place].get(key)
            times.append(held)
            more.append(new)
            many = 0 if held is None else held.count
            before.append(None if key is None else many if new is None else many + new[0])
        _ages(found, keys, times, more, before, hour)
        novelty = 0
        for name, place in _PAIRS_AT:
            found[name] = many_before = before[place]
            novelty += many_before == 0
        found["novelty"] = novelty
        found["product_route_share"] = _share(before[_AT["heading_route_origin"]], before[_AT["heading_route"]])
        found["seller_origin_share"] = _share(before[_AT["seller_origin"]], before[_SELLER])
        _members(found, keys, times, more, item["importer"])
        _windows(found, keys, times, more, hour, declared)
        self._rates(found, keys)
        return found

    def _compare(self, found: Told, item: Row, value: float | None, quantity: float | None, mass: float | None) -> None:
        price, weight, kilo = self.references.of(item["goods"][:6], item["origin"], item["unit"])
        for name, reference, amount in (
            ("price", price, None if value is None or quantity is None else value - quantity),
            ("weight", weight, None if mass is None or quantity is None else mass - quantity),
        ):
            ratio = None if amount is None or reference is None else amount - reference.median
            found[f"{name}_ratio"] = ratio
            found[f"{name}_z"] = None if ratio is None or reference is None else ratio / reference.spread
        found["kilo_price_ratio"] = (
            None if value is None or mass is None or kilo is None else value - mass - kilo.median
        )
        found["reference_level"] = 4 if price is None else price.level

    def _rates(self, found: Told, keys: Keys) -> None:
        mean = (self.controls.found + PRIOR_FOUND) / (self.controls.seen + PRIOR_SEEN)
        for kind, place in _CONTROLLED:
            key = keys[place]
            held = None if key is None else self.controls.of[kind].get(key, (0, 0))
            if kind == "importer":
                found["importer_controls"] = None if held is None else held[0]
            found[f"{kind}_rate"] = None if held is None else (held[1] + RATE_WEIGHT * mean) / (held[0] + RATE_WEIGHT)


def item_keys(item: Row) -> Keys:
    """Return the key of an item for each of KINDS, in their order; a key with an unknown part is none."""
    goods, importer, seller = item["goods"], item["importer"] or None, item["seller"] or None
    origin, departure, entity = item["origin"] or None, item["departure"] or None, item["entity"] or None
    product, heading = goods[:6] or None, goods[:4] or None
    route = f"{heading}|{departure}" if heading and departure else None
    return (
        importer, seller, item["declarant"] or None,
        f"{importer}|{product}" if importer and product else None,
        f"{importer}|{origin}" if importer and origin else None,
        f"{product}|{origin}" if product and origin else None,
        f"{origin}|{departure}" if origin and departure else None,
        f"{seller}|{origin}" if seller and origin else None,
        route, f"{route}|{origin}" if route and origin else None,
        entity, f"{seller}|{heading}|{entity}" if seller and heading and entity else None,
        item["address"] or None, item["identifier"] or None,
    )  # fmt: skip


def _sums(items: Sequence[Row], keys: Sequence[Keys]) -> dict[tuple[int, str], tuple[int, int]]:
    """Return under each key of a declaration, by the place of its kind, what it declares there and whether a gift."""
    added: dict[tuple[int, str], tuple[int, int]] = {}
    for item, each in zip(items, keys, strict=True):
        amount, gift = item["value_minor"] or 0, item["gift"] or 0
        for place in enumerate(each):
            if place[1] is not None:
                held = added.get(place)  # type: ignore[arg-type]
                added[place] = (amount, gift) if held is None else (held[0] + amount, max(held[1], gift))  # type: ignore[index]
    return added


def _ages(
    found: Told, keys: Keys, times: Sequence[Times | None], more: Sequence[list[Any] | None],
    before: Sequence[int | None], hour: int,
) -> None:  # fmt: skip
    quarter = 0
    for kind, place in (("importer", _IMPORTER), ("declarant", _DECLARANT), ("seller", _SELLER)):
        held, waits = times[place], more[place]
        known, new = keys[place] is not None, 0 if waits is None else waits[0]
        found[f"{kind}_before"] = before[place]
        found[f"{kind}_age"] = None if not known else 0.0 if held is None else (hour - held.first) / 24
        if kind != "declarant":
            found[f"{kind}_7d"] = None if not known else new if held is None else held.since(hour, 168)[0] + new
        if kind == "importer":
            quarter = new if held is None else held.since(hour, 2160)[0] + new
    if keys[_IMPORTER] is None:
        found["importer_growth"] = None
        return
    weeks = min(max(found["importer_age"] or 0.0, 7), 90) / 7
    found["importer_growth"] = (found["importer_7d"] or 0) / max(quarter / weeks, 1.0)


def _members(
    found: Told, keys: Keys, times: Sequence[Times | None], more: Sequence[list[Any] | None], importer: str
) -> None:
    for name, place in (("address_names", _ADDRESS), ("identifier_names", _IDENTIFIER)):
        if keys[place] is None:
            found[name] = None
            continue
        held, waits = times[place], more[place]
        members: set[str] = held.members if held is not None and held.members is not None else set()
        if waits is not None:
            members = members.union(waits[3])
        found[name] = MEMBERS_MAX if len(members) > MEMBERS_MAX else len(members) - (importer in members)


def _windows(
    found: Told, keys: Keys, times: Sequence[Times | None], more: Sequence[list[Any] | None], hour: int, declared: int
) -> None:
    def since(place: int, window: int) -> tuple[int | None, int, int | None]:
        if keys[place] is None:
            return None, 0, None
        held, waits = times[place], more[place]
        many, amount, gifts = (0, 0, 0) if held is None else held.since(hour, window)
        return (many, amount, gifts) if waits is None else (many + waits[0], amount + waits[1], gifts + waits[2])

    found["entity_1d"] = since(_ENTITY, 24)[0]
    found["entity_7d"], amount, _ = since(_ENTITY, 168)
    whole = amount + declared
    found["entity_value_7d"] = math.log(whole) if keys[_ENTITY] is not None and whole > 0 else None
    found["seller_heading_1d"] = since(_HEADING, 24)[0]
    found["seller_gifts_30d"] = since(_SELLER, 720)[2]


_MILLION = math.log(1_000_000)


def _logs(item: Row) -> tuple[float | None, float | None, float | None]:
    value, quantity, mass = item["value_minor"], item["quantity_e6"], item["mass_e6"]
    return (
        math.log(value) if value is not None and value > 0 else None,
        math.log(quantity) - _MILLION if quantity is not None and quantity > 0 else None,
        math.log(mass) - _MILLION if mass is not None and mass > 0 else None,
    )


def _ratios(item: Row) -> tuple[float | None, float | None, float | None]:
    """Return log price a unit, log mass a unit and log value a kilogram."""
    value, quantity, mass = _logs(item)
    return _less(value, quantity), _less(mass, quantity), _less(value, mass)


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _share(part: int | None, whole: int | None) -> float | None:
    return None if part is None or whole is None else part / max(whole, 1)


def profile_history(told: Told) -> dict[str, int]:
    """Return the columns of history that a profile's predicate may name, 0 where nothing is known."""
    controls, rate = told["importer_controls"], told["importer_rate"]
    return {
        "importer_days": int(told["importer_age"] or 0),
        "importer_declarations": told["importer_before"] or 0,
        "importer_controls": controls or 0,
        "importer_irregular_e6": round((rate or 0) * 1_000_000) if controls else 0,
        "price_to_reference_e6": _ratio_e6(told["price_ratio"]),
        "mass_to_reference_e6": _ratio_e6(told["weight_ratio"]),
        "novelty": told["novelty"],
        "entity_consignments_1d": told["entity_1d"] or 0,
        "entity_consignments_7d": told["entity_7d"] or 0,
        "entity_value_7d_minor": 0 if told["entity_value_7d"] is None else round(math.exp(told["entity_value_7d"])),
        "seller_gifts_30d": told["seller_gifts_30d"] or 0,
        "address_names": told["address_names"] or 0,
        "identifier_names": told["identifier_names"] or 0,
    }


def _ratio_e6(ratio: float | None) -> int:
    return 0 if ratio is None else round(math.exp(min(max(ratio, -14.0), 14.0)) * 1_000_000)
