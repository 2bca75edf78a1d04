# SPDX-License-Identifier: Apache-2.0
"""Writes a session paper as DOCX: real headings, repeated table headers, language, page numbers, fixed bytes.

Tables are written as XML in one piece each: cell by cell through the object model takes seconds for a large plan.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from openecp.platform.documents.packing import packed_alike
from openecp.platform.documents.table_xml import table_xml
from openecp.platform.documents.write_pdf import chart_picture
from openecp.programme.reports.paper import (
    Annex,
    Block,
    Chart,
    Column,
    Heading,
    Listing,
    Paper,
    Paragraph,
    Table,
)

FONT = "Times New Roman"
_INK = RGBColor(0x16, 0x32, 0x4F)
_GREY = RGBColor(0x3D, 0x47, 0x51)
_LOCALES = {"en": "en-GB", "fr": "fr-FR"}
_PORTRAIT_MM, _LANDSCAPE_MM = 170, 265  # width of the text
_NARROW = 0.62
_PROGRAM = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
    b"<Application>OpenECP</Application></Properties>"
)


def write_docx(paper: Paper) -> bytes:
    """Return the paper as a DOCX document."""
    document = Document()
    _styles(document, paper)
    _properties(document, paper)
    _page(document.sections[0], paper)
    _title(document, paper)
    for block in paper.blocks:
        _block(document, block)
    _annex(document, paper.annex, paper)
    file = io.BytesIO()
    document.save(file)
    return packed_alike(file.getvalue(), leave_out=("docProps/thumbnail.jpeg",))


def _styles(document: Any, paper: Paper) -> None:
    styles = document.styles
    defaults = styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    locale = defaults.find(qn("w:lang"))
    locale = locale if locale is not None else OxmlElement("w:lang")
    for name in ("w:val", "w:eastAsia"):
        locale.set(qn(name), _LOCALES[paper.language])
    defaults.append(locale)
    sizes = {"Normal": 11, "Title": 20, "Subtitle": 13, "Heading 1": 14, "Heading 2": 11.5, "Caption": 10}
    for name, size in sizes.items():
        style = styles[name]
        _font(style, size)
        style.font.italic = False
        if name != "Normal":
            style.font.color.rgb = _INK
            style.paragraph_format.keep_with_next = True
    styles["Normal"].paragraph_format.space_after = Pt(5)
    styles["Heading 1"].paragraph_format.space_before = Pt(16)
    styles["Heading 1"].paragraph_format.space_after = Pt(5)
    styles["Heading 2"].paragraph_format.space_before = Pt(11)
    styles["Heading 2"].paragraph_format.space_after = Pt(4)
    styles["Caption"].paragraph_format.space_before = Pt(10)
    styles["Caption"].paragraph_format.space_after = Pt(3)
    styles["Title"].paragraph_format.space_after = Pt(2)
    _no_border(styles["Title"])
    for name in ("Header", "Footer"):
        _font(styles[name], 9)
        styles[name].font.color.rgb = _GREY
    note = styles.add_style("Note", WD_STYLE_TYPE.PARAGRAPH)
    note.base_style = styles["Normal"]
    _font(note, 10)
    note.font.color.rgb = _GREY
    note.paragraph_format.space_before = Pt(5)
    cell = styles.add_style("Table Text", WD_STYLE_TYPE.PARAGRAPH)
    cell.base_style = styles["Normal"]
    _font(cell, 9)
    cell.paragraph_format.space_after = Pt(0)


def _font(style: Any, size: float) -> None:
    style.font.name = FONT
    style.font.size = Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    for name in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{name}"), FONT)


def _no_border(style: Any) -> None:
    borders = style.element.pPr.find(qn("w:pBdr")) if style.element.pPr is not None else None
    if borders is not None:
        style.element.pPr.remove(borders)


def _properties(document: Any, paper: Paper) -> None:
    """Set what the file says of itself; its times are the day of the paper, so that it can be made again."""
    told = document.core_properties
    told.title = f"{paper.title} – {paper.subtitle}"
    told.subject = paper.subject
    told.keywords = "; ".join(paper.keywords)
    told.language = _LOCALES[paper.language]
    told.author = told.last_modified_by = "OpenECP"
    told.comments = ""
    told.revision = 1
    told.created = told.modified = told.last_printed = datetime.fromisoformat(paper.as_of)
    document.part.package.part_related_by(RT.EXTENDED_PROPERTIES)._blob = _PROGRAM
    theme = document.settings.element.find(qn("w:themeFontLang"))
    if theme is not None:
        theme.set(qn("w:val"), _LOCALES[paper.language])


def _page(section: Any, paper: Paper) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin, section.bottom_margin = Mm(24), Mm(22)
    section.header.paragraphs[0].text = paper.running
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    before, _, rest = paper.page.partition("{page}")
    between, _, after = rest.partition("{pages}")
    for text, field in ((before, "PAGE"), (between, "NUMPAGES"), (after, "")):
        footer.add_run(text)
        if field:
            footer._p.append(
                parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr=" {field} "><w:r><w:t>1</w:t></w:r></w:fldSimple>')
            )


def _paragraph(document: Any, text: str = "", style: str | None = None) -> Any:
    """Add a paragraph with a style by its identifier: looking styles up by name takes longer than all else."""
    paragraph = document.add_paragraph()
    if style:
        paragraph._p.style = style
    if text:
        paragraph.add_run(text)
    return paragraph


def _title(document: Any, paper: Paper) -> None:
    _paragraph(document, paper.title, "Title")
    _paragraph(document, paper.subtitle, "Subtitle")
    for label, value in paper.facts:
        line = _paragraph(document)
        line.paragraph_format.space_after = Pt(1)
        line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Mm(62), Mm(-62)
        line.paragraph_format.tab_stops.add_tab_stop(Mm(62))
        line.add_run(label).bold = True
        line.add_run(f"\t{value}")


def _block(document: Any, block: Block) -> None:
    match block:
        case Heading():
            _paragraph(document, block.text, f"Heading{block.level}")
        case Paragraph():
            paragraph = _paragraph(document, block.text, "Note" if block.note else None)
            paragraph.paragraph_format.keep_with_next = block.leads or None
        case Listing():
            for item in block.items:
                _paragraph(document, item, "ListBullet")
        case Chart():
            _chart(document, block)
        case Table():
            _paragraph(document, block.caption, "Caption")
            width = _PORTRAIT_MM * _NARROW if block.narrow else _PORTRAIT_MM
            _table(
                document,
                block.caption,
                block.columns,
                block.rows,
                width_mm=width,
                total=block.total,
                together=block.together,
            )


def _chart(document: Any, chart: Chart) -> None:
    _paragraph(document, chart.caption, "Caption")
    picture = document.add_picture(io.BytesIO(chart_picture(chart, width_mm=_PORTRAIT_MM)), width=Mm(_PORTRAIT_MM))
    for side in ("distT", "distB", "distL", "distR"):  # without them some programs leave room around it
        picture._inline.set(side, "0")
    told = picture._inline.docPr
    told.set("name", chart.caption)
    told.set("descr", chart.description)


def _table(
    document: Any,
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    width_mm: float,
    total: bool = False,
    grid: bool = False,
    together: bool = False,
) -> None:
    xml = table_xml(caption, columns, rows, width_mm=width_mm, total=total, grid=grid, together=together)
    document._body._element._insert_tbl(parse_xml(xml))


def _annex(document: Any, annex: Annex, paper: Paper) -> None:
    section = document.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(16)
    section.top_margin, section.bottom_margin = Mm(20), Mm(18)
    _paragraph(document, annex.label, "Heading1")
    for text, size, bold in ((annex.title, 13, True), (annex.period, 10, False)):
        if text:
            line = _paragraph(document)
            line.alignment = WD_ALIGN_PARAGRAPH.CENTER
            line.paragraph_format.keep_with_next = True
            run = line.add_run(text)
            run.bold, run.font.size = bold, Pt(size)
    _paragraph(document, annex.note, "Note")
    for part in annex.sections:
        if part.heading:
            _paragraph(document, part.heading, "Heading2")
        rows = [row.cells for row in part.rows]
        _table(document, part.heading or annex.title, annex.columns, rows, width_mm=_LANDSCAPE_MM, grid=True)
        _paragraph(document, annex.footnote, "Note").paragraph_format.space_before = Pt(5)
