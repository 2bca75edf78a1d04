# SPDX-License-Identifier: Apache-2.0
"""Decides payments of collectors: who may receive them, what the account stands at, what is written.

Commands travel the way of the programme's, through the single writer, so that two payments into one account are decided
one after the other, and the event tells what the account stood at before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from openecp.border.revenue.collector_payments import (
    CollectorPayment,
    PaymentContext,
    collector_stream,
    decide_payment,
    payment_key,
)
from openecp.border.revenue.collectors import CollectorRefused, movements
from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, Idempotency
from openecp.kernel.ledger.collected import CollectedSum
from openecp.kernel.parties.model import Principal
from openecp.platform.core.ids import Randomness
from openecp.platform.core.model import Decided, ProgrammeCommand
from openecp.platform.core.permissions import may, roles_with
from openecp.platform.core.plain_answers import encode, refusal


class PaymentSource(Protocol):
    """The part of the store that deciding about a payment needs."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def collected_sums(self, *, account: str | None = None, by_day: bool = True) -> list[CollectedSum]: ...


class PaymentCasework:
    """Decides `CollectorPayment` with `openecp.border.revenue.collector_payments`."""

    acts = CollectorPayment

    def __init__(
        self, source: PaymentSource, *, new_id: Callable[[], str] | None = None, clock: Callable[[], str] = utc_now
    ) -> None:
        self._source, self._clock = source, clock
        self._new_id = new_id or Randomness().uuid7

    def key_of(self, command: ProgrammeCommand) -> Idempotency | None:
        """Return the key that names a payment; none where it cannot be one."""
        assert isinstance(command.act, CollectorPayment), "the desk hands over payments only"
        return payment_key(command.act)

    def decide(self, command: ProgrammeCommand) -> Decided:
        """Decide one payment; one that is on record under its key gets the first answer, from the store."""
        act, who = command.act, command.principal
        assert isinstance(act, CollectorPayment), "the desk hands over payments only"
        if not may(who, "receive"):
            return Decided(refusal(_no_role(who), "collector_payment"))
        now, stream = self._clock(), collector_stream(act.account)
        known = self._source.case(stream)
        sums = self._source.collected_sums(account=act.account, by_day=False)
        context = PaymentContext(
            now=now, today=now[:10], actor=who.actor, new_id=self._new_id,
            moved=[one for one in movements(sums) if one.account == act.account],
            row=known[0] if known else None, last_seq=known[1] if known else 0,
        )  # fmt: skip
        try:
            write, result = decide_payment(act, context)
        except CollectorRefused as refused:
            return Decided(refusal(refused, "collector_payment"))
        answer = Answer(outcome="done", case_id=stream, status=result.standing, http_status=201)
        return Decided(answer, msgspec.structs.replace(write, answer=encode(answer)))


def _no_role(who: Principal) -> CollectorRefused:
    return CollectorRefused(
        "OECP-ROLE", "Your role does not allow this.", where="role",
        expected="one of the roles " + ", ".join(roles_with("receive")), got=", ".join(who.roles) or "no role",
        fix="Use a token of a person or system with that role.", status=403,
    )  # fmt: skip


def refused_by(answer: Answer) -> CollectorRefused:
    """Return the refusal that an answer of the core tells."""
    error = answer.error
    if error is None:
        raise LookupError(f"expected the answer to a payment, got {answer.outcome} without a stream")
    conflict = error.code == "OECP-IDEMPOTENCY-CONFLICT"
    return CollectorRefused(
        error.code,
        "The key was used before for another payment." if conflict else error.message,
        where="key" if conflict else error.json_pointer or "payment",
        expected=error.expected or "", got=error.got or "", fix=error.fix or "", status=answer.http_status,
    )  # fmt: skip
