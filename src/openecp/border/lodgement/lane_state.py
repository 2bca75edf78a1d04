# SPDX-License-Identifier: Apache-2.0
"""What the lane of a case hangs on: which one is stricter, what keeps the clock from moving it, when it would."""

from __future__ import annotations

from collections.abc import Mapping

from openecp.border.lodgement.case import DeclarationCase, LaneMove
from openecp.border.lodgement.context import plus_days

LANES = ("green", "blue", "yellow", "red")


def milder(lane: str | None, than: str | None) -> bool:
    """Tell whether a lane is milder than another; where there is none, nothing is."""
    return lane in LANES and than in LANES and LANES.index(str(lane)) < LANES.index(str(than))


def control_recorded(case: DeclarationCase) -> bool:
    """Tell whether something of a control is on record, or an officer holds the goods: then no clock moves the lane."""
    return (
        case.controlled or case.held or case.release_ordered or case.status == "detained"
        or case.attention == "documents_not_conform"
    )  # fmt: skip


def lane_clock(moves: Mapping[str, LaneMove], lane: str | None, mandatory: str | None, now: str) -> dict[str, str]:
    """Return the clock by which a declaration leaves a lane where it has waited too long; none where none runs."""
    move = moves.get(lane or "")
    if move is None or (mandatory is not None and not move.mandatory):
        return {}
    return {"lane": plus_days(now, move.after_s / 86_400)}
