# SPDX-License-Identifier: Apache-2.0
"""A decision in the making: each step is recorded as an event, and the case is what the events say so far.

Because `record` goes through the table of lifecycle.py and folds the event at once, the state that is stored cannot
differ from a replay, and no notification can be sent that the table does not list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from openecp.border.lodgement.case import DeclarationCase
from openecp.border.lodgement.context import Context, account_references, rules_of
from openecp.border.lodgement.fold import BrokenStream, apply_row
from openecp.border.lodgement.lifecycle import MACHINE
from openecp.border.lodgement.notifications import Subject, notification_name
from openecp.kernel.assessment.reasons import Assessment, Audience, Reason
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.binding import encode_json
from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.kernel.datamodel.response import Response
from openecp.kernel.journal.model import (
    CaseRow,
    CaseWrite,
    Deadline,
    Idempotency,
    LedgerEntry,
    NewEvent,
    OutboxMessage,
    StoredDocument,
)

_answer_encoder = msgspec.msgpack.Encoder()


class Draft:
    """What one command will write: events, messages, documents, ledger entries and clocks, and the case after them."""

    def __init__(self, context: Context, case: DeclarationCase | None, actor: str) -> None:
        self.context = context
        self.actor = actor
        self.before = case
        self._case = case
        self.events: list[NewEvent] = []
        self.responses: list[Response] = []
        self.documents: list[StoredDocument] = []
        self.ledger: list[LedgerEntry] = []
        self.rules = rules_of(context.profile)
        self.tax_shipment: tuple[int, GoodsShipment] | None = None  # the tax lines as told, with their version
        self.values: dict[str, Declaration] = {}  # requests and values that this command itself brought, by document

    @property
    def case(self) -> DeclarationCase:
        """The case as the events so far tell it."""
        if self._case is None:
            raise BrokenStream("expected DeclarationSubmitted first, got no event")
        return self._case

    def record(self, kind: str, *, tell: Iterable[Response] = (), **body: Any) -> None:
        """Record one event with the messages that it sends; keys of the body that are None are left out.

        Raises: IllegalTransition when the case does not allow it.
        """
        state = self._case.status if self._case is not None else ""
        row = MACHINE.require(state, kind, self._case)
        facts = {key: value for key, value in body.items() if value is not None}
        told = list(tell)
        if told:
            facts["notified"] = [[response.function_code, response.functional_reference_id] for response in told]
            for response in told:
                if _listed_as(response) not in row.notification:
                    raise BrokenStream(
                        f"{kind} in {state} may not send {_listed_as(response)}: the table does not list it"
                    )
        self._case = apply_row(self._case, row, self.context.now, facts)
        self.events.append(NewEvent(kind=kind, occurred_at=self.context.now, actor=self.actor, body=facts))
        self.responses += told

    def subject(self, *, lrn: str | None = None, mrn: str | None = None, version: int | None = None) -> Subject:
        """Return the head of a new notification about the case as it stands."""
        case = self.case
        return Subject(
            lrn=case.lrn if lrn is None else lrn,
            mrn=case.mrn if mrn is None else mrn,
            version=case.version if version is None else version,
            now=self.context.now,
            reference=self.context.new_id().replace("-", ""),
        )

    def store(self, kind: str, content: bytes, media_type: str, *, person_keys: tuple[str, ...] = ()) -> dict[str, str]:
        """Keep a message outside the log and return what the event says of it: its id and salted hash."""
        salt = self.context.salt()
        digest = hashlib.sha256(salt + content).hexdigest()
        document = StoredDocument(
            document_id=self.context.new_id(),
            kind=kind,
            media_type=media_type,
            content=content,
            salt=salt,
            person_keys=person_keys,
            digest=digest,
        )
        self.documents.append(document)
        return {"id": document.document_id, "sha256": digest}

    def store_note(self, text: str) -> dict[str, str] | None:
        """Keep an officer's words outside the log, since they may name a person."""
        return self.store("note", text.encode(), "text/plain") if text else None

    def account(self, kind: str | None) -> str | None:
        """Return the declared number of the account of a kind, from the declaration; the case does not hold it."""
        return account_references(self.context.declaration, self.rules).get(kind or "")

    def enter(self, entries: Iterable[LedgerEntry]) -> list[dict[str, Any]] | None:
        """Enter into the ledger and return what the event says of it."""
        added = tuple(entries)
        self.ledger += added
        return [_entry_fact(entry) for entry in added] or None

    def write(self, answer: Answer, *, idempotency: Idempotency | None = None) -> CaseWrite:
        """Return everything that this decision writes."""
        case = self.case
        now = self.context.now
        row = CaseRow(
            case_id=case.case_id,
            organisation=case.organisation,
            lrn=case.lrn,
            mrn=case.mrn,
            status=case.status,
            channel=case.channel,
            office=case.office,
            movement=case.movement,
            version=case.version,
            state=case.state_bytes(),
            updated_at=now,
        )
        return CaseWrite(
            row=row,
            expected_seq=self.context.last_seq,
            events=tuple(self.events),
            documents=tuple(self.documents),
            outbox=tuple(self._message(response) for response in self.responses),
            ledger=tuple(self.ledger),
            deadlines=tuple(self._deadlines()),
            idempotency=idempotency,
            answer=_answer_encoder.encode(_trimmed(answer)),
        )

    def _message(self, response: Response) -> OutboxMessage:
        return OutboxMessage(
            message_id=response.functional_reference_id or self.context.new_id(),
            organisation=self.case.organisation,
            case_id=self.case.case_id,
            kind=notification_name(response.function_code or ""),
            body=encode_json(response),
            created_at=self.context.now,
        )

    def _deadlines(self) -> Iterable[Deadline]:
        before = self.before.clocks if self.before is not None else {}
        after = self.case.clocks
        if before is after:
            return
        for name, due_at in after.items():
            if before.get(name) != due_at:
                yield Deadline(act=name, due_at=due_at)
        for name in before:
            if name not in after:
                yield Deadline(act=name, due_at=None)


def _listed_as(response: Response) -> str:
    code = response.function_code or ""
    return f"{code}/{response.status[0].name_code}" if code in ("11", "13") and response.status else code


def _entry_fact(entry: LedgerEntry) -> dict[str, Any]:
    fact: dict[str, Any] = {
        "entry_id": entry.entry_id,
        "debit": entry.debit,
        "credit": entry.credit,
        "amount_minor": entry.amount_minor,
    }
    if entry.reverses is not None:
        fact["reverses"] = entry.reverses
    return fact


def _trimmed(answer: Answer) -> Answer:
    """Leave out explanations of an accepted declaration: the assessment is kept as a document of its own."""
    if answer.assessment is None:
        return answer
    kept = tuple(reason for reason in answer.assessment.reasons if reason.severity != "info")
    return msgspec.structs.replace(answer, assessment=msgspec.structs.replace(answer.assessment, reasons=kept))


def cut(assessment: Assessment | None, audience: Audience) -> Assessment | None:
    """Return what `audience` may see of an assessment, if there is one."""
    return None if assessment is None else assessment.for_audience(audience)


def refusal(
    reason: Reason, *, case: DeclarationCase | None = None, status: int = 409, lrn: str | None = None
) -> Answer:
    """Return the answer of a command that changes nothing, and why."""
    return Answer(
        outcome="refused",
        case_id=case.case_id if case is not None else None,
        lrn=lrn or (case.lrn if case is not None else None),
        mrn=case.mrn if case is not None else None,
        status=case.status if case is not None else None,
        version=case.version if case is not None else 0,
        error=reason,
        http_status=status,
    )
