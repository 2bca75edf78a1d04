# SPDX-License-Identifier: Apache-2.0
"""A report as blocks of finished text, tables and charts. It knows no file format; writers set it."""

from __future__ import annotations

import msgspec

Point = tuple[float, float]


class Column(msgspec.Struct, frozen=True):
    """A column of a table: its heading, its share of the width, and whether it holds figures."""

    title: str
    width: int = 2
    figures: bool = True


class Heading(msgspec.Struct, frozen=True, tag=True):
    """A heading, level 1 or 2; `fresh`: on a new page."""

    text: str
    level: int = 1
    fresh: bool = False


class Paragraph(msgspec.Struct, frozen=True, tag=True):
    """A paragraph; a note is set smaller."""

    text: str
    note: bool = False


class Listing(msgspec.Struct, frozen=True, tag=True):
    """A list of short statements."""

    items: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A table with a caption; `name` is its file's among the open data."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


class Bars(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Stacked bars: one a label, one value a series."""

    labels: tuple[str, ...]
    series: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]  # one row a label
    unit: str


class Boxes(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Box plots: p10, p25, median, p75, p90 of each label."""

    labels: tuple[str, ...]
    values: tuple[tuple[float, float, float, float, float], ...]
    unit: str


class Lines(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Lines over a number or a day; `steps`: the value holds until the next point; `marks` are places on the x axis."""

    series: tuple[tuple[str, tuple[Point, ...]], ...]
    x_title: str
    y_title: str
    steps: bool = False
    x_labels: tuple[tuple[float, str], ...] = ()
    marks: tuple[tuple[float, str], ...] = ()
    share: bool = False  # y runs from 0 to 1


class Histogram(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Counts of bins from `low` to `high`; a count of None is not shown."""

    bins: tuple[tuple[float, float, int | None], ...]
    x_title: str
    y_title: str


class Heat(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A map of counts, rows by columns; None is not shown."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[int | None, ...], ...]


class Milestones(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The average course: each activity's quartiles and median since the start."""

    rows: tuple[tuple[str, float, float, float], ...]
    unit: str


class Process(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A process map: activities in their usual order, and edges (from, to, cases, what is written at it)."""

    nodes: tuple[str, ...]
    edges: tuple[tuple[int, int, int, str], ...]


Chart = Bars | Boxes | Lines | Histogram | Heat | Milestones | Process


class Figure(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A chart with a caption, a description for those who do not see it, and its table."""

    caption: str
    description: str
    chart: Chart
    table: Table


Block = Heading | Paragraph | Listing | Table | Figure


class StudyReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report in one language; `annex` are the tables that are published as open data beside those of the blocks."""

    language: str
    title: str
    subtitle: str
    as_of: str
    facts: tuple[tuple[str, str], ...]
    running: str
    page: str
    blocks: tuple[Block, ...]
    press: tuple[Block, ...]
    table_word: str
    contents_word: str
