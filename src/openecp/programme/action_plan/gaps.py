# SPDX-License-Identifier: Apache-2.0
"""What a plan exists to prevent: the same work twice, work without an owner, owners without work, impossible dates.

Each function is pure over the records of a plan and shows candidates or counts; none changes or merges anything.

Reads: plan and action records. Limits: 6,000 pairs examined for duplication, the likeliest first; `complete` says
whether any was left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as Names
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from openecp.programme.action_plan.alike import alike
from openecp.programme.action_plan.context import placeholder_bodies
from openecp.programme.action_plan.likeness import Collection, Likeness, Thesaurus
from openecp.programme.action_plan.records import ActionRecord, Period, PlanRecord, TimeframeKind

CANDIDATES_MAX = 500
SCORE_MIN = 0.5
WEIGHT_MIN = 1.0  # of shared terms: more than what every plan says
QUARTERS_MAX = 400


class Duplicate(msgspec.Struct, frozen=True, kw_only=True):
    """Two actions of different bodies or programmes that may be on the same subject; a person decides."""

    first: str
    second: str
    score: float
    shared: tuple[str, ...]
    shared_fr: tuple[str, ...]  # terms of the trade only: other words stand in the titles' language
    first_bodies: tuple[str, ...]
    second_bodies: tuple[str, ...]
    first_programmes: tuple[str, ...]
    second_programmes: tuple[str, ...]


class Duplication(msgspec.Struct, frozen=True, kw_only=True):
    """Candidates for duplication, the likeliest first; `found` counts all of them, also those not listed."""

    candidates: tuple[Duplicate, ...]
    found: int
    complete: bool  # False where pairs were left out because there were too many


class Gaps(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan leaves open: identifiers of actions, codes of bodies and programmes, in the plan's order."""

    total: int
    without_owner: tuple[str, ...]  # no responsible body
    owner_open_ended: tuple[str, ...]  # nobody but "other relevant bodies"
    without_programme: tuple[str, ...]
    without_date: tuple[str, ...]  # no day on which it is due: continuous, annual, sessions, unstated
    without_timeframe: tuple[str, ...]  # nothing is stated at all
    after_plan_end: tuple[str, ...]
    bodies_without_actions: tuple[str, ...]
    programmes_without_actions: tuple[str, ...]


class LoadRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a body has to deliver in a quarter, and what it keeps going besides; body "" stands for no owner."""

    body: str
    quarter: str  # "2019-Q4"
    due: int
    lasting: int


def find_duplicates(
    actions: Sequence[ActionRecord],
    *,
    deliverables: Mapping[str, Sequence[str]] | None = None,
    linked: Names[frozenset[str]] = (),
    placeholders: Names[str] | None = None,
    words: Thesaurus | None = None,
    candidates_max: int = CANDIDATES_MAX,
) -> Duplication:
    """Return actions of different bodies or programmes on the same subject, by their titles and deliverables.

    `linked` are pairs that belong together already (lineage, dependencies) and are left out.
    """
    nobody = placeholder_bodies() if placeholders is None else placeholders
    records = {action.id: action for action in actions}
    owners = {action.id: _owners(action, nobody) for action in actions}
    whose, texts = {}, {}
    for action in actions:
        for number, text in enumerate((action.title, *(deliverables or {}).get(action.id, ()))):
            whose[f"{number} {action.id}"], texts[f"{number} {action.id}"] = action.id, text
    collection = Collection(texts, words)
    pairs, complete = alike(collection)
    found: dict[tuple[str, str], Duplicate] = {}
    for left, right in pairs:
        first, second = whose[left], whose[right]
        if owners[first] != owners[second] and frozenset((first, second)) not in linked:
            like = collection.likeness(left, right)
            score = _score(collection, left, like)
            if score >= SCORE_MIN and ((first, second) not in found or found[first, second].score < score):
                found[first, second] = _duplicate(
                    records[first], records[second], score, collection.shown(like, left, 6)
                )
    rows = sorted(found.values(), key=lambda row: (-row.score, row.first, row.second))
    return Duplication(candidates=tuple(rows[:candidates_max]), found=len(rows), complete=complete)


def find_gaps(
    plan: PlanRecord,
    actions: Sequence[ActionRecord],
    *,
    bodies: Iterable[str] = (),
    programmes: Iterable[str] = (),
    placeholders: Names[str] | None = None,
) -> Gaps:
    """Return what a plan leaves open; `bodies` and `programmes` are those that the register knows.

    A body that supports every action by the table's footnote has work, and owns none of it.
    """
    nobody = placeholder_bodies() if placeholders is None else placeholders
    busy = {body for action in actions for body in (*action.responsible, *action.supporting)}
    used = {programme for action in actions for programme in action.work_programmes}
    end = plan.period.end
    return Gaps(
        total=len(actions),
        without_owner=tuple(action.id for action in actions if not action.responsible),
        owner_open_ended=tuple(
            action.id for action in actions if action.responsible and set(action.responsible) <= set(nobody)
        ),
        without_programme=tuple(action.id for action in actions if not action.work_programmes),
        without_date=tuple(action.id for action in actions if not action.timeframe.due),
        without_timeframe=tuple(action.id for action in actions if action.timeframe.kind == "unstated"),
        after_plan_end=tuple(
            action.id for action in actions if end and action.timeframe.due and action.timeframe.due[:7] > end[:7]
        ),
        bodies_without_actions=tuple(body for body in bodies if body not in busy and body not in nobody),
        programmes_without_actions=tuple(programme for programme in programmes if programme not in used),
    )


def load(actions: Sequence[ActionRecord], period: Period) -> tuple[LoadRow, ...]:
    """Return what each body has to deliver in each quarter of the plan's period and of its due dates.

    An action of two bodies counts once in each; lasting work counts in every quarter of the period, and has no end.
    """
    due: Counter[tuple[str, str]] = Counter()
    lasting: Counter[str] = Counter()
    for action in actions:
        for body in action.responsible or ("",):
            if action.timeframe.due:
                due[body, quarter_of(action.timeframe.due)] += 1
            elif action.timeframe.kind in LASTING:
                lasting[body] += 1
    covered = list(quarters(period.start, period.end))
    keys = set(due) | {(body, quarter) for body in lasting for quarter in covered}
    return tuple(
        LoadRow(
            body=body,
            quarter=quarter,
            due=due[body, quarter],
            lasting=lasting[body] if quarter in covered else 0,
        )
        for body, quarter in sorted(keys)
    )


LASTING: tuple[TimeframeKind, ...] = ("continuous", "annual", "sessions")


def quarter_of(day: str) -> str:
    """Return the quarter of a day or month: `2019-12-31` lies in `2019-Q4`."""
    return f"{day[:4]}-Q{(int(day[5:7]) + 2) // 3}"


def quarters(start: str | None, end: str | None) -> Iterator[str]:
    """Yield the quarters from one month to another, at most 400."""
    if not (start and end):
        return
    first = int(start[:4]) * 4 + (int(start[5:7]) - 1) // 3
    last = int(end[:4]) * 4 + (int(end[5:7]) - 1) // 3
    for number in range(first, min(last, first + QUARTERS_MAX - 1) + 1):
        yield f"{number // 4}-Q{number % 4 + 1}"


def _score(collection: Collection, first: str, like: Likeness) -> float:
    """Return how likely two actions are the same work: by subject, or by one wording inside the other."""
    weights = collection.terms[first].weights
    if sum(weights[term] for term in like.shared) < WEIGHT_MIN:
        return 0.0
    held = (like.wording + max(like.wording_of_first, like.wording_of_second)) / 2
    return max(like.subject, held)


def _owners(action: ActionRecord, nobody: Names[str]) -> tuple[frozenset[str], frozenset[str]]:
    bodies = frozenset(action.responsible) - frozenset(nobody) - frozenset(action.supporting)
    return bodies, frozenset(action.work_programmes)


def _duplicate(
    first: ActionRecord, second: ActionRecord, score: float, shared: tuple[tuple[str, ...], tuple[str, ...]]
) -> Duplicate:
    return Duplicate(
        first=first.id,
        second=second.id,
        score=round(score, 2),
        shared=shared[0],
        shared_fr=shared[1],
        first_bodies=first.responsible,
        second_bodies=second.responsible,
        first_programmes=first.work_programmes,
        second_programmes=second.work_programmes,
    )
