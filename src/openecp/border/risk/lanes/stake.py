# SPDX-License-Identifier: Apache-2.0
"""The top-up that prefers what has more expected revenue: from which stake on a declaration is taken.

The stakes of those that came to the top-up are counted in classes that grow by the root of two. The class in which the
wanted share ends is drawn, all above it are taken: the share is kept, and the choice can be worked again from the
counters that were frozen. Where nothing is known of stakes, all are in one class, and the top-up draws.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from math import isqrt
from typing import Any, NamedTuple

from openecp.border.risk.lanes.counters import PRIOR, LaneCount, OfficeCount
from openecp.border.risk.lanes.plan import E6, OfficePlan

STAKE_MAX = 1 << 40  # minor units; what is more is in the same class
_EDGES = tuple(isqrt((1 << power) - 1) + 1 for power in range(81))  # the least stake of class 1, 2, …
_CHANCES = 1_000_000_000


class StakeCut(NamedTuple):
    """What is taken: every stake of a class above `of`, and of this class those whose draw is below `below`."""

    of: int
    below: int

    def takes(self, stake_class: int, draw: int) -> bool:
        """Tell whether a declaration is taken."""
        return stake_class > self.of or (stake_class == self.of and draw < self.below)

    def above(self) -> int:
        """Return the stake from which on all are taken."""
        return _EDGES[min(max(0, self.of), len(_EDGES) - 1)] if self.of >= 0 else 0


Cuts = tuple[tuple[StakeCut, StakeCut] | None, ...]  # blue, yellow, red: of others, of trusted operators; None: drawn
DRAWN: Cuts = (None, None, None)


def stake_class(stake_minor: int) -> int:
    """Return the class of an expected revenue; 0 where none is known."""
    return bisect_right(_EDGES, min(max(0, stake_minor), STAKE_MAX))


def stake_classes(stakes: Any) -> Any:
    """Return `stake_class` of a whole column."""
    import numpy as np

    return np.searchsorted(np.array(_EDGES, np.int64), np.clip(stakes, 0, STAKE_MAX), side="right")


def cuts_of(plan: OfficePlan, count: OfficeCount, tops: tuple[int, int, int]) -> Cuts:
    """Return what the top-up takes of an office's declarations, by lane, where it goes by stakes."""
    found: list[tuple[StakeCut, StakeCut] | None] = []
    for rule, lane, chance in zip(plan.rules, count.lanes, tops, strict=True):
        enough = chance > 0 and sum(lane.stakes.values()) >= PRIOR * E6
        found.append((_cut(lane, chance), _cut(lane, chance * rule.trusted_e6 // E6)) if enough else None)
    return tuple(found)


def _cut(lane: LaneCount, chance: int) -> StakeCut:
    if chance <= 0:
        return StakeCut(len(_EDGES), 0)
    stakes: Mapping[int, int] = lane.stakes
    wanted, held = chance * sum(stakes.values()) // _CHANCES, 0
    for each in sorted(stakes, reverse=True):
        weight = stakes[each]
        if held + weight > wanted:
            return StakeCut(each, (wanted - held) * _CHANCES // weight)
        held += weight
    return StakeCut(-1, 0)
