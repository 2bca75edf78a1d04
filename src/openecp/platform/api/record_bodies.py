# SPDX-License-Identifier: Apache-2.0
"""What goes into the routes of records, and the pages that come out."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from openecp.programme.compendia.editions import DataSet, EditionDiff, Entry
from openecp.programme.compendia.record import Edition, RecordFace, Status
from openecp.programme.compendia.standards import Coverage, Standard, StandardStatus
from openecp.programme.compendia.surveys import RegionRate, Tally
from openecp.programme.compendia.templates import Template

RecordActName = Literal[
    "revise", "submit", "review", "publish", "return", "retire", "evidence", "edition", "open_survey", "close_survey"
]


class RecordTypePage(msgspec.Struct, kw_only=True):
    """The record types with their fields, in order."""

    types: list[Template]


class RecordPage(msgspec.Struct, kw_only=True):
    """Records in the order of types, dates and ids; `total` counts all that fit the filter."""

    total: int
    records: list[RecordFace]


class RecordAnswer(msgspec.Struct, kw_only=True):
    """A record as its reader may see it: the working copy for who may work on it, else the published version."""

    record: Entry
    status: Status
    named_in_plan: bool
    may_change: bool
    note: str
    seq: int
    editions: list[Edition] = []


class NewRecord(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A record to be added; texts of translated fields by language."""

    record: str
    owner: str
    language: Literal["en", "fr"] = "en"
    values: dict[str, Any] = {}
    actions: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()


class RecordChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be done with a record; each act reads the members that it needs, the others stay away."""

    act: RecordActName
    values: dict[str, Any] = {}  # revise
    still_right: tuple[str, ...] = ()  # revise
    owner: str | None = None  # revise
    actions: tuple[str, ...] | None = None  # revise
    bodies: tuple[str, ...] | None = None  # revise
    reason: str = ""  # revise, return, retire
    ref: str = ""  # evidence
    title: str = ""  # evidence, edition
    sha256: str | None = None  # evidence
    note: str = ""  # edition
    closes_on: str | None = None  # open_survey


class EditionAnswer(msgspec.Struct, kw_only=True):
    """A frozen edition, its data and what differs from the one before."""

    edition: Edition
    data: DataSet
    diff: EditionDiff


class SurveyAnswer(msgspec.Struct, kw_only=True):
    """What is told of a survey: counts without names, response by region, the anonymised answers."""

    tally: list[Tally]
    rates: list[RegionRate]
    rows: list[dict[str, str]]


class StandardPage(msgspec.Struct, kw_only=True):
    """The standards register and its coverage."""

    standards: list[Standard]
    coverage: list[Coverage]


class StandardChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How OpenECP stands to a standard from now on."""

    status: StandardStatus
    shown_by: tuple[str, ...] = ()
    note_en: str = ""
    note_fr: str = ""
