# SPDX-License-Identifier: Apache-2.0
"""Draws actions over time: bars end on a due date, bands of lasting work fade out and have no end.

Reads: bars and marks by day. Limits: 500 rows; what lies outside the axis is cut at its edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

import msgspec

from openecp.platform.console.charts.svg import Day, drawing, shortened, tag

WIDTH = 1200.0
LABELS = 372.0  # room for the names of rows
CAPTIONS = 200.0  # room after the end of a bar
ROW = 23.0
HEAD = 58.0
FOOT = 8.0
ROWS_MAX = 500
LABEL_CHARS = 62
CAPTION_CHARS = 36


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A row: from `start` to `end`; no `end`: it goes on, and the chart must not make one up."""

    id: str
    label: str
    start: str
    end: str | None
    tone: Literal["red", "amber", "green", "grey"]
    caption: str
    href: str = ""
    points: tuple[str, ...] = ()  # days on which something is due again and again


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A line across all rows: a session, the day asked for, the plan's end."""

    day: str
    label: str
    kind: Literal["session", "today", "end"]


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """From which day to which, and what is written along it."""

    first: str
    last: str
    ticks: tuple[Day, ...] = ()

    def at(self, day: str) -> float:
        """Return where a day lies, 0 to 1; days outside lie on the edge."""
        first, last = _ordinal(self.first), _ordinal(self.last)
        return min(1.0, max(0.0, (_ordinal(day) - first) / max(1, last - first)))


def draw_timeline(
    name: str, bars: Sequence[Bar], axis: Axis, marks: Sequence[Mark], *, title: str, description: str
) -> str:
    """Return the chart as SVG; `name` is its own within the page."""
    rows = bars[:ROWS_MAX]
    height = HEAD + len(rows) * ROW + FOOT
    plot = WIDTH - LABELS - CAPTIONS

    def x(day: str) -> float:
        return LABELS + plot * axis.at(day)

    parts = [_fades(name)]
    parts += [
        tag("rect", class_="ch-stripe", x=0, y=HEAD + n * ROW, width=WIDTH, height=ROW) for n in range(1, len(rows), 2)
    ]
    for tick in axis.ticks:
        parts.append(tag("line", class_="ch-grid", x1=x(tick.day), x2=x(tick.day), y1=HEAD - 6, y2=height - FOOT))
        parts.append(tag("text", text=tick.label, class_="ch-tick", x=x(tick.day) + 3, y=HEAD - 9))
    for n, mark in enumerate(mark for mark in marks if axis.first <= mark.day <= axis.last):
        parts += _mark(mark, x(mark.day), height, 13.0 if mark.kind == "session" and n % 2 else 26.0)
    for n, bar in enumerate(rows):
        parts.append(_row(name, bar, axis, HEAD + n * ROW, x(bar.start), x(bar.end) if bar.end else LABELS + plot))
    return drawing(
        name, *parts, width=WIDTH, height=height, title=title, description=description, class_="ch ch-timeline"
    )


def _fades(name: str) -> str:
    tones = ("red", "amber", "green", "grey")
    return tag(
        "defs",
        *(
            tag(
                "linearGradient",
                tag("stop", offset="0.55", class_=f"ch-stop--{tone}", stop_opacity="1"),
                tag("stop", offset="1", class_=f"ch-stop--{tone}", stop_opacity="0"),
                id=f"{name}-fade-{tone}",
            )
            for tone in tones
        ),
    )


def _mark(mark: Mark, x: float, height: float, y: float) -> list[str]:
    if mark.kind == "session":
        line = tag("line", class_="ch-session", x1=x, x2=x, y1=y + 3, y2=height - FOOT)
        sign = tag("path", class_="ch-session-sign", d=f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z")
        return [line, sign, tag("text", text=mark.label, class_="ch-mark", x=x + 8, y=y + 4)]
    low = height - FOOT
    line = tag("line", class_=f"ch-{mark.kind}", x1=x, x2=x, y1=HEAD - 6, y2=low)
    side = {"text_anchor": "end"} if mark.kind == "end" else {}
    put = x - 4 if mark.kind == "end" else x + 4
    return [line, tag("text", text=mark.label, class_=f"ch-mark ch-mark--{mark.kind}", x=put, y=HEAD - 22, **side)]


def _row(name: str, bar: Bar, axis: Axis, y: float, left: float, right: float) -> str:
    middle = y + ROW / 2
    parts = [_label(bar, middle)]
    width = max(3.0, right - left)
    if bar.end is not None:
        shape = tag("rect", class_=f"ch-bar ch-bar--{bar.tone}", x=left, y=y + 5, width=width, height=ROW - 10, rx=2)
        parts += [
            shape,
            tag("text", text=shortened(bar.caption, CAPTION_CHARS), class_="ch-caption", x=right + 7, y=middle + 4.5),
        ]
    else:
        fill = f"url(#{name}-fade-{bar.tone})"
        shape = tag("rect", class_="ch-band", x=left, y=y + 7, width=width, height=ROW - 14, fill=fill)
        parts += [
            shape,
            tag("text", text=shortened(bar.caption, CAPTION_CHARS), class_="ch-caption", x=right + 7, y=middle + 4.5),
        ]
        for day in bar.points:
            if axis.first <= day <= axis.last:
                at = LABELS + (WIDTH - LABELS - CAPTIONS) * axis.at(day)
                parts.append(tag("circle", class_=f"ch-point ch-bar--{bar.tone}", cx=at, cy=middle, r=4.5))
    return tag("g", *parts)


def _label(bar: Bar, middle: float) -> str:
    words = tag("text", text=shortened(bar.label, LABEL_CHARS), class_="ch-label", x=4, y=middle + 4.5)
    whole = tag("title", text=bar.label)
    return tag("a", whole, words, href=bar.href, class_="ch-link") if bar.href else tag("g", whole, words)


def _ordinal(day: str) -> int:
    return date.fromisoformat(day if len(day) == 10 else f"{day}-01").toordinal()
