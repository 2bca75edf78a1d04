# SPDX-License-Identifier: Apache-2.0
"""Wires selectivity: one chooser of lanes for all assessors of an installation, and what goes on by the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from openecp.border.risk.lanes.online import LaneChooser
from openecp.platform.core.lane_desk import LaneDesk, chooser_of

FREEZE_S = 300.0  # counters are frozen anew so often, where anything was selected
_MADE: WeakKeyDictionary[Any, dict[bytes, LaneChooser | None]] = WeakKeyDictionary()


def lanes_of(here: Any, secret: bytes) -> LaneChooser | None:
    """Return what chooses lanes in an installation, one for all who assess with this secret; None without a plan.

    Raises: ProfileError.
    """
    made = _MADE.setdefault(here, {})
    if secret not in made:
        made[secret] = chooser_of(here.profile, secret)
    return made[secret]


def lane_ticks(here: Any, store: Any) -> list[tuple[str, float, Callable[[], None]]]:
    """Commit to draws and take up the counters now, and return what goes on with it by the clock.

    Raises: ProfileError, LaneRefused.
    """
    chooser = lanes_of(here, here.selection_secret())
    if chooser is None:
        return []
    desk = LaneDesk(store, chooser)
    desk.tick()
    return [("lanes", FREEZE_S, desk.tick)]
