# SPDX-License-Identifier: Apache-2.0
"""What all desks of the core do alike: a refusal told as an answer, the key that knows a command again."""

from __future__ import annotations

import hashlib
from typing import Protocol

import msgspec

from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.model import Idempotency
from openecp.platform.core.model import ProgrammeCommand

encode = msgspec.msgpack.Encoder().encode


class Refusal(Protocol):
    """Why a command was not done, as each capability raises it."""

    code: str
    message: str
    where: str
    expected: str
    got: str
    fix: str
    status: int


def refusal(refused: Refusal, rule: str) -> Answer:
    """Return the answer of a command that was not done; `rule` names whose rule stands against it."""
    error = Reason(
        code=refused.code,
        layer="state",
        rule=rule,
        message=refused.message,
        json_pointer=refused.where,
        expected=refused.expected,
        got=refused.got,
        fix=refused.fix,
        severity="reject",
    )
    return Answer(outcome="refused", error=error, http_status=refused.status)


def idempotency(command: ProgrammeCommand, room: str) -> Idempotency | None:
    """Return the sender's key with the hash of what was asked; none where no key was given."""
    if command.key is None:
        return None
    digest = hashlib.sha256(encode(command.act)).digest()
    return Idempotency(organisation=command.principal.organisation, key=f"{room} {command.key}", body_hash=digest)
