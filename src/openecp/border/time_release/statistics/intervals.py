# SPDX-License-Identifier: Apache-2.0
"""How sure a quantile or a mean is: intervals that hold where goods that came on one ship wait together.

A quantile of independent cases lies between order statistics (binomial). Where cases come in clusters (a ship or flight
and its day), the share of cases below the quantile varies from cluster to cluster: its variance between clusters gives
the shares at both ends of the interval, with Student's t for the number of clusters less one, and these shares are read
off as quantiles (Woodruff). tests/property/test_trs_coverage.py measures its coverage.
Source: Woodruff, Confidence intervals for medians and other position measures, JASA 1952; David, Order Statistics.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, sqrt
from typing import NamedTuple


class Ranks(NamedTuple):
    """Two order statistics, from 1: the interval runs from the value at `low` to the value at `high`."""

    low: int
    high: int


@lru_cache(maxsize=10_000)
def order_ranks(n: int, share: float, confidence: float = 0.95) -> Ranks | None:
    """Return the ranks between which the quantile of `n` independent cases lies; None where n is too small to say."""
    tail = (1 - confidence) / 2
    low, high = _binomial(tail, n, share), _binomial(1 - tail, n, share) + 1
    if low < 1 or high > n:
        return None
    return Ranks(low, high)


class ClusterSums(NamedTuple):
    """What clusters say of the share of cases at or below a value: cases, those below, clusters, sum of squares.

    `squares` is the sum over clusters of (below - cases * share) squared, where share is that of all cases.
    """

    cases: int
    below: int
    clusters: int
    squares: float


def clustered_shares(sums: ClusterSums, share: float, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the shares between which a quantile lies where cases come in clusters; None with fewer than three."""
    if sums.clusters < 3:
        return None
    half = _t(sums.clusters - 1, confidence) * sqrt(sums.clusters / (sums.clusters - 1) * sums.squares / sums.cases**2)
    return max(0.0, share - half), min(1.0, share + half)


def mean_interval(
    mean: float, clusters: int, squares: float, cases: int, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Return the interval of a mean; `squares` sums, over clusters, the squares of their summed distances from it."""
    if clusters < 3:
        return None
    half = _t(clusters - 1, confidence) * sqrt(clusters / (clusters - 1) * squares / cases**2)
    return mean - half, mean + half


def design_effect(sizes: list[int], values: list[float]) -> float:
    """Return by how much clusters widen the variance of a mean: 1 + (m - 1) * ICC, m the weighted mean cluster size.

    `sizes` are the clusters' numbers of cases, `values` all cases' values, cluster after cluster.
    """
    total = len(values)
    if total != sum(sizes) or len(sizes) < 2:
        raise ValueError(f"design effect: expected values of all cases of two clusters or more, got {total} values")
    mean = sum(values) / total
    between = within = 0.0
    start = 0
    for size in sizes:
        part = values[start : start + size]
        own = sum(part) / size
        between += size * (own - mean) ** 2
        within += sum((value - own) ** 2 for value in part)
        start += size
    groups = len(sizes)
    spread = (total - sum(size**2 for size in sizes) / total) / (groups - 1)
    inside = within / (total - groups) if total > groups else 0.0
    among = (between / (groups - 1) - inside) / spread if spread else 0.0
    whole = among + inside
    correlation = max(0.0, among / whole) if whole else 0.0
    return 1 + (sum(size**2 for size in sizes) / total - 1) * correlation


@lru_cache(maxsize=10_000)
def _t(freedom: int, confidence: float) -> float:
    from scipy.special import stdtrit  # scipy.stats takes seconds to import

    return float(stdtrit(freedom, 1 - (1 - confidence) / 2))


def _binomial(chance: float, n: int, share: float) -> int:
    """Return the least number of `n` cases that is not exceeded with at least this chance."""
    from scipy.special import bdtr, bdtrik

    found: int = ceil(bdtrik(chance, n, share))
    return found - 1 if found > 0 and bdtr(found - 1, n, share) >= chance else found
