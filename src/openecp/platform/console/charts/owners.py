# SPDX-License-Identifier: Apache-2.0
"""Draws whose time it was: a bar for each cell, parted by owner, and one consignment's stretches by owner over time.

The same figures stand in a table beside each picture. Colours come from classes; every part says its words in a title.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openecp.platform.console.charts.svg import drawing, shortened, tag

WIDTH = 960.0
LABELS = 250.0
ROW = 34.0
TOP = 30.0


class Part(NamedTuple):
    """One owner's part of a bar: length, class, words, and where it leads ("" for nowhere)."""

    length: float
    kind: str
    says: str
    href: str = ""


class OwnerBar(NamedTuple):
    """One bar and its label."""

    label: str
    parts: tuple[Part, ...]
    end: str  # what stands at its end


class Mark(NamedTuple):
    """A place on the axis and what is written at it."""

    at: float
    label: str


def draw_bars(name: str, bars: Sequence[OwnerBar], marks: Sequence[Mark], *, title: str, description: str) -> str:
    """Return stacked bars on one axis from 0."""
    most = max([sum(part.length for part in bar.parts) for bar in bars] + [mark.at for mark in marks] + [1e-9])
    scale = (WIDTH - LABELS - 110) / most
    height = TOP + ROW * len(bars) + 8
    inner = [_tick(LABELS + mark.at * scale, mark.label, height) for mark in marks]
    for row, bar in enumerate(bars):
        y = TOP + ROW * row
        inner.append(tag("text", text=shortened(bar.label, 36), class_="ch-label", x=0, y=y + 19))
        x = LABELS
        for part in bar.parts:
            inner.append(_linked(part, x, y + 6, max(part.length * scale, 0.0), 18))
            x += part.length * scale
        inner.append(tag("text", text=bar.end, class_="ch-tick", x=x + 6, y=y + 19))
    return drawing(name, *inner, width=WIDTH, height=height, title=title, description=description, class_="ch ti-bars")


def draw_gantt(
    name: str,
    rows: Sequence[tuple[str, str, Sequence[tuple[float, float, str]]]],
    moments: Sequence[tuple[float, str]],
    marks: Sequence[Mark],
    *,
    title: str,
    description: str,
) -> str:
    """Return a row for each owner with its stretches; places run from 0 to 1; `moments` are the events."""
    scale = WIDTH - LABELS - 44  # room for the words at the last mark
    height = TOP + 26 + ROW * len(rows) + 6
    inner = [_tick(LABELS + mark.at * scale, mark.label, height) for mark in marks]
    for row, (label, kind, parts) in enumerate(rows):
        y = TOP + 26 + ROW * row
        inner.append(tag("rect", class_="ch-stripe", x=LABELS, y=y + 2, width=scale, height=ROW - 6))
        inner.append(tag("text", text=shortened(label, 36), class_="ch-label", x=0, y=y + 20))
        for start, end, says in parts:
            width = max((end - start) * scale, 1.5)
            part = Part(0, kind, says)
            inner.append(_linked(part, LABELS + start * scale, y + 5, width, ROW - 12))
    for at, says in moments:
        x = LABELS + at * scale
        inner.append(tag("circle", tag("title", text=says), class_="ti-event", cx=x, cy=TOP + 12, r=4.5))
    return drawing(name, *inner, width=WIDTH, height=height, title=title, description=description, class_="ch ti-gantt")


def _tick(x: float, label: str, height: float) -> str:
    line = tag("line", class_="ch-grid", x1=x, x2=x, y1=TOP - 6, y2=height)
    return line + tag("text", text=label, class_="ch-tick", x=x, y=TOP - 12, text_anchor="middle")


def _linked(part: Part, x: float, y: float, width: float, height: float) -> str:
    box = tag(
        "rect", tag("title", text=part.says), class_=f"ti-part ti-part--{part.kind}", x=x, y=y, width=width,
        height=height,
    )  # fmt: skip
    return tag("a", box, href=part.href, class_="ch-link", aria_label=part.says) if part.href else box
