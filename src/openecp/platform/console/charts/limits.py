# SPDX-License-Identifier: Apache-2.0
"""Draws figures as bars, each with the limit that it should not pass where it has one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openecp.platform.console.charts.owners import LABELS, WIDTH, Mark
from openecp.platform.console.charts.svg import drawing, shortened, tag

ROW, TOP = 26.0, 30.0


class LimitBar(NamedTuple):
    """A bar: its label, its length, its limit (None for none), whether it passes it, and what stands at its end."""

    label: str
    value: float
    limit: float | None
    alarm: bool
    end: str


def draw_limits(name: str, bars: Sequence[LimitBar], marks: Sequence[Mark], *, title: str, description: str) -> str:
    """Return the picture, its axis from 0."""
    ends = [max(bar.value, bar.limit or 0.0) for bar in bars]
    most = max([1e-9, *ends, *(mark.at for mark in marks)])
    scale = (WIDTH - LABELS - 150) / most
    height = TOP + ROW * len(bars) + 8
    inner = []
    for mark in marks:
        x = LABELS + mark.at * scale
        inner.append(tag("line", class_="ch-grid", x1=x, x2=x, y1=TOP - 6, y2=height))
        inner.append(tag("text", text=mark.label, class_="ch-tick", x=x, y=TOP - 12, text_anchor="middle"))
    for number, bar in enumerate(bars):
        y = TOP + ROW * number
        inner.append(tag("text", text=shortened(bar.label, 36), class_="ch-label", x=0, y=y + 17))
        shape = "ch-bar ch-bar--bad" if bar.alarm else "ch-bar"
        length = max(bar.value, 0.0) * scale
        inner.append(tag("rect", class_=shape, x=LABELS, y=y + 6, width=length, height=14.0))
        end = LABELS + length
        if bar.limit is not None:
            x = LABELS + bar.limit * scale
            inner.append(tag("line", class_="ch-limit", x1=x, x2=x, y1=y + 2, y2=y + 24))
            end = max(end, x)
        inner.append(tag("text", text=bar.end, class_="ch-tick", x=end + 7, y=y + 17))
    return drawing(name, *inner, width=WIDTH, height=height, title=title, description=description, class_="ch")
