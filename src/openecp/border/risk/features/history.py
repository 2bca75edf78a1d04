# SPDX-License-Identifier: Apache-2.0
"""What is kept of the past under keys, so that features can be told before the next declaration: bounded in memory.

Limits: a key unseen for HORIZON_DAYS is dropped, windows keep whole hours, and beyond `keys_max` keys of a kind the
ones that were not seen for longest are dropped, which is counted.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from openecp.border.risk.features.definitions import (
    CELL_MAX,
    HORIZON_H,
    MEMBERS_MAX,
    REFERENCE_MONTHS,
    SPREAD_MIN,
    THIN,
)

WINDOW_H = {"importer": 2160, "seller": 720, "entity": 168, "seller_heading_entity": 24}  # the longest that is asked
_TRIM = 512
MEASURES = ("price", "weight", "kilo")


class Times:
    """What was declared under one key: how often, and when within its windows."""

    __slots__ = ("amount", "amounts", "count", "counts", "first", "gifts", "gifts_at", "hours", "last", "members")

    def __init__(self, hour: int) -> None:
        self.first = self.last = hour
        self.count = self.amount = self.gifts = 0
        self.hours: list[int] = []  # with what stood before each of them
        self.counts: list[int] = []
        self.amounts: list[int] = []
        self.gifts_at: list[int] = []
        self.members: set[str] | None = None

    def since(self, hour: int, window: int) -> tuple[int, int, int]:
        """Return declarations, amount and gifts of the hours after `hour - window`."""
        place = bisect_right(self.hours, hour - window)
        if place == len(self.hours):
            return 0, 0, 0
        return self.count - self.counts[place], self.amount - self.amounts[place], self.gifts - self.gifts_at[place]

    def add(self, hour: int, window: int, amount: int, gift: int) -> None:
        """Add one declaration."""
        if window and (not self.hours or self.hours[-1] != hour):
            self.hours.append(hour)
            self.counts.append(self.count)
            self.amounts.append(self.amount)
            self.gifts_at.append(self.gifts)
            if len(self.hours) > _TRIM:
                old = bisect_right(self.hours, hour - window)
                for column in (self.hours, self.counts, self.amounts, self.gifts_at):
                    del column[:old]
        self.count, self.amount, self.gifts, self.last = self.count + 1, self.amount + amount, self.gifts + gift, hour


class Keyed:
    """The keys of one kind."""

    def __init__(self, kind: str, keys_max: int) -> None:
        self.window = WINDOW_H.get(kind, 0)
        self._keys: dict[str, Times] = {}
        self._keys_max = keys_max
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, key: str, hour: int) -> Times | None:
        """Return what is known of a key, None where it is new."""
        found = self._keys.get(key)
        return None if found is None or hour - found.last > HORIZON_H else found

    def add(self, key: str, hour: int, amount: int, gift: int, member: str | None = None) -> None:
        """Add one declaration under a key."""
        found = self.get(key, hour)
        if found is None:
            self._keys.pop(key, None)
            if len(self._keys) >= self._keys_max:
                self._drop()
            found = self._keys[key] = Times(hour)
        found.add(hour, self.window, amount, gift)
        if member is not None:
            if found.members is None:
                found.members = set()
            if len(found.members) <= MEMBERS_MAX:
                found.members.add(member)

    def forget(self, hour: int) -> None:
        """Drop the keys that are beyond the horizon."""
        for key in [key for key, times in self._keys.items() if hour - times.last > HORIZON_H]:
            del self._keys[key]

    def _drop(self) -> None:
        oldest = sorted(self._keys, key=lambda key: self._keys[key].last)[: max(1, self._keys_max // 10)]
        for key in oldest:
            del self._keys[key]
        self.dropped += len(oldest)


class Reference(NamedTuple):
    """What is usual: median and robust spread of a log ratio, and how fine the key is that has it."""

    median: float
    spread: float
    level: int


class References:
    """Log ratios of this month and the three before; a closed month never changes, so its medians are kept."""

    def __init__(self) -> None:
        self._months: dict[int, dict[tuple[str, str, str, str], array[float]]] = {}
        self._wide: dict[int, dict[tuple[str, int, str], list[tuple[str, str, str, str]]]] = {}
        self._known: dict[tuple[str, int, str], tuple[float, float] | None] = {}
        self._month = -1

    def turn(self, month: int) -> None:
        """Come to a month."""
        if month == self._month:
            return
        self._month, self._known = month, {}
        for old in [old for old in self._months if old < month - REFERENCE_MONTHS]:
            del self._months[old], self._wide[old]
        self._months.setdefault(month, {})
        self._wide.setdefault(month, {})

    def add(self, measure: str, product: str, origin: str, unit: str, amount: float) -> None:
        """Add what an item of this month has."""
        cells, cell = self._months[self._month], (measure, product, origin, unit)
        held = cells.get(cell)
        if held is None:
            held = cells[cell] = array("d")
            for level, key in enumerate(level_keys(product, origin, unit)):
                self._wide[self._month].setdefault((measure, level, key), []).append(cell)
        if len(held) < CELL_MAX:
            held.append(amount)

    def of(self, measure: str, product: str, origin: str, unit: str) -> Reference | None:
        """Return the reference of the finest key with enough rows."""
        for level, key in enumerate(level_keys(product, origin, unit)):
            asked = (measure, level, key)
            if asked not in self._known:
                self._known[asked] = self._reckon(asked)
            found = self._known[asked]
            if found is not None:
                return Reference(*found, level)
        return None

    def _reckon(self, asked: tuple[str, int, str]) -> tuple[float, float] | None:
        amounts: list[float] = []
        for month in range(self._month - REFERENCE_MONTHS, self._month):
            for cell in self._wide.get(month, {}).get(asked, ()):
                amounts.extend(self._months[month][cell])
        last = len(amounts) - 1
        if last + 1 < THIN:
            return None
        amounts.sort()
        low, middle, high = (amounts[(last * share + 50) // 100] for share in (16, 50, 84))
        return middle, max((high - low) / 2, SPREAD_MIN)


def level_keys(product: str, origin: str, unit: str) -> tuple[str, str, str, str]:
    """Return the keys of a reference from the finest to the widest."""
    return f"{product}|{origin}|{unit}", f"{product}|{unit}", f"{product[:4]}|{unit}", f"{product[:2]}|{unit}"


class Controls:
    """What controls found under keys."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self.of: Mapping[str, dict[str, list[int]]] = {kind: {} for kind in kinds}
        self.seen = self.found = 0

    def add(self, keys: set[tuple[str, str]], irregular: int) -> None:
        """Add one result under every key of its items."""
        self.seen, self.found = self.seen + 1, self.found + irregular
        for kind, key in keys:
            held = self.of[kind].setdefault(key, [0, 0])
            held[0], held[1] = held[0] + 1, held[1] + irregular
