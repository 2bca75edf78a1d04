# SPDX-License-Identifier: Apache-2.0
"""`openecp tariff`: load measures from official files, and look up what holds for a goods code."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from openecp.border.tariff.load import load_file, report_text, show
from openecp.kernel.profile import Profile, load_profile
from openecp.platform.cli.assess import read_date
from openecp.platform.cli.wiring import CommandFault, installation


@click.group()
def tariff() -> None:
    """Load measures from files, and look up a goods code."""


@tariff.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--format", "form", type=click.Choice(["csv", "us-hts"]), default="csv", show_default=True)
@click.option("--profile", metavar="NAME", help="Administration whose currency and units apply to a csv file.")
@click.option("--tax-type", default="A00", show_default=True, help="Tax type of us-hts rates.")
def load(file: str, form: Any, profile: str | None, tax_type: str) -> None:
    """Read a tariff FILE, type every rate and say what needs a human; exit code 1 where the file is refused."""
    if not Path(file).is_file():
        raise _no_file(file)
    more: dict[str, Any] = {}
    if form == "csv" and profile is not None:
        found = load_profile(profile)
        more = {"currency": found.currency, "exponent": found.currency_exponent, "units": _units(found)}
    try:
        report = load_file(file, form, tax_type=tax_type, **more)
    except OSError as error:
        raise _no_file(file, error.strerror or str(error)) from None
    click.echo(report_text(report))
    sys.exit(0 if report.usable else 1)


@tariff.command(name="show")
@click.argument("code")
@click.option("--measures", metavar="FILE", help="Measures in place of the profile's own.")
@click.option("--profile", metavar="NAME", help="Administration (OPENECP_PROFILE).")
@click.option("--date", "on", metavar="DATE", help="Day whose law applies; today if not given.")
@click.pass_context
def show_code(context: click.Context, code: str, measures: str | None, profile: str | None, on: str | None) -> None:
    """Show every measure that may hold for a goods CODE on a day."""
    day = read_date(on) or date.today()
    found = load_profile(profile or installation(context).settings.profile)
    path = Path(measures) if measures else found.folder / "measures.csv"
    if not path.is_file():
        raise _no_file(str(path))
    report = load_file(path, "csv", currency=found.currency, exponent=found.currency_exponent, units=_units(found))
    if not report.usable:
        click.echo(report_text(report))
        sys.exit(1)
    click.echo(show(report.measures, code, day))


def _units(profile: Profile) -> Any:
    from openecp.border.tariff.reference import profile_units

    return profile_units(profile)


def _no_file(file: str, got: str = "nothing there") -> CommandFault:
    return CommandFault(
        f"{file}: cannot be read", where=file, expected="a tariff file", got=got, fix="Correct the path."
    )
