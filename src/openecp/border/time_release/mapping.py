# SPDX-License-Identifier: Apache-2.0
"""The mapping of a study's files: which columns play which part, written once and kept beside the files (TOML).

A file belongs to the first source whose patterns match its name. What a source leaves open is taken from the mapping,
then from the file itself. Owners named here reach attribution; activities that nobody names keep their own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from zoneinfo import ZoneInfo

import msgspec

from openecp.border.time_release.events import ACTIVITIES, OWNER_OF, OWNERS

SIZE_MAX = 1 << 20
PRECISIONS = ("", "second", "minute", "day")


class MapFault(ValueError):  # noqa: N818
    """A mapping that cannot be used: where, expected, got, fix."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class SourceMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source of events: its files and their columns.

    A file with a row an event names `activity` and `ts`; one with a row a case names `stamps`, activity by activity;
    one that only ties numbers together names `keys` alone.
    """

    name: str
    files: tuple[str, ...] = ("*",)
    case_id: str = ""
    activity: str = ""
    ts: str = ""
    stamps: dict[str, str] = {}
    keys: dict[str, str] = {}  # kind of object -> column of its number
    activities: dict[str, str] = {}  # the source's words -> codes
    segments: dict[str, str] = {}  # our name -> the source's column; all columns under their own names if empty
    zone: str | None = None  # of text without one; moments by type (Parquet) are UTC unless `local`
    local: bool = False
    formats: tuple[str, ...] = ()
    precision: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    case_object: str = ""  # in an object-centric log: the type that is a case

    def columns(self) -> dict[str, str]:
        """Return the columns of a file with a row an event, ours to the file's."""
        given = {"case_id": self.case_id, "activity": self.activity, "ts": self.ts}
        return {ours: theirs for ours, theirs in given.items() if theirs}


class StudyMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sources": "source"}):
    """The mapping of a study: what a case is, the zone of stamps without one, owners, sources.

    `case` is the kind of object that a case is, where sources know different numbers; `match` is `exact`, or `loose`:
    whatever the case, blanks, marks and leading zeros of a number.
    """

    case: str = ""
    zone: str = ""
    match: str = "exact"
    owners: dict[str, str] = {}
    activities: dict[str, str] = {}
    segments: dict[str, str] = {}
    formats: tuple[str, ...] = ()
    sources: tuple[SourceMap, ...] = ()

    def source_of(self, file: str) -> SourceMap | None:
        """Return the source that a file's name belongs to."""
        for source in self.sources:
            if any(fnmatch(file.lower(), pattern.lower()) for pattern in source.files):
                return source
        return None

    def owner_of(self) -> Mapping[str, str]:
        """Return the owner of the wait that each activity ends: the canonical ones, then those named here."""
        return {**OWNER_OF, **self.owners}

    def zone_of(self, source: SourceMap | None) -> str:
        """Return the zone of stamps without one; UTC where it is empty."""
        return self.zone if source is None or source.zone is None else source.zone


def study_map(text: str, name: str = "the mapping") -> StudyMap:
    """Return a mapping that is written in TOML.

    Raises: MapFault.
    """
    if len(text) > SIZE_MAX:
        raise MapFault(name, f"at most {SIZE_MAX} characters", str(len(text)), "Is this a mapping?")
    try:
        found = msgspec.toml.decode(text, type=StudyMap)
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MapFault(name, "a mapping in TOML", str(error)[:200], "See docs/time-release.md.") from None
    _check(found, name)
    return found


def _check(found: StudyMap, name: str) -> None:
    zones = [("zone", found.zone), *((f"source {source.name!r}, zone", source.zone or "") for source in found.sources)]
    for where, zone in zones:
        if zone and not _is_zone(zone):
            raise MapFault(f"{name}, {where}", "a time zone such as Africa/Nairobi", zone[:60], "Write its IANA name.")
    for activity, owner in found.owners.items():
        if owner.partition(":")[0] not in OWNERS:
            raise MapFault(f"{name}, owners, {activity!r}", ", ".join(OWNERS), owner[:60], "Name one of these.")
    if found.match not in ("exact", "loose"):
        raise MapFault(f"{name}, match", "exact or loose", found.match[:40], "Write one of these.")
    for source in found.sources:
        where = f"{name}, source {source.name!r}"
        if source.precision not in PRECISIONS:
            raise MapFault(f"{where}, precision", "second, minute or day", source.precision[:40], "Write one of these.")
        if source.keys and not found.case:
            kinds = ", ".join(source.keys)
            raise MapFault(where, f"case = one of the kinds {kinds}", "none", "Name at the top what a case is.")
        if source.stamps and (source.activity or source.ts):
            raise MapFault(where, "either stamps, or activity and ts", "both", "Leave one of them out.")
        if source.stamps and not (source.case_id or source.keys):
            raise MapFault(where, "case_id or keys", "neither", "Name the column of the case's number.")
    named = {kind for source in found.sources for kind in source.keys}
    if named and found.case not in named:
        raise MapFault(f"{name}, case", f"one of {', '.join(sorted(named))}", found.case[:60], "Name one of these.")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True


# Words in the names of columns and activities that tell what they are; the longest word that is found wins.
_WORDS: tuple[tuple[str, str], ...] = (
    ("gate out", "GATE_OUT"), ("gateout", "GATE_OUT"), ("exit gate", "GATE_OUT"), ("sortie", "GATE_OUT"),
    ("arriv", "ARRIVAL"), ("ata", "ARRIVAL"), ("berth", "ARRIVAL"),
    ("manifest", "MANIFEST_ACCEPTED"), ("unload", "UNLOADED"), ("discharg", "UNLOADED"), ("stored", "STORED"),
    ("lodg", "LODGED"), ("submi", "LODGED"), ("regist", "LODGED"), ("depot", "LODGED"), ("filed", "LODGED"),
    ("accept", "ACCEPTED"), ("reject", "REJECTED"), ("amend", "AMENDED"), ("channel", "CHANNELLED"),
    ("selectiv", "CHANNELLED"), ("assess", "ASSESSED"), ("apprais", "ASSESSED"), ("liquid", "ASSESSED"),
    ("paid", "PAYMENT_CONFIRMED"), ("payment", "PAYMENT_CONFIRMED"), ("paiement", "PAYMENT_CONFIRMED"),
    ("examination start", "INSPECT_START"), ("inspection start", "INSPECT_START"), ("inspect start", "INSPECT_START"),
    ("examination end", "INSPECT_END"), ("inspection end", "INSPECT_END"), ("inspect end", "INSPECT_END"),
    ("releas", "RELEASED"), ("clearance", "RELEASED"), ("mainlev", "RELEASED"), ("out of charge", "RELEASED"),
    ("delivery order", "DELIVERY_ORDER"), ("cancel", "CANCELLED"), ("seiz", "SEIZED"), ("depart", "DEPARTURE"),
)  # fmt: skip
_CODES = {activity.code for activity in ACTIVITIES}


def guessed_activity(words: str) -> str:
    """Return the code that a column's or an activity's name seems to mean; empty where none does."""
    code = words.strip().upper().replace(" ", "_").replace("-", "_")
    if code in _CODES:
        return code
    plain = " ".join("".join(mark if mark.isalnum() else " " for mark in words.lower()).split())
    found = [(len(word), code) for word, code in _WORDS if (plain == word if len(word) < 4 else word in plain)]
    return max(found)[1] if found else ""


class FileLook(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of events looks like: its columns, in how many rows each holds stamps, and its activities."""

    file: str
    columns: tuple[str, ...]
    rows: int
    stamps: dict[str, float]  # column -> share of its values that are stamps
    distinct: dict[str, int]
    values: dict[str, tuple[str, ...]]  # the values of columns with few of them


_CASE_WORDS = ("case", "declaration", "decl", "entry", "mrn", "consignment", "bill", "awb", "container", "shipment")


def proposed_map(looks: tuple[FileLook, ...]) -> str:
    """Return a mapping in TOML that a person can go on from; what is guessed is to be looked at."""
    lines = [
        "# A proposal: look at every line before it is used.",
        '# zone = "Africa/Nairobi"  # of stamps without one',
    ]
    for look in looks:
        stamps = [column for column in look.columns if look.stamps.get(column, 0) >= 0.8]
        rest = [column for column in look.columns if column not in stamps]
        case = _case_column(rest, look)
        activity = _activity_column(rest, case, look)
        lines += ["", "[[source]]", f"name = {_told(look.file.partition('.')[0])}", f"files = [{_told(look.file)}]"]
        lines.append(f"case_id = {_told(case)}")
        if activity and len(stamps) >= 1:
            lines += [f"activity = {_told(activity)}", f"ts = {_told(stamps[0])}"]
            words = look.values.get(activity, ())
            if words:
                lines += ["[source.activities]"] + [
                    f"{_told(word)} = {_told(guessed_activity(word) or word)}" for word in words
                ]
        elif stamps:
            lines.append("[source.stamps]")
            lines += [f"{_key(guessed_activity(column) or column.upper())} = {_told(column)}" for column in stamps]
    return "\n".join(lines) + "\n"


def _case_column(columns: list[str], look: FileLook) -> str:
    named = [c for c in columns if any(word in c.lower() for word in _CASE_WORDS)]
    order = sorted(named, key=lambda c: (not c.lower().startswith("case"), -look.distinct.get(c, 0)))
    return (order or sorted(columns, key=lambda c: -look.distinct.get(c, 0)) or [""])[0]


def _activity_column(columns: list[str], case: str, look: FileLook) -> str:
    few = [c for c in columns if c != case and c in look.values]
    scored = [(sum(bool(guessed_activity(value)) for value in look.values[c]), c) for c in few]
    named = [
        c for c in few if any(word in c.lower() for word in ("activity", "event", "status", "step", "concept:name"))
    ]
    best = max(scored, default=(0, ""))
    return named[0] if named else best[1] if best[0] >= 2 else ""


def _told(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'


def _key(text: str) -> str:
    return text if text.replace("_", "").isalnum() and text.isascii() else _told(text)
