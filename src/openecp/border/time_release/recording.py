# SPDX-License-Identifier: Apache-2.0
"""Activities that others know: a port, a bank or an agency tells when something happened to a consignment.

Each becomes an event `ActivityRecorded` in a stream of its own beside the case, so that nothing is written to the case.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

from openecp.border.time_release.events import OWNER_OF
from openecp.border.time_release.journal_events import ACTIVITY_RECORDED, JOURNAL_SEGMENTS
from openecp.kernel.journal.model import CaseRow, CaseWrite, NewEvent

ROOM = "activities"
PRECISIONS = ("second", "minute", "day")
AHEAD = timedelta(minutes=5)  # clocks of others may run this fast
TEXT_MAX = 80
ACTIVITIES_MAX = 200  # of one command
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,79}")


class RecordActivity(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """Record that something happened to the consignment of a case."""

    case: str
    activity: str
    occurred_at: str  # ISO 8601 with its difference from UTC
    source: str = "recorded"  # the system that knows it
    precision: str = "second"
    segments: dict[str, str] = {}


class ActivityFault(ValueError):  # noqa: N818
    """An activity that cannot be recorded: which field, what was wanted, what was got, what to do."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


def stream_of(case_id: str) -> str:
    """Return the stream in which the activities of a case are recorded."""
    return f"activities/{case_id}"


def record(
    act: RecordActivity, case: CaseRow, stream: tuple[CaseRow, int] | None, *, actor: str, now: str
) -> CaseWrite:
    """Return what is written: one event in the stream of the case's activities.

    Raises: ActivityFault.
    """
    occurred = _moment(act.occurred_at, now)
    if act.activity not in OWNER_OF:
        raise ActivityFault("activity", "one of " + ", ".join(OWNER_OF), act.activity[:40], "Name one of these.")
    if act.precision not in PRECISIONS:
        raise ActivityFault("precision", "one of " + ", ".join(PRECISIONS), act.precision[:40], "Name one of these.")
    if not _SOURCE.fullmatch(act.source):
        raise ActivityFault(
            "source", "a name of letters, digits, blanks and ._:/-", act.source[:40], "Name the system."
        )
    for name, value in act.segments.items():
        if name not in JOURNAL_SEGMENTS or name == "operator":
            there = [each for each in JOURNAL_SEGMENTS if each != "operator"]
            raise ActivityFault("segments", "one of " + ", ".join(there), name[:40], "Leave it out.")
        if not _SOURCE.fullmatch(value):
            raise ActivityFault(
                f"segments.{name}", "a code", value[:40], "Write the code of the office, agency or ship."
            )
    body = {
        "activity": act.activity, "case": act.case, "precision": act.precision, "source": act.source,
        "segments": dict(sorted(act.segments.items())),
    }  # fmt: skip
    row, seq = stream if stream is not None else (None, 0)
    return CaseWrite(
        row=CaseRow(
            case_id=stream_of(act.case), organisation=case.organisation, lrn=case.lrn, mrn=None, status="recorded",
            channel=None, office=case.office, movement=case.movement, version=(row.version if row else 0) + 1,
            state=b"{}", updated_at=now, room=ROOM,
        ),
        expected_seq=seq,
        events=(NewEvent(kind=ACTIVITY_RECORDED, occurred_at=occurred, actor=actor, body=body),),
    )  # fmt: skip


def _moment(text: str, now: str) -> str:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None or len(text) > TEXT_MAX:
        raise ActivityFault(
            "occurred_at", "a moment with its difference from UTC", text[:40] or "nothing",
            "Write 2026-06-01T14:30:00+02:00.",
        )  # fmt: skip
    if when > datetime.fromisoformat(now) + AHEAD:
        raise ActivityFault("occurred_at", "a moment that has passed", text[:40], "Correct the clock, or the zone.")
    if when.year < 2000:
        raise ActivityFault("occurred_at", "a moment since 2000", text[:40], "Correct the year.")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
