# SPDX-License-Identifier: Apache-2.0
"""`openecp records survey` and `members`: invite, count, export without names, and response rates by region."""

from __future__ import annotations

import csv
import hashlib
import io
import secrets
from pathlib import Path

import click
from rich.table import Table

from openecp.platform.cli.desk import read_file, told
from openecp.platform.cli.record_desk import ALL, FILE_BYTES_MAX, record_desk
from openecp.platform.cli.wiring import CommandFault, console, data_option
from openecp.platform.core.surveyfile import export_csv
from openecp.programme.compendia.commands import (
    CloseSurvey,
    InviteToSurvey,
    LoadMembers,
    NewInvitation,
    OpenSurvey,
)
from openecp.programme.compendia.members import MembersError, read_members
from openecp.programme.compendia.surveys import CELL_LEAST, secret_digest, token_of


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option
@click.pass_context
def members(context: click.Context, file: Path, data: str | None) -> None:
    """Load the table of Members from a CSV FILE: iso2, wco_region, name_en, name_fr."""
    content = read_file(file, "a CSV file of Members", bytes_max=FILE_BYTES_MAX)
    try:
        rows = read_members(content, file.name)
    except MembersError as error:
        raise CommandFault(str(error), where=str(file), expected="", got="", fix="") from None
    with record_desk(context, data) as desk:
        answer = desk.do(LoadMembers(rows=rows, source=file.name, sha256=hashlib.sha256(content).hexdigest()))
    regions = sorted({region for _, region, _, _ in rows if region})
    counts = ", ".join(f"{region} {sum(row[1] == region for row in rows)}" for region in regions)
    click.echo(f"{told(answer)}: {len(rows)} ({counts})")


@click.group()
def survey() -> None:
    """Open surveys, invite, and tell the answers without naming anyone."""


@survey.command("open")
@click.argument("record")
@click.option("--closes-on", metavar="DATE", help="The last day on which answers are taken.")
@data_option
@click.pass_context
def open_(context: click.Context, record: str, closes_on: str | None, data: str | None) -> None:
    """Open the published survey RECORD: its questions are frozen."""
    with record_desk(context, data) as desk:
        click.echo(told(desk.do(OpenSurvey(record=record, closes_on=closes_on))))


@survey.command()
@click.argument("record")
@click.option("--member", "codes", multiple=True, help="A Member to invite, by code.")
@click.option("--all-members", is_flag=True, help="Every Member of the loaded table that has a region.")
@click.option("--anonymous", type=click.IntRange(0, 1000), default=0, help="So many more, without a Member.")
@click.option("--address", default="", metavar="URL", help="Where the console is, to print whole links.")
@data_option
@click.pass_context
def invite(
    context: click.Context,
    record: str,
    codes: tuple[str, ...],
    all_members: bool,
    anonymous: int,
    address: str,
    data: str | None,
) -> None:
    """Print a link for each of the invited to the survey RECORD, as CSV; each link is shown once and works once."""
    with record_desk(context, data) as desk:
        wanted = list(codes)
        if all_members:
            wanted += [code for code, member in desk.book.members().items() if member.region]
        wanted = list(dict.fromkeys(wanted)) + [""] * anonymous
        state = desk.book.record(record, ALL)
        first = len(state.survey.invitations) + 1 if state.survey is not None else 1
        made = [new_invitation(member) for member in wanted]
        desk.do(InviteToSurvey(record=record, invitations=tuple(new for new, _ in made), first=first))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("number", "member", "link"))
    for number, (new, secret) in enumerate(made, start=first):
        link = f"{address.rstrip('/')}/console/survey/{record}/{token_of(number, secret)}"
        writer.writerow((number, new.member, link))
    click.echo(text.getvalue(), nl=False)


def new_invitation(member: str) -> tuple[NewInvitation, str]:
    """Return an invitation and the secret of its token, which nobody keeps."""
    secret, salt = secrets.token_urlsafe(32), secrets.token_hex(16)
    return NewInvitation(member=member, salt=salt, sha256=secret_digest(salt, secret)), secret


@survey.command()
@click.argument("record")
@data_option
@click.pass_context
def close(context: click.Context, record: str, data: str | None) -> None:
    """Close the survey RECORD."""
    with record_desk(context, data) as desk:
        click.echo(told(desk.do(CloseSurvey(record=record))))


@survey.command()
@click.argument("record")
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@data_option
@click.pass_context
def results(context: click.Context, record: str, lang: str, data: str | None) -> None:
    """Show counts and response rates of the survey RECORD; cells that would name someone are not told."""
    with record_desk(context, data) as desk:
        state = desk.book.record(record, ALL)
        counts, rates = desk.book.tally(state), desk.book.rates(state)
    out = console()
    table = Table("Region", "Members", "Invited", "Answered", "Rate", title="Response")
    for rate in rates:
        percent = f"{rate.percent} %" if rate.percent is not None else "-"
        table.add_row(rate.region or "(none)", str(rate.members), str(rate.invited), str(rate.answered), percent)
    out.print(table)
    for question in counts:
        table = Table("Answer", "Number", title=f"{question.question.words(lang)} ({question.answered} answers)")
        names = {code: (french if lang == "fr" else english) for code, english, french in question.question.choices}
        for cell in question.cells:
            table.add_row(names.get(cell.choice, cell.choice), "not told" if cell.count is None else str(cell.count))
        for text in question.texts:
            table.add_row(text, "")
        out.print(table)
    click.echo(f"A cell of fewer than {CELL_LEAST} answers, and what it could be worked out from, is not told.")


@survey.command()
@click.argument("record")
@data_option
@click.pass_context
def export(context: click.Context, record: str, data: str | None) -> None:
    """Print the answers to the survey RECORD as CSV, without tokens, and without Members that it would name."""
    with record_desk(context, data) as desk:
        state = desk.book.record(record, ALL)
        rows = desk.book.export(state)
    click.echo(export_csv(rows, [q.id for q in state.survey.questions] if state.survey else []), nl=False)
