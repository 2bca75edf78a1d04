# SPDX-License-Identifier: Apache-2.0
"""`openecp trs`: time release studies from any log of events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from openecp.border.time_release.analysis import Cell, analysed
from openecp.border.time_release.clocks import ClockFault, clock_of
from openecp.border.time_release.mapping import StudyMap
from openecp.platform.cli.trs_changes import changes
from openecp.platform.cli.trs_cube import cube
from openecp.platform.cli.trs_forms import form
from openecp.platform.cli.trs_record import record
from openecp.platform.cli.trs_report import report
from openecp.platform.cli.trs_rounds import compare, rounds
from openecp.platform.cli.trs_simulate import flows, simulate
from openecp.platform.cli.trs_sources import dfg, export, match, propose, verify
from openecp.platform.cli.trs_statistics import alarms, bottlenecks, sample
from openecp.platform.cli.trs_study import study
from openecp.platform.cli.wiring import CommandFault, console, data_option, installation
from openecp.platform.core.event_sources import READ_FAULTS, SourcesRead, read_map, read_sources
from openecp.platform.core.release_times import export_journal
from openecp.platform.engines.trs_engine import TrsEngine


@click.group()
def trs() -> None:
    """Time release studies: how long goods took, whose time it was, and how sure that is."""


for command in (verify, match, propose, cube, dfg, export, sample, changes, alarms, bottlenecks, flows, simulate):
    trs.add_command(command)
trs.add_command(report)
trs.add_command(rounds)
trs.add_command(compare)
trs.add_command(study)
trs.add_command(form)
trs.add_command(record)


@trs.command()
@click.argument("events", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--clock", "clocks", multiple=True, required=True, help="A named clock, or from=A,to=B; may be repeated.")
@click.option("--by", default="", metavar="COLUMNS", help="Segments, joined by commas: office,channel.")
@click.option("--map", "map_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The mapping.")
@click.option("--case-object", default="", metavar="TYPE", help="What a case is in an object-centric log.")
@click.option("--cluster", default="", metavar="COLUMNS", help="What waits together (the ship), for the intervals.")
@click.option("--trim", type=click.FloatRange(0, 0.49), help="A second mean, without this share of cases at each end.")
@click.option("--min-cell", type=click.IntRange(1, 1000), default=1, show_default=True, help="Hide smaller cells.")
@click.option("--journal", "live", is_flag=True, help="The events of this installation's journal.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a cell.")
@data_option
@click.pass_context
def run(
    context: click.Context,
    events: tuple[Path, ...],
    clocks: tuple[str, ...],
    by: str,
    map_file: Path | None,
    case_object: str,
    cluster: str,
    trim: float | None,
    min_cell: int,
    live: bool,
    as_json: bool,
    data: str | None,
) -> None:
    """Run a study over files of EVENTS (CSV, XLSX, Parquet, XES, OCEL 2.0), or over the journal."""
    if not events and not live:
        raise click.UsageError("Expected files of events or --journal, got neither.")
    segments, clusters = _names(by), _names(cluster)
    with _faults():
        engine = TrsEngine()
        mapping = read_map(map_file)
        if live:
            engine.read_export(_exported(context, data))
        if events:
            tell_left_out(read_sources(engine, events, mapping, case_object=case_object))
        for text in clocks:
            owners = mapping.owner_of()
            cells = analysed(
                engine, clock_of(text), segments, clusters=clusters, owners=owners, trim=trim, min_cell=min_cell
            )
            for cell in cells:
                if as_json:
                    click.echo(msgspec.json.encode(cell.shown()))
                else:
                    _print(cell)


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except ClockFault as fault:
        raise click.UsageError(str(fault)) from None
    except READ_FAULTS as fault:
        raise CommandFault(
            "The events cannot be read.", where=fault.where, expected=fault.expected, got=fault.got, fix=fault.fix
        ) from None


def _exported(context: click.Context, data: str | None) -> list[Path]:
    here = installation(context).with_settings(data=data)
    store = here.open_store()
    try:
        return export_journal(store, Path(store.folder) / "events").files()
    finally:
        store.close()


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def read_events(engine: TrsEngine, path: Path, mapping: StudyMap | None = None) -> None:
    """Read one file of events, by its content."""
    read_sources(engine, [path], mapping)


def tell_left_out(read: SourcesRead) -> None:
    """Say on the error stream how many rows of each source could not be used, and why."""
    for source in read.sources:
        if source.left_out:
            reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(source.left_out.items()))
            told = f"{source.source}: {source.used} of {source.rows} rows used; left out: {reasons}"
            click.echo(f"{told}. See openecp trs verify.", err=True)


def _print(cell: Cell) -> None:
    shown: dict[str, Any] = cell.shown()
    table = Table(title=f"{shown['clock']} {shown['segment'] or ''}")
    if cell.is_hidden:
        click.echo(f"{shown['clock']} {shown['segment'] or ''}: hidden, too few cases or told by its neighbours")
        return
    names: Sequence[str] = ("n", "missing", "censored", "mean_s", "median_s", "p90_s", "std_s")
    names = (*names, *(("trimmed_mean_s", "trimmed_cases") if cell.trimmed is not None else ()))
    for name in names:
        table.add_column(name, justify="right")
    table.add_row(*(str(shown[name]) for name in names))
    console().print(table)
