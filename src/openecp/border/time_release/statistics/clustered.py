# SPDX-License-Identifier: Apache-2.0
"""Intervals from the cases themselves, where goods that came on one ship or flight wait together.

Mean: the jackknife over clusters, on the logarithm where all values are positive, with Student's t for the clusters
less two; the side to which the values are skewed is widened, the more so the more the clusters differ and the fewer
they are, since few clusters seldom show the longest delay. Median: Woodruff's interval (intervals.py). Share within a
target: on the logit, with Student's t. Each case alone is a cluster of one.
Source: Efron and Tibshirani, An Introduction to the Bootstrap (jackknife); Cochran, Sampling Techniques (ratio
estimates); the widening is our own, set by the simulated studies of tests/property/test_trs_coverage.py.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import exp, log, sqrt
from typing import TYPE_CHECKING, NamedTuple

from openecp.border.time_release.statistics.intervals import ClusterSums, clustered_shares

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_CLUSTERS = 4
SKEW_MAX = 6.0


class Estimate(NamedTuple):
    """A figure and its interval; no interval where there are fewer than four clusters."""

    value: float
    interval: tuple[float, float] | None
    clusters: int


class _Groups(NamedTuple):
    values: NDArray[np.float64]
    group: NDArray[np.int64]
    sizes: NDArray[np.int64]


def mean_estimate(
    values: Sequence[int] | NDArray[np.int64],
    clusters: Sequence[Hashable] | NDArray[np.int64] | None = None,
    confidence: float = 0.95,
) -> Estimate | None:
    """Return the mean with its interval; `clusters` says, by case, what it waits together with. None without cases."""
    import numpy as np

    groups = _grouped(values, clusters)
    if groups is None:
        return None
    x, sizes = groups.values, groups.sizes
    count, n = len(sizes), len(x)
    mean = float(x.mean())
    if count < LEAST_CLUSTERS:
        return Estimate(mean, None, count)
    totals = np.bincount(groups.group, x, count)
    without = (totals.sum() - totals) / (n - sizes)
    error = sqrt((count - 1) / count * float(((without - mean) ** 2).sum()))
    if error == 0.0:
        return Estimate(mean, (mean, mean), count)
    alone = float(x.var(ddof=1)) / n
    between = max(0.0, 1 - alone / error**2)  # how much of the uncertainty comes from the clusters
    lean = max(-SKEW_MAX, min(SKEW_MAX, _skew(x)))
    wider = 1 + abs(lean) * (between + (1 - between) * sqrt(count / n)) / (4 * sqrt(count))
    half = _t(max(2, count - 2), confidence)
    down, up = half * (wider if lean < 0 else 1), half * (wider if lean > 0 else 1)
    if float(x.min()) > 0:
        return Estimate(mean, (mean * exp(-down * error / mean), mean * exp(up * error / mean)), count)
    return Estimate(mean, (mean - down * error, mean + up * error), count)


def quantile_estimate(
    values: Sequence[int], clusters: Sequence[Hashable] | None = None, share: float = 0.5, confidence: float = 0.95
) -> Estimate | None:
    """Return a quantile (linear between ranks) with its interval; None without cases."""
    import numpy as np

    groups = _grouped(values, clusters)
    if groups is None:
        return None
    value = float(np.quantile(groups.values, share))
    found = clustered_shares(_sums(groups, value), share, confidence) if len(groups.sizes) >= LEAST_CLUSTERS else None
    if found is None:
        return Estimate(value, None, len(groups.sizes))
    low, high = np.quantile(groups.values, found)
    return Estimate(value, (float(low), float(high)), len(groups.sizes))


def share_within(
    values: Sequence[int], target: int, clusters: Sequence[Hashable] | None = None, confidence: float = 0.95
) -> Estimate | None:
    """Return the share of cases that took at most `target`, with its interval; None without cases.

    Where all or none are within it, the interval is that of so many independent clusters (rule of three).
    """
    groups = _grouped(values, clusters)
    if groups is None:
        return None
    sums = _sums(groups, target)
    share, count = sums.below / sums.cases, len(groups.sizes)
    if count < LEAST_CLUSTERS:
        return Estimate(share, None, count)
    if share in (0.0, 1.0) or not sums.squares:
        rest = 1 - (1 - confidence) ** (1 / count)
        return Estimate(share, (max(0.0, share - rest), min(1.0, share + rest)), count)
    error = sqrt(count / (count - 1) * sums.squares / sums.cases**2)
    at, half = log(share / (1 - share)), _t(count - 1, confidence) * error / (share * (1 - share))
    return Estimate(share, (1 / (1 + exp(half - at)), 1 / (1 + exp(-half - at))), count)


def _sums(groups: _Groups, value: float) -> ClusterSums:
    import numpy as np

    count = len(groups.sizes)
    below = np.bincount(groups.group, groups.values <= value, count)
    share = below.sum() / len(groups.values)
    squares = float(((below - groups.sizes * share) ** 2).sum())
    return ClusterSums(len(groups.values), int(below.sum()), count, squares)


def _grouped(
    values: Sequence[int] | NDArray[np.int64], clusters: Sequence[Hashable] | NDArray[np.int64] | None
) -> _Groups | None:
    import numpy as np

    if not len(values):
        return None
    if clusters is not None and len(clusters) != len(values):
        raise ValueError(f"clusters: expected one for each of {len(values)} cases, got {len(clusters)}")
    if clusters is None:
        index = np.arange(len(values), dtype=np.int64)
    elif isinstance(clusters, np.ndarray):
        index = np.unique(clusters, return_inverse=True)[1]
    else:
        names: dict[Hashable, int] = {}
        index = np.array([names.setdefault(name, len(names)) for name in clusters], dtype=np.int64)
    return _Groups(np.asarray(values, dtype=np.float64), index, np.bincount(index))


def _t(freedom: int, confidence: float) -> float:
    from scipy.special import stdtrit  # scipy.stats takes seconds to import

    return float(stdtrit(freedom, 1 - (1 - confidence) / 2))


def _skew(x: NDArray[np.float64]) -> float:
    """Return the third central moment over the 1.5th power of the second; 0 where nothing differs."""
    apart = x - x.mean()
    spread = float((apart**2).mean())
    return float((apart**3).mean()) / spread**1.5 if spread > 0 else 0.0
