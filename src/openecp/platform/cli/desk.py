# SPDX-License-Identifier: Apache-2.0
"""What all desks of the command line share: the store and the core they work with, and how a command's answer is told.

A desk works on the data folder itself, or through the core of a server that runs on it: there is one writer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from openecp.kernel.casework.answer import Answer
from openecp.kernel.parties.model import Principal
from openecp.platform.cli.lodge import RemoteCore, serves
from openecp.platform.cli.wiring import CommandFault, installation
from openecp.platform.core.model import ProgrammeCommand

SECRETARIAT = Principal(
    principal_id="command-line", kind="system", organisation="programme", name="command line", roles=("secretariat",)
)
OFFICER = Principal(
    principal_id="command-line", kind="system", organisation="customs", name="command line", roles=("officer",)
)


@contextlib.contextmanager
def opened(
    context: click.Context,
    data: str | None,
    *,
    seed: Callable[[Any, Any], None] | None = None,
    missing: Callable[[str], NoReturn],
) -> Iterator[tuple[Any, Any, Any]]:
    """Open a data folder: what is installed there, its store, and the core that decides.

    `seed` fills an empty store where no server runs; `missing` tells of something asked for that is not on record.

    Raises: CommandFault.
    """
    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
        with contextlib.ExitStack() as stack:
            core: Any
            if serves(here.settings.core_socket):
                core = stack.enter_context(contextlib.closing(RemoteCore(here.settings.core_socket)))
            else:
                if seed is not None:
                    seed(here, store)
                core = here.programme_core(store)
            yield here, store, core
    except LookupError as error:
        missing(str(error))
    finally:
        store.close()


def have_done(core: Any, act: Any, who: Principal = SECRETARIAT) -> Answer:
    """Have one command done.

    Raises: CommandFault with the reason where it is refused.
    """
    answer: Answer = core.submit_all([ProgrammeCommand(principal=who, act=act)])[0]
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


def not_there(told: str, *, place: str = "on record", fix: str = "Correct it.") -> NoReturn:
    """Say that something is not on record; `told` is the text of the LookupError.

    Raises: CommandFault.
    """
    where, _, rest = told.partition(": expected ")
    expected, _, got = rest.rpartition(", got ")
    raise CommandFault(f"{got or told} is not {place}", where=where, expected=expected, got=got, fix=fix) from None


def read_file(path: Path, wanted: str, *, bytes_max: int) -> bytes:
    """Return the bytes of a file.

    Raises: CommandFault where it cannot be read or is too large.
    """
    try:
        if path.stat().st_size <= bytes_max:
            return path.read_bytes()
        got, fix = f"{path.stat().st_size} bytes", f"Give at most {bytes_max} bytes."
    except OSError as error:
        got, fix = error.strerror or str(error), "Correct the path."
    raise CommandFault(f"{path}: cannot be used", where=str(path), expected=wanted, got=got, fix=fix)


def told(answer: Answer) -> str:
    """Return one line that says what was done."""
    done = "nothing to change, it is on record already" if answer.outcome == "repeated" else "recorded"
    status = f", {answer.status.replace('_', ' ')}" if answer.status else ""
    return f"{answer.case_id}: {done}{status}"
