# SPDX-License-Identifier: Apache-2.0
"""Figures beside the mean and the median: what remains of extremes, the commonest value, whose spread it is.

All times are whole microseconds. Nothing is left out silently: each figure says its rule, and how many it touched.
Source: Guide to Measure the Time Required for the Release of Goods (mean, median, mode, range, a rule for extremes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple


class Robust(NamedTuple):
    """A mean after a rule for extremes: the rule, how many cases it touched, and the values at which it cuts."""

    rule: str
    mean: float | None
    touched: int
    low: int | None
    high: int | None


def quantile(ordered: Sequence[int], share: float) -> float:
    """Return a quantile of values in order, linear between the two nearest ranks (numpy's default).

    Raises: ValueError where there is no value, or the share is none.
    """
    if not ordered or not 0 <= share <= 1:
        raise ValueError(f"quantile: expected values and a share from 0 to 1, got {len(ordered)} values and {share}")
    rank = (len(ordered) - 1) * Fraction(share)
    low = floor(rank)
    part = rank - low
    if not part:
        return float(ordered[low])
    return float(ordered[low] + (ordered[low + 1] - ordered[low]) * part)


def trimmed_mean(values: Sequence[int], share: float = 0.05) -> Robust:
    """Return the mean without the least and the greatest `share` of the cases (whole cases, rounded down).

    Raises: ValueError where the share would leave nothing.
    """
    ordered, cut = _cut(values, share)
    kept = ordered[cut : len(ordered) - cut]
    rule = f"trimmed {share:g}"
    if not kept:
        return Robust(rule, None, 0, None, None)
    return Robust(rule, sum(kept) / len(kept), 2 * cut, kept[0], kept[-1])


def winsorised_mean(values: Sequence[int], share: float = 0.05) -> Robust:
    """Return the mean with the least and greatest `share` of the cases drawn in to the values next to them.

    Raises: ValueError where the share would leave nothing.
    """
    ordered, cut = _cut(values, share)
    kept = ordered[cut : len(ordered) - cut]
    rule = f"winsorised {share:g}"
    if not kept:
        return Robust(rule, None, 0, None, None)
    total = sum(kept) + cut * (kept[0] + kept[-1])
    return Robust(rule, total / len(ordered), 2 * cut, kept[0], kept[-1])


def fenced_mean(values: Sequence[int], width: float = 3.0) -> Robust:
    """Return the mean of the values that lie within `width` quartile distances of the quartiles (Tukey's far fence)."""
    ordered = sorted(values)
    rule = f"fence {width:g}"
    if not ordered:
        return Robust(rule, None, 0, None, None)
    first, third = quantile(ordered, 0.25), quantile(ordered, 0.75)
    low, high = ceil(first - width * (third - first)), floor(third + width * (third - first))
    kept = [value for value in ordered if low <= value <= high]
    return Robust(rule, sum(kept) / len(kept) if kept else None, len(ordered) - len(kept), low, high)


def mode(values: Sequence[int], bin_us: int) -> tuple[int, int] | None:
    """Return where most values lie, as the start of a bin of `bin_us`, and how many lie there; the least of equals.

    Raises: ValueError where the bin has no width.
    """
    if bin_us < 1:
        raise ValueError(f"mode: expected a bin of 1 microsecond or more, got {bin_us}; name a positive width")
    counts: dict[int, int] = {}
    for value in values:
        counts[value // bin_us] = counts.get(value // bin_us, 0) + 1
    if not counts:
        return None
    place = min(counts, key=lambda key: (-counts[key], key))
    return place * bin_us, counts[place]


def value_range(values: Sequence[int]) -> tuple[int, int, int] | None:
    """Return the least and the greatest value and the distance between them; None where there are none."""
    return (min(values), max(values), max(values) - min(values)) if values else None


def variance_shares(stages: Mapping[str, Sequence[int]], clock: Sequence[int]) -> dict[str, float]:
    """Return how much of a clock's spread each stage explains: cov(stage, clock) / var(clock).

    The stages of a case stand at the case's place in `clock`. Where the stages add up to the clock, their shares add up
    to 1; a share below 0 belongs to a stage that is short where the clock is long.
    Raises: ValueError where a stage has another number of cases.
    """
    n = len(clock)
    total = sum(clock)
    # n² times the variance, in whole numbers: no share depends on the order of additions
    spread = n * sum(value * value for value in clock) - total * total
    shares = {}
    for name, values in stages.items():
        if len(values) != n:
            raise ValueError(f"variance shares, stage {name[:80]!r}: expected {n} cases, got {len(values)}")
        common = n * sum(a * b for a, b in zip(values, clock, strict=True)) - sum(values) * total
        shares[name] = float(Fraction(common, spread)) if spread else 0.0
    return shares


def _cut(values: Sequence[int], share: float) -> tuple[list[int], int]:
    if not 0 <= share < 0.5:
        raise ValueError(f"rule for extremes: expected a share from 0 to below 0.5, got {share}; name a smaller one")
    ordered = sorted(values)
    return ordered, floor(len(ordered) * share)
