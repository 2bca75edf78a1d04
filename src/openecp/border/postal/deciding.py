# SPDX-License-Identifier: Apache-2.0
"""What deciding a command about postal items needs and gives: streams in, writes or a refusal out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from openecp.border.postal.assessing import PostalAssessor
from openecp.border.postal.compliance import IsVague, Requirement
from openecp.border.postal.dispatch import DispatchState
from openecp.border.postal.faults import PostalFault
from openecp.border.postal.item import PostalItem
from openecp.border.postal.lifecycle import MACHINE
from openecp.border.postal.response import DecisionCodes
from openecp.border.postal.state import (
    ROOM,
    PostalFact,
    PostalItemState,
    dispatch_state,
    encode_state,
    event_of,
    fold_dispatch,
    fold_item,
    item_state,
    item_stream,
)
from openecp.kernel.casework.machine import IllegalTransition
from openecp.kernel.journal.canonical import salted_digest
from openecp.kernel.journal.model import CaseRow, CaseWrite, LedgerEntry, NewEvent, OutboxMessage, StoredDocument


class PostalStream(msgspec.Struct, frozen=True):
    """A stream as it is recorded: its last seq, how many events it has, the state that is stored beside it."""

    seq: int
    events: int
    state: bytes


class PostalActor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts: a post for its own items, or an officer for all."""

    actor: str
    organisation: str
    is_post: bool = False
    is_officer: bool = False


class PostalContext(msgspec.Struct, frozen=True, kw_only=True):
    """What deciding is given from outside: time, ids, salts, rules, what else is on record."""

    now: str
    group: str
    new_id: Callable[[], str]
    salt: Callable[[], bytes]
    rules: tuple[Requirement, ...] = ()
    is_vague: IsVague = lambda text: False
    codes: DecisionCodes = DecisionCodes({})  # of the post whose item it is
    assessor: PostalAssessor | None = None
    streams: Mapping[str, PostalStream] = {}
    declared: Mapping[str, PostalItem] = {}  # by the id of the document
    on_record: Mapping[str, tuple[str, ...]] = {}  # identifier: posting dates that the post has on record

    @property
    def today(self) -> str:
        """The day of the time."""
        return self.now[:10]


class PostalRefusal(Exception):  # noqa: N818 - an answer
    """A command that is not done, with everything that stands in its way."""

    def __init__(self, faults: list[PostalFault] | tuple[PostalFault, ...], *, status: int = 422) -> None:
        super().__init__(" ".join(fault.text for fault in faults[:3]))
        self.faults, self.status = tuple(faults), status


class PostalDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a command. `repeated`: it is on record already, and nothing is changed."""

    outcome: Literal["done", "repeated"]
    subject: str
    status: str = ""
    writes: tuple[CaseWrite, ...] = ()


def refusal(
    code: str, where: str, message: str, *, expected: str, got: str, fix: str, status: int = 422
) -> PostalRefusal:
    """Return a refusal with one fault."""
    fault = PostalFault(
        code=f"OECP-POSTAL-{code}", where=where, message=message, expected=expected, got=got[:80], fix=fix
    )
    return PostalRefusal([fault], status=status)


class StreamDraft:
    """Events about to be recorded in one stream, with all that goes with them."""

    def __init__(self, name: str, organisation: str, actor: PostalActor, context: PostalContext) -> None:
        self.name = name
        self.context = context
        self._actor = actor
        self._organisation = organisation
        self.known = context.streams.get(name)
        self.events: list[NewEvent] = []
        self.documents: list[StoredDocument] = []
        self.outbox: list[OutboxMessage] = []
        self.ledger: list[LedgerEntry] = []

    def record(self, kind: str, body: dict[str, Any]) -> PostalFact:
        """Add an event; a member that is None, empty text or an empty list is left out of its body."""
        plain = {name: value for name, value in body.items() if value is not None and value != "" and value != []}
        held: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(plain))
        self.events.append(NewEvent(kind=kind, occurred_at=self.context.now, actor=self._actor.actor, body=held))
        return PostalFact(kind=kind, occurred_at=self.context.now, body=held)

    def keep(self, kind: str, content: bytes, person_keys: tuple[str, ...]) -> dict[str, str]:
        """Keep a document beside the stream, and return how an event names it."""
        document = StoredDocument(
            document_id=self.context.new_id(),
            kind=kind,
            media_type="application/json",
            content=content,
            salt=self.context.salt(),
            person_keys=person_keys,
        )
        self.documents.append(document)
        return {"id": document.document_id, "sha256": salted_digest(document.salt, content)}

    def written(self, lrn: str, status: str, state: PostalItemState | DispatchState, office: str | None) -> CaseWrite:
        """Return the write."""
        row = CaseRow(
            case_id=self.name,
            organisation=self._organisation,
            lrn=lrn,
            mrn=None,
            status=status,
            channel=None,
            office=office,
            movement=None,
            version=(self.known.events if self.known is not None else 0) + len(self.events),
            state=encode_state(state),
            updated_at=self.context.now,
            room=ROOM,
        )
        return CaseWrite(
            row=row,
            expected_seq=self.known.seq if self.known is not None else 0,
            events=tuple(self.events),
            documents=tuple(self.documents),
            outbox=tuple(self.outbox),
            ledger=tuple(self.ledger),
            group=self.context.group,
        )


class ItemDraft(StreamDraft):
    """Events about to be recorded of one item, and the state that they lead to."""

    def __init__(self, key: str, actor: PostalActor, context: PostalContext) -> None:
        known = context.streams.get(item_stream(key))
        self.state = item_state(known.state) if known is not None else None
        self.key = key
        organisation = self.state.organisation if self.state is not None else actor.organisation
        super().__init__(item_stream(key), organisation, actor, context)
        self.organisation = organisation
        if self.state is not None and not actor.is_officer and self.state.organisation != actor.organisation:
            raise unknown_item(key)

    @property
    def item(self) -> PostalItemState:
        """The item as it stands with what is about to be recorded."""
        if self.state is None:
            raise unknown_item(self.key)
        return self.state

    def add(self, kind: str, body: dict[str, Any]) -> None:
        """Add an event.

        Raises: PostalRefusal where the way of a postal item has no such step.
        """
        status = self.state.status if self.state is not None else ""
        if self.state is None:
            identifier, _, posted_on = self.key.partition("/")
            body = {"s10": identifier, "posted_on": posted_on, "organisation": self.organisation, **body}
        try:
            MACHINE.require(status, event_of(kind, body), self.state)
        except IllegalTransition as illegal:
            raise refusal("STATE", self.key, f"The item is {status or 'not on record'}: this is not possible now.",
                          expected=_states_of(event_of(kind, body)), got=status or "no item", fix=illegal.what_to_do,
                          status=409) from None  # fmt: skip
        self.state = fold_item([self.record(kind, body)], self.state)

    def write(self) -> CaseWrite | None:
        """Return the write, None where nothing is to be recorded."""
        return self.written(self.key, self.item.status, self.item, None) if self.events else None


class DispatchDraft(StreamDraft):
    """Events about to be recorded of one dispatch, and the state that they lead to."""

    def __init__(self, dispatch_id: str, name: str, actor: PostalActor, context: PostalContext) -> None:
        known = context.streams.get(name)
        self.state = dispatch_state(known.state) if known is not None else None
        self.dispatch_id = dispatch_id
        organisation = self.state.organisation if self.state is not None else actor.organisation
        super().__init__(name, organisation, actor, context)
        self.organisation = organisation
        if self.state is not None and not actor.is_officer and self.state.organisation != actor.organisation:
            raise refusal("UNKNOWN", "dispatch", "This dispatch is not on record.", expected="a dispatch of your own",
                          got=dispatch_id, fix="Correct the identifier.", status=404)  # fmt: skip

    def add(self, kind: str, body: dict[str, Any]) -> DispatchState:
        """Add an event; return the dispatch after it."""
        body = {"dispatch": self.dispatch_id, "organisation": self.organisation, **body}
        self.state = fold_dispatch([self.record(kind, body)], self.state)
        return self.state

    def write(self) -> CaseWrite | None:
        """Return the write, None where nothing is to be recorded."""
        if not self.events or self.state is None:
            return None
        return self.written(f"dispatch {self.dispatch_id}", self.state.status, self.state, None)


def unknown_item(key: str) -> PostalRefusal:
    """Return the refusal of an item that is not on record, or another post's."""
    expected = "identifier and posting date of an item on record, such as RB123456785GB/2026-07-01"
    return refusal("UNKNOWN", "item", "This item is not on record.", expected=expected, got=key,
                   fix="Correct the key.", status=404)  # fmt: skip


def _states_of(event: str) -> str:
    states = [state for row in MACHINE.transitions if row.event == event for state in row.states or ("a new item",)]
    return ", ".join(dict.fromkeys(states))
