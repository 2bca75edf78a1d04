# SPDX-License-Identifier: Apache-2.0
"""A year of realistic flows: goods that come on ships, flights, trucks and trains to offices with hours and inspectors.

Seasons, weekdays, holidays, time zones; authorised operators, advance lodgement (so that some goods are released before
they arrive), channels, queries, agencies, laboratory, payment and guarantee, collection; goods that are cancelled,
seized or abandoned; cases that are still open when the year ends. Inspectors are few, so that queues form. Delays are
planted where the plan says so, and only there. Nobody's data is in it: every number is drawn from the plan's seed.
Limits: 1,000,000 cases; all of a plan is in memory at once, about 350 bytes a case.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from openecp.border.time_release.simulation.flow_plan import (
    AGENCY_OF_CHAPTER,
    CHAPTERS,
    MAX_CASES,
    ORIGINS,
    SEASON,
    WEEKDAY,
    FlowOffice,
    FlowPlan,
)
from openecp.border.time_release.simulation.flow_stages import ABSENT, Way, stamped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
DAY_US = 86_400_000_000
SEGMENTS = ("office", "mode", "direction", "means", "channel", "aeo", "pre_arrival", "agency", "chapter", "regime",
            "origin", "trader", "broker", "zone")  # fmt: skip


class Flows(NamedTuple):
    """The events of a plan in the order of time: for each its case and activity; each case's segments as (code, names).

    `case`, `activity` and `ts_us` are as long as there are events; `activity` counts in `activities`.
    """

    case: Numbers
    activity: Numbers
    ts_us: Numbers
    activities: tuple[str, ...]
    segments: dict[str, tuple[Numbers, tuple[str, ...]]]


def flows(plan: FlowPlan) -> Flows:
    """Return the events of a plan.

    Raises: ValueError where a figure of the plan is out of range, or a planted delay names no office of it.
    """
    import numpy as np

    _check(plan)
    draw = np.random.default_rng(plan.seed)
    offices = plan.places
    shares = np.array([office.share for office in offices], dtype=float)
    counts = draw.multinomial(plan.cases, shares / shares.sum())
    until = _day(plan.first) + plan.days * DAY_US
    names = sorted({name for office in offices for name in (office.mode,)})
    ways = [_way(plan, place, int(count), draw) for place, count in enumerate(counts) if count]
    stamps = [stamped(way, plan, draw) for way in ways]
    activities = tuple(dict.fromkeys(name for one in stamps for name in one))
    parts = []
    before = 0
    for way, one in zip(ways, stamps, strict=True):
        for code, name in enumerate(activities):
            at = one.get(name)
            if at is not None:
                kept = np.flatnonzero((at != ABSENT) & (at < until))
                parts.append((kept + before, np.full(len(kept), code, dtype=np.int64), at[kept]))
        before += len(way.aeo)
    case, activity, ts = (np.concatenate([part[column] for part in parts]) for column in range(3))
    order = np.lexsort((activity, case, ts))
    return Flows(case[order], activity[order], ts[order], activities, _segments(plan, ways, names, draw))


def _check(plan: FlowPlan) -> None:
    codes = {office.code for office in plan.places}
    if not 1 <= plan.cases <= MAX_CASES or not 1 <= plan.days <= 1100 or not 0 <= plan.aeo_share <= 1:
        raise ValueError(
            f"flows: expected 1 to {MAX_CASES} cases, 1 to 1100 days and a share from 0 to 1, got {plan.cases}, "
            f"{plan.days}, {plan.aeo_share}; ask for fewer"
        )
    for planted in plan.planted:
        if planted.office not in codes:
            raise ValueError(
                f"planted delay: expected an office of {', '.join(sorted(codes))}, got {planted.office[:80]!r}; "
                "name one of these"
            )


def _way(plan: FlowPlan, place: int, count: int, draw: np.random.Generator) -> Way:
    """Draw what the cases of one office are, and when they arrive on what."""
    import numpy as np

    office = plan.places[place]
    means = max(1, min(round(office.means_a_week * plan.days / 7), max(1, count)))
    arrivals = _arrivals(plan, office, means, draw)
    loads = draw.lognormal(0, 0.6, means)
    on = np.sort(draw.choice(means, size=count, p=loads / loads.sum()))
    aeo = draw.random(count) < plan.aeo_share
    chapter = draw.choice(len(CHAPTERS), size=count, p=_weights(len(CHAPTERS)))
    agencies = np.array([CHAPTERS[one] in AGENCY_OF_CHAPTER for one in range(len(CHAPTERS))])
    risky = np.array([0.7, 1.6])[(chapter % 5 == 2).astype(int)]
    red = draw.random(count) < np.where(aeo, 0.025, 0.11) * risky
    yellow = draw.random(count) < np.where(aeo, 0.06, 0.2)
    return Way(
        office=office,
        arrival=arrivals[on],
        means=on,
        unload_of_means=draw.lognormal(0, 0.45, means)[on],
        aeo=aeo,
        pre=draw.random(count) < np.where(aeo, 0.6, 0.22),
        export=draw.random(count) < (0.18 if office.mode != "road" else 0.3),
        channel=np.where(red, 2, np.where(yellow, 1, 0)),
        has_agency=agencies[chapter] & (draw.random(count) < np.where(aeo, 0.45, 0.75)),
        chapter=chapter,
    )


def _arrivals(plan: FlowPlan, office: FlowOffice, means: int, draw: np.random.Generator) -> Numbers:
    """Return when each ship, flight, truck or train arrives, in order: by season, weekday and hour of the day."""
    import numpy as np

    days = [plan.first + timedelta(days=step) for step in range(plan.days)]
    weights = np.array([SEASON[day.month - 1] * WEEKDAY[office.mode][day.weekday()] for day in days])
    day = draw.choice(plan.days, size=means, p=weights / weights.sum())
    if office.mode == "road":
        hour = np.clip(draw.normal(13, 4.5, means), 0, 23.99)
    elif office.mode == "air":
        hour = np.where(draw.random(means) < 0.55, draw.normal(5, 2, means) % 24, draw.random(means) * 24)
    else:
        hour = draw.random(means) * 24
    found: Numbers = np.sort(_day(plan.first) + day * DAY_US + (hour * 3.6e9).astype(np.int64) // 1_000_000 * 1_000_000)
    return found


def _segments(
    plan: FlowPlan, ways: list[Way], modes: list[str], draw: np.random.Generator
) -> dict[str, tuple[Numbers, tuple[str, ...]]]:
    import numpy as np

    def joined(columns: list[Numbers]) -> Numbers:
        found: Numbers = np.concatenate(columns)
        return found

    count = sum(len(way.aeo) for way in ways)
    first = np.cumsum([0] + [int(way.means.max()) + 1 for way in ways])
    zones = sorted({way.office.zone for way in ways})
    agencies = ("", *sorted(set(AGENCY_OF_CHAPTER.values())))
    of_chapter = np.array([agencies.index(AGENCY_OF_CHAPTER.get(chapter, "")) for chapter in CHAPTERS])
    traders = max(10, count // 40)
    trader = np.minimum((draw.pareto(1.1, count) * traders / 40).astype(np.int64), traders - 1)
    names = ("no", "yes")
    return {
        "office": (joined([np.full(len(way.aeo), place) for place, way in enumerate(ways)]),
                   tuple(way.office.code for way in ways)),
        "mode": (joined([np.full(len(way.aeo), modes.index(way.office.mode)) for way in ways]), tuple(modes)),
        "direction": (joined([way.export.astype(np.int64) for way in ways]), ("import", "export")),
        "means": (joined([way.means + first[place] for place, way in enumerate(ways)]),
                  tuple(f"M{number:06}" for number in range(int(first[-1])))),
        "channel": (joined([way.channel for way in ways]), ("green", "yellow", "red")),
        "aeo": (joined([way.aeo.astype(np.int64) for way in ways]), names),
        "pre_arrival": (joined([way.pre.astype(np.int64) for way in ways]), names),
        "agency": (joined([np.where(way.has_agency, of_chapter[way.chapter], 0) for way in ways]), agencies),
        "chapter": (joined([way.chapter for way in ways]), CHAPTERS),
        "regime": (joined([way.export.astype(np.int64) for way in ways]), ("40", "10")),
        "origin": (draw.choice(len(ORIGINS), size=count, p=_weights(len(ORIGINS))), ORIGINS),
        "trader": (trader, tuple(f"T{number:05}" for number in range(traders))),
        "broker": (trader * 7919 % max(3, traders // 12), tuple(f"B{n:04}" for n in range(max(3, traders // 12)))),
        "zone": (joined([np.full(len(way.aeo), zones.index(way.office.zone)) for way in ways]), tuple(zones)),
    }  # fmt: skip


def _weights(count: int) -> NDArray[np.float64]:
    import numpy as np

    raw = 1 / (1 + np.arange(count)[::-1]) ** 0.6
    found: NDArray[np.float64] = raw / raw.sum()
    return found


def _day(day: date) -> int:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return moment.days * DAY_US
