# SPDX-License-Identifier: Apache-2.0
"""`openecp watchlist hits|hit|propose|confirm|decline`: what is decided about hits, by two officers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import date
from typing import Any

import click
import msgspec

from openecp.border.risk.watchlist.hits import HitRefused, HitState
from openecp.border.risk.watchlist.match import ListHit
from openecp.kernel.parties.model import Principal
from openecp.platform.cli.wiring import CommandFault, data_option, installation
from openecp.platform.core.permissions import may
from openecp.platform.core.watch_desk import HitPassage, WatchDesk

PASSAGES_SHOWN = 20

_token = click.option("--token", prompt="Your token", hide_input=True, help="The officer's own (openecp token).")
_note = click.option("--note", default="", help="Why; kept beside the journal, for officers alone.")


@contextlib.contextmanager
def watch_desk(context: click.Context, data: str | None) -> Iterator[tuple[WatchDesk, Any]]:
    """Open the desk of watchlists on the data folder; refusals end the command. Raises: CommandFault."""
    here = installation(context).with_settings(data=data)
    try:
        with here.open_store() as store:
            yield WatchDesk(store), store
    except HitRefused as error:
        raise CommandFault(
            "This cannot be done.", where=error.where, expected=error.expected, got=error.got, fix=error.fix
        ) from None


def _officer(store: Any, token: str) -> Principal:
    principal: Principal | None = store.principal_of_token(token)
    if principal is None or principal.kind != "person" or not may(principal, "act"):
        raise CommandFault(
            "This token is not an officer's.", where="--token", expected="a token of a person who is an officer",
            got="another one" if principal else "one not known", fix="openecp token --help tells how to get one.",
        )  # fmt: skip
    return principal


def told_hit(hit: ListHit) -> list[str]:
    """Return a hit in words: both names, the score and what made it."""
    lines = [f"  {hit.score:.3f} {hit.list_id} {hit.entry_id} ({hit.kind}): {hit.party_name} ~ {hit.listed_name}"]
    words = [f"{pair.one}={pair.other} {pair.how} {pair.alike:.2f}" for pair in hit.words]
    if words:
        lines.append(f"    words: {'; '.join(words)}")
    parts = [f"{part.part} {part.points:+.2f}" for part in hit.parts if part.points]
    if parts:
        lines.append(f"    points: {', '.join(parts)}")
    if hit.evidence:
        lines.append(f"    beside the name: {', '.join(hit.evidence)}")
    return lines


@click.command()
@click.option("--status", type=click.Choice(["open", "proposed", "match", "cleared"]), help="Only these.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one object a line.")
@data_option
@click.pass_context
def hits(context: click.Context, status: str | None, as_json: bool, data: str | None) -> None:
    """List the hits on record, surest first; no names (see `hit`)."""
    with watch_desk(context, data) as (desk, _):
        found = desk.hits(status or "")
    for one in found:
        click.echo(msgspec.json.encode(one).decode() if as_json else _line(one))
    if not as_json:
        click.echo(f"{len(found)} hits")


def _line(state: HitState) -> str:
    verdict = f" ({state.verdict} by {state.proposed_by})" if state.status == "proposed" else ""
    until = f" until {state.until}" if state.status == "cleared" else ""
    score = state.score_e6 / 1_000_000
    return f"{state.hit_id} {score:.3f} {state.list_id} {state.entry_id} {state.status}{verdict}{until}"


@click.command()
@click.argument("hit_id", metavar="HIT")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@data_option
@click.pass_context
def hit(context: click.Context, hit_id: str, as_json: bool, data: str | None) -> None:
    """Show a HIT with both names, the parts of its score, and the declarations that had it since it is on record."""
    with watch_desk(context, data) as (desk, _):
        state, found = desk.hit(hit_id)
        passages = desk.passed(hit_id)
    if as_json:
        click.echo(msgspec.json.encode({"hit": state, "evidence": found, "passages": passages}).decode())
        return
    click.echo(_line(state))
    click.echo("\n".join(told_hit(found)) if found is not None else "  the names were erased")
    _tell_passages(passages)


def _tell_passages(passages: list[HitPassage]) -> None:
    cleared = sum(one.how == "cleared" for one in passages)
    through = sum(one.how == "counted" and one.lane == "green" for one in passages)
    if passages:
        click.echo(f"  {len(passages)} declarations had it: {cleared} passed since it was cleared, {through} were let "
                   "through green while it counted")  # fmt: skip
    for one in passages[:PASSAGES_SHOWN]:
        click.echo(f"    {one.at[:16]} {one.mrn or one.case_id} {one.lane} {one.how}")


@click.command()
@click.argument("hit_id", metavar="HIT")
@click.argument("verdict", type=click.Choice(["match", "cleared"]))
@click.option("--until", metavar="DATE", help="Day until which it stays cleared; a year if not given.")
@_note
@_token
@data_option
@click.pass_context
def propose(
    context: click.Context, hit_id: str, verdict: Any, until: str | None, note: str, token: str, data: str | None
) -> None:
    """Propose that a HIT is a match, or is cleared; another officer confirms."""
    try:
        day = date.fromisoformat(until) if until else None
    except ValueError:
        raise CommandFault("The day cannot be read.", where="--until", expected="a date such as 2027-05-31",
                           got=str(until)[:40], fix="Write it so.") from None  # fmt: skip
    with watch_desk(context, data) as (desk, store):
        officer = _officer(store, token)
        click.echo(_line(desk.propose(hit_id, verdict, actor=officer.actor, note=note, until=day)))


def _second(context: click.Context, hit_id: str, note: str, token: str, data: str | None, *, agree: bool) -> None:
    with watch_desk(context, data) as (desk, store):
        officer = _officer(store, token)
        click.echo(_line(desk.confirm(hit_id, actor=officer.actor, note=note, agree=agree)))


@click.command()
@click.argument("hit_id", metavar="HIT")
@_note
@_token
@data_option
@click.pass_context
def confirm(context: click.Context, hit_id: str, note: str, token: str, data: str | None) -> None:
    """Confirm what another officer proposed for a HIT."""
    _second(context, hit_id, note, token, data, agree=True)


@click.command()
@click.argument("hit_id", metavar="HIT")
@_note
@_token
@data_option
@click.pass_context
def decline(context: click.Context, hit_id: str, note: str, token: str, data: str | None) -> None:
    """Decline what another officer proposed for a HIT; it is open again."""
    _second(context, hit_id, note, token, data, agree=False)
