# SPDX-License-Identifier: Apache-2.0
"""Postal items and dispatches as they stand: folded from the events of their streams alone, without personal data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from openecp.border.postal.dispatch import DispatchState, ReceptacleState
from openecp.border.postal.item import ContentPiece, PostalItem
from openecp.border.postal.lifecycle import MACHINE
from openecp.border.postal.s10 import item_key

ROOM = "postal"
ITEM_PREFIX = "post/item/"
STEPS = {
    "presented": "PostalItemPresented",
    "handed_back": "PostalItemHandedBack",
    "delivered": "PostalItemDelivered",
    "returned": "PostalItemReturned",
}


class PostalFact(msgspec.Struct, frozen=True, kw_only=True):
    """What folding reads of an event: kind, time, body."""

    kind: str
    occurred_at: str
    body: dict[str, Any]


class PostalItemState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A postal item as it stands, without its declared data, which lie in a document beside the log.

    `revised` holds what an officer found, by the number of the piece.
    """

    s10: str
    posted_on: str
    organisation: str = ""
    status: str = ""
    document: str | None = None  # id of the declared data
    told: dict[str, Any] | None = None  # what scorecards count
    faults: list[str] = []
    missing: list[str] = []
    dispatch: str | None = None
    receptacle: str | None = None
    arrived_in: str | None = None
    revised: dict[str, dict[str, str]] = {}
    revisions: int = 0
    decision: str | None = None
    decided_on: str | None = None
    decisions: int = 0
    currency: str | None = None
    duty: int = 0  # minor units
    tax: int = 0
    entries: list[dict[str, Any]] = []  # of the ledger, as they stand open
    history: list[tuple[str, str]] = []  # kind and time; at most HISTORY_MAX

    @property
    def key(self) -> str:
        """Identifier and posting date."""
        return item_key(self.s10, self.posted_on)


HISTORY_MAX = 200
_item = msgspec.json.Decoder(PostalItemState).decode
_dispatch = msgspec.json.Decoder(DispatchState).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def item_stream(key: str) -> str:
    """Return the stream of an item, whose key is identifier and posting date."""
    identifier, _, posted_on = key.partition("/")
    return stream_of(identifier, posted_on)


def stream_of(identifier: str, posted_on: str) -> str:
    """Return the stream of the item with this identifier and posting date."""
    return f"{ITEM_PREFIX}{posted_on}/{identifier}"


def key_of_stream(name: str) -> str:
    """Return the key of the item of a stream."""
    posted_on, _, identifier = name.removeprefix(ITEM_PREFIX).partition("/")
    return item_key(identifier, posted_on)


def item_state(state: bytes) -> PostalItemState:
    """Return an item as it is stored."""
    return _item(state)


def dispatch_state(state: bytes) -> DispatchState:
    """Return a dispatch as it is stored."""
    return _dispatch(state)


def encode_state(state: PostalItemState | DispatchState) -> bytes:
    """Return a state as it is stored."""
    return _encode(state)


def fold_item(facts: Iterable[PostalFact], state: PostalItemState | None = None) -> PostalItemState:
    """Return the item after these events.

    Raises: LookupError for a stream that does not begin with an item.
    """
    for fact in facts:
        state = _apply(fact, state)
    if state is None:
        raise LookupError("events: expected those of an item, got none")
    return state


def _apply(fact: PostalFact, state: PostalItemState | None) -> PostalItemState:
    kind, body = fact.kind, fact.body
    if state is None:
        state = PostalItemState(s10=body["s10"], posted_on=body["posted_on"], organisation=body["organisation"])
    row = MACHINE.require(state.status, event_of(kind, body), state)
    state.status = row.next or state.status
    if len(state.history) < HISTORY_MAX:
        state.history = [*state.history, (kind, fact.occurred_at)]
    if kind in ("PostalItemPosted", "PostalItemCorrected"):
        state.document, state.told = body["document"]["id"], body["told"]
        state.faults, state.missing = body.get("faults", []), body.get("missing", [])
    elif kind == "PostalItemPreadvised":
        state.dispatch, state.receptacle = body["dispatch"], body["receptacle"]
    elif kind == "PostalItemArrived":
        state.arrived_in = body["receptacle"]
        state.dispatch = state.dispatch or body["dispatch"]
        state.told = body.get("told", state.told)
    elif kind == "PostalItemRevised":
        state.revisions += 1
        state.revised = {**state.revised, **{str(each["piece"]): each["revised"] for each in body["pieces"]}}
    elif kind == "PostalItemDecided":
        _decided(state, body)
    return state


def _decided(state: PostalItemState, body: dict[str, Any]) -> None:
    state.decisions += 1
    state.decision, state.decided_on = body["decision"], body["decided_on"]
    state.currency = body.get("currency", state.currency)
    state.duty, state.tax = body.get("duty", 0), body.get("tax", 0)
    state.entries = body.get("entries", [])


def event_of(kind: str, body: dict[str, Any]) -> str:
    """Return the event as the machine knows it."""
    return f"{kind}/{body['decision']}" if kind == "PostalItemDecided" else kind


def fold_dispatch(facts: Iterable[PostalFact], state: DispatchState | None = None) -> DispatchState:
    """Return the dispatch after these events.

    Raises: LookupError for a stream that does not begin with a dispatch.
    """
    for fact in facts:
        body = fact.body
        if state is None:
            state = DispatchState(dispatch_id=body["dispatch"], organisation=body["organisation"])
        if fact.kind == "DispatchPreadvised":
            for name in ("origin_post", "destination_post", "dispatched_on", "mail_class"):
                setattr(state, name, body.get(name, getattr(state, name)))
            _preadvised(state, body.get("receptacles", []))
        elif fact.kind == "ReceptaclesArrived":
            _arrived(state, body["receptacles"], fact.occurred_at)
        elif fact.kind == "DispatchMatched":
            state.status = "matched"
    if state is None:
        raise LookupError("events: expected those of a dispatch, got none")
    return state


def _preadvised(state: DispatchState, receptacles: list[dict[str, Any]]) -> None:
    """Take in a pre-advice: it replaces what was pre-advised before."""
    kept = {
        name: ReceptacleState(arrived_at=held.arrived_at, found=held.found)
        for name, held in state.receptacles.items()
        if held.arrived_at is not None
    }
    for each in receptacles:
        held = kept.setdefault(each["receptacle"], ReceptacleState())
        held.items, held.preadvised = list(each["items"]), True
    state.receptacles = kept


def _arrived(state: DispatchState, receptacles: list[dict[str, Any]], at: str) -> None:
    for each in receptacles:
        held = state.receptacles.setdefault(each["receptacle"], ReceptacleState())
        held.arrived_at = held.arrived_at or at
        if each.get("opened"):
            held.found = list(each["items"])


def revised_item(declared: PostalItem, state: PostalItemState) -> PostalItem:
    """Return the item as an officer found it: what was revised stands in place of what was declared."""
    pieces = list(declared.pieces)
    for number, found in state.revised.items():
        place = int(number) - 1
        while len(pieces) <= place:
            pieces.append(ContentPiece())
        pieces[place] = msgspec.structs.replace(pieces[place], **found)
    total = None if state.revised else declared.total_value
    return msgspec.structs.replace(declared, pieces=tuple(pieces), total_value=total)
