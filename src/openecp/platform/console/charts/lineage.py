# SPDX-License-Identifier: Apache-2.0
"""Draws how the actions of one plan go on in another: two columns, a line for each link; weak ones are dashed.

Limits: 300 actions a side.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from openecp.platform.console.charts.svg import drawing, shortened, tag

WIDTH = 1200.0
COLUMN = 445.0
ROW = 25.0
HEAD = 34.0
FOOT = 10.0
SIDE_MAX = 300
LABEL_CHARS = 66


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """An action in one of the columns."""

    id: str
    number: str
    label: str
    href: str = ""


class Tie(msgspec.Struct, frozen=True, kw_only=True):
    """A link; `weak` is dashed, `sure` is drawn stronger."""

    start: str
    end: str
    relation: str
    weak: bool
    sure: bool
    label: str


def draw_lineage(
    name: str,
    left: Sequence[Node],
    right: Sequence[Node],
    ties: Sequence[Tie],
    *,
    heads: tuple[str, str],
    title: str,
    description: str,
) -> str:
    """Return the picture as SVG; each action of the left column stands as near as it can to where it leads."""
    lefts, rights = left[:SIDE_MAX], right[:SIDE_MAX]
    height = HEAD + max(len(lefts), len(rights), 1) * ROW + FOOT
    right_at = {node.id: HEAD + n * ROW + ROW / 2 for n, node in enumerate(rights)}
    left_at = placed(lefts, ties, right_at, height)
    parts = [
        tag("text", text=heads[0], class_="ch-head", x=COLUMN - 12, y=18, text_anchor="end"),
        tag("text", text=heads[1], class_="ch-head", x=WIDTH - COLUMN + 14, y=18),
    ]
    joined = {tie.start for tie in ties} | {tie.end for tie in ties}
    for tie in ties:
        if tie.start in left_at and tie.end in right_at:
            parts.append(_tie(tie, left_at[tie.start], right_at[tie.end]))
    for node in lefts:
        parts.append(_node(node, COLUMN - 12, left_at[node.id], node.id in joined, dot=COLUMN, anchor="end"))
    start = WIDTH - COLUMN
    parts += [_node(node, start + 14, right_at[node.id], node.id in joined, dot=start) for node in rights]
    return drawing(
        name, *parts, width=WIDTH, height=height, title=title, description=description, class_="ch ch-lineage"
    )


def placed(nodes: Sequence[Node], ties: Sequence[Tie], targets: dict[str, float], height: float) -> dict[str, float]:
    """Return where the nodes of the left column stand: in their order, near the middle of what they lead to."""
    wanted: list[float] = []
    for n, node in enumerate(nodes):
        ends = [targets[tie.end] for tie in ties if tie.start == node.id and tie.end in targets]
        even = HEAD + ROW / 2 + n * (height - HEAD - FOOT - ROW) / max(1, len(nodes) - 1)
        wanted.append((sum(ends) / len(ends) + 2 * even) / 3 if ends else even)
    found: dict[str, float] = {}
    floor = HEAD + ROW / 2
    for n, node in enumerate(nodes):
        ceiling = height - FOOT - ROW / 2 - (len(nodes) - 1 - n) * ROW
        found[node.id] = floor = min(max(wanted[n], floor), ceiling)
        floor += ROW
    return found


def _tie(tie: Tie, top: float, bottom: float) -> str:
    start, end = COLUMN + 6, WIDTH - COLUMN - 6
    bend = (end - start) / 2
    path = f"M{start:.1f} {top:.1f}C{start + bend:.1f} {top:.1f} {end - bend:.1f} {bottom:.1f} {end:.1f} {bottom:.1f}"
    kind = f"ch-tie ch-tie--{tie.relation}{' ch-tie--weak' if tie.weak else ''}{' ch-tie--sure' if tie.sure else ''}"
    return tag("path", tag("title", text=tie.label), class_=kind, d=path)


def _node(node: Node, x: float, y: float, joined: bool, *, dot: float, anchor: str | None = None) -> str:
    lone = "" if joined else " ch-label--lone"
    words = tag(
        "text",
        tag("tspan", text=f"{node.number} ", class_="ch-number"),
        tag("tspan", text=shortened(node.label, LABEL_CHARS)),
        class_=f"ch-label{lone}",
        x=x,
        y=y + 4.5,
        text_anchor=anchor,
    )
    point = tag("circle", class_="ch-dot" if joined else "ch-dot ch-dot--lone", cx=dot, cy=y, r=4)
    whole = tag("title", text=f"{node.number} {node.label}")
    return tag("g", tag("a", whole, words, href=node.href, class_="ch-link") if node.href else words, point)
