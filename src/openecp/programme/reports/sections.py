# SPDX-License-Identifier: Apache-2.0
"""Summary, status by section and status by body: every figure from the roll-up of the basis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from openecp.programme.action_plan.codes import Colour, Lifecycle
from openecp.programme.action_plan.plans import RollUpRow
from openecp.programme.reports.gather import Basis
from openecp.programme.reports.names import Names
from openecp.programme.reports.paper import Bar, Block, Cell, Chart, Column, Heading, Mark, Paragraph, Table
from openecp.programme.reports.wording import capitalised

COLOURS: tuple[Colour, ...] = get_args(Colour)
LIFECYCLES: tuple[Lifecycle, ...] = get_args(Lifecycle)
_KINDS = ("date", "continuous", "annual", "sessions")


def summary(basis: Basis, names: Names) -> Iterator[Block]:
    """Yield the summary: what a reader must know who reads nothing else."""
    words, counts = names.words, basis.roll_up.overall
    key = "summary.actions" if basis.plan.sections else "summary.actions_bare"
    soon = basis.plan.thresholds.due_soon_days
    yield Heading(words.say("heading.summary"))
    yield Paragraph(
        words.count(
            key,
            basis.roll_up.total,
            as_of=words.day(basis.as_of),
            sections=words.count("summary.sections", len(basis.plan.sections)),
            colours=_told(counts.colours, COLOURS, names),
        )
    )
    yield Paragraph(words.say("summary.lifecycle", states=_told(counts.lifecycle, LIFECYCLES, names)))
    yield Paragraph(
        words.say(
            "summary.deadlines",
            overdue=words.count("summary.overdue", counts.overdue),
            due_soon=words.count("summary.due_soon", counts.due_soon),
            days=words.number(soon),
        )
        + " "
        + words.count("summary.changes", len(basis.changes), since=words.day(basis.since))
    )
    if basis.roll_up.overridden:
        yield Paragraph(words.count("summary.overridden", basis.roll_up.overridden))
    yield _key_figures(basis, names)


def by_section(basis: Basis, names: Names) -> Iterator[Block]:
    """Yield the status by section: the chart, the table of colours, the table of lifecycles."""
    words = names.words
    rows = [(section_label(basis, row.key, names), row) for row in basis.roll_up.by_section]
    yield Heading(words.say("heading.sections"))
    legend = tuple(Mark(each, capitalised(words.code("colour", each))) for each in COLOURS)
    bars = tuple(Bar(label, tuple(row.colours.get(each, 0) for each in COLOURS)) for label, row in rows)
    told = [
        words.say("sections.chart_bar", label=label, colours=_told(row.colours, COLOURS, names)) for label, row in rows
    ]
    yield Chart(
        caption=words.say("sections.chart"),
        description=words.say("sections.chart_description", bars=words.say("paper.between").join(told)),
        legend=legend,
        bars=bars,
    )
    yield _colours_table(basis, names, words.say("sections.colours"), words.say("column.section"), rows)
    yield _lifecycle_table(basis, names, rows)


def by_body(basis: Basis, names: Names) -> Iterator[Block]:
    """Yield the status by responsible body."""
    words = names.words
    rows = [
        (names.body(row.key) if row.key else words.say("bodies.none"), row)
        for row in sorted(basis.roll_up.by_body, key=lambda row: (not row.key, -row.total, row.key))
    ]
    yield Heading(words.say("heading.bodies"))
    if sum(row.total for _, row in rows) > basis.roll_up.total:
        yield Paragraph(words.say("bodies.note", n=words.number(basis.roll_up.total)), note=True, leads=True)
    yield _colours_table(basis, names, words.say("bodies.caption"), words.say("column.body"), rows, total=False)


def section_label(basis: Basis, key: str, names: Names) -> str:
    """Return the short name of a section from its key in the roll-up, `ECP-IV/1`."""
    number = key.rpartition("/")[2]
    if number == "0":
        return names.words.say("sections.none")
    for section in basis.plan.sections:
        if str(section.number) == number and section.titles.get(names.language):
            title = names.words.text(section.titles[names.language])
            return names.words.say("sections.label", number=number, title=title)
    return names.words.say("sections.bare", number=number)


def _told(counts: Mapping[str, int], order: tuple[str, ...], names: Names) -> str:
    words = names.words
    return words.listed(
        [words.count(f"counted.{code}", counts[code]) for code in order if counts.get(code)], none=words.number(0)
    )


def _key_figures(basis: Basis, names: Names) -> Table:
    words, counts = names.words, basis.roll_up
    by_kind = {row.key: row.total for row in counts.by_timeframe}
    days = words.number(basis.plan.thresholds.due_soon_days)
    rows = [(words.say("summary.total"), counts.total)]
    rows += [
        (words.say("summary.timeframe", kind=words.code("timeframe", kind)), by_kind[kind])
        for kind in _KINDS
        if kind in by_kind
    ]
    rows += [
        (words.say("summary.without_timeframe"), by_kind.get("unstated", 0)),
        (words.say("summary.without_body"), _without(counts.by_body)),
        (words.say("summary.without_programme"), _without(counts.by_programme)),
        (words.say("summary.overdue_row"), counts.overall.overdue),
        (words.say("summary.due_soon_row", days=days), counts.overall.due_soon),
        (words.say("summary.beyond_row"), sum(action.beyond_plan for action in basis.actions)),
        (words.say("summary.with_evidence"), counts.overall.with_evidence),
        (words.say("summary.overridden_row"), counts.overridden),
    ]
    return Table(
        caption=words.say("summary.caption"),
        columns=(Column(words.say("column.key_figure"), 80), Column(words.say("column.actions"), 20, figures=True)),
        rows=tuple((label, words.number(number)) for label, number in rows),
        narrow=True,
    )


def _without(rows: tuple[RollUpRow, ...]) -> int:
    return sum(row.total for row in rows if not row.key)


def _colours_table(
    basis: Basis, names: Names, caption: str, first: str, rows: list[tuple[str, RollUpRow]], *, total: bool = True
) -> Table:
    words = names.words
    days = words.number(basis.plan.thresholds.due_soon_days)
    lines = [_colours_row(label, row, names) for label, row in rows]
    if total:
        lines.append(_colours_row(words.say("column.total"), basis.roll_up.overall, names))
    titles = [words.say("column.actions"), *(capitalised(words.code("colour", each)) for each in COLOURS)]
    titles += [words.say("column.overdue"), words.say("column.due_soon", days=days), words.say("column.with_evidence")]
    return Table(
        caption=caption,
        columns=_figure_columns(first, titles),
        rows=tuple(lines),
        total=total,
    )


def _figure_columns(first: str, titles: list[str]) -> tuple[Column, ...]:
    """Return a first column of labels and columns of figures that are as wide as their longest word."""
    widths = [max(6, *(len(word) for word in title.split())) + 3 for title in titles]
    figures = (Column(title, width, figures=True) for title, width in zip(titles, widths, strict=True))
    return (Column(first, max(28, 108 - sum(widths))), *figures)


def _colours_row(label: str, row: RollUpRow, names: Names) -> tuple[Cell, ...]:
    numbers = [row.total, *(row.colours.get(each, 0) for each in COLOURS), row.overdue, row.due_soon, row.with_evidence]
    return (label, *(names.words.number(number) for number in numbers))


def _lifecycle_table(basis: Basis, names: Names, rows: list[tuple[str, RollUpRow]]) -> Table:
    words = names.words
    states = [each for each in LIFECYCLES if basis.roll_up.overall.lifecycle.get(each)]
    titles = [words.say("column.actions"), *(capitalised(words.code("lifecycle", each)) for each in states)]
    lines = [*rows, (words.say("column.total"), basis.roll_up.overall)]
    return Table(
        caption=words.say("sections.lifecycle"),
        columns=_figure_columns(words.say("column.section"), titles),
        rows=tuple(
            (label, *(words.number(n) for n in (row.total, *(row.lifecycle.get(each, 0) for each in states))))
            for label, row in lines
        ),
        total=True,
    )
