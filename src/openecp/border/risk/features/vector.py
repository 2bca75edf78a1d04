# SPDX-License-Identifier: Apache-2.0
"""Features over columns: the numbers of the statements, some ten times as fast, for history that fits into memory.

A property test holds this form, the SQL and `online.py` to the same answers.
Reads: columns of ITEMS in the journal's order, texts as numbers (`TextCodes`); results. Limits: ROWS_MAX rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.features.definitions import (
    CELL_MAX,
    CONTROLLED,
    HORIZON_H,
    MEMBERS_MAX,
    NOVEL,
    PRIOR_FOUND,
    PRIOR_SEEN,
    RATE_WEIGHT,
    REFERENCE_MONTHS,
    SPREAD_MIN,
    THIN,
)

ROWS_MAX, KEYS_MAX = 4_000_000, 1 << 40  # a key and the rank of an event are one number of 63 bits
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_HOUR_US = 3_600_000_000
_WINDOWS = {"importer": (168, 2160), "seller": (168, 720), "entity": (24, 168), "seller_heading_entity": (24,)}


class TextCodes(NamedTuple):
    """A column of text as numbers: the place of each row's text in `texts`, which are sorted."""

    codes: Ints
    texts: Sequence[str]


class Results(NamedTuple):
    """What controls found: event, code of the declaration (-1: none of these), item (0: all), 1 where irregular."""

    seq: Ints
    declaration: Ints
    item: Ints
    irregular: Ints


class _Keyed(NamedTuple):
    """One kind's answers by row; NaN where the key is not known."""

    before: Floats
    age: Floats
    counts: dict[int, Floats]
    amounts: dict[int, Floats]
    gifts: dict[int, Floats]


def coded(texts: Sequence[str], codes: Ints) -> TextCodes:
    """Return a column whose texts stand in any order, some perhaps twice, with sorted ones."""
    names = sorted(set(texts))
    places = {name: place for place, name in enumerate(names)}
    turned = np.array([places[text] for text in texts], dtype=np.int64)
    return TextCodes(turned[codes] if len(texts) else codes, names)


def _prefix(column: TextCodes, length: int) -> TextCodes:
    return coded([text[:length] for text in column.texts], column.codes)


def features_of(
    numbers: Mapping[str, NDArray[Any]], texts: Mapping[str, tuple[Sequence[str], Ints]],
    found: Mapping[str, NDArray[Any]], about: tuple[Sequence[str], Ints],
) -> dict[str, Floats]:  # fmt: skip
    """Return every feature of rows that stand by seq and item: their numbers and texts, numbers of results, of whom."""
    known = {name: coded(*one) for name, one in texts.items()}
    places = {text: place for place, text in enumerate(known["declaration"].texts)}
    turned = np.array([places.get(text, -1) for text in about[0]], dtype=np.int64)
    whole = {name: column.astype(np.int64) for name, column in found.items()}
    results = Results(whole["seq"], turned[about[1]] if len(about[0]) else about[1], whole["item"], whole["irregular"])
    return FeatureColumns(numbers, known, results).told()


class FeatureColumns:
    """Reckons features of one history."""

    def __init__(self, numbers: Mapping[str, NDArray[Any]], texts: Mapping[str, TextCodes], results: Results) -> None:
        """Take rows sorted by seq and item: numbers (NaN where unknown, `seq`, `at_us`, `item` always known), texts."""
        self.numbers, self.texts, self.results = numbers, dict(texts), results
        goods = self.texts["goods"]
        for name, length in (("product", 6), ("heading", 4), ("chapter", 2)):
            self.texts[name] = _prefix(goods, length)
        seq = numbers["seq"].astype(np.int64)
        self._ranks = np.unique(np.concatenate([seq, results.seq]))
        self.seq = np.searchsorted(self._ranks, seq)
        self.case = np.cumsum(np.r_[0, np.diff(self.seq) != 0]) if len(seq) else seq
        now = np.maximum.accumulate(numbers["at_us"].astype(np.int64)) if len(seq) else seq
        self.hour = now // _HOUR_US
        self.month = now.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
        self.value = np.nan_to_num(numbers["value_minor"].astype(np.float64)).astype(np.int64)
        self.gift = np.nan_to_num(numbers["gift"].astype(np.float64)).astype(np.int64)
        self._keys: dict[str, Ints] = {}

    def key(self, *columns: str) -> Ints:
        """Return one number for each row's texts together, -1 where one is empty."""
        name = "|".join(columns)
        if name not in self._keys:
            known = np.ones(len(self.seq), dtype=bool)
            for column in columns:
                one = self.texts[column]
                known &= one.codes != (one.texts.index("") if "" in one.texts else -1)
            self._keys[name] = np.where(known, self._joined(*columns), -1)
        return self._keys[name]

    def _joined(self, *columns: str) -> Ints:
        """Return one number for each row's texts together, empty ones as any other."""
        found, most = np.zeros(len(self.seq), dtype=np.int64), 1
        for column in columns:
            one = self.texts[column]
            if most * (len(one.texts) + 1) > KEYS_MAX:
                names, found = np.unique(found, return_inverse=True)
                most = len(names)
            found = found * (len(one.texts) + 1) + one.codes
            most *= len(one.texts) + 1
        return found

    def told(self) -> dict[str, Floats]:
        """Return every feature of every row; NaN where it is not known."""
        found: dict[str, Floats] = {}
        with np.errstate(divide="ignore", invalid="ignore"):
            self._amounts(found)
            self._compare(found)
            self._frequencies(found)
            for name in ("address", "identifier"):
                found[f"{name}_names"] = self._members(name)
            self._rates(found)
        return found

    def _amounts(self, found: dict[str, Floats]) -> None:
        for name, column, unit in (
            ("log_value", "value_minor", 1), ("log_quantity", "quantity_e6", 10**6), ("log_mass", "mass_e6", 10**6)
        ):  # fmt: skip
            amount = self.numbers[column].astype(np.float64)
            found[name] = np.where(amount > 0, np.log(amount) - np.log(unit), np.nan)
        for name in ("preference", "private", "gift"):
            found[name] = self.numbers[name].astype(np.float64)

    # -- references ----------------------------------------------------------------------------------------------------

    def _compare(self, found: dict[str, Floats]) -> None:
        value, quantity, mass = (found[name] for name in ("log_value", "log_quantity", "log_mass"))
        levels = [self._joined(*names, "unit") for names in (("product", "origin"), ("product",), ("heading",),
                                                               ("chapter",))]  # fmt: skip
        for name, x in (("price", value - quantity), ("weight", mass - quantity), ("kilo_price", value - mass)):
            median, spread, level = self._references(x, levels)
            found[f"{name}_ratio"] = x - median
            if name != "kilo_price":
                found[f"{name}_z"] = (x - median) / spread
            if name == "price":
                found["reference_level"] = level.astype(np.float64)

    def _references(self, x: Floats, levels: Sequence[Ints]) -> tuple[Floats, Floats, Ints]:
        """Return for each row median and spread of the finest level with enough rows, and which level that is."""
        many, unit = len(x), self.texts["unit"]
        empty = unit.texts.index("") if "" in unit.texts else -1
        used = np.flatnonzero(np.isfinite(x) & (unit.codes != empty))
        base = int(self.month.min()) if many else 0
        span = (int(self.month.max()) - base if many else 0) + REFERENCE_MONTHS + 2
        month = self.month - base
        cell = levels[0][used] * span + month[used]
        order = np.argsort(cell, kind="stable")
        used = used[order[_places(cell[order]) < CELL_MAX]]
        used = used[np.argsort(x[used], kind="stable")]
        median, spread, level = np.full(many, np.nan), np.full(many, np.nan), np.full(many, len(levels))
        for number, keys in enumerate(levels):
            open_rows = np.flatnonzero(level == len(levels))
            if not len(open_rows) or not len(used):
                break
            own = keys[used] * span + month[used]
            group = np.concatenate([own + later for later in range(1, REFERENCE_MONTHS + 1)])
            values = np.tile(x[used], REFERENCE_MONTHS)
            order = np.lexsort((values, group))
            group, values = group[order], values[order]
            start = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
            last = np.diff(np.r_[start, len(group)]) - 1
            low, middle, high = (values[start + (last * share + 50) // 100] for share in (16, 50, 84))
            asked = keys[open_rows] * span + month[open_rows]
            place = np.minimum(np.searchsorted(group[start], asked), len(start) - 1)
            good = (group[start][place] == asked) & (last[place] + 1 >= THIN)
            rows, place = open_rows[good], place[good]
            median[rows], level[rows] = middle[place], number
            spread[rows] = np.maximum((high[place] - low[place]) / 2, SPREAD_MIN)
        return median, spread, level

    # -- how often, since when -----------------------------------------------------------------------------------------

    def _entries(self, key: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Return rows with a key in its order, each one's entry (key, declaration); of entries row, group, begin."""
        rows = np.flatnonzero(key >= 0)
        rows = rows[np.argsort(key[rows], kind="stable")]
        first = np.r_[True, (np.diff(key[rows]) != 0) | (np.diff(self.case[rows]) != 0)][: len(rows)]
        entry = np.cumsum(first) - 1
        heads = rows[first]
        hour = self.hour[heads]
        begins = np.r_[True, (np.diff(key[heads]) != 0) | (np.diff(hour) > HORIZON_H)][: len(heads)]
        group = np.cumsum(begins) - 1
        begin = np.flatnonzero(begins)[group] if len(heads) else group
        return rows, entry, heads, group, begin

    def _keyed(self, kind: str, *columns: str) -> _Keyed:
        many = len(self.seq)
        rows, entry, heads, group, begin = self._entries(self.key(*columns))
        index, hour = np.arange(len(heads)), self.hour[heads]

        def spread_out(of_entries: NDArray[Any]) -> Floats:
            found = np.full(many, np.nan)
            found[rows] = of_entries[entry]
            return found

        counts: dict[int, Floats] = {}
        amounts: dict[int, Floats] = {}
        gifts: dict[int, Floats] = {}
        if windows := _WINDOWS.get(kind, ()):
            starts = np.flatnonzero(np.r_[True, np.diff(entry) != 0][: len(rows)])
            amount = np.add.reduceat(self.value[rows], starts) if len(rows) else self.value[rows]
            gift = np.maximum.reduceat(self.gift[rows], starts) if len(rows) else self.gift[rows]
            so_far, given = np.r_[0, np.cumsum(amount)], np.r_[0, np.cumsum(gift)]
            low = int(hour.min()) if len(hour) else 0
            wide = (int(hour.max()) - low if len(hour) else 0) + 1
            place = group * wide + hour - low
            for window in windows:
                old = np.maximum(np.searchsorted(place, place - window, side="right"), begin)
                counts[window] = spread_out(index - old)
                amounts[window] = spread_out(so_far[index] - so_far[old])
                gifts[window] = spread_out(given[index] - given[old])
        return _Keyed(spread_out(index - begin), spread_out(hour - hour[begin]), counts, amounts, gifts)

    def _frequencies(self, found: dict[str, Floats]) -> None:
        importer, seller = self._keyed("importer", "importer"), self._keyed("seller", "seller")
        declarant, entity = self._keyed("declarant", "declarant"), self._keyed("entity", "entity")
        for name, one in (("importer", importer), ("declarant", declarant), ("seller", seller)):
            found[f"{name}_before"], found[f"{name}_age"] = one.before, one.age / 24
        found["importer_7d"], found["seller_7d"] = importer.counts[168], seller.counts[168]
        weeks = np.minimum(np.maximum(found["importer_age"], 7), 90) / 7
        found["importer_growth"] = importer.counts[168] / np.maximum(importer.counts[2160] / weeks, 1.0)
        pairs = {
            "importer_product": ("importer", "product"), "importer_origin": ("importer", "origin"),
            "product_origin": ("product", "origin"), "route": ("origin", "departure"),
            "seller_origin": ("seller", "origin"),
        }  # fmt: skip
        novelty = np.zeros(len(self.seq))
        for kind in NOVEL:
            found[f"{kind}_before"] = before = self._keyed(kind, *pairs[kind]).before
            novelty += before == 0
        found["novelty"] = novelty
        road = self._keyed("heading_route", "heading", "departure").before
        from_there = self._keyed("heading_route_origin", "heading", "departure", "origin").before
        found["product_route_share"] = from_there / np.maximum(road, 1)
        found["seller_origin_share"] = found["seller_origin_before"] / np.maximum(seller.before, 1)
        found["entity_1d"], found["entity_7d"] = entity.counts[24], entity.counts[168]
        whole = entity.amounts[168] + np.bincount(self.case, self.value)[self.case] if len(self.seq) else entity.before
        found["entity_value_7d"] = np.where(whole > 0, np.log(whole), np.nan)
        same = self._keyed("seller_heading_entity", "seller", "heading", "entity")
        found["seller_heading_1d"] = same.counts[24]
        found["seller_gifts_30d"] = seller.gifts[720]

    def _members(self, column: str) -> Floats:
        """Return how many other importers were under a key before."""
        rows, entry, heads, group, begin = self._entries(self.key(column))
        found = np.full(len(self.seq), np.nan)
        if not len(heads):
            return found
        importer = self.texts["importer"].codes
        case_first = np.flatnonzero(np.r_[True, np.diff(self.case) != 0])
        least = np.minimum.reduceat(importer, case_first)[self.case[heads]]
        _, firsts = np.unique(group * (len(self.texts["importer"].texts) + 1) + least, return_index=True)
        first = np.zeros(len(heads), dtype=np.int64)
        first[firsts] = 1
        so_far = np.r_[0, np.cumsum(first)]
        index = np.arange(len(heads))
        others = so_far[index] - so_far[begin] - (1 - first)
        found[rows] = np.minimum(MEMBERS_MAX, others)[entry]
        return found

    # -- controls ------------------------------------------------------------------------------------------------------

    def _rates(self, found: dict[str, Floats]) -> None:
        result, row = self._controlled_rows()
        when = np.searchsorted(self._ranks, self.results.seq)
        irregular = self.results.irregular
        seen, wrong = _so_far(np.zeros(len(result), dtype=np.int64), when[result], irregular[result],
                              np.zeros(len(self.seq), dtype=np.int64), self.seq, len(self._ranks))  # fmt: skip
        mean = (wrong + PRIOR_FOUND) / (seen + PRIOR_SEEN)
        columns = {"importer": ("importer",), "seller": ("seller",), "product_origin": ("product", "origin"),
                   "declarant": ("declarant",)}  # fmt: skip
        for kind in CONTROLLED:
            key = self.key(*columns[kind])
            known = key[row] >= 0
            seen, wrong = _so_far(key[row][known], when[result][known], irregular[result][known], key, self.seq,
                                  len(self._ranks))  # fmt: skip
            if kind == "importer":
                found["importer_controls"] = np.where(key >= 0, seen, np.nan)
            found[f"{kind}_rate"] = np.where(key >= 0, (wrong + RATE_WEIGHT * mean) / (seen + RATE_WEIGHT), np.nan)

    def _controlled_rows(self) -> tuple[Ints, Ints]:
        """Return pairs of a result and a row that it is about, which was declared before."""
        case = self.texts["declaration"].codes
        order = np.argsort(case, kind="stable")
        low = np.searchsorted(case[order], self.results.declaration, side="left")
        many = np.searchsorted(case[order], self.results.declaration, side="right") - low
        result = np.repeat(np.arange(len(many)), many)
        row = order[np.repeat(low, many) + _counted(many)] if len(result) else result
        item = self.results.item[result]
        when = np.searchsorted(self._ranks, self.results.seq)[result]
        good = ((item == 0) | (item == self.numbers["item"][row])) & (self.seq[row] < when)
        return result[good], row[good]


def _places(ordered: Ints) -> Ints:
    """Return the place of each row among equals, in an order where equals stand together."""
    if not len(ordered):
        return ordered
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return np.arange(len(ordered)) - np.repeat(begins, np.diff(np.r_[begins, len(ordered)]))


def _counted(many: Ints) -> Ints:
    """Return 0, 1, 2 … for each run of a length."""
    return np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)


def _so_far(
    key: Ints, when: Ints, irregular: Ints, asked_key: Ints, asked_when: Ints, ranks: int
) -> tuple[Floats, Floats]:
    """Return how many results a key had before a moment, and how many of them irregular; a result counts once a key."""
    wide = ranks + 1
    place, which = np.unique(key * wide + when, return_inverse=True)
    worst = np.zeros(len(place), dtype=np.int64)
    np.maximum.at(worst, which, irregular)
    found = np.r_[0, np.cumsum(worst)]
    known = np.maximum(asked_key, 0)
    start = np.searchsorted(place, known * wide, side="left")
    end = np.searchsorted(place, known * wide + asked_when, side="left")
    return (end - start).astype(np.float64), (found[end] - found[start]).astype(np.float64)
