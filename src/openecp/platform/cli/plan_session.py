# SPDX-License-Identifier: Apache-2.0
"""`openecp plan session`: sessions of bodies, their agenda and their decisions, which change actions."""

from __future__ import annotations

from typing import cast, get_args

import click
from rich.table import Table

from openecp.platform.cli.desk import told
from openecp.platform.cli.plan_desk import day_option, plan_desk, print_json
from openecp.platform.cli.wiring import CommandFault, console, data_option
from openecp.programme.action_plan.codes import Lifecycle
from openecp.programme.action_plan.commands import Change, HoldSession, RecordDecision
from openecp.programme.action_plan.names import is_day
from openecp.programme.action_plan.records import Timeframe
from openecp.programme.action_plan.views import AgendaItemView, Responsibility

_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


@click.group()
def session() -> None:
    """Sessions, their agenda and decisions."""


@session.command("list")
@click.option("--body", help="Sessions of this body.")
@_JSON
@data_option
@click.pass_context
def list_sessions(context: click.Context, body: str | None, as_json: bool, data: str | None) -> None:
    """List sessions, the next or last one first."""
    with plan_desk(context, data) as desk:
        found = desk.plans.sessions(body)
    if as_json:
        print_json(found)
        return
    table = Table("Session", "Body", "Name", "From", "To", "Items", "Decisions", title="Sessions")
    for each in found:
        counts = (str(len(each.agenda)), str(len(each.decisions)))
        table.add_row(each.id, each.body, each.name, each.starts, each.ends, *counts)
    console().print(table)


@session.command("show")
@click.argument("name", metavar="SESSION")
@_JSON
@data_option
@click.pass_context
def show_session(context: click.Context, name: str, as_json: bool, data: str | None) -> None:
    """Show a SESSION with its agenda, its decisions and what they changed."""
    with plan_desk(context, data) as desk:
        found = desk.plans.session(name)
    if as_json:
        print_json(found)
        return
    out = console()
    out.print(f"[bold]{found.id}[/bold]  {found.name} ({found.body}), {found.starts} to {found.ends}", highlight=False)
    for item in found.agenda:
        out.print(f"  {item.number}. {item.title} {', '.join(item.actions)}", highlight=False)
    for decision in found.decisions:
        out.print(f"{decision.id} ({decision.on}): {decision.text}", highlight=False)
        for change in decision.changes:
            fields = "; ".join(f"{each.field}: {each.before or '-'} → {each.after or '-'}" for each in change.fields)
            out.print(f"  {change.subject} {change.kind} {fields}", highlight=False)


@session.command("add")
@click.argument("name", metavar="SESSION")
@click.option("--body", required=True, help="Body by code, PTC.")
@click.option("--title", "told_name", default="", help="Its name, 223rd and 224th Sessions.")
@day_option("--starts", "First day.")
@day_option("--ends", "Last day; the first if not given.")
@click.option("--item", multiple=True, metavar="NUMBER=TITLE[=ACTION,…]", help="An item of the agenda.")
@data_option
@click.pass_context
def add_session(
    context: click.Context,
    name: str,
    body: str,
    told_name: str,
    starts: str | None,
    ends: str | None,
    item: tuple[str, ...],
    data: str | None,
) -> None:
    """Announce a SESSION such as PTC/223, or change what is known of it."""
    if starts is None:
        raise CommandFault(
            "a session has a first day", where="--starts", expected="a day", got="none", fix="Add --starts."
        )
    agenda = []
    for text in item:
        number, title, *actions = text.split("=", 2)
        if not number.isdigit() or not title:
            raise CommandFault(
                f"{text}: cannot be used", where="--item", expected="NUMBER=TITLE", got=text, fix="Correct it."
            )
        named = tuple(each.strip() for each in actions[0].split(",")) if actions else ()
        agenda.append(AgendaItemView(number=int(number), title=title, actions=named))
    act = HoldSession(
        session=name, body=body, name=told_name or name, starts=starts, ends=ends or starts, agenda=tuple(agenda)
    )
    with plan_desk(context, data) as desk:
        click.echo(told(desk.do(act)))


@session.command("decide")
@click.argument("name", metavar="SESSION")
@click.argument("text")
@click.option("--item", type=int, help="Item of the agenda.")
@click.option(
    "--change",
    "changes",
    multiple=True,
    metavar="ACTION:FIELD=VALUE[:FIELD=VALUE]",
    help="What it changes: ECP-IV-05:due=2020-06-30, or status=…, body=PTC+IMSC, note=…",
)
@day_option("--on", "The day from which it holds; the session's last day if not given.")
@data_option
@click.pass_context
def decide_session(
    context: click.Context,
    name: str,
    text: str,
    item: int | None,
    changes: tuple[str, ...],
    on: str | None,
    data: str | None,
) -> None:
    """Record what a SESSION decided (TEXT) and the changes of actions that follow; each change names the decision."""
    act = RecordDecision(session=name, text=text, item=item, changes=tuple(map(change_of, changes)), on=on)
    with plan_desk(context, data) as desk:
        click.echo(told(desk.do(act)))


def change_of(text: str) -> Change:
    """Read a change of the command line.

    Raises: CommandFault.
    """
    action, *parts = text.split(":")
    given = dict(part.split("=", 1) for part in parts if "=" in part)
    status, due = given.get("status"), given.get("due")
    wrong = set(given) - {"status", "due", "body", "note", "into"}
    if wrong or not given or (status and status not in get_args(Lifecycle)) or (due and not is_day(due)):
        raise CommandFault(
            f"{text}: cannot be used",
            where="--change",
            expected="ACTION:due=DATE, status=LIFECYCLE, body=CODE+CODE, into=ACTION or note=TEXT",
            got=text,
            fix="Correct it.",
        )
    return Change(
        action=action,
        status=cast("Lifecycle | None", status),
        target=given.get("into"),
        timeframe=Timeframe(kind="date", due=due, year_month=due[:7]) if due else None,
        responsible=tuple(Responsibility(body=body) for body in given["body"].split("+")) if "body" in given else None,
        note=given.get("note", ""),
    )
