# SPDX-License-Identifier: Apache-2.0
"""What pages and commands show of lanes: the plan, frozen counters, what was selected and changed by day and office.

Plain data, for officers alone; no secret is needed for it, and no draw is in it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from openecp.border.risk.lanes.counters import OfficeCount, chances
from openecp.border.risk.lanes.plan import LANES, NO_CAP, LanePlan, LaneRule
from openecp.border.risk.wilson import wilson_bounds
from openecp.platform.core.lane_desk import COUNTERS, LaneStore, counted_days, frozen_counters

STRICTEST_FIRST = ("red", "yellow", "blue")
_Z99 = 2.5758293035489004


class LaneFace(msgspec.Struct, frozen=True, kw_only=True):
    """One lane of one office: what the plan says of it, how many came into it, and the chance of the top-up now."""

    lane: str
    expected_e6: int
    random_e6: int
    random_trusted_e6: int
    hits_max: int | None  # None: no cap
    moves_after_hours: float | None
    moves_to: str | None
    moves_mandatory: bool
    taken: int
    topup_e9: int


class OfficeLanes(msgspec.Struct, frozen=True, kw_only=True):
    """The lanes of an office, red first; the office '' stands for all that have no row and are not known."""

    office: str
    seen: int
    lanes: list[LaneFace]


class DayLanes(msgspec.Struct, frozen=True, kw_only=True):
    """One office on one day: selected into each lane, drawn at random, on which grounds, and what changed the lane."""

    day: str
    office: str
    seen: int
    trusted: int
    lanes: dict[str, int]
    random: dict[str, int]
    grounds: dict[str, int]
    moved: dict[str, int]  # by the clock: `yellow to blue`
    overridden: dict[str, int]  # by an officer: `red to green`


class LaneView(msgspec.Struct, frozen=True, kw_only=True):
    """Lanes as they stand: by the counters that were frozen last."""

    today: str
    topup: str  # draw or stake
    frozen_seq: int
    frozen_at: str | None
    offices: list[OfficeLanes]
    days: list[DayLanes]


def lane_view(store: LaneStore, plan: LanePlan, today: date) -> LaneView | None:
    """Return the lanes of an installation; None where it has no plan of selection."""
    if not plan:
        return None
    frozen = frozen_counters(store)
    found = [face for face in store.faces(room="risk", prefix=COUNTERS) if face.case_id == COUNTERS]
    names = sorted({"", *(row.office for row in plan.rows), *frozen.offices})
    return LaneView(
        today=today.isoformat(), topup=plan.topup, frozen_seq=frozen.seq,
        frozen_at=found[0].occurred_at if found else None,
        offices=[_office(plan, name, today, frozen.of(name)) for name in names],
        days=[_day(row) for row in counted_days(store)],
    )  # fmt: skip


def share_interval(number: int, of: int) -> tuple[float, float]:
    """Return Wilson's 99 % interval of a share; nothing is known of none."""
    return wilson_bounds(number / of if of else 0.0, of, z=_Z99)


def _office(plan: LanePlan, office: str, today: date, count: OfficeCount) -> OfficeLanes:
    own = plan.of(office, today)
    tops = chances(own, count)
    return OfficeLanes(
        office=office, seen=count.seen,
        lanes=[
            _lane(own.rule(lane), count.lanes[lane - 1].taken, tops[lane - 1]) for lane in (3, 2, 1)
        ],
    )  # fmt: skip


def _lane(rule: LaneRule, taken: int, topup_e9: int) -> LaneFace:
    waits = rule.moves_after_s > 0
    return LaneFace(
        lane=LANES[rule.lane], expected_e6=rule.expected_e6, random_e6=rule.random_e6,
        random_trusted_e6=rule.random_for(trusted=True), hits_max=None if rule.hits_max == NO_CAP else rule.hits_max,
        moves_after_hours=round(rule.moves_after_s / 3_600, 4) if waits else None,
        moves_to=LANES[rule.moves_to] if waits else None, moves_mandatory=rule.moves_mandatory, taken=taken,
        topup_e9=topup_e9,
    )  # fmt: skip


def _day(row: dict[str, Any]) -> DayLanes:
    def named(prefix: str) -> dict[str, int]:
        return {name.removeprefix(prefix): row[name] for name in sorted(row) if name.startswith(prefix)}

    def changes(prefix: str) -> dict[str, int]:
        return {name.replace("_", " to "): number for name, number in named(prefix).items()}

    return DayLanes(
        day=row["day"], office=row["office"], seen=row.get("seen", 0), trusted=row.get("trusted", 0),
        lanes=named("lane_"), random=named("random_"), grounds=named("ground_"), moved=changes("moved_"),
        overridden=changes("overridden_"),
    )  # fmt: skip
