# SPDX-License-Identifier: Apache-2.0
"""How good a ranking is, with intervals: hits and revenue among the first, and how often it orders two rows rightly.

Source: Wilson (1927) for shares; percentile bootstrap for the area under the curve.
Limits: the first n per cent are `round(rows x n / 100)` rows; ties are broken by a seed.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.wilson import wilson_bounds

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
SHARES = (0.01, 0.02, 0.05, 0.10)
BOOTSTRAP, BOOTSTRAP_ROWS = 200, 20_000


class Interval(msgspec.Struct, frozen=True):
    """A figure with the bounds between which it lies with 95 % confidence."""

    value: float
    low: float
    high: float


class AtShare(msgspec.Struct, frozen=True, kw_only=True):
    """What inspecting one share of the rows would have found."""

    share: float
    rows: int
    hits: int
    precision: Interval
    recall: Interval
    revenue_share: float | None  # of all revenue at stake, what was among the first


def wilson(hits: int, rows: int) -> Interval:
    """Return a share of counted rows with its interval."""
    share = hits / rows if rows else 0.0
    return Interval(share, *wilson_bounds(share, rows))


def auc(score: Floats, label: Flags) -> float:
    """Return how often an irregular row stands above a regular one; ties count half. 0.5 where there is one class."""
    positive = int(label.sum())
    if positive in (0, len(label)):
        return 0.5
    _, place, many = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(many) - (many - 1) / 2.0
    ranks = float(middle[place][label].sum())
    return (ranks - positive * (positive + 1) / 2) / (positive * (len(label) - positive))


def auc_interval(score: Floats, label: Flags, *, seed: int) -> Interval:
    """Return the area under the curve with its bootstrap interval."""
    rng = np.random.default_rng([seed, 41])
    if len(score) > BOOTSTRAP_ROWS:
        taken = rng.choice(len(score), BOOTSTRAP_ROWS, replace=False)
        part, told = score[taken], label[taken]
    else:
        part, told = score, label
    drawn = []
    for _ in range(BOOTSTRAP):
        places = rng.integers(0, len(part), len(part))
        drawn.append(auc(part[places], told[places]))
    half = (np.quantile(drawn, [0.025, 0.975]) - auc(part, told)) * math.sqrt(len(part) / len(score))
    value = auc(score, label)
    return Interval(value, max(0.0, value + float(half[0])), min(1.0, value + float(half[1])))


def ranking(score: Floats, *, seed: int) -> NDArray[np.int64]:
    """Return the places of rows from the highest score down."""
    broken: NDArray[np.int64] = np.lexsort((np.random.default_rng([seed, 43]).random(len(score)), -score))
    return broken


def at_share(order: NDArray[np.int64], share: float, label: Flags, revenue: Floats | None) -> AtShare:
    """Return what the first of an order hold."""
    rows = max(1, round(len(order) * share))
    first = order[:rows]
    hits, all_hits = int(label[first].sum()), int(label.sum())
    total = float(revenue.sum()) if revenue is not None else 0.0
    return AtShare(
        share=share, rows=rows, hits=hits, precision=wilson(hits, rows), recall=wilson(hits, all_hits),
        revenue_share=float(revenue[first].sum()) / total if revenue is not None and total else None,
    )  # fmt: skip


def brier(probability: Floats, label: Flags) -> float:
    """Return the mean squared error of probabilities."""
    return float(np.mean((probability - label) ** 2))


def reliability(probability: Floats, label: Flags, *, bins: int = 10) -> list[tuple[float, float, int]]:
    """Return for each tenth of the rows by probability: what was foreseen, what happened, how many rows."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [(float(probability[part].mean()), float(label[part].mean()), len(part)) for part in parts]
