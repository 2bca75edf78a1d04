# SPDX-License-Identifier: Apache-2.0
"""Reads a plan from tables with cells: a word processor's, a PDF's with ruled lines, a spreadsheet, a CSV file.

Columns are known by their headings; a table goes on over pages; sections are told by headings before a table, by rows
of one cell, or by a column. A row without a number that continues the row before is joined to it.

Raises: PlanFault where a column is missing, a number stands twice or is none, or a row has no number to be inferred.
"""

from __future__ import annotations

import re
from collections import Counter

import msgspec

from openecp.programme.action_plan.importing.build import Row
from openecp.programme.action_plan.importing.columns import Columns, columns_of, missing, need
from openecp.programme.action_plan.importing.fold import one_line, squeeze, tidy
from openecp.programme.action_plan.importing.furniture import Furniture, clear
from openecp.programme.action_plan.importing.headings import Heading, find_headings, split_reference
from openecp.programme.action_plan.importing.source import (
    CELL_CHARACTERS_MAX,
    PlanFault,
    SourceDocument,
    SourceRow,
    SourceTable,
    SourceText,
    twice,
)
from openecp.programme.action_plan.importing.stream import Stream
from openecp.programme.action_plan.importing.titles import Head, find_head
from openecp.programme.action_plan.importing.vocabulary import Vocabulary

_NUMBER = re.compile(r"(?:n[o°º]?\.?)?0*(\d{1,4})[.)]?")
_NUMBERED = re.compile(r"\s*(?:section\s+)?(\d{1,2})\s*[.)–:-]\s*(\S.*)", re.DOTALL | re.IGNORECASE)
_TABLE_MARK = "\ue000"
_CELLS = ("title", "body", "programme", "time")


class PlanTable(msgspec.Struct):
    """A table of the plan: its columns, its rows without header rows, and which block of the document it is."""

    columns: Columns
    rows: list[SourceRow]
    before: list[SourceRow]  # rows above the header
    block: int


def plan_tables(source: SourceDocument) -> list[PlanTable]:
    """Return the tables that hold the plan: those with all its columns, and headerless ones that go on with them.

    Raises: PlanFault where tables look like a plan but none has all columns.
    """
    found: list[tuple[str, PlanTable]] = []
    partial: list[tuple[Columns, SourceRow]] = []
    for position, block in enumerate(source.blocks):
        if not isinstance(block, SourceTable):
            continue
        header = _header(block)
        if header is None:
            if found and _goes_on(block, found[-1][1]):
                found.append((found[-1][0], PlanTable(found[-1][1].columns, list(block.rows), [], position)))
            continue
        at, columns = header
        if missing(columns):
            partial.append((columns, block.rows[at]))
            continue
        key = "|".join(squeeze(cell) for cell in block.rows[at].cells if cell.strip())
        rows = [row for row in block.rows[at + 1 :] if _key(row) != key]
        found.append((key, PlanTable(columns, rows, list(block.rows[:at]), position)))
    if not found:
        if partial:
            need(*max(partial, key=lambda one: len(one[0])), source.name)
        return []
    sizes: Counter[str] = Counter()
    for key, table in found:
        sizes[key] += len(table.rows)
    widest = {key for key, _ in found if _same_plan(key, sizes.most_common(1)[0][0], found)}
    return [table for key, table in found if key in widest]


class TableRead:
    """A plan as tables give it: head, headings, rows, and what was furniture."""

    def __init__(self, source: SourceDocument, tables: list[PlanTable], vocabulary: Vocabulary) -> None:
        blocks = {table.block for table in tables}
        told = []
        for position, block in enumerate(source.blocks):
            if isinstance(block, SourceText):
                told.append(block.text)
            elif position in blocks:
                told += [" ".join(row.cells) for table in tables if table.block == position for row in table.before]
                told.append(f"{_TABLE_MARK}{position}")
        self.stream = Stream(tidy("\n\n".join(told)))
        self.furniture: Furniture = clear(self.stream, vocabulary)
        marks = [index for index, word in enumerate(self.stream.words) if word.startswith(_TABLE_MARK)]
        self.head: Head = find_head(self.stream, marks[0] if marks else 0)
        self.headings: list[Heading] = find_headings(self.stream, marks, self.head.end)
        self.goals: dict[str, str] = {}
        self.rows: list[Row] = []
        self._section = 0
        self._numbers: list[int | None] = []
        for mark, table in zip(marks, tables, strict=True):
            self._section = max((one.number for one in self.headings if one.start < mark), default=self._section)
            for position, row in enumerate(table.rows):
                self._take(row, table.columns, vocabulary, first=position == 0)
        self._number_rows(source.name)

    def _take(self, row: SourceRow, columns: Columns, vocabulary: Vocabulary, *, first: bool) -> None:
        cells = {kind: row.cells[at] if at < len(row.cells) else "" for kind, at in columns.items()}
        told = {" ".join(cell.split()) for cell in row.cells if cell.strip()}
        if not told:
            return
        number = _NUMBER.fullmatch(squeeze(cells["number"]))
        if len(told) == 1 and row.cells[0].strip() and not number:
            self._aside(row.cells[0], vocabulary)
            return
        if cells["number"].strip() and not number:
            raise PlanFault(
                f"{row.place}: the number of an action is not one",
                where=row.place,
                wanted="a whole number such as 12",
                got=repr(one_line(cells["number"])),
                fix="Number the actions 1, 2, 3 and so on.",
            )
        if not number and self.rows and (first or not (cells["title"].strip() and cells["time"].strip())):
            self._continue(cells)
            return
        if "section" in columns and cells["section"].strip():
            self._section_cell(cells["section"], cells.get("reference", ""))
        made = Row(
            number=int(number[1]) if number else 0,
            title=_bounded(cells["title"]),
            body=_bounded(cells["body"]),
            programme=_bounded(cells["programme"]),
            time=_bounded(cells["time"]),
            lines=(row.line, row.line + _breaks(row)) if row.line and "line" in row.place else None,
            place=row.place,
            section=self._section,
            supporting=_bounded(cells.get("supporting", "")),
        )
        self.rows.append(made)

    def _continue(self, cells: dict[str, str]) -> None:
        """Join what goes on from the row before, which a page break cut."""
        last = self.rows[-1]
        for kind in _CELLS:
            if cells[kind].strip():
                before = getattr(last, kind)
                setattr(last, kind, f"{before}\n{cells[kind]}" if before.strip() else cells[kind])

    def _aside(self, text: str, vocabulary: Vocabulary) -> None:
        """Take a row of one cell: a footnote, page furniture, or the heading of a section."""
        stream = Stream(tidy(text))
        said = clear(stream, vocabulary)
        if all(stream.removed):
            if said.footnote:
                self.furniture.footnote, self.furniture.supporting = said.footnote, said.supporting
            return
        self._section_cell(text, "")

    def _section_cell(self, text: str, reference: str) -> None:
        words = one_line(text)
        match = _NUMBERED.fullmatch(words)
        title = match[2] if match else words
        if reference.strip() and not split_reference(title)[1]:
            title = f"{title} ({one_line(reference)})"
        for heading in self.headings:
            if squeeze(heading.written) == squeeze(title) or (match and heading.number == int(match[1])):
                self._section = heading.number
                return
        if words.isdecimal():
            match, title = re.fullmatch(r"(\d+)", words), ""
        number = int(match[1]) if match else max((one.number for one in self.headings), default=0) + 1
        self.headings.append(Heading(number, title, 0, 0))
        self._section = number

    def _number_rows(self, name: str) -> None:
        """Give rows without a number the missing one. Raises: PlanFault where none is missing, or one is twice."""
        numbers = [row.number for row in self.rows]
        for position, row in enumerate(self.rows):
            if row.number:
                continue
            before = self.rows[position - 1].number if position else 0
            after = next((number for number in numbers[position + 1 :] if number), None)
            if after is not None and after <= before + 1:
                raise PlanFault(
                    f"{name}: an action has no number",
                    where=row.place,
                    wanted=f"a number; {before} stands before it and {after} after it",
                    got=f"none for {one_line(row.title)[:60]!r}",
                    fix="Number the actions.",
                )
            row.number = before + 1
            row.doubt("number", f"the number is empty; {before + 1} is the one that is missing there")
        places: dict[int, str] = {}
        for row in self.rows:
            if row.number in places:
                raise twice(name, row.number, places[row.number], row.place)
            places[row.number] = row.place


def _header(table: SourceTable) -> tuple[int, Columns] | None:
    """Return the position and columns of a table's header row, among its first rows."""
    for position, row in enumerate(table.rows[:10]):
        if columns := columns_of(row):
            return position, columns
    return None


def _goes_on(table: SourceTable, before: PlanTable) -> bool:
    """Return whether a table without a header has the width of the one before and begins with a number or a gap."""
    width = max(before.columns.values()) + 1
    return all(len(row.cells) >= width for row in table.rows) and any(
        _NUMBER.fullmatch(squeeze(row.cells[before.columns["number"]])) for row in table.rows
    )


def _same_plan(key: str, main: str, found: list[tuple[str, PlanTable]]) -> bool:
    """Return whether tables with a header belong with the largest: the same columns, or numbers that it lacks."""
    if key == main:
        return True
    columns = next(table.columns for one, table in found if one == main)
    theirs = next(table.columns for one, table in found if one == key)
    return set(columns) == set(theirs) and not _numbers(key, found) & _numbers(main, found)


def _numbers(key: str, found: list[tuple[str, PlanTable]]) -> set[str]:
    return {
        match[1]
        for one, table in found
        if one == key
        for row in table.rows
        if (match := _NUMBER.fullmatch(squeeze(row.cells[table.columns["number"]])))
    }


def _key(row: SourceRow) -> str:
    return "|".join(squeeze(cell) for cell in row.cells if cell.strip())


def _breaks(row: SourceRow) -> int:
    return sum(cell.count("\n") for cell in row.cells)


def _bounded(cell: str) -> str:
    """Return a cell's text, cut where no cell of a plan is so long."""
    return tidy(cell)[:CELL_CHARACTERS_MAX]
