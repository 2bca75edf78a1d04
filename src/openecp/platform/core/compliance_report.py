# SPDX-License-Identifier: Apache-2.0
"""The compliance report: rates with intervals by segment, the money gap, what selection finds, the method in words.

One builder for HTML, PDF and DOCX, English and French; the same journal gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from openecp.border.risk.features.compliance import MeasuredCompliance, compliance, mean_chances
from openecp.border.risk.features.feedback import SelectedCase
from openecp.border.risk.features.gap import (
    FOUND_MIN,
    RESAMPLES,
    GroundYield,
    MoneyGap,
    importer_sizes,
    money_gap,
    segments_of,
    yields,
)
from openecp.border.time_release.report.blocks import (
    Bars,
    Block,
    Column,
    Figure,
    Heading,
    Listing,
    Paragraph,
    StudyReport,
    Table,
)
from openecp.border.time_release.report.wording import Wording

BY = ("office", "chapter", "origin", "size", "lane", "month")
BARS_MOST, ROWS_MOST = 15, 200
FORMATS = ("html", "pdf", "docx")
Measured = tuple[MeasuredCompliance, MoneyGap]


class ComplianceFigures(NamedTuple):
    """All figures of a report, whatever the language."""

    whole: Measured
    segments: dict[str, list[Measured]]  # by kind
    grounds: list[GroundYield]
    first: str
    last: str
    movement: str
    currency: str
    exponent: int
    seq: int


class _Words(Wording):
    """The report's own words; figures are written as in all reports."""

    def __init__(self, language: str) -> None:
        super().__init__(language)
        self._own = _texts(language)

    def say(self, key: str, **values: object) -> str:
        """Return the text of a key with its values filled in."""
        text = self._own[key]
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text.replace(" %", "\u00a0%").replace(" ;", "\u00a0;").replace(" :", "\u00a0:")

    def hidden(self) -> str:
        """Return the sign of what is not known."""
        return self._own["hidden"]

    def value(self, label: str, segment: str = "") -> str:
        """Return a segment's value in words where it has some."""
        return self._own.get(f"v.{label}", label)


@cache
def _texts(language: str) -> dict[str, str]:
    data = (files(__package__) / "texts" / f"compliance-{language}.toml").read_bytes()
    return msgspec.toml.decode(data, type=dict[str, str])


def figures_of(
    cases: Sequence[SelectedCase], items: Mapping[str, Sequence[Mapping[str, Any]]], *, by: Sequence[str] = BY,
    first: str = "", last: str = "", movement: str = "import", currency: str = "", exponent: int = 2, seq: int = 0,
) -> ComplianceFigures:  # fmt: skip
    """Return the figures of the declarations of a period; an open end is that of the declarations."""
    days = sorted((case.day or case.at)[:10] for case in cases)
    chance_of, sizes = mean_chances(cases), importer_sizes(items, cases)
    segments: dict[str, list[Measured]] = {}
    for kind in by:
        of = {c.case_id: segments_of(c, items.get(c.case_id, ()), kind, sizes.get(c.case_id, "")) for c in cases}
        groups: dict[str, list[SelectedCase]] = {}
        for case in cases:
            for name in of[case.case_id]:
                groups.setdefault(name, []).append(case)
        segments[kind] = [(one, money_gap(groups[one.segment], chance_of)) for one in compliance(cases, of)[1:]]
    whole = compliance(cases, {})[0]
    return ComplianceFigures(
        (whole, money_gap(cases, chance_of)), segments, yields(cases), first or (days[0] if days else "1970-01-01"),
        last or (days[-1] if days else "1970-01-01"), movement, currency, exponent, seq,
    )  # fmt: skip


def compliance_report(figures: ComplianceFigures, language: str) -> StudyReport:
    """Return the report in one language."""
    words = _Words(language)
    say, whole = words.say, figures.whole[0]
    facts = (
        (say("fact.period"), say("fact.period_value", first=words.day(figures.first), last=words.day(figures.last))),
        (say("fact.movement"), say(f"movement.{figures.movement}")),
        (say("fact.all"), words.count(whole.declarations)),
        (say("fact.sample"), f"{words.count(whole.sampled)} / {words.count(whole.controlled)}"),
        (say("fact.data"), say("fact.data_value", seq=words.count(figures.seq))),
    )
    blocks: list[Block] = [Heading(say("h.summary")), *map(Paragraph, _summary(figures, words))]
    blocks += [Heading(say("h.method")), *(Paragraph(say(f"p.method_{n}")) for n in (1, 2, 3))]
    blocks.append(Paragraph(say("p.method_4", resamples=words.count(RESAMPLES), least=FOUND_MIN)))
    blocks.append(Heading(say("h.segments"), fresh=True))
    for kind, rows in figures.segments.items():
        blocks += [Heading(say("h.by", segment=say(f"s.{kind}")), level=2), *_segment(kind, rows, figures, words)]
    blocks += [Heading(say("h.grounds")), Paragraph(say("p.grounds")), _grounds(figures, words)]
    blocks += [Heading(say("h.limits")), Listing(tuple(say(f"l.{n}") for n in (1, 2, 3, 4)))]
    return StudyReport(
        language=language, title=say("title"), subtitle=say("subtitle"), as_of=figures.last, facts=facts,
        running=say("title"), page=say("page"), blocks=tuple(blocks), press=(), table_word=say("table"),
        contents_word=say("contents"),
    )  # fmt: skip


def written(report: StudyReport, kind: str) -> bytes:
    """Return the report as a file of a kind.

    Raises: ValueError for a kind that is not of FORMATS.
    """
    if kind == "html":
        from openecp.platform.documents.trs_html import write_html

        return write_html(report)
    if kind == "pdf":
        from openecp.platform.documents.trs_pdf import write_pdf

        return write_pdf(report)
    if kind == "docx":
        from openecp.platform.documents.trs_docx import write_docx

        return write_docx(report)
    raise ValueError(f"format: expected one of {', '.join(FORMATS)}, got {kind!r}")


def _summary(figures: ComplianceFigures, words: _Words) -> list[str]:
    say, (one, gap) = words.say, figures.whole
    if one.rate is None or one.low is None or one.high is None:
        return [say("p.none")]
    found = [say(
        "p.rate", declarations=words.count(one.declarations), sampled=words.count(one.sampled),
        controlled=words.count(one.controlled), rate=words.percent(one.rate, 1), low=words.percent(one.low, 1),
        high=words.percent(one.high, 1),
    )]  # fmt: skip
    told = {"gap": _money(gap.gap_minor, figures, words), "currency": figures.currency,
            "recovered": _money(gap.recovered_minor, figures, words)}  # fmt: skip
    if gap.low_minor is None:
        found.append(say("p.gap_few", found=gap.with_money, least=FOUND_MIN, **told))
    else:
        low, high = _money(gap.low_minor, figures, words), _money(gap.high_minor, figures, words)
        found.append(say("p.gap", low=low, high=high, **told))
    if one.sampled > one.controlled:
        found.append(say("p.waiting", waiting=words.count(one.sampled - one.controlled)))
    if one.assumed:
        found.append(say("p.assumed", assumed=words.count(one.assumed)))
    return found


def _segment(kind: str, rows: list[Measured], figures: ComplianceFigures, words: _Words) -> list[Block]:
    say = words.say
    known = [row for row in rows if row[0].rate is not None]
    if not known:
        return [Paragraph(say("none_known"))]
    told = tuple(_row(row, figures, words) for row in known[:ROWS_MOST])
    left = len(rows) - len(told)
    table = Table(
        name=f"compliance_{kind}", caption=say("caption.segment", segment=say(f"s.{kind}")),
        columns=(
            Column(say("c.segment"), 3, figures=False), Column(say("c.declarations")), Column(say("c.controlled")),
            Column(say("c.irregular")), Column(say("c.rate")), Column(say("c.interval"), 3),
            Column(say("c.gap", currency=figures.currency), 3), Column(say("c.gap_interval"), 4),
        ),
        rows=told, note=say("rest", n=left) if left else "",
    )  # fmt: skip
    most = sorted(known, key=lambda row: (-row[0].controlled, row[0].segment))[:BARS_MOST]
    chart = Bars(
        labels=tuple(words.value(row[0].segment) for row in most), series=(say("c.rate"),),
        values=tuple((round(100 * (row[0].rate or 0.0), 3),) for row in most), unit="%",
    )  # fmt: skip
    figure = Figure(
        caption=say("caption.bars", n=len(most)), description=say("describe.bars"), chart=chart, table=table
    )
    return [figure] if len(most) > 1 else [table]


def _row(row: Measured, figures: ComplianceFigures, words: _Words) -> tuple[str, ...]:
    one, gap = row
    return (
        words.value(one.segment), words.count(one.declarations), words.count(one.controlled),
        words.count(one.irregular), words.percent(one.rate or 0.0, 1), _share(one.low, one.high, words),
        _money(gap.gap_minor, figures, words),
        words.hidden() if gap.low_minor is None
        else f"{_money(gap.low_minor, figures, words)} – {_money(gap.high_minor, figures, words)}",
    )  # fmt: skip


def _grounds(figures: ComplianceFigures, words: _Words) -> Table:
    say = words.say
    rows = tuple(
        (
            say(f"g.{one.ground}"), words.count(one.selected), words.count(one.controlled),
            words.count(one.irregular), words.hidden() if one.rate is None else words.percent(one.rate, 1),
            _share(one.low, one.high, words), _money(one.recovered_minor, figures, words),
        )
        for one in figures.grounds
    )  # fmt: skip
    names = ("selected", "controlled", "irregular", "rate")
    return Table(
        name="compliance_grounds", caption=say("caption.grounds"), rows=rows,
        columns=(
            Column(say("c.ground"), 4, figures=False), *(Column(say(f"c.{name}")) for name in names),
            Column(say("c.interval"), 3), Column(say("c.recovered", currency=figures.currency), 3),
        ),
    )  # fmt: skip


def _share(low: float | None, high: float | None, words: _Words) -> str:
    if low is None or high is None:
        return words.hidden()
    return f"{words.percent(low, 1)} – {words.percent(high, 1)}"


def _money(minor: int | None, figures: ComplianceFigures, words: _Words) -> str:
    return words.figure(None if minor is None else minor / 10**figures.exponent, figures.exponent)
