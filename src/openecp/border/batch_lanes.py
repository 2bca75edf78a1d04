# SPDX-License-Identifier: Apache-2.0
"""The part of a batch where a plan of selection rules: lanes of all declarations at once, and which hits are told.

Why here: the rule is `risk.lanes`, what it needs are tables of the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openecp.border.risk.lanes.online import Criteria, LaneChooser
from openecp.border.risk.lanes.select import GROUNDS
from openecp.kernel.assessment.engine import Schema

_OFFICES = (("place", "BIGINT"), ("office", "VARCHAR"))
_HOLDERS = (("holder", "VARCHAR"),)
LANE_TABLES: dict[str, Schema] = {  # that steps read and no step makes
    "lane_offices": _OFFICES,
    "trusted_holders": _HOLDERS,
    "lane_choices": (("declaration_no", "INTEGER"), ("lane", "BIGINT"), ("ground", "BIGINT"), ("at_random", "BOOLEAN")),
    "told_hits": (("declaration_no", "INTEGER"), ("ref", "BIGINT")),
}


def stage_lanes(engine: Any, statement: Callable[[str], str], chooser: LaneChooser, criteria: Criteria) -> None:
    """Make the tables lane_subjects and lane_choices, and of batch_faults only the hits of criteria that selected."""
    from openecp.border.risk.lanes.batch import choose_lanes

    offices = chooser.plan.offices()
    engine.load("lane_offices", _OFFICES, list(enumerate(offices)), ("office",))
    engine.load("trusted_holders", _HOLDERS, [(h,) for h in sorted(chooser.trusted_on(chooser.today()))], ("holder",))
    engine.stage("lane_subjects", statement("lane_subjects"))
    subjects = engine.arrays("SELECT * FROM lane_subjects ORDER BY declaration_no")
    chosen = choose_lanes(chooser, criteria, offices, subjects, engine.arrays(statement("lane_hits")))
    at_random = chosen.choices["ground"] == GROUNDS.index("random")
    engine.hold("lane_choices", chosen.choices | {"at_random": at_random})
    engine.hold("told_hits", chosen.told)
    engine.stage("told_faults", statement("told_faults"))
    engine.stage("batch_faults", "SELECT * FROM told_faults")


def ground_sql(number: str) -> str:
    """Return SQL for the name of a ground by its number; nothing where no plan ruled."""
    names = " ".join(f"WHEN {at} THEN '{name or 'none'}'" for at, name in enumerate(GROUNDS))
    return f"CASE {number} {names} ELSE '' END"
