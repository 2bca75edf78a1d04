# SPDX-License-Identifier: Apache-2.0
"""What a paper rests on, asked of the register once for all languages and formats, and checked against one roll-up.

Raises: PaperError where lists and roll-up disagree, or a figure lacks what makes it one.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from openecp.programme.action_plan.names import is_day, parse_action
from openecp.programme.action_plan.plans import Plans, RollUp
from openecp.programme.action_plan.views import (
    ActionView,
    BodyView,
    ChangeView,
    MeasurementView,
    PlanView,
    WorkProgrammeView,
)

ACTIONS_MAX = 10_000
CHANGES_MAX = 100_000
OF_REPORTS = frozenset({"MeasurementFrozen", "ReportIssued"})  # what issuing a paper records itself
_BEGINNING = "0001-01-01"


class PaperError(Exception):
    """A paper that cannot be made: says where, what was wanted, what was got and what to do."""


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a paper says, in codes: as of one day, from one roll-up."""

    plan: PlanView
    as_of: str
    since: str
    roll_up: RollUp
    actions: tuple[ActionView, ...]
    linked: dict[str, ActionView]  # actions of other plans that links lead to
    changes: tuple[ChangeView, ...]  # after `since`, up to `as_of`
    revised: dict[str, frozenset[str]]  # action: columns that a revision changed after the plan's last document
    position: int  # of the last change taken in
    bodies: dict[str, BodyView]
    programmes: dict[str, WorkProgrammeView]
    measurements: tuple[tuple[str, MeasurementView], ...]
    draft: bool

    @property
    def overdue(self) -> tuple[ActionView, ...]:
        """Return the overdue actions, longest overdue first."""
        return _by_due(self.actions, "overdue")

    @property
    def due_soon(self) -> tuple[ActionView, ...]:
        """Return the actions that fall due within the plan's threshold, soonest first."""
        return _by_due(self.actions, "due_soon")


def gather(
    plans: Plans,
    plan: str,
    *,
    as_of: str,
    since: str,
    measurements: Sequence[tuple[str, MeasurementView]] = (),
    draft: bool = False,
) -> Basis:
    """Ask the register for all that the paper of a plan says.

    Raises: PaperError; LookupError where the plan is not known on that day.
    """
    _check_days(since, as_of)
    view = plans.plan(plan, as_of=as_of)
    actions = tuple(plans.actions(plan, as_of=as_of))
    roll_up = plans.roll_up(plan, as_of=as_of)
    told = [each for each in plans.changes(plan, since=_BEGINNING, until=as_of) if each.kind not in OF_REPORTS]
    if len(actions) > ACTIONS_MAX or len(told) > CHANGES_MAX:
        raise PaperError(
            f"{plan}: expected at most {ACTIONS_MAX} actions and {CHANGES_MAX} changes, got {len(actions)} and "
            f"{len(told)}; report on a part of the plan"
        )
    for action, measurement in measurements:
        check_measurement(action, measurement)
    basis = Basis(
        plan=view,
        as_of=as_of,
        since=since,
        roll_up=roll_up,
        actions=actions,
        linked=_linked(plans, actions, as_of),
        changes=tuple(each for each in told if each.on > since),
        revised=_revised(told),
        position=max((each.seq for each in told), default=0),
        bodies={each.code: each for each in plans.bodies()},
        programmes={each.code: each for each in plans.work_programmes()},
        measurements=tuple(sorted(measurements, key=lambda pair: (pair[0], pair[1].indicator, pair[1].as_of))),
        draft=draft,
    )
    _check_counts(basis)
    return basis


def check_measurement(action: str, figure: MeasurementView) -> None:
    """Refuse a figure without number of cases, instant, journal position or query.

    Raises: PaperError.
    """
    missing = []
    if isinstance(figure.n, bool) or not isinstance(figure.n, int) or figure.n < 0:
        missing.append("n, the number of cases")
    elif (figure.n == 0) != (figure.value is None):
        missing.append("a value if and only if n is above 0")
    if not is_day(figure.as_of[:10]):
        missing.append("as-of")
    if figure.journal_position < 0 or not figure.query_hash:
        missing.append("journal position and query hash")
    if missing:
        raise PaperError(
            f"{action}, {figure.indicator}: expected {'; '.join(missing)}, got value {figure.value!r}, n {figure.n!r}, "
            f"as of {figure.as_of!r}, position {figure.journal_position!r}; measure again, it is not printed as it is"
        )


def _linked(plans: Plans, actions: Sequence[ActionView], as_of: str) -> dict[str, ActionView]:
    """Return the actions of other plans that links lead to, as far as they are known on that day."""
    known = {each.id for each in actions}
    links = [link for each in actions for link in (*each.predecessors, *each.successors)]
    wanted = {name for link in links for name in (link.from_id, link.to_id)} - known
    found: dict[str, ActionView] = {}
    for plan in sorted({parsed[0] for name in wanted if (parsed := parse_action(name))}):
        try:
            found |= {each.id: each for each in plans.actions(plan, as_of=as_of) if each.id in wanted}
        except LookupError:
            continue
    return found


def _check_days(since: str, as_of: str) -> None:
    for name, day in (("since", since), ("as of", as_of)):
        if not is_day(day):
            raise PaperError(f"{name}: expected a day such as 2020-02-01, got {day!r}; correct it")
    if since > as_of:
        raise PaperError(f"since: expected a day up to {as_of}, got {since}; the paper tells what changed between them")


def _check_counts(basis: Basis) -> None:
    """Compare the lists of a paper with the roll-up that its figures come from."""
    overall = basis.roll_up.overall
    for name, listed, counted in (
        ("actions", len(basis.actions), basis.roll_up.total),
        ("overdue actions", len(basis.overdue), overall.overdue),
        ("actions due soon", len(basis.due_soon), overall.due_soon),
    ):
        if listed != counted:
            raise PaperError(
                f"{basis.plan.id}, {name}: expected the {counted} of the roll-up, got a list of {listed}; the register "
                f"changed between two questions: run the report again"
            )


def _revised(changes: Sequence[ChangeView]) -> dict[str, frozenset[str]]:
    """Return which columns a revision or decision changed after the last document that said something of the action."""
    found: dict[str, set[str]] = {}
    for change in sorted(changes, key=lambda each: (each.on, each.seq)):
        columns = found.setdefault(change.subject, set())
        for field in change.fields:
            if field.field in ("responsibilities", "timeframe", "work_programmes"):
                (columns.discard if change.version is not None else columns.add)(field.field)
    return {subject: frozenset(columns) for subject, columns in found.items() if columns}


def _by_due(actions: Sequence[ActionView], ground: str) -> tuple[ActionView, ...]:
    found = [each for each in actions if each.assessment.ground == ground]
    return tuple(sorted(found, key=lambda each: (each.timeframe.due or "", each.number)))
