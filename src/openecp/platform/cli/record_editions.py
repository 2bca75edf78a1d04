# SPDX-License-Identifier: Apache-2.0
"""`openecp records edition` and `publish-site`: freeze a compendium, see what changed, write its pages."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.table import Table

from openecp.platform.cli.record_desk import record_desk
from openecp.platform.cli.wiring import CommandFault, console, data_option
from openecp.platform.site.pages import site_files
from openecp.programme.compendia.commands import FreezeEdition
from openecp.programme.compendia.editions import DataSet, diff, encode_data_set


@click.group()
def edition() -> None:
    """Freeze editions of a compendium, and compare them."""


@edition.command()
@click.argument("record")
@click.option("--title", default="", help="Title of the edition, such as its year.")
@click.option("--note", default="", help="A note that its pages show.")
@data_option
@click.pass_context
def freeze(context: click.Context, record: str, title: str, note: str, data: str | None) -> None:
    """Freeze the published records that the compendium RECORD collects, as its next edition."""
    with record_desk(context, data) as desk:
        answer = desk.do(FreezeEdition(record=record, title=title, note=note))
        found, frozen = desk.book.edition(record, answer.version)
    click.echo(
        f"{record}: edition {found.number}, {found.entries} entries, {found.added} added, {found.removed} removed, "
        f"{found.changed} changed, sha256 {found.sha256}"
    )
    for name, value in frozen.figures.items():
        click.echo(f"  {name}: {value}")


@edition.command("diff")
@click.argument("record")
@click.option("--number", type=int, help="The later edition; the last if not given.")
@click.option("--since", type=int, help="The earlier edition; the one before if not given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@data_option
@click.pass_context
def compare(
    context: click.Context, record: str, number: int | None, since: int | None, as_json: bool, data: str | None
) -> None:
    """Show what differs in an edition of RECORD from an earlier one."""
    with record_desk(context, data) as desk:
        later, new = desk.book.edition(record, number)
        earlier = later.number - 1 if since is None else since
        old = desk.book.edition(record, earlier)[1] if earlier else None
    found = diff(old, new)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    table = Table("", "Entry", "What", "Before", "After", title=f"{record}: edition {later.number} against {earlier}")
    for figure in found.figures:
        table.add_row("figure", figure.field, "", str(figure.before or "-"), str(figure.after or "-"))
    for change in (*found.added, *found.removed):
        table.add_row(change.what, change.id, next(iter(change.titles.values()), ""), "", "")
    for change in found.changed:
        for field in change.fields:
            table.add_row("changed", change.id, field.field, _short(field.before), _short(field.after))
    console().print(table)


def _short(value: object) -> str:
    text = "-" if value is None else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


@click.command("publish-site")
@click.argument("record")
@click.option("--number", type=int, help="Edition; the last if not given.")
@click.option("-o", "--output", "folder", required=True, type=click.Path(file_okay=False, path_type=Path))
@data_option
@click.pass_context
def publish_site(context: click.Context, record: str, number: int | None, folder: Path, data: str | None) -> None:
    """Write an edition of the compendium RECORD as static pages in English and French."""
    with record_desk(context, data) as desk:
        found, new = desk.book.edition(record, number)
        old: DataSet | None = desk.book.edition(record, found.number - 1)[1] if found.number > 1 else None
    files = site_files(new, old)
    if folder.exists() and any(path.name not in {name.split("/")[0] for name in files} for path in folder.iterdir()):
        raise CommandFault(
            f"{folder}: holds other files",
            where=str(folder),
            expected="a new or empty folder, or one with an earlier edition",
            got="files that are not of these pages",
            fix="Name another folder: nothing is deleted.",
        )
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    size = len(encode_data_set(new))
    click.echo(
        f"{folder}: {len(files)} files of edition {found.number}, data set of {size} bytes, sha256 {found.sha256}"
    )
