# SPDX-License-Identifier: Apache-2.0
"""Wires selectivity: one chooser of lanes for all assessors of an installation, and what goes on by the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from openecp.border.risk.lanes.online import LaneChooser
from openecp.platform.core.lane_desk import LaneDesk, chooser_of
from openecp.platform.core.profile_results import ProfileResults
from openecp.platform.core.profilework import zone_of

FREEZE_S = 300.0  # counters are frozen anew so often, where anything was selected
RESULTS_S = 900.0  # results of profiles are counted on so often
_MADE: WeakKeyDictionary[Any, dict[bytes, LaneChooser | None]] = WeakKeyDictionary()


def lanes_of(here: Any, secret: bytes) -> LaneChooser | None:
    """Return what chooses lanes in an installation, one for all who assess with this secret; None without a plan.

    Raises: ProfileError.
    """
    made = _MADE.setdefault(here, {})
    if secret not in made:
        made[secret] = chooser_of(here.profile, secret)
    return made[secret]


def lane_ticks(here: Any, store: Any) -> list[tuple[str, float, Callable[[], object]]]:
    """Commit to draws and take up the counters now, and return what goes on by the clock: lanes, results of profiles.

    Raises: ProfileError, LaneRefused.
    """
    results = ProfileResults(store, zone=zone_of(here.profile))
    works: list[tuple[str, float, Callable[[], object]]] = [("profiles", RESULTS_S, results.tick)]
    chooser = lanes_of(here, here.selection_secret())
    if chooser is not None:
        desk = LaneDesk(store, chooser)
        desk.tick()
        works.append(("lanes", FREEZE_S, desk.tick))
    return works
