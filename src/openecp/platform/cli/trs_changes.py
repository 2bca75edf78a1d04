# SPDX-License-Identifier: Apache-2.0
"""`openecp trs changes`: the weeks in which a clock went to another level, by segment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from openecp.border.time_release.clocks import ClockFault, clock_of, column
from openecp.border.time_release.cube import durations_sql
from openecp.border.time_release.officers import refuse_officers
from openecp.platform.cli.trs_statistics import print_rows, read_engine

WEEK_US = 7 * 86_400_000_000
MONDAY_US = 4 * 86_400_000_000  # 5 January 1970
FIGURES = {"median": "QUANTILE_CONT(us, 0.5) / 1e6", "mean": "AVG(us) / 1e6"}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("events", nargs=-1, required=True, type=_FILE)
@click.option("--clock", default="arrival_release", show_default=True, help="A named clock, or from=A,to=B.")
@click.option("--by", default="", metavar="COLUMNS", help="Segments, joined by commas: office,channel.")
@click.option("--map", "map_file", type=_FILE, help="The mapping.")
@click.option("--figure", type=click.Choice([*FIGURES, "within"]), default="median", show_default=True)
@click.option("--target", type=click.FloatRange(0), help="Hours; for the share within them.")
@click.option("--min-cell", type=click.IntRange(1, 1000), default=5, show_default=True, help="Leave out smaller weeks.")
@click.option("--level", type=click.FloatRange(0.001, 0.5), default=0.01, show_default=True, help="How sure: chance.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Draws the shuffles.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a change.")
def changes(
    events: tuple[Path, ...], clock: str, by: str, map_file: Path | None, figure: str, target: float | None,
    min_cell: int, level: float, seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Tell in which weeks a clock went to another level: the week that begins it, before, after, and the chance."""
    from openecp.border.time_release.statistics.change import change_points

    if (figure == "within") != (target is not None):
        raise click.UsageError("Expected --target HOURS with --figure within, and only there; name both or neither.")
    segments = tuple(name.strip() for name in by.split(",") if name.strip())
    try:
        asked = clock_of(clock)
        refuse_officers(segments)
        engine, _ = read_engine(events, map_file)
        known = engine.columns()
        for name in segments:
            if name not in known:
                raise ClockFault(f"--by {name[:80]!r}: expected columns of the events ({', '.join(known)}); name one.")
    except ClockFault as fault:
        raise click.UsageError(str(fault)) from None
    engine.stage("durations", durations_sql(asked, segments))
    within = f"AVG(CASE WHEN us <= {round((target or 0) * 3.6e9)} THEN 1.0 ELSE 0.0 END)"
    names = "".join(f"{column(name)}, " for name in segments)
    rows = engine.ask(
        f"SELECT {names}(start_us - {MONDAY_US}) // {WEEK_US} AS week, COUNT(*) AS n, "  # noqa: S608 - quoted
        f"{FIGURES.get(figure, within)} AS figure FROM durations WHERE us IS NOT NULL GROUP BY ALL "
        f"ORDER BY {names}week"
    )
    cut = {min((row["week"] for row in rows), default=0), max((row["week"] for row in rows), default=0)}
    series: dict[tuple[str | None, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if row["week"] not in cut and row["n"] >= min_cell:  # the first and the last week may be cut
            series.setdefault(tuple(row[name] for name in segments), []).append(row)
    unit = "share" if figure == "within" else "s"
    print_rows(
        [
            {
                **dict(zip(segments, key, strict=True)),
                "week": _monday(weeks[one.week]["week"]),
                f"before_{unit}": round(one.before, 4),
                f"after_{unit}": round(one.after, 4),
                "p": one.p,
            }
            for key, weeks in series.items()
            for one in change_points([float(row["figure"]) for row in weeks], seed, level=level)
        ],
        as_json,
    )


def _monday(week: int) -> str:
    at = datetime(1970, 1, 5, tzinfo=UTC) + timedelta(weeks=week)
    return at.date().isoformat()
