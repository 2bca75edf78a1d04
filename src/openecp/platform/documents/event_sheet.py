# SPDX-License-Identifier: Apache-2.0
"""Reads a sheet of events from an .xlsx workbook, row by row, as columns of text.

A cell that is a date becomes ISO 8601, to the day where its format shows no time of day. The first row that is not
empty names the columns.
Limits: ROWS_MAX rows, COLUMNS_MAX columns, UNPACKED_MAX bytes unpacked; a DOCTYPE is refused.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

ROWS_MAX = 1_048_576
COLUMNS_MAX = 1_000
UNPACKED_MAX = 1 << 30
STRINGS_MAX = 256 << 20
RATIO_MAX = 400
BATCH_ROWS = 20_000
_SMALL = 64 << 20


class UnreadableSheet(ValueError):  # noqa: N818
    """A workbook that cannot be read: where, expected, got, fix."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


def read_event_sheet(path: Path, sheet: str = "") -> Iterator[dict[str, list[str | None]]]:
    """Yield the rows of a sheet, the first that is visible unless one is named.

    Raises: UnreadableSheet.
    """
    _weighed(path)
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            yield from _batches(path.name, _sheet(path.name, book, sheet))
        finally:
            book.close()
    except UnreadableSheet:
        raise
    except Exception as error:  # openpyxl has no exception of its own for most damage
        raise UnreadableSheet(
            path.name, "an .xlsx workbook", (str(error) or type(error).__name__)[:200], "Save it again."
        ) from None


def _sheet(name: str, book: Any, wanted: str) -> Any:
    for sheet in book.worksheets:
        if sheet.title == wanted or (not wanted and sheet.sheet_state == "visible"):
            return sheet
    raise UnreadableSheet(name, f"a sheet {wanted or 'that is visible'}", ", ".join(book.sheetnames)[:200], "Name one.")


def _batches(name: str, sheet: Any) -> Iterator[dict[str, list[str | None]]]:
    header: list[str] = []
    rows: list[list[str | None]] = []
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > ROWS_MAX:
            raise UnreadableSheet(name, f"at most {ROWS_MAX} rows", "more", "Split it.")
        values = [_told(cell) for cell in cells[:COLUMNS_MAX]]
        if not any(values):
            continue
        if not header:
            for place, value in enumerate(values, start=1):
                title = (value or f"column_{place}").strip()
                header.append(title if title not in header else f"{title}_{place}")
            continue
        rows.append((values + [None] * len(header))[: len(header)])
        if len(rows) == BATCH_ROWS:
            yield _columns(header, rows)
            rows = []
    if rows:
        yield _columns(header, rows)


def _columns(header: list[str], rows: list[list[str | None]]) -> dict[str, list[str | None]]:
    return {name: list(column) for name, column in zip(header, zip(*rows, strict=True), strict=True)}


def _told(cell: Any) -> str | None:
    value = cell.value
    if value is None:
        return None
    if isinstance(value, datetime):
        shown = str(cell.number_format or "").lower()
        if value.time() == time(0) and "h" not in shown:
            return value.date().isoformat()
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _weighed(path: Path) -> None:
    """Refuse an archive that unpacks to too much, or XML that declares a document type."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            unpacked, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
            strings = sum(entry.file_size for entry in entries if "sharedStrings" in entry.filename)
            if unpacked > min(UNPACKED_MAX, max(RATIO_MAX * packed, _SMALL)) or strings > STRINGS_MAX:
                raise UnreadableSheet(path.name, f"at most {UNPACKED_MAX} bytes unpacked", str(unpacked), "Split it.")
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    with archive.open(entry) as stream:
                        head = stream.read(4096).upper().replace(b"\0", b"")
                    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                        raise UnreadableSheet(path.name, "XML without DOCTYPE", entry.filename[:80], "Save it again.")
    except UnreadableSheet:
        raise
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        got = (str(error) or type(error).__name__)[:200]
        raise UnreadableSheet(path.name, "an .xlsx workbook", got, "Save or copy it again.") from None
