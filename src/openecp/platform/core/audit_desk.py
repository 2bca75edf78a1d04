# SPDX-License-Identifier: Apache-2.0
"""Audits in the store: opened for what is released in the blue lane, told when overdue, listed, shown with words.

Limits: a tick looks at 200,000 events at most and the next one goes on from there; one process ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from openecp.border.risk.audit.acts import OpenAudit, TellAuditOverdue
from openecp.border.risk.audit.case import AUDIT_STREAM, ROOM, SAMPLE_STREAM, AuditCase, AuditStatus
from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.canonical import canonical
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, Event, Face, NewEvent, StoredDocument, Written
from openecp.kernel.parties.model import Principal
from openecp.platform.core.audit_work import RELEASED, AuditCasework, AuditSource, audit_of, declaration_row
from openecp.platform.core.model import ProgrammeCommand

EVENTS_MAX, PAGE, HISTORY_MAX = 200_000, 1_000, 500
INSTALLATION = Principal(
    principal_id="audits", kind="system", organisation="customs", name="audits", roles=("officer",)
)
_OUT = ("GoodsReleased", "DeclarationCleared")


class AuditStore(AuditSource, Protocol):
    """The part of the store that the desk of audits needs."""

    def document(self, document_id: str) -> StoredDocument | None: ...

    def states(self, case_ids: Sequence[str]) -> dict[str, bytes]: ...

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]: ...

    def write(self, batch: list[CaseWrite]) -> list[Written]: ...


class AuditTold(msgspec.Struct, frozen=True, kw_only=True):
    """One event of an audit: what, when, who, and the officer's words where they are kept."""

    seq: int
    kind: str
    at: str
    actor: str
    words: str = ""
    number: int = 0
    amount_minor: int = 0


class AuditShown(msgspec.Struct, frozen=True, kw_only=True):
    """An audit with the words of its findings by number, its history, and the number of its last event."""

    audit: AuditCase
    found: dict[int, str]
    history: list[AuditTold]
    seq: int


class AuditDesk:
    """Audits in the store. One thread at a time."""

    def __init__(
        self, store: AuditStore, work: AuditCasework | None = None, *, clock: Callable[[], str] = utc_now
    ) -> None:
        """Take the store, and what decides; without it the desk only reads."""
        self._store, self._work, self._clock = store, work, clock
        self._looked = 0  # up to where the journal was looked through, though nothing was released into audits
        self._told_on = ""  # the day on which overdue audits were told last

    # -- by the clock --------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Do what is due: open audits for what was released since the last time, and tell which are overdue."""
        self.open_due()
        self.tell_overdue()

    def open_due(self) -> int:
        """Open audits for what was released into them since the last time; return how many.

        How many were released and how many of them were drawn is on record, with the part of the journal looked at.
        """
        case = self._store.case(SAMPLE_STREAM)
        through = int(msgspec.json.decode(case[0].state)["through"]) if case else 0
        after, looked, opened, released = max(through, self._looked), 0, 0, 0
        while looked < EVENTS_MAX and (page := self._store.events(after_seq=after, limit=PAGE)):
            names = list(dict.fromkeys(event.case_id for event in page if _may_lead(event)))
            states = self._store.states(names) if names else {}
            for name in (name for name in names if _to_audit(states.get(name, b"{}"))):
                if self._store.case(AUDIT_STREAM + name) is not None:
                    continue
                new = self._open(name)
                opened += new
                released += new or self._left_after(name, through)
            after, looked = page[-1].seq, looked + len(page)
        self._looked = after
        if released:
            body = {"after": through, "through": after, "released": released, "opened": opened}
            self._record(SAMPLE_STREAM, case, body, {"through": after})
        return opened

    def _left_after(self, case_id: str, seq: int) -> bool:
        """Tell whether the goods left Customs' hands after an entry: what is released and cleared counts once."""
        events = self._store.events(case_id=case_id, limit=HISTORY_MAX)
        return next((event.seq for event in events if event.kind in _OUT), 0) > seq

    def _open(self, case_id: str) -> bool:
        assert self._work is not None, "a desk that only reads does not tick"
        wanted = ProgrammeCommand(principal=INSTALLATION, act=OpenAudit(declaration=case_id))
        decided = self._work.decide(wanted)
        if decided.write is None:
            return False
        return self._store.write([decided.write])[0].outcome == "recorded"

    def tell_overdue(self) -> int:
        """Put on record which audits were to be done before today and are not; return how many are new."""
        assert self._work is not None, "a desk that only reads does not tick"
        today, told = self._clock()[:10], 0
        if self._told_on == today:  # a day's audits become overdue together
            return 0
        for state in self.audits():
            if state.overdue(today) and not state.overdue_told:
                act = TellAuditOverdue(audit=state.declaration)
                decided = self._work.decide(ProgrammeCommand(principal=INSTALLATION, act=act))
                if decided.write is not None:
                    told += self._store.write([decided.write])[0].outcome == "recorded"
        self._told_on = today
        return told

    # -- reading -------------------------------------------------------------------------------------------------------

    def audits(
        self, statuses: Sequence[AuditStatus] = (), *, office: str = "", officer: str = "", overdue: bool = False
    ) -> list[AuditCase]:
        """Return audits, those due first at the top; of some statuses, one office, one officer, only overdue ones."""
        today = self._clock()[:10]
        states = [audit_of(face.face) for face in self._store.faces(room=ROOM, prefix=AUDIT_STREAM)]
        wanted = [
            state for state in states
            if (not statuses or state.status in statuses) and (not office or state.office == office)
            and (not officer or state.officer == officer) and (not overdue or state.overdue(today))
        ]  # fmt: skip
        return sorted(wanted, key=lambda state: (state.due_on, state.opened_at, state.declaration))

    def audit(self, name: str) -> AuditShown | None:
        """Return the audit of a declaration, by MRN or case id, with words and history; None where there is none."""
        row = declaration_row(self._store, name)
        case = self._store.case(AUDIT_STREAM + row.case_id) if row is not None else None
        if case is None:
            return None
        state = audit_of(case[0].state)
        found = {one.number: self._words(one.document) for one in state.findings}
        events = self._store.events(case_id=case[0].case_id, limit=HISTORY_MAX)
        return AuditShown(audit=state, found=found, history=[self._told(event) for event in events], seq=case[1])

    def today(self) -> str:
        """Return the day by which overdue is judged."""
        return self._clock()[:10]

    def _told(self, event: Event) -> AuditTold:
        body = event.body
        finding = body.get("finding") or {}
        note = body.get("note") or finding.get("found") or {}
        amount = body.get("amount_minor") or finding.get("recovered_minor") or body.get("waived_minor") or 0
        return AuditTold(
            seq=event.seq, kind=event.kind, at=event.occurred_at, actor=event.actor,
            words=self._words(str(note.get("id") or "")), number=int(finding.get("number") or body.get("number") or 0),
            amount_minor=int(amount),
        )  # fmt: skip

    def _words(self, document: str) -> str:
        kept = self._store.document(document) if document else None
        return kept.content.decode("utf-8", "replace") if kept is not None else ""

    def _record(
        self, stream: str, case: tuple[CaseRow, int] | None, body: dict[str, Any], state: dict[str, Any]
    ) -> None:  # fmt: skip
        told = canonical(state)
        event = NewEvent(kind="AuditsSampled", occurred_at=self._clock(), actor=INSTALLATION.actor, body=body)
        row = CaseRow(
            case_id=stream, organisation="customs", lrn=stream, mrn=None, status="sampled", channel=None, office=None,
            movement=None, version=case[0].version + 1 if case else 1, state=told, updated_at=event.occurred_at,
            room=ROOM,
        )  # fmt: skip
        self._store.write([CaseWrite(row=row, expected_seq=case[1] if case else 0, events=(event,), face=told)])


def refused_of(answer: Answer) -> tuple[str, str, str, str, str]:
    """Return message, where, expected, got, fix of an answer that refuses."""
    error = answer.error
    if error is None:
        return "", "", "", "", ""
    return error.message, error.json_pointer or "", error.expected or "", error.got or "", error.fix or ""


def _may_lead(event: Event) -> bool:
    if event.kind in _OUT:
        return True
    return event.kind == "DeclarationAssessed" and bool((event.body.get("officer") or {}).get("audit"))


def _to_audit(state: bytes) -> bool:
    """Tell whether the declaration's goods are out of Customs' hands and its assessment sends it to an audit."""
    told = msgspec.json.decode(state)
    return isinstance(told, dict) and told.get("status") in RELEASED and bool(told.get("audit"))
