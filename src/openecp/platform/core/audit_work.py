# SPDX-License-Identifier: Apache-2.0
"""Decides what is asked about audits: gathers the declaration's facts, keeps words beside the log, enters claims."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Protocol

import msgspec

from openecp.border.risk.audit.acts import (
    AuditAct,
    OpenAudit,
    RecordAuditFinding,
    RecordAuditRecovery,
    TellAuditOverdue,
)
from openecp.border.risk.audit.case import AUDIT_STREAM, ROOM, AuditCase, AuditFacts, AuditFinding
from openecp.border.risk.audit.decide import AuditDecision, decide
from openecp.border.risk.audit.fault import AuditRefused
from openecp.border.risk.audit.sample import AuditPlan
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.declared import number_of
from openecp.kernel.journal.canonical import canonical, salted_digest
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, Event, Idempotency, LedgerEntry, NewEvent, StoredDocument
from openecp.kernel.parties.model import Principal
from openecp.platform.core.ids import Randomness
from openecp.platform.core.model import Decided, ProgrammeCommand
from openecp.platform.core.permissions import may
from openecp.platform.core.plain_answers import encode, idempotency, refusal
from openecp.platform.core.risk_history import declaration_of

RELEASED = ("released", "cleared", "exit_awaited", "exited")
EVENTS_MAX, OFFICERS_MAX = 1_000, 10_000
audit_of = msgspec.json.Decoder(AuditCase).decode


class AuditSource(Protocol):
    """The part of the store that deciding about audits reads."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def find_case(
        self, *, mrn: str | None = None, lrn: str | None = None, organisation: str | None = None
    ) -> CaseRow | None: ...

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def principals(self, *, limit: int = 1000) -> list[Principal]: ...


class AuditCasework:
    """Decides commands of `openecp.border.risk.audit.acts`."""

    acts = AuditAct

    def __init__(
        self, source: AuditSource, plan: AuditPlan, *, draw: Callable[[str], int], currency: str,
        clock: Callable[[], str] = utc_now,
    ) -> None:  # fmt: skip
        """Take the store, the sample plan, and the draw of a declaration whose selection tells none."""
        self._source, self._plan, self._draw, self._clock = source, plan, draw, clock
        self._currency = currency
        self._randomness = Randomness()

    def key_of(self, command: ProgrammeCommand) -> Idempotency | None:
        """Return the key under which the answer to a command about audits is kept."""
        return idempotency(command, "audits")

    def decide(self, command: ProgrammeCommand) -> Decided:
        """Decide one command."""
        act, who, now = command.act, command.principal, self._clock()
        assert isinstance(act, AuditAct), "the desk hands over commands about audits only"
        if not _allowed(who, act):
            return Decided(refusal(_no_role(who), "audits"))
        row = declaration_row(self._source, act.declaration if isinstance(act, OpenAudit) else act.audit)
        known = self._source.case(AUDIT_STREAM + row.case_id) if row is not None else None
        state = audit_of(known[0].state) if known else None
        facts = self._facts(row, now[:10]) if row is not None and isinstance(act, OpenAudit) else None
        try:
            decision = decide(
                state, act, actor=who.actor, person=who.kind == "person", now=now, facts=facts,
                officers=self._officers() if type(act).__name__ == "AssignAudit" else frozenset(),
                items=self._items(row) if row is not None and isinstance(act, RecordAuditFinding) else frozenset(),
            )  # fmt: skip
        except AuditRefused as refused:
            return Decided(refusal(refused, "audits"))
        write = self._write(decision, known, who.actor, now)
        answer = Answer(outcome="done", case_id=decision.state.declaration, mrn=decision.state.mrn or None,
                        status=decision.state.status)  # fmt: skip
        return Decided(answer, msgspec.structs.replace(write, answer=encode(answer), idempotency=self.key_of(command)))

    def _facts(self, row: CaseRow, day: str) -> AuditFacts:
        selection = _selection(self._source.events(case_id=row.case_id, limit=EVENTS_MAX))
        told = state_of(row)
        office = str(selection.get("office") or row.office or "")
        drawn = selection.get("draw")
        draw = self._plan.draw(drawn if isinstance(drawn, int) else self._draw(row.case_id), office, _day(day))
        due = _day(day) + timedelta(days=self._plan.of(office, _day(day)).due_days)
        return AuditFacts(
            declaration=row.case_id, mrn=row.mrn or "", office=office, organisation=row.organisation,
            currency=str(told.get("currency") or self._currency), lane=row.channel or "green",
            released=row.status in RELEASED, to_audit=bool(told.get("audit")), draw=draw.draw, below=draw.below,
            due_on=due.isoformat(),
        )  # fmt: skip

    def _items(self, row: CaseRow) -> frozenset[int]:
        """Return the numbers of the declaration's items as it stands; empty where its message is gone."""
        declaration = declaration_of(self._source.document(str(state_of(row).get("document_id") or "")))
        shipment = declaration.goods_shipment if declaration is not None else None
        items = shipment.government_agency_goods_item if shipment is not None else ()
        return frozenset(number_of(item, place) for place, item in enumerate(items, start=1))

    def _officers(self) -> frozenset[str]:
        people = self._source.principals(limit=OFFICERS_MAX)
        return frozenset(one.principal_id for one in people if one.kind == "person" and may(one, "act"))

    def _write(
        self, decision: AuditDecision, known: tuple[CaseRow, int] | None, actor: str, now: str
    ) -> CaseWrite:  # fmt: skip
        state, body = decision.state, decision.body
        documents: tuple[StoredDocument, ...] = ()
        if decision.words:
            kept = StoredDocument(
                document_id=self._randomness.uuid7(), kind="audit_note", media_type="text/plain",
                content=decision.words.encode("utf-8", "replace"), salt=self._randomness.salt(),
            )  # fmt: skip
            documents = (kept,)
            state, body = _with_words(decision, kept)
        told = canonical(msgspec.to_builtins(state))
        stream = AUDIT_STREAM + state.declaration
        row = CaseRow(
            case_id=stream, organisation="customs", lrn=stream, mrn=None, status=state.status, channel=None,
            office=state.office or None, movement=None, version=known[0].version + 1 if known else 1, state=told,
            updated_at=now, room=ROOM,
        )  # fmt: skip
        entries = tuple(
            LedgerEntry(
                entry_id=self._randomness.uuid7(), case_id=stream, debit=one.debit, credit=one.credit,
                amount_minor=one.amount_minor, currency=one.currency, reason=one.reason,
            )
            for one in decision.postings
        )  # fmt: skip
        if entries:
            body = body | {"entries": [entry.entry_id for entry in entries]}
        event = NewEvent(kind=decision.kind, occurred_at=now, actor=actor, body=body)
        return CaseWrite(row=row, expected_seq=known[1] if known else 0, events=(event,), documents=documents,
                         ledger=entries, face=told)  # fmt: skip


def declaration_row(source: AuditSource, name: str) -> CaseRow | None:
    """Return the row of a declaration by its MRN or case id."""
    if not 0 < len(name) <= 80 or not name.isprintable() or "/" in name:
        return None
    found = source.find_case(mrn=name)
    if found is None and (case := source.case(name)) is not None and case[0].room == "lodgement":
        found = case[0]
    return found


def state_of(row: CaseRow) -> dict[str, Any]:
    """Return a declaration's state as it is kept."""
    told = msgspec.json.decode(row.state)
    return told if isinstance(told, dict) else {}


def _selection(events: list[Event]) -> dict[str, Any]:
    """Return how the lane was chosen when the declaration was first assessed for good; nothing without a plan."""
    for event in events:
        told = (event.body.get("officer") or {}).get("selection") if event.kind == "DeclarationAssessed" else None
        if isinstance(told, dict) and not told.get("indicative"):
            return told
    return {}


def _with_words(decision: AuditDecision, kept: StoredDocument) -> tuple[AuditCase, dict[str, Any]]:
    """Return the audit and the event's body with the document that holds the officer's words."""
    state, body = decision.state, decision.body
    told = {"id": kept.document_id, "sha256": salted_digest(kept.salt, kept.content)}
    if decision.kind != "AuditFindingRecorded":
        return state, body | {"note": told}
    last: AuditFinding = msgspec.structs.replace(state.findings[-1], document=kept.document_id)
    state = msgspec.structs.replace(state, findings=(*state.findings[:-1], last))
    return state, body | {"finding": body["finding"] | {"found": told}}


def _allowed(who: Principal, act: AuditAct) -> bool:
    """Officers act in person; the installation opens what is drawn and tells what is overdue; revenue takes money."""
    if isinstance(act, TellAuditOverdue) or (isinstance(act, OpenAudit) and who.kind == "system"):
        return who.kind == "system" and may(who, "act")
    if isinstance(act, RecordAuditRecovery) and may(who, "receive"):
        return True
    return who.kind == "person" and may(who, "act")


def _no_role(who: Principal) -> AuditRefused:
    return AuditRefused(
        "Your role does not allow this.", where="role", expected="a person with the role officer",
        got=f"{who.kind}: {', '.join(who.roles) or 'no role'}", fix="Use an officer's own token.", code="OECP-ROLE",
        status=403,
    )  # fmt: skip


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])
