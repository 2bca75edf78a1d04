# SPDX-License-Identifier: Apache-2.0
"""Builds the session paper of a plan in one language from what the register answered.

Why: docs/adr/0014 (one basis for all languages and formats; no figure is typed by hand).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from openecp.programme.reports.annex import annex
from openecp.programme.reports.asked import asked
from openecp.programme.reports.changes import changes
from openecp.programme.reports.data import data_of
from openecp.programme.reports.deadlines import deadlines
from openecp.programme.reports.evidence import evidence
from openecp.programme.reports.gather import Basis
from openecp.programme.reports.listing import action_rows
from openecp.programme.reports.names import Names
from openecp.programme.reports.paper import Block, Heading, Listing, Paper, Paragraph, Table
from openecp.programme.reports.sections import by_body, by_section, summary
from openecp.programme.reports.wording import Wording

LINES_TOGETHER = 26  # a table of about half a page does not break


def build_paper(basis: Basis, words: Wording) -> Paper:
    """Return the session paper.

    Raises: CatalogueError where a word is missing in the language; PaperError for a figure that is none.
    """
    names = Names(basis, words)
    as_of, since = words.day(basis.as_of), words.day(basis.since)
    plan = names.plan()
    whole = annex(basis, names)
    return Paper(
        language=words.language,
        plan=basis.plan.id,
        as_of=basis.as_of,
        title=plan,
        subtitle=words.say("paper.subtitle", as_of=as_of),
        subject=words.say("paper.subject", plan=plan, as_of=as_of, since=since),
        keywords=tuple(words.say("paper.keywords").split(";")),
        facts=_facts(basis, names, plan),
        page=words.say("paper.page", page="{page}", pages="{pages}"),
        running=words.say("paper.running", plan=plan, as_of=as_of),
        blocks=tuple(map(_kept_together, _blocks(basis, names))),
        annex=whole,
        section_word=words.say("column.section"),
        actions=action_rows(basis, names),
        data=data_of(basis, names, whole),
    )


def _kept_together(block: Block) -> Block:
    if isinstance(block, Table) and block.lines <= LINES_TOGETHER:
        return msgspec.structs.replace(block, together=True)
    return block


def _facts(basis: Basis, names: Names, plan: str) -> tuple[tuple[str, str], ...]:
    words = names.words
    facts = [
        ("plan", words.say("facts.plan_value", title=plan, id=basis.plan.id)),
        ("status", words.code("plan_status", basis.plan.status)),
        ("as_of", words.day(basis.as_of)),
        ("since", words.day(basis.since)),
        ("position", words.say("facts.position_value", position=words.number(basis.position))),
        ("figures", words.say("facts.figures_value")),
    ]
    period = basis.plan.period
    if period.start and period.end:
        text = words.say("annex.window", start=words.month(period.start), end=words.month(period.end))
        facts.insert(2, ("period", text))
    return tuple((words.say(f"facts.{name}"), value) for name, value in facts)


def _blocks(basis: Basis, names: Names) -> Iterator[Block]:
    yield from summary(basis, names)
    yield from by_section(basis, names)
    yield from by_body(basis, names)
    yield from changes(basis, names)
    yield from deadlines(basis, names)
    yield from asked(basis, names)
    yield from evidence(basis, names)
    yield from _method(basis, names)


def _method(basis: Basis, names: Names) -> Iterator[Block]:
    words, limits = names.words, basis.plan.thresholds
    yield Heading(words.say("heading.method"))
    yield Paragraph(
        words.say(
            "method.thresholds",
            due_soon=words.number(limits.due_soon_days),
            silent=words.number(limits.silent_days),
            period=words.number(limits.period_days),
        )
    )
    yield Listing(tuple(words.say(f"method.{kind}") for kind in ("date", "continuous", "annual", "grey")))
