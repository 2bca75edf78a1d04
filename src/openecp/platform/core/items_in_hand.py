# SPDX-License-Identifier: Apache-2.0
"""Postal items that two doors may decide: as parcels, or by officers and charges; one item has one decision.

Each door looks whether the other has decided an item, and writes later. `ItemsInHand` keeps the other out from the look
until the write is answered. One core process decides all, the command line's commands too while it runs, so that a
lock in this process is enough. `openecp clear` records beside it: it looks right before it writes.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

from openecp.border.postal.acts import DecideItem
from openecp.border.postal.s10 import FORM, LENGTH, item_key
from openecp.border.postal.state import PostalItemState, item_state, stream_of
from openecp.platform.core.model import Command, ProgrammeCommand

Door = Literal["parcels", "post"]
_OTHER: dict[Door, Door] = {"parcels": "post", "post": "parcels"}


class StatesByName(Protocol):
    """The part of the store that looking needs."""

    def states(self, case_ids: Sequence[str]) -> Mapping[str, bytes]: ...


class ItemsInHand:
    """The postal items that are being decided, by door; may be asked from any thread, and keeps nobody waiting.

    A door is not shut out by its own claims: it keeps its own order. An item that the post's door has asked for in vain
    is its next, so that parcels that are lodged again and again keep no officer out for ever.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # nothing else is waited for under it
        self._held: dict[Door, Counter[str]] = {"parcels": Counter(), "post": Counter()}
        self._next: set[str] = set()  # for the post's door

    def claim(self, door: Door, items: frozenset[str]) -> bool:
        """Claim all these items (identifier and posting date) for a door; or none, where another has one of them."""
        if not items:
            return True
        with self._lock:
            others = self._held[_OTHER[door]]
            free = not any(item in others for item in items)
            if door == "post":
                (self._next.difference_update if free else self._next.update)(items)
            elif not self._next.isdisjoint(items):
                free = False
            if free:
                self._held[door].update(items)
            return free

    def free(self, door: Door, items: frozenset[str]) -> None:
        """Give back what was claimed, once for each claim."""
        with self._lock:
            held = self._held[door]
            held.subtract(items)
            for item in items:
                if held[item] <= 0:
                    del held[item]


def items_of(command: Command) -> frozenset[str]:
    """Return the postal items that a command decides."""
    act = command.act if isinstance(command, ProgrammeCommand) else None
    return frozenset((act.item,)) if isinstance(act, DecideItem) else frozenset()


def postal_items(parcels: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the parcels (identifier, posting date) that may be postal items."""
    match = FORM.fullmatch
    return [parcel for parcel in parcels if len(parcel[0]) == LENGTH and match(parcel[0])]


def postal_keys(parcels: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the postal keys of the parcels (identifier, posting date) that may be postal items."""
    return frozenset(item_key(*parcel) for parcel in postal_items(parcels))


def decided_by_post(store: StatesByName, parcels: Iterable[tuple[str, str]]) -> dict[tuple[str, str], PostalItemState]:
    """Return which parcels (identifier, posting date) were decided as postal items, in one question or none."""
    names = [stream_of(*parcel) for parcel in postal_items(parcels)]
    if not names:
        return {}
    items = [item_state(state) for state in store.states(names).values()]
    return {(item.s10, item.posted_on): item for item in items if item.decision is not None}
