# SPDX-License-Identifier: Apache-2.0
"""Postal items as they are read: files in three bindings, one item with its history, dispatches, scorecards, answers.

A post sees its own items; what is for officers alone (notes, reasons of a revision) reaches no post.
Limits: PAGE events a page; the journal is read page by page.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, Protocol

import msgspec

from openecp.border.postal.acts import AdviseDispatch, RecordArrival
from openecp.border.postal.binding import (
    ItemReading,
    JsonAdaptor,
    items_of_tree,
    responses_tree,
    struct_of_json,
    struct_of_tree,
)
from openecp.border.postal.dispatch import DispatchMatch, dispatch_stream, match
from openecp.border.postal.faults import refuse
from openecp.border.postal.item import PostalItem, tidy_item
from openecp.border.postal.officer import RESPONSE_KIND
from openecp.border.postal.response import PostalResponse, write_responses_csv
from openecp.border.postal.scorecard import Scorecard, ScoreFilter, ScoreRow, ScoreTally
from openecp.border.postal.state import ROOM, PostalItemState, dispatch_state, item_state, item_stream, revised_item
from openecp.border.postal.table import read_items_csv
from openecp.kernel.journal.model import CaseRow, Event
from openecp.kernel.journal.queries import FeedEntry
from openecp.kernel.parties.model import Principal
from openecp.platform.core.permissions import may_read
from openecp.platform.core.postwork import PostalSource, uses_of
from openecp.platform.wire import Unreadable
from openecp.platform.wire.postal_xml import read_postal_xml, write_postal_xml

PAGE = 5_000
_ITEM_EVENTS = "PostalItem"
FEED_PAGE = 1_000
PostalMedia = Literal["json", "xml", "csv"]
_FOR_OFFICERS = ("note", "reason", "officer")
_response = msgspec.json.Decoder(PostalResponse).decode
_item = msgspec.json.Decoder(PostalItem).decode


class PostalReads(PostalSource, Protocol):
    """The part of the store that reading postal items needs."""

    def feed(self, organisation: str, *, after: int = 0, limit: int = 100) -> list[FeedEntry]: ...


class PostalEventFace(msgspec.Struct, frozen=True, kw_only=True):
    """One event of an item, cut to its reader."""

    seq: int
    kind: str
    occurred_at: str
    body: dict[str, Any]


class PostalItemFace(msgspec.Struct, frozen=True, kw_only=True):
    """An item with what was declared, what Customs found in its place, and its history."""

    state: PostalItemState
    declared: PostalItem | None
    found: PostalItem | None  # None where nothing was revised
    events: tuple[PostalEventFace, ...]


class NumberedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A response with its number in the post's feed."""

    number: int
    response: PostalResponse


def media_of_bytes(data: bytes) -> PostalMedia:
    """Return how a file is written, by its first character."""
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in (b"{", b"["):
        return "json"
    return "xml" if start[:1] == b"<" or data[:2] in (b"\xff\xfe", b"\xfe\xff") else "csv"


def read_item_file(data: bytes, media: PostalMedia | None = None) -> ItemReading:
    """Return the items of a file in our own binding, with all that could not be read.

    Raises: PostalRefused.
    """
    kind = media or media_of_bytes(data)
    if kind == "json":
        return JsonAdaptor().read_items(data)
    if kind == "xml":
        return items_of_tree(_tree(data))
    items, faults = read_items_csv(data)
    return ItemReading(items=tuple(items), faults=tuple(faults))


def read_dispatch_file(data: bytes, media: PostalMedia | None = None) -> AdviseDispatch:
    """Return a pre-advice: `{"dispatch": {...}, "items": [...]}`, in XML `DispatchAdvice`.

    Raises: PostalRefused with all that is wrong with its shape.
    """
    if (media or media_of_bytes(data)) == "xml":
        act = struct_of_tree(AdviseDispatch, _tree(data), "DispatchAdvice")
    else:
        act = struct_of_json(AdviseDispatch, data)
    return msgspec.structs.replace(act, items=tuple(map(tidy_item, act.items)))


def read_arrival_file(data: bytes, media: PostalMedia | None = None) -> RecordArrival:
    """Return an arrival: dispatch, receptacles, what was read in them; in XML `ReceptacleArrival`.

    Raises: PostalRefused with all that is wrong with its shape.
    """
    if (media or media_of_bytes(data)) == "xml":
        return struct_of_tree(RecordArrival, _tree(data), "ReceptacleArrival")
    return struct_of_json(RecordArrival, data)


def write_responses(responses: list[PostalResponse], media: PostalMedia) -> bytes:
    """Return responses in our own binding."""
    if media == "xml":
        return write_postal_xml(responses_tree(responses))
    return write_responses_csv(responses) if media == "csv" else JsonAdaptor().write_responses(responses)


def _tree(data: bytes) -> Any:
    try:
        return read_postal_xml(data)
    except Unreadable as fault:
        place = f"line {fault.line}" if fault.line is not None else "file"
        raise refuse(fault.code, place, fault.message, expected=fault.expected or "", got=fault.got or "",
                     fix=fault.fix or "") from None  # fmt: skip


class PostalBook:
    """Answers what is asked about postal items."""

    def __init__(self, source: PostalReads) -> None:
        self._source = source
        self._tally, self._read_to = ScoreTally(), 0
        self._tallying = threading.Lock()  # pages are made in several threads

    def _case(self, name: str, who: Principal, what: str) -> CaseRow:
        found = self._source.case(name) if len(name) <= 120 and name.isascii() and name.isprintable() else None
        if found is None or found[0].room != ROOM or not may_read(who, found[0].organisation):
            raise LookupError(f"{what}: expected one that is on record and your own, got {name[-60:]}")
        return found[0]

    def item(self, key: str, who: Principal) -> PostalItemFace:
        """Return an item as its reader may see it.

        Raises: LookupError.
        """
        name = item_stream(key)
        state = item_state(self._case(name, who, "item").state)
        document = self._source.document(state.document) if state.document is not None else None
        declared = _item(document.content) if document is not None else None
        found = revised_item(declared or PostalItem(s10=state.s10, posted_on=state.posted_on), state)
        return PostalItemFace(
            state=state,
            declared=declared,
            found=found if state.revised else None,
            events=tuple(face_of(event, who) for event in self._source.events(case_id=name, limit=1000)),
        )

    def dispatch(self, dispatch_id: str, who: Principal) -> DispatchMatch:
        """Return how a dispatch's pre-advice and arrival match.

        Raises: LookupError.
        """
        return match(dispatch_state(self._case(dispatch_stream(dispatch_id), who, "dispatch").state))

    def posting_days(self, identifier: str, organisation: str) -> list[date]:
        """Return the posting dates under which a post has an identifier on record."""
        return [date.fromisoformat(day) for day in uses_of(self._source, identifier, organisation)]

    def responses(self, organisation: str, *, after: int = 0, limit: int = 100) -> list[NumberedResponse]:
        """Return the answers to a post after a number of its feed; other notifications are passed over."""
        found: list[NumberedResponse] = []
        while len(found) < limit:
            page = self._source.feed(organisation, after=after, limit=FEED_PAGE)
            for entry in page:
                if entry.message.kind == RESPONSE_KIND and len(found) < limit:
                    found.append(NumberedResponse(number=entry.number, response=_response(entry.message.body)))
            if len(page) < FEED_PAGE:
                break
            after = page[-1].number
        return found

    def scorecard(self, wanted: ScoreFilter) -> list[ScoreRow]:
        """Return the scorecard of origin posts by day; only what the journal has taken since the last one is read.

        Raises: PostalRefused where there are too many posts and days.
        """
        with self._tallying:
            tally = self._tally
            for page in self._pages(self._read_to):
                for event in page:
                    if event.kind.startswith(_ITEM_EVENTS):
                        tally.take(event.seq, event.body, event.occurred_at)
                self._read_to = page[-1].seq
            if not tally.is_full:
                return tally.rows(wanted)
        whole = (event for page in self._pages(0) for event in page if event.kind.startswith(_ITEM_EVENTS))
        return Scorecard(wanted).take_all((event.body, event.occurred_at) for event in whole).rows()

    def _pages(self, after: int) -> Iterator[list[Event]]:
        """Yield the events of the journal after one, a page at a time."""
        while page := self._source.events(after_seq=after, limit=PAGE):
            yield page
            if len(page) < PAGE:
                return
            after = page[-1].seq


def face_of(event: Event, who: Principal) -> PostalEventFace:
    """Return an event as its reader may see it."""
    body = event.body
    if who.audience != "officer":
        body = {name: value for name, value in body.items() if name not in _FOR_OFFICERS}
    return PostalEventFace(seq=event.seq, kind=event.kind, occurred_at=event.occurred_at, body=body)
