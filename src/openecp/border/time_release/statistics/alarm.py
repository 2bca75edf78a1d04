# SPDX-License-Identifier: Apache-2.0
"""An alarm for live operation: a stage at a place takes longer than in the half-year before, by more than chance.

Day by day the scores of the last 2, 4, 7, 10 and 14 days (alarm_scores.py) are set against the half-year that ended
fourteen days before, so that a delay does not hide in its own reference. Days are the units of chance: their variance
and what one day has in common with the ten after it are measured. A stage whose figures have swung more than that, as
queues do, is asked for more, and so is one of few days that stand for themselves (Student's t). An alarm rises where a
figure passes the limit and the typical shift is worth somebody's time. The limit comes from simulated years without a
delay, so that all stages of an office together give few false alarms. Days in alarm leave the reference; a level that
stays for ten weeks becomes the usual one.
Source: Wald, Sequential Analysis (likelihood ratio); Lai, Journal of the Royal Statistical Society B 1995 (windows of
several lengths); Newey and West, Econometrica 1987 (variance of days in a row).
Limits: a year and a half at most is looked at; hours of the week are UTC, so that summer time blurs them by one.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from openecp.border.time_release.statistics.alarm_scores import (
    DAY_US,
    LEAST_CASES,
    WEEK_US,
    Neighbours,
    Score,
    Waits,
    daily_sums,
    effect,
    learned,
    ranks,
    scored,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Figures = NDArray[np.float64]
HOUR_US = 3_600_000_000
SOUGHT_US = 3 * HOUR_US
WINDOWS = (2, 4, 7, 10, 14)  # days
GAP, BASE, LEAST_DAYS, MOST_DAYS = 14, 182, 56, 546
LAGS = 10
RELEARNED = 28  # days
ACCEPTED_AFTER = 70
HIGHEST = 4.0  # of one day, in standard deviations
PARTS = (1 / 3, 2 / 3, 1.0, 4 / 3, 2.0, 4.0, 8.0, 16.0)  # of the sought delay, for what is told at all
MARGIN = 0.4  # what is measured of a stage is not quite what it is
HIDDEN = 1.5  # times the limit, for a stage whose own swings hide the delay that is sought
LEAST_PART = 0.1  # of the usual time: less is no change that anybody notices
FALSE_A_YEAR = 0.3  # of one office, all its stages together
# Alarms of one stage a year in simulated flows without a delay, by limit (tests/property/test_trs_alarms.py counts).
RATES = ((4.0, 0.1), (4.35, 0.04), (4.7, 0.016), (5.0, 0.007), (5.5, 0.002))
SWING, WIDEST = 3.5, 1.6  # a stage that swung further in the half-year is asked for as much more, up to so much


class Told(NamedTuple):
    """What is told of a stage; days are numbered from the first that was looked at, `until` -1: it goes on."""

    since: int
    told: int
    until: int
    shift_us: int
    usual_us: int
    score: float
    hours_lost: float


class Alarm(NamedTuple):
    """A stage at a place that became slower: since which day, told on which, until when (-1: it goes on), by how much.

    Days are numbered from the first that was looked at.
    """

    place: str
    stage: str
    owner: str
    since: int
    told: int
    until: int
    shift_us: int
    usual_us: int
    score: float
    hours_lost: float


class Watched(NamedTuple):
    """How well a stage at a place is watched: cases a week, the least delay told within two weeks in 95 of a hundred.

    `least_us` is None where no delay of up to sixteen times the sought one is; `cases_needed` is how many cases a week,
    with ships as full as now, it takes to be told of the sought delay.
    """

    place: str
    stage: str
    owner: str
    cases_a_week: float
    least_us: int | None
    cases_needed: float | None


def limit_of(stages: int) -> float:
    """Return the limit at which so many stages of an office together give FALSE_A_YEAR false alarms a year."""
    from math import log

    wanted = FALSE_A_YEAR / max(1, stages)
    for (low, often), (high, seldom) in itertools.pairwise(RATES):
        if wanted >= seldom or high == RATES[-1][0]:
            part = (log(often) - log(wanted)) / (log(often) - log(seldom))
            return round(low + (high - low) * max(0.0, part), 3)
    return RATES[-1][0]


def alarms(
    series: Mapping[tuple[str, str, str], Waits],
    until_us: int,
    *,
    least_us: int = HOUR_US,
    sought_us: int = SOUGHT_US,
    owners: Sequence[str] = (),
) -> tuple[list[Alarm], list[Watched], int]:
    """Return the alarms of all stages, how well each is watched, and the moment at which the first day began.

    `series` are waits by place, stage and owner, `until_us` the end of the last day; `least_us` is the least shift that
    is told, `sought_us` the delay that is looked for; `owners` are the names of the codes in `Waits.owner`.
    """
    first = min((int(waits.ended_us[0]) for waits in series.values() if len(waits.ended_us)), default=until_us)
    days = max(0, min(MOST_DAYS, -(-(until_us - first) // DAY_US)))
    origin = until_us - days * DAY_US
    stages: dict[str, int] = {}
    for place, _, _ in series:
        stages[place] = stages.get(place, 0) + 1
    found: list[Alarm] = []
    watched: list[Watched] = []
    for (place, stage, owner), waits in sorted(series.items()):
        course = Course(waits, origin, days, limit_of(stages[place]), least_us, sought_us)
        for told in course.run():
            found.append(Alarm(place, stage, _owner(waits, owner, owners, course, told), *told))
        watched.append(Watched(place, stage, owner, *course.reach()))
    return _once(found), watched, origin


def _owner(waits: Waits, owner: str, owners: Sequence[str], course: Course, told: Told) -> str:
    """Return whose time it is: the one owner that has most of what was lost, else the kind that they are of."""
    import numpy as np

    if waits.owner is None:
        return owner
    low, high = course.days.searchsorted([told.since, told.told + 1])
    lost = np.bincount(waits.owner[low:high], np.maximum(0, course.over[low:high]), len(owners))
    most = int(lost.argmax())
    return owners[most] if lost[most] > 0.8 * lost.sum() else owner


def _once(found: Sequence[Alarm]) -> list[Alarm]:
    """Return alarms in order, the greatest loss of a day first; a stage that its parts tell of too is told once."""
    kept: list[Alarm] = []
    for one in sorted(found, key=lambda alarm: (alarm.told, -alarm.hours_lost, alarm.place, alarm.stage, alarm.owner)):
        if not any(
            (before.place, before.stage) == (one.place, one.stage)
            and (before.until < 0 or one.since <= before.until + GAP)
            for before in kept
        ):
            kept.append(one)
    return kept


class _Usual(NamedTuple):
    """What is usual of the days of a reference; `wide` is how much more than chance its figures have swung."""

    level: float
    variances: list[float]
    bound: float
    weight: float  # of a day with cases
    total: float
    wide: list[float]
    a_week: float  # weight


class Course:
    """One stage at one place from day to day."""

    def __init__(self, waits: Waits, origin: int, days: int, limit: float, least_us: int, sought_us: int) -> None:
        """Take the waits, when the first of so many days began, and what is told."""
        import numpy as np

        self.waits, self.count, self.limit = waits, days, limit
        self.least_us, self.sought_us = least_us, sought_us
        self.days = (waits.ended_us - origin) // DAY_US
        self.over = np.zeros(len(self.days))  # each wait over what is usual at its hour
        self._sums, self._weights = np.zeros(days), np.zeros(days)
        self._raw = np.full((days, len(WINDOWS)), np.nan)  # figures before they are set against past swings
        self._held = np.zeros(days, dtype=bool)  # days in alarm
        self._from = 0  # where the level that is usual now began
        self._score: Score | None = None
        self._usual: _Usual | None = None
        self._learned = -RELEARNED

    def run(self) -> list[Told]:
        """Go through all days and return what is told."""
        found: list[Told] = []
        block, on = 0, False
        for day in range(LEAST_DAYS, self.count):
            if day >= block:
                block = self._score_block(day)
            self._raw[day] = self._day(day)
            figures = self._raw[day] / (self._usual.wide if self._usual else 1.0)
            if on:
                since = found[-1].since
                is_usual = not figures[2] >= 1.0  # of the last seven days
                if not is_usual and day - since < ACCEPTED_AFTER:
                    self._held[day] = True
                    continue
                found[-1] = found[-1]._replace(until=day)
                on = False
                if not is_usual:
                    self._from, self._learned = since, -RELEARNED
                    self._held[since:] = False
                self._usual = self._chance(self._base(day))
                continue
            told = self._told(day, figures)
            if told is not None:
                found.append(told)
                self._held[told.since : day + 1] = on = True
        return found

    def _base(self, until: int) -> NDArray[np.bool_]:
        """Return which days are the reference of a day."""
        import numpy as np

        usable = np.zeros(self.count, dtype=bool)
        usable[max(self._from, until - GAP - BASE) : max(0, until - GAP)] = True
        return usable & ~self._held

    def _of(self, days: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the waits that ended on these days."""
        import numpy as np

        inside = (self.days >= 0) & (self.days < self.count)
        return np.flatnonzero(inside & days[np.clip(self.days, 0, self.count - 1)])

    def _score_block(self, day: int) -> int:
        """Score the waits of the week from `day` on, the first time of all days before it too; answer its end."""
        first, until = (0 if day == LEAST_DAYS else day), min(day + 7, self.count)
        base = self._base(day)
        if day == LEAST_DAYS:
            base[:LEAST_DAYS] = True
        chosen = self._of(base)
        low, high = self.days.searchsorted([first, until])
        self._usual = None
        if len(chosen) < LEAST_CASES:
            self._score = None
            return until
        us = self.waits.us
        near = Neighbours(self.waits.begun_us[chosen], us[chosen])
        if self._score is None or day - self._learned >= RELEARNED:
            self._score, self._learned = learned(near, self.waits.cluster[chosen], self.sought_us), day
        if high > low:
            beside = near.beside(self.waits.begun_us[low:high] % WEEK_US)
            self.over[low:high] = us[low:high] - beside[:, near.near // 2]
            self._sums[first:until], self._weights[first:until] = daily_sums(
                self.days[low:high] - first,
                scored(self._score, ranks(beside, us[low:high])),
                self.waits.cluster[low:high],
                self._score.correlation,
                until - first,
            )
        self._usual = self._chance(self._base(day))
        return until

    def _day(self, day: int) -> Figures:
        """Return the raw figures of the windows that end with a day; nan where nothing is known."""
        import numpy as np

        found = np.full(len(WINDOWS), np.nan)
        usual = self._usual
        if usual is None:
            return found
        since = max(0, day - WINDOWS[-1] + 1)
        own = self._weights[since : day + 1]
        most = usual.bound * np.sqrt(np.maximum(own, usual.weight))
        spare = np.clip(self._sums[since : day + 1] - usual.level * own, -most, most)[::-1].cumsum()
        weights = own[::-1].cumsum()
        for place, window in enumerate(WINDOWS):
            at = min(window, len(own)) - 1
            if weights[at]:
                chance = usual.variances[place] * weights[at] * (1 + weights[at] / usual.total)
                found[place] = spare[at] / sqrt(chance)
        return found

    def _chance(self, base: NDArray[np.bool_]) -> _Usual | None:
        """Return what is usual of a reference; None where it has too few days."""
        import numpy as np

        weights = self._weights[base]
        total = float(weights.sum())
        if self._score is None or not total or (weights > 0).sum() < LEAST_DAYS // 4:
            return None
        level = float(self._sums[base].sum()) / total
        apart = self._sums[base] - level * weights
        usual = float(weights[weights > 0].mean())
        bound = HIGHEST * sqrt(float((apart**2).sum()) / total)
        most = bound * np.sqrt(np.maximum(weights, usual))
        apart = np.clip(apart, -most, most)
        own = float((apart**2).sum())
        lags = [float((apart[lag:] * apart[:-lag]).sum()) for lag in range(1, LAGS + 1)]
        variances, wide = [], []
        last = int(np.flatnonzero(base)[-1]) + 1
        past = self._raw[max(self._from, last - BASE) : last]
        for place, window in enumerate(WINDOWS):
            joint = sum((1 - lag / window) * lags[lag - 1] for lag in range(1, min(LAGS, window - 1) + 1))
            variances.append(max(1.0, (own + 2 * joint) / total))
            swung = past[:, place][~np.isnan(past[:, place])]
            most_swung = float(np.abs(swung).max(initial=0.0)) / SWING
            free = total / usual / max(1.0, variances[-1] / max(1.0, own / total))  # days that stand for themselves
            wide.append(min(WIDEST, max(1.0, most_swung)) * (1 + (self.limit**2 + 1) / (4 * free)))
        return _Usual(level, variances, bound, usual, total, wide, total / float(base.sum()) * 7)

    def _sure(self, usual: _Usual) -> float:
        """Return the figure of two weeks that a mean score of 1 gives."""
        own = 2 * usual.a_week
        return sqrt(own / (usual.variances[-1] * (1 + own / usual.total))) / usual.wide[-1]

    def _told(self, day: int, figures: Figures) -> Told | None:
        import numpy as np

        known = np.nan_to_num(figures, nan=-9.0)
        best = int(known.argmax())
        if known[best] < self.limit or self._score is None or self._usual is None:
            return None
        if self._score.effect * self._sure(self._usual) < self.limit and known[best] < HIDDEN * self.limit:
            return None
        since = max(0, day - WINDOWS[best] + 1)
        low, high = self.days.searchsorted([since, day + 1])
        before = self._of(self._base(day))
        level = float(np.median(self.over[before]))
        shift = float(np.median(self.over[low:high])) - level
        usual = float(np.median(self.waits.us[before]))
        if shift < max(self.least_us, LEAST_PART * usual):
            return None
        lost = float(np.maximum(0, self.over[low:high] - level).sum()) / HOUR_US
        return Told(since, day, -1, round(shift), round(usual), round(float(known[best]), 2), round(lost, 1))

    def reach(self) -> tuple[float, int | None, float | None]:
        """Return cases a week, the least delay told within two weeks in 95 of a hundred, and the cases that takes."""
        base = self._base(self.count)
        cases = round(len(self._of(base)) / max(1.0, float(base.sum()) / 7), 1)
        usual = self._chance(base)
        if usual is None or self._score is None:
            return cases, None, None
        wanted, sure = self.limit + 1.645 + MARGIN, self._sure(usual)
        chosen = self._of(base)
        near = Neighbours(self.waits.begun_us[chosen], self.waits.us[chosen])
        delays = [round(part * self.sought_us) for part in PARTS if part * self.sought_us >= self.least_us]
        least = next((delay for delay in delays if effect(self._score, near, delay) * sure >= wanted), None)
        sought = self._score.effect * sure
        return cases, least, round(cases * (wanted / sought) ** 2, 1) if sought > 0 else None
