# SPDX-License-Identifier: Apache-2.0
"""Gives a new installation the register of both plans that ships, through the same commands as everybody else."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from openecp.kernel.casework.answer import Answer
from openecp.kernel.indicators.model import Indicator
from openecp.kernel.journal.model import Face
from openecp.kernel.parties.model import Principal
from openecp.platform.core.model import Command, ProgrammeCommand
from openecp.programme.action_plan.names import PLAN, ROOM
from openecp.programme.action_plan.seed import seed_acts

log = logging.getLogger("openecp.core")
INSTALLATION = Principal(
    principal_id="openecp", kind="system", organisation="programme", name="OpenECP", roles=("secretariat",)
)


class SubmitsAll(Protocol):
    """A core that takes commands in order."""

    def submit_all(self, commands: Sequence[Command]) -> list[Answer]: ...


class Faces(Protocol):
    """The part of the store that says which plans are known."""

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]: ...


def seed_register(core: SubmitsAll, store: Faces, indicators: Mapping[str, Indicator]) -> int:
    """Take in the plans that ship where the register holds none of them; return how many commands were recorded.

    A register that holds a plan of its own is left alone.
    """
    if store.faces(room=ROOM, prefix=PLAN):
        return 0
    acts = seed_acts((), indicators)
    answers = core.submit_all([ProgrammeCommand(principal=INSTALLATION, act=act) for act in acts])
    for act, answer in zip(acts, answers, strict=True):
        if answer.outcome == "refused" and answer.error is not None:
            log.error("%s of the register that ships was refused: %s", type(act).__name__, answer.error.message)
    return sum(1 for answer in answers if answer.outcome == "done")
