# SPDX-License-Identifier: Apache-2.0
"""Decides a command about postal items: which streams it concerns, who may give it, what is then recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from openecp.border.postal.acts import (
    AdviseDispatch,
    AdviseItems,
    DecideItem,
    PostalAct,
    RecordArrival,
    RecordItemStep,
    ReviseItem,
)
from openecp.border.postal.advise import advise_dispatch, advise_items
from openecp.border.postal.arrive import record_arrival, record_step
from openecp.border.postal.deciding import PostalActor, PostalContext, PostalDecision, PostalStream, refusal
from openecp.border.postal.dispatch import dispatch_stream
from openecp.border.postal.officer import decide_item, revise_item
from openecp.border.postal.s10 import item_key
from openecp.border.postal.state import dispatch_state, item_state, item_stream

OFFICERS = (ReviseItem, DecideItem)


def concerns(act: PostalAct) -> tuple[str, ...]:
    """Return the streams that a command names."""
    match act:
        case AdviseItems():
            return _streams(item_key(item.s10, item.posted_on) for item in act.items)
        case AdviseDispatch():
            keys = [item_key(item.s10, item.posted_on) for item in act.items]
            keys += [key for receptacle in act.dispatch.receptacles for key in receptacle.items]
            return (dispatch_stream(act.dispatch.dispatch_id), *_streams(keys))
        case RecordArrival():
            keys = [key for receptacle in act.receptacles for key in receptacle.items if "/" in key]
            return (dispatch_stream(act.dispatch_id), *_streams(keys))
        case RecordItemStep():
            return _streams(act.items)
        case ReviseItem() | DecideItem():
            return _streams((act.item,))


def identifiers_of(act: PostalAct) -> tuple[str, ...]:
    """Return the identifiers of which a command asks when else they were posted."""
    match act:
        case AdviseItems() | AdviseDispatch():
            found = [item.s10 for item in act.items]
        case RecordArrival():
            read = ("".join(text.split()) for receptacle in act.receptacles for text in receptacle.items)
            found = [text for text in read if "/" not in text]
        case _:
            found = []
    return tuple(dict.fromkeys(text for text in found if 0 < len(text) <= 40))


def concerns_further(
    act: PostalAct, streams: Mapping[str, PostalStream], on_record: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the streams that follow: items pre-advised in receptacles that arrive, earlier uses of an identifier."""
    keys = [item_key(identifier, day) for identifier, days in on_record.items() for day in days[-2:]]
    known = streams.get(dispatch_stream(act.dispatch_id)) if isinstance(act, RecordArrival) else None
    if isinstance(act, RecordArrival) and known is not None:
        held = dispatch_state(known.state).receptacles
        keys += [
            key for each in act.receptacles if each.receptacle_id in held for key in held[each.receptacle_id].items
        ]
        wanted = {"".join(text.split()) for receptacle in act.receptacles for text in receptacle.items}
        keys += [key for bag in held.values() for key in bag.items if key.partition("/")[0] in wanted]
    return tuple(name for name in _streams(keys) if name not in streams)


def documents_of(act: PostalAct, streams: Mapping[str, PostalStream]) -> tuple[str, ...]:
    """Return the ids of the declared data that a command needs."""
    if not isinstance(act, AdviseItems | AdviseDispatch | ReviseItem | DecideItem):
        return ()
    states = (item_state(streams[name].state) for name in concerns(act) if name in streams and "/item/" in name)
    return tuple(state.document for state in states if state.document is not None)


def decide(act: PostalAct, actor: PostalActor, context: PostalContext) -> PostalDecision:
    """Decide a command.

    Raises: PostalRefusal.
    """
    if isinstance(act, OFFICERS):
        if not actor.is_officer:
            raise _role("an officer of Customs")
    elif not (actor.is_post or actor.is_officer):
        raise _role("a post, or an officer of Customs")
    match act:
        case AdviseItems():
            return advise_items(act, actor, context)
        case AdviseDispatch():
            return advise_dispatch(act, actor, context)
        case RecordArrival():
            return record_arrival(act, actor, context)
        case RecordItemStep():
            return record_step(act, actor, context)
        case ReviseItem():
            return revise_item(act, actor, context)
        case DecideItem():
            return decide_item(act, actor, context)


def _streams(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item_stream(key) for key in keys))


def _role(expected: str) -> Exception:
    return refusal("ROLE", "role", "Your role does not allow this.", expected=expected, got="another role",
                   fix="Use a token of a person or system with that role.", status=403)  # fmt: skip
