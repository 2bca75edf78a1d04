# SPDX-License-Identifier: Apache-2.0
"""`openecp plan`: read plan documents, and keep the register of actions."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from openecp.platform.cli.plan_register import REGISTER_COMMANDS
from openecp.platform.cli.plan_report import report
from openecp.platform.cli.wiring import CommandFault
from openecp.platform.documents.reading import import_plan_file
from openecp.programme.action_plan.importing.as_json import plan_json
from openecp.programme.action_plan.importing.source import PlanFault
from openecp.programme.action_plan.records import PlanDocument


@click.group()
def plan() -> None:
    """Read plan documents, and keep the register of actions."""


@plan.command(name="import")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the plan and its actions as JSON.")
@click.option("--plan", "plan_id", metavar="ID", help="Identifier of a plan whose title names no phase.")
def import_(file: str, as_json: bool, plan_id: str | None) -> None:
    """Read a plan from FILE (.txt, .docx, .pdf, .csv or .xlsx) and say what a person should look at."""
    try:
        document = import_plan_file(Path(file), plan_id=plan_id)
    except PlanFault as found:
        raise CommandFault(
            found.message, where=found.where, expected=found.wanted, got=found.got, fix=found.fix
        ) from None
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(plan_json(document)), indent=1).decode())
    else:
        click.echo(_told(document))


def _told(document: PlanDocument) -> str:
    """Return what was read, in a few lines, and each action that a person should look at."""
    plan = document.plan
    flagged = [action for action in document.actions if action.flags]
    period = plan.period.as_written or "no period stated"
    lines = [
        f"{plan.plan_id}: {plan.title} ({period}; {plan.status.replace('_', ' ')})",
        f"{len(document.actions)} actions in {len(plan.sections)} sections; {len(flagged)} to look at",
    ]
    lines += [f"  plan, {note}" for note in plan.notes]
    for action in flagged:
        place = f"lines {action.source_lines[0]}-{action.source_lines[1]}" if action.source_lines else "no lines"
        lines.append(f"  {action.number} ({place}): {'; '.join(action.notes)}")
    return "\n".join(lines)


for command in (*REGISTER_COMMANDS, report):
    plan.add_command(command)
