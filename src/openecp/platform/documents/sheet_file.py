# SPDX-License-Identifier: Apache-2.0
"""Reads .xlsx files with openpyxl: the visible sheets, row by row, as what a reader sees."""

from __future__ import annotations

import io
from datetime import date, datetime
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from openecp.platform.documents.fault import fault
from openecp.platform.documents.plain_file import COLUMNS_MAX
from openecp.programme.action_plan.importing.source import ROWS_MAX, SourceRow, SourceTable, SourceText

SHEETS_MAX = 20


def read_xlsx(name: str, data: bytes) -> tuple[SourceText | SourceTable, ...]:
    """Return the sheets of a workbook as tables, without rows that are empty."""
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        tables = []
        for sheet in book.worksheets[:SHEETS_MAX]:
            if sheet.sheet_state != "visible":
                continue
            rows = []
            cells = sheet.iter_rows(max_row=ROWS_MAX + 1, max_col=COLUMNS_MAX, values_only=True)
            for number, values in enumerate(cells, start=1):
                if number > ROWS_MAX:
                    raise fault(
                        name,
                        "is too long",
                        wanted=f"at most {ROWS_MAX:,} rows a sheet",
                        got="more",
                        fix="Import it in parts.",
                        place=f"sheet {sheet.title}",
                    )
                told = tuple(_told(value) for value in values)
                if any(told):
                    rows.append(SourceRow(told, f"sheet {sheet.title}, row {number}", number))
            if rows:
                tables.append(SourceTable(tuple(rows), f"sheet {sheet.title}"))
        book.close()
    except (InvalidFileException, BadZipFile, KeyError, ValueError, TypeError, AttributeError, OSError) as error:
        raise fault(
            name,
            "cannot be read",
            wanted="an .xlsx workbook",
            got=str(error) or type(error).__name__,
            fix="Save it again with a spreadsheet program.",
        ) from None
    return tuple(tables)


def _told(value: object) -> str:
    """Return a cell's value as a reader sees it: a date as ISO 8601, a whole number without a point."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
