# SPDX-License-Identifier: Apache-2.0
"""Features of the next declaration, told before it is taken in: the same numbers as the statements over the journal.

For each declaration in the journal's order: `features`, then `take`; for each control result `take_result`.
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
    MEMBERS_MAX,
    NOVEL,
    PRIOR_FOUND,
    PRIOR_SEEN,
    RATE_WEIGHT,
)
from openecp.border.risk.features.history import MEASURES, Controls, Keyed, References

Row = Mapping[str, Any]  # a row of ITEMS
Told = dict[str, float | int | None]
KEYS_MAX = 2_000_000
_HOUR_US = 3_600_000_000
_START = datetime(1970, 1, 1, tzinfo=UTC)


class FeatureState:
    """All that is kept of the past."""

    def __init__(self, *, keys_max: int = KEYS_MAX) -> None:
        kinds = [kind for kind, _ in COUNTED]
        self._keyed = {kind: Keyed(kind, keys_max) for kind in (*kinds, "address", "identifier")}
        self._references = References()
        self._controls = Controls(CONTROLLED)
        self._now_us = 0
        self._swept = 0

    @property
    def dropped(self) -> int:
        """How many keys were dropped for want of room: their next declaration looks like the first."""
        return sum(keyed.dropped for keyed in self._keyed.values())

    def size(self) -> int:
        """Return how many keys are held."""
        return sum(len(keyed) for keyed in self._keyed.values())

    def features(self, items: Sequence[Row]) -> list[Told]:
        """Return the features of each item of one declaration that is not taken in yet."""
        hour, month = self._moment(items)
        self._references.turn(month)
        value = sum(item["value_minor"] or 0 for item in items)
        return [self._item(item, hour, value) for item in items]

    def take(self, items: Sequence[Row]) -> None:
        """Take one declaration into history."""
        hour, month = self._moment(items)
        self._now_us = max(self._now_us, items[0]["at_us"])
        self._references.turn(month)
        added: dict[tuple[str, str], list[int]] = {}
        for item in items:
            for kind, key in _keys(item):
                sums = added.setdefault((kind, key), [0, 0])
                sums[0] += item["value_minor"] or 0
                sums[1] = max(sums[1], item["gift"] or 0)
            if item["unit"]:
                for measure, amount in zip(MEASURES, _ratios(item), strict=True):
                    if amount is not None:
                        self._references.add(measure, item["goods"][:6], item["origin"], item["unit"], amount)
        for (kind, key), (amount, gift) in added.items():
            member = min(item["importer"] for item in items) if kind in ("address", "identifier") else None
            self._keyed[kind].add(key, hour, amount, gift, member)
        if hour - self._swept >= 24 * 30:
            self._swept = hour
            for keyed in self._keyed.values():
                keyed.forget(hour)

    def take_result(self, items: Sequence[Row], irregular: bool) -> None:
        """Take what a control found in these items of a declaration that was taken in."""
        keys = {(kind, key) for item in items for kind, key in _keys(item) if kind in CONTROLLED}
        self._controls.add(keys, int(irregular))

    def _moment(self, items: Sequence[Row]) -> tuple[int, int]:
        now_us = max(self._now_us, items[0]["at_us"])
        moment = _START + timedelta(microseconds=now_us)
        return now_us // _HOUR_US, moment.year * 12 + moment.month

    def _item(self, item: Row, hour: int, declared: int) -> Told:
        keys = dict(_keys(item))
        found: Told = {
            "log_value": _log(item["value_minor"], 1), "log_quantity": _log(item["quantity_e6"], 1_000_000),
            "log_mass": _log(item["mass_e6"], 1_000_000), "preference": item["preference"], "private": item["private"],
            "gift": item["gift"],
        }  # fmt: skip
        self._compare(found, item)
        before: dict[str, int] = {}
        for kind, _ in COUNTED:
            if kind in keys:
                times = self._keyed[kind].get(keys[kind], hour)
                before[kind] = times.count if times is not None else 0
        self._ages(found, keys, before, hour)
        for kind in ("importer_product", "importer_origin", "product_origin", "route", "seller_origin"):
            found[f"{kind}_before"] = before.get(kind)
        found["product_route_share"] = _share(before.get("heading_route_origin"), before.get("heading_route"))
        found["seller_origin_share"] = _share(before.get("seller_origin"), before.get("seller"))
        found["novelty"] = sum(before.get(kind) == 0 for kind in NOVEL)
        self._members(found, keys, item["importer"], hour)
        self._windows(found, keys, hour, declared)
        self._rates(found, keys)
        return found

    def _compare(self, found: Told, item: Row) -> None:
        product, origin, unit = item["goods"][:6], item["origin"], item["unit"]
        for measure, amount in zip(MEASURES, _ratios(item), strict=True):
            reference = self._references.of(measure, product, origin, unit)
            name = "kilo_price" if measure == "kilo" else measure
            ratio = None if amount is None or reference is None else amount - reference.median
            found[f"{name}_ratio"] = ratio
            if measure != "kilo":
                found[f"{name}_z"] = None if ratio is None or reference is None else ratio / reference.spread
            if measure == "price":
                found["reference_level"] = 4 if reference is None else reference.level

    def _ages(self, found: Told, keys: dict[str, str], before: dict[str, int], hour: int) -> None:
        for kind in ("importer", "declarant", "seller"):
            times = self._keyed[kind].get(keys[kind], hour) if kind in keys else None
            found[f"{kind}_before"] = before.get(kind)
            found[f"{kind}_age"] = None if kind not in keys else 0.0 if times is None else (hour - times.first) / 24
            if kind != "declarant":
                found[f"{kind}_7d"] = None if kind not in keys else 0 if times is None else times.since(hour, 168)[0]
        if "importer" not in keys:
            found["importer_growth"] = None
            return
        times = self._keyed["importer"].get(keys["importer"], hour)
        quarter = times.since(hour, 2160)[0] if times is not None else 0
        weeks = min(max(found["importer_age"] or 0.0, 7), 90) / 7
        found["importer_growth"] = (found["importer_7d"] or 0) / max(quarter / weeks, 1.0)

    def _members(self, found: Told, keys: dict[str, str], importer: str, hour: int) -> None:
        for kind in ("address", "identifier"):
            name = f"{kind}_names"
            if kind not in keys:
                found[name] = None
                continue
            times = self._keyed[kind].get(keys[kind], hour)
            members = times.members if times is not None and times.members is not None else set()
            full = len(members) > MEMBERS_MAX
            found[name] = MEMBERS_MAX if full else len(members) - (importer in members)

    def _windows(self, found: Told, keys: dict[str, str], hour: int, declared: int) -> None:
        def since(kind: str, window: int) -> tuple[int | None, int, int | None]:
            if kind not in keys:
                return None, 0, None
            times = self._keyed[kind].get(keys[kind], hour)
            return (0, 0, 0) if times is None else times.since(hour, window)

        found["entity_1d"] = since("entity", 24)[0]
        found["entity_7d"], amount, _ = since("entity", 168)
        whole = amount + declared
        found["entity_value_7d"] = math.log(whole) if "entity" in keys and whole > 0 else None
        found["seller_heading_1d"] = since("seller_heading_entity", 24)[0]
        found["seller_gifts_30d"] = since("seller", 720)[2]

    def _rates(self, found: Told, keys: dict[str, str]) -> None:
        mean = (self._controls.found + PRIOR_FOUND) / (self._controls.seen + PRIOR_SEEN)
        for kind in CONTROLLED:
            held = self._controls.of[kind].get(keys[kind], (0, 0)) if kind in keys else None
            if kind == "importer":
                found["importer_controls"] = None if held is None else held[0]
            found[f"{kind}_rate"] = None if held is None else (held[1] + RATE_WEIGHT * mean) / (held[0] + RATE_WEIGHT)


def _keys(item: Row) -> list[tuple[str, str]]:
    """Return kind and key of everything that an item is counted under; a key with an unknown part is none."""
    goods = item["goods"]
    parts = {"product": goods[:6], "heading": goods[:4]}
    found = []
    for kind, columns in (*COUNTED, ("address", ("address",)), ("identifier", ("identifier",))):
        values = [parts[name] if name in parts else item[name] for name in columns]
        if all(values):
            found.append((kind, "|".join(values)))
    return found


def _log(amount: int | None, unit: int) -> float | None:
    return None if amount is None or amount <= 0 else math.log(amount) - (math.log(unit) if unit > 1 else 0.0)


def _ratios(item: Row) -> tuple[float | None, float | None, float | None]:
    """Return log price a unit, log mass a unit and log value a kilogram."""
    value, quantity = _log(item["value_minor"], 1), _log(item["quantity_e6"], 1_000_000)
    mass = _log(item["mass_e6"], 1_000_000)
    return _less(value, quantity), _less(mass, quantity), _less(value, mass)


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _share(part: int | None, whole: int | None) -> float | None:
    return None if part is None or whole is None else part / max(whole, 1)


def profile_history(told: Told) -> dict[str, int]:
    """Return the columns of history that a profile's predicate may name, 0 where nothing is known."""
    ratio, rate = told["price_ratio"], told["importer_rate"]
    return {
        "importer_days": int(told["importer_age"] or 0),
        "importer_declarations": int(told["importer_before"] or 0),
        "importer_controls": int(told["importer_controls"] or 0),
        "importer_irregular_e6": round((rate or 0) * 1_000_000) if told["importer_controls"] else 0,
        "price_to_reference_e6": 0 if ratio is None else round(math.exp(min(max(ratio, -14.0), 14.0)) * 1_000_000),
    }
