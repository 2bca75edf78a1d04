# SPDX-License-Identifier: Apache-2.0
"""Features of a declaration by event time: what was known before it was accepted, and never anything later.

`FEATURES` is the one table of definitions; the product's features follow the same ones over the journal.
Reads: columns as arrays in the order of acceptance. Limits: rows of one instant count in the order they stand in.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MONTH_DAYS, REFERENCE_MONTHS, THIN = 30, 3, 20
_LARGEST = 1 << 62

FEATURES: dict[str, str] = {
    "log_value": "natural logarithm of the declared value",
    "log_quantity": "natural logarithm of the quantity",
    "log_mass": "natural logarithm of the net mass in kg",
    "duty_rate": "duty of the declared line, without preference",
    "preference": "1 where an origin preference is claimed",
    "private": "1 where the consignee is a private person",
    "gift": "1 where it is declared a gift",
    "chapter": "HS chapter, as a number",
    "origin": "origin, as a code learnt in training",
    "price_ratio": "log unit price less the reference median of the months before",
    "price_z": "price_ratio by the robust spread of the reference",
    "weight_ratio": "log mass per unit less the reference median of the months before",
    "weight_z": "weight_ratio by the robust spread of the reference",
    "kilo_price_ratio": "log value per kg less the reference median of the months before",
    "reference_level": "0 HS6 x origin x unit, 1 HS6 x unit, 2 heading x unit, 3 chapter x unit, 4 none",
    "importer_before": "declarations of the importer before",
    "importer_age": "days since the importer's first declaration",
    "importer_7d": "declarations of the importer in the 7 days before",
    "importer_growth": "declarations in 7 days over the weekly mean of the importer's age, at most 90 days",
    "declarant_before": "declarations of the declarant before",
    "seller_before": "declarations of the seller before",
    "seller_7d": "declarations of the seller in the 7 days before",
    "importer_product_before": "declarations of importer x HS6 before",
    "importer_origin_before": "declarations of importer x origin before",
    "product_origin_before": "declarations of HS6 x origin before",
    "route_before": "declarations of origin x departure before",
    "seller_origin_before": "declarations of seller x origin before",
    "product_route_share": "share of this origin among declarations of heading x departure before",
    "seller_origin_share": "share of this origin among the seller's declarations before",
    "address_names": "other importers at the address before",
    "identifier_names": "other importers with the identifier before",
    "entity_1d": "consignments of the same entity in the day before",
    "entity_7d": "consignments of the same entity in the 7 days before",
    "entity_value_7d": "their value, with this one, natural logarithm",
    "seller_heading_1d": "consignments of seller x heading to the same entity in the day before",
    "seller_gifts_30d": "gifts of the seller in the 30 days before",
    "described_agrees": "1 where the chapter that the description suggests is the declared one",
    "placeholder": "1 where the name is a placeholder",
    "list_score": "likeness to the nearest listed name",
}
CONTROL_FEATURES: dict[str, str] = {
    "importer_controls": "controls of the importer with a result before",
    "importer_rate": "their irregular share, pulled to the mean by a weight of 10",
    "seller_rate": "the same of the seller",
    "product_origin_rate": "the same of HS6 x origin",
    "declarant_rate": "the same of the declarant",
}


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
    """Counts and sums of a key's earlier rows; rows stand in the order of acceptance."""

    def __init__(self, key: Ints, day: Floats) -> None:
        """Sort the rows by key, then time."""
        self._order = np.argsort(key, kind="stable")
        sorted_key, self._day = key[self._order], day[self._order]
        new = np.r_[True, sorted_key[1:] != sorted_key[:-1]] if len(key) else np.zeros(0, dtype=bool)
        begins = np.flatnonzero(new)
        self._first = np.repeat(begins, np.diff(np.r_[begins, len(key)]))
        self._place = np.arange(len(key))
        self._span = float(np.ptp(day)) + 1_000.0 if len(day) else 1.0
        self._line = np.cumsum(new) * self._span + (self._day - (day.min() if len(day) else 0.0))

    def _back(self, found: Floats) -> Floats:
        out = np.empty(len(found))
        out[self._order] = found
        return out

    def count(self) -> Floats:
        """Return how many rows of the key stand before."""
        return self._back((self._place - self._first).astype(np.float64))

    def age(self) -> Floats:
        """Return the days since the key's first row."""
        return self._back(self._day - self._day[self._first])

    def _since(self, days: float) -> Ints:
        """Return where the rows of the last days begin."""
        found: Ints = np.maximum(self._first, np.searchsorted(self._line, self._line - days, side="left"))
        return found

    def window(self, days: float) -> Floats:
        """Return how many rows of the key stand in the days before."""
        return self._back((self._place - self._since(days)).astype(np.float64))

    def window_sum(self, amount: Floats, days: float) -> Floats:
        """Return the sum over the rows of the key in the days before, without this one."""
        total = np.r_[0.0, np.cumsum(amount[self._order])]
        return self._back(total[self._place] - total[self._since(days)])

    def total(self, amount: Floats) -> Floats:
        """Return the sum over all rows of the key before, without this one."""
        total = np.r_[0.0, np.cumsum(amount[self._order])]
        return self._back(total[self._place] - total[self._first])


def others_before(key: Floats, member: Floats, day: Floats) -> Floats:
    """Return how many other members of the key were seen before: names at an address."""
    pair = Past(group_codes(key, member), day)
    first = (pair.count() == 0).astype(np.float64)
    found: Floats = Past(group_codes(key), day).total(first) - (1.0 - first)
    return found


def references(log_ratio: Floats, month: Ints, levels: list[Ints]) -> tuple[Floats, Floats, Floats]:
    """Return median, robust spread and level of the reference of each row: the three months before its own.

    The finest key with at least 20 rows counts; a row without any has no median (not a number).
    """
    median = np.full(len(month), np.nan)
    spread, level = np.full(len(month), np.nan), np.full(len(month), float(len(levels)))
    for now in np.unique(month):
        past = np.flatnonzero((month < now) & (month >= now - REFERENCE_MONTHS))
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
    """Return the keys with at least 20 rows, their medians and their spreads (half the width of the middle 68 %)."""
    order = np.lexsort((amount, key))
    sorted_key, sorted_amount = key[order], amount[order]
    known, begins, many = np.unique(sorted_key, return_index=True, return_counts=True)
    enough = many >= THIN
    known, begins, many = known[enough], begins[enough], many[enough]

    def quantile(share: float) -> Floats:
        found: Floats = sorted_amount[begins + np.round((many - 1) * share).astype(np.int64)]
        return found

    return known, quantile(0.5), np.maximum((quantile(0.84) - quantile(0.16)) / 2, 0.05)


def event_features(rows: Mapping[str, Floats], chapter: Ints, heading: Ints, unit: Ints, duty: Floats) -> Floats:
    """Return the features of FEATURES, one column each, for rows in the order of their acceptance.

    `chapter`, `heading`, `unit` and `duty` are those of each row's declared line.
    """
    day = rows["day"]
    month = np.floor(day / MONTH_DAYS).astype(np.int64)
    found: dict[str, Floats] = {
        "log_value": np.log(rows["value"]),
        "log_quantity": np.log(rows["quantity"]),
        "log_mass": np.log(rows["mass"]),
        "duty_rate": duty,
        "chapter": chapter.astype(np.float64),
        "described_agrees": (rows["described_chapter"] == chapter).astype(np.float64),
    }
    for name in ("preference", "private", "gift", "origin", "placeholder", "list_score"):
        found[name] = rows[name]
    levels = [group_codes(rows["product"], rows["origin"], unit), group_codes(rows["product"], unit)]
    levels += [group_codes(heading, unit), group_codes(chapter, unit)]
    _reference_features(found, month, levels)
    _party_features(found, rows, heading, day)
    return np.column_stack([found[name] for name in FEATURES])


def _reference_features(found: dict[str, Floats], month: Ints, levels: list[Ints]) -> None:
    price = found["log_value"] - found["log_quantity"]
    weight = found["log_mass"] - found["log_quantity"]
    median, spread, found["reference_level"] = references(price, month, levels)
    found["price_ratio"], found["price_z"] = price - median, (price - median) / spread
    median, spread, _ = references(weight, month, levels)
    found["weight_ratio"], found["weight_z"] = weight - median, (weight - median) / spread
    median, _, _ = references(price - weight, month, levels)
    found["kilo_price_ratio"] = price - weight - median


def _party_features(found: dict[str, Floats], rows: Mapping[str, Floats], heading: Ints, day: Floats) -> None:
    importer = Past(group_codes(rows["importer"]), day)
    found["importer_before"], found["importer_age"] = importer.count(), importer.age()
    found["importer_7d"] = importer.window(7)
    weeks = np.clip(found["importer_age"], 7, 90) / 7
    found["importer_growth"] = found["importer_7d"] / np.maximum(importer.window(90) / weeks, 1.0)
    found["declarant_before"] = Past(group_codes(rows["declarant"]), day).count()
    seller = Past(group_codes(rows["seller"]), day)
    found["seller_before"], found["seller_7d"] = seller.count(), seller.window(7)
    found["seller_gifts_30d"] = seller.window_sum(rows["gift"], 30)
    pairs = {
        "importer_product": ("importer", "product"), "importer_origin": ("importer", "origin"),
        "product_origin": ("product", "origin"), "route": ("origin", "departure"),
        "seller_origin": ("seller", "origin"),
    }  # fmt: skip
    for name, (one, other) in pairs.items():
        found[f"{name}_before"] = Past(group_codes(rows[one], rows[other]), day).count()
    route = group_codes(heading, rows["departure"])
    at_route = Past(route, day).count()
    found["product_route_share"] = Past(group_codes(route, rows["origin"]), day).count() / np.maximum(at_route, 1.0)
    found["seller_origin_share"] = found["seller_origin_before"] / np.maximum(found["seller_before"], 1.0)
    found["address_names"] = others_before(rows["address"], rows["importer"], day)
    found["identifier_names"] = others_before(rows["identifier"], rows["importer"], day)
    entity = Past(group_codes(rows["entity"]), day)
    found["entity_1d"], found["entity_7d"] = entity.window(1), entity.window(7)
    found["entity_value_7d"] = np.log(entity.window_sum(rows["value"], 7) + rows["value"])
    found["seller_heading_1d"] = Past(group_codes(rows["seller"], heading, rows["entity"]), day).window(1)


class ControlHistory:
    """What controls found, by party and by goods; a result counts from the week after it."""

    KEYS = ("importer", "seller", "product_origin", "declarant")
    WEIGHT = 10.0

    def __init__(self, keys: Mapping[str, Ints], mean: float) -> None:
        """Take each row's code of every key, and the irregular share to pull to where nothing is known."""
        self._keys, self._mean = keys, mean
        self._seen = {name: np.zeros(int(keys[name].max(initial=0)) + 1) for name in self.KEYS}
        self._found = {name: np.zeros(len(self._seen[name])) for name in self.KEYS}

    def tell(self, places: Ints, irregular: NDArray[np.bool_]) -> None:
        """Add the results of controls."""
        for name in self.KEYS:
            np.add.at(self._seen[name], self._keys[name][places], 1.0)
            np.add.at(self._found[name], self._keys[name][places], irregular.astype(np.float64))

    def features(self, places: Ints) -> Floats:
        """Return the features of CONTROL_FEATURES as they stand now."""
        out = [self._seen["importer"][self._keys["importer"][places]]]
        for name in ("importer", "seller", "product_origin", "declarant"):
            key = self._keys[name][places]
            out.append((self._found[name][key] + self.WEIGHT * self._mean) / (self._seen[name][key] + self.WEIGHT))
        return np.column_stack(out)
