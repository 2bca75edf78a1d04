# SPDX-License-Identifier: Apache-2.0
"""Reads a file of orders, and writes what came of it as CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from openecp.border.low_value.orders import NEEDED_COLUMNS, ORDER_COLUMNS
from openecp.platform.cli.wiring import CommandFault

BYTES_MAX = 1 << 30
ROWS_MAX = 1_000_000
CELL_MAX = 64 << 20
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def file_rows(path: Path) -> Iterator[dict[str, str | None]]:
    """Yield each row of a CSV file by its headings, blank rows too, so that rows are counted as a spreadsheet does.

    Commas, semicolons or tabs part the cells, as the heading says; text is UTF-8.
    Raises: CommandFault where the file cannot be read at all.
    """
    try:
        if path.stat().st_size > BYTES_MAX:
            raise _unreadable(
                path, f"at most {BYTES_MAX >> 20} MB", f"{path.stat().st_size >> 20} MB", "Part the file."
            )
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, "a file of orders as CSV", error.strerror or str(error), "Correct the path.") from None
    if b"\0" in content[:4_096]:
        got = "UTF-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "zero bytes: no text"
        raise _unreadable(path, "CSV in UTF-8", got, "Save the file as CSV in UTF-8.")
    text = content.decode("utf-8-sig", "replace")
    csv.field_size_limit(CELL_MAX)
    first = text.split("\n", 1)[0]
    parted_by = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=parted_by)
    try:
        headings = [cell.strip().lower() for cell in next(lines, [])]
        missing = [name for name in NEEDED_COLUMNS if name not in headings]
        if missing:
            wanted = ", ".join(ORDER_COLUMNS)
            got = ", ".join(headings)[:200] or "nothing"
            raise _unreadable(path, f"the columns {wanted}", got, f"Add {', '.join(missing)}.")
        twice = sorted({name for name in ORDER_COLUMNS if headings.count(name) > 1})
        if twice:
            raise _unreadable(path, "each column once", f"{', '.join(twice)} twice", "Leave one of them out.")
        for number, cells in enumerate(lines):
            if number >= ROWS_MAX:
                raise _unreadable(path, f"at most {ROWS_MAX:,} rows", "more", "Part the file.")
            row: dict[str, str | None] = dict(zip(headings, cells, strict=False))
            if len(cells) > len(headings):
                row[None] = ""  # type: ignore[index]  # more cells than headings: the reader of orders says so
            yield row
    except csv.Error as error:
        raise _unreadable(path, "CSV", f"{error} in line {lines.line_num}", "Save the file as CSV again.") from None


def _unreadable(path: Path, expected: str, got: str, fix: str) -> CommandFault:
    return CommandFault(f"{path.name} cannot be used", where=str(path), expected=expected, got=got, fix=fix)


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def write_rows(path: Path, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file for people: UTF-8 with a byte order mark, no cell a formula."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(headings)
        writer.writerows([safe_cell(str(cell)) for cell in row] for row in rows)
