# SPDX-License-Identifier: Apache-2.0
"""Text whose lines are rows with tabs, in another order than a plan's own: it is read as tables."""

from __future__ import annotations

from openecp.programme.action_plan.importing.columns import REQUIRED, columns_of
from openecp.programme.action_plan.importing.fold import tidy
from openecp.programme.action_plan.importing.source import SourceRow, SourceTable, SourceText

_TABS_MIN = 2
_LOOK_ROWS = 40


def tables_of_text(text: SourceText) -> tuple[SourceText | SourceTable, ...] | None:
    """Return a text as paragraphs and tables, or None where it is no table or has the columns in their usual order."""
    lines = tidy(text.text).split("\n")
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.count("\t") >= _TABS_MIN]
    headers = [columns for number, line in rows[:_LOOK_ROWS] if (columns := columns_of(_row(number, line)))]
    if not headers or headers[0] == {kind: position for position, kind in enumerate(REQUIRED)}:
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


def _row(number: int, line: str) -> SourceRow:
    return SourceRow(tuple(line.split("\t")), f"line {number}", number)
