# SPDX-License-Identifier: Apache-2.0
"""`openecp demo`: a fresh installation, a day of traffic over HTTP, a table of what came of it, and the console."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

import openecp
from openecp.kernel.parties.model import Organisation, Principal, Register, Role
from openecp.kernel.profile import load_profile
from openecp.platform.cli.demo_day import Day, Played, Step
from openecp.platform.cli.demo_times import AGENCY, TERMINAL, start_year, tell, told_by_partners, write_day
from openecp.platform.cli.serve import Server, running_server
from openecp.platform.cli.upkeep import new_password, new_token
from openecp.platform.cli.wiring import CommandFault, Installation, console, data_option, installation
from openecp.platform.core.results import amount_text
from openecp.platform.core.supervise import stop_on_signal
from openecp.platform.store import temporary_data_folder

PEOPLE: tuple[tuple[str, str, tuple[Role, ...], str | None], ...] = (
    ("officer", "customs", ("officer",), "XB000101"),
    ("auditor", "customs", ("auditor",), None),
    ("operator", "customs", ("operator",), None),
    ("importer", "XB10000101", ("trader",), None),
    ("secretariat", "programme", ("secretariat",), None),
    ("delegate", "programme", ("delegate",), None),
)
DELEGATE_OF = ("SAFE WG",)
YEAR_S = 120.0  # the year's study is written beside the day


@click.command()
@click.option("--once", is_flag=True, help="End after the table; exit code 0 only if all is as expected (ONCE=1).")
@click.option("--files", type=click.Path(path_type=Path), help="Folder with expected.csv and declarations.")
@click.option("--host", metavar="ADDRESS", help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen at; a free one if not given.")
@data_option
@click.pass_context
def demo(
    context: click.Context, once: bool, files: Path | None, host: str | None, port: int | None, data: str | None
) -> None:
    """Start everything on a fresh data folder and play a day of traffic."""
    once = once or os.environ.get("ONCE", "") not in ("", "0")
    folder = demo_folder(files)
    steps = read_steps(folder / "expected.csv")
    with fresh_folder(data) as place:
        here = installation(context).with_settings(
            profile="demo", data=str(place), host=host, port=port if port is not None else 0
        )
        console(err=True).print("Starting database, core and web …")
        studies = here.settings.data_dir / "studies"
        year = start_year(studies / "year")
        with running_server(here) as server, ended(year):
            passwords, tokens = invite(server)
            day = Day(folder, server.address, tokens)
            played = play(day, steps)
            study = study_of_the_day(server, day, played, tokens, studies / "day")
            print_table(played)
            wrong = [each for each in played if each.differences]
            told = f"{len(played)} steps, {len(played) - len(wrong)} as expected"
            click.echo(told + (f", {len(wrong)} NOT as expected" if wrong else ""))
            click.echo(f"Time release study of this day, from the journal: {study}")
            if once:
                has_year = year.wait(YEAR_S) == 0
                click.echo(
                    "Time release study of a year of invented flows: " + ("written" if has_year else "NOT written")
                )
                sys.exit(1 if wrong or not has_year else 0)
            invite_people(server, passwords)
            stop_on_signal(server.supervisor)
            server.run()


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """See to it that a process does not outlive the demonstration."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(10)


def study_of_the_day(server: Server, day: Day, played: list[Played], tokens: dict[str, str], folder: Path) -> str:
    """Have terminal and agency tell what they know, and study the day from the journal; return what it says."""
    from openecp.platform.core.release_times import export_journal

    now = datetime.now(UTC)
    statuses = {each.step.case: each.status for each in played if each.status}
    told = tell(server.address, tokens, told_by_partners(day.mrns, statuses, now))
    store = server.store
    export = export_journal(store, Path(store.folder) / "events")
    said = write_day(folder, export.files(), store.checkpoint() or "", today=now.date())
    return f"{said}; {told} activities were told by terminal and agency"


def demo_folder(files: Path | None) -> Path:
    """Return the folder of the demonstration's files.

    Raises: CommandFault.
    """
    candidates = [files] if files is not None else [Path("demo"), Path(openecp.__file__).parents[2] / "demo"]
    for folder in candidates:
        if (folder / "expected.csv").is_file():
            return folder
    raise CommandFault(
        "the files of the demonstration are not here",
        where=str(candidates[0]),
        expected="a folder with expected.csv and declarations",
        got="none",
        fix="Run it in a checkout of OpenECP, or name the folder with --files.",
    )


@contextlib.contextmanager
def fresh_folder(data: str | None) -> Iterator[Path]:
    """Return an empty data folder: the one that was named, which stays, else one that is removed afterwards.

    Raises: CommandFault where the named one holds something.
    """
    if data is not None:
        place = Path(data).expanduser().absolute()
        if place.exists() and any(place.iterdir()):
            raise CommandFault(
                f"{place} is not empty",
                where="--data",
                expected="a new or empty folder",
                got="one that holds something",
                fix="Name another folder: the demonstration starts from nothing.",
            )
        yield place
        return
    place = temporary_data_folder("openecp-demo-")
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def read_steps(path: Path) -> list[Step]:
    """Return the steps of the day."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [Step(**row) for row in csv.DictReader(lines)]


def invite(server: Server) -> tuple[dict[str, str], dict[str, str]]:
    """Make the parties known: a system with a token for each, people with passwords; return passwords and tokens."""
    here: Installation = server.installation
    register: Register = here.register(server.store)
    tokens: dict[str, str] = {}
    passwords: dict[str, str] = {}
    register.add_organisation(Organisation(organisation_id="customs", name="Customs"))
    register.add_organisation(Organisation(organisation_id="programme", name="Secretariat of the programme"))
    for row in load_profile("demo").table("parties"):
        name = row["identifier"]
        if name in tokens:
            continue
        tokens[name] = new_token()
        register.add_organisation(Organisation(organisation_id=name, name=row["name"], identifiers=(name,)))
        system = Principal(
            principal_id=f"system-{name}", kind="system", organisation=name, name=row["name"], roles=("trader",)
        )
        register.add_principal(system, token=tokens[name])
    for name, kind in (TERMINAL, AGENCY):
        tokens[name] = new_token()
        register.add_organisation(Organisation(organisation_id=name, name=name))
        partner = Principal(
            principal_id=f"system-{name}",
            kind="system",
            organisation=name,
            name=name,
            roles=("partner",),
            bodies=(kind,),
        )
        register.add_principal(partner, token=tokens[name])
    for name, organisation, roles, office in PEOPLE:
        person = Principal(
            principal_id=name,
            kind="person",
            organisation=organisation,
            name=name,
            roles=roles,
            office=office,
            bodies=DELEGATE_OF if "delegate" in roles else (),
        )
        passwords[name], secret = new_password(), new_token()
        tokens[name] = secret
        register.add_principal(person, token=secret, password=passwords[name])
    return passwords, tokens


def play(day: Day, steps: list[Step]) -> list[Played]:
    """Play all steps over HTTP, with a progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console(err=True), transient=True) as progress, contextlib.closing(day):
        return [day.play(step) for step in progress.track(steps, description="Playing the day")]


def print_table(played: list[Played]) -> None:
    """Print what came of each step."""
    table = Table(title="A day at Customs of Balmeria", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading, width in _COLUMNS:
        right = heading in ("#", "Due", "To release")
        wrap = heading == "As expected"
        table.add_column(
            heading, justify="right" if right else "left", max_width=width, no_wrap=not wrap, overflow="ellipsis"
        )
    for each in played:
        due = amount_text(each.total) if each.total is not None else ""
        release = f"{each.release_s * 1000:.0f} ms" if each.release_s is not None else ""
        verdict = "[green]yes[/green]" if not each.differences else "[red]" + "; ".join(each.differences) + "[/red]"
        channel = f"[{_COLOURS.get(each.channel, 'default')}]{each.channel}[/]" if each.channel else ""
        outcome = " ".join((each.outcome, *dict.fromkeys(each.codes)))
        table.add_row(
            each.step.step, each.what, each.lrn, outcome, channel, each.status, due, release, verdict
        )  # fmt: skip
    console().print(table)


_COLUMNS = (
    ("#", 4), ("What", 24), ("LRN", 12), ("Outcome", 26), ("Channel", 7), ("Status", 18), ("Due", 12),
    ("To release", 10), ("As expected", 24),
)  # fmt: skip
_COLOURS = {"green": "green", "blue": "blue", "yellow": "yellow", "red": "red"}


def invite_people(server: Server, passwords: dict[str, str]) -> None:
    """Say where the console is, and who may sign in."""
    out = console()
    out.print(f"\nConsole: [bold]{server.address}/console[/bold]   API: {server.address}/openapi.json", highlight=False)
    times = f"{server.address}/console/times"
    out.print(f"Release times of this traffic, live (officers): {times}", highlight=False)
    out.print(f"Studies of the day and of a year of invented flows: {times}/studies", highlight=False)
    table = Table("Sign in as", "One-time password", "Role")
    for name, _, roles, _ in PEOPLE:
        table.add_row(name, passwords[name], ", ".join(roles))
    out.print(table)
    out.print("Ctrl-C stops the demonstration.")
