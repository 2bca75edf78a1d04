# SPDX-License-Identifier: Apache-2.0
"""`openecp risk lanes|draw`: the plan of selection, its counters and rates; committed, opened and verified draws."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
import msgspec

from openecp.border.risk.lanes.plan import E6
from openecp.border.risk.profiles.operation import LetThrough
from openecp.border.risk.profiles.statistics import wilson
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.model import StoredDocument
from openecp.kernel.parties.model import Principal
from openecp.platform.cli.wiring import CommandFault, data_option, installation
from openecp.platform.core.lane_desk import LaneDesk, LaneRefused, chooser_of
from openecp.platform.core.lane_view import STRICTEST_FIRST, DayLanes, LaneFace, LaneView, lane_view, share_interval
from openecp.platform.wire import Unreadable, read

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
    """Show the plan of selection, its counters, what was selected, moved, overridden and let through."""
    from openecp.platform.core.profile_results import ProfileResults

    with lane_desk(context, data) as (desk, store):
        view = lane_view(store, desk.chooser.plan, desk.chooser.today())
        through = ProfileResults(store).counted().let_through()
    assert view is not None, "a desk of lanes has a plan"
    if as_json:
        for line in _as_objects(view, through):
            click.echo(json.dumps(line))
        return
    click.echo(f"plan of {view.today}: expected, random (trusted), cap of criteria let through; top-up: {view.topup}")
    of_all = [_planned(lane) for lane in view.offices[0].lanes]
    for office in view.offices:
        if office is view.offices[0] or [_planned(lane) for lane in office.lanes] != of_all:
            for lane in office.lanes:
                _tell_rule(office.office, lane)
    click.echo(f"\ncounters frozen at entry {view.frozen_seq} of the journal")
    for office in view.offices:
        if office.seen:
            told = ", ".join(f"{lane.lane} {lane.taken} (top-up {lane.topup_e9 / 1e7:.2f} %)" for lane in office.lanes)
            click.echo(f"  {office.office or 'others':<10} seen {office.seen}: {told}")
    click.echo("\nby day and office: share, 99 % interval")
    for row in view.days:
        _tell_day(row)
    click.echo("\nhits that percentages let through: what became of them")
    for one in through:
        _tell_through(one)
    if not through:
        click.echo("  none")


def _as_objects(view: LaneView, through: list[LetThrough]) -> Iterator[dict[str, Any]]:
    yield {"kind": "view", "today": view.today, "topup": view.topup, "seq": view.frozen_seq, "at": view.frozen_at}
    for day in view.days:
        yield {"kind": "day", **msgspec.to_builtins(day)}
    for office in view.offices:
        yield {"kind": "office", **msgspec.to_builtins(office)}
    for one in through:
        yield {"kind": "let_through", **msgspec.to_builtins(one)}


def _planned(lane: LaneFace) -> LaneFace:
    """Return what the plan says of a lane, without what was counted."""
    return msgspec.structs.replace(lane, taken=0, topup_e9=0)


def _tell_rule(office: str, lane: LaneFace) -> None:
    expected, drawn, trusted = (
        _percent(rate, E6) for rate in (lane.expected_e6, lane.random_e6, lane.random_trusted_e6)
    )
    cap = "none" if lane.hits_max is None else lane.hits_max
    moves = ""
    if lane.moves_to:
        mandatory = ", mandatory too" if lane.moves_mandatory else ""
        moves = f"  after {lane.moves_after_hours} h to {lane.moves_to}{mandatory}"
    click.echo(f"  {office or 'all':<10} {lane.lane:<7} {expected}  {drawn} ({trusted.strip()})  {cap}{moves}")


def _tell_day(row: DayLanes) -> None:
    click.echo(f"  {row.day} {row.office or 'others'}: {row.seen} declarations, {row.trusted} trusted")
    for lane in STRICTEST_FIRST:
        for counts, name in ((row.lanes, lane), (row.random, f"{lane} at random")):
            number = counts.get(lane, 0)
            low, high = share_interval(number, row.seen)
            share = _percent(number, row.seen)
            click.echo(f"    {name:<18} {number:>7}  {share}  {100 * low:.2f} to {100 * high:.2f} %")
    for words, counts in (
        ("on the ground of", row.grounds), ("moved by the clock", row.moved), ("overridden", row.overridden)
    ):  # fmt: skip
        if counts:
            click.echo(f"    {words}: {', '.join(f'{name} {number}' for name, number in counts.items())}")


def _tell_through(one: LetThrough) -> None:
    rate = ""
    if one.results:
        share = wilson(one.irregular, one.results)
        rate = f", {100 * share.value:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"
    click.echo(
        f"  {one.criterion}: {one.hits} let through; {one.unchecked} released without a control, {one.audited} to be "
        f"audited, {one.selected} selected on another ground; {one.irregular} of {one.results} results irregular{rate}"
    )


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
