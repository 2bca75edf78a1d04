# SPDX-License-Identifier: Apache-2.0
"""Text whose lines are rows with tabs, in another order than a plan's own: it is read as tables."""

from __future__ import annotations

from openecp.programme.action_plan.importing.columns import REQUIRED, Columns, columns_of, missing
from openecp.programme.action_plan.importing.fold import tidy
from openecp.programme.action_plan.importing.source import SourceRow, SourceTable, SourceText

_TABS_MIN = 2
_LOOK_ROWS = 40
_NEARLY_ALL = 0.9


def tables_of_text(text: SourceText) -> tuple[SourceText | SourceTable, ...] | None:
    """Return a text as paragraphs and tables, or None where it is no table or has the columns in their usual order."""
    lines = tidy(text.text).split("\n")
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.count("\t") >= _TABS_MIN]
    likely = [one for one in rows[:_LOOK_ROWS] if not one[1].lstrip()[:1].isdigit()]
    headers = [(columns, line) for number, line in likely if (columns := columns_of(_row(number, line)))]
    if not headers or not _another_order(headers, [line for line in lines if "\t" in line]):
        return None
    blocks: list[SourceText | SourceTable] = []
    table: list[SourceRow] = []
    for number, line in enumerate(lines, start=1):
        if line.count("\t") >= _TABS_MIN:
            table.append(_row(number, line))
        elif line.strip():
            if table:
                blocks.append(SourceTable(tuple(table), table[0].place))
                table = []
            blocks.append(SourceText(line, f"line {number}", number))
    if table:
        blocks.append(SourceTable(tuple(table), table[0].place))
    return tuple(blocks)


def _another_order(headers: list[tuple[Columns, str]], rows: list[str]) -> bool:
    """Return whether the columns stand in another order than usual, or one is missing from the whole table.

    A header that lost a cell or a tab among rows that are whole tells nothing: copies lose them.
    """
    whole = [columns for columns, _ in headers if not missing(columns)]
    if whole:
        return [whole[0][kind] for kind in REQUIRED] != list(range(len(REQUIRED)))
    cells = headers[0][1].count("\t")
    return sum(line.count("\t") == cells for line in rows) >= _NEARLY_ALL * len(rows)


def _row(number: int, line: str) -> SourceRow:
    return SourceRow(tuple(line.split("\t")), f"line {number}", number)
