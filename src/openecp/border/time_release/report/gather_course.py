# SPDX-License-Identifier: Apache-2.0
"""Figures of the course of cases: the average course, what follows what, and where the hours are lost."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from openecp.border.time_release.analysis import StudyEngine
from openecp.border.time_release.clocks import column, first_value, quoted
from openecp.border.time_release.directly_follows import directly_follows
from openecp.border.time_release.events import OWNER_OF, UNKNOWN
from openecp.border.time_release.report.figures import Bottleneck, Follows, Milestone
from openecp.border.time_release.study import Definition

MILESTONES_MAX = 24
FOLLOWS_MAX = 60
BOTTLENECKS_MAX = 200
# Stages that follow one another, so that an hour is lost in one of them only.
CHAIN = (
    ("ARRIVAL", "UNLOADED"),
    ("ARRIVAL", "LODGED"),
    ("LODGED", "ACCEPTED"),
    ("ACCEPTED", "CHANNELLED"),
    ("DOC_CHECK_START", "DOC_CHECK_END"),
    ("QUERY_RAISED", "QUERY_ANSWERED"),
    ("AGENCY_REQUESTED", "AGENCY_DECIDED"),
    ("SAMPLE_TAKEN", "LABORATORY_RESULT"),
    ("CHANNELLED", "INSPECT_START"),
    ("INSPECT_START", "INSPECT_END"),
    ("INSPECT_END", "ASSESSED"),
    ("ASSESSED", "PAYMENT_CONFIRMED"),
    ("PAYMENT_CONFIRMED", "RELEASED"),
    ("RELEASED", "GATE_OUT"),
)


def milestones(engine: StudyEngine) -> tuple[Milestone, ...]:
    """Return each activity's quartiles after the start of the clock, in the order of medians. Reads: durations."""
    rows = engine.ask(
        "SELECT f.activity, COUNT(*) AS n, QUANTILE_CONT(f.us - d.start_us, 0.25) AS p25, "
        "QUANTILE_CONT(f.us - d.start_us, 0.5) AS median, QUANTILE_CONT(f.us - d.start_us, 0.75) AS p75 "
        "FROM (SELECT case_id, activity, MIN(ts_us) AS us FROM trs_events GROUP BY case_id, activity) AS f "
        "JOIN durations AS d ON d.case_id = f.case_id WHERE d.us IS NOT NULL "
        f"GROUP BY f.activity ORDER BY n DESC, f.activity LIMIT {MILESTONES_MAX}"
    )
    rows.sort(key=lambda row: (row["median"], row["activity"]))
    return tuple(Milestone(row["activity"], row["n"], row["p25"], row["median"], row["p75"]) for row in rows)


def follows(engine: StudyEngine) -> tuple[Follows, ...]:
    """Return which activity comes right after which, the most frequent first, with the median time between."""
    rows = directly_follows(engine)[:FOLLOWS_MAX]
    return tuple(Follows(row["activity"], row["next_activity"], row["n"], row["median_us"]) for row in rows)


def bottlenecks(engine: StudyEngine, definition: Definition, codes: AbstractSet[str]) -> tuple[Bottleneck, ...]:
    """Return the stages and groups that lose most time: (median - benchmark) x cases.

    The benchmark of a stage is the first quartile over all cases: what a quarter of them already reach.
    """
    stages = [(a, b) for a, b in CHAIN if a in codes and b in codes]
    if not stages:
        return ()
    segment = definition.segments[0] if definition.segments else ""
    needed = sorted({code for stage in stages for code in stage})
    stamps = ", ".join(
        f"MIN(CASE WHEN activity = {quoted(code)} THEN ts_us END) AS {column('t_' + code)}" for code in needed
    )
    value = f"COALESCE({first_value(segment)}, '')" if segment else "''"
    engine.stage("stamped", f"SELECT case_id, {value} AS k, {stamps} FROM trs_events GROUP BY case_id")
    found = []
    for first, then in stages:
        us = f"{column('t_' + then)} - {column('t_' + first)}"
        rows = engine.ask(
            f"WITH s AS (SELECT k, {us} AS us FROM stamped WHERE {us} >= 0), "
            "b AS (SELECT QUANTILE_CONT(us, 0.25) AS mark FROM s) "
            "SELECT s.k, COUNT(*) AS n, QUANTILE_CONT(s.us, 0.5) AS median, MAX(b.mark) AS mark FROM s, b GROUP BY s.k"
        )
        for row in rows:
            lost = row["n"] * max(0.0, row["median"] - row["mark"])
            if row["n"] >= definition.k and lost > 0:
                found.append(
                    Bottleneck(
                        stage=f"{first.lower()}_{then.lower()}",
                        start=first,
                        end=then,
                        owner=OWNER_OF.get(then, UNKNOWN),
                        segment=segment,
                        value=row["k"],
                        n=row["n"],
                        median=row["median"],
                        benchmark=row["mark"],
                        lost=lost,
                    )
                )
    found.sort(key=lambda one: (-one.lost, one.stage, one.value))
    return tuple(found[:BOTTLENECKS_MAX])
