# SPDX-License-Identifier: Apache-2.0
"""Builds a study's report in one language from its figures, in the sections of the Guide's model report."""

from __future__ import annotations

import re

from openecp.border.time_release.report.blocks import Block, Column, Heading, Listing, Paragraph, StudyReport, Table
from openecp.border.time_release.report.build_course import course_blocks
from openecp.border.time_release.report.build_result import in_order, result_blocks
from openecp.border.time_release.report.compared import Earlier, comparison_blocks, summary_change
from openecp.border.time_release.report.figures import Figures
from openecp.border.time_release.report.recommended import Recommendation, place_words
from openecp.border.time_release.report.suppression import hidden_cells
from openecp.border.time_release.report.wording import Wording
from openecp.border.time_release.study import HOUR_US, Definition, shown_day

_RULE = re.compile(r"(first|last)[: ]([A-Z_]+)(?: before ([A-Z_]+))?")


def build_report(
    figures: Figures,
    definition: Definition,
    recommendations: tuple[Recommendation, ...],
    wording: Wording,
    *,
    data_note: str,
    earlier: Earlier | None = None,
) -> StudyReport:
    """Return the report; `data_note` says what the figures rest on (files or the journal's range, with hashes)."""
    say = wording.say
    first, last = wording.day(shown_day(figures.first_us)), wording.day(shown_day(figures.last_us))
    clock = _clock_title(figures, wording)
    facts = [
        (say("fact.period"), say("fact.period_value", first=first, last=last)),
        (say("fact.clock"), clock),
        (say("fact.cases"), wording.count(figures.cases)),
        (say("fact.events"), wording.count(figures.events)),
        (say("fact.data"), data_note),
    ]
    if definition.administration:
        facts.insert(0, (say("fact.administration"), definition.administration))
    blocks: list[Block] = [Heading(say("h.summary"))]
    blocks += [Paragraph(text) for text in _summary(figures, definition, wording, earlier)]
    blocks += _front(figures, definition, wording)
    blocks += result_blocks(figures, definition, wording)
    blocks += course_blocks(figures, definition, wording)
    if earlier is not None:
        blocks += comparison_blocks(figures, earlier, wording)
    blocks += _verification(figures, wording)
    blocks += _conclusions(recommendations, wording)
    blocks += [Heading(say("h.annex")), Paragraph(say("p.annex"))]
    return StudyReport(
        language=wording.language,
        title=definition.name or say("title"),
        subtitle=say("title") if definition.name else definition.administration,
        as_of=shown_day(figures.last_us),
        facts=tuple(facts),
        running=" – ".join(part for part in (say("title"), definition.name) if part),
        page=say("page"),
        blocks=tuple(blocks),
        press=tuple(_press(figures, definition, recommendations, wording)),
        table_word=say("table_word"),
        contents_word=say("contents"),
    )


def _clock_title(figures: Figures, wording: Wording) -> str:
    return figures.head.title_fr if wording.language == "fr" else figures.head.title_en


def _summary(figures: Figures, definition: Definition, wording: Wording, earlier: Earlier | None) -> list[str]:
    say, whole, hours = wording.say, figures.head.whole, wording.hours
    found = []
    if whole.n >= definition.k:
        text = say(
            "p.summary_1",
            n=wording.count(whole.n),
            median=hours(whole.median),
            p90=hours(whole.p90),
            mean=hours(whole.mean),
            clock=_clock_title(figures, wording),
        )
        if whole.median_ci is not None:
            low, high = (hours(end) for end in whole.median_ci)
            text += " " + say("p.summary_ci", low=low, high=high)
        found.append(text)
        found.append(_owner_text(figures, wording))
    if whole.within is not None and figures.head.target is not None and whole.n:
        share = wording.percent(whole.within, whole.n)
        found.append(say("p.summary_target", share=share, target=hours(figures.head.target)))
    if whole.negative:
        found.append(say("p.summary_negative", share=wording.percent(whole.negative, whole.n)))
    if whole.censored or whole.missing:
        censored, missing = wording.count(whole.censored), wording.count(whole.missing)
        found.append(say("p.summary_open", censored=censored, missing=missing))
    found.append(_spread_text(figures, definition, wording))
    if figures.bottlenecks:
        top = figures.bottlenecks[0]
        found.append(
            say(
                "p.summary_lost",
                start=wording.activity(top.start),
                end=wording.activity(top.end),
                place=place_words(top.segment, top.value, wording),
                hours=wording.count(round(top.lost / HOUR_US)),
            )
        )
    if earlier is not None:
        found.append(summary_change(figures, earlier, wording))
    return [text for text in found if text]


def _owner_text(figures: Figures, wording: Wording) -> str:
    positive = {owner: us for owner, us in figures.owners.items() if us > 0}
    total = sum(positive.values())
    if not total:
        return ""
    top = max(sorted(positive), key=lambda owner: positive[owner])
    share = wording.percent(positive[top], total)
    if top == "CUSTOMS":
        return wording.say("p.summary_owner_same", share=share)
    customs = wording.percent(positive.get("CUSTOMS", 0), total)
    return wording.say("p.summary_owner", share=share, owner=wording.owner(top), customs=customs)


def _spread_text(figures: Figures, definition: Definition, wording: Wording) -> str:
    for segment in in_order(figures.head.by, definition):
        spreads = figures.head.by[segment]
        hidden = hidden_cells({(one.label,): one.n for one in spreads}, definition.k)
        shown = [one for one in spreads if one.n and (one.label,) not in hidden and one.median is not None]
        if len(shown) < 2:
            continue
        shown.sort(key=lambda one: (one.median or 0.0, one.label))
        low, high = shown[0], shown[-1]
        return wording.say(
            "p.summary_spread",
            segment=wording.segment(segment),
            low=wording.hours(low.median),
            high=wording.hours(high.median),
            low_name=wording.value(low.label, segment),
            high_name=wording.value(high.label, segment),
        )
    return ""


def _front(figures: Figures, definition: Definition, wording: Wording) -> list[Block]:
    say = wording.say
    first, last = wording.day(shown_day(figures.first_us)), wording.day(shown_day(figures.last_us))
    segments = ", ".join(wording.segment(name) for name in definition.segments) or say("p.no_segments")
    cases, events = wording.count(figures.cases), wording.count(figures.events)
    blocks: list[Block] = [Heading(say("h.objectives"))]
    blocks.append(Paragraph(definition.purpose or say("p.objectives")))
    if definition.objectives:
        blocks.append(Listing(definition.objectives))
    blocks.append(Heading(say("h.scope")))
    if definition.scope:
        blocks.append(Paragraph(definition.scope))
    blocks.append(Paragraph(say("p.scope", cases=cases, events=events, first=first, last=last, segments=segments)))
    blocks += [Heading(say("h.method")), Paragraph(say("p.method")), Heading(say("h.definitions"), 2)]
    blocks.append(_definitions(figures, wording))
    clusters = say("p.rule_ci_clusters", clusters=", ".join(definition.clusters)) if definition.clusters else ""
    rules = (
        say("p.rule_quantile"),
        say("p.rule_ci", clusters=clusters),
        say("p.rule_extremes", trim=wording.figure(100 * definition.trim)),
        say("p.rule_censored", last=last),
        say("p.rule_negative"),
        say("p.rule_owner"),
        say("p.rule_hidden", k=definition.k, hidden=wording.hidden()),
        say("p.rule_hours", zone=definition.zone),
    )
    blocks += [Heading(say("h.rules"), 2), Listing(rules), Heading(say("h.funnel"), 2), _funnel(figures, wording)]
    return blocks


def _definitions(figures: Figures, wording: Wording) -> Table:
    say = wording.say
    return Table(
        name="clocks_defined",
        caption=say("cap.definitions"),
        columns=(
            Column(say("col.clock"), 3, figures=False),
            Column(say("col.from"), 4, figures=False),
            Column(say("col.to"), 4, figures=False),
            Column(say("col.target"), 2),
        ),
        rows=tuple(
            (
                one.title_fr if wording.language == "fr" else one.title_en,
                _rule(one.start, wording),
                _rule(one.end, wording),
                wording.hours(one.target) if one.target is not None else say("p.target_none"),
            )
            for one in figures.clocks
        ),
    )


def _rule(text: str, wording: Wording) -> str:
    """Return which stamp of an activity counts, in words: `last RELEASED before GATE_OUT`."""
    found = _RULE.fullmatch(text)
    if found is None:
        return text
    which, activity, before = found[1], wording.activity(found[2]), found[3]
    words = wording.say(f"rule.{which}", activity=activity)
    return words + (wording.say("rule.before", activity=wording.activity(before)) if before else "")


def _funnel(figures: Figures, wording: Wording) -> Table:
    say, whole = wording.say, figures.head.whole
    rows = []
    for step, n in figures.funnel:
        name = say(f"funnel.{step}") if step in ("read", "period") else say("funnel.excluded", reason=step)
        rows.append((name, wording.count(n)))
    for step, n in (("kept", figures.cases), ("missing", whole.missing), ("censored", whole.censored)):
        rows.append((say(f"funnel.{step}"), wording.count(n)))
    rows.append((say("funnel.measured"), wording.count(whole.n)))
    return Table(
        name="funnel",
        caption=say("cap.funnel"),
        columns=(Column(say("col.step"), 5, figures=False), Column(say("col.cases"), 2)),
        rows=tuple(rows),
    )


def _verification(figures: Figures, wording: Wording) -> list[Block]:
    say = wording.say
    if not figures.findings:
        return [Heading(say("h.verification")), Paragraph(say("p.verification_none"))]
    rows = []
    for one in figures.findings:
        kind, _, rest = one.code.partition(":")
        if "<" in rest:
            then, _, first = rest.partition("<")
            words = say("finding.order", then=wording.activity(then), first=wording.activity(first))
        elif wording.language == "en":
            words = one.what
        else:
            try:
                words = say(f"finding.{kind}", activity=wording.activity(rest))
            except KeyError:
                words = one.what
        severity = say(f"severity.{'fault' if one.severity == 'fault' else 'note'}")
        rows.append((words, severity, wording.count(one.cases), wording.count(one.rows), one.code))
    table = Table(
        name="verification",
        caption=say("cap.verification"),
        columns=(
            Column(say("col.what"), 6, figures=False),
            Column(say("col.severity"), 2, figures=False),
            Column(say("col.cases"), 2),
            Column(say("col.rows"), 2),
            Column(say("col.code"), 8, figures=False),
        ),
        rows=tuple(rows),
    )
    return [Heading(say("h.verification")), Paragraph(say("p.verification")), table]


def _conclusions(recommendations: tuple[Recommendation, ...], wording: Wording) -> list[Block]:
    say = wording.say
    if not recommendations:
        return [Heading(say("h.conclusions")), Paragraph(say("p.conclusion_none"))]
    table = Table(
        name="recommendations",
        caption=say("cap.recommendations"),
        columns=(
            Column(say("col.action"), 8, figures=False),
            Column(say("col.owner"), 2, figures=False),
            Column(say("col.due"), 2, figures=False),
            Column(say("col.expected"), 2),
        ),
        rows=tuple(
            (
                one.action_fr if wording.language == "fr" else one.action_en,
                wording.owner(one.owner),
                one.due,
                wording.count(one.expected_hours),
            )
            for one in recommendations
        ),
    )
    return [Heading(say("h.conclusions")), Paragraph(say("p.conclusion", count=len(recommendations))), table]


def _press(
    figures: Figures, definition: Definition, recommendations: tuple[Recommendation, ...], wording: Wording
) -> list[Block]:
    say, whole = wording.say, figures.head.whole
    first, last = wording.day(shown_day(figures.first_us)), wording.day(shown_day(figures.last_us))
    name = definition.administration or say("p.unnamed")
    blocks: list[Block] = [Heading(say("h.press"), fresh=True)]
    if whole.n >= definition.k:
        median, p90 = wording.hours(whole.median), wording.hours(whole.p90)
        clock = _clock_title(figures, wording)
        blocks.append(Paragraph(say("p.press_1", administration=name, median=median, p90=p90, clock=clock)))
        blocks.append(Paragraph(_owner_text(figures, wording)))
        n = wording.count(whole.n)
        blocks.append(Paragraph(say("p.press_2", n=n, first=first, last=last, k=definition.k)))
    for one in recommendations[:2]:
        blocks.append(Paragraph(say("p.press_3", action=one.action_fr if wording.language == "fr" else one.action_en)))
    blocks.append(Paragraph(say("p.press_contact"), note=True))
    return blocks
