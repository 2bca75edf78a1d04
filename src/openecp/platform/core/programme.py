# SPDX-License-Identifier: Apache-2.0
"""Gives the programme side what it asks for: streams of the register, time, salt; and its decisions to the desk.

Commands of the programme travel the same way as those of the border and are written by the same single writer. They
are few, so they are decided one after the other, and nothing is assessed for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

import msgspec

from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, Event, Idempotency
from openecp.kernel.parties.model import Principal
from openecp.platform.core.desk import DecidesActs
from openecp.platform.core.ids import Randomness
from openecp.platform.core.model import Decided, ProgrammeCommand
from openecp.platform.core.permissions import may
from openecp.platform.core.plain_answers import encode, idempotency, refusal
from openecp.programme.action_plan.commands import PlanAct
from openecp.programme.action_plan.decide import concerns, concerns_further, decide
from openecp.programme.action_plan.deciding import Actor, Context, Refused, Stream
from openecp.programme.action_plan.fold import in_order
from openecp.programme.action_plan.streams import fact_of

_PAGE = 1000


class StreamSource(Protocol):
    """The part of the store that deciding on the programme side reads."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...


class NoClearance:
    """Stands where declarations would be assessed and decided: a core of the programme side alone refuses them."""

    def assess(self, declarations: list[Declaration], on: date | None = None) -> list[Assessment]:
        """Assess nothing."""
        return []

    def open(self, row: CaseRow) -> None:
        """Open nothing."""

    def to_assess(self, command: object, case: object) -> None:
        """Assess nothing."""

    def decide(self, command: object, case: object, assessment: object) -> Decided:
        """Refuse.

        Raises: LookupError.
        """
        raise LookupError("a core of the programme side takes no commands about declarations")

    def not_recorded(self, write: CaseWrite) -> None:
        """Nothing was counted."""


class ProgrammeCasework:
    """Decides commands about plans with `openecp.programme.action_plan`, and hands the others to who decides them."""

    def __init__(
        self,
        source: StreamSource,
        *,
        clock: Callable[[], str] = utc_now,
        others: Sequence[DecidesActs] = (),
    ) -> None:
        self._source = source
        self._clock = clock
        self._others = tuple(others)
        self._randomness = Randomness()

    def decide(self, command: ProgrammeCommand) -> Decided:
        """Decide one command of the programme; one that does nothing tells its key, unless its sender may not ask."""
        act = command.act
        for other in self._others:
            if isinstance(act, other.acts):
                return _with_key(other.decide(command), other.key_of, command)
        return _with_key(self._decide(command), self.key_of, command)

    def key_of(self, command: ProgrammeCommand) -> Idempotency | None:
        """Return the key under which the answer to a command about plans is kept."""
        return idempotency(command, "programme")

    def _decide(self, command: ProgrammeCommand) -> Decided:
        act = command.act
        if not isinstance(act, PlanAct):
            raise LookupError(f"this core takes no {type(act).__name__}")
        who = actor_of(command.principal)
        if not may(command.principal, "report"):
            return Decided(refusal(_no_role(command.principal), "action_plan"))
        context = Context(now=self._clock(), salt=self._randomness.salt, group=self._randomness.uuid7())
        try:
            streams = self._streams(concerns(act))
            streams |= self._streams(concerns_further(act, streams, who, context))
            decision = decide(act, who, streams, context)
        except Refused as refused:
            return Decided(refusal(refused, "action_plan"))
        answer = Answer(outcome=decision.outcome, case_id=decision.subject, status=decision.status)
        if not decision.writes:
            return Decided(answer)
        first = msgspec.structs.replace(decision.writes[0], answer=encode(answer), idempotency=self.key_of(command))
        return Decided(answer, first, decision.writes[1:])

    def _streams(self, names: tuple[str, ...]) -> dict[str, Stream]:
        found = {}
        for name in names:
            events: list[Event] = []
            while True:
                after = events[-1].seq if events else 0
                page = self._source.events(case_id=name, after_seq=after, limit=_PAGE)
                events.extend(page)
                if len(page) < _PAGE:
                    break
            if events:
                found[name] = Stream(events[-1].seq, tuple(in_order(map(fact_of, events))))
        return found


def _with_key(
    decided: Decided, key_of: Callable[[ProgrammeCommand], Idempotency | None], command: ProgrammeCommand
) -> Decided:
    if not decided.does_nothing or decided.answer.http_status == 403:
        return decided
    return msgspec.structs.replace(decided, idempotency=key_of(command))


def actor_of(principal: Principal) -> Actor:
    """Return who acts, as the register sees it: the Secretariat, or a focal point for its bodies."""
    return Actor(actor=principal.actor, writes=may(principal, "programme"), bodies=principal.bodies)


def _no_role(principal: Principal) -> Refused:
    return Refused(
        "OECP-ROLE",
        "Your role does not allow this.",
        where="role",
        expected="one of the roles secretariat, delegate",
        got=", ".join(principal.roles) or "no role",
        fix="Use a token of a person or system with that role.",
        status=403,
    )
