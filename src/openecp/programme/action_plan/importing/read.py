# SPDX-License-Identifier: Apache-2.0
"""Reads a plan document: each field as written and normalised, with its place and what a person should look at."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePath

import msgspec

from openecp.programme.action_plan.importing.build import Reader, Row
from openecp.programme.action_plan.importing.expect import doubt_empty
from openecp.programme.action_plan.importing.fold import one_line, squeeze
from openecp.programme.action_plan.importing.goals import goal_of
from openecp.programme.action_plan.importing.headings import Heading, split_reference
from openecp.programme.action_plan.importing.source import PlanFault, SourceDocument, SourceText
from openecp.programme.action_plan.importing.tabbed import tables_of_text
from openecp.programme.action_plan.importing.tables import TableRead, plan_tables
from openecp.programme.action_plan.importing.text import TextRead
from openecp.programme.action_plan.importing.timeframes import Timeframes
from openecp.programme.action_plan.importing.vocabulary import Vocabulary, shipped_vocabulary
from openecp.programme.action_plan.importing.words import NO_LANGUAGE, Language, Lexicon, mend
from openecp.programme.action_plan.records import PlanDocument, PlanRecord, Section


def read_plan(
    source: SourceDocument,
    vocabulary: Vocabulary | None = None,
    language: Language = NO_LANGUAGE,
    plan_id: str | None = None,
) -> PlanDocument:
    """Return the plan that a document states.

    Reads: the document's text and tables; `language` holds words that are known to be whole; `plan_id` names the plan
    where its title does not.
    Raises: PlanFault where the document holds no plan, a number twice, or a table without a column that is needed.
    """
    vocabulary = vocabulary or shipped_vocabulary()
    timeframes = _timeframes(vocabulary)
    if len(source.blocks) == 1 and isinstance(source.blocks[0], SourceText):
        source = msgspec.structs.replace(source, blocks=tables_of_text(source.blocks[0]) or source.blocks)
    tables = plan_tables(source)
    read: TableRead | TextRead
    if tables:
        read = TableRead(source, tables, vocabulary)
    else:
        text = "\n".join(block.text for block in source.blocks if isinstance(block, SourceText))
        read = TextRead(source.name, text, vocabulary, timeframes)
        if source.kind not in ("txt", "csv"):
            _without_lines(read.rows, source.kind)
    if not read.rows:
        raise PlanFault(
            f"{source.name}: no plan found",
            where=source.name,
            wanted="a table of actions, or rows that begin with their number",
            got=f"{len(read.stream.words):,} words without one",
            fix="Import the document that holds the table.",
        )
    doubt_empty(read.rows, read.furniture.supporting)
    words = list(read.stream.folded)
    if tables:
        words += [word for row in read.rows for word in squeeze_words(row)]
    return _document(source, read, Reader(vocabulary, timeframes, Lexicon(words, language)), plan_id)


def _without_lines(rows: list[Row], kind: str) -> None:
    """Take the lines off rows of a document that has none; doubt rows of a PDF whose table was found by words alone."""
    for row in rows:
        row.lines = None
        if kind == "pdf":
            for cell in ("title", "body", "programme", "time"):
                row.doubt(cell, "the PDF shows no table with ruled borders: the row was cut by the names in it")


def _document(source: SourceDocument, read: TableRead | TextRead, reader: Reader, plan_id: str | None) -> PlanDocument:
    head, notes = read.head, list(read.head.doubts.items())
    plan_id = plan_id or (f"ECP-{head.phase}" if head.phase else _identifier(source.name))
    if isinstance(read, TextRead):
        notes += [("actions", skipped) for skipped in read.skipped]
    if lost := _missing([row.number for row in read.rows]):
        notes.append(("actions", f"no action was found with number {', '.join(map(str, lost))}"))
    sections = [_section(heading, read.rows, reader.lexicon, read.goals, notes) for heading in read.headings]
    actions = tuple(reader.record(row, plan_id, read.furniture.supporting, head.period.end) for row in read.rows)
    title = mend(head.title, reader.lexicon)
    if title.repairs:
        notes.append(("title", f"torn words put together: {'; '.join(title.repairs)}"))
    mark = read.furniture.document_mark
    plan = PlanRecord(
        plan_id=plan_id,
        title=f"{title.text} ({mark})" if mark else title.text or PurePath(source.name).stem,
        title_as_written=head.title_as_written,
        phase=head.phase,
        status_as_written=head.status_as_written,
        status=head.status,
        period=head.period,
        sections=tuple(sections),
        footnote=read.furniture.footnote,
        source_name=source.name,
        source_sha256=source.sha256,
        flags=tuple(dict.fromkeys(field for field, _ in notes)),
        notes=tuple(note for _, note in notes),
    )
    return PlanDocument(plan=plan, actions=actions)


def _section(
    heading: Heading, rows: list[Row], lexicon: Lexicon, goals: dict[str, str], notes: list[tuple[str, str]]
) -> Section:
    mended = mend(one_line(heading.written), lexicon)
    title, reference, code = split_reference(mended.text)
    own = [row for row in rows if row.section == heading.number]
    if code is None:
        code, certain = goal_of(squeeze(title), goals)
        if not certain:
            notes.append((f"section {heading.number}", f"the strategic goal {code} is the likeliest of several"))
    if mended.repairs:
        notes.append((f"section {heading.number}", f"torn words put together: {'; '.join(mended.repairs)}"))
    if mended.doubtful or not heading.sure:
        why = f"may be torn: {'; '.join(mended.doubtful)}" if mended.doubtful else "where it ends is not certain"
        notes.append((f"section {heading.number}", f"the heading {why}"))
        for row in own:
            row.doubt("section", f"the heading of section {heading.number} {why}")
    return Section(
        number=heading.number,
        title=title,
        title_as_written=heading.written,
        code=code,
        reference=reference,
        actions=tuple(row.number for row in own),
    )


def squeeze_words(row: Row) -> list[str]:
    """Return the words of a row's cells, folded."""
    return f"{row.title} {row.body} {row.programme}".lower().split()


def _missing(numbers: list[int]) -> list[int]:
    """Return the numbers that are missing between others, the first few of them."""
    return sorted(set(range(min(numbers), max(numbers))) - set(numbers))[:20]


def _identifier(name: str) -> str:
    """Return an identifier for a plan whose title names no phase: the file's name in capitals."""
    return re.sub(r"[^A-Z0-9]+", "-", PurePath(name).stem.upper()).strip("-")[:40] or "PLAN"


@cache
def _timeframes(vocabulary: Vocabulary) -> Timeframes:
    return Timeframes(vocabulary.bodies)
