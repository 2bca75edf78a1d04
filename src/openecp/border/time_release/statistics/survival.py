# SPDX-License-Identifier: Apache-2.0
"""What is not over yet: release as a function of time where some goods still wait, or ended in another way.

Source: Kaplan and Meier, JASA 1958, with Greenwood's variance; Aalen and Johansen, Scandinavian Journal of Statistics
1978, for outcomes that compete (seized, abandoned, cancelled). Events go before censorings at equal times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import NamedTuple


class Step(NamedTuple):
    """A time, how many were at risk, how many ended and how many left unseen, and the share that goes on after it."""

    time: int
    at_risk: int
    ended: int
    censored: int
    survival: float
    error: float  # Greenwood's standard error of the survival


def counted(times: Sequence[int], ended: Sequence[bool]) -> list[tuple[int, int, int]]:
    """Return each time in order with how many ended and how many left unseen at it."""
    found: dict[int, list[int]] = {}
    for time, over in zip(times, ended, strict=True):
        found.setdefault(time, [0, 0])[0 if over else 1] += 1
    return [(time, found[time][0], found[time][1]) for time in sorted(found)]


def kaplan_meier(counts: Sequence[tuple[int, int, int]]) -> list[Step]:
    """Return the curve of (time, ended, censored), which stand in the order of times."""
    at_risk = sum(ended + censored for _, ended, censored in counts)
    survival, greenwood = 1.0, 0.0
    steps = []
    for time, ended, censored in counts:
        if ended:
            survival *= 1 - ended / at_risk
            greenwood += ended / (at_risk * (at_risk - ended)) if at_risk > ended else 0.0
        steps.append(Step(time, at_risk, ended, censored, survival, survival * sqrt(greenwood)))
        at_risk -= ended + censored
    return steps


def survival_quantile(steps: Sequence[Step], share: float = 0.5) -> int | None:
    """Return the first time by which at least `share` have ended; None where the curve does not come so far."""
    for step in steps:
        if step.survival <= 1 - share:
            return step.time
    return None


def competing(outcomes: Mapping[str, Sequence[tuple[int, int]]], censored: Sequence[tuple[int, int]]) -> dict[
    str, list[tuple[int, float]]
]:  # fmt: skip
    """Return, by outcome, the share that has ended so by each time, from lists of (time, count)."""
    ended: dict[int, dict[str, int]] = {}
    for outcome, rows in outcomes.items():
        for time, count in rows:
            at = ended.setdefault(time, {})
            at[outcome] = at.get(outcome, 0) + count
    left: dict[int, int] = {}
    for time, count in censored:
        left[time] = left.get(time, 0) + count
    at_risk = sum(sum(at.values()) for at in ended.values()) + sum(left.values())
    survival = 1.0
    incidence = dict.fromkeys(outcomes, 0.0)
    curves: dict[str, list[tuple[int, float]]] = {outcome: [] for outcome in outcomes}
    for time in sorted(ended.keys() | left.keys()):
        at = ended.get(time, {})
        for outcome, count in at.items():
            incidence[outcome] += survival * count / at_risk
            curves[outcome].append((time, incidence[outcome]))
        gone = sum(at.values())
        survival *= 1 - gone / at_risk if at_risk else 1.0
        at_risk -= gone + left.get(time, 0)
    return curves


def log_rank(groups: Sequence[Sequence[tuple[int, int, int]]]) -> tuple[float, float]:
    """Return the chi-square of the log-rank test over groups of (time, ended, censored), and its p."""
    from scipy.special import chdtrc  # scipy.stats takes seconds to import

    times = sorted({time for group in groups for time, ended, _ in group if ended})
    at_risk = [sum(ended + censored for _, ended, censored in group) for group in groups]
    position = [0] * len(groups)
    size = len(groups) - 1
    surplus = [0.0] * size
    variance = [[0.0] * size for _ in range(size)]
    for now in times:
        ends = [0] * len(groups)
        for place, group in enumerate(groups):
            while position[place] < len(group) and group[position[place]][0] < now:
                at_risk[place] -= group[position[place]][1] + group[position[place]][2]
                position[place] += 1
            if position[place] < len(group) and group[position[place]][0] == now:
                ends[place] = group[position[place]][1]
        total, gone = sum(at_risk), sum(ends)
        for i in range(size):
            surplus[i] += ends[i] - gone * at_risk[i] / total
            if total > 1:
                for j in range(size):
                    same = 1.0 if i == j else 0.0
                    spread = at_risk[i] / total * (same - at_risk[j] / total)
                    variance[i][j] += gone * (total - gone) / (total - 1) * spread
    statistic = _quadratic(surplus, variance)
    return statistic, float(chdtrc(size, statistic))


def _quadratic(vector: Sequence[float], matrix: Sequence[Sequence[float]]) -> float:
    import numpy as np

    solved = np.linalg.lstsq(np.array(matrix), np.array(vector), rcond=None)[0]
    return float(np.dot(np.array(vector), solved))
