# SPDX-License-Identifier: Apache-2.0
"""The register that ships with the package: what a new installation shows of the two ECP Action Plans at once.

Facts only: numbers, sections, bodies, work programmes, dates, and short titles in English and French in our own words.
The published wording comes with a document that is imported. The tables lie in `data/register`; the French names of
bodies and programmes follow the usage of the WCO where it is known, and are translations where it is not.

Source: ECP Action Plan for Phase III (Annex to doc. PC0457E1) and draft revised ECP Action Plan for Phase IV.
Limits: 10,000 rows a table.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

import msgspec

from openecp.programme.action_plan.records import (
    ActionRecord,
    Period,
    PlanDocument,
    PlanRecord,
    Section,
    Timeframe,
)

ROWS_MAX = 10_000
Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Row = dict[str, str]
ShippedTable = Literal[
    "plans",
    "thesaurus",
    "sections",
    "actions",
    "body_names",
    "work_programme_names",
    "code_names",
    "instruments",
    "records",
    "standards",
]


class RegisterError(Exception):
    """A table of the register that ships cannot be used: says where, what was wanted, what was got and what to do."""


class Words(msgspec.Struct, frozen=True):
    """The same short words in English and in French."""

    en: str
    fr: str

    def in_language(self, language: Language) -> str:
        """Return the words in a language."""
        return self.en if language == "en" else self.fr


class ShippedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan of the register: its facts, and short titles in both languages by the identifier of the action.

    The titles in `document` are the English short titles; `*_as_written` is empty, since nothing here is quoted.
    """

    document: PlanDocument
    title: Words
    section_titles: dict[int, Words]  # by the section's number
    action_titles: dict[str, Words]  # by the action's identifier
    natures: dict[str, str]  # instrument, event, study, service, capacity, cooperation or system


class ShippedInstrument(msgspec.Struct, frozen=True, kw_only=True):
    """An output of Phases I and II, or an instrument that the Phase IV text names.

    `date` is a month, a year or empty; `stage` is the last stage that the texts show.
    """

    id: str
    phase: str
    kind: str
    stage: str
    date: str
    decided_by: tuple[str, ...]
    actions: tuple[str, ...]
    title: Words


class ShippedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A practice, event, survey, engagement, publication or compendium that the two plans name.

    `date` is the month for which the plan wants it, or empty. What became of it is not known here: that is reported.
    """

    id: str
    type: str
    actions: tuple[str, ...]
    bodies: tuple[str, ...]
    date: str
    title: Words


class Standard(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the standards register: what OpenECP claims of it, and the rule or test that shows it.

    `evidenced`: the function is there, and `shown_by` names the tests of this repository that show it. `claimed`: a
    part of it is there, the note says what is missing. `open`: nothing is. It speaks of this software, of no Member.
    """

    id: str
    instrument: str
    number: str
    status: Literal["open", "claimed", "evidenced", "not_applicable"]
    shown_by: tuple[str, ...]
    title: Words
    note: Words


@cache
def shipped_plans() -> tuple[ShippedPlan, ...]:
    """Return the plans of the register, oldest first.

    Raises: RegisterError where a table of the package is damaged.
    """
    return tuple(_plan(row) for row in shipped_rows("plans"))


def shipped_plan(plan_id: str) -> ShippedPlan:
    """Return one plan of the register by its identifier, `ECP-IV`.

    Raises: RegisterError where the register has no such plan.
    """
    plans = {plan.document.plan.plan_id: plan for plan in shipped_plans()}
    if plan_id not in plans:
        raise RegisterError(
            f"register: expected one of {', '.join(plans)}, got {plan_id!r}; name one of these or import the plan"
        )
    return plans[plan_id]


@cache
def body_names() -> dict[str, Words]:
    """Return the names of the bodies by code, in both languages."""
    return {row["code"]: _words(row, "name") for row in shipped_rows("body_names")}


@cache
def work_programme_names() -> dict[str, Words]:
    """Return the names of the work programmes by code, in both languages."""
    return {row["code"]: _words(row, "name") for row in shipped_rows("work_programme_names")}


@cache
def code_names(kind: str) -> dict[str, Words]:
    """Return the names of the codes of one kind, such as `lifecycle`, `timeframe`, `relation`, `stage`, `record_type`.

    Raises: RegisterError where there is no such kind.
    """
    found = {row["code"]: _words(row, "name") for row in shipped_rows("code_names") if row["kind"] == kind}
    if not found:
        kinds = ", ".join(dict.fromkeys(row["kind"] for row in shipped_rows("code_names")))
        raise RegisterError(f"code_names.csv: expected one of the kinds {kinds}, got {kind!r}; name one of these")
    return found


@cache
def shipped_instruments() -> tuple[ShippedInstrument, ...]:
    """Return the outputs of Phases I and II and the instruments that the Phase IV text names."""
    return tuple(
        ShippedInstrument(
            id=row["id"],
            phase=row["phase"],
            kind=row["kind"],
            stage=row["stage"],
            date=row["date"],
            decided_by=_codes(row["decided_by"]),
            actions=_codes(row["actions"]),
            title=_words(row, "title"),
        )
        for row in shipped_rows("instruments")
    )


@cache
def shipped_records() -> tuple[ShippedRecord, ...]:
    """Return the practices, events, surveys, engagements, publications and compendia that the two plans name."""
    return tuple(
        ShippedRecord(
            id=row["id"],
            type=row["type"],
            actions=_codes(row["actions"]),
            bodies=_codes(row["bodies"]),
            date=row["date"],
            title=_words(row, "title"),
        )
        for row in shipped_rows("records")
    )


@cache
def shipped_standards() -> tuple[Standard, ...]:
    """Return the standards register: what OpenECP claims of each standard, what shows it, and what is open.

    Raises: RegisterError where a row says `evidenced` and names nothing that shows it, or shows what it calls open.
    """
    rows = shipped_rows("standards")
    for line, row in enumerate(rows, start=2):
        if row["status"] != "claimed" and (row["status"] == "evidenced") != bool(row["shown_by"]):
            raise RegisterError(
                f"standards.csv, line {line}, {row['id']}: expected a test for evidenced and none for open, got "
                f"{row['status']} with {row['shown_by'] or 'nothing'}; name what shows it or change the status"
            )
    return msgspec.convert(
        [
            {
                **{name: row[name] for name in ("id", "instrument", "number", "status")},
                "shown_by": _codes(row["shown_by"]),
                "title": {"en": row["title_en"], "fr": row["title_fr"]},
                "note": {"en": row["note_en"], "fr": row["note_fr"]},
            }
            for row in rows
        ],
        tuple[Standard, ...],
    )


@cache
def shipped_rows(table: ShippedTable) -> tuple[Row, ...]:
    """Return the rows of one table of the register as written, `shipped_rows("actions")`.

    Raises: RegisterError for a row with more or fewer cells than the header, and for too many rows.
    """
    text = (files("openecp.programme.action_plan") / "data" / "register" / f"{table}.csv").read_text(encoding="utf-8")
    reader = csv.reader(text.splitlines())
    header = next(reader)
    rows = []
    for cells in reader:
        if len(cells) != len(header):
            raise RegisterError(
                f"{table}.csv, line {reader.line_num}: expected {len(header)} cells ({', '.join(header)}), got "
                f"{len(cells)}; quote cells that hold a comma"
            )
        rows.append(dict(zip(header, cells, strict=True)))
    if len(rows) > ROWS_MAX:
        raise RegisterError(f"{table}.csv: expected at most {ROWS_MAX} rows, got {len(rows)}; split the table")
    return tuple(rows)


def action_id(plan_id: str, number: int) -> str:
    """Return the identifier of an action: `ECP-IV-05` is action 5 of the plan ECP-IV."""
    return f"{plan_id}-{number:02d}"


def _plan(row: Row) -> ShippedPlan:
    plan_id = row["plan"]
    action_rows = [action for action in shipped_rows("actions") if action["plan"] == plan_id]
    section_rows = [section for section in shipped_rows("sections") if section["plan"] == plan_id]
    actions = tuple(_action(action, plan_end=row["end"]) for action in action_rows)
    sections = tuple(
        Section(
            number=int(section["number"]),
            title=section["title_en"],
            code=section["code"] or None,
            actions=tuple(action.number for action in actions if action.section == int(section["number"])),
        )
        for section in section_rows
    )
    record = PlanRecord(
        plan_id=plan_id,
        title=row["title_en"],
        phase=row["phase"],
        status=msgspec.convert(row["status"], Literal["draft", "revised_draft", "endorsed", "superseded", "unstated"]),
        period=Period(start=row["start"] or None, end=row["end"] or None),
        sections=sections,
    )
    return ShippedPlan(
        document=PlanDocument(plan=record, actions=actions),
        title=_words(row, "title"),
        section_titles={int(section["number"]): _words(section, "title") for section in section_rows},
        action_titles={action.id: _words(titles, "title") for action, titles in zip(actions, action_rows, strict=True)},
        natures={action.id: facts["nature"] for action, facts in zip(actions, action_rows, strict=True)},
    )


def _action(row: Row, plan_end: str) -> ActionRecord:
    due = row["due"] or None
    timeframe = msgspec.convert(
        {
            "kind": row["timeframe"],
            "start": row["start"] or None,
            "due": due,
            "year_month": due[:7] if due else None,
            "recurrence": row["recurrence"] or None,
            "body": row["sessions_of"] or None,
        },
        Timeframe,
    )
    return ActionRecord(
        id=action_id(row["plan"], int(row["number"])),
        number=int(row["number"]),
        section=int(row["section"]),
        title=row["title_en"],
        responsible=_codes(row["responsible"]),
        responsible_open_ended=row["open_ended"] == "yes",
        supporting=_codes(row["supporting"]),
        work_programmes=_codes(row["work_programmes"]),
        timeframe=timeframe,
        beyond_phase_period=bool(due and plan_end and due[:7] > plan_end),
    )


def _words(row: Row, prefix: str) -> Words:
    return Words(en=row[f"{prefix}_en"], fr=row[f"{prefix}_fr"])


def _codes(cell: str) -> tuple[str, ...]:
    return tuple(code for code in cell.split(";") if code)
