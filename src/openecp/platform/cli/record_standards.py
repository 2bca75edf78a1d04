# SPDX-License-Identifier: Apache-2.0
"""`openecp records standards`: what OpenECP claims of each standard, what shows it, what is open.

The page docs/standards.md is printed by the same command.
"""

from __future__ import annotations

import click
import msgspec
from rich.table import Table

from openecp.platform.cli.desk import told
from openecp.platform.cli.record_desk import record_desk
from openecp.platform.cli.wiring import console, data_option
from openecp.platform.core.recordwork import shipped_standards
from openecp.platform.core.standards_page import standards_page
from openecp.programme.compendia.commands import AssessStandard
from openecp.programme.compendia.standards import STATUSES, StandardStatus, coverage


@click.group(invoke_without_command=True)
@click.option("--instrument", default="", help="One instrument, by name.")
@click.option("--status", "wanted", multiple=True, type=click.Choice(STATUSES))
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--markdown", is_flag=True, help="The page docs/standards.md: the register as it ships.")
@data_option
@click.pass_context
def standards(
    context: click.Context,
    instrument: str,
    wanted: tuple[str, ...],
    lang: str,
    as_json: bool,
    markdown: bool,
    data: str | None,
) -> None:
    """Print the standards register: claimed, evidenced, open or not applicable, with the rule or test that shows it."""
    if context.invoked_subcommand is not None:
        return
    if markdown:
        click.echo(standards_page(shipped_standards()), nl=False)
        return
    with record_desk(context, data) as desk:
        rows = desk.book.standards()
    found = [r for r in rows if (not instrument or r.instrument == instrument) and (not wanted or r.status in wanted)]
    if as_json:
        told_all = {"standards": found, "coverage": coverage(found)}
        click.echo(msgspec.json.format(msgspec.json.encode(told_all), indent=2))
        return
    table = Table("Standard", "Instrument", "Number", "What", "Status", "Shown by", "Note", title="Standards")
    for row in found:
        shown = "\n".join(row.shown_by)
        note = row.notes.get(lang, "")
        table.add_row(row.id, row.instrument, row.number, row.titles[lang], row.status.replace("_", " "), shown, note)
    console().print(table)
    table = Table("Instrument", "Rows", "Evidenced", "Claimed", "Open", "Not applicable", "Coverage", title="Coverage")
    for each in coverage(found):
        counts = (each.total, each.evidenced, each.claimed, each.open, each.not_applicable)
        table.add_row(each.instrument, *map(str, counts), f"{each.evidenced_percent} %")
    console().print(table)


@standards.command()
@click.argument("standard")
@click.option("--status", required=True, type=click.Choice(STATUSES))
@click.option("--shown-by", multiple=True, metavar="PATH", help="The rule or test that shows it.")
@click.option("--note", default="", help="A note in English.")
@click.option("--note-fr", default="", help="A note in French.")
@data_option
@click.pass_context
def assess(
    context: click.Context,
    standard: str,
    status: StandardStatus,
    shown_by: tuple[str, ...],
    note: str,
    note_fr: str,
    data: str | None,
) -> None:
    """State anew how OpenECP stands to a STANDARD."""
    act = AssessStandard(standard=standard, status=status, shown_by=shown_by, note_en=note, note_fr=note_fr)
    with record_desk(context, data) as desk:
        click.echo(told(desk.do(act)))
