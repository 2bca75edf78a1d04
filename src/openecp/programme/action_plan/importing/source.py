# SPDX-License-Identifier: Apache-2.0
"""What the reader of plans is given: a document as text, paragraphs and tables, whatever file it came from."""

from __future__ import annotations

from typing import Literal

import msgspec

LINES_MAX = 50_000
ROWS_MAX = 10_000
CELL_CHARACTERS_MAX = 4_000
ACTION_NUMBER_MAX = 9_999

SourceKind = Literal["txt", "csv", "xlsx", "docx", "pdf"]


class PlanFault(Exception):  # noqa: N818 - a state of the document that was given
    """A plan document that cannot be taken in: where, what was wanted, what was got, and what to do about it."""

    def __init__(self, message: str, *, where: str, wanted: str, got: str, fix: str) -> None:
        super().__init__(f"{message} (at {where}; wanted: {wanted}; got: {got}; {fix})")
        self.message, self.where, self.wanted, self.got, self.fix = message, where, wanted, got, fix


class SourceRow(msgspec.Struct, frozen=True):
    """One row of a table: its cells as they stand, and where it stands (`line 24`, `sheet Plan, row 3`)."""

    cells: tuple[str, ...]
    place: str
    line: int | None = None  # from 1, where the source has lines


class SourceTable(msgspec.Struct, frozen=True):
    """A table of a document, header row and heading rows included."""

    rows: tuple[SourceRow, ...]
    place: str


class SourceText(msgspec.Struct, frozen=True):
    """Text outside tables; the first of its lines has the number `line`, where the source has lines."""

    text: str
    place: str
    line: int | None = None


class SourceDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document in reading order. A text file is one `SourceText`; its tables are found by the reader."""

    name: str
    sha256: str
    kind: SourceKind
    blocks: tuple[SourceText | SourceTable, ...]


def twice(name: str, number: int, first: str, second: str) -> PlanFault:
    """Return the error for two actions with one number."""
    return PlanFault(
        f"{name}: number {number} stands twice, at {first} and at {second}",
        where=f"{first} and {second}",
        wanted="one action a number",
        got=f"two actions with the number {number}",
        fix="Give one of them another number, or import the parts of the document one by one.",
    )
