# SPDX-License-Identifier: Apache-2.0
"""A paper as blocks: headings, paragraphs, tables, a chart, the annex. It knows no file format; writers set it.

Every text in it is finished: translated, dated, with its non-breaking spaces. A writer adds nothing that is read.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from openecp.programme.action_plan.codes import Colour

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")


class Mark(msgspec.Struct, frozen=True, tag=True):
    """A colour of an assessment with its word; the word says all, the colour is for the eye."""

    colour: Colour
    text: str


Cell = str | Mark
_LETTERS_A_LINE = 105


def _words(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell.text


class Heading(msgspec.Struct, frozen=True, tag=True):
    """A heading of the paper, level 1 or 2."""

    text: str
    level: int = 1


class Paragraph(msgspec.Struct, frozen=True, tag=True):
    """A paragraph; a note is set smaller; one that leads stands on the page of what follows."""

    text: str
    note: bool = False
    leads: bool = False


class Listing(msgspec.Struct, frozen=True, tag=True):
    """A list of short statements."""

    items: tuple[str, ...]


class Column(msgspec.Struct, frozen=True):
    """A column of a table: its heading, its share of the width, and whether it holds figures."""

    title: str
    width: int
    figures: bool = False


class Table(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A table with a caption; `total`: its last row adds the others up; `narrow`: it needs half the width.

    `together`: it is short enough to stand on one page whole.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: bool = False
    narrow: bool = False
    together: bool = False

    @property
    def lines(self) -> int:
        """Return about how many lines it takes on a page."""
        whole = sum(column.width for column in self.columns)
        letters = [max(6, column.width * _LETTERS_A_LINE // whole) for column in self.columns]
        return sum(
            max(-(-len(_words(cell)) // room) for cell, room in zip(row, letters, strict=True)) or 1
            for row in self.rows
        )


class Bar(msgspec.Struct, frozen=True):
    """One bar of a chart: its label and a count for each colour of the legend."""

    label: str
    counts: tuple[int, ...]


class Chart(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A stacked bar chart; `description` says in words what a reader sees, and the table after it has the figures."""

    caption: str
    description: str
    legend: tuple[Mark, ...]
    bars: tuple[Bar, ...]


Block = Heading | Paragraph | Listing | Table | Chart


class AnnexRow(msgspec.Struct, frozen=True, kw_only=True):
    """An action in the plan's own five columns."""

    number: str
    title: str
    responsible: str
    work_programmes: str
    timeframe: str

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """Return the five columns in their order."""
        return (self.number, self.title, self.responsible, self.work_programmes, self.timeframe)


class AnnexSection(msgspec.Struct, frozen=True, kw_only=True):
    """A section of the plan: its heading with number and strategic reference, and its actions."""

    number: int
    heading: str
    rows: tuple[AnnexRow, ...]


class Annex(msgspec.Struct, frozen=True, kw_only=True):
    """The plan itself, as it stands on the day of the paper, section by section."""

    label: str  # "Annex"
    note: str  # whose words these are
    title: str
    period: str  # "(January 2019 to June 2020)"
    columns: tuple[Column, ...]
    sections: tuple[AnnexSection, ...]
    footnote: str


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A session paper in one language, with its figures as data for the formats that machines read."""

    language: Language
    plan: str
    as_of: str  # ISO day
    title: str
    subtitle: str
    subject: str
    keywords: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]  # of the title block
    page: str  # "Page {page} of {pages}"
    running: str  # at the head of each page
    blocks: tuple[Block, ...]
    annex: Annex
    section_word: str  # heading of a column that holds sections
    actions: Table  # one row an action, for a spreadsheet
    data: dict[str, Any]
