# SPDX-License-Identifier: Apache-2.0
"""docs/standards.md, made from the standards register: what is claimed, what shows it, what is open."""

from __future__ import annotations

from collections.abc import Sequence

from openecp.programme.compendia.standards import Standard, coverage

_WORDS = {"claimed": "claimed", "evidenced": "evidenced", "open": "**open**", "not_applicable": "not applicable"}


def standards_page(standards: Sequence[Standard]) -> str:
    """Return the page in Markdown."""
    lines = [
        "# Standards register",
        "",
        "What OpenECP claims of each standard, in our own short words, the rule or test that shows it, and what is",
        "open. *Evidenced* names a rule or a test that exists here; *claimed* has less than that; *open* is not done.",
        "The share counts evidenced rows of those that apply. Written by `openecp records standards --markdown`; a "
        "test",
        "compares.",
        "",
        "## Coverage",
        "",
        "| instrument | rows | evidenced | claimed | open | not applicable | share evidenced |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for each in coverage(standards):
        counts = (each.total, each.evidenced, each.claimed, each.open, each.not_applicable)
        lines.append(f"| {each.instrument} | {' | '.join(map(str, counts))} | {each.evidenced_percent} % |")
    for instrument in dict.fromkeys(standard.instrument for standard in standards):
        lines += ["", f"## {instrument}", "", "| number | what | status | shown by | note |", "|---|---|---|---|---|"]
        for row in standards:
            if row.instrument == instrument:
                shown = "<br>".join(f"`{each}`" for each in row.shown_by)
                cells = (row.number, row.titles["en"], _WORDS[row.status], shown, row.notes.get("en", ""))
                lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
