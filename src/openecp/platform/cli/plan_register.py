# SPDX-License-Identifier: Apache-2.0
"""`openecp plan list | show | action | history | versions | diff | lineage`: the register, as of any day."""

from __future__ import annotations

from typing import Any, cast

import click
from rich.table import Table

from openecp.platform.cli.desk import told
from openecp.platform.cli.plan_change import CHANGE_COMMANDS
from openecp.platform.cli.plan_desk import day_option, plan_desk, print_json
from openecp.platform.cli.plan_proposals import PROPOSAL_COMMANDS
from openecp.platform.cli.plan_session import session
from openecp.platform.cli.wiring import console, data_option
from openecp.programme.action_plan.codes import Colour, Lifecycle
from openecp.programme.action_plan.commands import AssertLineage, Link
from openecp.programme.action_plan.plans import ActionFilter, RollUpRow
from openecp.programme.action_plan.records import TimeframeKind
from openecp.programme.action_plan.views import ActionView, ChangeView

_LANGUAGE = click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document.")
_AS_OF = day_option("--as-of", "As it stood at the end of that day; now if not given.")
_STYLES = {"red": "red", "amber": "yellow", "green": "green", "grey": "dim"}


@click.command("list")
@_AS_OF
@_LANGUAGE
@_JSON
@data_option
@click.pass_context
def list_plans(context: click.Context, as_of: str | None, lang: str, as_json: bool, data: str | None) -> None:
    """List the plans of the register."""
    with plan_desk(context, data) as desk:
        plans = desk.plans.plans(as_of=as_of)
    if as_json:
        print_json(plans)
        return
    table = Table("Plan", "Title", "Status", "Period", "Actions", "Version", title="Plans")
    for plan in plans:
        title = plan.titles.get(lang) or plan.title_as_written
        period = f"{plan.period.start or '?'} to {plan.period.end or '?'}"
        table.add_row(plan.id, title, plan.status, period, str(plan.actions), str(len(plan.versions)))
    console().print(table)


@click.command()
@click.argument("plan")
@_AS_OF
@_LANGUAGE
@click.option("--body", multiple=True, help='Body by code; "" for actions without one.')
@click.option("--programme", multiple=True, help="Work programme by code.")
@click.option("--section", multiple=True, type=int, help="Section by number.")
@click.option("--timeframe", multiple=True, help="date, continuous, annual, sessions or unstated.")
@click.option("--lifecycle", multiple=True, help="planned, in_progress, delivered …")
@click.option("--colour", multiple=True, type=click.Choice(["green", "amber", "red", "grey"]))
@click.option("--text", help="Words of a title, in any language.")
@click.option("--overdue", is_flag=True, help="Only those whose due date has passed.")
@_JSON
@data_option
@click.pass_context
def show(
    context: click.Context, /, plan: str, as_of: str | None, lang: str, as_json: bool, data: str | None, **wanted: Any
) -> None:
    """Show a PLAN: counts, and its actions with their computed assessment."""
    chosen = ActionFilter(
        body=wanted["body"] or None,
        programme=wanted["programme"] or None,
        section=wanted["section"] or None,
        timeframe=cast("tuple[TimeframeKind, ...]", wanted["timeframe"]) or None,
        lifecycle=cast("tuple[Lifecycle, ...]", wanted["lifecycle"]) or None,
        colour=cast("tuple[Colour, ...]", wanted["colour"]) or None,
        text=wanted["text"],
        overdue=True if wanted["overdue"] else None,
    )
    with plan_desk(context, data) as desk:
        view = desk.plans.plan(plan, as_of=as_of)
        counts = desk.plans.roll_up(plan, as_of=as_of)
        actions = desk.plans.actions(plan, chosen, as_of=as_of)
    if as_json:
        print_json({"plan": view, "roll_up": counts, "actions": actions})
        return
    out = console()
    out.print(f"[bold]{view.id}[/bold]  {view.titles.get(lang) or view.title_as_written}", highlight=False)
    out.print(f"{view.status}, version {len(view.versions)}, as of {counts.as_of}", highlight=False)
    sections = Table("Section", "Actions", "Green", "Amber", "Red", "Grey", "Overdue", "Due soon", title="Counts")
    titles = {f"{view.id}/{each.number}": each.titles.get(lang) or each.title_as_written for each in view.sections}
    for row in counts.by_section:
        sections.add_row(f"{row.key.rpartition('/')[2]}. {titles.get(row.key, '')}", *_cells(row))
    sections.add_row("All", *_cells(counts.overall), style="bold")
    out.print(sections)
    table = Table("Action", "Title", "Responsible", "Timeframe", "Lifecycle", "Assessment", title="Actions")
    for action in actions:
        table.add_row(
            action.id,
            action.title(lang) or next(iter(action.titles.values()), action.title_as_written),
            ", ".join(action.responsible) or "-",
            action.timeframe.due or action.timeframe.kind,
            action.lifecycle,
            assessment_text(action),
        )
    out.print(table)


def _cells(row: RollUpRow) -> list[str]:
    colours = [str(row.colours.get(colour, 0)) for colour in ("green", "amber", "red", "grey")]
    return [str(row.total), *colours, str(row.overdue), str(row.due_soon)]


def assessment_text(action: ActionView) -> str:
    """Return the computed colour with its ground, and a person's own colour beside it."""
    found = action.assessment
    text = f"[{_STYLES[found.colour]}]{found.colour}[/] {found.ground}"
    if "days" in found.facts:
        text += f" ({found.facts['days']} days)"
    if action.override is not None and action.override.in_force:
        text += f"; set to {action.override.colour} until {action.override.expires}"
    return text


@click.command()
@click.argument("name", metavar="ACTION")
@_AS_OF
@_LANGUAGE
@_JSON
@data_option
@click.pass_context
def action(context: click.Context, name: str, as_of: str | None, lang: str, as_json: bool, data: str | None) -> None:
    """Show an ACTION such as ECP-IV-55: what the plan says, its state, evidence, figures and history."""
    with plan_desk(context, data) as desk:
        view = desk.plans.action(name, as_of=as_of)
        history = desk.plans.history(view.id, as_of=as_of)
    if as_json:
        print_json({"action": view, "history": history})
        return
    out = console()
    out.print(f"[bold]{view.id}[/bold]  {view.title(lang) or view.title_as_written}", highlight=False)
    rows = [
        ("Responsible", ", ".join(f"{each.body} ({each.role})" for each in view.responsibilities) or "none"),
        ("Programmes", ", ".join(view.work_programmes) or "none"),
        ("Timeframe", " ".join(filter(None, (view.timeframe.kind, view.timeframe.due, view.timeframe_as_written)))),
        ("Lifecycle", f"{view.lifecycle} since {view.lifecycle_since}" + (f" ({view.target})" if view.target else "")),
        ("Assessment", assessment_text(view)),
        *(
            ("Evidence", f"{e.id} {e.on} {e.kind} {e.ref}" + (" verified" if e.verified_by else ""))
            for e in view.evidence
        ),
        *(("Milestone", f"{m.id} {m.title} due {m.due or '-'} reached {m.reached_on or '-'}") for m in view.milestones),
        *(("Deliverable", f"{d.id} {d.titles.get(lang, '')} {d.stage or ''}") for d in view.deliverables),
        *(
            ("Figure", f"{f.title.get(lang, f.indicator)}: {f.value} {f.unit}, n={f.n}, as of {f.as_of}")
            for f in view.measurements
        ),
        *(("From", f"{each.from_id} {each.relation} {each.confidence:.2f} {each.state}") for each in view.predecessors),
        *(("To", f"{each.to_id} {each.relation} {each.confidence:.2f} {each.state}") for each in view.successors),
    ]
    for label, text in rows:
        out.print(f"{label + ':':<13}{text}", highlight=False)
    print_changes(history)


@click.command()
@click.argument("subject")
@_AS_OF
@_JSON
@data_option
@click.pass_context
def history(context: click.Context, subject: str, as_of: str | None, as_json: bool, data: str | None) -> None:
    """Show every recorded change of an action, plan, session or instrument."""
    with plan_desk(context, data) as desk:
        changes = desk.plans.history(subject, as_of=as_of)
    if as_json:
        print_json(changes)
        return
    print_changes(changes)


def print_changes(changes: list[ChangeView]) -> None:
    """Print changes as a table."""
    table = Table("Seq", "From", "Event", "Change", "By", "Ground", title="History")
    for each in changes:
        fields = "; ".join(f"{f.field}: {f.before or '-'} → {f.after or '-'}" for f in each.fields)
        ground = each.decision or (f"version {each.version}" if each.version else "")
        text = "; ".join(filter(None, (fields, each.note)))
        table.add_row(str(each.seq), each.on, each.kind, text[:200], each.by, ground)
    console().print(table)


@click.command()
@click.argument("plan")
@_JSON
@data_option
@click.pass_context
def versions(context: click.Context, plan: str, as_json: bool, data: str | None) -> None:
    """Show the versions of a PLAN: documents, status, how much each changed."""
    with plan_desk(context, data) as desk:
        found = desk.plans.versions(plan)
    if as_json:
        print_json(found)
        return
    table = Table("Version", "Status", "From", "Document", "Added", "Changed", "Withdrawn", "Flagged", title=plan)
    for each in found:
        counts = [str(len(names)) for names in (each.added, each.changed, each.withdrawn, each.flagged)]
        table.add_row(str(each.number), each.status, each.on, each.source_name, *counts)
    console().print(table)


@click.command()
@click.argument("plan")
@click.argument("old", type=int)
@click.argument("new", type=int)
@_JSON
@data_option
@click.pass_context
def diff(context: click.Context, plan: str, old: int, new: int, as_json: bool, data: str | None) -> None:
    """Show what differs between the versions OLD and NEW of a PLAN."""
    with plan_desk(context, data) as desk:
        found = desk.plans.diff(plan, old, new)
    if as_json:
        print_json(found)
        return
    table = Table("Action", "What", "Field", "Before", "After", title=f"{plan}, version {old} to {new}")
    for each in found:
        if not each.fields:
            table.add_row(each.id, each.what, "", "", "")
        for field in each.fields:
            table.add_row(each.id, each.what, field.field, field.before, field.after)
    console().print(table)


@click.command()
@click.argument("earlier")
@click.argument("later")
@click.option("--confirm", multiple=True, metavar="FROM:TO", help="Confirm a proposed link, ECP-III-04:ECP-IV-04.")
@click.option("--reject", multiple=True, metavar="FROM:TO", help="Reject a proposed link.")
@_JSON
@data_option
@click.pass_context
def lineage(
    context: click.Context,
    earlier: str,
    later: str,
    confirm: tuple[str, ...],
    reject: tuple[str, ...],
    as_json: bool,
    data: str | None,
) -> None:
    """Show how the actions of the plan EARLIER go on in LATER; confirm or reject what was proposed."""
    with plan_desk(context, data) as desk:
        known = {(each.from_id, each.to_id): each for each in desk.plans.lineage(earlier, later)}
        for state, pairs in (("confirmed", confirm), ("rejected", reject)):
            links = []
            for pair in pairs:
                start, _, end = pair.partition(":")
                link = known.get((start, end))
                if link is None:
                    raise LookupError(f"link: expected one of the links from {earlier} to {later}, got {pair}")
                links.append(
                    Link(
                        from_id=start,
                        to_id=end,
                        relation=link.relation,
                        confidence=f"{link.confidence:.2f}",
                        reason=link.reason,
                        reasons=link.reasons,
                    )
                )
            if links:
                answer = desk.do(
                    AssertLineage(links=tuple(links), state="confirmed" if state == "confirmed" else "rejected")
                )
                click.echo(told(answer))
        found = desk.plans.lineage(earlier, later)
    if as_json:
        print_json(found)
        return
    table = Table("From", "To", "Relation", "Confidence", "State", "Reason", title=f"{earlier} to {later}")
    for each in found:
        table.add_row(each.from_id, each.to_id, each.relation, f"{each.confidence:.2f}", each.state, each.reason)
    console().print(table)


REGISTER_COMMANDS: tuple[click.Command, ...] = (
    list_plans,
    show,
    action,
    history,
    versions,
    diff,
    lineage,
    session,
    *CHANGE_COMMANDS,
    *PROPOSAL_COMMANDS,
)
