# SPDX-License-Identifier: Apache-2.0
"""`openecp trs flows` and `openecp trs simulate`: realistic events to try a study on, and what-if over one's own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import click
import msgspec

from openecp.platform.cli.wiring import CommandFault


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--cases", type=click.IntRange(1, 1_000_000), default=70_000, show_default=True, help="About 14 events each."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another year.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), default="2026-01-01", show_default=True)
@click.option("--days", type=click.IntRange(1, 1100), default=365, show_default=True)
@click.option("--plan", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A plan of flows (JSON).")
@click.option("--no-delays", is_flag=True, help="Plant no delay.")
def flows(out: Path, cases: int, seed: int, first: datetime, days: int, plan: Path | None, no_delays: bool) -> None:
    """Write a year of realistic events to OUT (Parquet), and what was planted in them to OUT.truth.json."""
    from openecp.border.time_release.simulation.flow_plan import FlowPlan, planted_by_default
    from openecp.border.time_release.simulation.flows import flows as made
    from openecp.platform.engines.flow_files import write_events

    try:
        if plan is not None:
            chosen = msgspec.json.decode(plan.read_bytes(), type=FlowPlan)
        else:
            chosen = FlowPlan(cases=cases, seed=seed, first=first.replace(tzinfo=UTC).date(), days=days)
            if not no_delays:
                chosen = msgspec.structs.replace(chosen, planted=planted_by_default(chosen))
        found = made(chosen)
    except (msgspec.DecodeError, ValueError) as fault:
        raise CommandFault(
            "The flows cannot be made.",
            where=str(plan) if plan else "options",
            expected="a plan of flows",
            got=str(fault),
            fix="Mend the plan.",
        ) from None
    out.parent.mkdir(parents=True, exist_ok=True)
    rows = write_events(out, found.case, found.activity, found.ts_us, found.activities, found.segments, "flows")
    truth = out.with_name(out.name + ".truth.json")
    truth.write_bytes(msgspec.json.format(msgspec.json.encode(chosen), indent=2) + b"\n")
    click.echo(f"{rows} events of {chosen.cases} cases in {out}, the plan and its delays in {truth}", err=True)


@click.command()
@click.argument("events", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--scenario", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="What changes (JSON).")
@click.option("--map", "map_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The mapping.")
@click.option("--clock", default="lodged_release", show_default=True, help="A named clock, or from=A,to=B.")
@click.option("--zone", default="UTC", show_default=True, help="Of the offices, where the events have no column zone.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--replications", type=click.IntRange(5, 500), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON line a figure.")
def simulate(
    events: tuple[Path, ...],
    scenario: Path | None,
    map_file: Path | None,
    clock: str,
    zone: str,
    seed: int,
    replications: int,
    as_json: bool,
) -> None:
    """Predict a clock from files of EVENTS, as it is and with a scenario; the error on a held-back month beside it."""
    from openecp.border.time_release.clocks import ClockFault, clock_of
    from openecp.border.time_release.simulation.fitted import case_records
    from openecp.border.time_release.simulation.prediction import predicted
    from openecp.border.time_release.simulation.scenario import ScenarioFault, scenario_of
    from openecp.platform.cli.trs_statistics import print_rows, read_engine

    try:
        asked = scenario_of(scenario.read_bytes()) if scenario else None
        engine, _ = read_engine(events, map_file)
        records = case_records(engine, clock_of(clock), {}, zone)
        rows = predicted(records, asked, seed, replications=replications)
    except (ClockFault, ScenarioFault) as fault:
        raise click.UsageError(str(fault)) from None
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise click.UsageError(f"--zone {zone[:80]!r}: expected a time zone such as Europe/Paris ({fault}).") from None
    name = asked.name if asked else None
    print_rows([{"clock": clock, "scenario": name} | msgspec.to_builtins(row) for row in rows], as_json)
