# SPDX-License-Identifier: Apache-2.0
"""`openecp trs form`: questionnaires to print with a QR code a consignment, and to fill in without a network."""

from __future__ import annotations

from pathlib import Path

import click

from openecp.border.time_release.study import StudyFault
from openecp.border.time_release.study_forms import form_named, shipped_forms
from openecp.platform.cli.trs_report import told, write_files


@click.command()
@click.argument("name")
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--cases", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Numbers, one a line.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), show_default=True)
def form(name: str, lang: str, cases: Path | None, out: Path) -> None:
    """Write a questionnaire (air, sea_border, sea_inland, land_border, land_inland, corridor, export; `list`)."""
    from openecp.platform.documents.trs_forms import CASES_MAX, form_pdf, offline_form, printed_form

    if name == "list":
        for key, one in shipped_forms().forms.items():
            click.echo(f"{key}\t{one.fr if lang == 'fr' else one.en}")
        return
    with told():
        chosen = form_named(name)
        numbers = [""]
        if cases is not None:
            numbers = [line.strip()[:100] for line in cases.read_text("utf-8-sig").splitlines() if line.strip()]
        if len(numbers) > CASES_MAX:
            raise StudyFault(str(cases), f"at most {CASES_MAX} consignments", str(len(numbers)), "Print in parts.")
        made = {
            f"{name}-{lang}-print.html": printed_form(name, chosen, numbers, lang),
            f"{name}-{lang}-print.pdf": form_pdf(name, chosen, numbers, lang),
            f"{name}-{lang}-offline.html": offline_form(name, chosen, lang),
        }
        write_files(out, made)
    for file in made:
        click.echo(str(out / file))
