# SPDX-License-Identifier: Apache-2.0
"""Writes a study's report as one HTML page: no script, nothing from elsewhere, each chart with its table."""

from __future__ import annotations

from html import escape

from openecp.border.time_release.report.blocks import Block, Figure, Heading, Listing, Paragraph, StudyReport, Table
from openecp.platform.documents.trs_charts import draw

STYLE = """
:root{color:#1b2733;background:#fff;font:17px/1.5 Georgia,"Libertinus Serif",serif}
body{max-width:54rem;margin:0 auto;padding:1.5rem}
h1,h2,h3{color:#16324f;line-height:1.25}h1{margin:0}h2{border-bottom:2px solid #16324f;margin-top:2.5rem}
.sub{font-size:1.2rem;color:#16324f;margin:.2rem 0 1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem}
dl{border:solid #9aa5b1;border-width:1px 0;padding:.7rem 0}
dt{font-weight:bold}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.85rem;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .45rem;border-bottom:1px solid #c3cad2;text-align:left;vertical-align:top}
thead th{background:#e4eaf0;vertical-align:bottom}.n{text-align:right;white-space:nowrap}
caption{text-align:left;font-weight:bold;padding:.4rem 0}
.scroll{overflow-x:auto}figure{margin:1.5rem 0}figcaption{font-weight:bold;margin-bottom:.4rem}
svg{max-width:100%;height:auto}summary{cursor:pointer;color:#16324f}.note{font-size:.9rem;color:#3d4751}
nav ul{columns:2;font-size:.95rem}a{color:#16324f}
@media print{body{max-width:none;padding:0}h2{break-after:avoid}figure{break-inside:avoid}}
"""


def write_html(report: StudyReport) -> bytes:
    """Return the report as a page."""
    heads = [block for block in report.blocks if isinstance(block, Heading) and block.level == 1]
    links = "".join(
        f'<li><a href="#s{place}">{escape(head.text)}</a></li>' for place, head in enumerate(heads, start=1)
    )
    contents = f"<nav aria-label='{escape(report.contents_word, quote=True)}'><ul>{links}</ul></nav>"
    return _page(report, [contents, *_blocks(report.blocks, report)])


def write_press_html(report: StudyReport) -> bytes:
    """Return the press summary as a page."""
    return _page(report, _blocks(report.press, report), facts=False)


def _page(report: StudyReport, parts: list[str], *, facts: bool = True) -> bytes:
    told = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in report.facts)
    head = f"<dl>{told}</dl>" if facts else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{report.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(report.title)}</title><style>{STYLE}</style></head><body><main>"
        f'<h1>{escape(report.title)}</h1><p class="sub">{escape(report.subtitle)}</p>{head}{"".join(parts)}'
        "</main></body></html>\n"
    ).encode()


def _blocks(blocks: tuple[Block, ...], report: StudyReport) -> list[str]:
    parts, section, figure = [], 0, 0
    for block in blocks:
        match block:
            case Heading():
                level = block.level + 1
                section += block.level == 1
                name = f' id="s{section}"' if block.level == 1 else ""
                parts.append(f"<h{level}{name}>{escape(block.text)}</h{level}>")
            case Paragraph():
                parts.append(f"<p{' class=note' if block.note else ''}>{escape(block.text)}</p>")
            case Listing():
                parts.append("<ul>" + "".join(f"<li>{escape(item)}</li>" for item in block.items) + "</ul>")
            case Table():
                parts.append(_table(block))
            case Figure():
                figure += 1
                picture = draw(block, f"f{figure}", report.language)
                parts.append(
                    f"<figure><figcaption>{escape(block.caption)}</figcaption>{picture}"
                    f"<details><summary>{escape(report.table_word)}</summary>{_table(block.table)}</details></figure>"
                )
    return parts


def _table(table: Table) -> str:
    def cell(name: str, text: str, figures: bool, scope: str = "") -> str:
        return f"<{name}{scope}{' class=n' if figures else ''}>{escape(text)}</{name}>"

    head = "".join(cell("th", column.title, column.figures, " scope=col") for column in table.columns)
    rows = "".join(
        "<tr>"
        + "".join(
            cell("th" if place == 0 else "td", text, column.figures, " scope=row" if place == 0 else "")
            for place, (text, column) in enumerate(zip(row, table.columns, strict=True))
        )
        + "</tr>"
        for row in table.rows
    )
    return (
        f"<div class=scroll><table><caption>{escape(table.caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )
