# SPDX-License-Identifier: Apache-2.0
"""The register of plans as the command line uses it: on the data folder, or through the core of a running server."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import click
import msgspec

from openecp.kernel.casework.answer import Answer
from openecp.platform.cli.desk import have_done, not_there, opened
from openecp.platform.cli.wiring import CommandFault
from openecp.programme.action_plan.commands import PlanAct
from openecp.programme.action_plan.names import is_day
from openecp.programme.action_plan.plans import Plans

not_in_register = partial(not_there, place="in the register", fix="See `openecp plan list`.")


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
    with opened(context, data, seed=_plans_that_ship, missing=not_in_register) as (here, store, core):
        yield PlanDesk(here.plans(store), core)


def _plans_that_ship(here: Any, store: Any) -> None:
    here.seed_plans(store)


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
