# SPDX-License-Identifier: Apache-2.0
"""A plan as a document states it: each field as written and normalised, with its lines and what is unsure about it.

The same records come from a document in .txt, .docx or .pdf, from a committee's own CSV or XLSX, and from an annex
that was exported here; the register takes them in, and an export gives them out again.
"""

from __future__ import annotations

from typing import Literal

import msgspec

TimeframeKind = Literal["date", "continuous", "annual", "sessions", "unstated"]


class Timeframe(msgspec.Struct, frozen=True, kw_only=True):
    """When an action is due. Dates are ISO 8601; a month becomes its last day in `due`, and stays in `year_month`."""

    kind: TimeframeKind = "unstated"
    start: str | None = None  # "2017-04" or a day
    due: str | None = None  # "2020-06-30"
    year_month: str | None = None  # "2020-06"
    recurrence: str | None = None  # "P1Y", "per session"
    body: str | None = None  # whose sessions


class ActionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One action of a plan. An empty cell is `""` as written and `()` normalised; it is never left out."""

    id: str  # "ECP-IV-01"
    number: int
    section: int
    title: str
    responsible_as_written: str = ""
    responsible: tuple[str, ...] = ()  # codes of bodies
    responsible_parts_as_written: tuple[str, ...] = ()
    responsible_open_ended: bool = False  # "other relevant committees or working groups" stands among them
    supporting: tuple[str, ...] = ()  # by the table's footnote
    work_programmes_as_written: str = ""
    work_programmes: tuple[str, ...] = ()  # codes of work programmes
    timeframe_as_written: str = ""
    timeframe: Timeframe = Timeframe()
    beyond_phase_period: bool = False
    source_lines: tuple[int, int] | None = None  # first and last line, from 1; None where the source has no lines
    flags: tuple[str, ...] = ()  # names of the fields that a person should look at
    confidence: float = 1.0  # of the whole record, 0 to 1
    notes: tuple[str, ...] = ()  # why something was flagged or repaired, one sentence each


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A section of a plan, with its strategic reference as written (`WCO Strategic Plan - ... - SP1`) and its code."""

    number: int
    title: str
    title_as_written: str = ""
    code: str | None = None
    reference: str = ""
    actions: tuple[int, ...] = ()


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """The months that a plan covers: `2019-01` to `2020-06`."""

    start: str | None = None
    end: str | None = None
    as_written: str = ""


class PlanRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A plan document as read. `plan_id` is `ECP-IV`; status is normalised from `status_as_written`."""

    plan_id: str
    title: str
    phase: str = ""
    title_as_written: str = ""
    status_as_written: str = ""
    status: Literal["draft", "revised_draft", "endorsed", "superseded", "unstated"] = "unstated"
    period: Period = Period()
    sections: tuple[Section, ...] = ()
    footnote: str = ""
    source_name: str = ""
    source_sha256: str = ""
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class PlanDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What reading a plan document gives."""

    plan: PlanRecord
    actions: tuple[ActionRecord, ...]
