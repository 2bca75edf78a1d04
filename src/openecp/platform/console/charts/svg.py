# SPDX-License-Identifier: Apache-2.0
"""Writes SVG: elements with escaped attributes and text. No styles: classes of a stylesheet give colours."""

from __future__ import annotations

from html import escape

import msgspec

ELLIPSIS = "…"


class Day(msgspec.Struct, frozen=True):
    """A day and what is written at it."""

    day: str
    label: str


def tag(name: str, *inner: str, text: str = "", **attributes: str | float | None) -> str:
    """Return an element; `text` is escaped, `inner` are elements. `class_` is class, `a_b` is a-b, None is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(number(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    body = escape(text, quote=False) + "".join(inner)
    return f"<{name}{written}>{body}</{name}>" if body else f"<{name}{written}/>"


def number(value: str | float) -> str:
    """Return an attribute's value, numbers with at most one decimal."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def drawing(name: str, *inner: str, width: float, height: float, title: str, description: str, class_: str) -> str:
    """Return a whole picture that says its title and description to those who do not see it."""
    return tag(
        "svg",
        tag("title", text=title, id=f"{name}-title"),
        tag("desc", text=description, id=f"{name}-desc"),
        *inner,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        class_=class_,
        role="group",
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-desc",
    )


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters, cut at a word."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    head = kept.rpartition(" ")[0] if " " in kept[most // 2 :] else kept
    return head.rstrip(" ,;:-") + ELLIPSIS
