# SPDX-License-Identifier: Apache-2.0
"""Draws what held when: a row for each place, a bar for each rule with its first and last day; open ends have none.

Limits: 100 rows, 12 lanes a row; what lies outside the axis is cut at its edge and marked as going on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from openecp.platform.console.charts.svg import drawing, shortened, tag
from openecp.platform.console.charts.timeline import Axis

WIDTH = 1200.0
LABELS = 190.0  # room for the names of rows
LANE = 24.0
ROW_GAP = 9.0
HEAD = 46.0
FOOT = 8.0
EDGE = 7.0  # of the arrow of a bar that goes on
CHAR = 7.4  # width of a letter within a bar
ROWS_MAX, LANES_MAX = 100, 12


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: from `start` to `end`, both included; None: nobody knows or nobody has set it."""

    label: str
    start: str | None
    end: str | None
    tone: Literal["runs", "incomplete"]
    says: str  # the whole of it, for those who point at the bar
    href: str = ""


class PeriodRow(msgspec.Struct, frozen=True, kw_only=True):
    """A place and the rules of it."""

    label: str
    periods: tuple[Period, ...]
    href: str = ""


def lanes_of(periods: Sequence[Period]) -> list[list[Period]]:
    """Return the rules in as few lanes as keep those apart that hold at the same time."""
    lanes: list[list[Period]] = []
    for period in sorted(periods, key=lambda each: (each.start or "", each.end or "9999")):
        for lane in lanes:
            last = lane[-1].end
            if last is not None and last < (period.start or ""):
                lane.append(period)
                break
        else:
            lanes.append([period])
    return lanes[:LANES_MAX]


def draw_periods(
    name: str, rows: Sequence[PeriodRow], axis: Axis, today: str, today_label: str, *, title: str, description: str
) -> str:
    """Return the chart as SVG; `name` is its own within the page."""
    parts: list[str] = []
    y = HEAD
    bars: list[str] = []
    for number, row in enumerate(rows[:ROWS_MAX]):
        lanes = lanes_of(row.periods)
        height = len(lanes) * LANE + ROW_GAP
        if number % 2:
            parts.append(tag("rect", class_="ch-stripe", x=0, y=y, width=WIDTH, height=height))
        bars.append(_label(row, y + height / 2))
        for at, lane in enumerate(lanes):
            bars += [_bar(period, axis, y + ROW_GAP / 2 + at * LANE) for period in lane if _shown(period, axis)]
        y += height
    low = y + FOOT
    for tick in axis.ticks:
        parts.append(tag("line", class_="ch-grid", x1=_x(axis, tick.day), x2=_x(axis, tick.day), y1=HEAD - 8, y2=low))
        parts.append(tag("text", text=tick.label, class_="ch-tick", x=_x(axis, tick.day) + 3, y=HEAD - 10))
    now = _x(axis, today)
    marks = [
        tag("line", class_="ch-today", x1=now, x2=now, y1=HEAD - 22, y2=low),
        tag("text", text=today_label, class_="ch-mark ch-mark--today", x=now + 5, y=HEAD - 28),
    ]
    return drawing(
        name, *parts, *bars, *marks, width=WIDTH, height=low, title=title, description=description,
        class_="ch ch-periods",
    )  # fmt: skip


def _x(axis: Axis, day: str) -> float:
    return LABELS + (WIDTH - LABELS - EDGE) * axis.at(day)


def _shown(period: Period, axis: Axis) -> bool:
    return (period.end or "9999") >= axis.first and (period.start or "") <= axis.last


def _bar(period: Period, axis: Axis, y: float) -> str:
    left = _x(axis, period.start) if period.start and period.start > axis.first else LABELS
    goes_on = period.end is None or period.end > axis.last
    right = _x(axis, axis.last if goes_on or period.end is None else period.end)
    width, top, height = max(4.0, right - left), y + 2, LANE - 5
    tip = f"l{EDGE:.1f} {height / 2:.1f}l-{EDGE:.1f} {height / 2:.1f}" if goes_on else f"v{height:.1f}"
    shape = tag(
        "path", class_=f"ch-period ch-period--{period.tone}", d=f"M{left:.1f} {top:.1f}h{width:.1f}{tip}H{left:.1f}z"
    )
    room = int((width - 10) / CHAR)
    parts = [tag("title", text=period.says), shape]
    if room >= 4:
        text = shortened(period.label, room)
        parts.append(tag("text", text=text, class_=f"ch-within ch-within--{period.tone}", x=left + 6, y=top + 13.8))
    return tag("a", *parts, href=period.href, class_="ch-link") if period.href else tag("g", *parts)


def _label(row: PeriodRow, middle: float) -> str:
    words = tag("text", text=shortened(row.label, 27), class_="ch-label", x=4, y=middle + 4.5)
    whole = tag("title", text=row.label)
    return tag("a", whole, words, href=row.href, class_="ch-link") if row.href else tag("g", whole, words)
