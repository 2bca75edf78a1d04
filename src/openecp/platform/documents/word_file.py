# SPDX-License-Identifier: Apache-2.0
"""Reads .docx files with python-docx: paragraphs and tables in their order."""

from __future__ import annotations

import io

from docx import Document
from docx.table import Table
from docx.text.paragraph import Paragraph

from openecp.platform.documents.fault import fault
from openecp.platform.documents.plain_file import COLUMNS_MAX
from openecp.programme.action_plan.importing.source import (
    LINES_MAX,
    ROWS_MAX,
    SourceRow,
    SourceTable,
    SourceText,
)


def read_docx(name: str, data: bytes) -> tuple[SourceText | SourceTable, ...]:
    """Return the paragraphs and tables of a document; a merged cell is told once."""
    try:
        document = Document(io.BytesIO(data))
        blocks: list[SourceText | SourceTable] = []
        tables = 0
        for number, block in enumerate(document.iter_inner_content(), start=1):
            if number > LINES_MAX:
                raise fault(
                    name,
                    "is too long",
                    wanted=f"at most {LINES_MAX:,} paragraphs",
                    got="more",
                    fix="Import the plan alone.",
                )
            if isinstance(block, Table):
                tables += 1
                blocks.append(_table(name, block, f"table {tables}"))
            elif isinstance(block, Paragraph) and block.text.strip():
                blocks.append(SourceText(block.text, f"paragraph {number}"))
    except (KeyError, ValueError, AttributeError, TypeError, LookupError) as error:
        raise fault(
            name,
            "cannot be read",
            wanted="a .docx document",
            got=str(error) or type(error).__name__,
            fix="Save it again with an office program.",
        ) from None
    return tuple(blocks)


def _table(name: str, table: Table, place: str) -> SourceTable:
    rows: list[SourceRow] = []
    for number, row in enumerate(table.rows, start=1):
        if number > ROWS_MAX:
            raise fault(
                name, "is too long", wanted=f"at most {ROWS_MAX:,} rows a table", got="more", fix="Import it in parts."
            )
        cells: list[str] = []
        last = None
        for cell in row.cells[:COLUMNS_MAX]:
            cells.append("" if cell._tc is last else "\n".join(one.text for one in cell.paragraphs))
            last = cell._tc
        rows.append(SourceRow(tuple(cells), f"{place}, row {number}"))
    return SourceTable(tuple(rows), place)
