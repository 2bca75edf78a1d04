# SPDX-License-Identifier: Apache-2.0
"""Postal items as the command line uses them: on the data folder, or through the core of a running server."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from openecp.border.lodgement.commands import Answer
from openecp.border.postal.acts import PostalAct
from openecp.border.postal.binding import BYTES_MAX
from openecp.border.postal.faults import PostalFault
from openecp.border.postal.item import PostalItem
from openecp.border.postal.report import ItemReport, report_of
from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.cli.lodge import RemoteCore, serves
from openecp.platform.cli.wiring import CommandFault, installation
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.postbook import PostalBook
from openecp.platform.core.postwork import PostalRules

LINES = 500  # printed for people
OFFICER = Principal(
    principal_id="command-line", kind="system", organisation="customs", name="command line", roles=("officer",)
)


class PostDesk:
    """Reads postal items, and gives commands about them."""

    def __init__(self, book: PostalBook, core: Any, rules: PostalRules, register: Any) -> None:
        self.book = book
        self._core = core
        self._rules = rules
        self._register = register

    def reports(self, items: Sequence[PostalItem], organisation: str) -> list[ItemReport]:
        """Return what can be told of items before they are sent, with earlier uses of their identifiers on record."""
        rules = self._rules
        return [
            report_of(
                item, rules.requirements, rules.rates, rules.is_vague,
                others=self.book.posting_days(item.s10, organisation), where=f"items[{number}]",
            )
            for number, item in enumerate(items)
        ]  # fmt: skip

    def do(self, act: PostalAct, who: Principal) -> Answer:
        """Have one command done.

        Raises: CommandFault with the reasons where it is refused.
        """
        if self._register.organisation(who.organisation) is None:
            self._register.add_organisation(Organisation(organisation_id=who.organisation, name=who.organisation))
        answer: Answer = self._core.submit_all([ProgrammeCommand(principal=who, act=act)])[0]
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


def as_post(organisation: str) -> Principal:
    """Return the command line as a post."""
    return Principal(
        principal_id="command-line", kind="system", organisation=organisation, name="command line", roles=("trader",)
    )


@contextlib.contextmanager
def post_desk(context: click.Context, data: str | None) -> Iterator[PostDesk]:
    """Open the postal items of this data folder.

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
                core = here.programme_core(store)
            yield PostDesk(PostalBook(store), core, here.post_rules(), here.register(store))
    except LookupError as error:
        where, _, rest = str(error).partition(": expected ")
        expected, _, got = rest.rpartition(", got ")
        raise CommandFault(
            f"{got or error} is not on record", where=where, expected=expected, got=got, fix="Correct it."
        ) from None
    finally:
        store.close()


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises: CommandFault where it cannot be read or is too large.
    """
    try:
        if path.stat().st_size <= BYTES_MAX:
            return path.read_bytes()
        got, fix = f"{path.stat().st_size} bytes", f"Give at most {BYTES_MAX} bytes."
    except OSError as error:
        got, fix = error.strerror or str(error), "Correct the path."
    raise CommandFault(f"{path}: cannot be used", where=str(path), expected="a file", got=got, fix=fix)


def fail_with(faults: tuple[PostalFault, ...]) -> NoReturn:
    """Say everything that stands in the way; exit code 2."""
    for fault in faults[:LINES]:
        click.echo(f"openecp: {fault.message}", err=True)
        place = f"{fault.where}, line {fault.line}" if fault.line else fault.where
        for label, text in (("where", place), ("expected", fault.expected), ("got", fault.got), ("fix", fault.fix)):
            click.echo(f"  {label + ':':<10}{text}", err=True)
    sys.exit(2)


def told(answer: Answer) -> str:
    """Return one line that says what was done."""
    done = "nothing to change, it is on record already" if answer.outcome == "repeated" else "recorded"
    status = f", {answer.status.replace('_', ' ')}" if answer.status else ""
    return f"{answer.case_id}: {done}{status}"
