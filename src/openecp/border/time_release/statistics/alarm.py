# SPDX-License-Identifier: Apache-2.0
"""An alarm for live operation: a stage at a place takes longer than in the weeks before, by more than chance explains.

Each week's distribution, held as nineteen quantiles, is set against the weeks before it: the chance that one of its
cases took longer than one of theirs. That chance hardly minds nights and weekends, which tear a median apart; how much
it varies from week to week already holds the clusters of ships and flights. The distances, as normal scores, add up in
a cumulative sum. An alarm rises where the sum passes its limit and the typical shift is worth somebody's time. Weeks in
alarm do not enter the comparison; a level that stays is taken as the new one after eight weeks.
Source: Page, Continuous inspection schemes, Biometrika 1954 (one-sided cumulative sum); Mann and Whitney, Annals of
Mathematical Statistics 1947; Student's t for few weeks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import sqrt
from statistics import median
from typing import NamedTuple

HOUR_US = 3_600_000_000
BASE_WEEKS, LEAST_BASE = 16, 8
ALLOWANCE, LIMIT = 1.0, 4.8
HIGHEST = 6.0  # of one week's score: no single week says more
ACCEPTED_AFTER = 8
LEAST_CASES = 10
WIDER = 1.15  # what drawing in the two outermost weeks takes from the spread
LEAST_PART = 0.2  # of the usual time: less is no change that anybody notices


LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 20))


class Week(NamedTuple):
    """One week of a stage at a place: cases that ended in it, and their quantiles at LEVELS in microseconds."""

    n: int
    quantiles: tuple[float, ...] = ()


class Alarm(NamedTuple):
    """A stage at a place that became slower: from which week, in which it was told, by how much, and how surely."""

    place: str
    stage: str
    owner: str
    since: int
    told: int
    shift_us: int
    usual_us: int
    score: float
    hours_lost: float


class _Level(NamedTuple):
    pool: tuple[float, ...]  # the quantiles of the weeks before, in order
    weights: tuple[float, ...]  # the share of all cases at or below each
    quantiles: tuple[float, ...]
    mean: float
    spread: float
    cases: float  # of a usual week
    weeks: int


def alarms(
    series: Mapping[tuple[str, str, str], Sequence[Week]], *, least_us: int = HOUR_US, limit: float = LIMIT
) -> list[Alarm]:
    """Return the alarms of all stages, by place, stage and owner; the greatest loss of each week stands first.

    `least_us` is the least shift that is told. Weeks are numbered from the first of the series.
    """
    found: list[Alarm] = []
    for (place, stage, owner), weeks in series.items():
        found += [Alarm(place, stage, owner, *told) for told in _told(weeks, least_us, limit)]
    return sorted(found, key=lambda one: (one.told, -one.hours_lost, one.place, one.stage, one.owner))


def _told(weeks: Sequence[Week], least_us: int, limit: float) -> list[tuple[int, int, int, int, float, float]]:
    found = []
    base: list[Week] = []
    held: list[Week] = []  # weeks in alarm
    total, since, bar = 0.0, -1, 0.0
    for place, week in enumerate(weeks):
        if week.n < LEAST_CASES:
            continue
        if held:
            held.append(week)
            if _middle(week) < bar:
                held, total = [], 0.0
            elif len(held) > ACCEPTED_AFTER:
                base, held, total = held[-LEAST_BASE:], [], 0.0
            continue
        level = _level(base) if len(base) >= LEAST_BASE else None
        if level is None:
            base.append(week)
            continue
        score = _score(week, level)
        since = place if total == 0.0 else since
        total = max(0.0, total + score - ALLOWANCE)
        shift = _shift(week, level.quantiles)
        if (
            total >= limit
            and score > ALLOWANCE
            and shift >= max(least_us, LEAST_PART * level.quantiles[len(LEVELS) // 2])
        ):
            usual = level.quantiles[len(LEVELS) // 2]
            lost = sum(max(0.0, _shift(one, level.quantiles)) * one.n for one in weeks[since : place + 1] if one.n)
            found.append((since, place, round(shift), round(usual), round(total, 2), round(lost / HOUR_US, 1)))
            held, bar = [week], usual + shift / 2
        elif score <= ALLOWANCE or shift < least_us:
            base = [*base, week][-BASE_WEEKS:]
    return found


def _middle(week: Week) -> float:
    return week.quantiles[len(LEVELS) // 2]


def _shift(week: Week, usual: Sequence[float]) -> float:
    """Return the typical distance between the quantiles of a week and the usual ones: the median of all levels."""
    return median(a - b for a, b in zip(week.quantiles, usual, strict=True))


def _level(base: Sequence[Week]) -> _Level:
    """Return what is usual: the cases of all weeks together, and how the weeks lie among them."""
    total = sum(week.n for week in base)
    points = sorted((value, week.n / len(LEVELS) / total) for week in base for value in week.quantiles)
    pool = tuple(value for value, _ in points)
    weights = tuple(accumulate(weight for _, weight in points))
    at = tuple(pool[min(bisect_left(weights, level), len(pool) - 1)] for level in LEVELS)
    places = sorted(_place(week, pool, weights) for week in base)
    places = [places[1], *places[1:-1], places[-2]]  # a week of holidays does not blind the alarm
    mean = sum(places) / len(places)
    spread = sqrt(sum((place - mean) ** 2 for place in places) / (len(places) - 1)) * WIDER
    return _Level(pool, weights, at, mean, spread, total / len(base), len(base))


def _place(week: Week, pool: Sequence[float], weights: Sequence[float]) -> float:
    """Return the chance that a case of a week took longer than one of the pool; equal ones count half."""
    found = 0.0
    for value in week.quantiles:
        low, high = bisect_left(pool, value), bisect_right(pool, value)
        found += (weights[low - 1] if low else 0.0) + (weights[high - 1] if high else 0.0)
    return found / 2 / len(week.quantiles)


def _score(week: Week, level: _Level) -> float:
    """Return the distance from the usual as a normal score; few cases and few weeks make it smaller."""
    from scipy.stats import norm, t

    chance = sqrt(1 / (12 * week.n))  # of independent cases: no week is surer than that
    spread = max(level.spread * sqrt(max(1.0, level.cases / week.n)), chance) * sqrt(1 + 1 / level.weeks)
    tail = float(t.sf((_place(week, level.pool, level.weights) - level.mean) / spread, level.weeks - 1))
    return min(HIGHEST, float(norm.isf(min(max(tail, 1e-12), 1 - 1e-12))))
