# SPDX-License-Identifier: Apache-2.0
"""The stages that are watched from week to week, each with the owner of its wait, and their weekly figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from openecp.border.time_release.clocks import column
from openecp.border.time_release.events import AGENCY, OWNER_OF
from openecp.border.time_release.stages import Stage, projection_sql
from openecp.border.time_release.statistics.alarm import LEVELS, Week
from openecp.border.time_release.statistics.bottlenecks import StageFigures

WATCHED: tuple[Stage, ...] = (
    Stage("unload", "ARRIVAL", "UNLOADED"),
    Stage("lodge", "UNLOADED", "LODGED"),
    Stage("accept", "LODGED", "ACCEPTED"),
    Stage("doc_check", "DOC_CHECK_START", "DOC_CHECK_END"),
    Stage("agency_fee", "AGENCY_REQUESTED", "AGENCY_FEE_PAID"),
    Stage("agency_wait", "AGENCY_FEE_PAID", "AGENCY_INSPECT_START"),
    Stage("agency_decision", "AGENCY_INSPECT_END", "AGENCY_DECIDED"),
    Stage("present", "INSPECT_CALLED", "INSPECT_PRESENTED"),
    Stage("inspection_wait", "INSPECT_PRESENTED", "INSPECT_START"),
    Stage("inspection", "INSPECT_START", "INSPECT_END"),
    Stage("laboratory", "SAMPLE_TAKEN", "LABORATORY_RESULT"),
    Stage("pay", "ASSESSED", "PAYMENT_INITIATED"),
    Stage("bank", "PAYMENT_INITIATED", "PAYMENT_CONFIRMED"),
    Stage("release", "PAYMENT_CONFIRMED", "RELEASED"),
    Stage("deliver", "RELEASED", "DELIVERY_ORDER"),
    Stage("collect", "DELIVERY_ORDER", "GATE_OUT"),
)
WEEK_US = 7 * 86_400_000_000


class Watches(Protocol):
    """The part of an engine that is asked here."""

    def columns(self) -> list[str]:
        """Return the columns of the events."""

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table of this name."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""


def watch(engine: Watches, place: str = "office") -> None:
    """Make the table `watched`: one row a case and stage: place, stage, owner, end_us, us.

    Reads: trs_events. A stage that ran backwards (lodged before unloading) was no wait and is left out.
    """
    columns = engine.columns()
    agency = "agency" if "agency" in columns else ""
    segments = tuple(name for name in (place if place in columns else "", agency) if name)
    engine.stage("projection", projection_sql(WATCHED, segments))
    where = column(place) if place in columns else "''"
    rows = []
    for one in WATCHED:
        owner = OWNER_OF[one.end]
        named = f"'{owner}'"
        if owner == AGENCY and agency:
            named = f"CASE WHEN {column(agency)} <> '' THEN '{owner}:' || {column(agency)} ELSE '{owner}' END"
        start, end = column(f"t_{one.start}"), column(f"t_{one.end}")
        rows.append(
            f"SELECT COALESCE({where}, '') AS place, '{one.name}' AS stage, {named} AS owner, {end} AS end_us, "
            f"{end} - {start} AS us FROM projection WHERE {end} >= {start}"
        )
    engine.stage("watched", " UNION ALL ".join(rows))


def weekly(engine: Watches, until_us: int) -> dict[tuple[str, str, str], list[Week]]:
    """Return, by place, stage and owner, the weeks back from `until_us`, the oldest first; empty ones have no cases.

    Reads: watched. A case counts in the week in which the stage ended.
    """
    levels = ", ".join(str(level) for level in LEVELS)
    rows = engine.ask(
        f"SELECT place, stage, owner, ({until_us} - end_us) // {WEEK_US} AS back, COUNT(*) AS n, "
        f"QUANTILE_CONT(us, [{levels}]) AS quantiles FROM watched WHERE end_us <= {until_us} "
        "GROUP BY ALL ORDER BY place, stage, owner, back DESC"
    )
    depth = max((row["back"] for row in rows), default=-1) + 1
    found: dict[tuple[str, str, str], list[Week]] = {}
    for row in rows:
        weeks = found.setdefault((row["place"], row["stage"], row["owner"]), [Week(0)] * depth)
        weeks[depth - 1 - row["back"]] = Week(row["n"], tuple(map(float, row["quantiles"])))
    return found


def stage_figures(engine: Watches) -> Sequence[StageFigures]:
    """Return cases and median of each stage at each place, as the ranking of bottlenecks takes them. Reads: watched."""
    rows = engine.ask(
        "SELECT place, stage, owner, COUNT(*) AS n, QUANTILE_CONT(us, 0.5) AS median_us FROM watched "
        "GROUP BY ALL ORDER BY place, stage, owner"
    )
    return [StageFigures(row["place"], row["stage"], row["owner"], row["n"], float(row["median_us"])) for row in rows]
