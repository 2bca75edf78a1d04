# SPDX-License-Identifier: Apache-2.0
"""The register's streams as they are read: kept in memory, and read further only where they grew.

Limits: 20,000 streams in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from openecp.kernel.journal.model import Event
from openecp.kernel.journal.model import Face as StoredFace
from openecp.programme.action_plan.fold import fold_plan, in_order
from openecp.programme.action_plan.judge import SessionFace
from openecp.programme.action_plan.names import PLAN, ROOM, SESSION, end_of, is_plan_id, plan_stream
from openecp.programme.action_plan.state import Fact, PlanState

MAX_STREAMS = 20_000
_PAGE = 1000
_session_face = msgspec.json.Decoder(SessionFace).decode


class RegisterJournal(Protocol):
    """The part of the store that the register reads."""

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[StoredFace]: ...

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def size(self) -> int: ...


class Kept(msgspec.Struct, frozen=True):
    """A stream in memory: its last seq, its facts in the order in which they hold, when it was recorded last."""

    seq: int
    facts: tuple[Fact, ...]
    recorded_at: str


class StreamReader:
    """Reads streams of the register from a journal."""

    def __init__(self, journal: RegisterJournal, clock: Callable[[], str]) -> None:
        """Read from a journal; the clock says which day it is."""
        self._journal = journal
        self._clock = clock
        self._streams: dict[str, Kept] = {}

    def _day(self, as_of: str | None) -> str:
        return as_of if as_of is not None else self._clock()[:10]

    def _stream(self, name: str, seq: int | None = None) -> Kept:
        """Return a stream; `seq` is that of its last face, where it is known: what is in memory is then compared."""
        kept = self._streams.get(name)
        if kept is not None and seq is not None and kept.seq >= seq:
            return kept
        events: list[Event] = []
        after = kept.seq if kept is not None else 0
        while True:
            page = self._journal.events(case_id=name, after_seq=after, limit=_PAGE)
            events.extend(page)
            if len(page) < _PAGE:
                break
            after = page[-1].seq
        if kept is not None and not events:
            return kept
        facts = in_order(sorted([*(kept.facts if kept else ()), *map(fact_of, events)], key=lambda fact: fact.seq))
        kept = Kept(events[-1].seq if events else 0, tuple(facts), events[-1].recorded_at if events else "")
        if len(self._streams) >= MAX_STREAMS:
            self._streams.clear()
        if events:
            self._streams[name] = kept
        return kept

    def _faces(self, prefix: str) -> list[StoredFace]:
        return self._journal.faces(room=ROOM, prefix=prefix)

    def _plan_states(self, until: str) -> dict[str, tuple[PlanState, int]]:
        found = {}
        for face in self._faces(PLAN):
            name = face.case_id.removeprefix(PLAN)
            if "/" not in name:
                kept = self._stream(face.case_id, face.seq)
                state = fold_plan(kept.facts, until)
                if state is not None:
                    found[name] = (state, kept.seq)
        return found

    def _plan_state(self, plan: str, until: str) -> tuple[PlanState, int]:
        kept = self._stream(plan_stream(plan)) if is_plan_id(plan) else None
        state = fold_plan(kept.facts, until) if kept is not None else None
        if kept is None or state is None:
            raise LookupError(f"plan: expected a plan of the register by {until[:10]}, got {plan[:60]!r}")
        return state, kept.seq

    def _session_faces(self, until: str) -> dict[str, SessionFace]:
        faces = self._journal.faces(room=ROOM, at=until, prefix=SESSION)
        return {face.case_id.removeprefix(SESSION): _session_face(face.face) for face in faces}

    def _of_plan(self, plan: str | None) -> Iterable[tuple[str, Kept]]:
        if plan is None:
            faces = self._journal.faces(room=ROOM)
        else:
            self._plan_state(plan, end_of("9999-12-31"))
            faces = [
                face
                for face in self._faces(plan_stream(plan))
                if face.case_id == plan_stream(plan) or face.case_id.startswith(plan_stream(plan) + "/")
            ]
        for face in faces:
            yield face.case_id, self._stream(face.case_id, face.seq)


def fact_of(event: Event) -> Fact:
    """Return an event as a fact of the register."""
    return Fact(
        kind=event.kind,
        occurred_at=event.occurred_at,
        actor=event.actor,
        body=event.body,
        seq=event.seq,
        recorded_at=event.recorded_at,
    )
