# SPDX-License-Identifier: Apache-2.0
"""A casework and an assessor of few lines, so that the core can be tested without rules."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

from openecp.border.lodgement.commands import Command, Lodge, OfficerAct
from openecp.border.risk.audit.sample import AuditPlan
from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.memory import MemoryStore, utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, Idempotency, NewEvent
from openecp.kernel.parties.model import Principal
from openecp.platform.core.activitywork import ActivityCasework
from openecp.platform.core.audit_work import AuditCasework
from openecp.platform.core.desk import Desk, encode_answer, refused
from openecp.platform.core.model import Decided, LoadedCase
from openecp.platform.core.paymentwork import PaymentCasework
from openecp.platform.core.postwork import PostalCasework, PostalRules
from openecp.platform.core.programme import ProgrammeCasework
from openecp.platform.core.recordwork import RecordCasework

TRADER = Principal(principal_id="t1", kind="system", organisation="org-a", name="A", roles=("trader",))


def lodge(lrn: str, *, function: str = "9", key: str | None = None, mrn: str | None = None) -> Lodge:
    """A lodgement of nothing but its numbers."""
    declaration = Declaration(function_code=function, functional_reference_id=lrn, id=mrn)
    raw = json.dumps({"lrn": lrn, "function": function}).encode()
    return Lodge(
        principal=TRADER, declaration=declaration, raw=raw, media_type="application/json", key=key, body_hash=raw
    )


class CountingAssessor:
    """Accepts all; remembers the batches; `poison` names LRNs that make it fail."""

    def __init__(self, poison: frozenset[str] = frozenset()) -> None:
        self.batches: list[int] = []
        self.poison = poison

    def assess(self, declarations: list[Declaration], on: date | None = None) -> list[Assessment]:
        self.batches.append(len(declarations))
        if any(declaration.functional_reference_id in self.poison for declaration in declarations):
            raise ValueError("poison")
        return [
            Assessment(outcome="accepted", data_set="H1", movement="import", currency="XBD", channel="green")
            for _ in declarations
        ]


class CountingCasework:
    """A case counts what happened to it: `state` is a JSON list of the messages, in order."""

    def open(self, row: CaseRow) -> list[str]:
        return list(json.loads(row.state))

    def to_assess(self, command: Command, case: LoadedCase | None) -> tuple[Declaration, date | None] | None:
        return (command.declaration, None) if isinstance(command, Lodge) else None

    def decide(self, command: Command, case: LoadedCase | None, assessment: Assessment | None) -> Decided:
        now = utc_now()
        told = command.declaration.functional_reference_id if isinstance(command, Lodge) else _act(command)
        if isinstance(command, Lodge) and command.declaration.function_code != "13":
            case_id, lrn, before, seq = str(uuid.uuid4()), str(told), [], 0
            organisation = command.principal.organisation
        elif case is None:
            return Decided(refused("XB-NO-CASE", "no case", status=404, expected="one", got="none", fix="look"))
        else:
            case_id, lrn, seq, organisation = case.row.case_id, case.row.lrn, case.seq, case.row.organisation
            before = case.opened
        state = [*before, told]
        mrn = f"MRN{lrn}"
        answer = Answer(
            outcome="accepted",
            case_id=case_id,
            lrn=lrn,
            mrn=mrn,
            status="cleared",
            version=len(state),
            http_status=201 if isinstance(command, Lodge) else 200,
        )
        row = CaseRow(
            case_id=case_id,
            organisation=organisation,
            lrn=lrn,
            mrn=mrn,
            status="cleared",
            channel=None,
            office=None,
            movement="import",
            version=len(state),
            state=json.dumps(state).encode(),
            updated_at=now,
        )
        idempotency = None
        if isinstance(command, Lodge):
            key = command.key or f"lrn:{lrn}:{command.declaration.function_code}:{told}"
            idempotency = Idempotency(organisation=organisation, key=key, body_hash=command.body_hash)
        write = CaseWrite(
            row=row,
            expected_seq=seq,
            events=(NewEvent(kind="MessageCounted", occurred_at=now, actor="customs", body={"told": str(told)}),),
            idempotency=idempotency,
            answer=encode_answer(answer),
        )
        return Decided(answer, write)

    def not_recorded(self, write: CaseWrite) -> None:
        self.lost = [*getattr(self, "lost", []), write.row.lrn]


def _act(command: Command) -> str:
    return command.act if isinstance(command, OfficerAct) else "deadline"


class FailingStore:
    """Writes to a store, after failing a number of times; `lose_answer` commits first and fails then."""

    def __init__(self, store: MemoryStore, failures: int, *, lose_answer: bool = False) -> None:
        self.store, self.failures, self.lose_answer = store, failures, lose_answer

    def write(self, batch: list[CaseWrite]) -> Any:
        if self.failures > 0:
            self.failures -= 1
            if self.lose_answer:
                self.store.write(batch)
            raise ConnectionError("the database is away")
        return self.store.write(batch)


def desk(store: MemoryStore, *, assessor: CountingAssessor | None = None, writer: Any = None) -> Desk:
    """A desk over a store in memory."""
    return Desk(
        assessor=assessor or CountingAssessor(),
        casework=CountingCasework(),
        reader=store,
        writer=writer or store,
        programme=ProgrammeCasework(
            store,
            others=(
                RecordCasework(store),
                PostalCasework(store, rules=PostalRules()),
                ActivityCasework(store),
                PaymentCasework(store),
                AuditCasework(store, AuditPlan(), draw=lambda _: 0, currency="XBD"),  # type: ignore[arg-type]
            ),
        ),
    )


class Collector:
    """Takes answers as they come, and waits for them."""

    def __init__(self) -> None:
        self.answers: dict[int, Answer] = {}
        self._changed = threading.Condition()

    def __call__(self, items: list[tuple[int, Answer]]) -> None:
        with self._changed:
            for number, answer in items:
                assert number not in self.answers, "answered twice"
                self.answers[number] = answer
            self._changed.notify_all()

    def wait(self, number: int, timeout_s: float = 10.0) -> dict[int, Answer]:
        """Return all answers once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.answers) >= number, timeout_s), self.answers
        return self.answers


def numbers_of(answers: dict[int, Answer], pick: Callable[[Answer], Any]) -> list[Any]:
    """One fact of each answer, in the order of the commands."""
    return [pick(answers[number]) for number in sorted(answers)]


def encoded(value: Any) -> bytes:
    """Short for a comparison of structs."""
    return msgspec.msgpack.encode(value)
