# SPDX-License-Identifier: Apache-2.0
"""`openecp plan take | update | override | revise | verify | milestone | stage | endorse | measure`: what is recorded.

Each takes few fields and is refused whole, with its reason, or recorded whole.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, cast, get_args

import click
from rich.table import Table

from openecp.platform.cli.desk import told
from openecp.platform.cli.plan_desk import day_option, plan_desk, print_json
from openecp.platform.cli.wiring import CommandFault, console, data_option
from openecp.programme.action_plan.codes import (
    Colour,
    DependencyKind,
    EvidenceKind,
    Lifecycle,
    PlanStatus,
    Scope,
    Stage,
)
from openecp.programme.action_plan.commands import (
    AssertDependency,
    FreezeMeasurements,
    Link,
    NewEvidence,
    OverrideStatus,
    ReviseAction,
    SetMilestone,
    SetPlanStatus,
    SetThresholds,
    StageDeliverable,
    UpdateAction,
    VerifyEvidence,
)
from openecp.programme.action_plan.importing.source import PlanFault
from openecp.programme.action_plan.records import Timeframe
from openecp.programme.action_plan.views import Responsibility, Thresholds

_ON = day_option("--on", "The day from which it holds; today if not given.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--plan", "plan_id", metavar="PLAN", help="The plan's name in the register, in place of the document's.")
@click.option(
    "--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="The document's language."
)
@click.option("--confirm", is_flag=True, help="It is a new version of the plan of that name, whatever differs.")
@click.option(
    "--scope", type=click.Choice(get_args(Scope)), default="programme", show_default=True, help="Whose plan it is."
)
@click.option("--work-programme", metavar="CODE", help="The document is this work programme: its rows are its items.")
@day_option("--on", "The day from which it holds; if not given, the plan's first day for wording, today for facts.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@data_option
@click.pass_context
def take(
    context: click.Context,
    file: Path,
    plan_id: str | None,
    lang: str,
    confirm: bool,
    scope: Scope,
    work_programme: str | None,
    on: str | None,
    as_json: bool,
    data: str | None,
) -> None:
    """Take a plan document (FILE: .txt, .docx, .pdf, .csv, .xlsx) into the register: a new plan, or a new version."""
    from openecp.platform.core.taking import take_act  # heavy readers: only who takes a document loads them

    try:
        act = take_act(
            file.name, file.read_bytes(), plan_id=plan_id, language=lang, confirmed=confirm, on=on, scope=scope,
            work_programme=work_programme,
        )  # fmt: skip
    except OSError as error:
        got = error.strerror or str(error)
        raise CommandFault(
            f"{file}: cannot be read", where=str(file), expected="a plan document", got=got, fix="Correct the path."
        ) from None
    except PlanFault as fault:
        raise CommandFault(
            fault.message, where=fault.where, expected=fault.wanted, got=fault.got, fix=fault.fix
        ) from None
    with plan_desk(context, data) as desk:
        answer = desk.do(act)
        version = desk.plans.versions(answer.case_id or "")[-1]
    if as_json:
        print_json({"outcome": answer.outcome, "plan": answer.case_id, "version": version})
        return
    if answer.outcome == "repeated":
        click.echo(f"{answer.case_id}: this document was taken before; nothing was changed")
        return
    click.echo(
        f"{answer.case_id}: version {version.number} ({version.status}), {len(version.added)} actions added, "
        f"{len(version.changed)} changed, {len(version.withdrawn)} withdrawn, {len(version.flagged)} to be looked at"
    )


@click.command()
@click.argument("action", metavar="ACTION")
@click.option("--status", type=click.Choice(get_args(Lifecycle)), help="The lifecycle it is in now.")
@click.option("--note", default="", help="What was done, in a sentence.")
@click.option("--evidence", metavar="REF", help="Document symbol, address or event that shows it.")
@click.option("--kind", type=click.Choice(get_args(EvidenceKind)), default="document", help="Kind of the evidence.")
@click.option(
    "--file", "attached", type=click.Path(path_type=Path), help="File whose SHA-256 is kept with the evidence."
)
@click.option("--session", help="Session for which this is filed, PTC/223.")
@click.option("--into", "target", metavar="ACTION", help="Of merged and carried_over: into which action.")
@_ON
@data_option
@click.pass_context
def update(
    context: click.Context,
    action: str,
    status: str | None,
    note: str,
    evidence: str | None,
    kind: str,
    attached: Path | None,
    session: str | None,
    target: str | None,
    on: str | None,
    data: str | None,
) -> None:
    """Report on an ACTION: status, note, evidence. At least one of them."""
    given = None
    if evidence is not None:
        digest = hashlib.sha256(attached.read_bytes()).hexdigest() if attached is not None else None
        given = NewEvidence(ref=evidence, kind=cast("EvidenceKind", kind), sha256=digest)
    act = UpdateAction(
        action=action,
        status=cast("Lifecycle | None", status),
        note=note,
        evidence=given,
        on=on,
        session=session,
        target=target,
    )
    _do(context, data, act)


@click.command()
@click.argument("action", metavar="ACTION")
@click.option("--colour", type=click.Choice(get_args(Colour)), help="Your own colour; without one, it is lifted.")
@click.option("--reason", required=True)
@day_option("--expires", "The last day on which it holds.")
@_ON
@data_option
@click.pass_context
def override(
    context: click.Context,
    action: str,
    colour: str | None,
    reason: str,
    expires: str | None,
    on: str | None,
    data: str | None,
) -> None:
    """Set your own colour of an ACTION beside the computed one, or lift it."""
    act = OverrideStatus(action=action, colour=cast("Colour | None", colour), reason=reason, expires=expires, on=on)
    _do(context, data, act)


@click.command()
@click.argument("action", metavar="ACTION")
@click.option("--reason", required=True)
@click.option("--title", multiple=True, metavar="LANG=TEXT", help="Short title, en=… or fr=…")
@day_option("--due", "New due date.")
@click.option("--timeframe", type=click.Choice(["continuous", "annual", "unstated"]), help="Timeframe without a date.")
@click.option("--responsible", multiple=True, metavar="BODY", help="Responsible bodies, in place of those it has.")
@_ON
@data_option
@click.pass_context
def revise(context: click.Context, /, action: str, data: str | None, **given: Any) -> None:
    """Change what an ACTION says: short titles, due date, responsible bodies."""
    titles = dict(text.split("=", 1) for text in given["title"] if "=" in text)
    timeframe = None
    if given["due"]:
        timeframe = Timeframe(kind="date", due=given["due"], year_month=given["due"][:7])
    elif given["timeframe"]:
        timeframe = Timeframe(kind=given["timeframe"], recurrence="P1Y" if given["timeframe"] == "annual" else None)
    act = ReviseAction(
        action=action,
        reason=given["reason"],
        titles=titles or None,
        timeframe=timeframe,
        responsible=tuple(Responsibility(body=body) for body in given["responsible"]) or None,
        on=given["on"],
    )
    _do(context, data, act)


@click.command()
@click.argument("action", metavar="ACTION")
@click.argument("evidence", metavar="EVIDENCE")
@_ON
@data_option
@click.pass_context
def verify(context: click.Context, action: str, evidence: str, on: str | None, data: str | None) -> None:
    """Record that you looked at an EVIDENCE (E1) of an ACTION."""
    _do(context, data, VerifyEvidence(action=action, evidence=evidence, on=on))


@click.command()
@click.argument("action", metavar="ACTION")
@click.option("--id", "name", help="A milestone that is known, M1.")
@click.option("--title", default="")
@day_option("--due", "When it is due.")
@day_option("--reached", "When it was reached.")
@_ON
@data_option
@click.pass_context
def milestone(context: click.Context, /, action: str, data: str | None, **given: Any) -> None:
    """Set a milestone of an ACTION, or record that it was reached."""
    act = SetMilestone(
        action=action,
        milestone=given["name"],
        title=given["title"],
        due=given["due"],
        reached_on=given["reached"],
        on=given["on"],
    )
    _do(context, data, act)


@click.command()
@click.argument("subject", metavar="ACTION|INSTRUMENT")
@click.argument("stage_name", metavar="STAGE", type=click.Choice(get_args(Stage)))
@click.option("--deliverable", help="A deliverable of the action that is known, ECP-IV-43/D1.")
@click.option("--title", multiple=True, metavar="LANG=TEXT", help="Title of a new one, en=… or fr=…")
@click.option("--kind", default="", help="guideline, handbook, compendium, study, toolkit, software, event_output")
@click.option("--decision", help="Decision that moved it, PTC/223/D1.")
@click.option("--note", default="")
@_ON
@data_option
@click.pass_context
def stage(context: click.Context, /, subject: str, stage_name: str, data: str | None, **given: Any) -> None:
    """Record the STAGE of a deliverable of an ACTION, or of an INSTRUMENT that stands alone (D-I-01)."""
    with plan_desk(context, data) as desk:
        alone = any(each.id == subject for each in desk.plans.instruments())
        act = StageDeliverable(
            action=None if alone else subject,
            instrument=subject if alone else given["deliverable"],
            stage=cast("Stage", stage_name),
            titles=dict(text.split("=", 1) for text in given["title"] if "=" in text),
            kind=given["kind"],
            decision=given["decision"],
            note=given["note"],
            on=given["on"],
        )
        click.echo(told(desk.do(act)))


@click.command()
@click.argument("plan")
@click.option("--status", type=click.Choice(get_args(PlanStatus)), default="endorsed", show_default=True)
@click.option("--reason", required=True)
@click.option("--decision", help="Decision that did it, PTC/223/D1.")
@_ON
@data_option
@click.pass_context
def endorse(context: click.Context, /, plan: str, data: str | None, **given: Any) -> None:
    """Record that a PLAN is endorsed, or superseded."""
    act = SetPlanStatus(
        plan=plan, status=given["status"], reason=given["reason"], decision=given["decision"], on=given["on"]
    )
    _do(context, data, act)


@click.command()
@click.argument("plan")
@click.option("--due-soon", type=int, help="Days before a due date from which an action is amber.")
@click.option("--silent", type=int, help="Days without an update after which an action is amber.")
@click.option("--period", type=int, help="Days of a reporting period of continuous actions.")
@click.option("--reason", required=True)
@_ON
@data_option
@click.pass_context
def thresholds(context: click.Context, /, plan: str, data: str | None, **given: Any) -> None:
    """Set the thresholds that the assessments of a PLAN are computed with."""
    with plan_desk(context, data) as desk:
        known = desk.plans.plan(plan).thresholds
        wanted = Thresholds(
            due_soon_days=given["due_soon"] or known.due_soon_days,
            silent_days=given["silent"] or known.silent_days,
            period_days=given["period"] or known.period_days,
        )
        click.echo(told(desk.do(SetThresholds(plan=plan, thresholds=wanted, reason=given["reason"], on=given["on"]))))


@click.command()
@click.argument("plan")
@day_option("--as-of", "Up to the end of that day; today if not given.")
@click.option("--freeze", is_flag=True, help="Record the figures as they are.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@data_option
@click.pass_context
def measure(
    context: click.Context, plan: str, as_of: str | None, freeze: bool, as_json: bool, data: str | None
) -> None:
    """Run the stored queries that are bound to the actions of a PLAN; each figure speaks of this installation alone."""
    with plan_desk(context, data) as desk:
        day = as_of or desk.plans.roll_up(plan).as_of
        found = desk.plans.measure(plan, as_of=day)
        if freeze:
            answer = desk.do(FreezeMeasurements(plan=plan, measurements=tuple(found)))
    if as_json:
        print_json([{"action": name, "measurement": figure} for name, figure in found])
        return
    table = Table("Action", "Figure", "Value", "Unit", "n", "As of", "Scope", "Query", title=f"{plan} up to {day}")
    for name, each in found:
        title = each.title.get("en", each.indicator)
        value = each.value if each.value is not None else "-"
        table.add_row(name, title, value, each.unit, str(each.n), each.as_of, each.scope, each.query_hash[:12])
    console().print(table)
    if freeze:
        click.echo(told(answer))


@click.command()
@click.argument("first", metavar="ACTION")
@click.argument("second", metavar="ACTION|ITEM")
@click.option("--kind", type=click.Choice(get_args(DependencyKind)), default="includes", show_default=True)
@click.option("--reason", default="")
@click.option("--reject", is_flag=True, help="Reject a link that was proposed.")
@data_option
@click.pass_context
def link(
    context: click.Context, first: str, second: str, kind: str, reason: str, reject: bool, data: str | None
) -> None:
    """Record that an ACTION includes, precedes, feeds or supports another, or an ITEM of a work programme."""
    links = (Link(from_id=first, to_id=second, kind=cast("DependencyKind", kind), reason=reason),)
    _do(context, data, AssertDependency(links=links, state="rejected" if reject else "confirmed"))


def _do(context: click.Context, data: str | None, act: Any) -> None:
    with plan_desk(context, data) as desk:
        click.echo(told(desk.do(act)))


CHANGE_COMMANDS: tuple[click.Command, ...] = (
    take,
    update,
    override,
    revise,
    verify,
    milestone,
    stage,
    endorse,
    thresholds,
    link,
    measure,
)
