# SPDX-License-Identifier: Apache-2.0
"""`openecp risk profile activate|suspend|retire|expire|list|show|stats`: what a second officer decides and sees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
import msgspec

from openecp.platform.cli.desk import OFFICER, have_done
from openecp.platform.cli.risk_profiles import _name, _token, backtest_lines, desk, officer, profile
from openecp.platform.cli.wiring import CommandFault, data_option

if TYPE_CHECKING:
    from openecp.border.risk.profiles.versions import ProfileState

_PAGE = 1000
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
@click.option("--suspend", "act", is_flag=True, help="Suspend those that find less than chance.")
@click.option("--token", default="", help="The officer's own, with --suspend.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one object a line.")
@data_option
@click.pass_context
def stats(context: click.Context, act: bool, token: str, as_json: bool, data: str | None) -> None:
    """Tell what each active profile selected and what controls found; says which finds less than the random sample."""
    from openecp.border.risk.profiles.acts import SuspendProfile
    from openecp.border.risk.profiles.operation import operation_of
    from openecp.border.risk.profiles.statistics import below_chance

    if act and not token:
        raise CommandFault("Suspending needs an officer.", where="--token", expected="an officer's token",
                           got="none", fix="Give one.")  # fmt: skip
    with desk(context, data) as (store, core, book):
        done = operation_of((event.case_id, event.kind, event.body) for event in _events(store))
        active = {(v.profile.id, v.number): v.profile.share_millionths() for v in book.active()}
        results, irregular = done.sample()
        for figures in done.figures(active):
            why = below_chance(figures, sample_results=results, sample_irregular=irregular)
            rate = figures.hit_rate()
            if as_json:
                click.echo(msgspec.json.encode({"figures": figures, "hit_rate": rate, "suspend": why}).decode())
            else:
                share = f"{100 * rate.value:.1f} % ({100 * rate.low:.1f} to {100 * rate.high:.1f})"
                click.echo(
                    f"{figures.profile} version {figures.version}: {figures.hits} hits, {figures.selections} selected, "
                    f"{figures.results} results, hit rate {share if figures.results else 'not known'}"
                )
                if why:
                    click.echo(f"  {why}")
            if why and act:
                have_done(core, SuspendProfile(profile_id=figures.profile, reason=why[:390]), officer(store, token))
                click.echo(f"  {figures.profile} is suspended", err=as_json)
        if not as_json:
            click.echo(f"random sample: {irregular} of {results} controls irregular")


def _events(store: Any) -> Iterator[Any]:
    after = 0
    while page := store.events(after_seq=after, limit=_PAGE):
        yield from page
        after = page[-1].seq
