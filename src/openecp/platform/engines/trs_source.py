# SPDX-License-Identifier: Apache-2.0
"""How a file of events is read: which columns play which part, and what became of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

Batch = Mapping[str, Sequence[str | None]]
NEEDED = ("case_id", "activity", "ts")
ALIASES = {
    "case_id": ("case_id", "case:concept:name"),
    "activity": ("activity", "concept:name"),
    "ts": ("ts", "time:timestamp"),
}
LOOSE = "LTRIM(UPPER(REGEXP_REPLACE({}, '[^A-Za-z0-9]', '', 'g')), '0')"  # a number whatever its spelling


class EventFileFault(ValueError):  # noqa: N818
    """A file of events that cannot be used: where, expected, got, fix."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        got = "".join(sign if sign.isprintable() else "\ufffd" for sign in got)  # it may come from a file
        super().__init__(f"{where}: expected {expected}, got {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class Loaded(NamedTuple):
    """What became of one file: rows read, rows used, and how many of the others were left out for which reason.

    `notes` counts what is odd about rows that are used: `short_rows`, `cells_cut`, `format:<shape>`, `encoding:<name>`.
    """

    source: str
    rows: int
    used: int
    left_out: dict[str, int]
    notes: dict[str, int]


class SourceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How one source is read; all of it may be left open.

    `columns` maps case_id, activity and ts to the file's columns; `stamps` an activity to the column that holds its
    stamp (one row a case); `keys` a kind of object to the column of its number; `segments` ours to the file's.
    """

    columns: dict[str, str] = {}
    stamps: dict[str, str] = {}
    keys: dict[str, str] = {}
    case: str = ""
    activities: dict[str, str] = {}
    segments: dict[str, str] = {}
    zone: str = ""
    is_local: bool = False  # moments that the file's type leaves without a zone are local, not UTC
    formats: tuple[str, ...] = ()
    precision: str = ""
    encoding: str = ""
    delimiter: str = ""
    is_loose: bool = False  # keys match whatever their case, blanks, marks and leading zeros


def quoted(name: str) -> str:
    """Return a column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def found_column(name: str, ours: str, given: Mapping[str, str], columns: Mapping[str, str]) -> str:
    """Return the file's column for one of ours.

    Raises: EventFileFault where there is none.
    """
    wanted = (columns[ours],) if ours in columns else ALIASES[ours]
    lowered = {column.strip().lower(): column for column in reversed(list(given))}
    for candidate in wanted:
        if candidate in given:
            return candidate
        if candidate.lower() in lowered:
            return lowered[candidate.lower()]
    raise EventFileFault(
        name, f"a column {' or '.join(wanted)}", ", ".join(given)[:300], "Name the column in a mapping (--map FILE)."
    )
