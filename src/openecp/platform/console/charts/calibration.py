# SPDX-License-Identifier: Apache-2.0
"""Draws how well foreseen shares came true: a dot for each tenth, on the line where both are equal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import NamedTuple

from openecp.platform.console.charts.svg import drawing, tag

WIDTH, HEIGHT = 520.0, 420.0
LEFT, RIGHT, TOP, LOW = 64.0, 20.0, 16.0, 52.0
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25)


class Tenth(NamedTuple):
    """Rows of like scores: the share that was foreseen, the share that came true, how many rows, and words."""

    foreseen: float
    happened: float
    rows: int
    says: str


def draw_calibration(
    name: str, tenths: Sequence[Tenth], percent: Callable[[float], str], *, axes: tuple[str, str], title: str,
    description: str,
) -> str:  # fmt: skip
    """Return the picture; both axes run from 0 to the greatest share; `axes` are their words, x and y."""
    most = max([0.01, *(one.foreseen for one in tenths), *(one.happened for one in tenths)]) * 1.05
    step = next((step for step in STEPS if most / step <= 6), 0.25)
    top = min(step * (int(most / step) + 1), 1.0)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - LOW
    inner = []
    for number in range(round(top / step) + 1):
        share = min(number * step, top)
        x, y = LEFT + wide * share / top, TOP + high * (1 - share / top)
        inner.append(tag("line", class_="ch-grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y))
        inner.append(tag("line", class_="ch-grid", x1=x, x2=x, y1=TOP, y2=HEIGHT - LOW))
        inner.append(tag("text", text=percent(share), class_="ch-tick", x=LEFT - 7, y=y + 4, text_anchor="end"))
        inner.append(tag("text", text=percent(share), class_="ch-tick", x=x, y=HEIGHT - LOW + 18, text_anchor="middle"))
    inner.append(tag("line", class_="ch-equal", x1=LEFT, x2=WIDTH - RIGHT, y1=HEIGHT - LOW, y2=TOP))
    inner.append(tag("text", text=axes[0], class_="ch-tick", x=LEFT + wide / 2, y=HEIGHT - 10, text_anchor="middle"))
    turn = f"rotate(-90 14 {TOP + high / 2:.0f})"
    inner.append(
        tag("text", text=axes[1], class_="ch-tick", x=14, y=TOP + high / 2, text_anchor="middle", transform=turn)
    )
    largest = max([1, *(one.rows for one in tenths)])
    places = [(LEFT + wide * min(t.foreseen / top, 1.0), TOP + high * (1 - min(t.happened / top, 1.0))) for t in tenths]
    path = "".join(f"{'L' if n else 'M'}{x:.1f} {y:.1f}" for n, (x, y) in enumerate(places))
    if path:
        inner.append(tag("path", class_="ch-line ch-line--0", d=path))
    for one, (x, y) in zip(tenths, places, strict=True):
        radius = 3 + 6 * sqrt(one.rows / largest)
        inner.append(tag("circle", tag("title", text=one.says), class_="ch-dot", cx=x, cy=y, r=radius))
    return drawing(
        name, *inner, width=WIDTH, height=HEIGHT, title=title, description=description, class_="ch ch-square"
    )
