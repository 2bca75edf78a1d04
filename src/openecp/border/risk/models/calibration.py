# SPDX-License-Identifier: Apache-2.0
"""Makes a score an honest probability, by what later rows turned out to be.

Source: isotonic regression (pool adjacent violators) where the held-out window is large, else Platt's sigmoid.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ISOTONIC_ROWS, ISOTONIC_IRREGULAR, KNOTS_MAX = 1_000, 100, 200
LEAST = 1e-6


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How a raw score becomes a probability: by knots, or by a sigmoid of its log odds."""

    kind: Literal["isotonic", "platt"]
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    slope: float = 1.0
    offset: float = 0.0

    def apply(self, score: Floats) -> Floats:
        """Return probabilities in the order of the scores."""
        if self.kind == "isotonic":
            found: Floats = np.interp(score, np.array(self.x), np.array(self.y))
        else:
            odds = log_odds(score)
            found = 1.0 / (1.0 + np.exp(-np.clip(self.slope * odds + self.offset, -60.0, 60.0)))
        return np.clip(found, LEAST, 1.0 - LEAST)


def log_odds(score: Floats) -> Floats:
    """Return the log odds of probabilities, kept finite."""
    clipped = np.clip(score, LEAST, 1.0 - LEAST)
    found: Floats = np.log(clipped / (1.0 - clipped))
    return found


def calibrate(score: Floats, label: NDArray[np.bool_], weights: Floats | None = None) -> Calibration:
    """Return the calibration that fits held-out rows."""
    counts = np.ones(len(score)) if weights is None else weights
    if len(score) >= ISOTONIC_ROWS and label.sum() >= ISOTONIC_IRREGULAR and not label.all():
        return _isotonic(score, label, counts)
    return _platt(score, label, counts)


def _isotonic(score: Floats, label: NDArray[np.bool_], weights: Floats) -> Calibration:
    from scipy.optimize import isotonic_regression

    order = np.argsort(score, kind="stable")
    x, fitted = score[order], isotonic_regression(label[order].astype(float), weights=weights[order]).x
    begins = np.flatnonzero(np.r_[True, np.diff(fitted) > 1e-12])
    parts = np.split(np.arange(len(x)), begins[1:])
    if len(parts) > KNOTS_MAX:
        parts = [np.concatenate(list(group)) for group in _grouped(parts)]
    middle = [float(np.average(x[part], weights=weights[order][part])) for part in parts]
    height = [float(np.average(fitted[part], weights=weights[order][part])) for part in parts]
    xs, ys = [0.0, *middle, 1.0], [min(height[0], middle[0]), *height, max(height[-1], middle[-1])]
    return Calibration(kind="isotonic", x=tuple(xs), y=tuple(np.maximum.accumulate(ys).tolist()))


def _grouped(parts: list[NDArray[np.int64]]) -> list[list[NDArray[np.int64]]]:
    step = -(-len(parts) // KNOTS_MAX)
    return [parts[place : place + step] for place in range(0, len(parts), step)]


def _platt(score: Floats, label: NDArray[np.bool_], weights: Floats) -> Calibration:
    """Fit slope and offset by Newton's method on Platt's smoothed targets; the mean where the order is reversed.

    A step that makes the fit worse is halved: with few rows that count much, whole steps run away without end.
    """
    odds = log_odds(score)
    hits = float(weights[label].sum())
    misses = float(weights[~label].sum())
    target = np.where(label, (hits + 1.0) / (hits + 2.0), 1.0 / (misses + 2.0))

    def loss(at: Floats) -> float:
        line = at[0] * odds + at[1]
        return float((weights * (np.logaddexp(0.0, line) - target * line)).sum())

    found = np.array([1.0, 0.0])
    now = loss(found)
    for _ in range(100):
        p = 1.0 / (1.0 + np.exp(-np.clip(found[0] * odds + found[1], -30, 30)))
        error, curve = weights * (p - target), weights * p * (1.0 - p) + 1e-12
        gradient = np.array([float((error * odds).sum()), float(error.sum())])
        cross = float((curve * odds).sum())
        hessian = np.array([[float((curve * odds * odds).sum()), cross], [cross, float(curve.sum())]])
        step = np.linalg.solve(hessian + 1e-9 * np.eye(2), gradient)
        while abs(step).max() > 1e-9 and (after := loss(found - step)) > now:
            step = step / 2
        if abs(step).max() <= 1e-9:
            break
        found, now = found - step, after
    if found[0] >= 0.0:
        return Calibration(kind="platt", slope=float(found[0]), offset=float(found[1]))
    mean = float(np.average(target, weights=weights))
    return Calibration(kind="platt", slope=0.0, offset=float(log_odds(np.array([mean]))[0]))
