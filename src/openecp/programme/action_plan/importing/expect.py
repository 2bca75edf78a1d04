# SPDX-License-Identifier: Apache-2.0
"""Cells that are empty although the document leads one to expect that something stands there: a person looks at them.

A title or timeframe is expected in each row. A body is expected where a work programme is named; and in each row where
nearly all rows have one, or most have and no footnote names a body that supports every action.
"""

from __future__ import annotations

from openecp.programme.action_plan.importing.build import Row

_NEARLY_ALL, _MOST = 0.9, 0.5
_ROWS_MIN = 5


def doubt_empty(rows: list[Row], supporting: tuple[str, ...]) -> None:
    """Doubt the empty cells of rows that one would expect to be filled."""
    filled = sum(bool(row.body.strip()) for row in rows)
    share = _MOST if not supporting else _NEARLY_ALL
    expected = len(rows) >= _ROWS_MIN and filled >= share * len(rows)
    for row in rows:
        if row.body.strip():
            continue
        if row.programme.strip():
            row.doubt("body", "a work programme is named, and no body")
        elif expected:
            row.doubt("body", "no body is named, as one is in other rows")
