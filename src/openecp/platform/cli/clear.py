# SPDX-License-Identifier: Apache-2.0
"""`openecp clear`: clears files of parcels by the million, with a result file for each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from openecp.border.low_value.currencies import amount_text
from openecp.border.low_value.faults import Fault, QuoteRefused
from openecp.border.low_value.load import RegimeFault
from openecp.platform.cli.assess import read_date
from openecp.platform.cli.wiring import CommandFault, console, data_option, installation
from openecp.platform.core.clearing import ClearingFault, FileCleared, FileClearing, Options
from openecp.platform.core.clearing_results import FORMATS
from openecp.platform.engines.parcel_source import ParcelFileRefused

SUFFIXES = (".csv", ".ndjson", ".jsonl", ".parquet")


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option("--jurisdiction", metavar="CODE", required=True, help="Where the parcels go: EU, BR, US, …")
@click.option("--regime", metavar="ID", default="", help="A regime by name; without one the rule says which holds.")
@click.option("--date", "on", metavar="DATE", help="Day of acceptance; today (UTC) if not given.")
@click.option("--profile", metavar="NAME", help="Administration: a profile of the package, or a folder.")
@click.option("--regimes", "folder", metavar="FOLDER", help="Regime files in place of those that ship.")
@click.option("--rates", metavar="FILE", help="Official rates of exchange, as CSV.")
@click.option("--rates-of-duty", "duty_rates", metavar="FILE", help="Rates of duty, excise and tax, as CSV.")
@click.option(
    "--out", metavar="DIR", type=click.Path(file_okay=False), help="Folder of the results; here if not given."
)
@click.option("--format", "result_format", type=click.Choice(FORMATS), help="Form of the results; that of the input.")
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True,
              help="spark: assessment alone, over Parquet; nothing is recorded.")  # fmt: skip
@click.option("--master", metavar="ADDRESS", default="local[*]", show_default=True, help="Of the Spark cluster.")
@click.option("--carrier", metavar="ORG", default="", help="Who presents the parcels, where a row names nobody.")
@click.option("--no-quality", is_flag=True, help="Do not look at descriptions, names and addresses.")
@click.option("--strict", is_flag=True, help="Exit code 1 where rows were refused.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, one line a file.")
@data_option
@click.pass_context
def clear(
    context: click.Context, /, paths: tuple[str, ...], data: str | None, profile: str | None, **asked: Any
) -> None:
    """Clear parcels: FILE is CSV, NDJSON or Parquet, or a folder of such files.

    Each parcel is decided and recorded once; whoever is stopped starts again and goes on. The same file again rewrites
    its result and records nothing.
    """
    files = parcel_files(paths)
    context.find_root().obj = installation(context).with_settings(data=data, profile=profile)
    if asked["engine"] == "spark":
        clear_by_spark(context, files, asked)
        return
    refused = False
    try:
        for told in cleared_files(context, files, asked):
            refused |= bool(told.totals.refused_rows)
            if asked["as_json"]:
                click.echo(msgspec.json.encode(told, enc_hook=str))
            else:
                print_summary(told)
    except (QuoteRefused, RegimeFault) as error:
        refuse(error.faults)
    except ClearingFault as fault:
        raise CommandFault(
            f"{fault.where} cannot be cleared", where=fault.where, expected=fault.expected, got=fault.got, fix=fault.fix
        ) from None
    sys.exit(1 if refused and asked["strict"] else 0)


def cleared_files(context: click.Context, files: Sequence[Path], asked: dict[str, Any]) -> list[FileCleared]:
    """Clear one file after the other, with a progress bar on a terminal."""
    told = []
    options = options_of(asked)
    installed = installation(context)
    with installed.open_store() as store:
        wiring = installed.clearing(
            store,
            jurisdiction=options.jurisdiction,
            regime=options.regime,
            regimes=asked["folder"],
            rates=asked["rates"],
            duty_rates=asked["duty_rates"],
            quality=not asked["no_quality"],
        )
        for path in files:
            with bar() as progress:
                task = progress.add_task(path.name, total=None, rate="")
                try:
                    one = FileClearing(wiring, options, path, _shown(progress, task))
                    told.append(one.run())
                except ParcelFileRefused as refused:
                    raise CommandFault(
                        f"{path} cannot be cleared", where=refused.where, expected=refused.expected, got=refused.got,
                        fix=refused.fix,
                    ) from None  # fmt: skip
    return told


def clear_by_spark(context: click.Context, files: Sequence[Path], asked: dict[str, Any]) -> None:
    """Assess on Spark, and print what came of it."""
    options = options_of(asked)
    try:
        told = installation(context).clear_on_spark(
            files,
            (options.out or Path()) / "spark-result",
            options.on or options.today,
            asked["master"],
            jurisdiction=options.jurisdiction,
            regime=options.regime,
            regimes=asked["folder"],
            rates=asked["rates"],
            duty_rates=asked["duty_rates"],
        )
    except ImportError:
        raise CommandFault(
            "Spark is not installed", where="--engine spark", expected="openecp[spark] and Java 17", got="neither",
            fix="Install them, or leave out --engine.",
        ) from None  # fmt: skip
    except (QuoteRefused, RegimeFault) as error:
        refuse(error.faults)
        return
    if asked["as_json"]:
        click.echo(msgspec.json.encode(told._asdict()))
        return
    counts = ", ".join(f"{name} {count:,}" for name, count in told.decisions.items())
    console().print(
        f"{told.parcels:,} parcels of {told.rows:,} rows, {told.refused_rows:,} refused: {counts}", markup=False
    )
    console().print(f"Result: {told.folder} (assessed on Spark, nothing recorded)", markup=False)


def options_of(asked: dict[str, Any]) -> Options:
    """Return what was asked for."""
    return Options(
        jurisdiction=asked["jurisdiction"].upper(),
        regime=asked["regime"],
        on=read_date(asked["on"]),
        carrier=asked["carrier"],
        out=Path(asked["out"]) if asked["out"] else None,
        result_format=asked["result_format"] or "",
        today=datetime.now(UTC).date(),
    )


def parcel_files(paths: Sequence[str]) -> list[Path]:
    """Return the files that the paths name; a folder in sorted order.

    Raises: CommandFault for a path that is not there.
    """
    found: list[Path] = []
    for text in paths:
        path = Path(text)
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES and one.is_file())
            found += [one for one in inside if ".result." not in one.name]
        elif path.is_file():
            found.append(path)
        else:
            raise CommandFault(
                f"{text}: no such file or folder",
                where=text,
                expected="a file of parcels, or a folder with " + ", ".join(SUFFIXES),
                got="nothing there",
                fix="Correct the path.",
            )
    return found


def bar() -> Progress:
    """Return the progress bar: rows, rate, time left; on the error stream, and on a terminal alone."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console(err=True),
        disable=not sys.stderr.isatty(),
    )


def _shown(progress: Progress, task: Any) -> Any:
    began = datetime.now(UTC)

    def show(done: int, rows: int, parcels: int) -> None:
        seconds = max((datetime.now(UTC) - began).total_seconds(), 0.001)
        progress.update(task, completed=done, total=rows, rate=f"{parcels / seconds:,.0f} parcels/s")

    return show


_OUTCOMES = {"cleared": "cleared", "resumed": "cleared, gone on after a stop", "already": "already cleared"}


def print_summary(told: FileCleared) -> None:
    """Print what became of a file."""
    out, totals = console(), told.totals
    out.print(
        f"[bold]{told.file}[/bold]: {_OUTCOMES[told.outcome]} · {totals.parcels:,} parcels of {totals.rows:,} "
        f"rows · {totals.jurisdiction}, accepted on {totals.accepted_on}",
        highlight=False,
    )
    table = Table(show_edge=False)
    for heading in ("Decision", "Parcels", "Category", "Parcels"):
        table.add_column(heading, justify="right" if heading == "Parcels" else "left")
    decisions, categories = (
        [(name, f"{count:,}") for name, count in sorted(part.items())] for part in (totals.decisions, totals.categories)
    )
    for number in range(max(len(decisions), len(categories))):
        cells = [*_at(decisions, number), *_at(categories, number)]
        table.add_row(*cells)
    out.print(table)
    if totals.charged:
        charged = Table(show_edge=False)
        for heading in ("Collector", "Currency", "Duty", "Tax"):
            charged.add_column(heading, justify="right" if heading in ("Duty", "Tax") else "left")
        for name, sums in sorted(totals.charged.items()):
            role, currency = name.split(" ")
            charged.add_row(role, currency, *(amount_text(sums.get(kind, 0), currency) for kind in ("duty", "tax")))
        out.print(charged)
    for label, counts in (("Refused", totals.refused), ("Quality", totals.quality)):
        if counts:
            out.print(f"{label}: " + ", ".join(f"{code} {count:,}" for code, count in sorted(counts.items())))
    if told.repeated:
        out.print(f"Decided before in another file: {told.repeated:,} parcels")
    for warning in told.warnings:
        out.print(f"Note: {warning}", markup=False)
    out.print(f"Result: {told.result}", markup=False)


def _at(rows: Sequence[tuple[str, str]], number: int) -> tuple[str, str]:
    return rows[number] if number < len(rows) else ("", "")


def refuse(faults: Sequence[Fault]) -> None:
    """Say everything that stands in the way; exit code 2."""
    for fault in faults:
        click.echo(f"openecp: {fault.message}", err=True)
        place = f"{fault.where}, line {fault.line}" if fault.line else fault.where
        for label, text in (("where", place), ("expected", fault.expected), ("got", fault.got), ("fix", fault.fix)):
            click.echo(f"  {label + ':':<10}{text}", err=True)
    sys.exit(2)
