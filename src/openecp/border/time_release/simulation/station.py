# SPDX-License-Identifier: Apache-2.0
"""A desk where goods wait for officers: a queue with priorities, as many officers as the hour of the week has.

Work that is begun when the desk closes goes on when it opens again, with the same officer.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import simpy

HOUR = 3600.0
WEEK_HOURS = 168


class Station:
    """One kind of officers at one office; `officers` says how many there are in each hour of the week (168)."""

    def __init__(self, env: simpy.Environment, officers: Sequence[int]) -> None:
        self._env, self._officers = env, officers
        self._queue: list[tuple[int, int, simpy.Event]] = []
        self._busy = self._count = 0
        self._is_waking = False
        self._never = max(officers, default=0) < 1

    def serve(self, priority: int, work: float) -> Generator[Any, Any, tuple[float, float]]:
        """Wait for an officer and be served; answers when the service began and ended (seconds)."""
        if self._never:  # nobody was ever seen to work here: no queue is known
            begun = self._env.now
            yield self._env.timeout(work)
            return begun, self._env.now
        turn = self._env.event()
        self._count += 1
        heapq.heappush(self._queue, (priority, self._count, turn))
        self._call()
        yield turn
        begun = self._env.now
        left = work
        while left > 0:
            if not self._on_duty():
                yield self._env.timeout(self._until_open())
                continue
            part = min(left, self._until_hour())
            yield self._env.timeout(part)
            left -= part
        self._busy -= 1
        self._call()
        return begun, self._env.now

    def linger(self, lag: float) -> Generator[Any, Any, None]:
        """Let so much of the desk's hours pass: what goods waited although an officer was free."""
        left = lag
        while left > 0:
            if not self._never and not self._on_duty():
                yield self._env.timeout(self._until_open())
                continue
            part = left if self._never else min(left, self._until_hour())
            yield self._env.timeout(part)
            left -= part

    def _on_duty(self) -> int:
        return self._officers[int(self._env.now // HOUR) % WEEK_HOURS]

    def _until_hour(self) -> float:
        return float((self._env.now // HOUR + 1) * HOUR - self._env.now)

    def _until_open(self) -> float:
        hour = int(self._env.now // HOUR)
        for step in range(1, WEEK_HOURS + 1):
            if self._officers[(hour + step) % WEEK_HOURS]:
                return float((hour + step) * HOUR - self._env.now)
        return WEEK_HOURS * HOUR

    def _call(self) -> None:
        """Call who is next, as long as an officer is free; look again when the hour changes."""
        while self._queue and self._busy < self._on_duty():
            self._busy += 1
            heapq.heappop(self._queue)[2].succeed()
        if self._queue and not self._is_waking:
            self._is_waking = True
            self._env.process(self._wake())

    def _wake(self) -> Generator[Any, Any, None]:
        yield self._env.timeout(self._until_hour() if self._on_duty() else self._until_open())
        self._is_waking = False
        self._call()
