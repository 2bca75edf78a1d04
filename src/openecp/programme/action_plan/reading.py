# SPDX-License-Identifier: Apache-2.0
"""Answers every question about plans from the journal, as of any day: one engine for page, report, feed and command.

Streams that were read are kept in memory and read further only where they grew; roll-ups read faces alone.
Limits: 100,000 streams in all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from openecp.kernel.indicators.model import Indicator, JournalWindow, measure
from openecp.programme.action_plan.choosing import Chosen
from openecp.programme.action_plan.fold import fold_action, fold_instrument, fold_session
from openecp.programme.action_plan.history import changes_of, difference
from openecp.programme.action_plan.judge import Face, SessionFace
from openecp.programme.action_plan.names import (
    INSTRUMENT,
    PLAN,
    ROOM,
    SESSION,
    action_id,
    action_stream,
    end_of,
    instrument_stream,
    is_name,
    is_plan_id,
    parse_action,
    plan_stream,
    session_stream,
    subject_of,
)
from openecp.programme.action_plan.plans import ActionDiff, ActionFilter, RollUp
from openecp.programme.action_plan.proposed import Proposal
from openecp.programme.action_plan.rollup import Known, PlanFacts, roll_up, sessions_held
from openecp.programme.action_plan.show import action_view, instrument_view, plan_view, session_view
from openecp.programme.action_plan.state import PlanState
from openecp.programme.action_plan.streams import RegisterJournal, StreamReader
from openecp.programme.action_plan.views import (
    ActionView,
    BodyView,
    ChangeView,
    InstrumentView,
    LineageView,
    MeasurementView,
    PlanView,
    SessionView,
    VersionView,
    WorkProgrammeView,
)

_action_faces = msgspec.json.Decoder(list[Face]).decode
_plan_face = msgspec.json.Decoder(PlanFacts).decode
_session_face = msgspec.json.Decoder(SessionFace).decode
_instrument_face = msgspec.json.Decoder(tuple[str, ...]).decode


MAX_COUNTED = 256


class PlanBook(StreamReader):
    """The register as it is read: `openecp.programme.action_plan.plans.Plans`."""

    def __init__(
        self,
        journal: RegisterJournal,
        *,
        clock: Callable[[], str],
        bodies: Sequence[BodyView] = (),
        work_programmes: Sequence[WorkProgrammeView] = (),
        indicators: Mapping[str, Indicator] | None = None,
        window: JournalWindow | None = None,
    ) -> None:
        """Read from a journal; bodies and work programmes are those that ship, plans may add their own."""
        super().__init__(journal, clock)
        self._bodies = tuple(bodies)
        self._work_programmes = tuple(work_programmes)
        self._indicators = indicators or {}
        self._window = window
        self._counted: dict[tuple[str | None, str, bool], tuple[int, RollUp]] = {}  # with the journal's size

    # -- plans and actions --------------------------------------------------------------------------------------------

    def plans(self, *, as_of: str | None = None) -> list[PlanView]:
        """Return the plans, in the order of their periods."""
        states = self._plan_states(end_of(self._day(as_of)))
        found = [plan_view(state, seq) for state, seq in states.values()]
        return sorted(found, key=lambda plan: (plan.period.start or "", plan.id))

    def plan(self, plan: str, *, as_of: str | None = None) -> PlanView:
        """Return a plan."""
        return plan_view(*self._plan_state(plan, end_of(self._day(as_of))))

    def actions(
        self, plan: str | None = None, wanted: ActionFilter | None = None, *, as_of: str | None = None
    ) -> list[ActionView]:
        """Return actions in the order of plan and number; of one plan, or of all."""
        day = self._day(as_of)
        until = end_of(day)
        states = self._plan_states(until) if plan is None else {plan: self._plan_state(plan, until)}
        sessions = self._session_faces(until)
        instruments = self._instruments_by_action(until, day)
        chosen = Chosen(wanted or ActionFilter(), day)
        found = []
        for name in sorted(states, key=lambda each: (states[each][0].period.start or "", each)):
            state = states[name][0]
            held = sessions_held(sessions, _plan_facts(state), day)
            soon = state.thresholds
            faces = self._faces(f"{PLAN}{name}/")
            for face in sorted(faces, key=lambda each: int(each.case_id.rpartition("/")[2])):
                kept = self._stream(face.case_id, face.seq)
                action = fold_action(kept.facts, until)
                if action is None or not chosen.state(action):
                    continue
                view = action_view(
                    subject_of(face.case_id),
                    action,
                    day,
                    thresholds=soon,
                    sessions=held.get(action.text.timeframe.body or "", ()),
                    instruments=instruments.get(subject_of(face.case_id), ()),
                    seq=kept.seq,
                    recorded_at=kept.recorded_at,
                )
                if chosen.view(view):
                    found.append(view)
        return found

    def action(self, action: str, *, as_of: str | None = None) -> ActionView:
        """Return an action."""
        day = self._day(as_of)
        until = end_of(day)
        parsed = parse_action(action)
        kept = self._stream(action_stream(action)) if parsed is not None else None
        state = fold_action(kept.facts, until) if kept is not None else None
        if parsed is None or kept is None or state is None:
            raise LookupError(f"action: expected an action of the register by {day}, got {action[:60]!r}")
        plan, _ = self._plan_state(state.plan, until)
        held = sessions_held(self._session_faces(until), _plan_facts(plan), day)
        name = action_id(*parsed)
        return action_view(
            name,
            state,
            day,
            thresholds=plan.thresholds,
            sessions=held.get(state.text.timeframe.body or "", ()),
            instruments=self._instruments_by_action(until, day).get(name, ()),
            seq=kept.seq,
            recorded_at=kept.recorded_at,
        )

    def overdue(self, plan: str | None = None, *, as_of: str | None = None) -> list[ActionView]:
        """Return running actions whose due date has passed, longest overdue first."""
        found = self.actions(plan, ActionFilter(overdue=True), as_of=as_of)
        return sorted(found, key=lambda action: (action.timeframe.due or "", action.plan, action.number))

    def due_within(self, plan: str | None = None, *, days: int = 90, as_of: str | None = None) -> list[ActionView]:
        """Return running actions of which fewer than so many days are left, soonest first."""
        found = self.actions(plan, ActionFilter(due_within_days=days), as_of=as_of)
        return sorted(found, key=lambda action: (action.timeframe.due or "", action.plan, action.number))

    # -- counts -------------------------------------------------------------------------------------------------------

    def roll_up(self, plan: str | None = None, *, as_of: str | None = None) -> RollUp:
        """Count the actions of a plan, or of all."""
        day = self._day(as_of)
        key, head = (plan, day, as_of is None), self._journal.size()
        counted = self._counted.get(key)
        if counted is not None and counted[0] == head:
            return counted[1]
        known = self._known(plan, None if as_of is None else end_of(day))
        if plan is not None and plan not in known.plans:
            raise LookupError(f"plan: expected a plan of the register by {day}, got {plan[:60]!r}")
        found = roll_up(known, plan, day)
        if len(self._counted) >= MAX_COUNTED:
            self._counted.clear()
        self._counted[key] = (head, found)
        return found

    def _known(self, plan: str | None, at: str | None) -> Known:
        prefixes = (None,) if plan is None else (plan_stream(plan), SESSION)
        plans: dict[str, PlanFacts] = {}
        actions: dict[str, list[Face]] = {}
        sessions: dict[str, SessionFace] = {}
        position = 0
        for prefix in prefixes:
            faces = self._journal.faces(room=ROOM, at=at, prefix=prefix)
            position = max(position, max((face.seq for face in faces), default=0))
            of_plan: dict[str, list[bytes]] = {}
            mine: list[bytes] = []
            before = "\x00"  # of the plan whose actions come one after the other
            for face in faces:
                if face.case_id.startswith(before):
                    mine.append(face.face)
                    continue
                room, _, rest = face.case_id.partition("/")
                owner, slash, _ = rest.partition("/")
                if room == "session":
                    sessions[rest] = _session_face(face.face)
                elif room == "plan" and (plan is None or owner == plan):
                    if slash:
                        mine, before = of_plan.setdefault(owner, []), f"{PLAN}{owner}/"
                        mine.append(face.face)
                    else:
                        plans[owner] = _plan_face(face.face)
            actions |= {owner: _action_faces(b"[" + b",".join(each) + b"]") for owner, each in of_plan.items()}
        return Known(plans, {name: actions.get(name, []) for name in plans}, sessions, position)

    # -- changes ------------------------------------------------------------------------------------------------------

    def changes(self, plan: str | None = None, *, since: str, until: str | None = None) -> list[ChangeView]:
        """Return what changed after the end of the day `since` up to the end of `until`, in order."""
        first, last = end_of(since), end_of(self._day(until))
        found = [
            change
            for name, kept in self._of_plan(plan)
            if kept.facts and kept.facts[-1].occurred_at > first
            for change, fact in zip(changes_of(name, kept.facts), kept.facts, strict=True)
            if first < fact.occurred_at <= last
        ]
        return sorted(found, key=lambda change: (change.on, change.seq))

    def history(self, subject: str, *, as_of: str | None = None) -> list[ChangeView]:
        """Return every recorded change of an action, plan, session or instrument, oldest first."""
        until = end_of(self._day(as_of))
        for name in _streams_of(subject):
            kept = self._stream(name)
            found = [
                change
                for change, fact in zip(changes_of(name, kept.facts), kept.facts, strict=True)
                if fact.occurred_at <= until
            ]
            if found:
                return found
        raise LookupError(f"history: expected an action, plan, session or instrument, got {subject[:60]!r}")

    def versions(self, plan: str) -> tuple[VersionView, ...]:
        """Return the versions of a plan, oldest first."""
        return tuple(self._plan_state(plan, end_of("9999-12-31"))[0].versions)

    def proposals(self, plan: str, *, as_of: str | None = None) -> tuple[Proposal, ...]:
        """Return what was proposed to a plan, oldest first."""
        return tuple(self._plan_state(plan, end_of(self._day(as_of)))[0].proposals)

    def diff(self, plan: str, old: int, new: int) -> list[ActionDiff]:
        """Return what differs between two versions of a plan, in the order of the actions."""
        known = {each.number for each in self.versions(plan)}
        for number in (old, new):
            if number not in known and number != 0:
                raise LookupError(f"version: expected one of {sorted(known)} of {plan}, got {number}")
        actions = [(name, kept.facts) for name, kept in self._of_plan(plan) if name != plan_stream(plan)]
        return difference(sorted(actions, key=lambda each: int(each[0].rpartition("/")[2])), old, new)

    def lineage(self, earlier: str | None = None, later: str | None = None) -> list[LineageView]:
        """Return the links between two plans, or all, in the order of the earlier action."""
        found: dict[tuple[str, str], LineageView] = {}
        for action in self.actions(later or earlier):
            for link in (*action.predecessors, *action.successors):
                plans = (parse_action(link.from_id) or ("", 0))[0], (parse_action(link.to_id) or ("", 0))[0]
                if earlier in (None, plans[0]) and later in (None, plans[1]):
                    found[link.from_id, link.to_id] = link
        return [found[key] for key in sorted(found)]

    # -- sessions, instruments, bodies --------------------------------------------------------------------------------

    def sessions(self, body: str | None = None, *, as_of: str | None = None) -> list[SessionView]:
        """Return sessions, the next or last one first."""
        until = end_of(self._day(as_of))
        found = []
        for face in self._faces(SESSION):
            kept = self._stream(face.case_id, face.seq)
            state = fold_session(kept.facts, until)
            if state is not None and body in (None, state.body):
                found.append(session_view(state, {}, kept.seq))
        return sorted(found, key=lambda session: (session.starts, session.id), reverse=True)

    def session(self, session: str, *, as_of: str | None = None) -> SessionView:
        """Return a session with its decisions and what they changed."""
        until = end_of(self._day(as_of))
        kept = self._stream(session_stream(session)) if is_name(session) else None
        state = fold_session(kept.facts, until) if kept is not None else None
        if kept is None or state is None:
            raise LookupError(f"session: expected a session of the register, got {session[:60]!r}")
        changes: dict[str, list[ChangeView]] = {}
        for action in dict.fromkeys(each for decided in state.decisions for each in decided.actions):
            for change in self.history(action, as_of=as_of):
                if change.decision is not None:
                    changes.setdefault(change.decision, []).append(change)
        return session_view(state, changes, kept.seq)

    def instruments(self, *, as_of: str | None = None) -> list[InstrumentView]:
        """Return the instruments that stand alone, in the order of their ids."""
        day = self._day(as_of)
        found = []
        for face in self._faces(INSTRUMENT):
            state = fold_instrument(self._stream(face.case_id, face.seq).facts, end_of(day))
            if state is not None:
                found.append(instrument_view(state, day))
        return found

    def _instruments_by_action(self, until: str, day: str) -> dict[str, list[InstrumentView]]:
        found: dict[str, list[InstrumentView]] = {}
        for face in self._journal.faces(room=ROOM, at=until, prefix=INSTRUMENT):
            for action in _instrument_face(face.face):
                state = fold_instrument(self._stream(face.case_id, face.seq).facts, until)
                if state is not None:
                    found.setdefault(action, []).append(instrument_view(state, day))
        return found

    def bodies(self) -> list[BodyView]:
        """Return the bodies that ship and those that plans brought, each code once."""
        found = {each.code: each for each in self._bodies}
        for state, _ in self._plan_states(end_of("9999-12-31")).values():
            found |= {each.code: each for each in state.bodies}
        return list(found.values())

    def work_programmes(self) -> list[WorkProgrammeView]:
        """Return the work programmes that ship and those that plans brought, each code once."""
        found = {each.code: each for each in self._work_programmes}
        states = self._plan_states(end_of("9999-12-31"))
        for state, _ in states.values():
            found |= {each.code: each for each in state.work_programmes}
        items = {state.work_programme: name for name, (state, _) in states.items() if state.work_programme}
        return [msgspec.structs.replace(each, items=items.get(each.code)) for each in found.values()]

    # -- figures ------------------------------------------------------------------------------------------------------

    def measure(self, plan: str, *, as_of: str) -> list[tuple[str, MeasurementView]]:
        """Run every binding of a plan now; action and figure, not frozen yet."""
        found = []
        done: dict[tuple[str, int | None], MeasurementView] = {}
        for action in self.actions(plan, as_of=as_of):
            for binding in action.bindings:
                indicator = self._indicators.get(binding.indicator)
                if indicator is None or self._window is None:
                    continue
                key = (binding.indicator, binding.window_days)
                if key not in done:
                    done[key] = figure(indicator, self._window, as_of, binding.window_days)
                found.append((action.id, done[key]))
        return found

    def position(self) -> int:
        """Return the last sequence number of the journal."""
        return self._journal.size()


def _plan_facts(state: PlanState) -> PlanFacts:
    return PlanFacts(state.thresholds, state.period.start, state.period.end)


def _streams_of(subject: str) -> Iterable[str]:
    if is_plan_id(subject):
        yield plan_stream(subject)
    if parse_action(subject) is not None:
        yield action_stream(subject)
    if is_name(subject):
        yield session_stream(subject)
        yield instrument_stream(subject)


def figure(indicator: Indicator, window: JournalWindow, as_of: str, days: int | None) -> MeasurementView:
    """Run one indicator as of the end of a day, over so many days or all."""
    since = None
    if days is not None:
        since = end_of((date.fromisoformat(as_of) - timedelta(days=days)).isoformat())
    found = measure(indicator, window, as_of=end_of(as_of), since=since, window_days=days)
    return MeasurementView(
        indicator=indicator.id,
        version=indicator.version,
        title=indicator.title,
        unit=indicator.unit,
        value=found.value,
        n=found.n,
        as_of=as_of,
        journal_position=found.journal_position,
        query_hash=found.query_hash,
        scope=indicator.scope,
        frozen_on="",
    )
