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
ANSWERS_MAX = 200_000
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
        self.keys: dict[str, Times] = {}
        self._keys_max = keys_max
        self.dropped = 0

    def __len__(self) -> int:
        return len(self.keys)

    def get(self, key: str, hour: int) -> Times | None:
        """Return what is known of a key, None where it is new."""
        found = self.keys.get(key)
        return None if found is None or hour - found.last > HORIZON_H else found

    def add(self, key: str, hour: int, amount: int, gift: int, member: str | None = None) -> None:
        """Add one declaration under a key."""
        found = self.get(key, hour)
        if found is None:
            self.keys.pop(key, None)
            if len(self.keys) >= self._keys_max:
                self._drop()
            found = self.keys[key] = Times(hour)
        found.add(hour, self.window, amount, gift)
        if member is not None:
            if found.members is None:
                found.members = set()
            if len(found.members) <= MEMBERS_MAX:
                found.members.add(member)

    def forget(self, hour: int) -> None:
        """Drop the keys that are beyond the horizon."""
        for key in [key for key, times in self.keys.items() if hour - times.last > HORIZON_H]:
            del self.keys[key]

    def _drop(self) -> None:
        oldest = sorted(self.keys, key=lambda key: self.keys[key].last)[: max(1, self._keys_max // 10)]
        for key in oldest:
            del self.keys[key]
        self.dropped += len(oldest)


class Reference(NamedTuple):
    """What is usual: median and robust spread of a log ratio, and how fine the key is that has it."""

    median: float
    spread: float
    level: int


Cell = tuple[int, str, str, str]  # place of the measure in MEASURES, product, origin, unit


class References:
    """Log ratios of this month and the three before; a closed month never changes, so its medians are kept."""

    def __init__(self) -> None:
        self.months: dict[int, dict[Cell, array[float]]] = {}
        self._wide: dict[int, dict[tuple[int, int, str], list[Cell]]] = {}
        self._known: dict[tuple[int, int, str], tuple[float, float] | None] = {}
        self._answers: dict[tuple[str, str, str], tuple[Reference | None, ...]] = {}
        self.month = -1

    def turn(self, month: int) -> None:
        """Come to a month."""
        if month == self.month:
            return
        self.month, self._known, self._answers = month, {}, {}
        for old in [old for old in self.months if old < month - REFERENCE_MONTHS]:
            del self.months[old], self._wide[old]
        self.months.setdefault(month, {})
        self._wide.setdefault(month, {})

    def add(self, measure: int, product: str, origin: str, unit: str, amount: float) -> None:
        """Add what an item of this month has."""
        cells, cell = self.months[self.month], (measure, product, origin, unit)
        held = cells.get(cell)
        if held is None:
            held = cells[cell] = array("d")
            self._widen(self.month, cell)
        if len(held) < CELL_MAX:
            held.append(amount)

    def put(self, month: int, cell: Cell, amounts: array[float]) -> None:
        """Put back what a month held of a cell."""
        self.months.setdefault(month, {})[cell] = amounts
        self._wide.setdefault(month, {})
        self._widen(month, cell)

    def _widen(self, month: int, cell: Cell) -> None:
        for level, key in enumerate(level_keys(*cell[1:])):
            self._wide[month].setdefault((cell[0], level, key), []).append(cell)

    def of(self, product: str, origin: str, unit: str) -> tuple[Reference | None, ...]:
        """Return for each of MEASURES the reference of the finest key with enough rows."""
        asked = product, origin, unit
        found = self._answers.get(asked)
        if found is None:
            if len(self._answers) >= ANSWERS_MAX:
                self._answers.clear()
            keys = level_keys(*asked)
            found = self._answers[asked] = tuple(self._finest(measure, keys) for measure in range(len(MEASURES)))
        return found

    def _finest(self, measure: int, keys: tuple[str, ...]) -> Reference | None:
        for level, key in enumerate(keys):
            asked = (measure, level, key)
            if asked not in self._known:
                self._known[asked] = self._reckon(asked)
            found = self._known[asked]
            if found is not None:
                return Reference(*found, level)
        return None

    def _reckon(self, asked: tuple[int, int, str]) -> tuple[float, float] | None:
        amounts: list[float] = []
        for month in range(self.month - REFERENCE_MONTHS, self.month):
            for cell in self._wide.get(month, {}).get(asked, ()):
                amounts.extend(self.months[month][cell])
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
