# SPDX-License-Identifier: Apache-2.0
"""A case as it is opened from the store for one reader: row, events, stored messages, notifications, declared data.

Limits: 2,000 events, 200 notifications, 2 MB of a message read into a tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import msgspec

from openecp.border.lodgement.case import DeclarationCase, case_of
from openecp.kernel.assessment.reasons import Assessment, Reason
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.model import CaseRow, Event, OutboxMessage, StoredDocument
from openecp.kernel.journal.queries import Queries
from openecp.kernel.parties.model import Principal
from openecp.platform.console.notices import notice_of
from openecp.platform.console.views import CaseView, case_view
from openecp.platform.console.words import LAYERS
from openecp.platform.core.permissions import may_read
from openecp.platform.wire import Reading, Unreadable, read

EVENTS_MAX = 2000
NOTIFICATIONS_MAX = 200
MESSAGE_BYTES_MAX = 2_000_000
CASE_ID_CHARS_MAX = 64


class Opened(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What the store holds of one case."""

    row: CaseRow
    seq: int
    events: tuple[Event, ...]
    documents: tuple[StoredDocument, ...]
    notifications: tuple[OutboxMessage, ...] = ()  # only where a rejection has to be read from them

    @cached_property
    def folded(self) -> DeclarationCase | None:
        """The case as its events tell it, None where the state cannot be read."""
        try:
            return case_of(self.row.state)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    @cached_property
    def message(self) -> StoredDocument | None:
        """The message that the declaration stands on now, None where it was erased."""
        wanted = self.folded.document_id if self.folded else ""
        declarations = [d for d in self.documents if d.kind == "declaration"]
        return next((d for d in self.documents if wanted and d.document_id == wanted), None) or (
            declarations[-1] if declarations else None
        )

    @cached_property
    def reading(self) -> Reading | None:
        """The message as read again, None where it was erased or cannot be read."""
        return reading_of(self.message) if self.message else None

    @property
    def declaration(self) -> Declaration | None:
        """The declared data."""
        return self.reading.declaration if self.reading else None

    @cached_property
    def assessment(self) -> Assessment | None:
        """The assessment of this version with all its reasons, each with its line of the message where it has one.

        Where it was not kept, what the case's state says of it: amounts without reasons.
        """
        wanted = _kept_id(self.folded, self.events)
        kept = next((d for d in self.documents if d.kind == "assessment" and d.document_id == wanted), None)
        if kept is not None:
            try:
                return _with_lines(msgspec.json.decode(kept.content, type=Assessment), self.reading)
            except (msgspec.ValidationError, msgspec.DecodeError):
                pass
        if self.folded is None:
            return None
        if self.row.status == "rejected":
            return _with_lines(_from_rejection(self.folded, self.events, self.notifications), self.reading)
        return _from_state(self.folded)

    @property
    def notes(self) -> dict[str, str]:
        """Officers' words, by document id."""
        return {d.document_id: d.content.decode("utf-8", "replace") for d in self.documents if d.kind == "note"}

    def view(self, principal: Principal) -> CaseView:
        """The case as this reader may see it."""
        return case_view(
            self.row,
            self.seq,
            self.events,
            self.declaration,
            self.assessment,
            audience=principal.audience,
            notes=self.notes,
        )


def _kept_id(case: DeclarationCase | None, events: Iterable[Event]) -> str | None:
    """The document of the latest assessment: of a rejection its own, else that of the version in force."""
    for event in events:
        if event.kind == "DeclarationRejected":
            kept = event.body.get("assessment")
            return str(kept.get("id")) if isinstance(kept, dict) else None
    return case.assessment_id if case is not None else None


def _from_state(case: DeclarationCase) -> Assessment | None:
    if not case.currency and not case.taxes:
        return None
    return Assessment(
        outcome="rejected" if case.status == "rejected" else "accepted",
        data_set=case.data_set,
        movement=case.movement,
        currency=case.currency,
        channel=case.channel,
        taxes=case.taxes,
        security_minor=case.security_minor,
        decided_on=case.acceptance_date or "",
    )


def _from_rejection(
    case: DeclarationCase, events: tuple[Event, ...], notifications: tuple[OutboxMessage, ...]
) -> Assessment:
    """Where the assessment of a rejected declaration was not kept: what its notification said of each fault."""
    facts = next((e.body.get("reasons", ()) for e in reversed(events) if e.kind == "DeclarationRejected"), ())
    layers: dict[str, str] = {fact["code"]: fact.get("layer", "") for fact in facts if "code" in fact}
    reasons = []
    for message in notifications:
        notice = notice_of(message)
        for fault in notice.faults if notice.code == "03" else ():
            layer = layers.get(fault.code)
            reasons.append(
                Reason(
                    code=fault.code,
                    layer=layer if layer in LAYERS else "state",  # type: ignore[arg-type]
                    rule="",
                    message=fault.text,
                    pointer=fault.pointer or None,
                )
            )
    return Assessment(
        outcome="rejected",
        data_set=case.data_set,
        movement=case.movement,
        currency=case.currency,
        reasons=tuple(reasons),
    )


def _with_lines(assessment: Assessment, reading: Reading | None) -> Assessment:
    wanted = tuple({r.pointer for r in assessment.reasons if r.pointer and r.line is None and r.severity != "info"})
    if reading is None or not wanted:
        return assessment
    lines = dict(zip(wanted, reading.lines_of(wanted), strict=True))
    reasons = tuple(
        msgspec.structs.replace(r, line=lines[r.pointer]) if r.pointer in lines and r.line is None else r
        for r in assessment.reasons
    )
    return msgspec.structs.replace(assessment, reasons=reasons)


def open_case(queries: Queries, case_id: str, principal: Principal) -> Opened | None:
    """Open a case; None where there is none or where this reader may not see it, so that both look the same."""
    found = queries.case(case_id) if case_id and len(case_id) <= CASE_ID_CHARS_MAX else None
    if found is None or not may_read(principal, found[0].organisation):
        return None
    row, seq = found
    events = queries.events(case_id=case_id, limit=EVENTS_MAX)
    documents = queries.documents_of(case_id)
    told: list[OutboxMessage] = []
    if row.status == "rejected" and _kept_id(None, events) is None:
        told = notifications_of(queries, row)
    return Opened(row=row, seq=seq, events=tuple(events), documents=tuple(documents), notifications=tuple(told))


def reading_of(document: StoredDocument) -> Reading | None:
    """Return what a stored message says, None where it cannot be read."""
    if len(document.content) > MESSAGE_BYTES_MAX:
        return None
    try:
        return read(document.content, media="json" if "json" in document.media_type else "xml")
    except Unreadable:
        return None


def notifications_of(queries: Queries, row: CaseRow) -> list[OutboxMessage]:
    """Return the notifications sent about a case to its organisation, oldest first."""
    found = [entry.message for entry in queries.notifications_of(row.case_id)]
    return [message for message in found if message.organisation == row.organisation][:NOTIFICATIONS_MAX]
