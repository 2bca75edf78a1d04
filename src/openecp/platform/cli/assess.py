# SPDX-License-Identifier: Apache-2.0
"""`openecp assess`: what would become of declarations, without a server and without a store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.progress import track
from rich.table import Table

from openecp.kernel.assessment.reasons import Assessment, Audience
from openecp.kernel.datamodel.declaration import Declaration
from openecp.platform.cli.wiring import CommandFault, console, installation, message_files
from openecp.platform.core.model import AssessesDeclarations
from openecp.platform.core.reading import Message, read_messages, sniff, unreadable
from openecp.platform.core.results import amount_text, complete, line_of_file

BATCH = 200
MAX_FILE_BYTES = 64 * 1024 * 1024


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--measures", metavar="FILE", help="Measures in place of the profile's own, as CSV.")
@click.option("--profile", metavar="NAME", help="Administration: a profile of the package, or a folder.")
@click.option("--date", "on", metavar="DATE", help="Date whose law applies (YYYY-MM-DD).")
@click.option("--as", "audience", type=click.Choice(["trader", "officer"]), default="trader", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON line a declaration.")
@click.pass_context
def assess(
    context: click.Context,
    paths: tuple[str, ...],
    measures: str | None,
    profile: str | None,
    on: str | None,
    audience: Audience,
    as_json: bool,
) -> None:
    """Assess declarations in files or folders: faults, taxes, channel and reasons."""
    day = read_date(on)
    files = message_files(paths)
    here = installation(context).with_settings(profile=profile, measures=measures)
    assessor = here.assessor()
    lines = assessed_lines(files, assessor, day, audience)
    if as_json:
        for line in lines:
            click.echo(msgspec.json.encode(line))
        return
    print_table(track(lines, total=len(files), description="Assessing", console=console(err=True), transient=True))


def read_date(text: str | None) -> date | None:
    """Return the date.

    Raises: CommandFault where the text is none.
    """
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise CommandFault(
            f"--date {text}: not a date",
            where="--date",
            expected="a date such as 2026-03-01",
            got=text,
            fix="Write year-month-day.",
        ) from None


def read_file(file: str) -> list[Message]:
    """Read the declarations of one file; what cannot be opened or is too large is a message that says so."""
    path = Path(file)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            size = path.stat().st_size
            return [
                unreadable("OECP-FILE-SIZE", "The file is too large.", f"at most {MAX_FILE_BYTES} bytes", str(size))
            ]
        data = path.read_bytes()
    except OSError as error:
        return [unreadable("OECP-FILE-OPEN", "The file cannot be opened.", "a file that can be read", str(error))]
    return read_messages(data, sniff(data))


def assessed_lines(
    files: list[str], assessor: AssessesDeclarations, on: date | None, audience: Audience
) -> Iterator[dict[str, Any]]:
    """Yield the line of each declaration, in the order of the files; declarations are assessed in batches."""
    waiting: list[tuple[str, Message]] = []
    for file in files:
        waiting.extend((file, message) for message in read_file(file))
        if len(waiting) >= BATCH:
            yield from _lines_of_batch(waiting, assessor, on, audience)
            waiting = []
    yield from _lines_of_batch(waiting, assessor, on, audience)


def _lines_of_batch(
    batch: list[tuple[str, Message]], assessor: AssessesDeclarations, on: date | None, audience: Audience
) -> Iterator[dict[str, Any]]:
    declarations = [message.declaration for _, message in batch if message.declaration is not None]
    assessments = iter(assess_each(assessor, declarations, on))
    for file, message in batch:
        if message.declaration is None:
            yield line_of_file(file, message, None)
            continue
        found = next(assessments)
        if isinstance(found, Assessment):
            yield line_of_file(file, message, complete(found, message, audience))
        else:
            failed = unreadable(
                "OECP-UNPROCESSABLE",
                "The message was read, but it could not be assessed.",
                "a message that the rules can be applied to",
                f"an internal fault ({type(found).__name__}: {found})",
            )
            yield line_of_file(file, failed, None)


def assess_each(
    assessor: AssessesDeclarations, declarations: list[Declaration], on: date | None
) -> list[Assessment | Exception]:
    """Assess in one batch; where that fails, in halves, so that one message cannot stop the others."""
    if not declarations:
        return []
    try:
        return list(assessor.assess(declarations, on))
    except Exception as error:
        if len(declarations) == 1:
            return [error]
    half = len(declarations) // 2
    return [*assess_each(assessor, declarations[:half], on), *assess_each(assessor, declarations[half:], on)]


def print_table(lines: Iterator[dict[str, Any]] | Any) -> None:
    """Print the lines as a table for people, each fault below its declaration."""
    table = Table(title="Assessment", show_lines=False)
    for heading in ("File", "LRN", "Outcome", "Channel", "Due", "First fault"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "Due" else "left")
    for line in lines:
        errors = line["errors"]
        first = f"{errors[0]['code']} {errors[0]['message']}" if errors else ""
        more = f" (+{len(errors) - 1})" if len(errors) > 1 else ""
        table.add_row(
            line["file"], line["lrn"] or "", line["outcome"], line["channel"] or "", due_text(line), first + more
        )
    console().print(table)


def due_text(line: dict[str, Any]) -> str:
    """Return what is due now, by currency."""
    totals: dict[str, int] = {}
    for tax in line["taxes"]:
        if tax.get("charge", True) and tax["payable_minor"] is not None:
            totals[tax["currency"]] = totals.get(tax["currency"], 0) + tax["payable_minor"]
    return ", ".join(f"{amount_text(minor)} {currency}" for currency, minor in totals.items())
