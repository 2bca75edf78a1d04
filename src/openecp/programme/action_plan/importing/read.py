# SPDX-License-Identifier: Apache-2.0
"""Reads a plan document: each field as written and normalised, with its place and what a person should look at."""

from __future__ import annotations

from functools import cache

from openecp.programme.action_plan.importing.build import Reader, Row
from openecp.programme.action_plan.importing.fold import one_line, squeeze
from openecp.programme.action_plan.importing.goals import goal_of
from openecp.programme.action_plan.importing.headings import Heading, split_reference
from openecp.programme.action_plan.importing.source import PlanFault, SourceDocument, SourceText
from openecp.programme.action_plan.importing.text import TextRead
from openecp.programme.action_plan.importing.timeframes import Timeframes
from openecp.programme.action_plan.importing.vocabulary import Vocabulary, shipped_vocabulary
from openecp.programme.action_plan.importing.words import NO_LANGUAGE, Language, Lexicon, mend
from openecp.programme.action_plan.records import PlanDocument, PlanRecord, Section


def read_plan(
    source: SourceDocument, vocabulary: Vocabulary | None = None, language: Language = NO_LANGUAGE
) -> PlanDocument:
    """Return the plan that a document states.

    Reads: the document's text and tables; `language` holds words that are known to be whole.
    Raises: PlanFault where the document holds no plan, a number twice, or a table without a column that is needed.
    """
    vocabulary = vocabulary or shipped_vocabulary()
    timeframes = _timeframes(vocabulary)
    text = "\n".join(block.text for block in source.blocks if isinstance(block, SourceText))
    read = TextRead(text, vocabulary, timeframes)
    if not read.rows:
        raise PlanFault(
            f"{source.name}: no plan found",
            where=source.name,
            wanted="a table of actions, or rows that begin with their number",
            got=f"{len(read.stream.words)} words without one",
            fix="Import the document that holds the table.",
        )
    lexicon = Lexicon(read.stream.folded, language)
    reader = Reader(vocabulary, timeframes, lexicon)
    plan_id = f"ECP-{read.head.phase}" if read.head.phase else "PLAN"
    sections = [_section(heading, read.rows, lexicon, read.goals) for heading in read.headings]
    by_number = {section.number: section for section in sections}
    end = read.head.period.end
    actions = tuple(
        reader.record(row, plan_id, by_number.get(row.section), read.furniture.supporting, end) for row in read.rows
    )
    title = read.head.title
    if read.furniture.document_mark:
        title += f" ({read.furniture.document_mark})"
    plan = PlanRecord(
        plan_id=plan_id,
        title=title,
        title_as_written=read.head.title_as_written,
        phase=read.head.phase,
        status_as_written=read.head.status_as_written,
        status=read.head.status,  # type: ignore[arg-type]
        period=read.head.period,
        sections=tuple(sections),
        footnote=read.furniture.footnote,
        source_name=source.name,
        source_sha256=source.sha256,
    )
    return PlanDocument(plan=plan, actions=actions)


def _section(heading: Heading, rows: list[Row], lexicon: Lexicon, goals: dict[str, str]) -> Section:
    mended = mend(one_line(heading.written), lexicon)
    title, reference, code = split_reference(mended.text)
    if code is None:
        code, _ = goal_of(squeeze(title), goals)
    return Section(
        number=heading.number,
        title=title,
        title_as_written=heading.written,
        code=code,
        reference=reference,
        actions=tuple(row.number for row in rows if row.section == heading.number),
    )


@cache
def _timeframes(vocabulary: Vocabulary) -> Timeframes:
    return Timeframes(vocabulary.bodies)
