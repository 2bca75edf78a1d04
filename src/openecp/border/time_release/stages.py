# SPDX-License-Identifier: Apache-2.0
"""The full cube: all stages of a study by all its segments in one statement, from events or from the projection.

The projection has one row a consignment and one column an activity: it is what a running system keeps current, and what
saves the larger part of the work when the cube is asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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


def cube_sql(projection: str, stages: Sequence[Stage], segments: Sequence[str], cells: Sequence[str] = ()) -> str:
    """Return SQL of the cube: one row a cell, with n, mean, median, p90 and std of every stage in microseconds.

    `cells` are SQL expressions over the projection that part it further, such as a month.
    """
    groups = [column(name) for name in segments] + [f"{sql} AS c{place}" for place, sql in enumerate(cells)]
    figures = ", ".join(
        f"COUNT({_length(stage)}) AS {stage.name}__n, AVG({_length(stage)}) AS {stage.name}__mean, "
        f"QUANTILE_CONT({_length(stage)}, 0.5) AS {stage.name}__median, "
        f"QUANTILE_CONT({_length(stage)}, 0.9) AS {stage.name}__p90, "
        f"STDDEV_SAMP({_length(stage)}) AS {stage.name}__std"
        for stage in stages
    )
    numbers = ", ".join(str(place) for place in range(1, len(groups) + 1))
    tail = f" GROUP BY {numbers}" if groups else ""
    return f"SELECT {''.join(group + ', ' for group in groups)}{figures} FROM {projection}{tail}"


def _stamp(code: str) -> str:
    return column(f"t_{code}")


def _length(stage: Stage) -> str:
    return f"({_stamp(stage.end)} - {_stamp(stage.start)})"
