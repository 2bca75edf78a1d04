# SPDX-License-Identifier: Apache-2.0
"""Commands of the programme side, given on the command line as the Secretariat."""

from __future__ import annotations

from typing import Any

from openecp.border.lodgement.commands import Answer
from openecp.kernel.parties.model import Principal
from openecp.platform.cli.wiring import CommandFault
from openecp.platform.core.model import ProgrammeCommand

WHO = Principal(
    principal_id="command-line", kind="system", organisation="programme", name="command line", roles=("secretariat",)
)


def have_done(core: Any, act: Any) -> Answer:
    """Have one command done.

    Raises: CommandFault with the reason where it is refused.
    """
    answer: Answer = core.submit_all([ProgrammeCommand(principal=WHO, act=act)])[0]
    if answer.error is not None:
        error = answer.error
        raise CommandFault(
            error.message,
            where=error.json_pointer or "",
            expected=error.expected or "",
            got=error.got or "",
            fix=error.fix or "",
        )
    return answer
