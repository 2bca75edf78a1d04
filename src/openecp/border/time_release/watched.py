# SPDX-License-Identifier: Apache-2.0
"""The stages that are watched from day to day, each with the owner of its wait, and the waits of each place.

A log that lacks the start of a stage is watched from the next earlier activity that it has; a log of other activities
by its commonest pairs of activities one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from openecp.border.time_release.clocks import column, quoted
from openecp.border.time_release.events import AGENCY, OWNER_OF, UNKNOWN
from openecp.border.time_release.stages import Stage, projection_sql
from openecp.border.time_release.statistics.alarm_scores import Waits
from openecp.border.time_release.statistics.bottlenecks import StageFigures

WATCHED: tuple[Stage, ...] = (
    Stage("unload", "ARRIVAL", "UNLOADED"),
    Stage("lodge", "UNLOADED", "LODGED"),
    Stage("accept", "LODGED", "ACCEPTED"),
    Stage("doc_check_wait", "CHANNELLED", "DOC_CHECK_START"),
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
# Where the start of a stage is not told: what comes before it, the nearest first.
EARLIER: dict[str, tuple[str, ...]] = {
    "lodge": ("ARRIVAL",),
    "doc_check": ("QUERY_RAISED", "CHANNELLED", "ACCEPTED"),
    "agency_wait": ("AGENCY_REQUESTED", "LODGED"),
    "agency_decision": ("AGENCY_INSPECT_START", "AGENCY_FEE_PAID", "AGENCY_REQUESTED", "LODGED"),
    "inspection_wait": ("INSPECT_CALLED", "CHANNELLED", "ACCEPTED", "LODGED"),
    "inspection": ("INSPECT_PRESENTED", "INSPECT_CALLED"),
    "bank": ("ASSESSED", "ACCEPTED"),
    "release": ("ASSESSED", "INSPECT_END", "ACCEPTED", "LODGED"),
    "collect": ("RELEASED",),
}
PAIRS = 16  # of a log of other activities
LEAST_SHARE = 0.2  # of a stage's waits, for an agency to be watched for itself


class Watches(Protocol):
    """The part of an engine that is asked here."""

    def columns(self) -> list[str]:
        """Return the columns of the events."""

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table of this name."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""

    def arrays(self, statement: str) -> dict[str, Any]:
        """Run a statement and return its columns as arrays; no column holds nulls."""


def watch(
    engine: Watches, place: str = "office", cluster: str = "means", owners: Mapping[str, str] = OWNER_OF
) -> tuple[Stage, ...]:
    """Make the table `watched`: one row a case and stage: place, stage, owner, begun_us, end_us, us, cluster.

    Reads: trs_events. A stage that ran backwards (lodged before unloading) was no wait and is left out. `cluster` is
    the column that says what came together (the ship or flight); where there is none, each case stands alone.
    Answers the stages.
    """
    columns = engine.columns()
    agency = "agency" if "agency" in columns else ""
    stages = stages_of(engine)
    kept = tuple(dict.fromkeys(name for name in (place, agency, cluster) if name in columns))
    engine.stage("projection", projection_sql(stages, kept))
    where = column(place) if place in columns else "''"
    together = f"COALESCE(NULLIF({column(cluster)}, ''), case_id)" if cluster in columns else "case_id"
    rows = []
    for one in stages:
        owner = owners.get(one.end, UNKNOWN)
        named = quoted(owner)
        if owner == AGENCY and agency:
            named = f"CASE WHEN {column(agency)} <> '' THEN '{owner}:' || {column(agency)} ELSE '{owner}' END"
        start, end = column(f"t_{one.start}"), column(f"t_{one.end}")
        rows.append(
            f"SELECT COALESCE({where}, '') AS place, {quoted(one.name)} AS stage, {named} AS owner, "
            f"{start} AS begun_us, {end} AS end_us, {end} - {start} AS us, "
            f"CAST(HASH({together}) >> 2 AS BIGINT) AS cluster FROM projection WHERE {end} >= {start}"
        )
    empty = "SELECT '' AS place, '' AS stage, '' AS owner, 0 AS begun_us, 0 AS end_us, 0 AS us, 0 AS cluster LIMIT 0"
    engine.stage("watched", " UNION ALL ".join(rows) or empty)
    return stages


def stages_of(engine: Watches) -> tuple[Stage, ...]:
    """Return the stages that a log can tell of. Reads: trs_events."""
    counts = {
        row["activity"]: row["n"]
        for row in engine.ask("SELECT activity, COUNT(DISTINCT case_id) AS n FROM trs_events GROUP BY activity")
    }
    found = []
    for stage in WATCHED:
        for start in (stage.start, *EARLIER.get(stage.name, ())):
            if counts.get(stage.end) and counts.get(start, 0) * 2 >= counts[stage.end]:
                found.append(stage._replace(start=start))
                break
    if found:
        return tuple(found)
    pairs = engine.ask(
        "SELECT before, activity, COUNT(*) AS n FROM (SELECT activity, LAG(activity) OVER (PARTITION BY case_id "
        "ORDER BY ts_us, seq) AS before FROM trs_events) AS e WHERE before IS NOT NULL AND before <> activity "
        f"GROUP BY before, activity ORDER BY n DESC, before, activity LIMIT {PAIRS}"
    )
    return tuple(Stage(f"{row['before']} > {row['activity']}", row["before"], row["activity"]) for row in pairs)


def waits(engine: Watches, until_us: int) -> tuple[dict[tuple[str, str, str], Waits], list[str]]:
    """Return the waits that ended before a moment, by place, stage and owner, and the names of the owners' codes.

    A stage of several agencies is there as a whole, and for each agency that has a fifth of it. Reads: watched.
    """
    import numpy as np

    groups: dict[tuple[str, str], dict[str, int]] = {}
    for row in engine.ask(
        f"SELECT place, stage, owner, COUNT(*) AS n FROM watched WHERE end_us < {until_us} GROUP BY ALL ORDER BY ALL"
    ):
        groups.setdefault((row["place"], row["stage"]), {})[row["owner"]] = row["n"]
    names = sorted({owner for owners in groups.values() for owner in owners})
    code = f"LIST_POSITION([{', '.join(map(quoted, names))}], owner) - 1"
    found: dict[tuple[str, str, str], Waits] = {}
    for (place, stage), owners in groups.items():
        rows = engine.arrays(
            f"SELECT begun_us, end_us, cluster, {code} AS owner FROM watched WHERE place = {quoted(place)} "
            f"AND stage = {quoted(stage)} AND end_us < {until_us} ORDER BY end_us, begun_us, cluster"
        )
        whole = Waits(rows["begun_us"], rows["end_us"], rows["cluster"], rows["owner"].astype(np.int64))
        if len(owners) == 1:
            found[place, stage, next(iter(owners))] = whole._replace(owner=None)
            continue
        found[place, stage, next(iter(owners)).partition(":")[0]] = whole
        for owner, count in owners.items():
            if ":" in owner and count >= LEAST_SHARE * len(whole.ended_us):
                mine = whole.owner == names.index(owner)
                found[place, stage, owner] = Waits(whole.begun_us[mine], whole.ended_us[mine], whole.cluster[mine])
    return found, names


def stage_figures(engine: Watches) -> Sequence[StageFigures]:
    """Return cases and median of each stage at each place, as the ranking of bottlenecks takes them. Reads: watched."""
    rows = engine.ask(
        "SELECT place, stage, owner, COUNT(*) AS n, QUANTILE_CONT(us, 0.5) AS median_us FROM watched "
        "GROUP BY ALL ORDER BY place, stage, owner"
    )
    return [StageFigures(row["place"], row["stage"], row["owner"], row["n"], float(row["median_us"])) for row in rows]
