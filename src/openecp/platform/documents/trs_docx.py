# SPDX-License-Identifier: Apache-2.0
"""Writes a study's report as DOCX: real headings, charts as pictures with words for them, tables, fixed bytes."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from openecp.border.time_release.report.blocks import Block, Figure, Heading, Listing, Paragraph, StudyReport, Table
from openecp.platform.documents.packing import packed_alike
from openecp.platform.documents.table_xml import table_xml
from openecp.platform.documents.trs_pdf import pictures
from openecp.programme.reports.paper import Column

FONT = "Times New Roman"
_INK = RGBColor(0x16, 0x32, 0x4F)
_LOCALES = {"en": "en-GB", "fr": "fr-FR"}
_WIDTH_MM = 170


def write_docx(report: StudyReport) -> bytes:
    """Return the report as a DOCX document, the press summary on its last page."""
    document: Any = Document()
    _styles(document, report)
    _page(document, report)
    document.add_paragraph(report.title, style="Title")
    document.add_paragraph(report.subtitle, style="Subtitle")
    for name, value in report.facts:
        line = document.add_paragraph()
        line.paragraph_format.space_after = Pt(1)
        line.add_run(f"{name}: ").bold = True
        line.add_run(value)
    images = iter(pictures(report))
    for block in (*report.blocks, *report.press):
        _block(document, block, images)
    file = io.BytesIO()
    document.save(file)
    return packed_alike(file.getvalue(), leave_out=("docProps/thumbnail.jpeg",))


def _styles(document: Any, report: StudyReport) -> None:
    styles = document.styles
    defaults = styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    locale = defaults.find(qn("w:lang"))
    locale = locale if locale is not None else OxmlElement("w:lang")
    for name in ("w:val", "w:eastAsia"):
        locale.set(qn(name), _LOCALES[report.language])
    defaults.append(locale)
    for name, size in {
        "Normal": 11,
        "Title": 20,
        "Subtitle": 13,
        "Heading 1": 14,
        "Heading 2": 11.5,
        "Caption": 10,
    }.items():
        _font(styles[name], size)
        styles[name].font.italic = False
        if name != "Normal":
            styles[name].font.color.rgb = _INK
            styles[name].paragraph_format.keep_with_next = True
    styles["Normal"].paragraph_format.space_after = Pt(5)
    cell = styles.add_style("Table Text", WD_STYLE_TYPE.PARAGRAPH)
    cell.base_style = styles["Normal"]
    _font(cell, 8.5)
    cell.paragraph_format.space_after = Pt(0)
    told = document.core_properties
    told.title, told.language, told.comments, told.revision = report.title, _LOCALES[report.language], "", 1
    told.author = told.last_modified_by = "OpenECP"
    told.created = told.modified = told.last_printed = datetime.fromisoformat(report.as_of)


def _font(style: Any, size: float) -> None:
    style.font.name, style.font.size = FONT, Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    for name in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{name}"), FONT)


def _page(document: Any, report: StudyReport) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin, section.bottom_margin = Mm(24), Mm(22)
    section.header.paragraphs[0].text = report.running
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    before, _, rest = report.page.partition("{page}")
    between, _, after = rest.partition("{pages}")
    for text, field in ((before, "PAGE"), (between, "NUMPAGES"), (after, "")):
        footer.add_run(text)
        if field:
            footer._p.append(
                parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr=" {field} "><w:r><w:t>1</w:t></w:r></w:fldSimple>')
            )


def _block(document: Any, block: Block, images: Any) -> None:
    match block:
        case Heading():
            heading = document.add_paragraph(block.text, style=f"Heading {block.level}")
            heading.paragraph_format.page_break_before = block.fresh
        case Paragraph():
            document.add_paragraph(block.text)
        case Listing():
            for item in block.items:
                document.add_paragraph(item, style="List Bullet")
        case Table():
            _table(document, block)
        case Figure():
            document.add_paragraph(block.caption, style="Caption")
            picture = document.add_picture(io.BytesIO(next(images)), width=Mm(_WIDTH_MM))
            told = picture._inline.docPr
            told.set("name", block.caption)
            told.set("descr", block.description)
            _table(document, block.table)


def _table(document: Any, table: Table) -> None:
    document.add_paragraph(table.caption, style="Caption")
    columns = [Column(column.title, column.width, column.figures) for column in table.columns]
    xml = table_xml(table.caption, columns, table.rows, width_mm=_WIDTH_MM)
    document._body._element._insert_tbl(parse_xml(xml))
