# SPDX-License-Identifier: Apache-2.0
"""Features of a planted declaration by event time: what was known before it was accepted, and never anything later.

The definitions are those of the journal (`features/definitions.py`), reckoned over arrays, since a year is played many
times; a test holds both to the same numbers. What the journal does not tell of a declaration stands beside them.
Reads: columns as arrays in the order of acceptance, values in whole units of the national currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.features import definitions
from openecp.border.risk.features.definitions import (
    CELL_MAX,
    MEMBERS_MAX,
    NOVEL,
    PRIOR_FOUND,
    PRIOR_SEEN,
    RATE_WEIGHT,
    REFERENCE_MONTHS,
    SPREAD_MIN,
    THIN,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FIRST_DAY = date(2025, 3, 3)  # day 0 of a planted world: months are those of the calendar
_LARGEST = 1 << 62

_OF_CONTROLS = ("importer_controls", "importer_rate", "seller_rate", "product_origin_rate", "declarant_rate")
BESIDE = {
    "duty_rate": "duty of the declared line, without preference",
    "chapter": "HS chapter, as a number",
    "origin": "origin, as a code learnt in training",
    "described_agrees": "1 where the chapter that the description suggests is the declared one",
    "placeholder": "1 where the name is a placeholder",
    "list_score": "likeness to the nearest listed name",
}
FEATURES: dict[str, str] = {
    name: text for name, text in definitions.FEATURES.items() if name not in _OF_CONTROLS
} | BESIDE  # fmt: skip
CONTROL_FEATURES: dict[str, str] = {name: definitions.FEATURES[name] for name in _OF_CONTROLS}


def group_codes(*columns: Floats | Ints) -> Ints:
    """Return one whole number for each distinct combination of values."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        whole = column.astype(np.int64)
        least = int(whole.min(initial=0))
        width = int(whole.max(initial=0)) - least + 1
        if width * (int(codes.max(initial=0)) + 1) > _LARGEST:
            _, codes = np.unique(codes, return_inverse=True)
        codes = codes * width + (whole - least)
    return codes.astype(np.int64)


def dense(codes: Ints) -> Ints:
    """Return codes as whole numbers from 0 without a gap."""
    _, place = np.unique(codes, return_inverse=True)
    return place.astype(np.int64)


class Past:
    """Counts and sums of a key's earlier rows; rows stand in the order of acceptance. Windows are whole hours."""

    def __init__(self, key: Ints, hour: Ints) -> None:
        """Sort the rows by key, then time."""
        self._order = np.argsort(key, kind="stable")
        sorted_key, self._hour = key[self._order], hour[self._order]
        new = np.r_[True, sorted_key[1:] != sorted_key[:-1]] if len(key) else np.zeros(0, dtype=bool)
        begins = np.flatnonzero(new)
        self._first = np.repeat(begins, np.diff(np.r_[begins, len(key)]))
        self._place = np.arange(len(key))
        span = int(np.ptp(hour)) + 10_000 if len(hour) else 1
        self._line = np.cumsum(new) * span + (self._hour - (hour.min() if len(hour) else 0))

    def _back(self, found: Floats) -> Floats:
        out = np.empty(len(found))
        out[self._order] = found
        return out

    def count(self) -> Floats:
        """Return how many rows of the key stand before."""
        return self._back((self._place - self._first).astype(np.float64))

    def age(self) -> Floats:
        """Return the days since the key's first row."""
        return self._back((self._hour - self._hour[self._first]) / 24)

    def _since(self, days: int) -> Ints:
        """Return where the rows of the last days begin."""
        found: Ints = np.maximum(self._first, np.searchsorted(self._line, self._line - days * 24, side="right"))
        return found

    def window(self, days: int) -> Floats:
        """Return how many rows of the key stand in the days before."""
        return self._back((self._place - self._since(days)).astype(np.float64))

    def window_sum(self, amount: Floats, days: int) -> Floats:
        """Return the sum over the rows of the key in the days before, without this one."""
        total = np.r_[0.0, np.cumsum(amount[self._order])]
        return self._back(total[self._place] - total[self._since(days)])

    def total(self, amount: Floats) -> Floats:
        """Return the sum over all rows of the key before, without this one."""
        total = np.r_[0.0, np.cumsum(amount[self._order])]
        return self._back(total[self._place] - total[self._first])


def others_before(key: Floats, member: Floats, hour: Ints) -> Floats:
    """Return how many other members of the key were seen before: names at an address."""
    pair = Past(group_codes(key, member), hour)
    first = (pair.count() == 0).astype(np.float64)
    found: Floats = np.minimum(Past(group_codes(key), hour).total(first) - (1.0 - first), MEMBERS_MAX)
    return found


def months(day: Floats) -> Ints:
    """Return the calendar month of each day, as a number that grows."""
    days = np.datetime64(FIRST_DAY) + np.floor(day).astype(np.int64).astype("timedelta64[D]")
    found: Ints = days.astype("datetime64[M]").astype(np.int64)
    return found


def references(
    log_ratio: Floats, month: Ints, levels: list[Ints], counts: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats]:
    """Return median, robust spread and level of the reference of each row: the three months before its own.

    The finest key with enough rows that count decides; a row without any has no median (not a number).
    """
    median = np.full(len(month), np.nan)
    spread, level = np.full(len(month), np.nan), np.full(len(month), float(len(levels)))
    for now in np.unique(month):
        past = np.flatnonzero((month < now) & (month >= now - REFERENCE_MONTHS) & counts)
        rows = np.flatnonzero(month == now)
        if not len(past):
            continue
        for number, key in enumerate(levels):
            open_rows = rows[np.isnan(median[rows])]
            if not len(open_rows):
                break
            known, middle, wide = robust(key[past], log_ratio[past])
            place = np.clip(np.searchsorted(known, key[open_rows]), 0, max(0, len(known) - 1))
            hit = known[place] == key[open_rows] if len(known) else np.zeros(len(open_rows), bool)
            at = open_rows[hit]
            median[at], spread[at], level[at] = middle[place[hit]], wide[place[hit]], float(number)
    return median, spread, level


def robust(key: Ints, amount: Floats) -> tuple[Ints, Floats, Floats]:
    """Return the keys with enough rows, their medians and their spreads (half the width of the middle 68 %)."""
    order = np.lexsort((amount, key))
    sorted_key, sorted_amount = key[order], amount[order]
    known, begins, many = np.unique(sorted_key, return_index=True, return_counts=True)
    enough = many >= THIN
    known, begins, many = known[enough], begins[enough], many[enough]

    def quantile(percent: int) -> Floats:
        found: Floats = sorted_amount[begins + ((many - 1) * percent + 50) // 100]
        return found

    return known, quantile(50), np.maximum((quantile(84) - quantile(16)) / 2, SPREAD_MIN)


def event_features(rows: Mapping[str, Floats], chapter: Ints, heading: Ints, unit: Ints, duty: Floats) -> Floats:
    """Return the features of FEATURES, one column each, for rows in the order of their acceptance.

    `chapter`, `heading`, `unit` and `duty` are those of each row's declared line.
    """
    hour, month = np.floor(rows["day"] * 24).astype(np.int64), months(rows["day"])
    minor = np.maximum(np.round(rows["value"] * 100), 1.0)
    found: dict[str, Floats] = {
        "log_value": np.log(minor),
        "log_quantity": np.log(rows["quantity"]),
        "log_mass": np.log(rows["mass"]),
        "duty_rate": duty,
        "chapter": chapter.astype(np.float64),
        "described_agrees": (rows["described_chapter"] == chapter).astype(np.float64),
    }
    for name in ("preference", "private", "gift", "origin", "placeholder", "list_score"):
        found[name] = rows[name]
    finest = group_codes(rows["product"], rows["origin"], unit)
    levels = [finest, group_codes(rows["product"], unit), group_codes(heading, unit), group_codes(chapter, unit)]
    counts = Past(group_codes(finest, month), hour).count() < CELL_MAX
    _reference_features(found, month, levels, counts)
    _party_features(found, rows, minor, heading, hour)
    return np.column_stack([found[name] for name in FEATURES])


def _reference_features(found: dict[str, Floats], month: Ints, levels: list[Ints], counts: NDArray[np.bool_]) -> None:
    price = found["log_value"] - found["log_quantity"]
    weight = found["log_mass"] - found["log_quantity"]
    median, spread, found["reference_level"] = references(price, month, levels, counts)
    found["price_ratio"], found["price_z"] = price - median, (price - median) / spread
    median, spread, _ = references(weight, month, levels, counts)
    found["weight_ratio"], found["weight_z"] = weight - median, (weight - median) / spread
    median, _, _ = references(price - weight, month, levels, counts)
    found["kilo_price_ratio"] = price - weight - median


def _party_features(
    found: dict[str, Floats], rows: Mapping[str, Floats], minor: Floats, heading: Ints, hour: Ints
) -> None:
    importer = Past(group_codes(rows["importer"]), hour)
    found["importer_before"], found["importer_age"] = importer.count(), importer.age()
    found["importer_7d"] = importer.window(7)
    weeks = np.clip(found["importer_age"], 7, 90) / 7
    found["importer_growth"] = found["importer_7d"] / np.maximum(importer.window(90) / weeks, 1.0)
    declarant = Past(group_codes(rows["declarant"]), hour)
    found["declarant_before"], found["declarant_age"] = declarant.count(), declarant.age()
    seller = Past(group_codes(rows["seller"]), hour)
    found["seller_before"], found["seller_age"], found["seller_7d"] = seller.count(), seller.age(), seller.window(7)
    found["seller_gifts_30d"] = seller.window_sum(rows["gift"], 30)
    pairs = {
        "importer_product": ("importer", "product"), "importer_origin": ("importer", "origin"),
        "product_origin": ("product", "origin"), "route": ("origin", "departure"),
        "seller_origin": ("seller", "origin"),
    }  # fmt: skip
    for name, (one, other) in pairs.items():
        found[f"{name}_before"] = Past(group_codes(rows[one], rows[other]), hour).count()
    found["novelty"] = np.sum([found[f"{name}_before"] == 0 for name in NOVEL], axis=0).astype(np.float64)
    route = group_codes(heading, rows["departure"])
    at_route = Past(route, hour).count()
    found["product_route_share"] = Past(group_codes(route, rows["origin"]), hour).count() / np.maximum(at_route, 1.0)
    found["seller_origin_share"] = found["seller_origin_before"] / np.maximum(found["seller_before"], 1.0)
    found["address_names"] = others_before(rows["address"], rows["importer"], hour)
    found["identifier_names"] = others_before(rows["identifier"], rows["importer"], hour)
    entity = Past(group_codes(rows["entity"]), hour)
    found["entity_1d"], found["entity_7d"] = entity.window(1), entity.window(7)
    found["entity_value_7d"] = np.log(entity.window_sum(minor, 7) + minor)
    found["seller_heading_1d"] = Past(group_codes(rows["seller"], heading, rows["entity"]), hour).window(1)


class ControlHistory:
    """What controls found, by party and by goods; a result counts from the week after it."""

    KEYS = definitions.CONTROLLED

    def __init__(self, keys: Mapping[str, Ints]) -> None:
        """Take each row's code of every key."""
        self._keys = keys
        self._seen = {name: np.zeros(int(keys[name].max(initial=0)) + 1) for name in self.KEYS}
        self._found = {name: np.zeros(len(self._seen[name])) for name in self.KEYS}
        self._all_seen = self._all_found = 0

    def tell(self, places: Ints, irregular: NDArray[np.bool_]) -> None:
        """Add the results of controls."""
        self._all_seen, self._all_found = self._all_seen + len(places), self._all_found + int(irregular.sum())
        for name in self.KEYS:
            np.add.at(self._seen[name], self._keys[name][places], 1.0)
            np.add.at(self._found[name], self._keys[name][places], irregular.astype(np.float64))

    def features(self, places: Ints) -> Floats:
        """Return the features of CONTROL_FEATURES as they stand now."""
        mean = (self._all_found + PRIOR_FOUND) / (self._all_seen + PRIOR_SEEN)
        out = [self._seen["importer"][self._keys["importer"][places]]]
        for name in self.KEYS:
            key = self._keys[name][places]
            out.append((self._found[name][key] + RATE_WEIGHT * mean) / (self._seen[name][key] + RATE_WEIGHT))
        return np.column_stack(out)
