# SPDX-License-Identifier: Apache-2.0
"""`openecp risk workload`: declarations expected, controls, officers needed against officers there, rates that fit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click
import msgspec

from openecp.platform.cli.risk_features import random_shares
from openecp.platform.cli.wiring import CommandFault, console, data_option, installation

if TYPE_CHECKING:
    from openecp.platform.core.workload_view import OfficeWorkload

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@click.command()
@click.option("--office", "offices", multiple=True, help="Of these offices only; repeatable.")
@click.option("--from", "first", metavar="DATE", help="First day that is planned; tomorrow if not given.")
@click.option("--days", type=click.IntRange(1, 92), default=7, show_default=True, help="How many days.")
@click.option("--test", "tested", is_flag=True, help="How forecasts of the last eight weeks would have done.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, one an office.")
@data_option
@click.pass_context
def workload(
    context: click.Context, offices: tuple[str, ...], first: str | None, days: int, tested: bool, as_json: bool,
    data: str | None,
) -> None:  # fmt: skip
    """Plan officers by office and day: what is expected, who is needed, who is there, what rates would fit."""
    from openecp.border.risk.lanes.plan import lane_plan
    from openecp.border.risk.workload.staffing import duty_table, minutes_of
    from openecp.platform.core.workload_view import workload as plan_work
    from openecp.platform.core.workload_view import workload_facts

    here: Any = installation(context).with_settings(data=data)
    profile = here.profile
    zone = str(profile.setting("time_zone", default="UTC"))
    today = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    start = _day(first) if first else today + timedelta(days=1)
    with here.open_store() as store:  # the first day is never in what is learnt from
        facts = workload_facts(store, random_shares(profile), zone, min(today, start) - timedelta(days=1))
    unknown = [office for office in offices if office not in facts.days]
    if unknown:
        raise CommandFault("No declaration of this office is in the journal.", where="--office",
                           expected=f"some of {', '.join(sorted(facts.days)) or 'no office at all'}",
                           got=unknown[0][:40], fix="Correct it.")  # fmt: skip
    minutes = minutes_of(profile, facts.minutes)
    found = plan_work(
        facts, first=start, days=days, plan=lane_plan(profile), minutes={lane: n for lane, (n, _) in minutes.items()},
        duty=duty_table(profile), offices=offices, tested=tested,
    )  # fmt: skip
    if as_json:
        for one in found:
            click.echo(msgspec.json.encode(msgspec.to_builtins(one) | {"minutes": minutes}).decode())
        return
    told = ", ".join(f"{lane} {number:.0f} ({source})" for lane, (number, source) in minutes.items())
    click.echo(f"minutes a control: {told}")
    for one in found:
        _tell(one)
    if not found:
        click.echo(f"no declaration before {facts.last + timedelta(days=1)} is in the journal: nothing to learn from")


def _tell(one: OfficeWorkload) -> None:
    from rich.table import Table

    if not one.days:
        click.echo(f"{one.office}: {one.history_days} days of history, 28 are needed")
        return
    table = Table(title=f"{one.office}, from {one.history_days} days of history")
    for name in ("day", "declarations", "up to (80 %)", "red", "yellow", "blue", "officers needed", "up to", "there",
                 "shares that fit"):  # fmt: skip
        table.add_column(name, justify="left" if name in ("day", "shares that fit") else "right")
    for day in one.days:
        there = "not told" if day.officers_there is None else str(day.officers_there)
        fits = ", ".join(f"{lane} {100 * share:.1f} %" for lane, share in day.fitting.items())
        table.add_row(
            f"{day.day} {_WEEKDAYS[day.day.weekday()]}", f"{day.declarations:.0f}", str(day.declarations_high),
            *(f"{day.controls[lane]:.1f}" for lane in ("red", "yellow", "blue")), f"{day.officers_needed:.1f}",
            f"{day.officers_needed_high:.1f}", there, fits,
        )  # fmt: skip
    console().print(table)
    if one.tested is not None:
        test = one.tested
        click.echo(
            f"{test.days} past days: error {100 * test.error:.1f} % of declarations (the same day a week before: "
            f"{100 * test.naive_error:.1f} %); within the 80 % interval {100 * test.coverage80:.0f} %, within 95 % "
            f"{100 * test.coverage95:.0f} %"
        )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandFault("this is no day", where="--from", expected="YYYY-MM-DD", got=text[:40],
                           fix="Correct it.") from None  # fmt: skip
