# SPDX-License-Identifier: Apache-2.0
"""The annex: the plan in its own five columns, in the words of its document, so that it reads in again as the plan.

Where no document in the paper's language is in the register, the short titles and names of the register stand there,
and the annex says so. A cell that a decision changed after the document shows what holds, not what was written.
"""

from __future__ import annotations

from openecp.programme.action_plan.views import ActionView, SectionView
from openecp.programme.reports.gather import Basis
from openecp.programme.reports.names import Names
from openecp.programme.reports.paper import Annex, AnnexRow, AnnexSection, Column
from openecp.programme.reports.wording import capitalised

_COLUMNS = ("number", "action", "responsible", "work_programmes", "timeframe")
_OFFICIAL_WIDTHS = (5, 42, 21, 19, 13)
_OWN_WIDTHS = (5, 30, 30, 23, 12)  # short titles, and names of bodies written out


def annex(basis: Basis, names: Names) -> Annex:
    """Return the plan as it stands on the day of the paper."""
    words = names.words
    official, footnote = names.official, _footnote(basis, names)
    note = words.say("annex.written" if official else "annex.short", as_of=words.day(basis.as_of))
    if official and (changed := sorted(set(basis.revised) & {each.id for each in basis.actions})):
        note += " " + words.say("annex.changed", actions=words.listed(changed))
    return Annex(
        label=words.say("annex.label", as_of=words.day(basis.as_of)),
        note=note,
        title=_title(basis, names),
        period=_period(basis, names),
        columns=tuple(
            Column(words.say(f"annex.{name}") + ("*" if name == "responsible" and footnote else ""), width)
            for name, width in zip(_COLUMNS, _OFFICIAL_WIDTHS if official else _OWN_WIDTHS, strict=True)
        ),
        sections=tuple(_section(section, basis, names) for section in _sections(basis)),
        footnote=footnote,
    )


def row(action: ActionView, basis: Basis, names: Names) -> AnnexRow:
    """Return an action in the plan's own columns."""
    revised = basis.revised.get(action.id, frozenset())
    written = bool(action.title_as_written) and action.language_as_written == names.language
    responsible, programmes, timeframe = (
        action.responsible_as_written,
        action.work_programmes_as_written,
        action.timeframe_as_written,
    )
    if not written or "responsibilities" in revised:
        responsible = ", ".join(names.body(code) for code in action.responsible)
    if not written or "work_programmes" in revised:
        programmes = ", ".join(names.programme(code) for code in action.work_programmes)
    if not written or "timeframe" in revised:
        timeframe = names.timeframe(action.timeframe)
    return AnnexRow(
        number=str(action.number),
        title=action.title_as_written if written else names.title(action),
        responsible=responsible,
        work_programmes=programmes,
        timeframe=timeframe,
    )


def _sections(basis: Basis) -> tuple[SectionView, ...]:
    """Return the sections of the plan, and those that only its actions name."""
    known = {section.number for section in basis.plan.sections}
    others = sorted({action.section for action in basis.actions} - known)
    return (*basis.plan.sections, *(SectionView(number=number, titles={}) for number in others))


def _section(section: SectionView, basis: Basis, names: Names) -> AnnexSection:
    words = names.words
    title, reference = words.text(section.titles.get(names.language, "")), section.code or ""
    if section.title_as_written and names.official:
        title, reference = section.title_as_written, section.reference
        if reference and title.endswith(f"({reference})"):
            reference = ""
    if not title:
        heading = words.say("sections.bare", number=section.number) if section.number else ""
    elif reference:
        heading = words.say("annex.heading_reference", number=section.number, title=title, reference=reference)
    else:
        heading = words.say("annex.heading", number=section.number, title=title)
    rows = tuple(row(action, basis, names) for action in basis.actions if action.section == section.number)
    return AnnexSection(number=section.number, heading=heading, rows=rows)


def _title(basis: Basis, names: Names) -> str:
    if names.official and basis.plan.title_as_written:
        return basis.plan.title_as_written
    if basis.plan.status == "unstated":
        return names.plan()
    status = capitalised(names.words.code("plan_status", basis.plan.status))
    return names.words.say("annex.title", status=status, title=names.plan())


def _period(basis: Basis, names: Names) -> str:
    period, words = basis.plan.period, names.words
    if not period.start or not period.end:
        return ""
    return words.say("annex.period", start=words.month(period.start), end=words.month(period.end))


def _footnote(basis: Basis, names: Names) -> str:
    plan = basis.plan
    if names.official and plan.footnote:
        return plan.footnote
    if plan.footnotes.get(names.language):
        return names.words.text(plan.footnotes[names.language])
    supporting = [
        {each.body for each in action.responsibilities if each.role == "supporting"} for action in basis.actions
    ]
    shared = set.intersection(*supporting) if supporting else set()
    bodies = [names.body(code) for code in sorted(shared)]
    return names.words.say("annex.footnote", body=bodies[0]) if len(bodies) == 1 else ""
