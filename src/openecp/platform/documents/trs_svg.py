# SPDX-License-Identifier: Apache-2.0
"""Draws the charts of a study's report as SVG: plain shapes with their own colours, the same on pages and on paper."""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10

WIDTH = 720.0
INK, GREY, GRID = "#16324f", "#4a5560", "#d5dbe1"
# Told apart by people who see colours differently, and dark enough on white for shapes.
COLOURS = ("#1f5a92", "#c2570c", "#2f7d4f", "#7a4fa3", "#9a7b00", "#b3261e", "#3d8a99", "#7d838c")
FONT = "Libertinus Serif, Georgia, serif"


def tag(name: str, *inner: str, text: str = "", **attributes: str | float) -> str:
    """Return an element; `text` is escaped, `inner` are elements; `a_b` is a-b."""
    written = "".join(
        f' {key.replace("_", "-")}="{escape(number(value), quote=True)}"' for key, value in attributes.items()
    )
    body = escape(text, quote=False) + "".join(inner)
    return f"<{name}{written}>{body}</{name}>" if body else f"<{name}{written}/>"


def number(value: str | float) -> str:
    """Return an attribute's value, numbers with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def words(text: str, x: float, y: float, *, anchor: str = "start", size: float = 12.0, fill: str = GREY) -> str:
    """Return a text at a place."""
    return tag("text", text=text, x=x, y=y, text_anchor=anchor, font_size=size, fill=fill)


def line(x1: float, y1: float, x2: float, y2: float, stroke: str = GRID, width: float = 1.0) -> str:
    """Return a straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width)


def drawing(name: str, parts: list[str], height: float, title: str, description: str) -> str:
    """Return a whole picture that says its title and description to those who do not see it."""
    return tag(
        "svg",
        tag("title", text=title, id=f"{name}-t"),
        tag("desc", text=description, id=f"{name}-d"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(WIDTH)} {number(height)}",
        width=WIDTH,
        height=height,
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
        font_family=FONT,
    )


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


class Scale:
    """A straight scale from values to places, with round ticks."""

    def __init__(self, low: float, high: float, start: float, end: float, *, comma: bool = False) -> None:
        if high <= low:
            high = low + 1
        self.low, self.high, self.start, self.end, self.comma = low, high, start, end, comma

    def at(self, value: float) -> float:
        """Return the place of a value; what lies outside lies on the edge."""
        share = (min(self.high, max(self.low, value)) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """Return round values on the scale with their texts."""
        raw = (self.high - self.low) / most
        base = 10 ** floor(log10(raw))
        step = next(base * factor for factor in (1, 2, 5, 10) if base * factor >= raw * 0.999)
        places = max(0, -floor(log10(step) + 1e-9))
        found = []
        for count in range(ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9) + 1):
            text = f"{count * step:,.{places}f}"
            text = text.replace(",", "\u202f").replace(".", ",") if self.comma else text.replace(",", "\u202f")
            found.append((count * step, text.replace("-", "\u2212")))
        return found
