# SPDX-License-Identifier: Apache-2.0
"""When release times changed: the weeks at which a weekly figure goes to another level, and how sure that is.

Binary segmentation: the week that parts a stretch best is kept if chance puts one as clear into shuffled weeks seldom
enough; both parts are then looked at alike. Weeks stand for themselves here: a figure with a season should be compared
with the same weeks of another year first.
Source: Scott and Knott, Biometrics 1974; permutation test of the greatest standardised difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_WEEKS = 3  # on either side of a change
SHUFFLES = 999
MAX_WEEKS = 1_000


class ChangePoint(NamedTuple):
    """A week (its place in the series) that begins another level; levels are means of the weeks' figures."""

    week: int
    before: float
    after: float
    p: float


def change_points(series: Sequence[float], seed: int, *, level: float = 0.01) -> list[ChangePoint]:
    """Return the changes of a weekly figure (median, or share within target), in order; `seed` draws the shuffles.

    Raises: ValueError with more than 1,000 weeks.
    """
    import numpy as np

    if len(series) > MAX_WEEKS:
        raise ValueError(f"change points: expected up to {MAX_WEEKS} weeks, got {len(series)}; give a shorter period")
    values = np.asarray(series, dtype=float)
    draw = np.random.default_rng(seed)
    found: list[tuple[int, float]] = []
    stretches = [(0, len(values))]
    while stretches:
        first, last = stretches.pop()
        part = values[first:last]
        if len(part) < 2 * LEAST_WEEKS:
            continue
        place, clear = _split(part)
        shuffled = draw.permuted(np.tile(part, (SHUFFLES, 1)), axis=1)
        p = (1 + int(np.count_nonzero(_clearest(shuffled) >= clear))) / (SHUFFLES + 1)
        if p <= level and clear > 0:
            found.append((first + place, p))
            stretches += [(first, first + place), (first + place, last)]
    found.sort()
    bounds = [0, *(week for week, _ in found), len(values)]
    return [
        ChangePoint(week, float(values[bounds[i] : week].mean()), float(values[week : bounds[i + 2]].mean()), p)
        for i, (week, p) in enumerate(found)
    ]


def _split(part: NDArray[np.float64]) -> tuple[int, float]:
    scores = _scores(part[None, :])[0]
    place = int(scores.argmax())
    return place + LEAST_WEEKS, float(scores[place])


def _clearest(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    best: NDArray[np.float64] = _scores(rows).max(axis=1)
    return best


def _scores(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, by row and place, the drop in the sum of squares when the row is parted there."""
    import numpy as np

    n = rows.shape[1]
    left = np.arange(LEAST_WEEKS, n - LEAST_WEEKS + 1)
    centred = rows - rows.mean(axis=1, keepdims=True)
    sums = np.cumsum(centred, axis=1)[:, left - 1]
    drop: NDArray[np.float64] = np.round(sums**2 * n / (left * (n - left)), 9)
    return drop
