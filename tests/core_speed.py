# SPDX-License-Identifier: Apache-2.0
"""How fast a core is just now: times that a test limits are read beside it."""

from __future__ import annotations

import time

LOOP, LOOP_MS = 300_000, 18.0  # additions, and what they take on the machine that the budget is meant for


def loop_ms() -> float:
    """Return the CPU time of a fixed loop: how fast a core is just now, beside whatever else it runs."""
    started = time.thread_time()
    total = 0
    for number in range(LOOP):
        total += number
    return (time.thread_time() - started) * 1000
