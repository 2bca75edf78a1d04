# SPDX-License-Identifier: Apache-2.0
"""Reads .txt and .csv files: the code of their letters and, in a CSV, the mark between cells are found out."""

from __future__ import annotations

import codecs
import csv
import io

from openecp.platform.documents.fault import fault
from openecp.programme.action_plan.importing.source import LINES_MAX, ROWS_MAX, SourceRow, SourceTable, SourceText

COLUMNS_MAX = 40
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LOOK_LINES = 20


def read_text(name: str, data: bytes) -> SourceText:
    """Return the text of a file."""
    text = _decode(name, data)
    lines = text.count("\n") + 1
    if lines > LINES_MAX:
        raise fault(
            name, "is too long", wanted=f"at most {LINES_MAX:,} lines", got=f"{lines:,}", fix="Import the plan alone."
        )
    return SourceText(text, name, 1)


def read_csv(name: str, data: bytes) -> SourceTable:
    """Return the rows of a CSV file; its first rows tell whether a comma, a semicolon or a tab parts the cells."""
    text = _decode(name, data)
    first = [line for line in text.splitlines()[:_LOOK_LINES] if line.strip()]
    mark = max((",", ";", "\t"), key=lambda letter: max((line.count(letter) for line in first), default=0))
    rows: list[SourceRow] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        line = 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(SourceRow(tuple(cells[:COLUMNS_MAX]), f"line {line}", line))
            if len(rows) > ROWS_MAX:
                raise fault(
                    name,
                    "is too long",
                    wanted=f"at most {ROWS_MAX:,} rows",
                    got="more",
                    fix="Import the plan in parts.",
                )
            line = reader.line_num + 1
    except csv.Error as error:
        raise fault(
            name,
            "cannot be read as CSV",
            wanted="rows of cells, a cell with the mark inside in quotes",
            got=str(error),
            fix="Export it again as CSV in UTF-8.",
            place=f"line {reader.line_num}",
        ) from None
    return SourceTable(tuple(rows), name)


def _decode(name: str, data: bytes) -> str:
    for mark, code in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(code)
            except UnicodeDecodeError as error:
                raise _undecodable(name, error) from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if b"\0" in data[:4096]:
            raise _undecodable(name, error) from None
        text = data.decode("cp1252", errors="replace")  # what an older office program writes
    if "\0" in text:
        raise fault(
            name,
            "is no text",
            wanted="a .txt, .csv, .docx, .xlsx or .pdf file",
            got="bytes that are not letters",
            fix="Export the plan in one of these forms.",
        )
    return text


def _undecodable(name: str, error: UnicodeDecodeError) -> Exception:
    return fault(
        name,
        "is no text",
        wanted="text in UTF-8",
        got=f"something else at byte {error.start:,}",
        fix="Save it as UTF-8.",
    )
