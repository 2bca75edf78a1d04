# SPDX-License-Identifier: Apache-2.0
"""One table of a DOCX document as WordprocessingML: fixed columns, a header row that repeats, rows that do not break.

Source: ECMA-376, Part 1, 17.4 (tables).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from docx.oxml.ns import nsdecls

from openecp.programme.reports.paper import Cell, Column, Mark

_TWIPS_A_MM = 56.6929
_RULE = 'w:val="single" w:sz="4" w:space="0" w:color="9AA5B1"'
_COLOURS = {"green": "2F7D4F", "amber": "C77700", "red": "B3261E", "grey": "7D838C"}
_HEADER_FILL, _TOTAL_FILL = "E4EAF0", "F2F5F8"
_UNFIT = {code: None for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}  # no XML letters


def table_xml(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    width_mm: float,
    total: bool = False,
    grid: bool = False,
    together: bool = False,
) -> str:
    """Return a table; `total` sets its last row bold, `grid` rules its columns too, `together` keeps it on a page."""
    whole = sum(column.width for column in columns)
    widths = [round(width_mm * _TWIPS_A_MM * column.width / whole) for column in columns]
    lines = [tuple(row) for row in rows]
    parts = [
        f"<w:tbl {nsdecls('w')}>{_properties(caption, sum(widths), grid=grid)}<w:tblGrid>",
        *(f'<w:gridCol w:w="{width}"/>' for width in widths),
        "</w:tblGrid>",
        _row([column.title for column in columns], columns, widths, bold=True, fill=_HEADER_FILL, header=True),
    ]
    for number, row in enumerate(lines, start=1):
        last = total and number == len(lines)
        follow = together and number < len(lines)
        parts.append(_row(row, columns, widths, bold=last, fill=_TOTAL_FILL if last else "", follow=follow))
    return "".join([*parts, "</w:tbl>"])


def _properties(caption: str, width: int, *, grid: bool) -> str:
    edges = ("top", "left", "bottom", "right", "insideH", "insideV") if grid else ("top", "bottom", "insideH")
    return (
        f'<w:tblPr><w:tblW w:w="{width}" w:type="dxa"/>'
        f"<w:tblBorders>{''.join(f'<w:{edge} {_RULE}/>' for edge in edges)}</w:tblBorders>"
        '<w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:top w:w="40" w:type="dxa"/><w:left w:w="70" w:type="dxa"/>'
        '<w:bottom w:w="40" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar>'
        '<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" '
        f'w:noVBand="1"/><w:tblCaption w:val={_quoted(caption)}/></w:tblPr>'
    )


def _row(
    cells: Sequence[Cell],
    columns: Sequence[Column],
    widths: Sequence[int],
    *,
    bold: bool = False,
    fill: str = "",
    header: bool = False,
    follow: bool = False,
) -> str:
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    aligned = '<w:vAlign w:val="bottom"/>' if header else ""
    told = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}{aligned}</w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="TableText"/>{"<w:keepNext/>" if header or follow else ""}'
        f"{'<w:jc w:val=' + chr(34) + 'right' + chr(34) + '/>' if column.figures else ''}</w:pPr>"
        f"{_runs(cell, bold=bold)}</w:p></w:tc>"
        for cell, column, width in zip(cells, columns, widths, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if header else ''}</w:trPr>{told}</w:tr>"


def _runs(cell: Cell, *, bold: bool) -> str:
    strong = "<w:b/>" if bold else ""
    if isinstance(cell, Mark):
        square = (
            f'<w:r><w:rPr><w:color w:val="{_COLOURS[cell.colour]}"/></w:rPr><w:t xml:space="preserve">■ </w:t></w:r>'
        )
        return f"{square}<w:r><w:t>{_text(cell.text)}</w:t></w:r>"
    if not cell:
        return ""
    return f'<w:r><w:rPr>{strong}</w:rPr><w:t xml:space="preserve">{_text(cell)}</w:t></w:r>'


def _text(text: str) -> str:
    return escape(text.translate(_UNFIT))


def _quoted(text: str) -> str:
    return quoteattr(text.translate(_UNFIT))
