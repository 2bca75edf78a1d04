# SPDX-License-Identifier: Apache-2.0
"""Writes a session paper as CSV: the annex, which reads in again as the plan; the actions; and every table of figures.

UTF-8 with a byte order mark, so that office programs show accents; commas; lines end with CR LF (RFC 4180).
A cell that an office program would run as a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from openecp.programme.reports.paper import Cell, Mark, Paper, Table

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_annex_csv(paper: Paper) -> bytes:
    """Return the plan in its own five columns with the section before them: title, period, header, rows, footnote."""
    annex = paper.annex
    lines: list[Sequence[str]] = [[text] for text in (annex.title, annex.period) if text]
    lines.append([paper.section_word, *(column.title for column in annex.columns)])
    lines += [[section.heading, *row.cells] for section in annex.sections for row in section.rows]
    if annex.footnote:
        lines.append([annex.footnote])
    return _written(lines)


def write_actions_csv(paper: Paper) -> bytes:
    """Return one row an action, with what was computed of it."""
    return _written([[column.title for column in paper.actions.columns], *paper.actions.rows])


def write_figures_csv(paper: Paper) -> bytes:
    """Return every table of the paper below one another, each under its caption."""
    lines: list[Sequence[Cell]] = []
    for block in paper.blocks:
        if isinstance(block, Table):
            lines += [[block.caption], [column.title for column in block.columns], *block.rows, []]
    return _written(lines[:-1])


def _written(lines: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for line in lines:
        writer.writerow([_safe(cell) for cell in line])
    return text.getvalue().encode("utf-8-sig")


def _safe(cell: Cell) -> str:
    text = cell.text if isinstance(cell, Mark) else cell
    return f"'{text}" if text.startswith(_FORMULA) else text
