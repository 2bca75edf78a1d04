# SPDX-License-Identifier: Apache-2.0
"""Draws counts as a stacked bar beside their numbers in a table; hidden from those who hear the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from openecp.platform.console.charts.svg import tag

WIDTH = 220.0
HEIGHT = 14.0


def draw_stack(counts: Mapping[str, int], order: Sequence[str], most: int) -> str:
    """Return a bar as long as the sum of the counts is of `most`, parted by colour in a given order."""
    x, parts = 0.0, []
    for code in order:
        width = WIDTH * counts.get(code, 0) / max(1, most)
        if width:
            parts.append(tag("rect", class_=f"ch-bar ch-bar--{code}", x=x, y=1, width=max(1.0, width - 1), height=12))
        x += width
    return tag(
        "svg", *parts, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}", width=WIDTH,
        height=HEIGHT, class_="ch ch-stack", aria_hidden="true", focusable="false",
    )  # fmt: skip
