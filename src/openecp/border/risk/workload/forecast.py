# SPDX-License-Identifier: Apache-2.0
"""How many declarations an office will have on a day, with an interval, from those of the days before.

Level times weekday: the level is the mean of the past weeks, each worth half of one three weeks later; a weekday's part
is that of the past 26 weeks, pulled to the office's mean where days are few. Intervals are those of a negative binomial
whose spread is that of forecasts of past weeks, made in the same way from the weeks before them, and two fifths more:
the errors of a week's days go together, so that a few weeks tell less of the spread than so many days would.
Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (decomposition, rolling origin).
Limits: no holidays, no season of the year; 28 days of history at least; a longer horizon has no wider interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec

HISTORY_MIN, WEEKS, HALF_LIFE_WEEKS, PULL = 28, 26, 3.0, 2.0
ORIGINS, HORIZON, WIDER = 13, 7, 1.4  # past weeks that are forecast to learn the spread
OUTER, INNER = 0.95, 0.80


class DayForecast(msgspec.Struct, frozen=True, kw_only=True):
    """Declarations expected at an office on a day, and the bounds within which 80 and 95 of 100 days lie."""

    office: str
    day: date
    mean: float
    low80: int
    high80: int
    low95: int
    high95: int


class ForecastTest(msgspec.Struct, frozen=True, kw_only=True):
    """How forecasts of past weeks did: error as a share of all declarations, and how often the intervals held."""

    days: int
    error: float  # sum of absolute errors over the sum of declarations
    naive_error: float  # of what the same weekday of the week before had
    coverage80: float
    coverage95: float


class OfficeModel(msgspec.Struct, frozen=True, kw_only=True):
    """What is learnt of one office: level, part of each weekday (Monday first), spread."""

    office: str
    level: float  # declarations a day
    weekday: tuple[float, ...]
    spread: float  # variance = mean + spread x mean squared

    def mean(self, day: date) -> float:
        """Return how many are expected on a day."""
        return self.level * self.weekday[day.weekday()]

    def forecast(self, day: date) -> DayForecast:
        """Return the forecast of a day."""
        mean = self.mean(day)
        (low80, high80), (low95, high95) = (_bounds(mean, self.spread, share) for share in (INNER, OUTER))
        return DayForecast(office=self.office, day=day, mean=mean, low80=low80, high80=high80, low95=low95,
                           high95=high95)  # fmt: skip


def fitted(office: str, counts: Mapping[date, int], last: date, *, origins: int = ORIGINS) -> OfficeModel | None:
    """Return what the days up to `last` teach; None where they are fewer than 28. Days without a count count 0."""
    first = min(counts, default=last)
    series = _series(counts, first, last)
    if len(series) < HISTORY_MIN:
        return None
    level, weekday = _shape(series, last)
    return OfficeModel(office=office, level=level, weekday=weekday, spread=_spread(series, last, origins))


def backtest(counts: Mapping[date, int], last: date, *, weeks: int = 8) -> ForecastTest | None:
    """Forecast each of the last weeks from the days before it; None where history is too short."""
    first = min(counts, default=last)
    off = naive = total = 0.0
    held80 = held95 = days = 0
    for back in range(weeks, 0, -1):
        origin = last - timedelta(days=HORIZON * back)
        model = fitted("", {day: n for day, n in counts.items() if day <= origin}, origin)
        if model is None or (origin - first).days < HISTORY_MIN + HORIZON:
            continue
        for step in range(1, HORIZON + 1):
            day = origin + timedelta(days=step)
            came, told = counts.get(day, 0), model.forecast(day)
            off, total, days = off + abs(came - told.mean), total + came, days + 1
            naive += abs(came - counts.get(day - timedelta(days=7), 0))
            held80 += told.low80 <= came <= told.high80
            held95 += told.low95 <= came <= told.high95
    if not days or not total:
        return None
    return ForecastTest(days=days, error=off / total, naive_error=naive / total, coverage80=held80 / days,
                    coverage95=held95 / days)  # fmt: skip


def hour_shares(hours: Sequence[int]) -> tuple[float, ...]:
    """Return the share of each hour of a weekday, out of its counts; each hour has a little."""
    total = sum(hours) + 24 * 0.5
    return tuple((count + 0.5) / total for count in hours)


def _series(counts: Mapping[date, int], first: date, last: date) -> list[int]:
    return [counts.get(first + timedelta(days=n), 0) for n in range((last - first).days + 1)]


def _shape(series: Sequence[int], last: date) -> tuple[float, tuple[float, ...]]:
    """Return level and weekday parts of a series that ends on a day."""
    recent = series[-7 * WEEKS :]
    days = [last - timedelta(days=len(recent) - 1 - n) for n in range(len(recent))]
    whole = max(sum(recent) / len(recent), 1e-9)
    parts = []
    for weekday in range(7):
        own = [count for day, count in zip(days, recent, strict=True) if day.weekday() == weekday]
        parts.append((sum(own) / whole + PULL) / (len(own) + PULL))
    scale = sum(parts) / 7
    weekday_parts = tuple(part / scale for part in parts)
    weighted = weight = 0.0
    for day, count in zip(days, recent, strict=True):
        worth = 0.5 ** ((last - day).days / 7 / HALF_LIFE_WEEKS)
        weighted, weight = weighted + worth * count, weight + worth * weekday_parts[day.weekday()]
    return weighted / weight, weekday_parts


def _spread(series: Sequence[int], last: date, origins: int) -> float:
    """Return the spread of forecasts of past weeks about what came: method of moments over all of their days."""
    above = below = 0.0
    for back in range(1, origins + 1):
        known = series[: len(series) - HORIZON * back]
        if len(known) < HISTORY_MIN // 2:
            break
        origin = last - timedelta(days=HORIZON * back)
        level, weekday = _shape(known, origin)
        for step in range(1, HORIZON + 1):
            mean = level * weekday[(origin + timedelta(days=step)).weekday()]
            came = series[len(known) + step - 1]
            above += (came - mean) ** 2 - mean
            below += mean * mean
    return max(0.0, WIDER * above / below) if below else 0.0


def _bounds(mean: float, spread: float, share: float) -> tuple[int, int]:
    from scipy import special  # the whole of scipy.stats takes a second to load

    if mean <= 0:
        return 0, 0
    size = 1 / spread if spread >= 1e-6 else 0.0
    low, high = (
        special.nbdtrik(tail, size, size / (size + mean)) if size else special.pdtrik(tail, mean)
        for tail in ((1 - share) / 2, (1 + share) / 2)
    )
    return _count(low), _count(high)


def _count(place: float) -> int:
    """Return the least count whose probability reaches the tail; where that is below that of none, 0."""
    return math.ceil(place - 1e-9) if place > 0 else 0
