# SPDX-License-Identifier: Apache-2.0
"""Asks an engine for every figure of a study; all of it is a function of the events and the definition."""

from __future__ import annotations

from openecp.border.time_release.analysis import StudyEngine
from openecp.border.time_release.cell_owners import owners_by_cell
from openecp.border.time_release.clocks import Clock, column
from openecp.border.time_release.cube import cells_sql, durations_sql
from openecp.border.time_release.events import OWNER_OF
from openecp.border.time_release.report.figures import ClockFigures, Figures, Found, Spread
from openecp.border.time_release.report.gather_course import bottlenecks, follows, milestones
from openecp.border.time_release.report.gather_time import backlog, curves, heat, histogram, log_ranked, weeks
from openecp.border.time_release.statistics.intervals import mean_interval
from openecp.border.time_release.study import Definition
from openecp.border.time_release.study_selection import SelectedEngine, selected
from openecp.border.time_release.sureness import median_intervals
from openecp.border.time_release.verification import verified

DAY_US = 86_400_000_000
CELLS_MAX = 100_000  # cells of the cross of all segments
_NAMES = ("p10", "p25", "median", "p75", "p90", "p95", "std", "least", "most")


def gathered(engine: StudyEngine, definition: Definition) -> Figures:
    """Return the figures of a study over the engine's events.

    Raises: StudyFault, ClockFault.
    """
    chosen, funnel = selected(engine, definition)
    looked = chosen if len(funnel) == 1 else engine  # all events are verified; the selection is quicker where it is all
    findings = tuple(Found(f.code, f.severity, f.what, f.rows, f.cases) for f in verified(looked))
    seen = chosen.ask(
        "SELECT COUNT(*) AS n, COUNT(DISTINCT case_id) AS cases, COALESCE(MIN(ts_us), 0) AS first, "
        "COALESCE(MAX(ts_us), 0) AS last FROM trs_events"
    )[0]
    clocks = []
    for clock in reversed(definition.clock_list()):  # the first clock comes last: its durations stay for what follows
        clocks.append(_clock(chosen, clock, definition))
    clocks.reverse()
    owners, owners_by = _owners(chosen, definition)
    lines = curves(chosen, definition, seen["last"])
    codes = {row["activity"] for row in chosen.ask("SELECT DISTINCT activity FROM trs_events")}
    bins, shares = histogram(chosen)
    return Figures(
        events=seen["n"],
        cases=seen["cases"],
        first_us=seen["first"],
        last_us=seen["last"],
        clocks=tuple(clocks),
        owners=owners,
        owners_by=owners_by,
        milestones=milestones(chosen),
        histogram=bins,
        ecdf=shares,
        heat=heat(chosen, definition.zone, codes),
        backlog=backlog(chosen, seen["last"]),
        curves=lines,
        curve_segment=_curve_segment(definition),
        log_rank=log_ranked(lines),
        follows=follows(chosen),
        weeks=weeks(chosen),
        bottlenecks=bottlenecks(chosen, definition, codes),
        findings=findings,
        funnel=tuple(funnel),
        cross=_cross(chosen, definition),
    )


def _curve_segment(definition: Definition) -> str:
    names = definition.segments
    return "channel" if "channel" in names else names[0] if names else ""


def _clock(engine: StudyEngine, clock: Clock, definition: Definition) -> ClockFigures:
    columns = tuple(dict.fromkeys((*definition.segments, *definition.clusters)))
    engine.stage("durations", durations_sql(clock, columns))
    target = definition.target_us(clock.name)
    whole = _spreads(engine, definition, "", target)[0]
    by = {name: tuple(_spreads(engine, definition, name, target)) for name in definition.segments}
    return ClockFigures(
        clock=clock.name,
        title_en=clock.title_en or clock.name,
        title_fr=clock.title_fr or clock.name,
        start=clock.start,
        end=clock.end,
        target=target,
        whole=whole,
        by=by,
    )


def _spreads(engine: StudyEngine, definition: Definition, segment: str, target: int | None) -> list[Spread]:
    segments = (segment,) if segment else ()
    rows = engine.ask(cells_sql("durations", segments, target))
    intervals = median_intervals(engine, segments, [row["median_us"] for row in rows], definition.clusters)
    more = {row["k"]: row for row in engine.ask(_more_sql(definition, segment))}
    found = []
    for row, interval in zip(rows, intervals, strict=True):
        label = (row[segment] or "") if segment else ""
        extra = more.get(label)
        mean = None if not row["n"] else int(row["sum_us"]) / row["n"]
        sure = None
        if extra is not None and mean is not None:
            sure = mean_interval(mean, extra["clusters"], float(extra["squares"]), row["n"])
        found.append(
            Spread(
                label=label,
                n=row["n"],
                missing=row["missing"],
                censored=row["censored"],
                negative=row["negative"],
                within=row["within"],
                mean=mean,
                median_ci=interval,
                mean_ci=sure,
                trimmed_n=extra["n"] if extra else 0,
                trimmed_mean=extra["mean"] if extra else None,
                trimmed_std=extra["std"] if extra else None,
                **{name: row[f"{name}_us"] for name in _NAMES},
            )
        )
    return sorted(found, key=lambda spread: (-spread.n, spread.label))


def _more_sql(definition: Definition, segment: str) -> str:
    """Return SQL of what the cube has not: trimmed figures, and sums by cluster for the interval of the mean."""
    key = f"COALESCE({column(segment)}, '')" if segment else "''"
    clusters = "".join(f", {column(name)}" for name in definition.clusters)
    low, high = definition.trim, 1 - definition.trim
    return (
        f"WITH d AS (SELECT {key} AS k, us, start_us // {DAY_US} AS day{clusters} FROM durations "
        "WHERE us IS NOT NULL), "
        f"b AS (SELECT k, AVG(us) AS mean, QUANTILE_CONT(us, {low}) AS low, QUANTILE_CONT(us, {high}) AS high "
        "FROM d GROUP BY k), "
        "c AS (SELECT d.k, SUM(d.us - b.mean) AS s FROM d JOIN b ON b.k = d.k "
        f"GROUP BY d.k, d.day{''.join(f', d.{column(name)}' for name in definition.clusters)}), "
        "s AS (SELECT k, COUNT(*) AS clusters, SUM(s * s) AS squares FROM c GROUP BY k), "
        "t AS (SELECT d.k, COUNT(*) AS n, AVG(d.us) AS mean, STDDEV_SAMP(d.us) AS std FROM d JOIN b ON b.k = d.k "
        "WHERE d.us BETWEEN b.low AND b.high GROUP BY d.k) "
        "SELECT s.k, s.clusters, s.squares, t.n, t.mean, t.std FROM s JOIN t ON t.k = s.k"
    )


def _owners(
    engine: SelectedEngine, definition: Definition
) -> tuple[dict[str, int], dict[str, dict[str, dict[str, int]]]]:
    """Return whose time the first clock was, in all and by each segment; reads its durations."""
    agency = "e.agency" if "agency" in engine.columns() else "NULL"
    cells = owners_by_cell(engine, definition.segments, agency, OWNER_OF, {})
    whole: dict[str, int] = {}
    by: dict[str, dict[str, dict[str, int]]] = {}
    for key, taken in cells.items():
        for owner, (us, _) in taken.items():
            whole[owner] = whole.get(owner, 0) + us
            for segment, value in zip(definition.segments, key, strict=True):
                group = by.setdefault(segment, {}).setdefault(value or "", {})
                group[owner] = group.get(owner, 0) + us
    return dict(sorted(whole.items())), by


def _cross(
    engine: StudyEngine, definition: Definition
) -> tuple[tuple[tuple[str, ...], int, float | None, float | None, float | None], ...]:
    if len(definition.segments) < 2:
        return ()
    names = ", ".join(f"COALESCE({column(name)}, '')" for name in definition.segments)
    rows = engine.ask(
        f"SELECT [{names}] AS k, COUNT(us) AS n, CAST(SUM(us) AS DOUBLE) / NULLIF(COUNT(us), 0) AS mean, "
        "QUANTILE_CONT(us, 0.5) AS median, QUANTILE_CONT(us, 0.9) AS p90 FROM durations GROUP BY 1 ORDER BY 1 "
        f"LIMIT {CELLS_MAX}"
    )
    return tuple((tuple(row["k"]), row["n"], row["mean"], row["median"], row["p90"]) for row in rows)
