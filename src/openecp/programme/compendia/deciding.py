# SPDX-License-Identifier: Apache-2.0
"""What deciding a command about records needs and gives: a stream in, a write or a refusal out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from openecp.kernel.casework.machine import IllegalTransition
from openecp.kernel.journal.canonical import salted_digest
from openecp.kernel.journal.model import CaseRow, CaseWrite, NewEvent, StoredDocument
from openecp.programme.compendia.editions import Entry
from openecp.programme.compendia.fold import fold
from openecp.programme.compendia.lifecycle import MACHINE
from openecp.programme.compendia.members import Member
from openecp.programme.compendia.record import OWNER, ROOM, RecordState, encode_state, face_of
from openecp.programme.compendia.standards import Standard
from openecp.programme.compendia.templates import Template
from openecp.programme.compendia.values import ValueFault


class Stream(msgspec.Struct, frozen=True):
    """A stream as it is recorded: its last seq, how many events it has, the state that is stored beside it."""

    seq: int
    events: int
    state: bytes


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts: `moderates` all records, or writes those of the bodies and Members in `of`."""

    actor: str
    moderates: bool = False
    of: tuple[str, ...] = ()


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What deciding is given from outside: time, ids, salts, templates, and what else is on record."""

    now: str
    new_id: Callable[[], str]
    salt: Callable[[], bytes]
    templates: Mapping[str, Template]
    members: Mapping[str, Member] = {}
    standards: Mapping[str, Standard] = {}
    entries: Sequence[Entry] = ()  # all published records, where an edition is frozen
    previous: bytes | None = None  # the data set of the edition before

    @property
    def today(self) -> str:
        """The day of the time."""
        return self.now[:10]


class Refused(Exception):  # noqa: N818 - an answer
    """A command that is not done: where, wanted, got, what to do; `faults` where there are several."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        where: str,
        expected: str,
        got: str,
        fix: str,
        status: int = 422,
        faults: tuple[ValueFault, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.where = code, message, where
        self.expected, self.got, self.fix, self.status = expected, got[:200], fix, status
        self.faults = faults


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a command. `repeated`: it is on record already, and nothing is changed."""

    outcome: Literal["done", "repeated"]
    subject: str
    status: str = ""
    number: int = 0  # of the edition that was frozen, of the last invitation
    write: CaseWrite | None = None


class Draft:
    """Events about to be recorded in one record's stream, and the state that they lead to."""

    def __init__(
        self, stream_id: str, known: Stream | None, state: RecordState | None, actor: Actor, context: Context
    ) -> None:
        self._stream_id = stream_id
        self._known = known
        self._actor = actor
        self.context = context
        self.state = state
        self._new: list[NewEvent] = []
        self._documents: list[StoredDocument] = []

    @property
    def record(self) -> RecordState:
        """The record as it stands with what is about to be recorded."""
        assert self.state is not None, "a record is looked for before it is changed"
        return self.state

    def add(self, kind: str, body: dict[str, Any]) -> None:
        """Add an event; a member that is None or an empty text is left out of its body.

        Raises: Refused where the moderation's table has no such step.
        """
        status = self.state.status if self.state is not None else ""
        try:
            MACHINE.require(status, kind, self.state)
        except IllegalTransition as illegal:
            raise Refused(
                "OECP-RECORD-STATE",
                f"The record is {status or 'not there'}: this is not possible now.",
                where="status",
                expected=_states_of(kind),
                got=status or "no record",
                fix=illegal.what_to_do,
                status=409,
            ) from None
        plain = {name: value for name, value in body.items() if value is not None and value != ""}
        event = NewEvent(
            kind=kind,
            occurred_at=self.context.now,
            actor=self._actor.actor,
            body=msgspec.json.decode(msgspec.json.encode(plain)),
        )
        self._new.append(event)
        self.state = fold([event], self.state)

    def keep(self, kind: str, content: bytes, *, person_keys: tuple[str, ...] = ()) -> dict[str, str]:
        """Keep a document beside the stream, and return how an event names it."""
        document = StoredDocument(
            document_id=self.context.new_id(),
            kind=kind,
            media_type="application/json",
            content=content,
            salt=self.context.salt(),
            person_keys=person_keys,
        )
        self._documents.append(document)
        return {"id": document.document_id, "sha256": salted_digest(document.salt, content)}

    def decided(self, *, number: int = 0) -> Decision:
        """Return the write; no event makes it a repetition."""
        state = self.record
        if not self._new:
            return Decision(outcome="repeated", subject=state.id, status=state.status, number=number)
        write = CaseWrite(
            row=row_of(
                self._stream_id,
                state.status,
                encode_state(state),
                self._known,
                len(self._new),
                self.context,
                office=state.type,
            ),
            expected_seq=self._known.seq if self._known is not None else 0,
            events=tuple(self._new),
            documents=tuple(self._documents),
            face=msgspec.json.encode(face_of(state)),
        )
        return Decision(outcome="done", subject=state.id, status=state.status, number=number, write=write)


def row_of(
    stream_id: str,
    status: str,
    state: bytes,
    known: Stream | None,
    new_events: int,
    context: Context,
    *,
    office: str | None = None,
) -> CaseRow:
    """Return the row of a stream of this room."""
    return CaseRow(
        case_id=stream_id,
        organisation=OWNER,
        lrn="",
        mrn=None,
        status=status,
        channel=None,
        office=office,
        movement=None,
        version=(known.events if known is not None else 0) + new_events,
        state=state,
        updated_at=context.now,
        room=ROOM,
    )


def _states_of(kind: str) -> str:
    states = [state for row in MACHINE.transitions if row.event == kind for state in row.states]
    return "a record that is " + " or ".join(states) if states else "a new record"


def refuse_faults(faults: Sequence[ValueFault], message: str) -> Refused:
    """Return one refusal that names every fault."""
    first = faults[0]
    told = "; ".join(f"{each.where}: expected {each.expected}, got {each.got}" for each in faults)
    return Refused(
        "OECP-RECORD-VALUES",
        f"{message} {told}."[:2000],
        where=first.where,
        expected=first.expected,
        got=first.got,
        fix=first.fix,
        faults=tuple(faults),
    )


def not_allowed(message: str, *, expected: str, got: str, fix: str) -> Refused:
    """Return the refusal of someone who may not do this."""
    return Refused("OECP-RECORD-ROLE", message, where="role", expected=expected, got=got, fix=fix, status=403)


def unknown(where: str, got: str, expected: str) -> Refused:
    """Return the refusal of a name that is not on record."""
    return Refused(
        "OECP-RECORD-UNKNOWN",
        f"{got[:100]} is not on record.",
        where=where,
        expected=expected,
        got=got,
        fix="Look at `openecp records list`.",
        status=404,
    )
