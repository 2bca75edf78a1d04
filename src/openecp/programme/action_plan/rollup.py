# SPDX-License-Identifier: Apache-2.0
"""Counts actions as of a day from their faces: by section, body, programme, timeframe, lifecycle, colour and quarter.

Limits: 10,000 actions in well under 100 ms; docs/programme.md has the figure and the command that measures it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from openecp.programme.action_plan.judge import Face, SessionFace, judge
from openecp.programme.action_plan.plans import RollUp, RollUpRow
from openecp.programme.action_plan.views import Thresholds

COLOURS = ("green", "amber", "red", "grey")


class PlanFacts(msgspec.Struct, frozen=True, array_like=True):
    """What roll-ups need of a plan: its thresholds and its period."""

    thresholds: Thresholds
    start: str | None
    end: str | None


class Known(msgspec.Struct, frozen=True):
    """Everything that was known as of a day: plans and actions by id, sessions, and the journal's position."""

    plans: dict[str, PlanFacts]
    actions: dict[str, list[Face]]  # by plan
    sessions: dict[str, SessionFace]
    position: int


class _Kind(NamedTuple):
    """What is counted together."""

    lifecycle: str
    colour: str
    overdue: bool
    due_soon: bool
    evidence: bool
    timeframe: str


def roll_up(known: Known, plan: str | None, as_of: str) -> RollUp:
    """Count the actions of a plan, or of all.

    What occurs together has a number, since pairs of a key and a number are quick to count.
    """
    numbers_of: dict[tuple[str, str, bool, bool, bool, str], int] = {}
    sections: Counter[tuple[str, int]] = Counter()
    plans: Counter[tuple[str, int]] = Counter()
    faces: list[Face] = []
    numbers: list[int] = []
    overridden = 0
    for name in sorted(known.actions):
        facts = known.plans[name]
        held = sessions_held(known.sessions, facts, as_of)
        thresholds = facts.thresholds
        first = len(numbers)
        for face in known.actions[name]:
            if face.withdrawn:
                continue
            sessions = held.get(face.sessions_of or "", ()) if face.kind == "sessions" else ()
            judged = judge(face, as_of, thresholds, sessions)
            ground = judged.ground
            kind = (
                face.lifecycle,
                judged.colour,
                ground == "overdue",
                ground == "due_soon",
                face.last_evidence is not None,
                face.kind,
            )
            numbers.append(numbers_of.setdefault(kind, len(numbers_of)))
            faces.append(face)
            if face.override is not None and face.override_until >= as_of:
                overridden += 1
        here = numbers[first:]
        plans.update({(name, number): n for number, n in Counter(here).items()})
        by_number = Counter(zip([face.section for face in faces[first:]], here, strict=True))
        sections.update({(f"{name}/{section}", number): n for (section, number), n in by_number.items()})
    kinds = [_Kind(*kind) for kind in numbers_of]
    each = Counter(numbers)
    overall = _rows({("", number): n for number, n in each.items()}, kinds)
    return RollUp(
        plan=plan,
        as_of=as_of,
        total=len(faces),
        overall=overall[0] if overall else RollUpRow(key="", total=0),
        by_section=_rows(sections, kinds),
        by_body=_rows(_of_many([face.bodies for face in faces], numbers), kinds),
        by_programme=_rows(_of_many([face.programmes for face in faces], numbers), kinds),
        by_timeframe=_rows({(kinds[number].timeframe, number): n for number, n in each.items()}, kinds),
        by_lifecycle=_rows({(kinds[number].lifecycle, number): n for number, n in each.items()}, kinds),
        by_assessment=_rows({(kinds[number].colour, number): n for number, n in each.items()}, kinds, COLOURS),
        by_quarter=_rows(Counter(zip([quarter(face.due) for face in faces], numbers, strict=True)), kinds),
        by_plan=_rows(plans, kinds),
        overridden=overridden,
        position=known.position,
    )


def _of_many(keys: Iterable[tuple[str, ...]], numbers: Iterable[int]) -> Counter[tuple[str, int]]:
    """Count actions by each of their keys; those without one by ""."""
    found: Counter[tuple[str, int]] = Counter()
    for (several, number), n in Counter(zip(keys, numbers, strict=True)).items():
        for key in several or ("",):
            found[key, number] += n
    return found


def _rows(
    counts: Mapping[tuple[str, int], int], kinds: Sequence[_Kind], order: Sequence[str] | None = None
) -> tuple[RollUpRow, ...]:
    """Add up counts by key, in the order of the keys; what has no key stands last."""
    by_key: dict[str, list[tuple[_Kind, int]]] = {}
    for (key, kind), number in counts.items():
        by_key.setdefault(key, []).append((kinds[kind], number))
    keys = sorted(by_key, key=_sort_key) if order is None else [key for key in order if key in by_key]
    return tuple(_row(key, by_key[key]) for key in keys)


def _row(key: str, counts: list[tuple[_Kind, int]]) -> RollUpRow:
    lifecycle: dict[str, int] = {}
    colours: dict[str, int] = {}
    total = overdue = soon = evidence = 0
    for kind, number in counts:
        total += number
        lifecycle[kind.lifecycle] = lifecycle.get(kind.lifecycle, 0) + number
        colours[kind.colour] = colours.get(kind.colour, 0) + number
        overdue += number * kind.overdue
        soon += number * kind.due_soon
        evidence += number * kind.evidence
    return RollUpRow(
        key=key,
        total=total,
        lifecycle=dict(sorted(lifecycle.items())),
        colours={colour: colours[colour] for colour in COLOURS if colour in colours},
        overdue=overdue,
        due_soon=soon,
        with_evidence=evidence,
    )


def _sort_key(key: str) -> tuple[bool, str, int]:
    head, _, tail = key.rpartition("/")
    return (not key, head if tail.isdigit() else key, int(tail) if tail.isdigit() else 0)


@lru_cache(maxsize=16_384)
def quarter(due: str | None) -> str:
    """Return the quarter of a due date, `2019-Q4`; "" where there is none."""
    return f"{due[:4]}-Q{(int(due[5:7]) + 2) // 3}" if due else ""


def sessions_held(sessions: Mapping[str, SessionFace], plan: PlanFacts, as_of: str) -> dict[str, tuple[str, ...]]:
    """Return the sessions by body that ended by a day, within a plan's period."""
    found: dict[str, list[str]] = {}
    for name, face in sessions.items():
        if (
            face.ends <= as_of
            and (plan.start or "") <= face.starts[:7]
            and (not plan.end or face.starts[:7] <= plan.end[:7])
        ):
            found.setdefault(face.body, []).append(name)
    return {body: tuple(sorted(names)) for body, names in found.items()}
