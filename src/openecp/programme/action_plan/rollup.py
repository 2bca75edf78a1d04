# SPDX-License-Identifier: Apache-2.0
"""Counts actions as of a day from their faces: by section, body, programme, timeframe, lifecycle, colour and quarter.

Limits: 10,000 actions in well under 100 ms; docs/programme.md has the figure and the command that measures it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from openecp.programme.action_plan.judge import Face, SessionFace, days_left, judge
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


_Counted = tuple[str, str, bool, bool, bool]  # lifecycle, colour, overdue, due soon, with evidence


def roll_up(known: Known, plan: str | None, as_of: str) -> RollUp:
    """Count the actions of a plan, or of all."""
    plans: list[str] = []
    faces: list[Face] = []
    counted: list[_Counted] = []
    overridden = 0
    for name in sorted(known.actions):
        facts = known.plans[name]
        held = sessions_held(known.sessions, facts, as_of)
        soon = facts.thresholds.due_soon_days
        for face in known.actions[name]:
            if face.withdrawn:
                continue
            colour = judge(face, as_of, facts.thresholds, held.get(face.sessions_of or "", ())).colour
            left = days_left(face, as_of)
            plans.append(name)
            faces.append(face)
            counted.append(
                (
                    face.lifecycle,
                    colour,
                    left is not None and left < 0,
                    left is not None and 0 <= left < soon,
                    face.last_evidence is not None,
                )
            )
            overridden += face.override is not None and face.override_until >= as_of
    overall = _rows(Counter(("", each) for each in counted))
    return RollUp(
        plan=plan,
        as_of=as_of,
        total=len(faces),
        overall=overall[0] if overall else RollUpRow(key="", total=0),
        by_section=_rows(
            Counter(zip((f"{p}/{f.section}" for p, f in zip(plans, faces, strict=True)), counted, strict=True))
        ),
        by_body=_rows(
            Counter((body, each) for f, each in zip(faces, counted, strict=True) for body in f.bodies or ("",))
        ),
        by_programme=_rows(
            Counter((code, each) for f, each in zip(faces, counted, strict=True) for code in f.programmes or ("",))
        ),
        by_timeframe=_rows(Counter(zip((f.kind for f in faces), counted, strict=True))),
        by_lifecycle=_rows(Counter((each[0], each) for each in counted)),
        by_assessment=_rows(Counter((each[1], each) for each in counted), order=COLOURS),
        by_quarter=_rows(Counter(zip((quarter(f.due) for f in faces), counted, strict=True))),
        by_plan=_rows(Counter(zip(plans, counted, strict=True))),
        overridden=overridden,
        position=known.position,
    )


def _rows(counts: Mapping[tuple[str, _Counted], int], order: Sequence[str] | None = None) -> tuple[RollUpRow, ...]:
    """Add up counts by key, in the order of the keys; what has no key stands last."""
    by_key: dict[str, list[tuple[_Counted, int]]] = {}
    for (key, each), number in counts.items():
        by_key.setdefault(key, []).append((each, number))
    keys = sorted(by_key, key=_sort_key) if order is None else [key for key in order if key in by_key]
    return tuple(_row(key, by_key[key]) for key in keys)


def _row(key: str, counts: list[tuple[_Counted, int]]) -> RollUpRow:
    lifecycle: dict[str, int] = {}
    colours: dict[str, int] = {}
    total = overdue = soon = evidence = 0
    for (state, colour, is_overdue, is_soon, has_evidence), number in counts:
        total += number
        lifecycle[state] = lifecycle.get(state, 0) + number
        colours[colour] = colours.get(colour, 0) + number
        overdue += number * is_overdue
        soon += number * is_soon
        evidence += number * has_evidence
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
