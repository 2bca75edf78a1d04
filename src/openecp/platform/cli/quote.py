# SPDX-License-Identifier: Apache-2.0
"""`openecp quote`: what a basket costs at the border before it is bought, with the reason of every amount."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click
import msgspec
from rich.table import Table

from openecp.border.low_value.basket import read_basket
from openecp.border.low_value.faults import QuoteRefused
from openecp.border.low_value.load import RegimeFault
from openecp.border.low_value.quote import Quote
from openecp.platform.cli.assess import read_date
from openecp.platform.cli.wiring import CommandFault, console, installation

_FOLDER = click.Path(exists=True, file_okay=False)
_FILE = click.Path(exists=True, dir_okay=False, readable=True)


@click.command()
@click.argument("basket", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--jurisdiction", metavar="CODE", required=True, help="Where the goods go: EU, BR, US, …")
@click.option("--regime", metavar="ID", default="", help="A regime by name; without one the rule says which holds.")
@click.option("--date", "on", metavar="DATE", help="Day whose law applies; today if not given.")
@click.option("--regimes", "folder", metavar="FOLDER", type=_FOLDER, help="Regime files in place of those that ship.")
@click.option("--rates", metavar="FILE", type=_FILE, help="Official rates of exchange, as CSV.")
@click.option("--strict", is_flag=True, help="Refuse regimes with a field that no source supports.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_context
def quote(
    context: click.Context,
    basket: str,
    jurisdiction: str,
    regime: str,
    on: str | None,
    folder: str | None,
    rates: str | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Say what BASKET (JSON, - for the standard input) costs: duty, tax, who collects them, and why."""
    day = read_date(on) or date.today()
    data = _read(basket)
    try:
        quoter = installation(context).quoter(folder, rates)
        found = quoter.quote(read_basket(data), jurisdiction.upper(), day, regime=regime, strict=strict)
    except (QuoteRefused, RegimeFault) as refused:
        _refuse(refused, as_json)
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        print_quote(found)


def _read(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise CommandFault(
            f"{path}: cannot be read",
            where=path,
            expected="a basket as JSON",
            got=error.strerror or str(error),
            fix="Correct the path.",
        ) from None


def _refuse(refused: QuoteRefused | RegimeFault, as_json: bool) -> None:
    """Say everything that stands in the way; exit code 2."""
    if as_json:
        click.echo(msgspec.json.encode({"errors": refused.faults}))
    for fault in refused.faults:
        click.echo(f"openecp: {fault.message}", err=True)
        place = f"{fault.where}, line {fault.line}" if fault.line else fault.where
        for label, text in (("where", place), ("expected", fault.expected), ("got", fault.got), ("fix", fault.fix)):
            click.echo(f"  {label + ':':<10}{text}", err=True)
    sys.exit(2)


def print_quote(found: Quote) -> None:
    """Print a quote for people: every amount with its reason."""
    table = Table(title=f"{found.jurisdiction} on {found.date}: {found.regime}", show_lines=False)
    for heading in ("Item", "Charge", "Base", "Rate", f"Amount {found.currency}", "Collected by", "Due", "Reason"):
        number = heading in ("Base", "Rate") or heading.startswith("Amount")
        table.add_column(heading, overflow="fold", justify="right" if number else "left")
    why = {(says.item, says.line): says.text for says in found.reasons if says.line}
    for line in found.lines:
        table.add_row(
            str(line.item),
            line.name,
            line.base,
            line.rate,
            line.amount,
            line.collected_by,
            line.due,
            why.get((line.item, line.type), ""),
        )
    out = console()
    out.print(table)
    out.print(f"Goods {found.value} {found.currency} · duty {found.duty} · tax {found.tax} · together {found.total}")
    out.print(f"Category {found.category} (WCO Immediate Release) · declaration: {found.declaration or 'none named'}")
    for says in found.reasons:
        if not says.line or says.code in ("no_duty", "no_tax"):
            support = f" [{says.support}]" if says.support and says.code == "applied" else ""
            out.print(f"- {says.text}{support}", markup=False)
