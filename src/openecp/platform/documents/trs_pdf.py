# SPDX-License-Identifier: Apache-2.0
"""Writes a study's report as PDF with Typst: tagged, fonts embedded, the same bytes each time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import typst

from openecp.border.time_release.report.blocks import Block, Figure, StudyReport
from openecp.platform.documents.trs_charts import draw

STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
PICTURE_PPI = 150
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)))


class StudyPdfFault(ValueError):  # noqa: N818
    """Typst refused the report: says what it said."""


def write_pdf(report: StudyReport) -> bytes:
    """Return the report as a PDF document.

    Raises: StudyPdfFault.
    """
    return _pdf(report, report.blocks, report.facts)


def write_press_pdf(report: StudyReport) -> bytes:
    """Return the press summary as a PDF document of its own.

    Raises: StudyPdfFault.
    """
    blocks = (msgspec.structs.replace(report.press[0], fresh=False), *report.press[1:])
    return _pdf(report, blocks, ())


def pictures(report: StudyReport) -> list[bytes]:
    """Return the charts of the report as PNG pictures in their order, for documents that do not draw."""
    charts = [draw(block, "c", report.language) for block in report.blocks if isinstance(block, Figure)]
    if not charts:
        return []
    made = _compiled("study_picture.typ", {"charts": json.dumps(charts, ensure_ascii=False)}, "", "png")
    return made if isinstance(made, list) else [made]


def compiled_form(told: dict[str, Any]) -> bytes:
    """Return the sheets of a questionnaire as a PDF document.

    Raises: StudyPdfFault.
    """
    made = _compiled("form.typ", {"form": json.dumps(told, ensure_ascii=False)}, "", "pdf")
    assert isinstance(made, bytes), "one document"
    return made


def _pdf(report: StudyReport, blocks: tuple[Block, ...], facts: tuple[tuple[str, str], ...]) -> bytes:
    told = []
    for block in blocks:
        data: dict[str, Any] = msgspec.to_builtins(block)
        if isinstance(block, Figure):
            data.pop("chart")
            data["table"]["type"] = "Table"
            data["svg"] = draw(block, "c", report.language)
        told.append(data)
    paper = {
        "title": report.title,
        "subtitle": report.subtitle,
        "language": report.language,
        "as_of": report.as_of,
        "running": report.running,
        "page": report.page,
        "facts": facts,
        "blocks": told,
    }
    text = json.dumps(_printable(paper), ensure_ascii=False)
    made = _compiled("study.typ", {"paper": text}, report.as_of, "pdf")
    assert isinstance(made, bytes), "one document"
    return made


def _compiled(source: str, inputs: dict[str, str], as_of: str, kind: Any) -> bytes | list[bytes]:
    try:
        return typst.compile(
            (files("openecp.platform.documents") / "typst" / source).read_bytes(),
            format=kind,
            ppi=PICTURE_PPI if kind == "png" else None,
            sys_inputs=inputs,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            timestamp=datetime.fromisoformat(as_of).replace(tzinfo=UTC) if as_of else 0,
            pdf_standards=[] if kind == "png" else STANDARDS,
        )
    except typst.TypstError as error:
        raise StudyPdfFault(
            f"PDF: expected letters that the font has, got: {str(error)[:300]}; fix: leave pdf out of the formats"
        ) from None


def _printable(value: Any) -> Any:
    """Return data without control characters, which no font has."""
    if isinstance(value, str):
        return value.translate(_CONTROLS)
    if isinstance(value, (list, tuple)):
        return [_printable(each) for each in value]
    if isinstance(value, dict):
        return {name: _printable(each) for name, each in value.items()}
    return value


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
