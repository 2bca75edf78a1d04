# SPDX-License-Identifier: Apache-2.0
"""`openecp trs record`: what others than Customs know of a consignment, told to the journal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import click

from openecp.border.time_release.recording import ACTIVITIES_MAX, PARTNERS, RecordActivities, RecordActivity
from openecp.kernel.parties.model import Principal
from openecp.platform.cli.desk import have_done, not_there, opened, read_file
from openecp.platform.cli.wiring import CommandFault, data_option

BYTES_MAX = 20_000_000
ROWS_MAX = 100_000
_CASE, _MOMENT = ("case", "case_id", "mrn"), ("occurred_at", "ts")
_SEGMENTS = ("office", "agency", "means")


@click.command()
@click.argument("case", required=False)
@click.argument("activity", required=False)
@click.argument("moment", required=False)
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="CSV: case, activity, occurred_at, …")
@click.option("--as", "kind", type=click.Choice(["customs", *PARTNERS]), default="customs", show_default=True)
@click.option("--organisation", default="customs", show_default=True, help="Who tells.")
@click.option("--source", default="", help="The system that knows it; the organisation if not given.")
@click.option("--precision", type=click.Choice(["second", "minute", "day"]), default="second", show_default=True)
@click.option("--segment", "segments", multiple=True, metavar="NAME=CODE", help="office, agency or means.")
@data_option
@click.pass_context
def record(
    context: click.Context,
    case: str | None,
    activity: str | None,
    moment: str | None,
    file: Path | None,
    kind: str,
    organisation: str,
    source: str,
    precision: str,
    segments: tuple[str, ...],
    data: str | None,
) -> None:
    """Record that ACTIVITY happened to the consignment of CASE (MRN) at MOMENT, or all rows of a file."""
    if file is not None and case is None:
        acts = list(rows_of(read_file(file, "a CSV file", bytes_max=BYTES_MAX), str(file), source))
    elif file is None and case and activity and moment:
        told = dict(each.partition("=")[::2] for each in segments)
        acts = [
            RecordActivity(
                case=case, activity=activity, occurred_at=moment, source=source, precision=precision, segments=told
            )
        ]
    else:
        raise click.UsageError("Expected CASE ACTIVITY MOMENT, or --file FILE.")
    who = Principal(
        principal_id="command-line", kind="system", organisation=organisation, name="command line",
        roles=("officer",) if kind == "customs" else ("partner",), bodies=() if kind == "customs" else (kind,),
    )  # fmt: skip
    recorded = 0
    with opened(context, data, missing=_missing) as (_, _, core):
        for start in range(0, len(acts), ACTIVITIES_MAX):
            part = tuple(acts[start : start + ACTIVITIES_MAX])
            try:
                answer = have_done(core, RecordActivities(activities=part), who)
            except CommandFault as fault:
                if recorded or start:
                    click.echo(f"{recorded} activities of rows 1 to {start} recorded", err=True)
                raise fault
            recorded += int((answer.status or "0").partition(" ")[0])
    click.echo(f"{recorded} recorded, {len(acts) - recorded} on record already")


def rows_of(content: bytes, where: str, source: str) -> Iterator[RecordActivity]:
    """Yield the activities of a CSV file; the file that a questionnaire saves is read as it is.

    Raises: CommandFault with the line.
    """
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        names = [name.strip() for name in rows.fieldnames or ()]
        rows.fieldnames = names
        case, moment = (next((name for name in each if name in names), "") for each in (_CASE, _MOMENT))
        if not case or not moment or "activity" not in names:
            raise _fault(f"{where}, line 1", "columns case, activity, occurred_at", ", ".join(names)[:120] or "none")
        for number, row in enumerate(rows, start=1):
            if number > ROWS_MAX:
                raise _fault(where, f"at most {ROWS_MAX} rows", "more", "Give the file in parts.")
            text = {name: (row.get(name) or "").strip() for name in names}
            yield RecordActivity(
                case=text[case],
                activity=text["activity"],
                occurred_at=text[moment],
                source=text.get("source", "") or source,
                precision=text.get("precision", "") or "second",
                segments={name: text[name] for name in _SEGMENTS if text.get(name)},
            )
    except (UnicodeDecodeError, csv.Error) as error:
        raise _fault(where, "CSV in UTF-8", str(error)[:120], "Save it as CSV in UTF-8.") from None


def _fault(where: str, expected: str, got: str, fix: str = "Add the columns.") -> CommandFault:
    return CommandFault("The file cannot be read.", where=where, expected=expected, got=got, fix=fix)


def _missing(told: str) -> NoReturn:
    not_there(told)
