# SPDX-License-Identifier: Apache-2.0
"""Two rounds of a study side by side: how much of the change is performance, how much another mix of goods.

Source: Kitagawa, Components of a difference between two rates, JASA 1955. The two parts add up to the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Change(NamedTuple):
    """A difference of means, and its two parts: another mix of segments, and other times within segments."""

    difference: float
    mix: float
    performance: float
    by_segment: dict[str, tuple[float, float]]  # mix and performance of each segment


def split_change(before: Mapping[str, tuple[int, float]], after: Mapping[str, tuple[int, float]]) -> Change:
    """Return how the overall mean changed between two rounds; each gives, by segment, cases and their mean.

    A segment that occurs in one round only has no time of its own in the other: it is all mix.
    """
    first, second = sum(n for n, _ in before.values()), sum(n for n, _ in after.values())
    if not first or not second:
        raise ValueError("split_change: expected cases in both rounds, got none in one; compare rounds with cases")
    parts = {}
    for segment in sorted(before.keys() | after.keys()):
        n0, m0 = before.get(segment, (0, 0.0))
        n1, m1 = after.get(segment, (0, 0.0))
        if not n0:
            m0 = m1
        elif not n1:
            m1 = m0
        w0, w1 = n0 / first, n1 / second
        parts[segment] = ((w1 - w0) * (m0 + m1) / 2, (m1 - m0) * (w0 + w1) / 2)
    mix, performance = sum(part[0] for part in parts.values()), sum(part[1] for part in parts.values())
    whole = sum(n * m for n, m in after.values()) / second - sum(n * m for n, m in before.values()) / first
    return Change(whole, mix, performance, parts)
