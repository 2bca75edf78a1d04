# SPDX-License-Identifier: Apache-2.0
"""Gives the records of the programme what deciding asks for: one stream, time, ids, salts, what else is on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Protocol

import msgspec

from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, Face, Idempotency, StoredDocument
from openecp.kernel.parties.model import Principal
from openecp.platform.core.ids import Randomness
from openecp.platform.core.model import Decided, ProgrammeCommand
from openecp.platform.core.permissions import may
from openecp.platform.core.plain_answers import encode, idempotency, refusal
from openecp.programme.compendia.commands import FreezeEdition, RecordAct
from openecp.programme.compendia.decide import concerns, decide
from openecp.programme.compendia.deciding import Actor, Context, Refused, Stream
from openecp.programme.compendia.editions import Entry, collected_types, entry_of
from openecp.programme.compendia.members import Member, table_of
from openecp.programme.compendia.record import MEMBERS_STREAM, PREFIX, ROOM, RecordFace, state_of
from openecp.programme.compendia.standards import Standard, read_standards
from openecp.programme.compendia.templates import Template, shipped_templates

_face = msgspec.json.Decoder(RecordFace).decode


class RecordSource(Protocol):
    """The part of the store that deciding about records, and reading them, needs."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]: ...


class RecordCasework:
    """Decides commands about records with `openecp.programme.compendia`."""

    acts = RecordAct

    def __init__(
        self,
        source: RecordSource,
        *,
        clock: Callable[[], str] = utc_now,
        templates: Mapping[str, Template] | None = None,
    ) -> None:
        self._source = source
        self._clock = clock
        self._templates = shipped_templates() if templates is None else templates
        self._randomness = Randomness()

    def key_of(self, command: ProgrammeCommand) -> Idempotency | None:
        """Return the key under which the answer to a command about records is kept."""
        return idempotency(command, "records")

    def decide(self, command: ProgrammeCommand) -> Decided:
        """Decide one command about records."""
        act = command.act
        assert isinstance(act, RecordAct), "the desk of the programme hands over commands about records only"
        name = concerns(act)
        found = self._source.case(name) if name is not None else None
        stream = Stream(found[1], found[0].version, found[0].state) if found is not None else None
        try:
            decision = decide(act, record_actor(command.principal), stream, self._context(act, stream))
        except Refused as refused:
            return Decided(refusal(refused, "records"))
        answer = Answer(
            outcome=decision.outcome, case_id=decision.subject, status=decision.status, version=decision.number
        )
        if decision.write is None:
            return Decided(answer)
        write = msgspec.structs.replace(decision.write, answer=encode(answer), idempotency=self.key_of(command))
        return Decided(answer, write)

    def _context(self, act: RecordAct, stream: Stream | None) -> Context:
        context = Context(
            now=self._clock(),
            new_id=self._randomness.uuid7,
            salt=self._randomness.salt,
            templates=self._templates,
            members=members_of(self._source),
            standards={standard.id: standard for standard in shipped_standards()},
        )
        if not isinstance(act, FreezeEdition) or stream is None:
            return context
        state = state_of(stream.state)
        head = entry_of(state)
        types = collected_types(head) if head is not None else ()
        previous = self._source.document(state.editions[-1].document.id) if state.editions else None
        return msgspec.structs.replace(
            context,
            entries=tuple(published_entries(self._source, types)),
            previous=previous.content if previous is not None else None,
        )


def published_entries(source: RecordSource, types: tuple[str, ...]) -> list[Entry]:
    """Return every published record of some types."""
    found = []
    for kind in types:
        for face in source.faces(room=ROOM, prefix=f"{PREFIX}{kind}/"):
            if _face(face.face).public_titles is None:
                continue
            case = source.case(face.case_id)
            entry = entry_of(state_of(case[0].state)) if case is not None else None
            if entry is not None:
                found.append(entry)
    return found


def members_of(source: RecordSource) -> Mapping[str, Member]:
    """Return the Members of the table that was loaded, none where none was."""
    found = source.case(MEMBERS_STREAM)
    if found is None:
        return {}
    return _members(found[0].state)


@cache
def _members(state: bytes) -> Mapping[str, Member]:
    return table_of(msgspec.json.decode(state), "").by_code()


@cache
def shipped_standards() -> tuple[Standard, ...]:
    """Return the standards register that ships with the package."""
    path = files("openecp.programme.action_plan") / "data" / "register" / "standards.csv"
    return read_standards(path.read_text(encoding="utf-8"), "standards.csv")


def record_actor(principal: Principal) -> Actor:
    """Return who acts, as records see it: the Secretariat, or a delegate of its bodies and Members."""
    of = principal.bodies if may(principal, "report") else ()
    return Actor(actor=principal.actor, moderates=may(principal, "programme"), of=of)
