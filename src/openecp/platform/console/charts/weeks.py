# SPDX-License-Identifier: Apache-2.0
"""Draws a few weeks as small columns within a line of a table; hidden from those who hear the numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openecp.platform.console.charts.svg import tag

COLUMN, GAP, HEIGHT = 14.0, 4.0, 26.0


class WeekColumn(NamedTuple):
    """A week: what was selected, of it what was controlled, of that what was irregular."""

    selected: int
    results: int
    irregular: int


def draw_weeks(weeks: Sequence[WeekColumn], most: int) -> str:
    """Return columns as high as what was selected is of `most`, the controlled and the irregular part darker."""
    parts, foot = [], HEIGHT - 1
    for number, week in enumerate(weeks):
        x = number * (COLUMN + GAP)
        parts.append(tag("line", class_="ch-foot", x1=x, x2=x + COLUMN, y1=foot + 0.5, y2=foot + 0.5))
        counts = (("selected", week.selected), ("result", week.results), ("irregular", week.irregular))
        for kind, count in counts:
            if count:
                high = max(1.5, (foot - 1) * count / max(1, most))
                column = tag("rect", class_=f"ch-week ch-week--{kind}", x=x, y=foot - high, width=COLUMN, height=high)
                parts.append(column)
    width = len(weeks) * (COLUMN + GAP) - GAP
    return tag(
        "svg", *parts, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:.0f} {HEIGHT:.0f}", width=width,
        height=HEIGHT, class_="ch ch-weeks", aria_hidden="true", focusable="false",
    )  # fmt: skip
