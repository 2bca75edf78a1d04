# SPDX-License-Identifier: Apache-2.0
"""The journal as events of a study: one table from the journal's kinds to the canonical activities.

The journal keeps its past-tense names; a study counts activities. What happens outside Customs' system (unloading, the
gate, agencies, the bank) is recorded by those who know it, as `ActivityRecorded`, whose body names the activity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from openecp.border.time_release.events import ACTIVITIES
from openecp.kernel.journal.model import Event

ACTIVITY_RECORDED = "ActivityRecorded"
KINDS: dict[str, tuple[str, ...]] = {
    "DeclarationSubmitted": ("LODGED",),
    "DeclarationRejected": ("REJECTED",),
    "GoodsPresented": ("ARRIVAL",),
    "DeclarationAccepted": ("ACCEPTED",),
    "DeclarationAssessed": ("CHANNELLED", "ASSESSED"),
    "DocumentsRequired": ("QUERY_RAISED",),
    "DocumentsVerified": ("QUERY_ANSWERED", "DOC_CHECK_END"),
    "DocumentsNotConform": ("QUERY_ANSWERED", "DOC_CHECK_END"),
    "ControlOrdered": ("INSPECT_CALLED",),
    "ControlConform": ("INSPECT_END",),
    "ControlIrregular": ("INSPECT_END",),
    "GoodsDetained": ("INSPECT_END",),
    "PaymentSettled": ("PAYMENT_CONFIRMED",),
    "SecurityTaken": ("GUARANTEE_ACCEPTED",),
    "GoodsReleased": ("RELEASED",),
    "DeclarationCleared": ("RELEASED",),
    "GoodsExited": ("DEPARTURE",),
    "AmendmentRequested": ("AMENDED",),
    "DeclarationInvalidated": ("CANCELLED",),
    "DeclarationExpired": ("ABANDONED",),
    "GoodsSeized": ("SEIZED",),
}
_CODES = frozenset(activity.code for activity in ACTIVITIES)
JOURNAL_SEGMENTS = ("office", "direction", "channel", "data_set", "agency", "means", "operator")


class EventRow(NamedTuple):
    """One row of a study's events; segments are known from the event that tells them on."""

    seq: int
    case_id: str
    activity: str
    occurred_at: str
    precision: str
    source: str
    segments: dict[str, str]


def event_rows(events: Iterable[Event], *, pseudonym: Callable[[str], str]) -> Iterator[EventRow]:
    """Yield the rows of journal events; an organisation is named by its pseudonym, an officer never."""
    for event in events:
        body = event.body
        if event.kind == ACTIVITY_RECORDED:
            activity = str(body.get("activity", ""))
            if activity in _CODES:
                yield _row(event, activity, _given(body), precision=str(body.get("precision", "second")))
            continue
        for activity in KINDS.get(event.kind, ()):
            yield _row(event, activity, _told(event, pseudonym))


def _row(event: Event, activity: str, segments: dict[str, str], precision: str = "second") -> EventRow:
    source = str(event.body.get("source", "journal")) if event.kind == ACTIVITY_RECORDED else "journal"
    case_id = str(event.body.get("case") or event.case_id) if event.kind == ACTIVITY_RECORDED else event.case_id
    return EventRow(event.seq, case_id, activity, event.occurred_at, precision, source, segments)


def _given(body: dict[str, Any]) -> dict[str, str]:
    segments = body.get("segments")
    if not isinstance(segments, dict):
        return {}
    return {name: str(value) for name, value in segments.items() if name in JOURNAL_SEGMENTS and value is not None}


def _told(event: Event, pseudonym: Callable[[str], str]) -> dict[str, str]:
    body, found = event.body, {}
    for name, key in (("office", "office"), ("direction", "movement"), ("data_set", "data_set")):
        if body.get(key):
            found[name] = str(body[key])
    officer = body.get("officer")
    if isinstance(officer, dict) and officer.get("channel"):
        found["channel"] = str(officer["channel"])
    if body.get("organisation"):
        found["operator"] = pseudonym(str(body["organisation"]))
    return found
