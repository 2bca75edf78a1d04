# SPDX-License-Identifier: Apache-2.0
"""The records as the command line uses them: on the data folder, or through the core of a running server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from openecp.border.lodgement.commands import Answer
from openecp.platform.cli.lodge import RemoteCore, serves
from openecp.platform.cli.secretariat import have_done
from openecp.platform.cli.wiring import CommandFault, installation
from openecp.platform.core.recordbook import RecordBook, RecordReader
from openecp.programme.compendia.commands import RecordAct

ALL = RecordReader(moderates=True)
FILE_BYTES_MAX = 10_000_000


class RecordDesk:
    """Reads records, and gives commands about them as the Secretariat."""

    def __init__(self, book: RecordBook, core: Any) -> None:
        self.book = book
        self._core = core

    def do(self, act: RecordAct) -> Answer:
        """Have one command done.

        Raises: CommandFault with the reason where it is refused.
        """
        return have_done(self._core, act)


@contextlib.contextmanager
def record_desk(context: click.Context, data: str | None) -> Iterator[RecordDesk]:
    """Open the records of this data folder; an empty one gets those that the plans name.

    Raises: CommandFault where something that was asked for is not on record.
    """
    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
        with contextlib.ExitStack() as stack:
            core: Any
            if serves(here.settings.core_socket):
                core = stack.enter_context(contextlib.closing(RemoteCore(here.settings.core_socket)))
            else:
                here.seed_records(store)
                core = here.programme_core(store)
            yield RecordDesk(here.records(store), core)
    except LookupError as error:
        where, _, rest = str(error).partition(": expected ")
        expected, _, got = rest.rpartition(", got ")
        raise CommandFault(
            f"{got or error} is not on record",
            where=where,
            expected=expected,
            got=got,
            fix="See `openecp records list`.",
        ) from None
    finally:
        store.close()


def read_file(path: Path, wanted: str) -> bytes:
    """Return the bytes of a file.

    Raises: CommandFault where it cannot be read or is too large.
    """
    try:
        if path.stat().st_size <= FILE_BYTES_MAX:
            return path.read_bytes()
        got, fix = f"{path.stat().st_size} bytes", f"Give at most {FILE_BYTES_MAX} bytes."
    except OSError as error:
        got, fix = error.strerror or str(error), "Correct the path."
    raise CommandFault(f"{path}: cannot be used", where=str(path), expected=wanted, got=got, fix=fix)


def read_values(path: Path) -> dict[str, Any]:
    """Return the values of a record from a JSON or TOML file.

    Raises: CommandFault.
    """
    content = read_file(path, "values by field, in JSON or TOML")
    reader = msgspec.toml if path.suffix == ".toml" else msgspec.json
    try:
        values: dict[str, Any] = reader.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError) as error:
        raise CommandFault(
            f"{path}: cannot be used",
            where=str(path),
            expected="values by field, in JSON or TOML",
            got=str(error)[:200],
            fix="Correct the file; `openecp records types TYPE` shows the fields.",
        ) from None
    return values


def told(answer: Answer) -> str:
    """Return one line that says what was done."""
    done = "nothing to change, it is on record already" if answer.outcome == "repeated" else "recorded"
    status = f", {answer.status.replace('_', ' ')}" if answer.status else ""
    return f"{answer.case_id}: {done}{status}"
