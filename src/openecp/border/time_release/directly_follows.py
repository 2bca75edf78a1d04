# SPDX-License-Identifier: Apache-2.0
"""The performance map: which activity follows which within a case, how often, and how long that took."""

from __future__ import annotations


def directly_follows_sql() -> str:
    """Return SQL of one row a pair of activities that follow each other: n, and the time between them in microseconds.

    Reads: trs_events. Equal stamps keep the order of the file. The standard deviation is the sample's.
    """
    return (
        "SELECT activity, next_activity, COUNT(*) AS n, CAST(SUM(us) AS DOUBLE) / COUNT(*) AS mean_us, "
        "MEDIAN(us) AS median_us, "
        "STDDEV_SAMP(us) AS std_us, MIN(us) AS least_us, MAX(us) AS most_us FROM ("
        "SELECT activity, LEAD(activity) OVER w AS next_activity, LEAD(ts_us) OVER w - ts_us AS us FROM trs_events "
        "WINDOW w AS (PARTITION BY case_id ORDER BY ts_us, seq)) AS p WHERE next_activity IS NOT NULL "
        "GROUP BY activity, next_activity ORDER BY n DESC, activity, next_activity"
    )
