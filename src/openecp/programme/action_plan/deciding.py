# SPDX-License-Identifier: Apache-2.0
"""What deciding a command needs and gives: streams in, writes or a refusal out. Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from openecp.kernel.journal.model import CaseRow, CaseWrite, NewEvent, StoredDocument
from openecp.programme.action_plan.fold import encode_state, fold, in_order
from openecp.programme.action_plan.judge import SessionFace, face_of
from openecp.programme.action_plan.names import ROOM, action_stream, is_day, parse_action, start_of, subject_of
from openecp.programme.action_plan.state import ActionState, Fact, Instrument, PlanState, SessionState, State

OWNER = "programme"  # the organisation that register streams belong to: no trader's


class Stream(msgspec.Struct, frozen=True):
    """A stream as it is recorded: its last seq, and its facts in the order in which they hold."""

    seq: int
    facts: tuple[Fact, ...]


Streams = Mapping[str, Stream]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts: `writes` all, or reports for the actions of `bodies` only."""

    actor: str
    writes: bool = False
    bodies: tuple[str, ...] = ()


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What deciding is given from outside: the time, salt for documents, the name of the group of writes."""

    now: str
    salt: Callable[[], bytes]
    group: str

    @property
    def today(self) -> str:
        """The day of the time."""
        return self.now[:10]


class Refused(Exception):  # noqa: N818 - an answer
    """A command that is not done: where, wanted, got, what to do."""

    def __init__(
        self, code: str, message: str, *, where: str, expected: str, got: str, fix: str, status: int = 422
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.where = code, message, where
        self.expected, self.got, self.fix, self.status = expected, got[:200], fix, status


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a command. `repeated`: it is on record already, and nothing is changed."""

    outcome: Literal["done", "repeated"]
    subject: str
    status: str = ""
    writes: tuple[CaseWrite, ...] = ()


class Draft:
    """Events about to be recorded, by stream, and the writes that they make."""

    def __init__(self, streams: Streams, actor: Actor, context: Context) -> None:
        self._streams = streams
        self._actor = actor
        self.context = context
        self._new: dict[str, list[Fact]] = {}
        self._documents: dict[str, list[StoredDocument]] = {}

    def instant(self, on: str | None) -> str:
        """Return the instant from which something holds that is told with this day.

        Raises: Refused for what is no day, or a future one.
        """
        if on is None or on == self.context.today:
            return self.context.now
        check_day("on", on)
        if on > self.context.today:
            raise Refused(
                "OECP-PLAN-FUTURE",
                "What has not happened yet cannot be reported.",
                where="on",
                expected=f"a day up to {self.context.today}",
                got=on,
                fix="Give the day from which it holds, or leave it out.",
            )
        return start_of(on)

    def add(self, stream: str, kind: str, occurred_at: str, body: dict[str, Any]) -> None:
        """Add an event to a stream; empty members are left out."""
        plain = msgspec.json.decode(msgspec.json.encode(body))
        fact = Fact(kind=kind, occurred_at=occurred_at, actor=self._actor.actor, body=plain)
        self._new.setdefault(stream, []).append(fact)

    def attach(self, stream: str, document: StoredDocument) -> None:
        """Keep a document with a stream."""
        self._documents.setdefault(stream, []).append(document)

    def facts(self, stream: str) -> list[Fact]:
        """Return the facts of a stream with those about to be recorded, in the order in which they hold."""
        known = self._streams.get(stream)
        return in_order([*(known.facts if known else ()), *self._new.get(stream, ())])

    def state(self, stream: str, until: str | None = None) -> State | None:
        """Return what a stream holds, as of an instant."""
        return fold(self.facts(stream), until)

    def action(self, action: str, until: str) -> ActionState:
        """Return an action as of an instant.

        Raises: Refused where it is not known, or not yet.
        """
        if parse_action(action) is None:
            raise unknown("action", action, "an action id such as ECP-IV-55")
        stream = action_stream(action)
        found = self.state(stream, until)
        if isinstance(found, ActionState):
            return found
        later = self.state(stream)
        if isinstance(later, ActionState):
            raise Refused(
                "OECP-PLAN-BEFORE",
                f"{action} is in the register from {later.born[:10]} on.",
                where="on",
                expected=f"a day from {later.born[:10]} on",
                got=until[:10],
                fix="Give a later day.",
            )
        raise unknown("action", action, "an action of the register")

    def plan(self, plan: str) -> PlanState:
        """Return a plan.

        Raises: Refused where it is not known.
        """
        found = self.state(f"plan/{plan}")
        if isinstance(found, PlanState):
            return found
        raise unknown("plan", plan, "a plan of the register")

    def decided(self, subject: str, status: str = "") -> Decision:
        """Return the writes, which stand or fall together; none makes it a repetition."""
        writes = tuple(self._write(stream) for stream in self._new)
        return Decision(outcome="done" if writes else "repeated", subject=subject, status=status, writes=writes)

    def _write(self, stream: str) -> CaseWrite:
        known = self._streams.get(stream)
        plain = [as_new(fact) for fact in self.facts(stream)]
        state = fold(plain)
        assert state is not None, f"{stream}: a stream begins with the event that founds it"
        new = self._new[stream]
        row = CaseRow(
            case_id=stream,
            organisation=OWNER,
            lrn="",
            mrn=None,
            status=status_of(state),
            channel=None,
            office=None,
            movement=None,
            version=len(plain),
            state=encode_state(state),
            updated_at=self.context.now,
            room=ROOM,
        )
        faces = faces_from(plain, min(fact.occurred_at for fact in new))
        return CaseWrite(
            row=row,
            expected_seq=known.seq if known else 0,
            events=tuple(
                NewEvent(kind=fact.kind, occurred_at=fact.occurred_at, actor=fact.actor, body=fact.body) for fact in new
            ),
            documents=tuple(self._documents.get(stream, ())),
            group=self.context.group if len(self._new) > 1 else None,
            faces=faces,
        )


def faces_from(facts: Sequence[Fact], since: str) -> tuple[tuple[str, bytes], ...]:
    """Return what lists show of a stream from each instant on that `since` or a later event changed."""
    found: list[tuple[str, bytes]] = []
    for instant in dict.fromkeys(fact.occurred_at for fact in facts if fact.occurred_at >= since):
        state = fold(facts, instant)
        if state is not None:
            found.append((instant, face_bytes(state)))
    return tuple(found)


def face_bytes(state: State) -> bytes:
    """Return the face of a state."""
    face: object
    if isinstance(state, ActionState):
        face = face_of(state)
    elif isinstance(state, SessionState):
        face = SessionFace(state.body, state.starts, state.ends)
    elif isinstance(state, Instrument):
        face = state.actions
    else:
        face = (state.thresholds, state.period.start, state.period.end)
    return msgspec.json.encode(face)


def as_new(fact: Fact) -> Fact:
    """Return a fact without what only recording adds, so that a replay comes to the same state."""
    return msgspec.structs.replace(fact, seq=0, recorded_at="")


def status_of(state: State) -> str:
    """Return the status of a stream as lists count it."""
    if isinstance(state, ActionState):
        return state.lifecycle
    if isinstance(state, PlanState):
        return state.status
    if isinstance(state, Instrument):
        return state.stages[-1].stage if state.stages else "named"
    return "held"


def check_day(where: str, day: str) -> None:
    """Refuse what is not a day.

    Raises: Refused.
    """
    if not is_day(day):
        raise Refused(
            "OECP-PLAN-DAY",
            "This is not a day.",
            where=where,
            expected="a day such as 2020-02-01",
            got=day,
            fix="Write year, month and day with hyphens.",
        )


def check_text(where: str, text: str, *, most: int, least: int = 0) -> None:
    """Refuse a text that is too short or too long.

    Raises: Refused.
    """
    if not least <= len(text.strip()) or len(text) > most or "\x00" in text:
        raise Refused(
            "OECP-PLAN-TEXT",
            "This text cannot be used.",
            where=where,
            expected=f"{least} to {most} characters",
            got=f"{len(text)} characters",
            fix="Shorten it." if len(text) > most else "Write it.",
        )


def unknown(where: str, got: str, expected: str) -> Refused:
    """Return the refusal of a name that the register does not know."""
    return Refused(
        "OECP-PLAN-UNKNOWN",
        f"{got[:100]} is not in the register.",
        where=where,
        expected=expected,
        got=got,
        fix="Look at `openecp plan list`.",
        status=404,
    )


def subjects(streams: Sequence[str]) -> tuple[str, ...]:
    """Return what streams are about, as people name it."""
    return tuple(subject_of(stream) for stream in streams)
