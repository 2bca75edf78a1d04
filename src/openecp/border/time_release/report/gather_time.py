# SPDX-License-Identifier: Apache-2.0
"""Figures over time: the distribution of the clock, busy hours, the backlog, survival, weeks. Reads: durations."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from math import ceil, floor, log10
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from openecp.border.time_release.analysis import StudyEngine
from openecp.border.time_release.clocks import column, quoted
from openecp.border.time_release.events import ENDS_WITHOUT_RELEASE
from openecp.border.time_release.report.figures import Curve, Week
from openecp.border.time_release.statistics.survival import log_rank
from openecp.border.time_release.study import Definition, StudyFault, shown_day

DAY_US = 86_400_000_000
MINUTE_US = 60_000_000
BINS = 24
ECDF_POINTS = 100
CURVES_MAX = 6
BACKLOG_DAYS_MAX = 3_700
HEATED = ("ARRIVAL", "LODGED", "INSPECT_START", "RELEASED")


def histogram(
    engine: StudyEngine,
) -> tuple[tuple[tuple[float, float, int], ...], tuple[tuple[float, float], ...]]:
    """Return equal bins of a round width, the last one open to the longest case, and the shares by time."""
    shares = ", ".join(str(place / ECDF_POINTS) for place in range(ECDF_POINTS + 1))
    row = engine.ask(f"SELECT COUNT(us) AS n, QUANTILE_CONT(us, [{shares}]) AS q FROM durations WHERE us IS NOT NULL")[
        0
    ]
    if not row["n"]:
        return (), ()
    points = tuple((float(us), place / ECDF_POINTS) for place, us in enumerate(row["q"]))
    low, high = row["q"][1], row["q"][98]
    width = _round_width((high - low) / BINS or DAY_US / 24)
    first = floor(low / width)
    last = max(first + 1, ceil(high / width))
    rows = engine.ask(
        f"SELECT LEAST(GREATEST(CAST(FLOOR(us / {width}) AS BIGINT), {first}), {last}) AS bin, COUNT(*) AS n "
        "FROM durations WHERE us IS NOT NULL GROUP BY 1"
    )
    counts = {row["bin"]: row["n"] for row in rows}
    least, most = row["q"][0], row["q"][ECDF_POINTS]
    bins = []
    for place in range(first, last + 1):
        start = min(least, place * width) if place == first else place * width
        end = max(most, (place + 1) * width) if place == last else (place + 1) * width
        bins.append((float(start), float(end), counts.get(place, 0)))
    return tuple(bins), points


def _round_width(us: float) -> int:
    """Return the next width that people count in: of minutes, hours or days."""
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 7200, 10080):
        if us <= minutes * MINUTE_US:
            return minutes * MINUTE_US
    days = us / DAY_US
    step = 10 ** floor(log10(days))
    return int(ceil(days / step) * step * DAY_US)


def heat(engine: StudyEngine, zone: str, codes: AbstractSet[str]) -> dict[str, tuple[tuple[int, ...], ...]]:
    """Return, for the busiest activities, events by weekday (Monday first) and hour in the study's zone."""
    wanted = [code for code in HEATED if code in codes]
    if not wanted:
        return {}
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise StudyFault(
            "zone", "a time zone such as Africa/Nairobi", zone[:80], "Write a name of the IANA list."
        ) from None
    rows = engine.ask(
        f"SELECT activity, ISODOW(l) AS day, HOUR(l) AS hour, COUNT(*) AS n FROM (SELECT activity, "
        f"make_timestamptz(ts_us) AT TIME ZONE {quoted(zone)} AS l FROM trs_events "
        f"WHERE activity IN ({', '.join(map(quoted, wanted))})) AS e GROUP BY ALL"
    )
    found = {code: [[0] * 24 for _ in range(7)] for code in wanted}
    for row in rows:
        found[row["activity"]][row["day"] - 1][row["hour"]] = row["n"]
    return {code: tuple(tuple(line) for line in table) for code, table in found.items()}


def backlog(engine: StudyEngine, as_of_us: int) -> tuple[tuple[str, int], ...]:
    """Return how many cases were open at the end of each day: started, and neither released nor ended otherwise."""
    outcomes = ", ".join(map(quoted, ENDS_WITHOUT_RELEASE))
    rows = engine.ask(
        "WITH o AS (SELECT d.start_us, COALESCE(d.end_us, g.us) AS end_us FROM durations AS d LEFT JOIN "
        f"(SELECT case_id, MIN(ts_us) AS us FROM trs_events WHERE activity IN ({outcomes}) GROUP BY case_id) AS g "
        "ON g.case_id = d.case_id WHERE d.start_us IS NOT NULL AND (d.end_us IS NULL OR d.end_us >= d.start_us)) "
        f"SELECT day, SUM(n) AS n FROM (SELECT start_us // {DAY_US} AS day, COUNT(*) AS n FROM o GROUP BY 1 UNION ALL "
        f"SELECT end_us // {DAY_US}, -COUNT(*) FROM o WHERE end_us IS NOT NULL GROUP BY 1) AS m "
        "GROUP BY day ORDER BY day"
    )
    changes = {int(row["day"]): int(row["n"]) for row in rows}
    if not changes:
        return ()
    first, last = min(changes), max(max(changes), as_of_us // DAY_US)
    first = max(first, last - BACKLOG_DAYS_MAX)
    opened = sum(n for day, n in changes.items() if day < first)
    found = []
    for day in range(first, last + 1):
        opened += changes.get(day, 0)
        found.append((shown_day(day * DAY_US), opened))
    return tuple(found)


def curves(engine: StudyEngine, definition: Definition, as_of_us: int) -> tuple[Curve, ...]:
    """Return what Kaplan-Meier needs, by channel or the first segment, in whole minutes, for the largest groups.

    A case without an end is followed to the last stamp of the study; one seized, abandoned or cancelled to then.
    """
    names = definition.segments
    segment = "channel" if "channel" in names else names[0] if names else ""
    key = f"COALESCE(d.{column(segment)}, '')" if segment else "''"
    outcomes = ", ".join(map(quoted, ENDS_WITHOUT_RELEASE))
    rows = engine.ask(
        f"SELECT k, CAST(FLOOR(us / {MINUTE_US}.0) AS BIGINT) AS t, COUNT(*) FILTER (WHERE over) AS ended, "
        "COUNT(*) FILTER (WHERE NOT over) AS censored FROM ("
        f"SELECT {key} AS k, d.end_us IS NOT NULL AS over, "
        f"COALESCE(d.end_us, g.us, {as_of_us}) - d.start_us AS us FROM durations AS d LEFT JOIN "
        f"(SELECT case_id, MIN(ts_us) AS us FROM trs_events WHERE activity IN ({outcomes}) GROUP BY case_id) AS g "
        "ON g.case_id = d.case_id WHERE d.start_us IS NOT NULL) AS c GROUP BY ALL ORDER BY k, t"
    )
    found: dict[str, list[tuple[int, int, int]]] = {}
    for row in rows:
        found.setdefault(row["k"], []).append((row["t"], row["ended"], row["censored"]))
    groups = [Curve(label, tuple(counts)) for label, counts in found.items()]
    groups = [one for one in groups if sum(e + c for _, e, c in one.counts) >= definition.k]
    groups.sort(key=lambda one: (-sum(e + c for _, e, c in one.counts), one.label))
    return tuple(groups[:CURVES_MAX])


def log_ranked(lines: tuple[Curve, ...]) -> tuple[float, float] | None:
    """Return the log-rank test over the curves, None where there is nothing to compare."""
    groups = [one.counts for one in lines if any(ended for _, ended, _ in one.counts)]
    if len(groups) < 2:
        return None
    statistic, p = log_rank(groups)
    return round(statistic, 6), round(p, 12)


def weeks(engine: StudyEngine) -> tuple[Week, ...]:
    """Return cases, median and p90 by the week in which the clock started (1970-01-05 was a Monday)."""
    rows = engine.ask(
        f"SELECT (start_us - {4 * DAY_US}) // {7 * DAY_US} AS week, COUNT(*) AS n, QUANTILE_CONT(us, 0.5) AS median, "
        "QUANTILE_CONT(us, 0.9) AS p90 FROM durations WHERE us IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    return tuple(Week(shown_day((row["week"] * 7 + 4) * DAY_US), row["n"], row["median"], row["p90"]) for row in rows)
