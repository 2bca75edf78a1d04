# SPDX-License-Identifier: Apache-2.0
"""A study as a thing: what is asked of which events, written down, frozen, and asked again with the same answer."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from openecp.border.time_release.clocks import Clock, ClockFault, clock_of

HOUR_US = 3_600_000_000
PHASES = ("preparation", "collection", "verification", "analysis", "report", "monitoring")
OFFICER_COLUMNS = (
    "officer",
    "officer_id",
    "actor",
    "actor_id",
    "user",
    "user_id",
    "recorder",
    "inspector",
    "org:resource",
)
SEGMENTS_MAX = 8
CLOCKS_MAX = 12
LABELS_MAX = 1000
FILES_MAX = 50
K_LEAST = 1


class StudyFault(ValueError):  # noqa: N818
    """A study that cannot be made or made again: where, expected, got, fix."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class Exclusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cases that the study leaves out, and the code of the reason; exactly one of the conditions is given.

    `activity`: cases that have it; `order`: A and B where the first A stands after the last B; `segment` with
    `values`; `clock` with `over_h`: longer than so many hours.
    """

    reason: str
    activity: str = ""
    order: tuple[str, ...] = ()
    segment: str = ""
    values: tuple[str, ...] = ()
    clock: str = ""
    over_h: float | None = None


class JournalRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The events of the journal up to a sequence number; 0: to its end when the study is frozen."""

    last_seq: int = 0


class Definition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a study asks: of which events, by which clocks and segments, without which cases, shown to whom."""

    name: str = ""
    purpose: str = ""
    administration: str = ""
    scope: str = ""
    objectives: tuple[str, ...] = ()
    first_day: date | None = None  # cases whose clock starts in the period
    last_day: date | None = None
    files: tuple[str, ...] = ()
    mapping: str = ""
    journal: JournalRange | None = None
    clocks: tuple[str, ...] = ("arrival_release",)
    segments: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    targets_h: dict[str, float] = {}
    exclusions: tuple[Exclusion, ...] = ()
    k: int = 5
    trim: float = 0.01  # share of cases cut at each end beside the raw figures
    seed: int = 1
    zone: str = "UTC"
    labels: dict[str, str] = {}  # names of codes, such as offices
    languages: tuple[str, ...] = ("en",)

    def clock_list(self) -> list[Clock]:
        """Return the clocks; the first is the study's headline."""
        return [clock_of(text) for text in self.clocks]

    def target_us(self, clock: str) -> int | None:
        """Return a clock's target, None where it has none."""
        hours = self.targets_h.get(clock)
        return None if hours is None else round(hours * HOUR_US)


class InputHash(msgspec.Struct, frozen=True, kw_only=True):
    """One input of a frozen study: its name, SHA-256 and size."""

    name: str
    sha256: str
    bytes: int


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """What a frozen study rests on: the definition's hash, and its files' hashes or the journal's range and hash."""

    definition_sha256: str
    inputs: tuple[InputHash, ...] = ()
    journal_last_seq: int = 0
    journal_rows_sha256: str = ""
    journal_checkpoint: str = ""
    frozen_on: str = ""


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """One phase of the Guide in a study: when it began and ended, where it has."""

    begun: date | None = None
    ended: date | None = None

    def state(self) -> str:
        """Return planned, under_way or done."""
        return "planned" if self.begun is None else "under_way" if self.ended is None else "done"


def definition_of(data: bytes, where: str) -> Definition:
    """Return the definition that a TOML file holds.

    Raises: StudyFault.
    """
    try:
        found = msgspec.toml.decode(data, type=Definition)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StudyFault(
            where, "a study's definition in TOML", str(error)[:200], "See docs/time-release-study.md."
        ) from None
    return checked(found, where)


def checked(found: Definition, where: str) -> Definition:
    """Return a definition that holds together.

    Raises: StudyFault.
    """
    limits = (("clocks", len(found.clocks), CLOCKS_MAX), ("segments", len(found.segments), SEGMENTS_MAX))
    for name, count, most in (*limits, ("files", len(found.files), FILES_MAX)):
        if count > most:
            raise StudyFault(f"{where} {name}", f"at most {most}", str(count), "Make two studies.")
    if not found.clocks:
        raise StudyFault(f"{where} clocks", "one clock or more", "none", 'Write clocks = ["arrival_release"].')
    try:
        found.clock_list()
    except ClockFault as fault:
        raise StudyFault(f"{where} clocks", "known clocks", str(fault)[:200], "Name one of these.") from None
    if len(found.labels) > LABELS_MAX:
        raise StudyFault(f"{where} labels", f"at most {LABELS_MAX}", str(len(found.labels)), "Name fewer codes.")
    for name in (*found.segments, *(exclusion.segment for exclusion in found.exclusions)):
        if name.lower() in OFFICER_COLUMNS:
            raise StudyFault(
                f"{where} segments", "no column of persons", name, "Officers are never named: leave it out."
            )
    if found.k < K_LEAST or not 0 <= found.trim < 0.5:
        raise StudyFault(
            where, "k of 1 or more and trim from 0 to below 0.5", f"{found.k}, {found.trim}", "Correct them."
        )
    for exclusion in found.exclusions:
        given = [bool(exclusion.activity), bool(exclusion.order), bool(exclusion.segment), bool(exclusion.clock)]
        if sum(given) != 1 or (exclusion.order and len(exclusion.order) != 2):
            raise StudyFault(
                f"{where} exclusions {exclusion.reason!r}",
                "exactly one of activity, order (two activities), segment, clock",
                str(sum(given)),
                "Write one condition an exclusion.",
            )
    for language in found.languages:
        if language not in ("en", "fr"):
            raise StudyFault(f"{where} languages", "en, fr", language, "Choose of these.")
    return found


def definition_sha256(definition: Definition) -> str:
    """Return the hash of what a definition says, however its file is written."""
    return hashlib.sha256(msgspec.json.encode(definition, order="deterministic")).hexdigest()


def differences(before: Frozen, now: Frozen) -> list[str]:
    """Return what differs between what was frozen and what is there now, one sentence each; empty: nothing."""
    found = []
    if before.definition_sha256 != now.definition_sha256:
        found.append(f"definition: {before.definition_sha256[:12]} was frozen, {now.definition_sha256[:12]} is there")
    was, there = ({one.name: one for one in side.inputs} for side in (before, now))
    for name in sorted(was.keys() | there.keys()):
        if name not in there:
            found.append(f"{name}: frozen, and not there now")
        elif name not in was:
            found.append(f"{name}: there now, and not frozen")
        elif was[name] != there[name]:
            old, new = was[name], there[name]
            found.append(
                f"{name}: {old.bytes} bytes {old.sha256[:12]} were frozen, {new.bytes} {new.sha256[:12]} are there"
            )
    if before.journal_rows_sha256 != now.journal_rows_sha256:
        found.append(f"journal up to {before.journal_last_seq}: its rows are not those that were frozen")
    return found


def day_us(day: date) -> int:
    """Return the first microsecond of a day in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000


def shown_day(us: int) -> str:
    """Return the day of a moment as ISO text."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).date().isoformat()


def phases_shown(phases: dict[str, Phase]) -> list[dict[str, Any]]:
    """Return the phases in the Guide's order with their states and dates."""
    rows = []
    for name in PHASES:
        phase = phases.get(name, Phase())
        rows.append({"phase": name, "state": phase.state(), "begun": phase.begun, "ended": phase.ended})
    return rows
