# SPDX-License-Identifier: Apache-2.0
"""A case moves through states only along the rows of one table that a person can read.

The kernel knows no customs rule: a capability writes its states, guards and transitions as data, and `Machine`
checks the table when it is built: every state can be reached, every state but the final ones can be left, no
(state, event) pair leads to two places, and every guard that a row names exists.

Why: law changes tables, not code; an auditor reads the table and knows what the software may do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

LIMIT_ROWS = 500  # a table longer than this cannot be read by a person


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Where a case can stand; a final state may keep events that change nothing, but nothing leads out of it."""

    name: str
    title_en: str
    title_fr: str
    final: bool = False


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """A condition on the case that must hold; `sentence` is what a person reads when it does not."""

    sentence: str
    fix: str
    test: Callable[[Any], bool]


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table: in any of `states`, `event` leads to `next` (None: the state stays as it is).

    `by` names the commands that cause it, `notification` the messages that it may send, `clock` the deadlines that
    it starts (`+name`) or stops (`-name`).
    """

    states: tuple[str, ...]  # empty: the event that opens a case
    event: str
    next: str | None
    by: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    notification: tuple[str, ...] = ()
    clock: tuple[str, ...] = ()


class IllegalTransition(Exception):  # noqa: N818 - the name is what the officer reads
    """An act that the case does not allow in its present state.

    `error` has the keys from, asked, allowed and what_to_do, ready to be shown.
    """

    def __init__(self, *, machine: str, state: str, asked: str, allowed: tuple[str, ...], what_to_do: str) -> None:
        self.error: dict[str, Any] = {"from": state, "asked": asked, "allowed": allowed, "what_to_do": what_to_do}
        self.state, self.asked, self.allowed, self.what_to_do = state, asked, allowed, what_to_do
        listed = ", ".join(allowed) or "nothing"
        super().__init__(
            f"{machine}: {asked} is not possible in state {state or '(new)'}; possible: {listed}. {what_to_do}"
        )


class MachineFault(ValueError):  # noqa: N818
    """The table itself is wrong: found when it is built, never while a case runs."""


class Machine:
    """A checked table of transitions.

    Raises: MachineFault when the table has an unreachable state, a dead end, a doubled row or an unknown name.
    """

    def __init__(
        self,
        name: str,
        states: tuple[State, ...],
        transitions: tuple[Transition, ...],
        guards: Mapping[str, Guard] | None = None,
    ) -> None:
        self.name = name
        self.states = {state.name: state for state in states}
        self.transitions = transitions
        self.guards = dict(guards or {})
        self._rows: dict[tuple[str, str], Transition] = {}
        if len(self.states) != len(states):
            raise MachineFault(f"{name}: a state is listed twice")
        self._index()
        self._check_names()
        self._check_paths()

    def _index(self) -> None:
        for row in self.transitions:
            for state in row.states or ("",):
                if (state, row.event) in self._rows:
                    raise MachineFault(f"{self.name}: {row.event} leads out of {state or '(new)'} twice")
                self._rows[(state, row.event)] = row
        if len(self._rows) > LIMIT_ROWS:
            raise MachineFault(f"{self.name}: {len(self._rows)} rows, at most {LIMIT_ROWS}")

    def _check_names(self) -> None:
        for (state, event), row in self._rows.items():
            if state and state not in self.states:
                raise MachineFault(f"{self.name}: {event} leads out of unknown state {state}")
            if row.next is not None and row.next not in self.states:
                raise MachineFault(f"{self.name}: {event} leads to unknown state {row.next}")
            if not state and row.next is None:
                raise MachineFault(f"{self.name}: {event} opens a case and must name its state")
            for guard in row.guards:
                if guard not in self.guards:
                    raise MachineFault(f"{self.name}: {event} names unknown guard {guard}")
            if state and self.states[state].final and row.next not in (None, state):
                raise MachineFault(f"{self.name}: {event} leads out of final state {state}")
        unused = set(self.guards) - {guard for row in self.transitions for guard in row.guards}
        if unused:
            raise MachineFault(f"{self.name}: guards that no row uses: {', '.join(sorted(unused))}")

    def _check_paths(self) -> None:
        reached: set[str] = set()
        ahead = [row.next for row in self.transitions if not row.states and row.next]
        while ahead:
            state = ahead.pop()
            if state in reached:
                continue
            reached.add(state)
            ahead += [row.next for (start, _), row in self._rows.items() if start == state and row.next]
        unreachable = sorted(set(self.states) - reached)
        if unreachable:
            raise MachineFault(f"{self.name}: states that nothing reaches: {', '.join(unreachable)}")
        left = {start for (start, _), row in self._rows.items() if start and row.next not in (None, start)}
        stuck = sorted(name for name, state in self.states.items() if not state.final and name not in left)
        if stuck:
            raise MachineFault(f"{self.name}: states that nothing leads out of, not marked final: {', '.join(stuck)}")

    def allowed(self, state: str) -> tuple[str, ...]:
        """Return the events that may happen in `state`, in the order of the table."""
        return tuple(row.event for row in self.transitions if state in (row.states or ("",)))

    def row(self, state: str, event: str) -> Transition:
        """Return the row for `event` in `state`.

        Raises: IllegalTransition when the table has none.
        """
        found = self._rows.get((state, event))
        if found is None:
            raise self._illegal(state, event)
        return found

    def next_state(self, state: str, event: str) -> str:
        """Return where `event` leads from `state`; guards are not asked, since a recorded event is a fact."""
        target = self.row(state, event).next
        return state if target is None else target

    def require(self, state: str, event: str, case: Any) -> Transition:
        """Return the row for `event` if the table has it and all its guards hold for `case`.

        Raises: IllegalTransition naming the first guard that does not hold.
        """
        row = self.row(state, event)
        for name in row.guards:
            guard = self.guards[name]
            if not guard.test(case):
                raise IllegalTransition(
                    machine=self.name,
                    state=state,
                    asked=event,
                    allowed=tuple(other for other in self.allowed(state) if other != event),
                    what_to_do=f"{guard.sentence} {guard.fix}",
                )
        return row

    def possible(self, state: str, event: str, case: Any) -> bool:
        """Say whether `event` may happen now."""
        row = self._rows.get((state, event))
        return row is not None and all(self.guards[name].test(case) for name in row.guards)

    def _illegal(self, state: str, event: str) -> IllegalTransition:
        homes = sorted({start for (start, name) in self._rows if name == event and start})
        if not homes and ("", event) not in self._rows:
            todo = f"{event} is unknown; use one of the listed events."
        elif state in self.states and self.states[state].final:
            todo = f"The case is closed ({state}); nothing more can be done on it."
        elif homes:
            todo = f"It is possible in: {', '.join(homes)}. Bring the case there first."
        else:
            todo = "It opens a case and cannot happen in an open one."
        return IllegalTransition(
            machine=self.name, state=state, asked=event, allowed=self.allowed(state), what_to_do=todo
        )


def table(machine: Machine, titles: Mapping[str, str] | None = None) -> str:
    """Return the machine's transitions as a Markdown table, one row of the source table a line."""
    head = (
        "| in state | when this happens | by | only if | goes to | message | clock |\n|---|---|---|---|---|---|---|\n"
    )
    named = titles or {}

    def cell(values: tuple[str, ...]) -> str:
        return ", ".join(named.get(value, value) for value in values) or "–"

    lines = [
        f"| {cell(row.states) if row.states else '(new case)'} | {row.event} | {cell(row.by)} | {cell(row.guards)} "
        f"| {row.next or 'stays'} | {cell(row.notification)} | {cell(row.clock)} |"
        for row in machine.transitions
    ]
    return head + "\n".join(lines) + "\n"
