# SPDX-License-Identifier: Apache-2.0
"""Evidence: figures of the running system, each with value, n, instant, journal position and scope.

Limits: a figure of one installation is never worded as a claim about anybody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from openecp.programme.action_plan.views import MeasurementView
from openecp.programme.reports.gather import Basis, check_measurement
from openecp.programme.reports.names import Names
from openecp.programme.reports.paper import Block, Cell, Column, Heading, Paragraph, Table

_UNITS = ("cases", "share", "s")


def evidence(basis: Basis, names: Names) -> Iterator[Block]:
    """Yield the evidence that the plan rests on."""
    words = names.words
    yield Heading(words.say("heading.evidence"))
    yield Paragraph(words.count("evidence.recorded", basis.roll_up.overall.with_evidence))
    if not basis.measurements:
        yield Paragraph(words.say("evidence.none"))
        return
    yield Paragraph(words.say("evidence.intro"), leads=True)
    if basis.draft:
        yield Paragraph(words.say("evidence.draft"), note=True, leads=True)
    yield Table(
        caption=words.say("evidence.caption"),
        columns=(
            Column(words.say("column.action"), 14),
            Column(words.say("column.figure"), 29),
            Column(words.say("column.value"), 11, figures=True),
            Column(words.say("column.n"), 8, figures=True),
            Column(words.say("column.as_of"), 14),
            Column(words.say("column.position"), 11, figures=True),
            Column(words.say("column.scope"), 15),
        ),
        rows=tuple(_row(action, figure, names) for action, figure in basis.measurements),
    )
    if any(figure.scope == "instance" for _, figure in basis.measurements):
        yield Paragraph(words.say("evidence.instance_note"), note=True)


def _row(action: str, figure: MeasurementView, names: Names) -> tuple[Cell, ...]:
    check_measurement(action, figure)
    words = names.words
    title = figure.title.get(names.language)
    return (
        action,
        words.text(title) if title else figure.indicator,
        value_text(figure, names),
        words.number(figure.n),
        words.day(figure.as_of),
        words.number(figure.journal_position),
        words.say(f"evidence.{figure.scope}"),
    )


def value_text(figure: MeasurementView, names: Names) -> str:
    """Return a value with its unit; a share in per cent."""
    words = names.words
    if figure.value is None:
        return words.say("evidence.no_case")
    value = Decimal(figure.value) * 100 if figure.unit == "share" else Decimal(figure.value)
    if figure.unit == "share":
        value = value.quantize(Decimal("0.1"))
    unit = figure.unit if figure.unit in _UNITS else "other"
    return words.say(f"unit.{unit}", value=words.number(value), unit=figure.unit)
