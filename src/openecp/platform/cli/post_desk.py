# SPDX-License-Identifier: Apache-2.0
"""Postal items as the command line uses them: on the data folder, or through the core of a running server."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NoReturn

import click

from openecp.border.postal.acts import PostalAct
from openecp.border.postal.binding import BYTES_MAX
from openecp.border.postal.faults import PostalFault
from openecp.border.postal.item import PostalItem
from openecp.border.postal.report import ItemReport, report_of
from openecp.kernel.casework.answer import Answer
from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.cli.desk import have_done, not_there, opened, read_file
from openecp.platform.core.postbook import PostalBook
from openecp.platform.core.postwork import PostalRules

LINES = 500  # printed for people
read_bytes = partial(read_file, wanted="a file", bytes_max=BYTES_MAX)


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
        return have_done(self._core, act, who)


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
    with opened(context, data, missing=not_there) as (here, store, core):
        yield PostDesk(PostalBook(store), core, here.post_rules(), here.register(store))


def fail_with(faults: tuple[PostalFault, ...]) -> NoReturn:
    """Say everything that stands in the way; exit code 2."""
    for fault in faults[:LINES]:
        click.echo(f"openecp: {fault.message}", err=True)
        place = f"{fault.where}, line {fault.line}" if fault.line else fault.where
        for label, text in (("where", place), ("expected", fault.expected), ("got", fault.got), ("fix", fault.fix)):
            click.echo(f"  {label + ':':<10}{text}", err=True)
    sys.exit(2)
