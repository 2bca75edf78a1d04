# SPDX-License-Identifier: Apache-2.0
"""The records as the command line uses them: on the data folder, or through the core of a running server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from openecp.kernel.casework.answer import Answer
from openecp.platform.cli.desk import have_done, not_there, opened, read_file
from openecp.platform.cli.wiring import CommandFault
from openecp.platform.core.recordbook import RecordBook, RecordReader
from openecp.programme.compendia.commands import RecordAct

ALL = RecordReader(moderates=True)
FILE_BYTES_MAX = 10_000_000
_not_on_record = partial(not_there, fix="See `openecp records list`.")


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
    with opened(context, data, seed=_records_named, missing=_not_on_record) as (here, store, core):
        yield RecordDesk(here.records(store), core)


def _records_named(here: Any, store: Any) -> None:
    here.seed_records(store)


def read_values(path: Path) -> dict[str, Any]:
    """Return the values of a record from a JSON or TOML file.

    Raises: CommandFault.
    """
    content = read_file(path, "values by field, in JSON or TOML", bytes_max=FILE_BYTES_MAX)
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
