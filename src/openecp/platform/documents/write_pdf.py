# SPDX-License-Identifier: Apache-2.0
"""Writes a session paper as PDF with Typst: tagged (PDF/UA-1, PDF/A-2a), fonts embedded, the same bytes each time.

The fonts are those inside Typst (Libertinus Serif, SIL Open Font License): no font of the machine and no network.
Limits: Latin, Greek, Cyrillic and Arabic letters; others need a font that is not inside.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import typst

from openecp.programme.reports.gather import PaperError
from openecp.programme.reports.paper import Chart, Paper

STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
PICTURE_PPI = 220
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)))
_SLASH = re.compile(r"/(?=\S)")
_NO_LETTER = re.compile(r'the text `"(.+?)"` could not be displayed')


class TypesettingError(PaperError):
    """Typst refused the paper: says what it said."""


def write_pdf(paper: Paper) -> bytes:
    """Return the paper as a PDF document.

    Raises: TypesettingError.
    """
    nothing = msgspec.structs.replace(paper.actions, rows=())
    told = msgspec.json.encode(msgspec.structs.replace(paper, data={}, actions=nothing))
    data = json.dumps(_printable(msgspec.json.decode(told)), ensure_ascii=False)
    return _compiled(_source("chart.typ", "paper.typ"), {"paper": data}, paper.as_of, picture=False)


def chart_picture(chart: Chart, *, width_mm: int = 165) -> bytes:
    """Return a chart as a PNG picture, for documents that do not draw.

    Raises: TypesettingError.
    """
    data = msgspec.json.encode(chart).decode()
    return _compiled(_source("chart.typ", "picture.typ"), {"chart": data, "width": str(width_mm)}, "", picture=True)


def _compiled(source: bytes, inputs: dict[str, str], as_of: str, *, picture: bool) -> bytes:
    try:
        made = typst.compile(
            source,
            format="png" if picture else "pdf",
            ppi=PICTURE_PPI if picture else None,
            sys_inputs=inputs,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            timestamp=datetime.fromisoformat(as_of).replace(tzinfo=UTC) if as_of else 0,
            pdf_standards=[] if picture else STANDARDS,
        )
    except typst.TypstError as error:
        if lacking := _NO_LETTER.search(error.message):
            raise TypesettingError(
                f"PDF: expected Latin, Greek, Cyrillic or Arabic letters, got {lacking[1]}; no font inside has it: "
                f"leave pdf out of the formats, and print the DOCX"
            ) from None
        raise TypesettingError(f"{error.message}\n{error.diagnostic}") from None
    assert isinstance(made, bytes), "one page as a picture, or one PDF"
    return made


def _printable(value: Any) -> Any:
    """Return data without control characters, which no font has, and with slashes that do not end a line.

    A line of a cell that ends with a slash would read in again with a blank after it.
    """
    if isinstance(value, str):
        return _SLASH.sub("/\u2060", value.translate(_CONTROLS))
    if isinstance(value, list):
        return [_printable(each) for each in value]
    if isinstance(value, dict):
        return {name: _printable(each) for name, each in value.items()}
    return value


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


@cache
def _source(*names: str) -> bytes:
    folder = files("openecp.platform.documents") / "typst"
    return b"\n".join((folder / name).read_bytes() for name in names)
