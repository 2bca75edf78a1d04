# SPDX-License-Identifier: Apache-2.0
"""The figures of a study, all that a report says: microseconds without words, so that they are kept and compared."""

from __future__ import annotations

import msgspec


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """What a clock says of one group of cases, in microseconds; raw, and trimmed beside it."""

    label: str
    n: int
    missing: int
    censored: int
    negative: int = 0
    within: int | None = None
    mean: float | None = None
    std: float | None = None
    least: float | None = None
    p10: float | None = None
    p25: float | None = None
    median: float | None = None
    p75: float | None = None
    p90: float | None = None
    p95: float | None = None
    most: float | None = None
    trimmed_n: int = 0
    trimmed_mean: float | None = None
    trimmed_std: float | None = None
    median_ci: tuple[float, float] | None = None
    mean_ci: tuple[float, float] | None = None


class ClockFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One clock: all cases, and by the values of each segment."""

    clock: str
    title_en: str
    title_fr: str
    start: str
    end: str
    target: int | None
    whole: Spread
    by: dict[str, tuple[Spread, ...]] = {}


class Milestone(msgspec.Struct, frozen=True):
    """An activity's moments after the start of the clock."""

    activity: str
    n: int
    p25: float
    median: float
    p75: float


class Follows(msgspec.Struct, frozen=True):
    """How often one activity comes right after another, and the median time between."""

    first: str
    then: str
    n: int
    median: float


class Week(msgspec.Struct, frozen=True):
    """Cases that started in one week, from Monday."""

    day: str
    n: int
    median: float
    p90: float


class Bottleneck(msgspec.Struct, frozen=True, kw_only=True):
    """A stage in one group: the time above the quarter of fastest cases, times its cases."""

    stage: str
    start: str
    end: str
    owner: str
    segment: str
    value: str
    n: int
    median: float
    benchmark: float
    lost: float


class Found(msgspec.Struct, frozen=True):
    """A finding of the verification: its code, severity, words and counts."""

    code: str
    severity: str
    what: str
    rows: int
    cases: int


class Curve(msgspec.Struct, frozen=True):
    """Minutes, cases that ended and cases that left unseen, for one group."""

    label: str
    counts: tuple[tuple[int, int, int], ...]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of one study."""

    events: int
    cases: int
    first_us: int
    last_us: int
    clocks: tuple[ClockFigures, ...]
    owners: dict[str, int]
    owners_by: dict[str, dict[str, dict[str, int]]]
    milestones: tuple[Milestone, ...]
    histogram: tuple[tuple[float, float, int], ...]
    ecdf: tuple[tuple[float, float], ...]
    heat: dict[str, tuple[tuple[int, ...], ...]]
    backlog: tuple[tuple[str, int], ...]
    curves: tuple[Curve, ...]
    curve_segment: str
    log_rank: tuple[float, float] | None
    follows: tuple[Follows, ...]
    weeks: tuple[Week, ...]
    bottlenecks: tuple[Bottleneck, ...]
    findings: tuple[Found, ...]
    funnel: tuple[tuple[str, int], ...]
    cross: tuple[tuple[tuple[str, ...], int, float | None, float | None, float | None], ...] = ()

    @property
    def head(self) -> ClockFigures:
        """Return the study's first clock."""
        return self.clocks[0]
