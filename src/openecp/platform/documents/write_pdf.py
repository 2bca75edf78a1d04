# SPDX-License-Identifier: Apache-2.0
"""Writes a session paper as PDF with Typst: tagged (PDF/UA-1, PDF/A-2a), fonts embedded, the same bytes each time.

The fonts are those inside Typst (Libertinus Serif, SIL Open Font License): no font of the machine and no network.
Limits: Latin, Greek and Cyrillic letters; others need a font that is not inside.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

import msgspec
import typst

from openecp.programme.reports.gather import PaperError
from openecp.programme.reports.paper import Chart, Paper

STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
PICTURE_PPI = 220


class TypesettingError(PaperError):
    """Typst refused the paper: says what it said."""


def write_pdf(paper: Paper) -> bytes:
    """Return the paper as a PDF document.

    Raises: TypesettingError.
    """
    data = msgspec.json.encode(msgspec.structs.replace(paper, data={})).decode()
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
        raise TypesettingError(f"{error.message}\n{error.diagnostic}") from None
    assert isinstance(made, bytes), "one page as a picture, or one PDF"
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


@cache
def _source(*names: str) -> bytes:
    folder = files("openecp.platform.documents") / "typst"
    return b"\n".join((folder / name).read_bytes() for name in names)
