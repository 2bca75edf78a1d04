# SPDX-License-Identifier: Apache-2.0
"""Draws medians with their intervals: a dot on a line, one row a cell; the figures stand in a table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openecp.platform.console.charts.owners import LABELS, TOP, WIDTH, Mark
from openecp.platform.console.charts.svg import drawing, shortened, tag

ROW = 28.0


class MedianRow(NamedTuple):
    """One cell: its median, the interval of it where there is one, and the median in words."""

    label: str
    median: float
    interval: tuple[float, float] | None
    says: str


def draw_medians(name: str, rows: Sequence[MedianRow], marks: Sequence[Mark], *, title: str, description: str) -> str:
    """Return the picture; the axis runs from the least to the greatest of what is shown, and through 0."""
    ends = [value for row in rows for value in (row.median, *(row.interval or ()))]
    low, high = min([0.0, *ends]), max([1e-9, *ends, *(mark.at for mark in marks)])
    scale = (WIDTH - LABELS - 110) / (high - low)
    height = TOP + ROW * len(rows) + 8
    inner = []
    for mark in marks:
        x = LABELS + (mark.at - low) * scale
        inner.append(tag("line", class_="ch-grid", x1=x, x2=x, y1=TOP - 6, y2=height))
        inner.append(tag("text", text=mark.label, class_="ch-tick", x=x, y=TOP - 12, text_anchor="middle"))
    for number, row in enumerate(rows):
        y = TOP + ROW * number + 14
        inner.append(tag("text", text=shortened(row.label, 36), class_="ch-label", x=0, y=y + 4))
        end = row.median
        if row.interval is not None:
            first, last = (LABELS + (value - low) * scale for value in row.interval)
            inner.append(tag("line", class_="ti-interval", x1=first, x2=last, y1=y, y2=y))
            end = max(end, row.interval[1])
        inner.append(tag("circle", class_="ti-median", cx=LABELS + (row.median - low) * scale, cy=y, r=5))
        inner.append(tag("text", text=row.says, class_="ch-tick", x=LABELS + (end - low) * scale + 9, y=y + 4))
    return drawing(
        name, *inner, width=WIDTH, height=height, title=title, description=description, class_="ch ti-medians"
    )
