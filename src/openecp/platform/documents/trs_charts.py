# SPDX-License-Identifier: Apache-2.0
"""The charts of a study's report, each from its data alone. Its table, which says the same, stands beside it."""

from __future__ import annotations

from openecp.border.time_release.report.blocks import (
    Bars,
    Boxes,
    Figure,
    Heat,
    Histogram,
    Lines,
    Milestones,
    Process,
)
from openecp.platform.documents.trs_svg import (
    COLOURS,
    GREY,
    GRID,
    INK,
    WIDTH,
    Scale,
    drawing,
    line,
    shortened,
    tag,
    words,
)

LABELS, RIGHT, ROW = 210.0, 20.0, 24.0
LABEL_CHARS = 34
WIDE, WIDE_CHARS = 330.0, 56


def draw(figure: Figure, name: str, language: str) -> str:
    """Return a figure's chart as SVG; `name` is its own within the page."""
    comma = language == "fr"
    match figure.chart:
        case Bars():
            parts, height = _bars(figure.chart, comma)
        case Boxes():
            parts, height = _boxes(figure.chart, comma)
        case Lines():
            parts, height = _lines(figure.chart, comma)
        case Histogram():
            parts, height = _histogram(figure.chart, comma)
        case Heat():
            parts, height = _heat(figure.chart)
        case Milestones():
            parts, height = _milestones(figure.chart, comma)
        case Process():
            parts, height = _process(figure.chart, name)
    return drawing(name, parts, height, figure.caption, figure.description)


def _legend(series: tuple[str, ...], y: float) -> tuple[list[str], float]:
    parts, x = [], 4.0
    for place, label in enumerate(series):
        wide = 30 + 6.4 * len(label)
        if x + wide > WIDTH:
            x, y = 4.0, y + 18
        parts.append(tag("rect", x=x, y=y - 9, width=11.0, height=11.0, fill=COLOURS[place % len(COLOURS)]))
        parts.append(words(label, x + 16, y))
        x += wide
    return parts, y + 10


def _grid(scale: Scale, top: float, low: float, unit: str) -> list[str]:
    parts = []
    for value, text in scale.ticks():
        parts.append(line(scale.at(value), top, scale.at(value), low))
        parts.append(words(text, scale.at(value), low + 15, anchor="middle"))
    if unit:
        parts.append(words(unit, WIDTH - 2, low + 30, anchor="end"))
    return parts


def _bars(chart: Bars, comma: bool) -> tuple[list[str], float]:
    parts, top = _legend(chart.series, 14.0) if len(chart.series) > 1 else ([], 4.0)
    most = max((sum(row) for row in chart.values), default=1.0)
    wide = max((len(label) for label in chart.labels), default=0) > LABEL_CHARS
    left_edge, chars = (WIDE, WIDE_CHARS) if wide else (LABELS, LABEL_CHARS)
    low = top + ROW * len(chart.labels) + 4
    scale = Scale(0, most if chart.unit != "%" else max(most, 100.0), left_edge, WIDTH - RIGHT, comma=comma)
    parts += _grid(scale, top, low, chart.unit)
    for place, (label, row) in enumerate(zip(chart.labels, chart.values, strict=True)):
        y = top + place * ROW
        parts.append(words(shortened(label, chars), left_edge - 8, y + 17, anchor="end", fill=INK))
        since = 0.0
        for series, value in enumerate(row):
            left, right = scale.at(since), scale.at(since + value)
            since += value
            if right - left > 0.05:
                fill = COLOURS[series % len(COLOURS)]
                parts.append(tag("rect", x=left, y=y + 5, width=right - left, height=ROW - 8, fill=fill))
    return parts, low + 36


def _boxes(chart: Boxes, comma: bool) -> tuple[list[str], float]:
    low = ROW * len(chart.labels) + 8
    least, most = min(row[0] for row in chart.values), max(row[4] for row in chart.values)
    scale = Scale(min(0.0, least), most * 1.02 if most > 0 else 1.0, LABELS, WIDTH - RIGHT, comma=comma)
    parts = _grid(scale, 4, low, chart.unit)
    for place, (label, row) in enumerate(zip(chart.labels, chart.values, strict=True)):
        middle = 4 + place * ROW + ROW / 2
        p10, p25, median, p75, p90 = (scale.at(value) for value in row)
        parts.append(words(shortened(label, LABEL_CHARS), LABELS - 8, middle + 4, anchor="end", fill=INK))
        parts.append(line(p10, middle, p90, middle, INK, 1.2))
        parts += [line(end, middle - 4, end, middle + 4, INK, 1.2) for end in (p10, p90)]
        box = tag("rect", x=p25, y=middle - 7, width=max(1.0, p75 - p25), height=14.0, fill="#b9cfe4", stroke=INK)
        parts += [box, line(median, middle - 7, median, middle + 7, COLOURS[5], 2.4)]
    return parts, low + 36


def _lines(chart: Lines, comma: bool) -> tuple[list[str], float]:
    parts, top = _legend(tuple(label for label, _ in chart.series), 14.0) if len(chart.series) > 1 else ([], 10.0)
    points = [point for _, line_points in chart.series for point in line_points]
    low, left = top + 230, 62.0
    if not points:
        return parts, low
    xs, ys = [x for x, _ in points], [y for _, y in points]
    x = Scale(min(xs), max(xs), left, WIDTH - RIGHT, comma=comma)
    y = Scale(0.0 if chart.share else min(0.0, *ys), 1.0 if chart.share else max(ys) * 1.05, low, top, comma=comma)
    for value, text in y.ticks(5):
        parts.append(line(left, y.at(value), WIDTH - RIGHT, y.at(value)))
        shown = f"{round(value * 100)} %" if chart.share else text
        parts.append(words(shown, left - 6, y.at(value) + 4, anchor="end"))
    for at, text in chart.x_labels or x.ticks(8):
        parts.append(line(x.at(at), low, x.at(at), low + 4, GREY))
        parts.append(words(text, x.at(at), low + 16, anchor="middle"))
    for place, (_, one) in enumerate(chart.series):
        path = ""
        for number, (at, value) in enumerate(one):
            px, py = x.at(at), y.at(value)
            if not number:
                path = f"M{px:.1f} {py:.1f}"
            else:
                path += f"H{px:.1f}V{py:.1f}" if chart.steps else f"L{px:.1f} {py:.1f}"
        dash = ("", "7 3", "2 3", "9 3 2 3", "5 5", "1 3")[place % 6]
        extra = {"stroke_dasharray": dash} if dash else {}
        parts.append(tag("path", d=path, fill="none", stroke=COLOURS[place % len(COLOURS)], stroke_width=2.0, **extra))
    if chart.x_title:
        parts.append(words(chart.x_title, WIDTH - RIGHT, low + 34, anchor="end"))
    if chart.y_title and not chart.share:
        parts.append(words(chart.y_title, left + 4, top - 2))
    return parts, low + (40 if chart.x_title else 26)


def _histogram(chart: Histogram, comma: bool) -> tuple[list[str], float]:
    top, low, left = 14.0, 230.0, 62.0
    width = (WIDTH - RIGHT - left) / max(1, len(chart.bins))
    most = max((n or 0 for _, _, n in chart.bins), default=1)
    y = Scale(0, most * 1.05 or 1, low, top, comma=comma)
    parts = []
    for value, text in y.ticks(5):
        parts.append(line(left, y.at(value), WIDTH - RIGHT, y.at(value)))
        parts.append(words(text, left - 6, y.at(value) + 4, anchor="end"))
    every = max(1, len(chart.bins) // 8)
    for place, (start, _, n) in enumerate(chart.bins):
        x = left + place * width
        if n is None:
            parts.append(tag("rect", x=x + 1, y=low - 4, width=width - 2, height=4.0, fill=GRID))
        elif n:
            parts.append(tag("rect", x=x + 1, y=y.at(n), width=width - 2, height=low - y.at(n), fill=COLOURS[0]))
        if place and place % every == 0:
            text = f"{start:,.2f}".rstrip("0").rstrip(".").replace(",", "\u202f")
            text = text.replace(".", ",") if comma else text
            parts.append(line(x, low, x, low + 4, GREY))
            parts.append(words(text.replace("-", "\u2212"), x, low + 16, anchor="middle"))
    parts.append(line(left, low, WIDTH - RIGHT, low, GREY))
    parts.append(words(chart.x_title, WIDTH - RIGHT, low + 34, anchor="end"))
    return parts, low + 40


def _heat(chart: Heat) -> tuple[list[str], float]:
    left, top, tall = 48.0, 4.0, 24.0
    width = (WIDTH - RIGHT - left) / max(1, len(chart.columns))
    most = max((n or 0 for row in chart.values for n in row), default=1) or 1
    parts = []
    for place, (label, row) in enumerate(zip(chart.rows, chart.values, strict=True)):
        y = top + place * tall
        parts.append(words(label, left - 8, y + 16, anchor="end", fill=INK))
        for column, n in enumerate(row):
            x = left + column * width
            if n is None:
                parts.append(words("–", x + width / 2, y + 16, anchor="middle"))
                continue
            share = n / most
            red, green, blue = (round(255 + (dark - 255) * share) for dark in (22, 76, 130))
            fill = f"#{red:02x}{green:02x}{blue:02x}"
            parts.append(
                tag("rect", x=x, y=y, width=width - 1, height=tall - 1, fill=fill, stroke=GRID, stroke_width=0.5)
            )
    low = top + tall * len(chart.rows)
    for column, label in enumerate(chart.columns):
        if column % 2 == 0:
            parts.append(words(label, left + column * width + width / 2, low + 15, anchor="middle"))
    return parts, low + 22


def _milestones(chart: Milestones, comma: bool) -> tuple[list[str], float]:
    low = ROW * len(chart.rows) + 8
    least = min((row[1] for row in chart.rows), default=0.0)
    most = max((row[3] for row in chart.rows), default=1.0)
    scale = Scale(min(0.0, least), most, LABELS, WIDTH - RIGHT, comma=comma)
    parts = _grid(scale, 4, low, chart.unit)
    for place, (label, p25, median, p75) in enumerate(chart.rows):
        middle = 4 + place * ROW + ROW / 2
        parts.append(words(shortened(label, LABEL_CHARS), LABELS - 8, middle + 4, anchor="end", fill=INK))
        left, right = scale.at(p25), scale.at(p75)
        parts.append(tag("rect", x=left, y=middle - 5, width=max(1.0, right - left), height=10.0, fill="#b9cfe4"))
        parts.append(tag("circle", cx=scale.at(median), cy=middle, r=4.5, fill=COLOURS[5]))
    return parts, low + 36


def _process(chart: Process, name: str) -> tuple[list[str], float]:
    """Draw activities from top to bottom; steps down run on the right, steps back on the left."""
    tall, middle, half = 44.0, WIDTH / 2, 112.0
    most = max((n for _, _, n, _ in chart.edges), default=1)
    parts = [
        tag(
            "defs",
            tag(
                "marker",
                tag("path", d="M0 0L7 3.5L0 7z", fill=INK),
                id=f"{name}-arrow",
                markerWidth=7,
                markerHeight=7,
                refX=6,
                refY=3.5,
                orient="auto",
                markerUnits="userSpaceOnUse",
            ),
        )
    ]
    labels = []
    for first, then, n, text in chart.edges:
        y1, y2 = 20 + first * tall, 20 + then * tall
        thick = 0.8 + 4.2 * n / most
        if then == first + 1:
            path, at = f"M{middle:.1f} {y1 + 13:.1f}V{y2 - 14:.1f}", (middle + 5, (y1 + y2) / 2 + 4, "start")
        else:
            side = 1 if then > first else -1
            reach = min(230.0, 26.0 + 22.0 * abs(then - first))
            x = middle + side * half
            bend = x + side * reach
            shift = -4 if then > first else 4
            path = (
                f"M{x:.1f} {y1 - shift:.1f}C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x + side * 2:.1f} {y2 + shift:.1f}"
            )
            at = (x + side * (reach * 0.75 + 5), (y1 + y2) / 2 + 4, "start" if side > 0 else "end")
        parts.append(
            tag(
                "path",
                d=path,
                fill="none",
                stroke="#6c8cab",
                stroke_width=thick,
                marker_end=f"url(#{name}-arrow)",
                opacity=0.85,
            )
        )
        labels.append((text, at))
    for place, label in enumerate(chart.nodes):
        y = 20 + place * tall
        parts.append(
            tag("rect", x=middle - half, y=y - 13, width=2 * half, height=26.0, rx=4.0, fill="#e4eaf0", stroke=INK)
        )
        parts.append(words(shortened(label, 36), middle, y + 4, anchor="middle", fill=INK))
    taken: list[tuple[float, float]] = []
    for text, (x, y, anchor) in sorted(labels, key=lambda one: (one[1][1], one[1][0])):
        while any(abs(x - other) < 34 and abs(y - height) < 11 for other, height in taken):
            y += 11
        taken.append((x, y))
        halo = tag("text", text=text, x=x, y=y, text_anchor=anchor, font_size=11.0, stroke="#ffffff", stroke_width=3.0)
        parts += [halo, words(text, x, y, anchor=anchor, size=11.0, fill=INK)]
    return parts, 20 + (len(chart.nodes) - 1) * tall + 24
