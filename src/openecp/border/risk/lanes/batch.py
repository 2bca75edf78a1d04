# SPDX-License-Identifier: Apache-2.0
"""Lanes of a batch of declarations, out of columns: the rule of `vector` by counters that were frozen.

Limits: a batch is of one day, and nothing of it is counted: whoever hands in the counters counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from openecp.border.risk.lanes.draw import sub_draws
from openecp.border.risk.lanes.online import Criteria, LaneChooser
from openecp.border.risk.lanes.plan import E6
from openecp.border.risk.lanes.select import GROUNDS
from openecp.border.risk.lanes.vector import LaneColumns, select_frozen

_PER_MILLIONTH = 1_000
_HITS = GROUNDS.index("hits")


class BatchLanes(NamedTuple):
    """What was chosen of a batch: by declaration its lane and ground, and which hits of criteria are told."""

    choices: dict[str, Any]  # declaration_no, lane, ground (its place in GROUNDS)
    told: dict[str, Any]  # declaration_no, ref


def choose_lanes(
    chooser: LaneChooser, criteria: Criteria, offices: list[str], declarations: Mapping[str, Any],
    hits: Mapping[str, Any],
) -> BatchLanes:  # fmt: skip
    """Return the lanes of declarations.

    `declarations`: declaration_no (ascending), office (its place in `offices`), draw, trusted, stake_minor; `hits`:
    declaration_no and ref of each criterion hit, once each, by declaration_no.
    """
    today, numbers = chooser.today(), declarations["declaration_no"]
    held = _criteria_columns(criteria)
    ref, at = hits["ref"], np.searchsorted(numbers, hits["declaration_no"])
    width = int(held["first"].max(initial=0)) + 1
    pairs, first_of = np.unique(at * width + held["first"][ref], return_index=True)  # alternatives are one
    one = ref[first_of]
    columns = LaneColumns(
        offices=offices, office=declarations["office"], day=np.full(len(numbers), today.toordinal()),
        interval=np.zeros(len(numbers), np.int64), draw=declarations["draw"],
        trusted=declarations["trusted"].astype(bool), override=np.full(len(numbers), -1), hit_at=pairs // width,
        hit_lane=held["lane"][one], hit_share_e6=held["share"][one], hit_purpose=held["purpose"][one],
        stake_minor=declarations["stake_minor"],
    )  # fmt: skip
    found = select_frozen(columns, chooser.plan, chooser.frozen)
    drawn = sub_draws(columns.draw[at], held["purpose"][ref]) < held["share"][ref] * _PER_MILLIONTH
    told = drawn | (held["share"][ref] >= E6)
    told |= (found.ground[at] == _HITS) & (held["lane"][ref] == found.lane[at])
    return BatchLanes(
        {"declaration_no": numbers, "lane": found.lane, "ground": found.ground},
        {"declaration_no": hits["declaration_no"][told], "ref": ref[told]},
    )


def _criteria_columns(criteria: Criteria) -> dict[str, Any]:
    """Return what is asked of criteria, by their number."""
    most = max(criteria, default=0) + 1
    held = {name: np.zeros(most, np.int64) for name in ("first", "lane", "share")}
    held["purpose"] = np.zeros(most, np.uint64)
    for number, (hit, _) in criteria.items():
        held["first"][number], held["lane"][number], held["share"][number] = hit.ref, hit.lane, hit.share_e6
        held["purpose"][number] = hit.purpose
    return held
