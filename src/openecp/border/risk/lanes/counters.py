# SPDX-License-Identifier: Apache-2.0
"""What the top-up hangs on: how many declarations an office has seen, and how many came into each lane and how.

Counters are frozen at a sequence number of the journal; all declarations until the next freeze are topped up by what
was frozen, so that it is nothing how they were cut into batches. With each new day what was counted before weighs half.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from openecp.border.risk.lanes.plan import E6, OfficePlan

PRIOR = 200  # declarations of an office that are taken as seen, just as planned, so that the first few decide nothing
DRAWS_PER_MILLIONTH = 1_000
OFFICES_MAX = 20_000
_EMPTY: Mapping[int, int] = {}
Stakes = tuple[Mapping[int, int], ...]  # blue, yellow, red: open weight by class of expected revenue


class LaneCount(msgspec.Struct, frozen=True):
    """One lane of one office: how many came into it, by top-up, and how much weight came to its top-up unselected.

    `stakes` is that weight by class of expected revenue, where the top-up goes by it.
    """

    taken: int = 0
    topped: int = 0
    open_e6: int = 0  # a trusted operator counts by its factor
    stakes: Mapping[int, int] = {}

    def plus(self, taken: int, topped: int, open_e6: int, stakes: Mapping[int, int] = _EMPTY) -> LaneCount:
        """Return the count with more counted."""
        more = self.stakes
        if stakes:
            more = {each: more.get(each, 0) + stakes.get(each, 0) for each in {**more, **stakes}}
        return LaneCount(self.taken + taken, self.topped + topped, self.open_e6 + open_e6, more)

    def half(self) -> LaneCount:
        """Return the count at half its weight, in whole numbers."""
        stakes = {each: weight // 2 for each, weight in self.stakes.items() if weight > 1}
        return LaneCount(self.taken // 2, self.topped // 2, self.open_e6 // 2, stakes)


_NONE = (LaneCount(), LaneCount(), LaneCount())


class OfficeCount(msgspec.Struct, frozen=True):
    """One office: how many declarations it has seen, and its three lanes, blue, yellow, red."""

    seen: int = 0
    lanes: tuple[LaneCount, LaneCount, LaneCount] = _NONE


class FrozenCounters(msgspec.Struct, frozen=True):
    """Counters as they stood at a sequence number of the journal; `day` is the last day that was counted."""

    seq: int = 0
    day: date | None = None
    offices: Mapping[str, OfficeCount] = {}

    def of(self, office: str) -> OfficeCount:
        """Return an office's counters."""
        return self.offices.get(office) or OfficeCount()


class LaneCounters:
    """Counters that go on counting. One thread at a time."""

    def __init__(self, frozen: FrozenCounters | None = None) -> None:
        """Go on from what was frozen."""
        frozen = frozen or FrozenCounters()
        self._offices, self._day = dict(frozen.offices), frozen.day

    def add(
        self, office: str, seen: int, moves: tuple[tuple[int, int, int], ...], stakes: Stakes = (_EMPTY,) * 3
    ) -> None:
        """Count declarations of an office: seen, and for blue, yellow, red (taken, topped up, open weight)."""
        if office not in self._offices and len(self._offices) >= OFFICES_MAX:
            office = ""
        old = self._offices.get(office) or OfficeCount()
        lanes = tuple(count.plus(*move, held) for count, move, held in zip(old.lanes, moves, stakes, strict=True))
        self._offices[office] = OfficeCount(old.seen + seen, (lanes[0], lanes[1], lanes[2]))

    def freeze(self, day: date, *, seq: int = 0) -> FrozenCounters:
        """Return the counters as they stand; on a new day what was counted so far weighs half from here on."""
        if self._day is not None and day > self._day:
            for office, count in self._offices.items():
                lanes = tuple(lane.half() for lane in count.lanes)
                self._offices[office] = OfficeCount(count.seen // 2, (lanes[0], lanes[1], lanes[2]))
        self._day = day if self._day is None else max(self._day, day)
        return FrozenCounters(seq, self._day, dict(self._offices))


def chances(plan: OfficePlan, count: OfficeCount) -> tuple[int, int, int]:
    """Return for blue, yellow and red below which draw a declaration is topped up that nothing has selected.

    What is missing now and then, of all that were seen: the expected share less what other rules select, and what the
    lane is behind (or ahead), over those that come to the top-up.
    """
    found = []
    missing = max(0, PRIOR - count.seen)
    for rule, lane in zip(plan.rules, count.lanes, strict=True):
        if not rule.expected_e6:
            found.append(0)
            continue
        seen = count.seen + missing
        taken_e6 = lane.taken * E6 + missing * rule.expected_e6
        topped_e6 = lane.topped * E6 + missing * max(0, rule.expected_e6 - rule.random_e6)
        open_e6 = lane.open_e6 + missing * E6
        needed_e6 = 2 * (rule.expected_e6 * seen - taken_e6) + topped_e6
        chance = needed_e6 * E6 * DRAWS_PER_MILLIONTH // open_e6 if open_e6 else 0
        found.append(min(E6 * DRAWS_PER_MILLIONTH, max(0, chance)))
    return found[0], found[1], found[2]
