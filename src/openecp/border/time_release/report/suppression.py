# SPDX-License-Identifier: Apache-2.0
"""Which cells are not shown: those below k cases, and those that would give them away by subtraction from a total."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

Key = tuple[str, ...]


def hidden_cells(counts: Mapping[Key, int], k: int) -> frozenset[Key]:
    """Return the cells that must not be shown where their total and all totals by part of the key are known.

    A cell of 1 to k - 1 cases is hidden. In each group whose total is known, what is hidden must be two cells or more
    with k cases or more together, so the next smallest are hidden too; a group that cannot be saved so is hidden whole.
    """
    hidden = {key for key, n in counts.items() if 0 < n < k}
    if not hidden:
        return frozenset()
    size = len(next(iter(counts)))
    groups = _groups(counts, size)
    changed = True
    while changed:
        changed = False
        for group in groups:
            inside = [key for key in group if key in hidden]
            if not inside:
                continue
            if len(inside) >= 2 and sum(counts[key] for key in inside) >= k:
                continue
            rest = sorted(
                (key for key in group if key not in hidden and counts[key]), key=lambda key: (counts[key], key)
            )
            if rest:
                hidden.add(rest[0])
                changed = True
    return frozenset(hidden)


def _groups(counts: Mapping[Key, int], size: int) -> list[list[Key]]:
    """Return the groups of cells that add up to a total that is shown: by each part of the key, and all together."""
    found = []
    for width in range(size):
        for places in combinations(range(size), width):
            groups: dict[Key, list[Key]] = {}
            for key in sorted(counts):
                groups.setdefault(tuple(key[place] for place in places), []).append(key)
            found += list(groups.values())
    return found
