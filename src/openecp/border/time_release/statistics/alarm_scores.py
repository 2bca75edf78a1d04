# SPDX-License-Identifier: Apache-2.0
"""How much each wait speaks for a delay: its rank among waits that began at the same hour of the week, as a score.

Nights and weekends make waits long that begin in the evening, so a wait is set against the nearest in the hour of the
week only. The score of a rank is learned from the same waits: how much more often a wait that was the sought delay
longer would stand there (logarithm of the likelihood ratio, never falling). Goods of one ship or flight wait together:
they count as so many waits as they are worth by their correlation.
Source: Neyman and Pearson, Philosophical Transactions 1933; Fisher's intraclass correlation; Ayer and others, Annals of
Mathematical Statistics 1955 (monotone estimates).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Figures = NDArray[np.float64]

DAY_US = 86_400_000_000
WEEK_US = 7 * DAY_US
LEAST_CASES = 40  # in the reference: below, nothing is said
LEARNED_FROM = 1_500  # waits of the reference, evenly over the week
BINS = 24
SURE = 3.5  # no single wait says more, in standard deviations


class Waits(NamedTuple):
    """The waits of one stage at one place in the order of their ends: moments in microseconds, what came together."""

    begun_us: Numbers
    ended_us: Numbers
    cluster: Numbers
    owner: Numbers | None = None  # whose wait it was, where a stage has several owners

    @property
    def us(self) -> Numbers:
        """Return how long each wait was."""
        found: Numbers = self.ended_us - self.begun_us
        return found


class Score(NamedTuple):
    """What was learned of a stage: the score by rank, the correlation within clusters, the mean score of a delay."""

    points: Figures
    correlation: float
    effect: float


class Neighbours:
    """The waits of a reference in the order of the hour of the week in which they began."""

    def __init__(self, begun_us: Numbers, us: Numbers) -> None:
        """Lay out a reference of LEAST_CASES waits or more."""
        import numpy as np

        order = np.argsort(begun_us % WEEK_US, kind="stable")
        self.order = order
        self.hours, self.us = (begun_us % WEEK_US)[order], us[order]
        self.near = min(int(np.clip(len(us) / 40, 25, 120)), len(us))

    def beside(self, hours: Numbers) -> Numbers:
        """Return, a row a wait, its neighbours in order: those that began nearest in the week."""
        import numpy as np

        first = np.searchsorted(self.hours, hours) - self.near // 2
        found: Numbers = self.us[(first[:, None] + np.arange(self.near)) % len(self.us)]
        found.sort(axis=1)
        return found

    def sample(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return hours, lengths and places in the reference of LEARNED_FROM waits or somewhat more."""
        step = max(1, len(self.us) // LEARNED_FROM)
        return self.hours[::step], self.us[::step], self.order[::step]


def ranks(beside: Numbers, us: Numbers) -> Figures:
    """Return the rank of each wait among its neighbours, from 0 to 1; equal ones count half."""
    own = us[:, None]
    found: Figures = ((beside < own).sum(axis=1) + (beside <= own).sum(axis=1) + 1.0) / (2 * beside.shape[1] + 2)
    return found


def learned(neighbours: Neighbours, clusters: Numbers, sought_us: int) -> Score:
    """Return the score of a reference for a delay of `sought_us`; `clusters` in the order of the reference."""
    import numpy as np

    hours, us, places = neighbours.sample()
    beside = neighbours.beside(hours)
    plain, late = ranks(beside, us), ranks(beside, us + sought_us)
    n = len(us)
    usual = np.bincount(_bin(plain), minlength=BINS) + 1.0 + 0.02 * n / BINS
    delayed = np.bincount(_bin(late), minlength=BINS) + 1 + 0.05 * n / BINS
    points = _rising(np.log(delayed / delayed.sum() / (usual / usual.sum())), usual.astype(np.float64))
    scores = _read(points, plain)
    points = np.minimum((points - scores.mean()) / max(float(scores.std()), 1e-9), SURE)
    alike = correlation(_read(points, plain), clusters[places])
    return Score(points, alike, float(_read(points, late).mean()))


def effect(score: Score, neighbours: Neighbours, delay_us: int) -> float:
    """Return the mean score of waits that are so much longer."""
    hours, us, _ = neighbours.sample()
    return float(_read(score.points, ranks(neighbours.beside(hours), us + delay_us)).mean())


def scored(score: Score, ranks: Figures) -> Figures:
    """Return the scores of ranks."""
    return _read(score.points, ranks)


def correlation(values: Figures, clusters: Numbers) -> float:
    """Return how alike values of one cluster are, from 0 to 1 (one-way analysis of variance)."""
    import numpy as np

    _, place, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    groups, n = len(sizes), len(values)
    if groups < 5 or n - groups < 5:
        return 0.0
    means = np.bincount(place, values) / sizes
    between = float((sizes * (means - values.mean()) ** 2).sum()) / (groups - 1)
    within = float(((values - means[place]) ** 2).sum()) / (n - groups)
    size = (n - float((sizes**2).sum()) / n) / (groups - 1)
    whole = between + (size - 1) * within
    return float(np.clip((between - within) / whole, 0, 1)) if whole else 0.0


def daily_sums(days: Numbers, scores: Figures, clusters: Numbers, alike: float, count: int) -> tuple[Figures, Figures]:
    """Return, for days 0 to `count` - 1, the weighted sum of the scores and the weight; ships weigh what they tell."""
    import numpy as np

    codes = np.unique(clusters, return_inverse=True)[1]
    keys, place, sizes = np.unique(days * (len(codes) + 1) + codes, return_inverse=True, return_counts=True)
    means = np.bincount(place, scores) / sizes
    weights = sizes / (1 + (sizes - 1) * alike)
    on = keys // (len(codes) + 1)
    sums = np.asarray(np.bincount(on, weights * means, count)[:count], dtype=np.float64)
    return sums, np.asarray(np.bincount(on, weights, count)[:count], dtype=np.float64)


def _bin(ranks: Figures) -> Numbers:
    import numpy as np

    found: Numbers = np.minimum((ranks * BINS).astype(np.int64), BINS - 1)
    return found


def _read(points: Figures, ranks: Figures) -> Figures:
    import numpy as np

    found: Figures = np.interp(ranks, (np.arange(BINS) + 0.5) / BINS, points)
    return found


def _rising(values: Figures, weights: Figures) -> Figures:
    """Return the nearest values that never fall: neighbours that do are pooled."""
    import numpy as np

    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        pools.append((value, weight, 1))
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            high, low = pools.pop(), pools.pop()
            whole = high[1] + low[1]
            pools.append(((high[0] * high[1] + low[0] * low[1]) / whole, whole, high[2] + low[2]))
    return np.concatenate([np.full(count, value) for value, _, count in pools])
