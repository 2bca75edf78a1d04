# SPDX-License-Identifier: Apache-2.0
"""The anonymised answers of a survey as CSV, the same for console and command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def export_csv(rows: Iterable[Mapping[str, str]], questions: Sequence[str]) -> str:
    """Return the rows as CSV; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ["region", "member", *questions]
    writer.writerow(names)
    for row in rows:
        cells = [row.get(name, "") for name in names]
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in cells])
    return text.getvalue()
