# SPDX-License-Identifier: Apache-2.0
"""`openecp risk audit …`: audits of released declarations: opened, found, closed by two where money is waived."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from openecp.border.risk.audit.acts import (
    AnswerAuditClosing,
    AssignAudit,
    CloseAudit,
    OpenAudit,
    RecordAuditFinding,
    RecordAuditRecovery,
    WithdrawAuditFinding,
)
from openecp.border.risk.audit.case import DONE, AuditCase, AuditStatus
from openecp.kernel.datamodel.findings import FOUND_MAX, IRREGULARITIES, ControlFinding
from openecp.platform.cli.desk import have_done, not_there, opened
from openecp.platform.cli.risk_profiles import officer
from openecp.platform.cli.wiring import CommandFault, data_option
from openecp.platform.core.permissions import may

if TYPE_CHECKING:
    from openecp.kernel.parties.model import Principal
    from openecp.platform.core.audit_desk import AuditDesk, AuditShown

_token = click.option("--token", prompt="Your token", hide_input=True, help="The officer's own (openecp token).")
_json = click.option("--json", "as_json", is_flag=True, help="As JSON, one object a line.")
_name = click.argument("name", metavar="AUDIT")
_STATUSES = get_args(AuditStatus)


@click.group()
def audit() -> None:
    """Audits after release: AUDIT is the MRN or id of the declaration. For officers alone."""


@contextlib.contextmanager
def audits_of(context: click.Context, data: str | None) -> Iterator[tuple[AuditDesk, Any, Any]]:
    """Open the desk of audits, the store, and the core that decides. Raises: CommandFault."""
    with opened(context, data, missing=not_there) as (here, store, core):
        yield here.audit_desk(store), store, core


@audit.command("list")
@click.option("--status", type=click.Choice(_STATUSES), multiple=True, help="Only these; repeatable.")
@click.option("--office", default="", help="Of one office.")
@click.option("--officer", "person", default="", help="Of one officer, by id.")
@click.option("--overdue", is_flag=True, help="Only those that were to be done before today.")
@_json
@data_option
@click.pass_context
def list_audits(
    context: click.Context, status: tuple[Any, ...], office: str, person: str, overdue: bool, as_json: bool,
    data: str | None,
) -> None:  # fmt: skip
    """List audits, those due first at the top."""
    with audits_of(context, data) as (desk, _, _):
        found, today = desk.audits(status, office=office, officer=person, overdue=overdue), desk.today()
    for state in found:
        click.echo(msgspec.json.encode(_told(state, today)).decode() if as_json else _line(state, today))
    if not as_json:
        late = sum(state.overdue(today) for state in found)
        click.echo(f"{len(found)} audits, {sum(s.status not in DONE for s in found)} to be done, {late} overdue")


@audit.command()
@_name
@_json
@data_option
@click.pass_context
def show(context: click.Context, name: str, as_json: bool, data: str | None) -> None:
    """Show an AUDIT with findings in words, claim and history."""
    with audits_of(context, data) as (desk, _, _):
        shown, today = desk.audit(name), desk.today()
    if shown is None:
        raise CommandFault("There is no such audit.", where="AUDIT", expected="the MRN or id of a declaration with one",
                           got=name[:80], fix="`openecp risk audit list` shows them.")  # fmt: skip
    if as_json:
        click.echo(msgspec.json.encode(shown).decode())
        return
    click.echo("\n".join(_page(shown, today)))


@audit.command()
@data_option
@click.pass_context
def sample(context: click.Context, data: str | None) -> None:
    """Open what is due by the sample plan and tell what is overdue; a running server does so every minute."""
    with audits_of(context, data) as (desk, _, _):
        opened_now, late = desk.open_due(), desk.tell_overdue()
    click.echo(f"{opened_now} audits opened, {late} told as overdue")


@audit.command("open")
@click.argument("declaration", metavar="MRN|ID")
@click.option("--reason", required=True, help="Why; kept beside the journal, for officers alone.")
@_token
@data_option
@click.pass_context
def open_audit(context: click.Context, declaration: str, reason: str, token: str, data: str | None) -> None:
    """Open an audit of a released declaration, beside the sample."""
    _act(context, data, token, OpenAudit(declaration=declaration, reason=reason))


@audit.command()
@_name
@click.argument("person", metavar="OFFICER")
@_token
@data_option
@click.pass_context
def assign(context: click.Context, name: str, person: str, token: str, data: str | None) -> None:
    """Give an AUDIT to an OFFICER, by the id under which he was added."""
    _act(context, data, token, AssignAudit(audit=name, officer=person))


@audit.command()
@_name
@click.option("--irregularity", type=click.Choice(list(IRREGULARITIES)), required=True, help="Of which kind.")
@click.option("--amount", type=int, default=0, help="Claimed for it, in minor units of the national currency.")
@click.option("--item", "items", type=int, multiple=True, help="SequenceNumeric of an item; repeatable; none: all.")
@click.option("--found", default="", help=f"In your words, at most {FOUND_MAX} characters; kept beside the journal.")
@_token
@data_option
@click.pass_context
def find(
    context: click.Context, name: str, irregularity: str, amount: int, items: tuple[int, ...], found: str, token: str,
    data: str | None,
) -> None:  # fmt: skip
    """Record what an AUDIT has found."""
    finding = ControlFinding(irregularity=irregularity, recovered_minor=amount, items=items, found=found)
    _act(context, data, token, RecordAuditFinding(audit=name, finding=finding))


@audit.command()
@_name
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why.")
@_token
@data_option
@click.pass_context
def withdraw(context: click.Context, name: str, number: int, reason: str, token: str, data: str | None) -> None:
    """Take finding NUMBER of an AUDIT back."""
    _act(context, data, token, WithdrawAuditFinding(audit=name, number=number, reason=reason))


@audit.command()
@_name
@click.option("--waive", "waived", type=int, default=0, help="Minor units that are not claimed; a second confirms.")
@click.option("--drop", "dropped", is_flag=True, help="Give it up without a result; a second officer confirms.")
@click.option("--reason", default="", help="Why; needed with --waive and --drop.")
@_token
@data_option
@click.pass_context
def close(
    context: click.Context, name: str, waived: int, dropped: bool, reason: str, token: str, data: str | None
) -> None:
    """Close an AUDIT: its findings, or that there are none, are its result."""
    _act(context, data, token, CloseAudit(audit=name, waived_minor=waived, dropped=dropped, reason=reason))


@audit.command()
@_name
@click.option("--reason", default="", help="Why.")
@_token
@data_option
@click.pass_context
def confirm(context: click.Context, name: str, reason: str, token: str, data: str | None) -> None:
    """Confirm the closing that another officer proposed."""
    _act(context, data, token, AnswerAuditClosing(audit=name, agree=True, reason=reason))


@audit.command()
@_name
@click.option("--reason", required=True, help="Why.")
@_token
@data_option
@click.pass_context
def decline(context: click.Context, name: str, reason: str, token: str, data: str | None) -> None:
    """Decline the closing that another officer proposed; the AUDIT goes on."""
    _act(context, data, token, AnswerAuditClosing(audit=name, agree=False, reason=reason))


@audit.command()
@_name
@click.option("--amount", type=int, required=True, help="Minor units that came in.")
@click.option("--reference", required=True, help="Of the payment: 1 to 35 letters and digits, no free text.")
@_token
@data_option
@click.pass_context
def recover(context: click.Context, name: str, amount: int, reference: str, token: str, data: str | None) -> None:
    """Record money that came in for the claim of a closed AUDIT."""
    act = RecordAuditRecovery(audit=name, amount_minor=amount, reference=reference)
    _act(context, data, token, act, money=True)


def _act(context: click.Context, data: str | None, token: str, act: Any, *, money: bool = False) -> None:
    with audits_of(context, data) as (desk, store, core):
        who = _receiver(store, token) if money else officer(store, token)
        answer = have_done(core, act, who)
        shown = desk.audit(answer.case_id or "")
        assert shown is not None, "what was recorded can be read"
        click.echo(_line(shown.audit, desk.today()))


def _receiver(store: Any, token: str) -> Principal:
    """Return who may take money: an officer, or a person or system of revenue. Raises: CommandFault."""
    who: Principal | None = store.principal_of_token(token)
    return who if who is not None and may(who, "receive") else officer(store, token)


def _line(state: AuditCase, today: str) -> str:
    late = " OVERDUE" if state.overdue(today) else ""
    text = f"{state.mrn or state.declaration} {state.status}{late} due {state.due_on} {state.office or 'no office'}"
    text += f" {state.ground}" + (f" by {state.officer}" if state.officer else "")
    if state.standing:
        text += f", {len(state.standing)} findings, established {state.established_minor} {state.currency}"
    if state.waived_minor:
        text += f", waived {state.waived_minor}"
    return text + (f", came in {state.recovered_minor}" if state.recovered_minor else "")


def _told(state: AuditCase, today: str) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(state)
    return told | {
        "overdue": state.overdue(today), "result": state.result, "established_minor": state.established_minor,
        "claim_minor": state.claim_minor,
    }  # fmt: skip


def _page(shown: AuditShown, today: str) -> list[str]:
    state = shown.audit
    lines = [_line(state, today), f"  declaration {state.declaration}, lane {state.lane}, opened {state.opened_at}"]
    share = f"draw {state.draw} below {state.below}" if state.draw < state.below else "not drawn by the sample plan"
    lines.append(f"  {state.ground}: {share}")
    for one in state.findings:
        items = f" items {', '.join(map(str, one.items))}" if one.items else ""
        gone = " (taken back)" if one.withdrawn else ""
        words = shown.found.get(one.number, "")
        lines.append(f"  {one.number}. {one.irregularity}{items}: {one.claimed_minor} {state.currency}{gone} {words}")
    if state.status == "proposed":
        what = "to give it up" if state.proposed_drop else f"to waive {state.waived_minor}"
        lines.append(f"  {state.proposed_by} proposes {what}; another officer confirms or declines")
    if state.result:
        lines.append(f"  result {state.result}, claim {state.claim_minor}, came in {state.recovered_minor}")
    return lines + [f"  {one.at} {one.kind} {one.actor} {one.words}".rstrip() for one in shown.history]
