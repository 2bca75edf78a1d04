# SPDX-License-Identifier: Apache-2.0
"""`openecp risk world`: ways of selecting compared on declarations with planted fraud. Nothing of it is real trade."""

from __future__ import annotations

from typing import Any

import click
import msgspec
from rich.table import Table

from openecp.platform.cli.wiring import CommandFault, console


@click.command()
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option("--typologies", default="", metavar="NAME,…", help="Planted; the eight usual ones if not given.")
@click.option("--appears", default="", metavar="NAME", help="Begins mid-year; the last of the list if not given.")
@click.option("--weeks", type=int, default=40, show_default=True)
@click.option("--weekly", type=int, default=10_000, show_default=True, help="Declarations a week.")
@click.option("--base-rate", type=float, default=0.02, show_default=True, help="Share that is irregular.")
@click.option("--inspected", type=float, default=0.05, show_default=True, help="Share that is inspected.")
@click.option("--strategies", default="rules,probability,exploitation,hybrid,random", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def world(
    seed: int, typologies: str, appears: str, weeks: int, weekly: int, base_rate: float, inspected: float,
    strategies: str, as_json: bool,
) -> None:  # fmt: skip
    """Play a year of planted fraud under rules, exploitation, 90/10 exploration and chance; say who finds what."""
    from openecp.border.risk.models.fault import ModelRefused
    from openecp.border.risk.models.world import USUAL, WorldSettings
    from openecp.border.risk.models.world_run import play
    from openecp.border.risk.models.world_strategy import STRATEGIES

    named = tuple(part.strip() for part in typologies.split(",") if part.strip()) or USUAL
    wanted = tuple(part.strip() for part in strategies.split(",") if part.strip())
    unknown = [name for name in wanted if name not in STRATEGIES]
    if unknown or not wanted:
        raise CommandFault("the strategies cannot be used", where="--strategies", expected=", ".join(STRATEGIES),
                           got=", ".join(unknown) or "none", fix="Name some of them.")  # fmt: skip
    settings = WorldSettings(
        seed=seed, typologies=named, appears=appears, weeks=weeks, weekly=weekly, base_rate=base_rate,
        inspected=inspected,
    )  # fmt: skip
    try:
        played = play(settings, wanted)
    except ModelRefused as refused:
        raise CommandFault(refused.message, where=refused.where, expected=refused.expected, got=refused.got,
                           fix=refused.fix) from None  # fmt: skip
    if as_json:
        click.echo(msgspec.json.encode(played))
        return
    _print(played)


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
    if played.revenue_gain is not None:
        click.echo(f"Inspecting by expected revenue found {played.revenue_gain:.2f} times the revenue of inspecting by "
                   "probability alone.")  # fmt: skip


def _weeks(verdict: Any, field: str) -> str:
    if field == "weeks_to_learn" and verdict.p1 is None:
        return ""
    found = getattr(verdict, field)
    return "not found" if found is None else str(found)
