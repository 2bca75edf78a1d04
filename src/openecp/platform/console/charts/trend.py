# SPDX-License-Identifier: Apache-2.0
"""Draws shares over days as lines, one for each series, each with its own dash and its name at the end.

Limits: 6 series; days without a figure are not bridged over more than GAP_DAYS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from openecp.platform.console.charts.svg import drawing, shortened, tag
from openecp.platform.console.charts.timeline import Axis

WIDTH, HEIGHT = 1000.0, 300.0
LEFT, RIGHT, TOP, LOW = 52.0, 130.0, 16.0, 30.0
SERIES_MAX = 6
GAP_DAYS = 7
NAME_GAP = 15.0  # between two names at the end


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A line: its name, and thousandths by day."""

    label: str
    points: Mapping[str, int]


def draw_trend(name: str, series: Sequence[Series], axis: Axis, *, title: str, description: str) -> str:
    """Return the chart as SVG: 0 to 100 percent from bottom to top."""
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - LOW

    def x(day: str) -> float:
        return LEFT + plot_width * axis.at(day)

    def y(thousandths: int) -> float:
        return TOP + plot_height * (1 - thousandths / 1000)

    parts = []
    for share in (0, 250, 500, 750, 1000):
        parts.append(tag("line", class_="ch-grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y(share), y2=y(share)))
        words = tag("text", text=f"{share // 10} %", class_="ch-tick", x=LEFT - 6, y=y(share) + 4, text_anchor="end")
        parts.append(words)
    for tick in axis.ticks:
        parts.append(tag("text", text=tick.label, class_="ch-tick", x=x(tick.day), y=HEIGHT - 8, text_anchor="middle"))
        parts.append(tag("line", class_="ch-grid", x1=x(tick.day), x2=x(tick.day), y1=TOP, y2=HEIGHT - LOW))
    ends: list[tuple[float, int, str]] = []
    for number, one in enumerate(series[:SERIES_MAX]):
        days = sorted(day for day in one.points if axis.first <= day <= axis.last)
        if not days:
            continue
        path = "".join(
            f"{'M' if n == 0 or _days(days[n - 1], day) > GAP_DAYS else 'L'}{x(day):.1f} {y(one.points[day]):.1f}"
            for n, day in enumerate(days)
        )
        dots = [
            tag("circle", class_=f"ch-spot ch-line--{number}", cx=x(day), cy=y(one.points[day]), r=2.6) for day in days
        ]
        line = tag("path", class_=f"ch-line ch-line--{number}", d=path)
        parts.append(tag("g", tag("title", text=one.label), line, *dots))
        ends.append((y(one.points[days[-1]]), number, one.label))
    parts += _names(ends)
    return drawing(name, *parts, width=WIDTH, height=HEIGHT, title=title, description=description, class_="ch ch-trend")


def _names(ends: list[tuple[float, int, str]]) -> list[str]:
    """Return the names beside the ends of the lines, moved apart where they would stand on each other."""
    found, floor = [], TOP
    for at, number, label in sorted(ends):
        place = max(at, floor)
        floor = place + NAME_GAP
        text = shortened(label, 18)
        found.append(
            tag(
                "text",
                text=text,
                class_=f"ch-name ch-name--{number}",
                x=WIDTH - RIGHT + 10,
                y=min(place, HEIGHT - LOW) + 4,
            )
        )
    return found


def _days(first: str, last: str) -> int:
    return date.fromisoformat(last).toordinal() - date.fromisoformat(first).toordinal()
