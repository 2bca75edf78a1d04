# SPDX-License-Identifier: Apache-2.0
"""Says when declarations are no longer what the model learnt from: by column and for the score itself.

Source: population stability index (PSI) over ten parts; earth mover's distance (EMD) of the score by permutation.
The PSI of two samples of one population is about (1/n + 1/m) times chi-square with parts less one degrees of freedom,
so that a threshold has a known rate of false alarms: 1 % over all columns together; a PSI below 0.1 never alarms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FALSE_ALARMS, PARTS, CODES, SMALLEST = 0.01, 10, 19, 0.1
PERMUTATIONS, SAMPLE = 200, 2_000


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison of later rows with those of training."""

    column: str
    measure: str  # "psi" or "emd"
    value: float
    threshold: float
    alarm: bool


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How a column was distributed in training: edges or codes, and the share of each part."""

    rows: int
    edges: tuple[float, ...] = ()
    codes: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()


def profile_of(column: Floats | Sequence[str], weights: Floats | None = None) -> Profile:
    """Return how a column is distributed: tenths of numbers, or the most common codes; unknown is a part of its own.

    `weights` make rows stand for those that were not inspected; the rows are then as many as they are worth (Kish).
    """
    rows = len(column) if weights is None else max(1, int(weights.sum() ** 2 / max(float((weights**2).sum()), 1e-12)))
    if isinstance(column, np.ndarray):
        known = np.isfinite(column)
        shares = np.arange(1, PARTS) / PARTS
        if not known.any():
            edges = np.zeros(0)
        elif weights is None:
            edges = np.unique(np.quantile(column[known], shares))
        else:
            order = np.argsort(column[known], kind="stable")
            so_far = np.cumsum(weights[known][order])
            places = np.minimum(np.searchsorted(so_far, shares * so_far[-1]), len(order) - 1)
            edges = np.unique(column[known][order][places])
        profile = Profile(rows=rows, edges=tuple(float(edge) for edge in edges))
    else:
        common = [code for code, _ in Counter(column).most_common(CODES)]
        profile = Profile(rows=rows, codes=tuple(common))
    counts = _counts(profile, column, weights)
    return msgspec.structs.replace(profile, shares=tuple((counts / max(1e-12, counts.sum())).tolist()))


def _counts(profile: Profile, column: Floats | Sequence[str], weights: Floats | None = None) -> Floats:
    if isinstance(column, np.ndarray):
        edges = np.array(profile.edges)
        parts = np.where(np.isfinite(column), np.searchsorted(edges, column, side="left"), len(edges) + 1)
        return np.bincount(parts, weights, minlength=len(edges) + 2).astype(np.float64)
    places = {code: place for place, code in enumerate(profile.codes)}
    other = len(places)
    found = [places.get(code, other) for code in column]
    return np.bincount(found, weights, minlength=other + 1).astype(np.float64)


def column_drift(name: str, profile: Profile, column: Floats | Sequence[str], *, columns: int) -> Drift:
    """Return how far a column has moved; `columns` is how many are looked at together."""
    from scipy.stats import chi2

    counts, rows = _counts(profile, column), max(1, len(column))
    before = (np.array(profile.shares) * profile.rows + 0.5) / (profile.rows + 0.5 * len(counts))
    after = (counts + 0.5) / (rows + 0.5 * len(counts))
    psi = float(((after - before) * np.log(after / before)).sum())
    used = int(((np.array(profile.shares) > 0) | (counts > 0)).sum())
    chance = float(chi2.ppf(1.0 - FALSE_ALARMS / max(1, columns), max(1, used - 1)))
    threshold = max(SMALLEST, chance * (1.0 / max(1, profile.rows) + 1.0 / rows))
    return Drift(column=name, measure="psi", value=psi, threshold=threshold, alarm=psi > threshold)


def score_drift(before: Floats, after: Floats, *, seed: int) -> Drift:
    """Return how far the score has moved, in units of its spread, against what chance alone moves it."""
    rng = np.random.default_rng([seed, 47])
    one, other = (rng.permutation(part)[:SAMPLE] for part in (before, after))
    spread = float(np.std(one)) or 1.0
    pool = np.concatenate([one, other])

    def distance(a: Floats, b: Floats) -> float:
        grid = np.linspace(0.0, 1.0, 201)
        first, second = (np.sort(part)[np.round(grid * (len(part) - 1)).astype(np.int64)] for part in (a, b))
        return float(np.abs(first - second).mean()) / spread

    by_chance = []
    for _ in range(PERMUTATIONS):
        mixed = rng.permutation(pool)
        by_chance.append(distance(mixed[: len(one)], mixed[len(one) :]))
    value, threshold = distance(one, other), float(np.quantile(by_chance, 1.0 - FALSE_ALARMS))
    return Drift(column="score", measure="emd", value=value, threshold=threshold, alarm=value > threshold)


def drifts(profiles: Mapping[str, Profile], columns: Mapping[str, Floats | Sequence[str]]) -> list[Drift]:
    """Return the drift of every column, the largest first."""
    found = [column_drift(name, profile, columns[name], columns=len(profiles)) for name, profile in profiles.items()]
    return sorted(found, key=lambda one: -one.value)
