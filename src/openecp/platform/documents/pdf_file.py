# SPDX-License-Identifier: Apache-2.0
"""Reads .pdf files with pdfplumber: the tables that have ruled borders, and the text around them.

A PDF holds letters at places, no words: pages that are pictures hold nothing, and are refused with a reason.
"""

from __future__ import annotations

import io
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

from openecp.platform.documents.fault import fault
from openecp.programme.action_plan.importing.source import ROWS_MAX, SourceRow, SourceTable, SourceText

PAGES_MAX = 300
_TABLES = {"vertical_strategy": "lines", "horizontal_strategy": "lines", "text_x_tolerance": 1.5}


def read_pdf(name: str, data: bytes) -> tuple[SourceText | SourceTable, ...]:
    """Return the text and tables of a PDF, page by page from top to bottom."""
    blocks: list[SourceText | SourceTable] = []
    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            if len(pdf.pages) > PAGES_MAX:
                raise fault(
                    name,
                    "is too long",
                    wanted=f"at most {PAGES_MAX} pages",
                    got=f"{len(pdf.pages)}",
                    fix="Import the pages with the plan alone.",
                )
            rows = 0
            for page in pdf.pages:
                for block in _page(page):
                    rows += len(block.rows) if isinstance(block, SourceTable) else 0
                    blocks.append(block)
                page.close()
                if rows > ROWS_MAX:
                    raise fault(
                        name, "is too long", wanted=f"at most {ROWS_MAX:,} rows", got="more", fix="Import it in parts."
                    )
    except PdfminerException as error:
        cause = error.args[0] if error.args else error
        if isinstance(cause, PDFPasswordIncorrect | PDFEncryptionError):
            raise fault(
                name, "is encrypted", wanted="a PDF that opens without a password", got="an encrypted one",
                fix="Remove the password.",
            ) from None  # fmt: skip
        raise _damaged(name, cause) from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise _damaged(name, error) from None
    if not blocks:
        raise fault(
            name,
            "holds no text",
            wanted="a PDF whose text can be selected",
            got="pages that are pictures",
            fix="Run text recognition (OCR) on it first, or import the document that it was made from.",
        )
    return tuple(blocks)


def _page(page: Any) -> list[SourceText | SourceTable]:
    """Return the blocks of a page: text above, between and below its tables, and the tables."""
    found: list[SourceText | SourceTable] = []
    tables = sorted(page.find_tables(_TABLES), key=lambda table: table.bbox[1])
    top = float(page.bbox[1])
    for number, table in enumerate(tables, start=1):
        found += _text(page, top, table.bbox[1])
        place = f"page {page.page_number}, table {number}"
        rows = tuple(
            SourceRow(tuple(cell or "" for cell in cells), f"{place}, row {row}")
            for row, cells in enumerate(table.extract(x_tolerance=1.5), start=1)
        )
        if any(any(cell.strip() for cell in row.cells) for row in rows):
            found.append(SourceTable(rows, place))
        top = max(top, table.bbox[3])
    return found + _text(page, top, float(page.bbox[3]))


def _text(page: Any, top: float, bottom: float) -> list[SourceText | SourceTable]:
    if bottom - top < 1:
        return []
    part = page.crop((page.bbox[0], top, page.bbox[2], bottom), strict=False)
    text = part.extract_text(x_tolerance=1.5, layout=False)
    return [SourceText(text, f"page {page.page_number}")] if text.strip() else []


def _damaged(name: str, error: object) -> Exception:
    return fault(
        name,
        "is damaged",
        wanted="a PDF document",
        got=str(error)[:200] or type(error).__name__,
        fix="Export it again.",
    )
