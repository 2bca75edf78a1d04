# SPDX-License-Identifier: Apache-2.0
"""`openecp risk world`: ways of selecting compared on declarations with planted fraud. Nothing of it is real trade."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.table import Table

from openecp.platform.cli.wiring import CommandFault, console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openecp.border.risk.models.world import WorldSettings

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option("--typologies", default="", metavar="NAME,…", help="Planted; the eight usual ones if not given.")
@click.option(
    "--new-typology",
    "--appears",
    "appears",
    default="",
    metavar="NAME",
    help="Begins mid-year; the last of the list if not given.",
)
@click.option("--each", is_flag=True, help="One line a typology: each in turn is the one that begins mid-year.")
@click.option("--weeks", type=int, default=40, show_default=True)
@click.option("--weekly", type=int, default=10_000, show_default=True, help="Declarations a week.")
@click.option("--base-rate", type=float, default=0.02, show_default=True, help="Share that is irregular.")
@click.option("--inspected", type=float, default=0.05, show_default=True, help="Share that is inspected.")
@click.option("--strategies", default="rules,probability,exploitation,hybrid,random", show_default=True)
@click.option("--out", type=_FOLDER, help="Play nothing but --controls, and write the world's rows and results here.")
@click.option("--controls", default="hybrid", show_default=True, metavar="STRATEGY", help="Whose results --out writes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def world(
    seed: int, typologies: str, appears: str, each: bool, weeks: int, weekly: int, base_rate: float, inspected: float,
    strategies: str, out: Path | None, controls: str, as_json: bool,
) -> None:  # fmt: skip
    """Play a year of planted fraud under rules, exploitation, 90/10 exploration and chance; say who finds what."""
    from openecp.border.risk.models.world import USUAL, WorldSettings
    from openecp.border.risk.models.world_run import play

    named = tuple(part.strip() for part in typologies.split(",") if part.strip()) or USUAL
    settings = WorldSettings(
        seed=seed, typologies=named, appears=appears, weeks=weeks, weekly=weekly, base_rate=base_rate,
        inspected=inspected,
    )  # fmt: skip
    if out is not None:
        _write(settings, _strategies(controls, "--controls")[0], out, as_json)
    elif each:
        _each(settings, as_json)
    else:
        wanted = _strategies(strategies, "--strategies")
        with _faults():
            played = play(settings, wanted)
        if as_json:
            click.echo(msgspec.json.encode(played))
        else:
            _print(played)


def _strategies(told: str, where: str) -> tuple[str, ...]:
    from openecp.border.risk.models.world_strategy import STRATEGIES

    wanted = tuple(part.strip() for part in told.split(",") if part.strip())
    unknown = [name for name in wanted if name not in STRATEGIES]
    if unknown or not wanted:
        raise CommandFault("the strategies cannot be used", where=where, expected=", ".join(STRATEGIES),
                           got=", ".join(unknown) or "none", fix="Name some of them.")  # fmt: skip
    return wanted


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    from openecp.border.risk.models.fault import ModelRefused

    try:
        yield
    except ModelRefused as refused:
        raise CommandFault(refused.message, where=refused.where, expected=refused.expected, got=refused.got,
                           fix=refused.fix) from None  # fmt: skip


def _write(settings: WorldSettings, strategy: str, out: Path, as_json: bool) -> None:
    """Write the world as history and results that the product reads, and its truth beside."""
    from openecp.border.risk.models.world_rows import control_results, history_items, training_rows, truth_rows
    from openecp.border.risk.models.world_run import play_strategy, prepared
    from openecp.platform.engines.column_files import write_columns

    with _faults():
        shared = prepared(settings)
    _, done = play_strategy(shared, strategy)
    told = {
        "items.parquet": history_items(shared.world), "results.parquet": control_results(shared.world, done),
        "controls.parquet": training_rows(shared, done), "truth.parquet": truth_rows(shared.world),
    }  # fmt: skip
    try:
        out.mkdir(parents=True, exist_ok=True)
        rows = {name: write_columns(columns, out / name) for name, columns in told.items()}
    except OSError as error:
        raise CommandFault("the files cannot be written", where="--out", expected="a folder that can be written to",
                           got=error.strerror or str(error), fix="Name another.") from None  # fmt: skip
    if as_json:
        click.echo(msgspec.json.encode({"folder": str(out), "controls": strategy, "rows": rows}))
        return
    for name, many in rows.items():
        click.echo(f"{out / name}: {many} rows")
    click.echo(f"openecp risk features {out}/items.parquet --results {out}/results.parquet --out features.parquet")
    click.echo(f"openecp risk train {out}/controls.parquet --id declaration --revenue recovered --stake stake "
               "--chance chance")  # fmt: skip


def _each(settings: WorldSettings, as_json: bool) -> None:
    """Let each typology in turn be the newcomer: who confirms it, who learns it, and when."""
    from openecp.border.risk.models.world_run import play

    table = Table(
        "begins mid-year", "exploring: confirmed in week", "learnt", "exploiting: confirmed in week", "learnt",
        "first 1 %: times the base rate", "revenue: x revenue over alone",
        title=f"seed {settings.seed}: weeks after it has begun",
    )  # fmt: skip
    for name in settings.typologies:
        with _faults():
            played = play(msgspec.structs.replace(settings, appears=name), ("exploitation", "hybrid"))
        hybrid, alone = played.of("hybrid"), played.of("exploitation")
        if as_json:
            click.echo(msgspec.json.encode({
                "new_typology": name, "seed": settings.seed, "exploration_weeks_to_find": hybrid.weeks_to_find,
                "exploration_weeks_to_learn": hybrid.weeks_to_learn, "exploitation_weeks_to_find": alone.weeks_to_find,
                "exploitation_weeks_to_learn": alone.weeks_to_learn, "p1_lift": hybrid.p1_lift,
                "revenue_gain_5pct": hybrid.revenue_ratio,
            }))  # fmt: skip
        weeks = [_weeks(one, field) for one in (hybrid, alone) for field in ("weeks_to_find", "weeks_to_learn")]
        table.add_row(name, *weeks, f"{hybrid.p1_lift or 0:.1f}", f"{hybrid.revenue_ratio or 0:.2f}")
    if not as_json:
        console().print(table)


def _print(played: Any) -> None:
    def share(value: float | None) -> str:
        return "" if value is None else f"{100 * value:.1f} %"

    title = (f"{played.rows} declarations, {share(played.base_rate)} irregular, seed {played.settings.seed}; "
             f"{played.newcomer} begins in week {played.appears_in_week}")  # fmt: skip
    table = Table("", *(verdict.strategy for verdict in played.verdicts), title=title)
    for label, field in (
        ("irregular among its controls", "precision"), ("of all irregular, found", "cases"),
        ("of all revenue, found", "revenue"), ("irregular among the first 1 % by probability", "p1"),
    ):  # fmt: skip
        values = [getattr(verdict, field) for verdict in played.verdicts]
        table.add_row(label, *(share(getattr(value, "value", value)) for value in values))
    table.add_row("… times the base rate", *("" if v.p1_lift is None else f"{v.p1_lift:.1f}" for v in played.verdicts))
    for label, precision, revenue in (
        ("by probability: hits / revenue", "p5", "revenue_by_p"),
        ("by probability x revenue", "p5_by_stake", "revenue_by_stake"),
        ("by probability x log(1 + revenue)", "p5_by_log", "revenue_by_log"),
    ):
        cells = ((share(getattr(v, precision)), share(getattr(v, revenue))) for v in played.verdicts)
        table.add_row(label, *(" / ".join(pair) if pair[0] else "" for pair in cells))
    table.add_row("revenue: x revenue over alone",
                  *("" if v.revenue_ratio is None else f"{v.revenue_ratio:.2f}" for v in played.verdicts))  # fmt: skip
    table.add_row(
        "weeks until three controls confirm the newcomer", *(_weeks(v, "weeks_to_find") for v in played.verdicts)
    )
    table.add_row("weeks until the model has learnt it", *(_weeks(v, "weeks_to_learn") for v in played.verdicts))
    console().print(table)
    for one in played.anchors:
        click.echo(f"By {one.ranked_by} alone, the first 5 % hold {share(one.cases)} of the irregular and "
                   f"{share(one.revenue)} of the revenue (published of real trade: {share(one.published_cases)}, "
                   f"{share(one.published_revenue)}).")  # fmt: skip
    if played.revenue_gain is not None:
        click.echo(f"Inspecting by expected revenue found {played.revenue_gain:.2f} times the revenue of inspecting by "
                   "probability alone.")  # fmt: skip


def _weeks(verdict: Any, field: str) -> str:
    if field == "weeks_to_learn" and verdict.p1 is None:
        return ""
    found = getattr(verdict, field)
    return "not found" if found is None else str(found)
