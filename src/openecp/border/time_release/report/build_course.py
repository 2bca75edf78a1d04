# SPDX-License-Identifier: Apache-2.0
"""The course of goods in a report: average course, busy hours, backlog, survival, process map, trend, hours lost."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date

from openecp.border.time_release.report.blocks import (
    Bars,
    Block,
    Column,
    Figure,
    Heading,
    Heat,
    Lines,
    Milestones,
    Paragraph,
    Process,
    Table,
)
from openecp.border.time_release.report.figures import Curve, Figures
from openecp.border.time_release.report.suppression import hidden_cells
from openecp.border.time_release.report.wording import Wording
from openecp.border.time_release.statistics.change import MAX_WEEKS, ChangePoint, change_points
from openecp.border.time_release.statistics.survival import Step, kaplan_meier, survival_quantile
from openecp.border.time_release.study import HOUR_US, Definition

MINUTE_H = 1 / 60
EDGES_MAX = 24
BARS_MAX = 10
RANKED_MAX = 20
POINTS_MAX = 160
TABLE_ROWS = 26
SHUFFLE_SEED = 1  # the same weeks, the same answer


def course_blocks(figures: Figures, definition: Definition, wording: Wording) -> list[Block]:
    """Return the part of the results that says where in its course the time of a consignment goes."""
    say, k = wording.say, definition.k
    blocks: list[Block] = []
    if figures.milestones:
        blocks += [Heading(say("h.course"), 2), _milestones(figures, wording, k)]
    if figures.heat:
        blocks += [Heading(say("h.busy"), 2), Paragraph(say("p.busy", zone=definition.zone))]
        blocks += [_heat(code, table, wording, k) for code, table in figures.heat.items()]
    if figures.backlog:
        blocks += [Heading(say("h.backlog"), 2), Paragraph(say("p.backlog")), _backlog(figures, wording, k)]
    if figures.curves:
        blocks += [Heading(say("h.survival"), 2), Paragraph(say("p.survival")), _survival(figures, wording)]
        if figures.log_rank is not None:
            statistic, p = figures.log_rank
            shown = wording.figure(p, 4) if p >= 0.0001 else "< " + wording.figure(0.0001, 4)
            blocks.append(Paragraph(say("p.log_rank", statistic=wording.figure(statistic, 2), p=shown), note=True))
    if figures.follows:
        edges = [one for one in figures.follows if one.n >= k][:EDGES_MAX]
        blocks += [Heading(say("h.process"), 2), Paragraph(say("p.process", shown=len(edges)))]
        blocks.append(_process(figures, wording, k))
    if len(figures.weeks) > 1:
        blocks += [Heading(say("h.trend"), 2), *_trend(figures, wording, k)]
    if figures.bottlenecks:
        blocks += [Heading(say("h.bottlenecks"), 2), Paragraph(say("p.bottleneck")), _bottlenecks(figures, wording)]
    return blocks


def _milestones(figures: Figures, wording: Wording, k: int) -> Figure:
    say = wording.say
    shown = [one for one in figures.milestones if one.n >= k]
    rows = tuple(
        (wording.activity(one.activity), one.p25 / HOUR_US, one.median / HOUR_US, one.p75 / HOUR_US) for one in shown
    )
    columns = (
        Column(say("col.activity"), 5, figures=False),
        *(Column(say(f"col.{name}")) for name in ("n", "p25", "median", "p75")),
    )
    lines = tuple(
        (
            wording.activity(one.activity),
            wording.count(one.n),
            wording.hours(one.p25),
            wording.hours(one.median),
            wording.hours(one.p75),
        )
        for one in shown
    )
    caption = say("cap.course")
    return Figure(
        caption=caption,
        description="; ".join(f"{line[0]} {line[3]} h" for line in lines),
        chart=Milestones(rows=rows, unit="h"),
        table=Table(name="course", caption=caption, columns=columns, rows=lines),
    )


def _heat(code: str, table: tuple[tuple[int, ...], ...], wording: Wording, k: int) -> Figure:
    say = wording.say
    counts = {(str(day), str(hour)): n for day, line in enumerate(table) for hour, n in enumerate(line)}
    hidden = hidden_cells({(f"{a}/{b}",): n for (a, b), n in counts.items()}, k)  # row and column sums are not shown
    values = tuple(
        tuple(None if (f"{day}/{hour}",) in hidden else n for hour, n in enumerate(line))
        for day, line in enumerate(table)
    )
    days = wording.days()
    caption = say("cap.busy", activity=wording.activity(code))
    columns = (Column(say("col.hour"), 2, figures=False), *(Column(day) for day in days))
    rows = tuple((f"{hour:02}", *(_count(values[day][hour], wording) for day in range(7))) for hour in range(24))
    top = max(
        ((n, day, hour) for day, line in enumerate(values) for hour, n in enumerate(line) if n), default=(0, 0, 0)
    )
    return Figure(
        caption=caption,
        description=f"{caption}: {days[top[1]]} {top[2]:02} h, {wording.count(top[0])}",
        chart=Heat(rows=days, columns=tuple(f"{hour:02}" for hour in range(24)), values=values),
        table=Table(name=f"busy_{code.lower()}", caption=caption, columns=columns, rows=rows),
    )


def _count(n: int | None, wording: Wording) -> str:
    return wording.hidden() if n is None else wording.count(n)


def _ordinal(iso: str) -> int:
    return date.fromisoformat(iso).toordinal()


def _day_labels(days: list[str], wording: Wording) -> tuple[tuple[float, str], ...]:
    step = max(1, len(days) // 6)
    return tuple((float(_ordinal(day)), day) for day in days[::step])


def _thinned(rows: list[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    step = max(1, -(-len(rows) // most))
    return rows[::step]


def _backlog(figures: Figures, wording: Wording, k: int) -> Figure:
    say = wording.say
    points = tuple((float(_ordinal(day)), float(n if n >= k or not n else 0)) for day, n in figures.backlog)
    rows = [
        (day, wording.say("below_k", k=k) if 0 < n < k else wording.count(n))
        for day, n in _thinned(list(figures.backlog), TABLE_ROWS)
    ]
    most = max(figures.backlog, key=lambda one: one[1])
    return Figure(
        caption=say("cap.backlog"),
        description=f"{say('cap.backlog')}: {most[0]}, {wording.count(most[1])}",
        chart=Lines(
            series=(("", points),),
            x_title="",
            y_title=say("col.open"),
            x_labels=_day_labels([day for day, _ in figures.backlog], wording),
        ),
        table=Table(
            name="backlog",
            caption=say("cap.backlog"),
            columns=(Column(say("col.day"), 3, figures=False), Column(say("col.open"))),
            rows=tuple(rows),
        ),
    )


def _survival(figures: Figures, wording: Wording) -> Figure:
    say = wording.say
    lines = [(one, kaplan_meier(one.counts)) for one in figures.curves]
    reach = max((_reach(steps) for _, steps in lines), default=1)
    series = []
    for one, steps in lines:
        points = [(0.0, 1.0)] + [(step.time * MINUTE_H, step.survival) for step in steps if step.time <= reach]
        series.append((wording.value(one.label, figures.curve_segment), tuple(_spaced(points))))
    marks = [share * reach for share in (0.25, 0.5, 0.75, 1.0)]
    columns = (
        Column(say("col.group"), 3, figures=False),
        Column(say("col.n")),
        Column(say("col.censored")),
        Column(say("col.half"), 3),
        *(Column(say("col.at", h=wording.figure(at * MINUTE_H)), 3) for at in marks),
    )
    rows = tuple(
        (wording.value(one.label, figures.curve_segment), *_survival_row(one, steps, marks, wording))
        for one, steps in lines
    )
    caption = say("cap.survival", segment=wording.segment(figures.curve_segment) or "–")
    if not figures.curve_segment:
        caption = say("h.survival")
        series = [(say("all"), points) for _, points in series]
        rows = tuple((say("all"), *row[1:]) for row in rows)
    return Figure(
        caption=caption,
        description="; ".join(f"{row[0]}: {row[3]} h" for row in rows),
        chart=Lines(series=tuple(series), x_title="h", y_title="", steps=True, share=True),
        table=Table(name="survival", caption=caption, columns=columns, rows=rows),
    )


def _reach(steps: list[Step]) -> int:
    """Return how far the curve is drawn: to where 2 % are left, or the last case that ended."""
    for step in steps:
        if step.survival <= 0.02:
            return max(1, step.time)
    ended = [step.time for step in steps if step.ended]
    return max(1, ended[-1] if ended else steps[-1].time)


def _spaced(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return at most POINTS_MAX points of a falling curve, spaced by time."""
    if len(points) <= POINTS_MAX:
        return points
    times = [point[0] for point in points]
    low, high = times[0], times[-1]
    kept = []
    for place in range(POINTS_MAX + 1):
        at = low + (high - low) * place / POINTS_MAX
        kept.append((at, points[max(0, bisect_right(times, at) - 1)][1]))
    return kept


def _survival_row(one: Curve, steps: list[Step], marks: list[float], wording: Wording) -> tuple[str, ...]:
    half = survival_quantile(steps)
    censored = sum(c for _, _, c in one.counts)
    total = sum(e + c for _, e, c in one.counts)
    times = [step.time for step in steps]
    left = []
    for at in marks:
        place = bisect_right(times, at) - 1
        left.append(wording.figure(100 * (steps[place].survival if place >= 0 else 1.0)))
    shown = wording.count(censored) if not 0 < censored < wording.k else wording.say("below_k", k=wording.k)
    hours = None if half is None else half * MINUTE_H * HOUR_US
    return (wording.count(total), shown, wording.hours(hours), *left)


def _process(figures: Figures, wording: Wording, k: int) -> Figure:
    say = wording.say
    edges = [one for one in figures.follows if one.n >= k][:EDGES_MAX]
    order = [one.activity for one in figures.milestones]
    used = {code for one in edges for code in (one.first, one.then)}
    nodes = [code for code in order if code in used] + sorted(used - set(order))
    place = {code: number for number, code in enumerate(nodes)}
    rows = tuple(
        (wording.activity(one.first), wording.activity(one.then), wording.count(one.n), wording.hours(one.median))
        for one in edges
    )
    columns = (
        Column(say("col.first"), 5, figures=False),
        Column(say("col.then"), 5, figures=False),
        Column(say("col.cases")),
        Column(say("col.between")),
    )
    caption = say("cap.process")
    return Figure(
        caption=caption,
        description="; ".join(f"{row[0]} – {row[1]}: {row[3]} h" for row in rows[:6]),
        chart=Process(
            nodes=tuple(wording.activity(code) for code in nodes),
            edges=tuple((place[one.first], place[one.then], one.n, wording.hours(one.median)) for one in edges),
        ),
        table=Table(name="process", caption=caption, columns=columns, rows=rows),
    )


def _trend(figures: Figures, wording: Wording, k: int) -> list[Block]:
    say = wording.say
    hidden = hidden_cells({(one.day,): one.n for one in figures.weeks}, k)
    shown = [one for one in figures.weeks if (one.day,) not in hidden]
    median = tuple((float(_ordinal(one.day)), one.median / HOUR_US) for one in shown)
    p90 = tuple((float(_ordinal(one.day)), one.p90 / HOUR_US) for one in shown)
    rows = tuple((one.day, wording.count(one.n), wording.hours(one.median), wording.hours(one.p90)) for one in shown)
    columns = (
        Column(say("col.week"), 3, figures=False),
        *(Column(say(f"col.{name}")) for name in ("n", "median", "p90")),
    )
    caption = say("cap.trend")
    series = [(say("col.median"), median), (say("col.p90"), p90)]
    found = change_points([one.median for one in shown], SHUFFLE_SEED) if len(shown) <= MAX_WEEKS else []
    if found:
        series.append((say("col.level"), _levels(median, found)))
    texts = [
        say(
            "p.change",
            day=wording.day(shown[one.week].day),
            before=wording.hours(one.before),
            after=wording.hours(one.after),
            p=wording.figure(one.p, 3),
        )
        for one in found
    ]
    chart = Figure(
        caption=caption,
        description=f"{caption}: {rows[0][0]} {rows[0][2]} h; {rows[-1][0]} {rows[-1][2]} h" if rows else caption,
        chart=Lines(
            series=tuple(series),
            x_title="",
            y_title="h",
            x_labels=_day_labels([one.day for one in shown], wording),
        ),
        table=Table(name="weeks", caption=caption, columns=columns, rows=rows),
    )
    return [*(Paragraph(text) for text in texts or [say("p.change_none")]), chart]


def _levels(points: tuple[tuple[float, float], ...], found: list[ChangePoint]) -> tuple[tuple[float, float], ...]:
    """Return the level of the weeks between changes as points of a line."""
    bounds = [0, *(one.week for one in found), len(points)]
    levels = [found[0].before, *(one.after for one in found)]
    return tuple(
        (points[week][0], level / HOUR_US)
        for level, first, last in zip(levels, bounds[:-1], bounds[1:], strict=True)
        for week in range(first, last)
    )


def _bottlenecks(figures: Figures, wording: Wording) -> Figure:
    say = wording.say
    names, rows, values = [], [], []
    for one in figures.bottlenecks[:RANKED_MAX]:
        stage = f"{wording.activity(one.start)} – {wording.activity(one.end)}"
        names.append(f"{wording.value(one.value, one.segment)}: {stage}" if one.segment else stage)
        values.append((one.lost / HOUR_US,))
        rows.append(
            (
                stage,
                wording.value(one.value, one.segment) if one.segment else say("all"),
                wording.owner(one.owner),
                wording.count(one.n),
                wording.hours(one.median),
                wording.hours(one.benchmark),
                wording.count(round(one.lost / HOUR_US)),
            )
        )
    columns = (
        Column(say("col.stage"), 7, figures=False),
        Column(say("col.place"), 3, figures=False),
        Column(say("col.owner"), 3, figures=False),
        *(Column(say(f"col.{name}")) for name in ("n", "median", "benchmark", "lost")),
    )
    caption = say("cap.bottlenecks")
    return Figure(
        caption=caption,
        description="; ".join(f"{name} {row[-1]}" for name, row in zip(names[:4], rows, strict=False)),
        chart=Bars(
            labels=tuple(names[:BARS_MAX]), series=(say("col.lost"),), values=tuple(values[:BARS_MAX]), unit="h"
        ),
        table=Table(name="bottlenecks", caption=caption, columns=columns, rows=tuple(rows)),
    )
