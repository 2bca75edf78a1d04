# SPDX-License-Identifier: Apache-2.0
"""`openecp risk profile …`: profiles that officers own, from the draft to the figures. For officers alone."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from openecp.platform.cli.desk import have_done, not_there, opened
from openecp.platform.cli.wiring import CommandFault, data_option
from openecp.platform.core.permissions import may

if TYPE_CHECKING:  # what reads predicates is loaded by the commands that need it
    from openecp.border.risk.profiles.acts import Backtest
    from openecp.border.risk.profiles.profile import RiskProfile
    from openecp.kernel.parties.model import Principal
    from openecp.platform.core.profilework import ProfileBook

FILE_BYTES_MAX = 64_000
_token = click.option("--token", prompt="Your token", hide_input=True, help="The officer's own (openecp token).")
_name = click.argument("name", metavar="PROFILE")


@click.group()
def profile() -> None:
    """Risk profiles: conditions that officers own, back-tested, put to use by a second person."""


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn refusals into the command line's words. Raises: CommandFault."""
    from openecp.border.risk.profiles.fault import ProfileRefused
    from openecp.platform.engines.profile_backtest import HistoryFault

    try:
        yield
    except ProfileRefused as error:
        raise CommandFault(error.message, where=error.where, expected=error.expected, got=error.got,
                           fix=error.fix) from None  # fmt: skip
    except HistoryFault as error:
        raise CommandFault("The history cannot be used.", where=error.where, expected=error.expected, got=error.got,
                           fix=error.fix) from None  # fmt: skip


@contextlib.contextmanager
def desk(context: click.Context, data: str | None) -> Iterator[tuple[Any, Any, ProfileBook]]:
    """Open store, core and the profiles on record. Raises: CommandFault."""
    from openecp.platform.core.profilework import ProfileBook, zone_of

    with told(), opened(context, data, missing=not_there) as (here, store, core):
        yield store, core, ProfileBook(store, zone=zone_of(here.profile))


def read_file(name: str) -> RiskProfile:
    """Read a profile from TOML or JSON. Raises: CommandFault, ProfileRefused."""
    from openecp.border.risk.profiles.profile import profile_from

    path = Path(name)
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        if len(content) > FILE_BYTES_MAX:
            raise ValueError(f"more than {FILE_BYTES_MAX} bytes")
        found = msgspec.json.decode(content) if path.suffix == ".json" else tomllib.loads(content.decode())
        if not isinstance(found, dict):
            raise ValueError("no fields")
    except (OSError, ValueError, RecursionError) as error:
        raise CommandFault("The file cannot be read.", where=name, expected="a profile as TOML, or JSON (.json)",
                           got=str(error)[:200], fix="docs/risk-profiles.md shows one.") from None  # fmt: skip
    return profile_from(found, where=name)


def officer(store: Any, token: str) -> Principal:
    """Return the officer whose token this is. Raises: CommandFault."""
    principal: Principal | None = store.principal_of_token(token)
    if principal is None or principal.kind != "person" or not may(principal, "act"):
        raise CommandFault(
            "This token is not an officer's.", where="--token", expected="a token of a person who is an officer",
            got="another one" if principal else "one not known", fix="openecp token --help tells how to get one.",
        )  # fmt: skip
    return principal


@profile.command()
def columns() -> None:
    """List the columns that a predicate may name, and the functions."""
    from openecp.border.risk.profiles.columns import COLUMNS
    from openecp.border.risk.profiles.predicate import FUNCTIONS

    for column in COLUMNS.values():
        click.echo(f"{column.name:<22} {column.kind:<7} {column.group:<16} {column.meaning}")
    click.echo("functions: " + ", ".join(FUNCTIONS))


@profile.command()
@click.argument("file", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="The criteria rows as JSON.")
def check(file: str, as_json: bool) -> None:
    """Check the profile in FILE and tell what it compiles to and costs."""
    from openecp.border.risk.profiles.checking import check_profile

    with told():
        found = read_file(file)
        criteria = check_profile(found, today=datetime.now(UTC).date())
    if as_json:
        click.echo(msgspec.json.encode(criteria).decode())
        return
    click.echo(f"{found.id}: {criteria.told()}")
    for row in criteria.rows[:20]:
        click.echo("  " + ", ".join(f"{name} {value}" for name, value in row.items() if value))


@profile.command()
@click.argument("file", metavar="FILE", required=False)
@click.option("--template", metavar="NAME", help="In place of a FILE: what `templates` lists.")
@click.option(
    "--set", "settings", metavar="NAME=NUMBER", multiple=True, help="A threshold of the template; repeatable."
)
@click.option("--id", "profile_id", default="", help="Id of the profile; else the template's name.")
@click.option("--legal-basis", default="", help="On which ground; needed with --template.")
@click.option("--days", type=click.IntRange(1, 731), default=365, show_default=True, help="Until it expires.")
@click.option("--percentage", default="", help="Share of its hits that is selected; 100 if left out.")
@_token
@data_option
@click.pass_context
def propose(
    context: click.Context, file: str | None, template: str | None, settings: tuple[str, ...], profile_id: str,
    legal_basis: str, days: int, percentage: str, token: str, data: str | None,
) -> None:  # fmt: skip
    """Propose the profile in FILE or of a template, or a new version of one; another officer activates it."""
    from openecp.border.risk.profiles.acts import ProposeProfile
    from openecp.platform.cli.risk_templates import templated

    if (file is None) == (template is None):
        raise CommandFault("One profile is needed.", where="arguments", expected="a FILE, or --template NAME",
                           got="both" if file else "none", fix="Give one of them.")  # fmt: skip
    with desk(context, data) as (store, core, book):
        found = read_file(file) if file is not None else templated(
            template or "", settings, profile_id=profile_id, legal_basis=legal_basis, days=days, percentage=percentage
        )  # fmt: skip
        have_done(core, ProposeProfile(profile=found), officer(store, token))
        click.echo(f"{found.id} version {book.state(found.id).last} waits for a back-test and a second officer")


def history_test(found: RiskProfile, files: tuple[str, ...], others: Any) -> Backtest:
    """Return what a profile would have done on files. Raises: ProfileRefused, HistoryFault."""
    from openecp.border.risk.profiles.acts import Backtest, OfficeLoad, Overlap
    from openecp.border.risk.profiles.predicate import read_predicate
    from openecp.border.risk.profiles.terms import Place, sql_of
    from openecp.platform.engines.profile_backtest import ItemHistory

    def condition(text: str) -> Any:
        node = read_predicate(text)

        def written(place: Place) -> str:
            return sql_of(node, place)

        return written

    besides = [version for version in others if version.profile.id != found.id]
    with contextlib.closing(ItemHistory([Path(name) for name in files])) as history:
        done = history.test(
            condition(found.predicate), found.share_millionths(), [condition(o.profile.predicate) for o in besides]
        )
        digest = history.sha256()
    days = max(1, done.days)
    return Backtest(
        profile_digest=found.digest(), files_sha256=digest, items=done.items, days=days, hits=done.hits,
        selected=done.selected, known=done.known, irregular=done.irregular, known_all=done.known_all,
        irregular_all=done.irregular_all,
        offices=tuple(
            OfficeLoad(office=office, selected=count, a_day_e6=count * 1_000_000 // days)
            for office, count in done.offices
        ),
        overlaps=tuple(
            Overlap(profile=other.profile.id, version=other.number, hits=count)
            for other, count in zip(besides, done.overlaps, strict=True) if count
        ),
    )  # fmt: skip


def backtest_lines(backtest: Backtest) -> list[str]:
    """Return a back-test in words."""
    from openecp.border.risk.profiles.statistics import wilson
    from openecp.border.risk.profiles.versions import backtest_digest

    lines = [f"{backtest.items} items on {backtest.days} days: {backtest.hits} hits, {backtest.selected} selected"]
    if backtest.known:
        rate, every = wilson(backtest.irregular, backtest.known), wilson(backtest.irregular_all, backtest.known_all)
        lines.append(
            f"hit rate {100 * rate.value:.1f} % ({100 * rate.low:.1f} to {100 * rate.high:.1f}) of {backtest.known} "
            f"with a result; all items {100 * every.value:.1f} % of {backtest.known_all}"
        )
    else:
        lines.append("hit rate: no result is known of its hits")
    for load in backtest.offices[:10]:
        lines.append(
            f"  office {load.office or '(not told)'}: {load.selected} controls, {load.a_day_e6 / 1e6:.2f} a day"
        )
    for other in sorted(backtest.overlaps, key=lambda o: -o.hits)[:10]:
        lines.append(f"  also hit by {other.profile} version {other.version}: {other.hits}")
    return [*lines, f"back-test {backtest_digest(backtest)}"]


@profile.command()
@click.argument("name", metavar="PROFILE|FILE")
@click.option(
    "--items", "files", multiple=True, required=True, metavar="PARQUET", help="Items of the past; repeatable."
)
@click.option("--attach", is_flag=True, help="Put the result beside the version on record.")
@click.option("--token", default="", help="The officer's own, with --attach.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@data_option
@click.pass_context
def backtest(
    context: click.Context, name: str, files: tuple[str, ...], attach: bool, token: str, as_json: bool,
    data: str | None,
) -> None:  # fmt: skip
    """Run a profile over items of the past: hits, hit rate, overlap, extra controls per office and day."""
    from openecp.border.risk.profiles.acts import AttachBacktest

    if Path(name).suffix in (".toml", ".json"):
        with told():
            done = history_test(read_file(name), files, ())
    else:
        with desk(context, data) as (store, core, book):
            state = book.state(name)
            version = state.waiting or state.current
            assert version is not None, "a profile on record has a version"
            done = history_test(version.profile, files, book.active())
            if attach:
                have_done(core, AttachBacktest(profile_id=name, backtest=done), officer(store, token))
    click.echo(msgspec.json.encode(done).decode() if as_json else "\n".join(backtest_lines(done)))
