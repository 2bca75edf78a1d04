# SPDX-License-Identifier: Apache-2.0
"""Draws shares as lines, one for each series, with its own dash and its name at the end, and intervals as strokes.

Over days (`draw_trend`), or over any other axis (`draw_curves`).
Limits: 6 series; days without a figure are not bridged over more than GAP_DAYS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import msgspec

from openecp.platform.console.charts.svg import drawing, shortened, tag
from openecp.platform.console.charts.timeline import Axis

WIDTH, HEIGHT = 1000.0, 300.0
LEFT, RIGHT, TOP, LOW = 52.0, 158.0, 16.0, 30.0
SERIES_MAX = 6
GAP_DAYS = 7
NAME_GAP = 15.0  # between two names at the end
ASIDE = 6.0  # between the intervals of two series at one place
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25)


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A line: its name, and thousandths by day."""

    label: str
    points: Mapping[str, int]


class CurvePoint(msgspec.Struct, frozen=True):
    """A figure: its place from 0 to 1, its share, the bounds of its interval, words, and whether a line leads to it."""

    at: float
    share: float
    interval: tuple[float, float] | None = None
    says: str = ""
    joined: bool = True


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A line: its name and its figures from left to right."""

    label: str
    points: Sequence[CurvePoint]


def draw_trend(name: str, series: Sequence[Series], axis: Axis, *, title: str, description: str) -> str:
    """Return the chart as SVG: 0 to 100 percent from bottom to top."""
    curves = []
    for one in series[:SERIES_MAX]:
        days = sorted(day for day in one.points if axis.first <= day <= axis.last)
        points = [
            CurvePoint(
                axis.at(day), one.points[day] / 1000, joined=n > 0 and _days(days[n - 1], day) <= GAP_DAYS
            )
            for n, day in enumerate(days)
        ]  # fmt: skip
        curves.append(Curve(label=one.label, points=points))
    ticks = [(axis.at(tick.day), tick.label) for tick in axis.ticks]
    return draw_curves(
        name, curves, ticks, lambda share: f"{round(share * 100)} %", top=1.0, title=title, description=description
    )


def draw_curves(
    name: str, curves: Sequence[Curve], ticks: Sequence[tuple[float, str]], percent: Callable[[float], str], *,
    title: str, description: str, top: float = 0.0,
) -> str:  # fmt: skip
    """Return curves over ticks; the axis of shares ends at `top`, without one above the greatest figure."""
    marks = shares_to(top or max([0.01, *_ends(curves)]))
    top = marks[-1]
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - LOW

    def x(at: float) -> float:
        return LEFT + plot_width * at

    def y(share: float) -> float:
        return TOP + plot_height * (1 - min(share / top, 1.0))

    parts = []
    for share in marks:
        parts.append(tag("line", class_="ch-grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y(share), y2=y(share)))
        words = tag("text", text=percent(share), class_="ch-tick", x=LEFT - 6, y=y(share) + 4, text_anchor="end")
        parts.append(words)
    for at, label in ticks:
        parts.append(tag("text", text=label, class_="ch-tick", x=x(at), y=HEIGHT - 8, text_anchor="middle"))
        parts.append(tag("line", class_="ch-grid", x1=x(at), x2=x(at), y1=TOP, y2=HEIGHT - LOW))
    ends: list[tuple[float, int, str]] = []
    for number, one in enumerate(curves[:SERIES_MAX]):
        if not one.points:
            continue
        aside = (number - (len(curves) - 1) / 2) * ASIDE if any(point.interval for point in one.points) else 0.0
        path = "".join(
            f"{'L' if n and point.joined else 'M'}{x(point.at) + aside:.1f} {y(point.share):.1f}"
            for n, point in enumerate(one.points)
        )
        line = tag("path", class_=f"ch-line ch-line--{number}", d=path)
        drawn = [_point(point, number, x(point.at) + aside, y) for point in one.points]
        parts.append(tag("g", tag("title", text=one.label), line, *drawn))
        ends.append((y(one.points[-1].share), number, one.label))
    parts += _names(ends)
    return drawing(name, *parts, width=WIDTH, height=HEIGHT, title=title, description=description, class_="ch ch-trend")


def shares_to(top: float) -> list[float]:
    """Return the shares that are written along the axis, from 0 to `top` or just above it, 1 at most."""
    step = next((step for step in STEPS if top / step <= 5), 0.25)
    many = -int(-(top - 1e-9) // step)
    return [min(n * step, 1.0) for n in range(many + 1)]


def _ends(curves: Sequence[Curve]) -> list[float]:
    return [
        max(point.share, point.interval[1] if point.interval else 0.0)
        for curve in curves[:SERIES_MAX]
        for point in curve.points
    ]


def _point(point: CurvePoint, number: int, x: float, y: Callable[[float], float]) -> str:
    stroke = ""
    if point.interval is not None:
        low, high = point.interval
        stroke = tag("line", class_=f"ch-whisker ch-line--{number}", x1=x, x2=x, y1=y(low), y2=y(high))
    words = (tag("title", text=point.says),) if point.says else ()
    return stroke + tag("circle", *words, class_=f"ch-spot ch-line--{number}", cx=x, cy=y(point.share), r=2.6)


def _names(ends: list[tuple[float, int, str]]) -> list[str]:
    """Return the names beside the ends of the lines, moved apart where they would stand on each other."""
    places: list[float] = []
    for at, _, _ in sorted(ends):
        places.append(max(at, places[-1] + NAME_GAP if places else TOP))
    roof = HEIGHT - LOW
    for number in reversed(range(len(places))):  # those that would fall below the axis move up
        places[number] = min(places[number], roof)
        roof = places[number] - NAME_GAP
    return [
        tag(
            "text", text=shortened(label, 22), class_=f"ch-name ch-name--{number}", x=WIDTH - RIGHT + 10, y=place + 4
        )
        for place, (_, number, label) in zip(places, sorted(ends), strict=True)
    ]  # fmt: skip


def _days(first: str, last: str) -> int:
    return date.fromisoformat(last).toordinal() - date.fromisoformat(first).toordinal()
