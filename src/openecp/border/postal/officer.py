# SPDX-License-Identifier: Apache-2.0
"""What Customs does with an item: puts what it found beside what was declared, charges it, decides, answers the post.

Charges are entered in the ledger once; a decision that changes them takes the earlier entries back and enters anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from openecp.border.postal.acts import DecideItem, PieceRevision, ReviseItem
from openecp.border.postal.assessing import PostalAssessment, amount_text
from openecp.border.postal.check import PIECES_MAX, TEXTS, amount, hs_code, item_faults, whole
from openecp.border.postal.deciding import (
    ItemDraft,
    PostalActor,
    PostalContext,
    PostalDecision,
    PostalRefusal,
    refusal,
)
from openecp.border.postal.faults import PostalFault, shown
from openecp.border.postal.item import ContentPiece, PostalItem
from openecp.border.postal.response import PostalResponse, ResponseCharge, ResponseReason, with_code
from openecp.border.postal.state import PostalItemState, revised_item
from openecp.kernel.journal.model import LedgerEntry, OutboxMessage
from openecp.kernel.ledger.accounts import reversal

RESPONSE_KIND = "postal response"
REASON_MAX = 1000
CHARGED = ("release", "release_with_charges")
_FIELDS = tuple(name for name in PieceRevision.__struct_fields__ if name != "piece")


def revise_item(act: ReviseItem, actor: PostalActor, context: PostalContext) -> PostalDecision:
    """Record what an officer found beside what was declared, with what either would cost."""
    draft = ItemDraft(act.item, actor, context)
    declared = _declared(draft.item, context)
    faults = _revision_faults(act, declared)
    if faults:
        raise PostalRefusal(faults)
    side_by_side: list[dict[str, Any]] = []
    for each in act.pieces:
        was = declared.pieces[each.piece - 1] if each.piece <= len(declared.pieces) else ContentPiece()
        found = {name: getattr(each, name) for name in _FIELDS if getattr(each, name) is not None}
        earlier = draft.item.revised.get(str(each.piece), {})
        held = {name: getattr(was, name) for name in _FIELDS if getattr(was, name) is not None}
        side_by_side.append({"piece": each.piece, "declared": held, "revised": {**earlier, **found}})
    body: dict[str, Any] = {"pieces": side_by_side, "reason": act.reason.strip(), "officer": actor.actor}
    if context.assessor is not None:
        state = msgspec.structs.replace(draft.item)
        state.revised = {**state.revised, **{str(each["piece"]): each["revised"] for each in side_by_side}}
        body["assessed"] = {
            "declared": _sums(context.assessor.assess(declared, _today(context), draft.organisation)),
            "revised": _sums(
                context.assessor.assess(revised_item(declared, state), _today(context), draft.organisation)
            ),
        }
    if all(draft.item.revised.get(str(each["piece"])) == each["revised"] for each in side_by_side):
        return PostalDecision(outcome="repeated", subject=draft.key, status=draft.item.status)
    draft.add("PostalItemRevised", body)
    return _done(draft)


def _revision_faults(act: ReviseItem, declared: PostalItem) -> list[PostalFault]:
    """Return what is wrong with a revision."""
    faults: list[PostalFault] = []

    def tell(where: str, expected: str, got: object) -> None:
        faults.append(
            PostalFault(code="OECP-POSTAL-REVISION", where=where, message="This cannot be recorded.",
                        expected=expected, got=shown(got), fix="Correct it.")
        )  # fmt: skip

    if not 3 <= len(act.reason.strip()) <= REASON_MAX:
        tell("reason", f"3 to {REASON_MAX} characters that say why", f"{len(act.reason.strip())} characters")
    if not 1 <= len(act.pieces) <= PIECES_MAX or len({each.piece for each in act.pieces}) < len(act.pieces):
        tell("pieces", f"1 to {PIECES_MAX} pieces, each once", len(act.pieces))
    for number, each in enumerate(act.pieces[:PIECES_MAX]):
        where = f"pieces[{number}]"
        if not 1 <= each.piece <= len(declared.pieces) + 1:
            tell(f"{where}.piece", f"1 to {len(declared.pieces) + 1} (a piece that was not declared)", each.piece)
        if all(getattr(each, name) is None for name in _FIELDS):
            tell(where, "at least one of " + ", ".join(_FIELDS), "nothing")
        checks = (
            (
                "description",
                lambda text: bool(text.strip()) and len(text) <= TEXTS["description"],
                "1 to 512 characters",
            ),
            ("hs", lambda text: hs_code(text) is not None, "6 to 12 digits"),
            ("value", lambda text: amount(text) is not None, "decimal text"),
            ("net_weight_kg", lambda text: amount(text) is not None, "decimal text"),
            ("quantity", lambda text: whole(text) is not None, "a whole number from 1"),
            ("origin", lambda text: len(text) == 2 and text.isascii() and text.isupper(), "two letters"),
        )
        for name, good, expected in checks:
            text = getattr(each, name)
            if text is not None and not good(text):
                tell(f"{where}.{name}", expected, text)
    return faults


def _sums(assessed: PostalAssessment) -> dict[str, Any]:
    return {
        "outcome": assessed.outcome,
        "currency": assessed.currency,
        "duty": assessed.minor("duty"),
        "tax": assessed.minor("tax"),
        "reasons": [reason.code for reason in assessed.reasons],
    }


def decide_item(act: DecideItem, actor: PostalActor, context: PostalContext) -> PostalDecision:
    """Decide about an item, enter its charges, and answer the post."""
    draft = ItemDraft(act.item, actor, context)
    state = draft.item
    assessed = _assessed(act, state, context)
    decision = act.decision or (assessed.outcome if assessed is not None else "no_decision")
    if decision in CHARGED and assessed is not None:
        decision = "release_with_charges" if _payable(assessed) else "release"
    charged = assessed if decision in CHARGED else None
    reasons = (*(assessed.reasons if assessed is not None else ()), *act.reasons)
    entries, reversals = _ledger(draft, state, charged, context)
    revised = bool(state.revised)
    body: dict[str, Any] = {
        "decision": decision,
        "decided_on": context.today,
        "by": "officer" if act.decision is not None else "charges",
        "revised": revised,
        "regime": assessed.regime if assessed is not None else None,
        "category": assessed.category if assessed is not None else None,
        "reasons": [reason.code for reason in reasons][:50],
        "note": act.note.strip()[:REASON_MAX],
        "entries": entries,
        "reversed": reversals,
    }
    if charged is not None:
        body |= {
            "currency": charged.currency,
            "duty": charged.minor("duty"),
            "tax": charged.minor("tax"),
            "amounts": [msgspec.to_builtins(charge) for charge in charged.charges],
        }
    draft.add("PostalItemDecided", body)
    response = _response(draft.item, decision, charged, reasons, context, regime=body["regime"], revised=revised)
    draft.outbox.append(
        OutboxMessage(
            message_id=context.new_id(),
            organisation=draft.organisation,
            case_id=draft.name,
            kind=RESPONSE_KIND,
            body=msgspec.json.encode(response),
            created_at=context.now,
        )
    )
    return _done(draft)


def _assessed(act: DecideItem, state: PostalItemState, context: PostalContext) -> PostalAssessment | None:
    """Return what the item costs, where the decision asks for it.

    Raises: PostalRefusal where nobody charges and the decision needs it.
    """
    if act.decision is not None and act.decision not in CHARGED:
        return None
    if context.assessor is None:
        if act.decision == "release":
            return None
        raise refusal("ASSESSOR", "decision", "No charges are wired here.", expected="a decision without charges",
                      got=act.decision or "none", fix="Decide by a word, or wire an assessor.", status=409)  # fmt: skip
    declared = _declared(state, context)
    item = revised_item(declared, state)
    faults = [fault for fault in item_faults(item) if fault.severity == "fault"]
    assessed = context.assessor.assess(item, _today(context), state.organisation)
    if act.decision is None and (faults or state.missing) and assessed.outcome != "hold_for_documents":
        told = [ResponseReason(code=fault.code, text=fault.text[:300]) for fault in faults[:20]]
        told += [ResponseReason(code="OECP-POSTAL-MISSING", text=text) for text in state.missing[:20]]
        if _holds(faults):
            return msgspec.structs.replace(assessed, outcome="hold_for_documents", reasons=(*assessed.reasons, *told))
        return msgspec.structs.replace(assessed, reasons=(*assessed.reasons, *told))
    return assessed


def _holds(faults: Iterable[PostalFault]) -> bool:
    """Tell whether a fault must be answered before release: the charges rest on what it is about."""
    return any(fault.code.endswith(("-SUM", "-AMOUNT", "-CURRENCY", "-PIECES", "-QUANTITY", "-HS")) for fault in faults)


def _payable(assessed: PostalAssessment) -> bool:
    """Tell whether anything is due at the border."""
    return any(charge.minor and charge.due != "sale" for charge in assessed.charges)


def _ledger(
    draft: ItemDraft, state: PostalItemState, charged: PostalAssessment | None, context: PostalContext
) -> tuple[list[dict[str, Any]], list[str]]:
    """Enter what is due by collector and type, and take back what was entered before; nothing where both are alike."""
    sums: dict[tuple[str, str], int] = {}
    for charge in charged.charges if charged is not None and not charged.booked else ():
        key = (charge.account, f"revenue:{charge.type}:{charged.jurisdiction}:{charged.currency}")  # type: ignore[union-attr]
        sums[key] = sums.get(key, 0) + charge.minor
    wanted = {key: minor for key, minor in sums.items() if minor}
    if wanted == {(each["debit"], each["credit"]): each["minor"] for each in state.entries}:
        return state.entries, []
    for each in state.entries:
        entry = _entry(draft.name, each["debit"], each["credit"], each["minor"], each["currency"], each["id"])
        draft.ledger.append(reversal(entry, entry_id=context.new_id(), reason="postal item decided anew"))
    entries = []
    for (debit, credit), minor in wanted.items():
        currency = debit.rpartition(":")[2]
        entry = _entry(draft.name, debit, credit, minor, currency, context.new_id())
        draft.ledger.append(entry)
        entries.append({"id": entry.entry_id, "debit": debit, "credit": credit, "minor": minor, "currency": currency})
    return entries, [each["id"] for each in state.entries]


def _entry(case_id: str, debit: str, credit: str, minor: int, currency: str, entry_id: str) -> LedgerEntry:
    return LedgerEntry(entry_id=entry_id, case_id=case_id, debit=debit, credit=credit, amount_minor=minor,
                       currency=currency, reason="postal item")  # fmt: skip


def _response(
    state: PostalItemState,
    decision: Any,
    charged: PostalAssessment | None,
    reasons: tuple[ResponseReason, ...],
    context: PostalContext,
    *,
    regime: str | None,
    revised: bool,
) -> PostalResponse:
    """Return the answer to the post, in its own code where its table has one."""

    def text(minor: int) -> str | None:
        return amount_text(minor, charged.exponent) if charged is not None else None

    duty, tax = (charged.minor("duty"), charged.minor("tax")) if charged is not None else (0, 0)
    response = PostalResponse(
        s10=state.s10,
        posted_on=state.posted_on,
        decision=decision,
        decided_on=context.today,
        regime=regime,
        revised=revised,
        currency=charged.currency if charged is not None else None,
        duty=text(duty),
        tax=text(tax),
        total=text(duty + tax),
        charges=tuple(
            ResponseCharge(
                piece=charge.piece, type=charge.type, amount=text(charge.minor) or "", base=charge.base,
                rate=charge.rate, collected_by=charge.by, due=charge.due,
            )
            for charge in (charged.charges if charged is not None else ())
        ),
        reasons=reasons,
    )  # fmt: skip
    return with_code(response, context.codes)


def _declared(state: PostalItemState, context: PostalContext) -> PostalItem:
    """Return the declared data; of an item of which none came, what its key says."""
    found = context.declared.get(state.document) if state.document is not None else None
    return found or PostalItem(s10=state.s10, posted_on=state.posted_on)


def _today(context: PostalContext) -> date:
    return date.fromisoformat(context.today)


def _done(draft: ItemDraft) -> PostalDecision:
    write = draft.write()
    return PostalDecision(
        outcome="done", subject=draft.key, status=draft.item.status, writes=(write,) if write is not None else ()
    )
