# SPDX-License-Identifier: Apache-2.0
"""`openecp regime`: list the low-value regimes, show one in words, check a file."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click
import msgspec
from rich.table import Table

from openecp.border.low_value.load import RegimeFault, check_file, load_regimes
from openecp.border.low_value.model import Jurisdiction, Regime
from openecp.border.low_value.quote import in_force, period_text
from openecp.border.low_value.tables import missing_fields
from openecp.border.low_value.words import regime_lines
from openecp.platform.cli.assess import read_date
from openecp.platform.cli.wiring import CommandFault, console


@click.group()
def regime() -> None:
    """Low-value regimes: list them, show one, check a file."""


@regime.command(name="list")
@click.option("--date", "on", metavar="DATE", help="Only those in force on this day.")
@click.option("--jurisdiction", metavar="CODE", help="Only those of one jurisdiction.")
@click.option("--regimes", "folder", metavar="FOLDER", help="Regime files in place of those that ship.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a regime.")
def list_regimes(on: str | None, jurisdiction: str | None, folder: str | None, as_json: bool) -> None:
    """List regimes: period, whether they can run, how well they are supported."""
    day = read_date(on)
    found = [
        (file, one)
        for file in _files(folder)
        for one in file.regimes
        if (jurisdiction is None or file.jurisdiction == jurisdiction.upper()) and (day is None or in_force(one, day))
    ]
    if as_json:
        for file, one in found:
            click.echo(msgspec.json.encode(_line(file, one)))
        return
    table = Table(title="Low-value regimes" + (f" on {on}" if on else ""))
    for heading in ("Id", "Title", "In force", "Runs", "Support"):
        table.add_column(heading, overflow="fold")
    for _, one in found:
        missing = missing_fields(one)
        runs = "yes" if not missing else "no: " + ", ".join(missing)
        table.add_row(one.id, one.title, period_text(one) if not one.ordinary else "always", runs, one.support or "")
    console().print(table)


@regime.command(name="show")
@click.argument("id")
@click.option("--regimes", "folder", metavar="FOLDER", help="Regime files in place of those that ship.")
@click.option("--json", "as_json", is_flag=True, help="The regime's fields as JSON.")
def show_regime(id: str, folder: str | None, as_json: bool) -> None:
    """Show one regime in words: when it holds, what it charges, what is unsourced or missing."""
    files = _files(folder)
    for file in files:
        for one in file.regimes:
            if one.id == id.upper():
                click.echo(msgspec.json.encode(one) if as_json else "\n".join(regime_lines(file, one)))
                return
    known = ", ".join(one.id for file in files for one in file.regimes)
    raise CommandFault(f"{id}: no such regime", where="ID", expected=known, got=id, fix="Name one of these.")


@regime.command(name="check")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--strict", is_flag=True, help="What has no source is a fault too.")
def check_regime(file: str, strict: bool) -> None:
    """Check a regime FILE: what is wrong, missing or unsourced, with its line; exit code 1 where it cannot be used."""
    jurisdiction, faults = check_file(Path(file))
    for fault in faults:
        mark = {"fault": "fault", "incomplete": "incomplete", "unsourced": "no source"}[fault.severity]
        click.echo(f"{mark + ':':<12}{fault.text}")
    if jurisdiction is not None:
        runs = [one.id for one in jurisdiction.regimes if not missing_fields(one)]
        click.echo(
            f"{jurisdiction.jurisdiction}: {len(jurisdiction.regimes)} regimes; can run: {', '.join(runs) or 'none'}"
        )
    refused = {"fault", "unsourced"} if strict else {"fault"}
    sys.exit(1 if any(fault.severity in refused for fault in faults) else 0)


def _files(folder: str | None) -> list[Jurisdiction]:
    try:
        return load_regimes(Path(folder) if folder else None)
    except RegimeFault as fault:
        first = fault.faults[0]
        raise CommandFault(
            f"{first.message} {len(fault.faults)} faults in all.",
            where=f"{first.where}, line {first.line}",
            expected=first.expected,
            got=first.got,
            fix=first.fix,
        ) from None


def _line(file: Jurisdiction, one: Regime) -> dict[str, object]:
    def text(day: date | None) -> str | None:
        return day.isoformat() if day else None

    return {
        "id": one.id,
        "jurisdiction": file.jurisdiction,
        "title": one.title,
        "row": one.row,
        "valid_from": text(one.valid_from),
        "valid_to": text(one.valid_to),
        "ordinary": one.ordinary,
        "runs": not missing_fields(one),
        "missing": missing_fields(one),
        "support": one.support,
        "background": one.background,
        "dropped": one.dropped,
    }
