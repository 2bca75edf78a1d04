# SPDX-License-Identifier: Apache-2.0
"""`openecp trs`: time release studies from any log of events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from openecp.border.time_release.analysis import Cell, analysed
from openecp.border.time_release.clocks import ClockFault, clock_of
from openecp.platform.cli.wiring import CommandFault, console, data_option, installation
from openecp.platform.core.release_times import export_journal
from openecp.platform.engines.trs_engine import EventFileFault, TrsEngine
from openecp.platform.wire.xes import UnreadableXes, read_xes


@click.group()
def trs() -> None:
    """Time release studies: how long goods took, whose time it was, and how sure that is."""


@trs.command()
@click.argument("events", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--clock", "clocks", multiple=True, required=True, help="A named clock, or from=A,to=B; may be repeated.")
@click.option("--by", default="", metavar="COLUMNS", help="Segments, joined by commas: office,channel.")
@click.option("--cluster", default="", metavar="COLUMNS", help="What waits together (the ship), for the intervals.")
@click.option("--journal", "live", is_flag=True, help="The events of this installation's journal.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a cell.")
@data_option
@click.pass_context
def run(
    context: click.Context,
    events: tuple[Path, ...],
    clocks: tuple[str, ...],
    by: str,
    cluster: str,
    live: bool,
    as_json: bool,
    data: str | None,
) -> None:
    """Run a study over files of EVENTS (CSV, Parquet, XES), or over the journal."""
    if not events and not live:
        raise click.UsageError("Expected files of events or --journal, got neither.")
    segments, clusters = _names(by), _names(cluster)
    try:
        engine = TrsEngine()
        if live:
            engine.read_export(_exported(context, data))
        for path in events:
            read_events(engine, path)
        for text in clocks:
            for cell in analysed(engine, clock_of(text), segments, clusters=clusters):
                if as_json:
                    click.echo(msgspec.json.encode(cell.shown()))
                else:
                    _print(cell)
    except ClockFault as fault:
        raise click.UsageError(str(fault)) from None
    except (EventFileFault, UnreadableXes) as fault:
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


def read_events(engine: TrsEngine, path: Path) -> None:
    """Read one file of events, by its content."""
    name = path.name.lower()
    if name.endswith((".xes", ".xes.gz")):
        engine.read_batches(path.name, read_xes(path))
    else:
        engine.read_file(path)


def _print(cell: Cell) -> None:
    shown: dict[str, Any] = cell.shown()
    table = Table(title=f"{shown['clock']} {shown['segment'] or ''}")
    for name in ("n", "missing", "censored", "mean_s", "median_s", "p90_s", "std_s"):
        table.add_column(name, justify="right")
    table.add_row(*(str(shown[name]) for name in ("n", "missing", "censored", "mean_s", "median_s", "p90_s", "std_s")))
    console().print(table)
