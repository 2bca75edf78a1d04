# SPDX-License-Identifier: Apache-2.0
"""`openecp trs sample`, `trs alarms`, `trs bottlenecks`: what to draw, what changed, where time is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.table import Table

from openecp.border.time_release.clocks import ClockFault
from openecp.border.time_release.officers import refuse_officers
from openecp.platform.cli.wiring import CommandFault, console
from openecp.platform.core.event_sources import READ_FAULTS, read_map, read_sources
from openecp.platform.engines.trs_engine import TrsEngine

if TYPE_CHECKING:
    from openecp.border.time_release.statistics.alarm import Watched

HOUR_US = 3_600_000_000
_EVENTS = click.argument(
    "events", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON line a row.")
_MAP = click.option(
    "--map", "map_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The mapping."
)
_PLACE = click.option("--by", "place", default="office", show_default=True, help="The column that says where.")


@click.command()
@click.option("--variation", type=float, required=True, help="Standard deviation over the mean, from an earlier round.")
@click.option("--precision", type=float, default=0.05, show_default=True, help="How near the mean, as a share of it.")
@click.option("--confidence", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True)
@click.option("--effect", type=float, default=1.0, show_default=True, help="Design effect of ships and flights.")
@click.option("--of", "listed", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Cases, one a line.")
@click.option("--seed", default="", help="Draws them: whoever has it draws the same.")
@click.option("--cases", type=click.IntRange(1), help="How many cases there are; else the lines of --of.")
@_JSON
def sample(
    variation: float, precision: float, confidence: float, effect: float, listed: Path | None, seed: str,
    cases: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Say how many cases a round needs, and draw them from a list."""
    from openecp.border.time_release.statistics.sampling import drawn, sample_size

    names = [line.strip() for line in listed.read_text(encoding="utf-8").splitlines()] if listed else []
    names = [name for name in dict.fromkeys(names) if name]
    if listed and not seed:
        raise click.UsageError("Expected --seed TEXT with --of, got none: without it nobody can draw the sample again.")
    try:
        size = sample_size(
            variation=variation, precision=precision, cases=cases or len(names) or None, design_effect=effect,
            confidence=confidence,
        )  # fmt: skip
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    chosen = drawn(names, size.cases, seed)
    if as_json:
        _line({"cases": size.cases, "unlimited": size.unlimited, "design_effect": size.design_effect, "drawn": chosen})
        return
    click.echo(f"{size.cases} cases ({size.unlimited} of an unlimited flow)", err=True)
    for name in chosen:
        click.echo(name)


@click.command()
@_EVENTS
@_MAP
@_PLACE
@click.option("--cluster", default="means", show_default=True, help="The column that says what came together.")
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%d"]), help="Look back from the end of this day; else the last event's."
)
@click.option("--least", type=click.FloatRange(0), default=1.0, show_default=True, help="Least shift told, in hours.")
@click.option(
    "--sought", type=click.FloatRange(0.05), default=3.0, show_default=True, help="The delay looked for, in hours."
)
@click.option("--reach", is_flag=True, help="Say instead how well each stage is watched: least delay, cases needed.")
@_JSON
def alarms(
    events: tuple[Path, ...], map_file: Path | None, place: str, cluster: str, at: datetime | None, least: float,
    sought: float, reach: bool, as_json: bool,
) -> None:  # fmt: skip
    """Tell which stages became slower, where, since which day, and whose time it is."""
    from openecp.border.time_release.statistics.alarm import alarms as told
    from openecp.border.time_release.statistics.alarm_scores import DAY_US
    from openecp.border.time_release.watched import waits, watch

    engine, owners = read_engine(events, map_file)
    _refuse(place)
    watch(engine, place, cluster, owners)
    if at is not None:
        until = int((at.replace(tzinfo=UTC) + timedelta(days=1)).timestamp()) * 1_000_000
    else:
        (row,) = engine.ask("SELECT MAX(ts_us) AS us FROM trs_events")
        until = (row["us"] // DAY_US + 1) * DAY_US
    series, names = waits(engine, until)
    found, watched, origin = told(
        series, until, least_us=round(least * HOUR_US), sought_us=round(sought * HOUR_US), owners=names
    )
    if reach:
        print_rows([_reach(one) for one in watched], as_json)
        return
    rows = [
        {
            "place": one.place,
            "stage": one.stage,
            "owner": one.owner,
            "since": _day(origin + one.since * DAY_US),
            "told": _day(origin + one.told * DAY_US),
            "until": _day(origin + one.until * DAY_US) if one.until >= 0 else None,
            "shift_s": one.shift_us / 1e6,
            "usual_s": one.usual_us / 1e6,
            "score": one.score,
            "hours_lost": one.hours_lost,
        }
        for one in found
    ]
    print_rows(rows, as_json)


def _reach(one: Watched) -> dict[str, Any]:
    return {
        "place": one.place,
        "stage": one.stage,
        "owner": one.owner,
        "cases_a_week": one.cases_a_week,
        "least_delay_h": None if one.least_us is None else round(one.least_us / HOUR_US, 2),
        "cases_a_week_needed": one.cases_needed,
    }


@click.command()
@_EVENTS
@_MAP
@_PLACE
@click.option("--benchmark", "benchmarks", multiple=True, metavar="STAGE=HOURS", help="Else the quickest quarter's.")
@_JSON
def bottlenecks(
    events: tuple[Path, ...], map_file: Path | None, place: str, benchmarks: tuple[str, ...], as_json: bool
) -> None:
    """Rank stages by hours lost against a benchmark, with the owner of each."""
    from openecp.border.time_release.statistics.bottlenecks import bottlenecks as ranked
    from openecp.border.time_release.watched import WATCHED, stage_figures, watch

    named = {}
    for text in benchmarks:
        stage, _, hours = text.partition("=")
        try:
            named[stage] = round(float(hours) * HOUR_US)
        except ValueError:
            raise click.UsageError(f"--benchmark {text[:80]!r}: expected STAGE=HOURS, for example pay=2.") from None
        if stage not in {one.name for one in WATCHED}:
            raise click.UsageError(
                f"--benchmark {stage[:80]!r}: expected one of {', '.join(one.name for one in WATCHED)}."
            )
    engine, owners = read_engine(events, map_file)
    _refuse(place)
    watch(engine, place, owners=owners)
    rows = [
        {
            "place": one.place,
            "stage": one.stage,
            "owner": one.owner,
            "n": one.n,
            "median_s": one.median_us / 1e6,
            "benchmark_s": one.benchmark_us / 1e6,
            "hours_lost": round(one.lost_us / HOUR_US, 1),
        }
        for one in ranked(stage_figures(engine), named)
    ]
    print_rows(rows, as_json)


def _refuse(place: str) -> None:
    try:
        refuse_officers((place,))
    except ClockFault as fault:
        raise click.UsageError(str(fault)) from None


def read_engine(events: tuple[Path, ...], map_file: Path | None = None) -> tuple[TrsEngine, dict[str, str]]:
    """Return an engine that has read files of events, and who ends which activity's wait.

    Raises: CommandFault where one cannot be read.
    """
    engine = TrsEngine()
    try:
        mapping = read_map(map_file)
        read_sources(engine, events, mapping)
    except READ_FAULTS as fault:
        raise CommandFault(
            "The events cannot be read.", where=fault.where, expected=fault.expected, got=fault.got, fix=fault.fix
        ) from None
    return engine, dict(mapping.owner_of())


def _day(us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).date().isoformat()


def _line(row: dict[str, Any]) -> None:
    click.echo(msgspec.json.encode(row))


def print_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print rows as JSON lines or as a table."""
    if as_json:
        for row in rows:
            _line(row)
        return
    if not rows:
        click.echo("None.", err=True)
        return
    table = Table()
    for name in rows[0]:
        table.add_column(name)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console().print(table)
