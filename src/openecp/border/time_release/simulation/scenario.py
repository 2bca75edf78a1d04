# SPDX-License-Identifier: Apache-2.0
"""What one asks of a simulation: more officers on some days, more authorised operators, joint inspections."""

from __future__ import annotations

from typing import Literal

import msgspec

STATIONS = ("doc_check", "inspection", "agency")
MAX_CHANGES = 50


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change. What it needs depends on its kind.

    `officers`: `officers` more (or fewer) at `station`, on `weekdays` (Monday 0; all where none are named), at
    `offices` (all where none are named). `aeo_share`: `points` of a hundred more cases of authorised operators.
    `joint_inspection`: agencies inspect together with Customs where both do.
    """

    kind: Literal["officers", "aeo_share", "joint_inspection"]
    station: Literal["doc_check", "inspection", "agency"] = "inspection"
    officers: int = 0
    weekdays: tuple[int, ...] = ()
    offices: tuple[str, ...] = ()
    points: float = 0.0


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named scenario: the changes that are made at once."""

    name: str
    changes: tuple[Change, ...]


class ScenarioFault(ValueError):  # noqa: N818
    """A scenario that cannot be played: what was expected and got stand in the text."""


def scenario_of(raw: bytes) -> Scenario:
    """Read a scenario from JSON.

    Raises: ScenarioFault.
    """
    try:
        found = msgspec.json.decode(raw, type=Scenario)
    except msgspec.DecodeError as error:
        raise ScenarioFault(f"scenario: expected name and changes, got {error}; fix: see trs simulate") from None
    if not 1 <= len(found.changes) <= MAX_CHANGES:
        raise ScenarioFault(f"scenario: expected 1 to {MAX_CHANGES} changes, got {len(found.changes)}")
    for change in found.changes:
        if not -50 <= change.officers <= 50 or not -100 <= change.points <= 100:
            raise ScenarioFault("change: expected -50 to 50 officers and -100 to 100 points; fix: name fewer")
        if any(not 0 <= day <= 6 for day in change.weekdays):
            raise ScenarioFault(f"change, weekdays: expected 0 (Monday) to 6, got {change.weekdays}")
    return found
