# SPDX-License-Identifier: Apache-2.0
"""The full cube: all stages of a study by all its segments in one statement, from events or from the projection.

The projection has one row a consignment and one column an activity: it is what a running system keeps current, and what
saves the larger part of the work when the cube is asked for again. Sums are whole numbers and quantiles lie on the line
between two of them, so that every engine gives the same cells, to the last digit.
Limits: quantiles of stages of four years and more may differ by a tenth of a microsecond between engines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, NamedTuple

from openecp.border.time_release.clocks import column, first_value, quoted


class Stage(NamedTuple):
    """One stage: from a case's first `start` to its first `end`; negative where they stand the other way round."""

    name: str
    start: str
    end: str


STAGES: tuple[Stage, ...] = (
    Stage("arrival_lodged", "ARRIVAL", "LODGED"),
    Stage("lodged_accepted", "LODGED", "ACCEPTED"),
    Stage("accepted_channelled", "ACCEPTED", "CHANNELLED"),
    Stage("inspection", "INSPECT_START", "INSPECT_END"),
    Stage("assessed_paid", "ASSESSED", "PAYMENT_CONFIRMED"),
    Stage("paid_released", "PAYMENT_CONFIRMED", "RELEASED"),
    Stage("released_gate_out", "RELEASED", "GATE_OUT"),
    Stage("accepted_released", "ACCEPTED", "RELEASED"),
    Stage("arrival_gate_out", "ARRIVAL", "GATE_OUT"),
)


def projection_sql(stages: Sequence[Stage], segments: Sequence[str]) -> str:
    """Return SQL of the projection: case_id, the segments, and `t_<activity>`, the first stamp of each activity.

    Reads: trs_events.
    """
    codes = dict.fromkeys(code for stage in stages for code in (stage.start, stage.end))
    stamps = ", ".join(f"MIN(CASE WHEN activity = {quoted(code)} THEN ts_us END) AS {_stamp(code)}" for code in codes)
    kept = "".join(f"{first_value(name)} AS {column(name)}, " for name in segments)
    return f"SELECT case_id, {kept}{stamps} FROM trs_events GROUP BY case_id"


def month_sql(stages: Sequence[Stage]) -> str:
    """Return SQL, over the projection, of the month of a case (202601): lodged, else arrived, else the first known."""
    codes = dict.fromkeys(("LODGED", "ARRIVAL", *(code for stage in stages for code in (stage.start, stage.end))))
    there = {code for stage in stages for code in (stage.start, stage.end)}
    stamp = f"MAKE_TIMESTAMP(COALESCE({', '.join(_stamp(code) for code in codes if code in there)}))"
    return f"EXTRACT(year FROM {stamp}) * 100 + EXTRACT(month FROM {stamp})"


def cube_sql(projection: str, stages: Sequence[Stage], segments: Sequence[str], cells: Sequence[str] = ()) -> str:
    """Return SQL of the cube, one row a cell: of every stage its cases, their sum and sum of squares, median and p90.

    `cells` are SQL expressions over the projection that part it further, such as a month.
    """
    groups = [column(name) for name in segments] + [f"{sql} AS c{place}" for place, sql in enumerate(cells)]
    figures = ", ".join(
        f"COUNT({_length(stage)}) AS {stage.name}__n, SUM(CAST({_length(stage)} AS HUGEINT)) AS {stage.name}__sum, "
        f"SUM(CAST({_length(stage)} AS HUGEINT) * {_length(stage)}) AS {stage.name}__squares, "
        f"QUANTILE_CONT({_length(stage)}, [0.5, 0.9]) AS {stage.name}__marks"
        for stage in stages
    )
    numbers = ", ".join(str(place) for place in range(1, len(groups) + 1))
    tail = f" GROUP BY {numbers}" if groups else ""
    return f"SELECT {''.join(group + ', ' for group in groups)}{figures} FROM {projection}{tail}"


class CubeFigures(NamedTuple):
    """What one stage took in one cell, in microseconds; nothing where too few cases have both stamps."""

    n: int
    mean: float | None
    median: float | None
    p90: float | None
    std: float | None


def cube_cells(
    rows: Sequence[Mapping[str, Any]], stages: Sequence[Stage], names: Sequence[str]
) -> dict[tuple[Any, ...], dict[str, CubeFigures]]:
    """Return the figures of every stage by cell, from the rows of `cube_sql`; cells without a value come last."""
    found = {
        tuple(row[name] for name in names): {stage.name: _figures(row, stage.name) for stage in stages} for row in rows
    }
    return dict(sorted(found.items(), key=lambda one: [(value is None, value or 0) for value in one[0]]))


def _figures(row: Mapping[str, Any], name: str) -> CubeFigures:
    n = int(row[f"{name}__n"])
    if not n:
        return CubeFigures(0, None, None, None, None)
    total, squares = int(row[f"{name}__sum"]), int(row[f"{name}__squares"])
    # whole numbers until the last division; a quantile of tenths is a multiple of a tenth, whatever rounded it
    median, p90 = (round(float(mark) * 10) / 10 for mark in row[f"{name}__marks"])
    std = sqrt((n * squares - total * total) / (n * (n - 1))) if n > 1 else None
    return CubeFigures(n, total / n, median, p90, std)


def _stamp(code: str) -> str:
    return column(f"t_{code}")


def _length(stage: Stage) -> str:
    return f"({_stamp(stage.end)} - {_stamp(stage.start)})"
