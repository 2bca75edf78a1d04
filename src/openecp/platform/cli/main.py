# SPDX-License-Identifier: Apache-2.0
"""The command line: `openecp --help`. Commands are imported when they are called, so that each starts fast."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Callable, Mapping

import click

from openecp import __version__
from openecp.kernel.profile import ProfileError
from openecp.platform.cli.wiring import CommandFault, Installation, fail
from openecp.platform.core.settings import SettingError
from openecp.platform.store.errors import StoreError

COMMANDS: dict[str, tuple[str, str, str]] = {  # name: module, attribute, one line of help
    "assess": ("assess", "assess", "Assess declarations: no server, no store."),
    "backup": ("upkeep", "backup", "Write the store into one file."),
    "clear": ("clear", "clear", "Clear files of parcels, with a result file for each."),
    "collectors": ("collectors", "collectors", "Statements, payments and refunds of those who collect."),
    "conformance": ("conformance", "conformance", "Compare with the published scenarios."),
    "demo": ("demo", "demo", "Start everything and play a day of traffic."),
    "demo-ecommerce": ("ecommerce", "demo_ecommerce", "Group, tax and classify orders of an online shop."),
    "describe": ("describe", "describe_goods", "Say whether descriptions of goods are enough; suggest HS codes."),
    "erase": ("upkeep", "erase", "Erase a person's data; the journal stays verifiable."),
    "journal": ("journal", "journal", "Verify the journal, sign checkpoints, print receipts."),
    "lodge": ("lodge", "lodge", "Lodge declarations and requests."),
    "parcel": ("parcel", "parcel", "Show parcels that were decided, and act on them."),
    "plan": ("plan", "plan", "Read plan documents, keep the register of actions."),
    "post": ("post", "post", "Check postal items, send their data ahead, scorecards, answers."),
    "quote": ("quote", "quote", "Say what a basket costs at the border before it is bought."),
    "reassess": ("reassess", "reassess", "Say what parcels would have paid under other rules."),
    "records": ("records", "records", "Keep practices, events, surveys, publications, compendia, standards."),
    "regime": ("regime", "regime", "List, show and check low-value regimes."),
    "restore": ("upkeep", "restore", "Restore a store from a backup."),
    "risk": ("risk", "risk", "Risk management: for officers alone."),
    "serve": ("serve", "serve", "Run the server."),
    "show": ("show", "show", "Show a case."),
    "tariff": ("tariff", "tariff", "Load and look up measures."),
    "token": ("upkeep", "token", "Give an organisation a person or system with a token."),
    "trs": ("trs", "trs", "Measure release times, and whose time it was."),
    "watchlist": ("risk_watch", "watchlist", "Compare parties with lists; officers decide hits."),
    "traffic": ("traffic", "traffic", "Write synthetic declarations."),
}


class Commands(click.Group):
    """Commands by name; the help is known without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        name = f"openecp.platform.cli.{module}"
        command: click.Command = getattr(importlib.import_module(name), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][2]) for name in sorted(COMMANDS)])


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="openecp")
@click.option("--data", metavar="FOLDER", help="Data folder (OPENECP_DATA).")
@click.option("-v", "--verbose", is_flag=True, help="Say more on the error stream.")
@click.pass_context
def openecp(context: click.Context, data: str | None, verbose: bool) -> None:
    """Customs clearance on the WCO Data Model."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s"
    )
    context.obj = context.obj.with_settings(data=data)


def run(make: Callable[[Mapping[str, str]], Installation], arguments: list[str] | None = None) -> None:
    """Run the command line on an installation; faults that the user can mend end with exit code 2 and no traceback."""
    try:
        openecp.main(args=arguments, prog_name="openecp", obj=make(os.environ))
    except CommandFault as fault:
        fail(fault)
    except SettingError as error:
        fail(
            CommandFault(
                f"{error.where} cannot be used",
                where=error.where,
                expected=error.expected,
                got=error.got,
                fix=error.fix,
            )
        )
    except ProfileError as error:
        fail(CommandFault(str(error), where="", expected="", got="", fix=""))
    except StoreError as error:
        fail(CommandFault(str(error), where="", expected="", got="", fix=""))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)


def main() -> None:
    """Entry point of the console script."""
    bootstrap = importlib.import_module("openecp.bootstrap")  # the layer above wires; it is not known here
    bootstrap.main()
