# SPDX-License-Identifier: Apache-2.0
"""`openecp plan propose | proposals | decide`: what studies recommend, and what became of it."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from openecp.platform.cli.desk import read_file, told
from openecp.platform.cli.plan_desk import day_option, plan_desk, print_json
from openecp.platform.cli.wiring import CommandFault, console, data_option
from openecp.programme.action_plan.commands import DecideProposal, ProposeActions
from openecp.programme.action_plan.deciding import Refused
from openecp.programme.action_plan.proposals import BYTES_MAX, proposals_of

_ON = day_option("--on", "The day from which it holds; today if not given.")


@click.command()
@click.argument("plan")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_ON
@data_option
@click.pass_context
def propose(context: click.Context, plan: str, file: Path, on: str | None, data: str | None) -> None:
    """Propose to a PLAN what a study recommends: FILE is the proposals.json of its report."""
    content = read_file(file, "proposals.json of a study", bytes_max=BYTES_MAX)
    try:
        found = proposals_of(content, str(file))
    except Refused as fault:
        raise CommandFault(
            fault.message, where=fault.where, expected=fault.expected, got=fault.got, fix=fault.fix
        ) from None
    with plan_desk(context, data) as desk:
        click.echo(told(desk.do(ProposeActions(plan=plan, proposals=found, on=on))))


@click.command()
@click.argument("plan")
@day_option("--as-of", "As it stood at the end of that day; now if not given.")
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@data_option
@click.pass_context
def proposals(context: click.Context, plan: str, as_of: str | None, lang: str, as_json: bool, data: str | None) -> None:
    """List what was proposed to a PLAN: owner, expected hours, the study it comes from, what became of it."""
    with plan_desk(context, data) as desk:
        found = desk.plans.proposals(plan, as_of=as_of)
    if as_json:
        print_json(found)
        return
    table = Table("Id", "Proposal", "Owner", "Due", "Hours", "Study", "State", title=f"Proposals to {plan}")
    for one in found:
        title = one.titles.get(lang) or next(iter(one.titles.values()))
        state = one.state.replace("_", " ") + (f" {one.action}" if one.action else "")
        table.add_row(
            one.id, title, one.owner, one.due or "-", str(one.expected_hours), one.source.get("study", "-"), state
        )
    console().print(table)


@click.command()
@click.argument("plan")
@click.argument("proposal")
@click.option("--action", metavar="ACTION", help="Take it up under this action, as a milestone of it.")
@click.option("--decline", is_flag=True, help="Decline it.")
@click.option("--reason", required=True)
@_ON
@data_option
@click.pass_context
def decide(
    context: click.Context,
    plan: str,
    proposal: str,
    action: str | None,
    decline: bool,
    reason: str,
    on: str | None,
    data: str | None,
) -> None:
    """Take a PROPOSAL (P1) up under an action of its PLAN, or decline it."""
    if decline == (action is not None):
        raise click.UsageError("Expected --action ACTION or --decline, one of them.")
    act = DecideProposal(plan=plan, proposal=proposal, action=action, reason=reason, on=on)
    with plan_desk(context, data) as desk:
        click.echo(told(desk.do(act)))


PROPOSAL_COMMANDS: tuple[click.Command, ...] = (propose, proposals, decide)
