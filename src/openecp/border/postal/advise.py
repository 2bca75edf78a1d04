# SPDX-License-Identifier: Apache-2.0
"""The post sends data ahead: of items, and of dispatches with their receptacles.

Data of an item that is on record replace those before, and what scorecards counted of it is taken back. An item that
arrived before its data, under the day of its arrival, gets them.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from openecp.border.postal.acts import AdviseDispatch, AdviseItems
from openecp.border.postal.check import item_faults, posting_date, shuts_out
from openecp.border.postal.compliance import destination_of, judge, origin_of, quality_of
from openecp.border.postal.deciding import (
    DispatchDraft,
    ItemDraft,
    PostalActor,
    PostalContext,
    PostalDecision,
    PostalRefusal,
    refusal,
)
from openecp.border.postal.dispatch import dispatch_faults, dispatch_stream, preadvised_in
from openecp.border.postal.faults import PostalFault
from openecp.border.postal.form import mail_of
from openecp.border.postal.item import PostalItem, category_word
from openecp.border.postal.s10 import item_key, reuse_warning
from openecp.border.postal.state import item_state, item_stream

JOIN_DAYS = 60  # data may follow an item that arrived without them
_encode = msgspec.json.Encoder().encode


def advise_items(act: AdviseItems, actor: PostalActor, context: PostalContext) -> PostalDecision:
    """Take in the data of items."""
    drafts = _drafts(act.items, actor, context)
    subject = next(iter(drafts), "")
    return _decided(subject, list(drafts.values()), None)


def advise_dispatch(act: AdviseDispatch, actor: PostalActor, context: PostalContext) -> PostalDecision:
    """Take in a pre-advice; one that comes again replaces the one before."""
    faults = dispatch_faults(act.dispatch)
    if faults:
        raise PostalRefusal(faults)
    drafts = _drafts(act.items, actor, context)
    said = act.dispatch
    draft = DispatchDraft(said.dispatch_id, dispatch_stream(said.dispatch_id), actor, context)
    if draft.state is not None and draft.state.status == "matched":
        raise refusal("STATE", "dispatch", "The dispatch has been matched with what arrived.", got="matched",
                      expected="an open dispatch", fix="Send the data of its items alone.", status=409)  # fmt: skip
    bags = [{"receptacle": each.receptacle_id, "items": list(each.items)} for each in said.receptacles]
    before = preadvised_in(draft.state) if draft.state is not None else {}
    wanted = {key: bag.receptacle_id for bag in said.receptacles for key in bag.items}
    body = {name: getattr(said, name) for name in ("origin_post", "destination_post", "dispatched_on", "mail_class")}
    known = {name: getattr(draft.state, name) for name in body} if draft.state is not None else None
    if known != body or before != wanted or _bags(draft) != [bag["receptacle"] for bag in bags]:
        draft.add("DispatchPreadvised", {**body, "receptacles": bags})
    for key, bag in wanted.items():
        item = drafts.get(key) or _on_record(key, actor, context)
        if item is not None and (item.item.dispatch, item.item.receptacle) != (said.dispatch_id, bag):
            item.add("PostalItemPreadvised", {"dispatch": said.dispatch_id, "receptacle": bag})
            drafts.setdefault(key, item)
    return _decided(said.dispatch_id, list(drafts.values()), draft)


def _bags(draft: DispatchDraft) -> list[str]:
    return [name for name, held in draft.state.receptacles.items() if held.preadvised] if draft.state else []


def _on_record(key: str, actor: PostalActor, context: PostalContext) -> ItemDraft | None:
    return ItemDraft(key, actor, context) if item_stream(key) in context.streams else None


def _decided(subject: str, items: list[ItemDraft], dispatch: DispatchDraft | None) -> PostalDecision:
    drafts: list[ItemDraft | DispatchDraft] = [*([dispatch] if dispatch is not None else []), *items]
    writes = tuple(write for write in (draft.write() for draft in drafts) if write is not None)
    status = dispatch.state.status if dispatch is not None and dispatch.state is not None else ""
    if not status and len(items) == 1:
        status = items[0].item.status
    return PostalDecision(outcome="done" if writes else "repeated", subject=subject, status=status, writes=writes)


def _drafts(items: tuple[PostalItem, ...], actor: PostalActor, context: PostalContext) -> dict[str, ItemDraft]:
    """Return a draft for each item by its key, each with what is to be recorded of it.

    Raises: PostalRefusal with the faults of every item that cannot be taken.
    """
    faults: list[PostalFault] = []
    drafts: dict[str, ItemDraft] = {}
    for number, item in enumerate(items):
        found = item_faults(item, f"items[{number}]")
        key = item_key(item.s10, item.posted_on)
        if key in drafts:
            faults.append(
                PostalFault(code="OECP-POSTAL-DOUBLE", where=f"items[{number}]", message="The item is there twice.",
                            expected="it once", got=key, fix="Leave one out.")
            )  # fmt: skip
        elif any(shuts_out(fault) for fault in found):
            faults += [fault for fault in found if shuts_out(fault)]
        elif not faults:
            drafts[key] = _draft(item, found, actor, context)
    if faults:
        raise PostalRefusal(faults)
    return drafts


def _draft(item: PostalItem, faults: tuple[PostalFault, ...], actor: PostalActor, context: PostalContext) -> ItemDraft:
    draft = ItemDraft(_key(item, context), actor, context)
    content = _encode(item)
    state = draft.state
    if state is not None and state.document is not None:
        declared = context.declared.get(state.document)
        if declared is not None and _encode(declared) == content:
            return draft
    warning = None
    on = posting_date(item)
    if on is not None and (state is None or state.document is None):
        others = [date.fromisoformat(day) for day in context.on_record.get(item.s10, ())]
        warning = reuse_warning(item.s10, on, [day for day in others if item_key(item.s10, str(day)) != draft.key])
    told = {**told_of(item, context), "organisation": draft.organisation}
    body: dict[str, Any] = {
        "s10": item.s10,
        "posted_on": item.posted_on,
        "document": draft.keep("postal_item", content, person_keys(item, draft.key)),
        "told": told,
        "told_before": state.told if state is not None else None,
        "category": category_word(item.category),
        "mail": mail_of(item),
        "destination": destination_of(item),
        "pieces": len(item.pieces),
        "faults": sorted({fault.code for fault in faults if fault.severity == "fault"}),
        "missing": [f"{fault.where}: {fault.expected}" for fault in judge(item, context.rules).missing][:100],
        "reused": warning.got if warning is not None else None,
    }
    draft.add("PostalItemPosted" if state is None else "PostalItemCorrected", body)
    return draft


def _key(item: PostalItem, context: PostalContext) -> str:
    """Return the key under which an item is on record: its own, or that of its arrival without data."""
    key = item_key(item.s10, item.posted_on)
    on = posting_date(item)
    if item_stream(key) in context.streams or on is None:
        return key
    for day in context.on_record.get(item.s10, ()):
        known = context.streams.get(item_stream(item_key(item.s10, day)))
        if known is None:
            continue
        state = item_state(known.state)
        if state.document is None and 0 <= (date.fromisoformat(day) - on).days <= JOIN_DAYS:
            return state.key
    return key


def told_of(item: PostalItem, context: PostalContext) -> dict[str, Any]:
    """Return what scorecards count of an item."""
    quality = quality_of(item, context.rules, context.is_vague)
    told = {name: getattr(quality, name) for name in quality.__struct_fields__}
    return {"origin_post": origin_of(item), "posted_on": item.posted_on, "received_on": context.today, **told}


def person_keys(item: PostalItem, key: str) -> tuple[str, ...]:
    """Return the keys under which the persons of an item are found for erasure: the item, tax numbers, contacts."""
    parties = [party for party in (item.sender, item.addressee) if party is not None]
    given = [text for party in parties for text in (party.tax_number, party.email, party.telephone) if text]
    return tuple(dict.fromkeys([f"post:{key}", *(text for text in given if text.isascii())]))
