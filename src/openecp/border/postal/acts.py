# SPDX-License-Identifier: Apache-2.0
"""What posts and officers may ask to be recorded about postal items; each is decided whole or refused with reasons."""

from __future__ import annotations

from typing import Literal

import msgspec

from openecp.border.postal.dispatch import ArrivedReceptacle, Dispatch
from openecp.border.postal.item import PostalItem
from openecp.border.postal.response import Decision, ResponseReason

ItemStep = Literal["presented", "handed_back", "delivered", "returned"]


class AdviseItems(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The post sends the data of items: new ones are posted, those on record are corrected."""

    items: tuple[PostalItem, ...]


class AdviseDispatch(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The post pre-advises a dispatch, with the data of items that it has not sent before."""

    dispatch: Dispatch
    items: tuple[PostalItem, ...] = ()


class RecordArrival(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Receptacles have arrived at the office of exchange; `complete`: no more will come of this dispatch."""

    dispatch_id: str
    receptacles: tuple[ArrivedReceptacle, ...] = ()
    office: str = ""
    complete: bool = False


class RecordItemStep(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The post tells where items are: presented to Customs, handed back, delivered, returned."""

    items: tuple[str, ...]  # keys
    step: ItemStep
    office: str = ""


class PieceRevision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an officer found of one content piece, where it differs from what was declared."""

    piece: int  # from 1
    description: str | None = None
    hs: str | None = None
    value: str | None = None
    quantity: str | None = None
    net_weight_kg: str | None = None
    origin: str | None = None


class ReviseItem(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An officer puts what he found beside what was declared, with his reason."""

    item: str
    pieces: tuple[PieceRevision, ...]
    reason: str


class DecideItem(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Customs decides about an item: as an officer says, or as the charges come out where no decision is given.

    `reasons` are for the post and the addressee, `note` is for officers alone.
    """

    item: str
    decision: Decision | None = None
    reasons: tuple[ResponseReason, ...] = ()
    note: str = ""


PART = 200  # items of one command, so that nobody else waits long for his


def in_parts(act: AdviseItems | AdviseDispatch) -> list[AdviseItems | AdviseDispatch]:
    """Return the commands that a large one is given as: its items in parts, then the dispatch without them."""
    parts: list[AdviseItems | AdviseDispatch] = [
        AdviseItems(items=act.items[start : start + PART]) for start in range(0, len(act.items), PART)
    ]
    if isinstance(act, AdviseDispatch):
        parts.append(AdviseDispatch(dispatch=act.dispatch))
    return parts


PostalAct = AdviseItems | AdviseDispatch | RecordArrival | RecordItemStep | ReviseItem | DecideItem
