# SPDX-License-Identifier: Apache-2.0
"""The register of plans as the command line uses it: on the data folder, or through the core of a running server."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import click
import msgspec

from openecp.border.lodgement.commands import Answer
from openecp.platform.cli.lodge import RemoteCore, serves
from openecp.platform.cli.secretariat import have_done
from openecp.platform.cli.wiring import CommandFault, installation
from openecp.programme.action_plan.commands import PlanAct
from openecp.programme.action_plan.names import is_day
from openecp.programme.action_plan.plans import Plans


class PlanDesk:
    """Reads the register, and gives commands to it as the Secretariat."""

    def __init__(self, plans: Plans, core: Any) -> None:
        self.plans = plans
        self._core = core

    def do(self, act: PlanAct) -> Answer:
        """Have one command done.

        Raises: CommandFault with the reason where it is refused.
        """
        return have_done(self._core, act)


@contextlib.contextmanager
def plan_desk(context: click.Context, data: str | None) -> Iterator[PlanDesk]:
    """Open the register of this data folder; an empty one gets the plans that ship.

    Raises: CommandFault where something that was asked for is not in the register.
    """
    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
        with contextlib.ExitStack() as stack:
            core: Any
            if serves(here.settings.core_socket):
                core = stack.enter_context(contextlib.closing(RemoteCore(here.settings.core_socket)))
            else:
                here.seed_plans(store)
                core = here.programme_core(store)
            yield PlanDesk(here.plans(store), core)
    except LookupError as error:
        not_there(str(error))
    finally:
        store.close()


def not_there(told: str) -> NoReturn:
    """Say that something is not in the register.

    Raises: CommandFault.
    """
    where, _, rest = told.partition(": expected ")
    expected, _, got = rest.rpartition(", got ")
    raise CommandFault(
        f"{got or told} is not in the register", where=where, expected=expected, got=got, fix="See `openecp plan list`."
    ) from None


def day_option(name: str, help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add an option that takes a day."""
    return click.option(name, metavar="DATE", callback=_day, help=help_text)


def _day(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_day(value):
        raise CommandFault(
            f"{value} is not a day",
            where=f"--{(parameter.name or '').replace('_', '-')}",
            expected="year, month and day, such as 2020-02-01",
            got=value,
            fix="Correct it.",
        )
    return value


def print_json(value: object) -> None:
    """Print a value as one JSON document."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def told(answer: Answer) -> str:
    """Return one line that says what was done."""
    done = "nothing to change, it is on record already" if answer.outcome == "repeated" else "recorded"
    status = f", {answer.status}" if answer.status else ""
    return f"{answer.case_id}: {done}{status}"
