# SPDX-License-Identifier: Apache-2.0
"""`openecp risk profile activate|suspend|retire|expire|list|show|stats`: what a second officer decides and sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from openecp.platform.cli.desk import OFFICER, have_done
from openecp.platform.cli.risk_profiles import _name, _token, backtest_lines, desk, officer, profile
from openecp.platform.cli.wiring import data_option, installation

if TYPE_CHECKING:
    from openecp.border.risk.profiles.versions import ProfileState

profile_group = profile  # with the commands of both files


@profile.command()
@_name
@click.option("--backtest", "digest", default="", help="Digest of the back-test that you have looked at.")
@_token
@data_option
@click.pass_context
def activate(context: click.Context, name: str, digest: str, token: str, data: str | None) -> None:
    """Put the version that waits, or is suspended, to use; without --backtest its back-test is shown first."""
    from openecp.border.risk.profiles.acts import ActivateProfile
    from openecp.border.risk.profiles.versions import backtest_digest

    with desk(context, data) as (store, core, book):
        state = book.state(name)
        version = state.waiting or state.current
        assert version is not None, "a profile on record has a version"
        who = officer(store, token)
        if not digest and version.backtest is not None and who.actor != version.author:
            click.echo("\n".join(backtest_lines(version.backtest)))
            click.confirm(f"Activate {name} version {version.number}?", abort=True)
            digest = backtest_digest(version.backtest)
        have_done(core, ActivateProfile(profile_id=name, version=version.number, backtest=digest), who)
        click.echo(f"{name} version {version.number}: active until {version.profile.expires_on}")


@profile.command()
@_name
@click.option("--reason", required=True, help="Why; for officers alone.")
@_token
@data_option
@click.pass_context
def suspend(context: click.Context, name: str, reason: str, token: str, data: str | None) -> None:
    """Have a profile select no more, until it is activated again."""
    from openecp.border.risk.profiles.acts import SuspendProfile

    with desk(context, data) as (store, core, book):
        have_done(core, SuspendProfile(profile_id=name, reason=reason), officer(store, token))
        click.echo(_line(book.state(name), book))


@profile.command()
@_name
@click.option("--reason", required=True, help="Why; for officers alone.")
@_token
@data_option
@click.pass_context
def retire(context: click.Context, name: str, reason: str, token: str, data: str | None) -> None:
    """Put a profile away for good."""
    from openecp.border.risk.profiles.acts import RetireProfile

    with desk(context, data) as (store, core, book):
        have_done(core, RetireProfile(profile_id=name, reason=reason), officer(store, token))
        click.echo(_line(book.state(name), book))


@profile.command()
@data_option
@click.pass_context
def expire(context: click.Context, data: str | None) -> None:
    """Put on record which profiles have expired; none of them has selected since its last day."""
    from openecp.border.risk.profiles.acts import ExpireProfile

    with desk(context, data) as (_, core, book):
        due = [s for s in book.states() if s.status(book.today()) == "expired" and not s.expired]
        for state in due:
            have_done(core, ExpireProfile(profile_id=state.profile_id), OFFICER)
        click.echo(f"{len(due)} profiles expired" + "".join(f"\n{state.profile_id}" for state in due))


@profile.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one object a line.")
@data_option
@click.pass_context
def list_profiles(context: click.Context, as_json: bool, data: str | None) -> None:
    """List the profiles on record."""
    with desk(context, data) as (_, _, book):
        states = book.states()
        for state in states:
            click.echo(msgspec.json.encode(state).decode() if as_json else _line(state, book))
    if not as_json:
        click.echo(f"{len(states)} profiles")


@profile.command()
@_name
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@data_option
@click.pass_context
def show(context: click.Context, name: str, as_json: bool, data: str | None) -> None:
    """Show a profile: each version, its back-test, who wrote and who activated it."""
    with desk(context, data) as (_, _, book):
        state = book.state(name)
        if as_json:
            click.echo(msgspec.json.encode(state).decode())
            return
        click.echo(_line(state, book))
    for version in (state.current, state.waiting):
        if version is None:
            continue
        click.echo(f"version {version.number} by {version.author}, activated by {version.approver or 'nobody yet'}")
        for field, value in msgspec.to_builtins(version.profile).items():
            click.echo(f"  {field.replace('_', ' ')}: {value}")
        if version.suspended:
            click.echo(f"  suspended: {version.suspended}")
        lines = backtest_lines(version.backtest) if version.backtest else ["no back-test"]
        click.echo("\n".join("  " + line for line in lines))


def _line(state: ProfileState, book: Any) -> str:
    version = state.current or state.waiting
    assert version is not None, "a profile on record has a version"
    text = f"{state.profile_id} version {version.number} {state.status(book.today())} {version.profile.lane} "
    text += f"{version.profile.percentage} % until {version.profile.expires_on}: {version.profile.name}"
    return text + (f" (version {state.waiting.number} waits)" if state.waiting and state.current else "")


@profile.command()
@click.option("--suspend", "act", is_flag=True, help="Suspend those that find less than chance, as the clock does.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one object a line.")
@data_option
@click.pass_context
def stats(context: click.Context, act: bool, as_json: bool, data: str | None) -> None:
    """Tell what each profile selected and what controls found; says which finds less than the random sample."""
    from openecp.platform.core.profile_results import ProfileResults, operation_view
    from openecp.platform.core.profilework import zone_of

    with desk(context, data) as (store, _, book):
        done: list[str] = []
        if act:
            done = ProfileResults(store, zone=zone_of(installation(context).profile)).tick()
        view = operation_view(store, book, fresh=True)
    for one in view.profiles:
        if as_json:
            click.echo(msgspec.json.encode(one).decode())
            continue
        click.echo(
            f"{one.profile} version {one.version} {one.status}: {one.selections} selected, "
            f"{one.let_through} let through, {_told(one.counted)}"
        )
        if one.judged != one.counted:
            click.echo(f"  since it was taken up again: {_told(one.judged)}")
        if one.why:
            click.echo(f"  {one.why}")
        if one.profile in done:
            click.echo("  suspended or expired just now")
    if not as_json:
        click.echo(f"random sample: {_told(view.sample)}")


def _told(counted: Any) -> str:
    if counted.rate is None:
        return "no result is known"
    share = f"{100 * counted.rate:.1f} % ({100 * counted.low:.1f} to {100 * counted.high:.1f})"
    return f"{counted.irregular} of {counted.results} results irregular, hit rate {share}"
