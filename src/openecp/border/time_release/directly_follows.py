# SPDX-License-Identifier: Apache-2.0
"""The performance map: which activity follows which within a case, how often, and how long that took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from openecp.border.time_release.clocks import quoted

CODES_MAX = 1_000  # activities that are written as codes while they are sorted
_FIGURES = (
    "COUNT(*) AS n, CAST(SUM(us) AS DOUBLE) / COUNT(*) AS mean_us, MEDIAN(us) AS median_us, "
    "STDDEV_SAMP(us) AS std_us, MIN(us) AS least_us, MAX(us) AS most_us"
)


class Asks(Protocol):
    """The part of an engine that is asked here."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""


def directly_follows(engine: Asks) -> list[dict[str, Any]]:
    """Return one row a pair of activities that follow each other: n, and the time between them in microseconds.

    Equal stamps keep the order of the file. The standard deviation is the sample's.
    """
    found = engine.ask(f"SELECT DISTINCT activity FROM trs_events LIMIT {CODES_MAX + 1}")
    codes = sorted(row["activity"] for row in found)
    if not codes:
        return []
    if len(codes) > CODES_MAX:
        return engine.ask(directly_follows_sql())
    rows = engine.ask(_hashed_sql(codes))
    if any(row.pop("clashes") for row in rows):  # two cases of one hash: part them by their numbers
        return engine.ask(directly_follows_sql())
    return rows


def directly_follows_sql() -> str:
    """Return SQL of the same by the cases' numbers, on any engine. Reads: trs_events."""
    return (
        f"SELECT activity, next_activity, {_FIGURES} FROM ("
        "SELECT activity, LEAD(activity) OVER w AS next_activity, LEAD(ts_us) OVER w - ts_us AS us FROM trs_events "
        "WINDOW w AS (PARTITION BY case_id ORDER BY ts_us, seq)) AS p WHERE next_activity IS NOT NULL "
        "GROUP BY activity, next_activity ORDER BY n DESC, activity, next_activity"
    )


def _hashed_sql(codes: Sequence[str]) -> str:
    """Return SQL that sorts by the hash of the case, and counts the rows of two cases that stand side by side in one.

    Why: keys of one width are sorted in little more than half the time; LAG over rows in order takes no second sort.
    """
    kind = f"ENUM({', '.join(map(quoted, codes))})"
    return (
        f"SELECT CAST(a AS VARCHAR) AS activity, CAST(b AS VARCHAR) AS next_activity, {_FIGURES}, "
        "COUNT(*) FILTER (WHERE clash) AS clashes FROM ("
        "SELECT LAG(a) OVER () AS a, a AS b, ts_us - LAG(ts_us) OVER () AS us, LAG(h) OVER () = h AS same, "
        "LAG(case_id) OVER () <> case_id AS clash FROM ("
        f"SELECT HASH(case_id) AS h, case_id, CAST(activity AS {kind}) AS a, ts_us FROM trs_events "
        "ORDER BY h, ts_us, seq) AS e) AS p WHERE same GROUP BY a, b ORDER BY n DESC, activity, next_activity"
    )
