# SPDX-License-Identifier: Apache-2.0
"""The cube: what a clock says in each cell of a cross of segments, as one statement over one row a case.

Quantiles are linear between the two nearest values (numpy's definition); means are sums of whole microseconds divided
once; the standard deviation is the sample's.
"""

from __future__ import annotations

from openecp.border.time_release.clocks import Clock, column, stamps_sql

QUANTILES = (("p10", 0.1), ("p25", 0.25), ("median", 0.5), ("p75", 0.75), ("p90", 0.9), ("p95", 0.95))


def durations_sql(clock: Clock, segments: tuple[str, ...]) -> str:
    """Return SQL of one row a case: segments, start_us, end_us, last_us, and us, the clock; null: not known."""
    return f"SELECT d.*, d.end_us - d.start_us AS us FROM ({stamps_sql(clock, segments)}) AS d"


def cells_sql(source: str, segments: tuple[str, ...], target_us: int | None = None) -> str:
    """Return SQL of the cells of a table of durations: one row for each value of the segments that occurs.

    `missing` counts the cases without a start, `censored` those with a start and no end: they are still open.
    """
    names = [column(name) for name in segments]
    groups = f" GROUP BY {', '.join(names)}" if names else ""
    order = f" ORDER BY {', '.join(f'{name} NULLS LAST' for name in names)}" if names else ""
    quantiles = ", ".join(f"QUANTILE_CONT(us, {share}) AS {name}_us" for name, share in QUANTILES)
    within = "COUNT(*) FILTER (WHERE us <= " + str(target_us) + ")" if target_us is not None else "NULL"
    return (
        f"SELECT {''.join(name + ', ' for name in names)}"
        "COUNT(us) AS n, COUNT(*) FILTER (WHERE start_us IS NULL) AS missing, "
        "COUNT(*) FILTER (WHERE start_us IS NOT NULL AND end_us IS NULL) AS censored, "
        f"SUM(us) AS sum_us, {quantiles}, STDDEV_SAMP(us) AS std_us, MIN(us) AS least_us, MAX(us) AS most_us, "
        f"COUNT(*) FILTER (WHERE us < 0) AS negative, {within} AS within FROM {source}{groups}{order}"
    )
