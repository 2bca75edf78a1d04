# SPDX-License-Identifier: Apache-2.0
"""`openecp risk lanes|draw`: the plan of selection, its counters and rates; committed, opened and verified draws."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from openecp.border.risk.lanes.counters import chances
from openecp.border.risk.lanes.plan import E6, LANES, NO_CAP, LaneRule
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.model import StoredDocument
from openecp.kernel.parties.model import Principal
from openecp.platform.cli.wiring import CommandFault, data_option, installation
from openecp.platform.core.lane_desk import LaneDesk, LaneRefused, chooser_of
from openecp.platform.wire import Unreadable, read

_Z = 2.5758293035489004  # 99 %
_token = click.option("--token", prompt="Your token", hide_input=True, help="The auditor's own (openecp token).")
_day = click.argument("day", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]))
_json = click.option("--json", "as_json", is_flag=True, help="As JSON, one object a line.")


@contextlib.contextmanager
def lane_desk(context: click.Context, data: str | None) -> Iterator[tuple[LaneDesk, Any]]:
    """Open the desk of lanes; refusals end the command. Raises: CommandFault."""
    here: Any = installation(context).with_settings(data=data)
    try:
        with here.open_store() as store:
            chooser = chooser_of(here.profile, here.selection_secret())
            if chooser is None:
                raise LaneRefused(f"profile {here.profile.name}", "a plan in selection_plan.csv", "none",
                                  "Write one: docs/risk-lanes.md.")  # fmt: skip
            yield LaneDesk(store, chooser), store
    except LaneRefused as error:
        raise CommandFault("This cannot be done.", where=error.where, expected=error.expected, got=error.got,
                           fix=error.fix) from None  # fmt: skip


@click.command()
@_json
@data_option
@click.pass_context
def lanes(context: click.Context, as_json: bool, data: str | None) -> None:
    """Show the plan of selection, the frozen counters, and what was selected by day and office."""
    with lane_desk(context, data) as (desk, _):
        frozen, days, chooser = desk.frozen(), desk.days(), desk.chooser
    today = chooser.today()
    if as_json:
        for row in days:
            click.echo(json.dumps(row | {"kind": "day"}))
    else:
        click.echo("plan today: expected, random (trusted), cap of criteria let through")
    for office in sorted({row.office for row in chooser.plan.rows}):
        for rule in reversed(chooser.plan.of(office, today).rules):
            _tell_rule(office, rule, as_json=as_json)
    if not as_json:
        click.echo(f"\ncounters frozen at entry {frozen.seq} of the journal")
    for office, count in sorted(frozen.offices.items()):
        below = chances(chooser.plan.of(office, today), count)
        if as_json:
            click.echo(json.dumps({"kind": "counters", "office": office, "seq": frozen.seq, "seen": count.seen,
                                   "taken": [lane.taken for lane in count.lanes], "top_up_below": below}))  # fmt: skip
            continue
        told = ", ".join(
            f"{LANES[lane]} {count.lanes[lane - 1].taken} (top-up {below[lane - 1] / 1e7:.2f} %)" for lane in (3, 2, 1)
        )
        click.echo(f"  {office or 'others':<10} seen {count.seen}: {told}")
    if not as_json:
        click.echo("\nby day and office: share, 99 % interval")
        for row in days:
            _tell_day(row)


def _tell_rule(office: str, rule: LaneRule, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"kind": "plan", "office": office, "lane": LANES[rule.lane],
                               "expected_e6": rule.expected_e6, "random_e6": rule.random_e6,
                               "hits_max": None if rule.hits_max == NO_CAP else rule.hits_max}))  # fmt: skip
        return
    cap = "none" if rule.hits_max == NO_CAP else rule.hits_max
    expected, drawn = _percent(rule.expected_e6, E6), _percent(rule.random_e6, E6)
    trusted = _percent(rule.random_for(trusted=True), E6).strip()
    click.echo(f"  {office or 'all':<10} {LANES[rule.lane]:<7} {expected}  {drawn} ({trusted})  {cap}")


def _tell_day(row: dict[str, Any]) -> None:
    seen = row["seen"]
    click.echo(f"  {row['day']} {row['office'] or 'others'}: {seen} declarations, {row.get('trusted', 0)} trusted")
    for lane in ("red", "yellow", "blue"):
        for what, name in ((f"lane_{lane}", lane), (f"random_{lane}", f"{lane} at random")):
            number = row.get(what, 0)
            low, high = interval_of(number, seen)
            click.echo(f"    {name:<18} {number:>7}  {_percent(number, seen)}  {100 * low:.2f} to {100 * high:.2f} %")
    grounds = [f"{name.removeprefix('ground_')} {row[name]}" for name in sorted(row) if name.startswith("ground_")]
    click.echo(f"    on the ground of: {', '.join(grounds)}")


def interval_of(number: int, of: int) -> tuple[float, float]:
    """Return Wilson's 99 % interval of a share."""
    if not of:
        return 0.0, 1.0
    share, z2 = number / of, _Z * _Z / of
    width = _Z * (share * (1 - share) / of + z2 / (4 * of)) ** 0.5
    return max(0.0, (share + z2 / 2 - width) / (1 + z2)), min(1.0, (share + z2 / 2 + width) / (1 + z2))


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:6.2f} %" if whole else "     –  "


@click.group()
def draw() -> None:
    """Random draws that can be audited: commitments before the day, secrets opened to auditors, draws worked again."""


@draw.command("list")
@_json
@data_option
@click.pass_context
def list_draws(context: click.Context, as_json: bool, data: str | None) -> None:
    """List the days that were committed to: the hash of each day's secret, and when it entered the journal."""
    with lane_desk(context, data) as (desk, _):
        rows = desk.commitments()
    for row in rows:
        click.echo(json.dumps(row) if as_json else f"{row['day']}  {row['sha256']}  {row['committed_at']}")


@draw.command("open")
@_day
@_token
@data_option
@click.pass_context
def open_draw(context: click.Context, day: datetime, token: str, data: str | None) -> None:
    """Open the secret of a DAY that is no longer drawn with, to an auditor; that it was opened is on record."""
    with lane_desk(context, data) as (desk, store):
        click.echo(desk.open(day.date(), _auditor(store, token)).hex())


@draw.command()
@_day
@click.option("--secret", prompt="The day's secret", hide_input=True, help="As `open` told it, 64 hexadecimal digits.")
@_token
@_json
@data_option
@click.pass_context
def verify(context: click.Context, day: datetime, secret: str, token: str, as_json: bool, data: str | None) -> None:
    """Work all draws of a DAY's secret again and compare them with the commitment and with what was recorded."""
    with lane_desk(context, data) as (desk, store):
        _auditor(store, token)
        found = desk.verify(day.date(), _bytes(secret), _declaration)
    if as_json:
        click.echo(json.dumps(found._asdict() | {"day": found.day.isoformat()}))
    else:
        before = "before the day" if found.committed_at[:10] < found.day.isoformat() else "not before the day"
        click.echo(
            f"{found.day}: committed to at {found.committed_at}, {before}; {found.early} draws are older than that"
        )
        click.echo(
            f"{found.same} draws are as recorded, {len(found.other)} are not, {found.gone} messages are not kept"
        )
        for case in found.other[:20]:
            click.echo(f"  not as recorded: case {case}")
    if found.other or found.early:
        context.exit(1)


def _auditor(store: Any, token: str) -> Principal:
    principal: Principal | None = store.principal_of_token(token)
    if principal is None or "auditor" not in principal.roles:
        got = "one not known" if principal is None else "another one"
        raise LaneRefused("--token", "a token of a person with the role auditor", got, "Ask an auditor.")
    return principal


def _bytes(secret: str) -> bytes:
    try:
        return bytes.fromhex(secret.strip())
    except ValueError:
        raise LaneRefused("--secret", "64 hexadecimal digits", "another text", "Copy what `open` told.") from None


def _declaration(document: StoredDocument) -> Declaration | None:
    try:
        media = "json" if document.media_type == "application/json" else "xml"
        return read(document.content, media=media).declaration  # type: ignore[arg-type]
    except Unreadable:
        return None
