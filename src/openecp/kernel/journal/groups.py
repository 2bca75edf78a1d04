# SPDX-License-Identifier: Apache-2.0
"""Writes that stand or fall together: which belong together, and what each is told when one of them fails."""

from __future__ import annotations

from collections.abc import Sequence

from openecp.kernel.journal.admission import MAX_GROUP
from openecp.kernel.journal.model import CaseWrite, Written


def units_of(batch: Sequence[CaseWrite]) -> list[list[int]]:
    """Return the places of a batch that are recorded together, each group where its first write stands."""
    units: list[list[int]] = []
    groups: dict[str, list[int]] = {}
    for place, write in enumerate(batch):
        if write.group is None:
            units.append([place])
        elif (unit := groups.get(write.group)) is not None:
            unit.append(place)
        else:
            units.append(groups.setdefault(write.group, [place]))
    return units


def group_fault(writes: Sequence[CaseWrite]) -> tuple[int, str] | None:
    """Return which write of a group cannot stand in it and why, None where the group is well formed."""
    if len(writes) > MAX_GROUP:
        return MAX_GROUP, f"group: expected at most {MAX_GROUP} writes, found {len(writes)}; fix: write in parts"
    keys: set[tuple[str, str]] = set()
    for number, write in enumerate(writes):
        key = write.idempotency
        if key is None:
            continue
        if (key.organisation, key.key) in keys:
            return number, f"group: expected the key {key.key!r} at one write, found it twice; fix: leave one"
        keys.add((key.organisation, key.key))
    return None


def withheld(writes: Sequence[CaseWrite], failing: int, answer: Written) -> list[Written]:
    """Return the answers of a group of which one write failed: its own, and for the others why nothing was recorded."""
    failed = writes[failing]
    said = f": {answer.error}" if answer.error else ""
    other = Written(
        outcome="stale",
        error=(
            f"group {failed.group!r}: nothing of it was recorded, since write {failing + 1} of {len(writes)} "
            f"(case {failed.row.case_id[:128]}) is {answer.outcome}{said}"
        ),
    )
    return [answer if number == failing else other for number in range(len(writes))]


def repeated(writes: Sequence[CaseWrite], earlier: Sequence[Written | None]) -> list[Written]:
    """Return the answers of a group that was recorded before: each write's first answer where its key is known."""
    return [
        found if found is not None else Written(outcome="repeated") for _, found in zip(writes, earlier, strict=True)
    ]
