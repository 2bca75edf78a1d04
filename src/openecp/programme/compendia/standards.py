# SPDX-License-Identifier: Apache-2.0
"""The standards register: a row a standard, what OpenECP claims, the rule or test that shows it, what is open.

Rows come from a table (CSV), and a later assessment from the journal lies over a row. Claimed and evidenced are two
things: evidenced names a rule or a test that exists in the software; what is open stays in view.
Limits: 2,000 rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

import msgspec

StandardStatus = Literal["claimed", "evidenced", "open", "not_applicable"]
STATUSES: tuple[StandardStatus, ...] = get_args(StandardStatus)
COLUMNS = ("id", "instrument", "number", "status", "shown_by", "title_en", "title_fr", "note_en", "note_fr")
ROWS_MAX = 2_000


class StandardsError(ValueError):
    """A standards table cannot be used: says where, what was wanted, what was got and what to do."""


class Standard(msgspec.Struct, frozen=True, kw_only=True):
    """One standard, in short words of our own, and how OpenECP stands to it."""

    id: str
    instrument: str
    number: str
    titles: dict[str, str]
    status: StandardStatus
    shown_by: tuple[str, ...] = ()  # rule files and tests, by path
    notes: dict[str, str] = {}
    on: str = ""  # of the last assessment; "" as shipped


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How far an instrument is covered; standards that do not apply are left out of the share."""

    instrument: str
    total: int
    claimed: int
    evidenced: int
    open: int
    not_applicable: int

    @property
    def applicable(self) -> int:
        """The standards that apply."""
        return self.total - self.not_applicable

    @property
    def evidenced_percent(self) -> int:
        """The share of applicable standards with evidence, in whole percent, rounded down."""
        return 100 * self.evidenced // self.applicable if self.applicable else 0

    @property
    def claimed_percent(self) -> int:
        """The share of applicable standards that are at least claimed, in whole percent, rounded down."""
        return 100 * (self.evidenced + self.claimed) // self.applicable if self.applicable else 0


def read_standards(content: str, source: str) -> tuple[Standard, ...]:
    """Return the rows of a standards table.

    Raises: StandardsError.
    """
    reader = csv.DictReader(io.StringIO(content))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise StandardsError(
            f"{source}, line 1: expected the columns {','.join(COLUMNS)}, got {','.join(reader.fieldnames or ())}. "
            "Correct the header."
        )
    found: dict[str, Standard] = {}
    for row in reader:
        where = f"{source}, line {reader.line_num}"
        if len(found) >= ROWS_MAX:
            raise StandardsError(f"{where}: expected at most {ROWS_MAX} rows, got more. Split the table.")
        standard = _standard(row, where)
        if standard.id in found:
            raise StandardsError(f"{where}: expected an id of its own, got {standard.id} twice. Rename one.")
        found[standard.id] = standard
    return tuple(found.values())


def _standard(row: Mapping[str, str], where: str) -> Standard:
    status = (row["status"] or "").strip()
    if status not in STATUSES:
        raise StandardsError(f"{where}: expected a status {', '.join(STATUSES)}, got {status!r}. Correct it.")
    shown_by = tuple(part.strip() for part in (row["shown_by"] or "").split(";") if part.strip())
    if status == "evidenced" and not shown_by:
        raise StandardsError(f"{where}: expected a rule or test for `evidenced`, got none. Name it, or claim it only.")
    for name in ("id", "instrument", "title_en", "title_fr"):
        if not (row[name] or "").strip():
            raise StandardsError(f"{where}: expected {name}, got nothing. Fill it in.")
    return Standard(
        id=row["id"].strip(),
        instrument=row["instrument"].strip(),
        number=(row["number"] or "").strip(),
        titles={"en": row["title_en"].strip(), "fr": row["title_fr"].strip()},
        status=status,
        shown_by=shown_by,
        notes={code: text for code in ("en", "fr") if (text := (row[f"note_{code}"] or "").strip())},
    )


class Assessed(msgspec.Struct, frozen=True, kw_only=True):
    """A later assessment of a standard, as the journal has it."""

    standard: str
    status: StandardStatus
    shown_by: tuple[str, ...] = ()
    notes: dict[str, str] = {}
    on: str = ""


def assessed(standards: Iterable[Standard], later: Mapping[str, Assessed]) -> tuple[Standard, ...]:
    """Return the standards with the last assessment of each."""
    return tuple(
        msgspec.structs.replace(
            each,
            status=later[each.id].status,
            shown_by=later[each.id].shown_by,
            notes=later[each.id].notes or each.notes,
            on=later[each.id].on,
        )
        if each.id in later
        else each
        for each in standards
    )


def coverage(standards: Iterable[Standard]) -> tuple[Coverage, ...]:
    """Return the coverage of each instrument, in the order in which they first occur."""
    counts: dict[str, dict[str, int]] = {}
    for each in standards:
        of_instrument = counts.setdefault(each.instrument, dict.fromkeys(STATUSES, 0))
        of_instrument[each.status] += 1
    return tuple(
        Coverage(
            instrument=instrument,
            total=sum(of.values()),
            claimed=of["claimed"],
            evidenced=of["evidenced"],
            open=of["open"],
            not_applicable=of["not_applicable"],
        )
        for instrument, of in counts.items()
    )
