# SPDX-License-Identifier: Apache-2.0
"""`openecp trs cube`: all stages by all cells at once, on one machine or on Apache Spark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from openecp.border.time_release.stages import STAGES, CubeFigures, cube_cells, cube_sql, month_sql, projection_sql
from openecp.platform.cli.wiring import CommandFault
from openecp.platform.core.event_sources import READ_FAULTS, SourceRead, read_map, read_sources
from openecp.platform.engines.trs_engine import TrsEngine

_PATH = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("events", nargs=-1, required=True, type=_PATH)
@click.option("--by", default="office,channel", show_default=True, metavar="COLUMNS", help="Segments; empty for none.")
@click.option("--month/--no-month", default=True, show_default=True, help="Part the cells by month too (UTC).")
@click.option("--map", "map_file", type=_PATH, help="The mapping of the files' columns.")
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True,
              help="spark: Parquet with typed stamps, without a mapping; identical cells.")  # fmt: skip
@click.option("--master", default="local[2]", show_default=True, help="Spark's master.")
def cube(events: tuple[Path, ...], by: str, month: bool, map_file: Path | None, engine: str, master: str) -> None:
    """Print every stage's n, mean, median, p90 and std, one JSON line a cell."""
    segments = tuple(name.strip() for name in by.split(",") if name.strip())
    if engine == "spark" and map_file is not None:
        raise click.UsageError("--map: expected none with --engine spark, got one; fix: use --engine duckdb")
    try:
        made, read = _on_spark(events, master) if engine == "spark" else _on_one_machine(events, map_file)
    except READ_FAULTS as fault:
        raise CommandFault(
            "The events cannot be read.", where=fault.where, expected=fault.expected, got=fault.got, fix=fault.fix
        ) from None
    there = made.columns()
    for name in segments:
        if name not in there:
            raise click.UsageError(
                f"--by {name[:80]!r}: expected columns of the events ({', '.join(there)}); fix: name one of these"
            )
    _tell(read)
    made.stage("projection", projection_sql(STAGES, segments))
    parts, names = ((month_sql(STAGES),), (*segments, "c0")) if month else ((), segments)
    for key, cell in cube_cells(made.ask(cube_sql("projection", STAGES, segments, parts)), STAGES, names).items():
        named: dict[str, Any] = dict(zip(segments, key, strict=False))
        if month:
            named["month"] = None if key[-1] is None else f"{key[-1] // 100:04}-{key[-1] % 100:02}"
        stages = {stage: _shown(figures) for stage, figures in cell.items()}
        click.echo(msgspec.json.encode({"segment": named, "stages": stages}))


def _shown(figures: CubeFigures) -> dict[str, Any]:
    found: dict[str, Any] = {"n": figures.n}
    for name in ("mean", "median", "p90", "std"):
        us = getattr(figures, name)
        found[f"{name}_s"] = None if us is None else us / 1e6
    return found


def _on_one_machine(events: tuple[Path, ...], map_file: Path | None) -> tuple[Any, list[SourceRead]]:
    engine = TrsEngine()
    return engine, list(read_sources(engine, events, read_map(map_file)).sources)


def _on_spark(events: tuple[Path, ...], master: str) -> tuple[Any, list[SourceRead]]:
    from openecp.platform.engines.trs_spark import TrsSparkEngine, spark_session

    try:
        session = spark_session(master)
    except Exception as error:  # not installed, no Java, no such master
        raise CommandFault(
            "Spark does not start.", where=f"--engine spark --master {master[:60]}",
            expected="openecp[spark], Java 17 and a master that is there", got=str(error).splitlines()[0][:160],
            fix="Install them, or leave out --engine.",
        ) from None  # fmt: skip
    engine = TrsSparkEngine(session)
    return engine, [SourceRead(**engine.read_file(path)._asdict()) for path in events]


def _tell(read: list[SourceRead]) -> None:
    for source in read:
        if source.left_out:
            reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(source.left_out.items()))
            told = f"{source.source}: {source.used} of {source.rows} rows used; left out: {reasons}"
            click.echo(f"{told}. See openecp trs verify.", err=True)
