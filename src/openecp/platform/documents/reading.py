# SPDX-License-Identifier: Apache-2.0
"""Reads a document into text and tables, by what its bytes are and not by its name alone.

Limits: 20 MB a file, 100 MB unpacked, 1,000 entries, 300 pages, 50,000 lines, 10,000 rows a table, 40 columns.
Raises: PlanFault with the place, what was wanted, what was got and what to do.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from openecp.platform.documents.fault import fault
from openecp.platform.documents.plain_file import read_csv, read_text
from openecp.platform.documents.vocabulary_file import language_words
from openecp.programme.action_plan.importing.read import read_plan
from openecp.programme.action_plan.importing.source import SourceDocument
from openecp.programme.action_plan.records import PlanDocument

BYTES_MAX = 20_000_000
KINDS = (".txt", ".docx", ".pdf", ".csv", ".xlsx")
_ZIP, _PDF, _OLE = b"PK\x03\x04", b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def import_plan(name: str, data: bytes, *, plan_id: str | None = None) -> PlanDocument:
    """Return the plan that a document states: fields as written and normalised, and what a person should look at."""
    return read_plan(read_document(name, data), language=language_words(), plan_id=plan_id)


def import_plan_file(path: Path, *, plan_id: str | None = None) -> PlanDocument:
    """Return the plan that a file states."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= BYTES_MAX else b""
    except OSError as error:
        raise fault(
            path.name,
            "cannot be read",
            wanted="a plan document",
            got=error.strerror or str(error),
            fix="Correct the path.",
        ) from None
    if size > BYTES_MAX:
        raise _too_large(path.name, size)
    return import_plan(path.name, data, plan_id=plan_id)


def read_document(name: str, data: bytes) -> SourceDocument:
    """Return the text and tables of a document."""
    if len(data) > BYTES_MAX:
        raise _too_large(name, len(data))
    if not data.strip():
        raise fault(name, "is empty", wanted="a plan document", got="no bytes", fix="Export the document again.")
    suffix = Path(name).suffix.lower()
    sha256 = hashlib.sha256(data).hexdigest()
    if data.startswith(_PDF) or (suffix == ".pdf" and _PDF in data[:1024]):
        from openecp.platform.documents.pdf_file import read_pdf

        return SourceDocument(name=name, sha256=sha256, kind="pdf", blocks=read_pdf(name, data))
    if data.startswith(_ZIP):
        return _office(name, data, suffix, sha256)
    if data.startswith(_OLE):
        raise fault(
            name,
            "is an office file that cannot be opened",
            wanted="a .docx or .xlsx file that is not encrypted",
            got="an encrypted file, or one of the older .doc or .xls kind",
            fix="Remove the password, or save it as .docx or .xlsx.",
        )
    if suffix in (".docx", ".xlsx", ".pdf"):
        raise fault(
            name,
            f"is no {suffix} file, or is damaged",
            wanted=f"the bytes of a {suffix} file",
            got=f"a file that begins with {data[:8]!r}",
            fix="Save or export it again.",
        )
    if suffix == ".csv":
        return SourceDocument(name=name, sha256=sha256, kind="csv", blocks=(read_csv(name, data),))
    return SourceDocument(name=name, sha256=sha256, kind="txt", blocks=(read_text(name, data),))


def _office(name: str, data: bytes, suffix: str, sha256: str) -> SourceDocument:
    from openecp.platform.documents.packed import parts_of

    parts = parts_of(name, data)
    if "word/document.xml" in parts or (suffix == ".docx" and "xl/workbook.xml" not in parts):
        from openecp.platform.documents.word_file import read_docx

        return SourceDocument(name=name, sha256=sha256, kind="docx", blocks=read_docx(name, data))
    if "xl/workbook.xml" in parts:
        from openecp.platform.documents.sheet_file import read_xlsx

        return SourceDocument(name=name, sha256=sha256, kind="xlsx", blocks=read_xlsx(name, data))
    raise fault(
        name,
        "is packed, but is no document",
        wanted="a .docx or .xlsx file",
        got=f"an archive with {len(parts)} files, {', '.join(sorted(parts)[:3])} among them",
        fix="Unpack it, and import the document inside.",
    )


def _too_large(name: str, size: int) -> Exception:
    return fault(
        name, "is too large", wanted=f"at most {BYTES_MAX:,} bytes", got=f"{size:,} bytes", fix="Import the plan alone."
    )
