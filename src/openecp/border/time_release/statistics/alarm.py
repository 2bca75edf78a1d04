# SPDX-License-Identifier: Apache-2.0
"""An alarm for live operation: a stage at a place takes longer than in the weeks before, by more than chance explains.

Each week's median is set against those of the weeks before it: their median, and their spread, in which the clusters of
ships and flights already show. The distances, as normal scores, add up in a cumulative sum. An alarm rises where the
sum passes its limit and the shift is worth somebody's time. Weeks in alarm do not enter the comparison; a level that
stays is taken as the new one after eight weeks.
Source: Page, Continuous inspection schemes, Biometrika 1954 (one-sided cumulative sum); Student's t for few weeks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import NamedTuple

from openecp.border.time_release.statistics.figures import quantile

HOUR_US = 3_600_000_000
BASE_WEEKS, LEAST_BASE = 16, 8
ALLOWANCE, LIMIT = 1.0, 3.5
HIGHEST = 6.0  # of one week's score: no single week says more
ACCEPTED_AFTER = 8
LEAST_CASES = 5


class Week(NamedTuple):
    """One week of a stage at a place: cases that ended in it, and their median in microseconds."""

    n: int
    median_us: float


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
    usual: float
    spread: float
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
    total, since = 0.0, -1
    held: list[Week] = []  # weeks in alarm
    bar = 0.0
    for place, week in enumerate(weeks):
        if week.n < LEAST_CASES:
            continue
        level = _level(base)
        if level is None:
            base.append(week)
            continue
        if held:
            held.append(week)
            if week.median_us < bar:
                held, total = [], 0.0
            elif len(held) > ACCEPTED_AFTER:
                base, held, total = held[-LEAST_BASE:], [], 0.0
            continue
        score = _score(week, level, base)
        before = total
        total = max(0.0, total + score - ALLOWANCE)
        since = place if not before else since
        recent = [w for w in weeks[since : place + 1] if w.n >= LEAST_CASES]
        shift = quantile(sorted(round(w.median_us) for w in recent), 0.5) - level.usual if total else 0.0
        if total >= limit and shift >= least_us:
            lost = sum(max(0.0, w.median_us - level.usual) * w.n for w in recent) / HOUR_US
            found.append((since, place, round(shift), round(level.usual), round(total, 2), round(lost, 1)))
            held, bar = [week], level.usual + shift / 2
        elif total == 0.0 or place - since > BASE_WEEKS:
            base = [*base, week][-BASE_WEEKS:]
            total = 0.0 if place - since > BASE_WEEKS else total
    return found


def _level(base: Sequence[Week]) -> _Level | None:
    """Return the usual figure and its spread from week to week; None with too few weeks."""
    if len(base) < LEAST_BASE:
        return None
    medians = [week.median_us for week in base]
    usual = quantile(sorted(round(value) for value in medians), 0.5)
    mean = sum(medians) / len(medians)
    spread = sqrt(sum((value - mean) ** 2 for value in medians) / (len(medians) - 1))
    return _Level(usual, max(spread, usual * 0.02, 1.0), len(base))


def _score(week: Week, level: _Level, base: Sequence[Week]) -> float:
    """Return the distance from the usual as a normal score; few cases and few weeks make it smaller."""
    from scipy.stats import norm, t

    usual_n = sum(one.n for one in base) / len(base)
    spread = level.spread * sqrt(max(1.0, usual_n / week.n) + 1.57 / level.weeks)
    tail = float(t.sf((week.median_us - level.usual) / spread, level.weeks - 1))
    return min(HIGHEST, float(norm.isf(min(max(tail, 1e-12), 1 - 1e-12))))
