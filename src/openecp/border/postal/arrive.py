# SPDX-License-Identifier: Apache-2.0
"""Receptacles arrive, items are told of: each arrival is matched with the pre-advice and told of in the item's stream.

What is read in a receptacle is looked for in this dispatch, then among the items on record, by identifier alone where
no posting date is read: then the latest posting counts. An item of which nothing is on record is opened under the day
of its arrival.
"""

from __future__ import annotations

from typing import Any

from openecp.border.postal.acts import RecordArrival, RecordItemStep
from openecp.border.postal.deciding import (
    DispatchDraft,
    ItemDraft,
    PostalActor,
    PostalContext,
    PostalDecision,
    PostalRefusal,
)
from openecp.border.postal.dispatch import (
    RECEPTACLES_MAX,
    DispatchState,
    dispatch_stream,
    identifier_fault,
    match,
    preadvised_in,
)
from openecp.border.postal.faults import PostalFault
from openecp.border.postal.s10 import item_key, key_faults, s10_faults
from openecp.border.postal.state import STEPS, item_stream
from openecp.border.postal.table import ITEMS_MAX


def record_arrival(act: RecordArrival, actor: PostalActor, context: PostalContext) -> PostalDecision:
    """Record which receptacles have arrived, and what was read in them."""
    draft = DispatchDraft(act.dispatch_id, dispatch_stream(act.dispatch_id), actor, context)
    found = _found(act, draft.state, context)
    told = [
        {"receptacle": each.receptacle_id, "opened": each.opened or bool(each.items), "items": keys}
        for each, keys in zip(act.receptacles, found, strict=True)
    ]
    new = [each for each in told if not _known(draft.state, each)]
    if new:
        draft.add("ReceptaclesArrived", {"receptacles": new, "office": act.office})
    items = _items(draft, new, act.office, actor, context)
    if act.complete and draft.state is not None and draft.state.status != "matched":
        result = match(draft.state)
        missing = [item.item for item in result.differences if item.outcome == "missing"]
        draft.add("DispatchMatched", {"receptacles": result.receptacles, "items": result.items, "missing": missing})
    writes = [write for write in (draft.write(), *(item.write() for item in items)) if write is not None]
    status = draft.state.status if draft.state is not None else ""
    return PostalDecision(
        outcome="done" if writes else "repeated", subject=act.dispatch_id, status=status, writes=tuple(writes)
    )


def _known(state: DispatchState | None, told: dict[str, Any]) -> bool:
    """Tell whether this arrival says nothing new."""
    held = state.receptacles.get(told["receptacle"]) if state is not None else None
    if held is None or held.arrived_at is None:
        return False
    return not told["opened"] or held.found == told["items"]


def _found(act: RecordArrival, state: DispatchState | None, context: PostalContext) -> list[list[str]]:
    """Return the keys of what was read in each receptacle.

    Raises: PostalRefusal with everything that cannot be an identifier.
    """
    faults: list[PostalFault] = []
    by_identifier = {key.partition("/")[0]: key for key in preadvised_in(state)} if state is not None else {}
    if len(act.receptacles) > RECEPTACLES_MAX or sum(len(each.items) for each in act.receptacles) > ITEMS_MAX:
        faults.append(
            PostalFault(code="OECP-POSTAL-LIMIT", where="receptacles", message="There are too many.", got="more",
                        expected=f"{RECEPTACLES_MAX} receptacles, {ITEMS_MAX} items", fix="Tell of them in parts.")
        )  # fmt: skip
    if told := identifier_fault(act.dispatch_id, "dispatch_id"):
        faults.append(told)
    found: list[list[str]] = []
    for number, receptacle in enumerate(act.receptacles[:RECEPTACLES_MAX]):
        where = f"receptacles[{number}]"
        if told := identifier_fault(receptacle.receptacle_id, f"{where}.receptacle_id"):
            faults.append(told)
        keys: list[str] = []
        for place, text in enumerate(receptacle.items[:ITEMS_MAX]):
            identifier, _, posted_on = text.partition("/")
            at = f"{where}.items[{place}]"
            read, wrong = s10_faults(identifier, at)
            wrong = key_faults(text, at) if posted_on else wrong
            faults += [fault for fault in wrong if fault.severity == "fault"]
            if read is not None:
                keys.append(_key(read.identifier, posted_on, by_identifier, context))
        found.append(list(dict.fromkeys(keys)))
    if faults:
        raise PostalRefusal(faults)
    return found


def _key(identifier: str, posted_on: str, here: dict[str, str], context: PostalContext) -> str:
    if posted_on:
        return item_key(identifier, posted_on)
    if identifier in here:
        return here[identifier]
    known = [
        day for day in context.on_record.get(identifier, ()) if item_stream(f"{identifier}/{day}") in context.streams
    ]
    return item_key(identifier, max(known, default=context.today))


def _items(
    draft: DispatchDraft, told: list[dict[str, Any]], office: str, actor: PostalActor, context: PostalContext
) -> list[ItemDraft]:
    """Return a draft of each item that has arrived, where that is news."""
    if draft.state is None:
        return []
    wanted = preadvised_in(draft.state)
    items: dict[str, ItemDraft] = {}
    for each in told:
        bag = each["receptacle"]
        for key in each["items"] if each["opened"] else draft.state.receptacles[bag].items:
            item = items.get(key) or ItemDraft(key, actor, context)
            if item.state is not None and (item.state.arrived_in == bag or item.state.status in _GONE):
                continue
            at = wanted.get(key)
            outcome = "without_preadvice" if at is None else "arrived" if at == bag else "other_receptacle"
            body = {"dispatch": draft.dispatch_id, "receptacle": bag, "office": office, "match": outcome}
            item.add("PostalItemArrived", {**body, **({"told": _untold(item, context)} if item.state is None else {})})
            items[key] = item
    return list(items.values())


_GONE = ("handed_back", "delivered", "returned", "destroyed")


def _untold(item: ItemDraft, context: PostalContext) -> dict[str, Any]:
    """Return what scorecards count of an item of which no data came."""
    identifier, _, posted_on = item.key.partition("/")
    return {
        "organisation": item.organisation,
        "origin_post": identifier[-2:],
        "posted_on": posted_on,
        "received_on": context.today,
        "without_data": True,
    }


def record_step(act: RecordItemStep, actor: PostalActor, context: PostalContext) -> PostalDecision:
    """Record where items are; all of them, or none."""
    faults: list[PostalFault] = []
    items: list[ItemDraft] = []
    kind = STEPS[act.step]
    for key in dict.fromkeys(act.items[:ITEMS_MAX]):
        try:
            item = ItemDraft(key, actor, context)
            if item.item.history[-1:] == [] or item.item.history[-1][0] != kind:
                item.add(kind, {"office": act.office})
            items.append(item)
        except PostalRefusal as refused:
            faults += refused.faults
    if faults:
        raise PostalRefusal(faults, status=404 if faults[0].code.endswith("UNKNOWN") else 409)
    writes = tuple(write for write in (item.write() for item in items) if write is not None)
    status = items[0].item.status if len(items) == 1 else ""
    subject = items[0].key if items else ""
    return PostalDecision(outcome="done" if writes else "repeated", subject=subject, status=status, writes=writes)
