# SPDX-License-Identifier: Apache-2.0
"""Who is inspected when: the inspectors of one office take the goods that wait, authorised operators' first.

Times are open time of the office, so that nights and holidays do not occur; an inspector who is there on some weekdays
only waits for the next of these.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Sequence


def served(
    ready: Sequence[int], work: Sequence[int], first: Sequence[bool], days: Sequence[int], officers: Sequence[int]
) -> list[int]:
    """Return when the service of each begins, in open time.

    `days` are the open times at which open days begin (and the last ends), `officers` the officers on each open day.
    Among those who wait, those with `first` come first, then who came earlier.
    """
    order = sorted(range(len(ready)), key=lambda case: (ready[case], case))
    free = [0] * max(officers, default=1)
    waiting: list[tuple[bool, int, int]] = []
    begun = [0] * len(ready)
    place = 0
    while place < len(order) or waiting:
        if not waiting:
            free = [max(at, ready[order[place]]) for at in free]
        chances = [(_on_duty(at, officer, days, officers), officer) for officer, at in enumerate(free)]
        now, officer = min(chances)
        while place < len(order) and ready[order[place]] <= now:
            case = order[place]
            heapq.heappush(waiting, (not first[case], ready[case], case))
            place += 1
        _, _, case = heapq.heappop(waiting)
        begun[case] = now
        free[officer] = now + work[case]
    return begun


def _on_duty(at: int, officer: int, days: Sequence[int], officers: Sequence[int]) -> int:
    """Return the first time from `at` on at which an officer is on duty."""
    day = min(bisect_right(days, at) - 1, len(officers) - 1)
    if officer < officers[day]:
        return at
    for later in range(day + 1, len(officers)):
        if officer < officers[later]:
            return days[later]
    return days[-1]
