# SPDX-License-Identifier: Apache-2.0
"""Activities that others know: a port, a bank or an agency tells when something happened to a consignment.

Each becomes an event `ActivityRecorded` in a stream of its own beside the case, so that nothing is written to the case.
Who tells says only what its kind of business knows; what the journal itself tells nobody can tell beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from openecp.border.time_release.events import OWNER_OF
from openecp.border.time_release.journal_events import ACTIVITY_RECORDED
from openecp.kernel.journal.model import CaseRow, CaseWrite, NewEvent

ROOM = "activities"
PRECISIONS = ("second", "minute", "day")
AHEAD = timedelta(minutes=5)  # clocks of others may run this fast
TEXT_MAX = 80
ACTIVITIES_MAX = 200  # of one command
STREAM_MAX = 500  # activities of one case
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,79}")

_CARRIER = ("ACI_FILED", "ARRIVAL", "MANIFEST_ACCEPTED", "TRANSIT_START", "TRANSIT_END", "DELIVERY_ORDER", "DEPARTURE")
_TERMINAL = ("ARRIVAL", "UNLOADED", "TRANSIT_END", "STORED", "INSPECT_PRESENTED", "DELIVERY_ORDER", "GATE_OUT")
_BANK = ("AGENCY_FEE_PAID", "PAYMENT_INITIATED", "PAYMENT_CONFIRMED", "GUARANTEE_ACCEPTED")
_AGENCY = (
    "AGENCY_REQUESTED", "AGENCY_FEE_PAID", "AGENCY_INSPECT_START", "AGENCY_INSPECT_END", "AGENCY_DECIDED",
    "SAMPLE_TAKEN",
)  # fmt: skip
_TRADER = ("AGENCY_REQUESTED", "AGENCY_FEE_PAID", "PAYMENT_INITIATED", "INSPECT_PRESENTED", "GATE_OUT")
# What only the journal tells: whoever could tell these beside it could change the study of Customs' own work.
OF_THE_JOURNAL = (
    "LODGED", "REJECTED", "AMENDED", "ACCEPTED", "CHANNELLED", "DOC_CHECK_END", "QUERY_RAISED", "QUERY_ANSWERED",
    "ASSESSED", "INSPECT_CALLED", "INSPECT_END", "RELEASED", "CANCELLED", "SEIZED", "ABANDONED",
)  # fmt: skip
MAY_RECORD: Mapping[str, tuple[str, ...]] = {
    "carrier": _CARRIER,
    "terminal": _TERMINAL,
    "bank": _BANK,
    "agency": _AGENCY,
    "laboratory": ("SAMPLE_TAKEN", "LABORATORY_RESULT"),
    "trader": _TRADER,  # of its own consignments
    "customs": tuple(code for code in OWNER_OF if code not in OF_THE_JOURNAL),
}
PARTNERS = ("carrier", "terminal", "bank", "agency", "laboratory")
_MAY_SEGMENT: Mapping[str, tuple[str, ...]] = {
    "carrier": ("means",), "terminal": ("means",), "agency": ("agency",), "trader": ("agency",),
    "customs": ("office", "agency", "means"),
}  # fmt: skip
SEGMENTS = ("office", "agency", "means")


class RecordActivity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Record that something happened to the consignment of a case."""

    case: str  # MRN or case id
    activity: str
    occurred_at: str  # ISO 8601 with its difference from UTC
    source: str = ""  # the system that knows it; without one, the organisation that tells
    precision: str = "second"
    segments: dict[str, str] = {}


class RecordActivities(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """Record activities, all of them or none."""

    activities: tuple[RecordActivity, ...]


class Recorder(NamedTuple):
    """Who tells: the organisation, its numbers, and as what (keys of `MAY_RECORD`)."""

    actor: str
    organisation: str
    kinds: tuple[str, ...]
    identifiers: tuple[str, ...] = ()


class ActivityFault(ValueError):  # noqa: N818
    """An activity that cannot be recorded: which field, what was wanted, what was got, what to do."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


def stream_of(case_id: str) -> str:
    """Return the stream in which the activities of a case are recorded."""
    return f"activities/{case_id}"


def checked(act: RecordActivity, who: Recorder, *, now: str) -> tuple[str, dict[str, Any]]:
    """Return when an activity happened (UTC) and the body of its event.

    Raises: ActivityFault.
    """
    occurred = _moment(act.occurred_at, now)
    may = [code for code in OWNER_OF if any(code in MAY_RECORD[kind] for kind in who.kinds)]
    if act.activity not in may:
        fix = (
            "The journal tells this by itself; leave it out." if act.activity in OF_THE_JOURNAL
            else "Name one of these, or have it told by those who know it."
        )  # fmt: skip
        raise ActivityFault("activity", "one of " + ", ".join(may), act.activity[:40] or "nothing", fix)
    if act.precision not in PRECISIONS:
        raise ActivityFault("precision", "one of " + ", ".join(PRECISIONS), act.precision[:40], "Name one of these.")
    if act.source and not _SOURCE.fullmatch(act.source):
        raise ActivityFault(
            "source", "a name of letters, digits, blanks and ._:/-", act.source[:40], "Name the system."
        )
    body = {
        "activity": act.activity,
        "case": act.case,
        "precision": act.precision,
        "source": act.source or who.organisation,
        "segments": _segments(act, who),
    }
    return occurred, body


def _segments(act: RecordActivity, who: Recorder) -> dict[str, str]:
    """Return the segments that an activity tells; an agency speaks for itself only."""
    may = [name for name in SEGMENTS if any(name in _MAY_SEGMENT.get(kind, ()) for kind in who.kinds)]
    for name, value in act.segments.items():
        if name not in may:
            raise ActivityFault("segments", "one of " + (", ".join(may) or "none"), name[:40], "Leave it out.")
        if not _SOURCE.fullmatch(value):
            raise ActivityFault(
                f"segments.{name}", "a code", value[:40] or "nothing", "Write the code of the office, agency or ship."
            )
    found = dict(act.segments)
    if "agency" in who.kinds and act.activity in _AGENCY:
        own = (*who.identifiers, who.organisation)
        if found.setdefault("agency", own[0]) not in own:
            raise ActivityFault("segments.agency", "one of " + ", ".join(own), found["agency"][:40], "Leave it out.")
    return dict(sorted(found.items()))


def record(
    told: Sequence[tuple[str, dict[str, Any]]],
    case: CaseRow,
    stream: tuple[CaseRow, int] | None,
    *,
    actor: str,
    now: str,
    group: str | None = None,
) -> CaseWrite:
    """Return what is written: the activities of one case as events of its stream."""
    row, seq = stream if stream is not None else (None, 0)
    return CaseWrite(
        row=CaseRow(
            case_id=stream_of(case.case_id), organisation=case.organisation, lrn=case.lrn, mrn=None, status="recorded",
            channel=None, office=case.office, movement=case.movement, version=(row.version if row else 0) + 1,
            state=b"{}", updated_at=now, room=ROOM,
        ),
        expected_seq=seq,
        events=tuple(
            NewEvent(kind=ACTIVITY_RECORDED, occurred_at=occurred, actor=actor, body={**body, "case": case.case_id})
            for occurred, body in told
        ),
        group=group,
    )  # fmt: skip


def _moment(text: str, now: str) -> str:
    try:
        when = datetime.fromisoformat(text) if len(text) <= TEXT_MAX else None
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise ActivityFault(
            "occurred_at", "a moment with its difference from UTC", text[:40] or "nothing",
            "Write 2026-06-01T14:30:00+02:00.",
        )  # fmt: skip
    if not 2000 <= when.year < 9999:
        raise ActivityFault("occurred_at", "a moment since 2000", text[:40], "Correct the year.")
    if when > datetime.fromisoformat(now) + AHEAD:
        raise ActivityFault("occurred_at", "a moment that has passed", text[:40], "Correct the clock, or the zone.")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
