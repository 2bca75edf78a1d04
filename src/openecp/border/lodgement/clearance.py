# SPDX-License-Identifier: Apache-2.0
"""From assessment to clearance: the goods go as far as channel, money and open questions let them.

`assess` records what is due and tells it; `route` opens the channel's controls once; `advance` is called after
everything that may free the goods: it pays or secures, releases and clears, or stops where something is open.
Source: Revised Kyoto Convention, General Annex, standards 3.40 to 3.45 (release), 5.1 to 5.7 (security).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from openecp.border.lodgement import notifications as notice
from openecp.border.lodgement.amend import amended_values, texts_of
from openecp.border.lodgement.case import LaneMove
from openecp.border.lodgement.context import account_references, due, plus_days
from openecp.border.lodgement.draft import Draft
from openecp.border.lodgement.lane_state import control_recorded, lane_clock, milder
from openecp.kernel.assessment.reasons import Assessment, Reason, TaxLine
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.response import Response
from openecp.kernel.datamodel.values import DateTime
from openecp.kernel.journal.model import LedgerEntry
from openecp.kernel.ledger.accounts import reverse_all
from openecp.kernel.ledger.settlement import Charge, PaymentOrder

AFTER_RELEASE = ("released", "cleared", "exit_awaited", "exited")


def accept(
    draft: Draft, mrn: str, declaration: Declaration, assessment: Assessment, reasons: tuple[Reason, ...]
) -> None:
    """Accept: from here the rates of the acceptance date apply; then the channel decides on controls."""
    now = draft.context.now
    acceptance = acceptance_time(declaration, now)
    warnings = [reason for reason in reasons if reason.severity == "warn"]
    told = notice.accepted(draft.subject(mrn=mrn), acceptance=acceptance, warnings=warnings)
    draft.record(
        "DeclarationAccepted",
        tell=(told,),
        mrn=mrn,
        version=draft.case.version,
        acceptance_date=assessment.decided_on or now[:10],
        acceptance_time=acceptance.value,
    )
    assess(draft, assessment)
    route(draft)


def reject(draft: Draft, mrn: str, assessment: Assessment, reasons: tuple[Reason, ...]) -> None:
    """Reject with every fault that was found, each at its place; what was expected and got is kept beside the log."""
    rejected = msgspec.structs.replace(assessment, outcome="rejected", channel=None, reasons=reasons, taxes=())
    faults = [reason for reason in reasons if reason.severity == "reject"]
    told = notice.rejected(draft.subject(mrn=mrn), faults)
    facts: list[dict[str, Any]] = [
        {"code": r.code, "rule": r.rule, "layer": r.layer, **({"pointer": r.pointer} if r.pointer else {})}
        for r in faults
        if r.audience == "trader"
    ]
    kept = None
    if draft.context.keep_assessment:
        kept = draft.store("assessment", msgspec.json.encode(rejected), "application/json")
    draft.record(
        "DeclarationRejected",
        tell=(told,),
        mrn=mrn,
        version=draft.case.version,
        reasons=facts[:999],
        assessment=kept,
    )


def acceptance_time(declaration: Declaration, now: str) -> DateTime:
    """Return the time of acceptance: as declared (supplementary declarations and entries in records), else now; UTC."""
    declared = declaration.acceptance_date_time
    if declared is None or declared.format_code not in (None, "304") or len(declared.value) < 14:
        return notice.date_time(now)
    text = declared.value
    if text.isascii() and text[:14].isdigit() and text[14:] in ("Z", "+00"):
        return DateTime(value=text[:14] + "Z", format_code="304")
    if text.isascii() and text[:14].isdigit() and len(text) == 17 and text[14] in "+-" and text[15:].isdigit():
        iso = f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}.000000Z"
        try:
            hours = int(text[15:]) * (-1 if text[14] == "+" else 1)
            return notice.date_time(plus_days(iso, hours / 24))
        except ValueError:
            return notice.date_time(now)
    return notice.date_time(now)


def assess(draft: Draft, assessment: Assessment, *, tell: bool = True) -> None:
    """Record what the assessment found and, unless `tell` is off, tell the trader what is due (13 indicative)."""
    payable = sum(line.payable_minor or 0 for line in assessment.taxes if line.charge)
    body: dict[str, Any] = {
        "version": draft.case.version,
        "data_set": assessment.data_set,
        "movement": assessment.movement,
        "currency": assessment.currency,
        "law_date": assessment.decided_on or None,
        "profile": assessment.profile or None,
        "payable_minor": payable,
        "security_minor": assessment.security_minor or None,
        "provisional_minor": assessment.provisional_minor or None,
        "taxes": tax_facts(assessment.taxes) or None,
        "reasons": [_reason_fact(r) for r in assessment.reasons if r.audience == "trader" and r.severity != "info"]
        or None,
        "officer": {
            **_lane(draft, assessment),
            "reasons": [_reason_fact(r) for r in assessment.reasons if r.audience == "officer"],
            **({"selection": _selected(draft, assessment.selection)} if assessment.selection else {}),
            **({"risk": assessment.risk} if assessment.risk else {}),
        },
    }
    if draft.context.keep_assessment:
        body["assessment"] = draft.store("assessment", msgspec.json.encode(assessment), "application/json")
    reversals = take_back(draft, reason="assessed again")
    body["entries"] = draft.enter(reversals)
    told = (
        (tax_notice(draft, notice.TAX_INDICATIVE, assessment),)
        if tell and _tax_told(draft, assessment, payable)
        else ()
    )
    draft.record("DeclarationAssessed", tell=told, **body)


def _lane(draft: Draft, assessment: Assessment) -> dict[str, Any]:
    """Return the lane, whether an audit follows, and the clock by which the lane is left again.

    A lane that an officer made stricter stands for later versions until the goods are released; a milder one was
    meant for what he saw.
    """
    case, channel = draft.case, assessment.channel
    kept = case.override if milder(channel, case.override) and case.status not in AFTER_RELEASE else None
    told: dict[str, Any] = {"channel": kept or channel}
    if kept:
        told["overridden"] = kept
    if _to_be_audited(case.status, told["channel"]):
        told["audit"] = True
    selection = assessment.selection or {}
    if not (kept or control_recorded(case) or case.status in ("registered", *AFTER_RELEASE)):
        moves = msgspec.convert(selection.get("moves", {}), dict[str, LaneMove])
        if clocks := lane_clock(moves, channel, selection.get("mandatory"), draft.context.now):
            told["clocks"] = clocks
    return told


def _selected(draft: Draft, selection: dict[str, Any]) -> dict[str, Any]:
    """Return how the lane was chosen; before the goods are presented it decides nothing yet, and says so."""
    case = draft.case
    if case.status == "registered":
        return selection | {"indicative": True}
    first = case.version > 1 and any(event.kind == "DeclarationAccepted" for event in draft.events)
    return selection | {"presented": True} if first else selection


def tax_facts(lines: Sequence[TaxLine]) -> list[dict[str, Any]]:
    """Return tax lines as the log holds them: lean, since the kept assessment says the rest."""
    facts = []
    for line in lines:
        fact: dict[str, Any] = msgspec.to_builtins(line)
        for name in ("source", "currency", "duty"):
            fact.pop(name, None)
        if line.duty == notice.DECLARED:
            fact["duty"] = line.duty
        facts.append(fact)
    return facts


def _reason_fact(reason: Reason) -> dict[str, Any]:
    """A reason as the log may hold it: code and place, no values, since these can be personal."""
    fact: dict[str, Any] = {"code": reason.code, "rule": reason.rule, "severity": reason.severity}
    if reason.pointer:
        fact["pointer"] = reason.pointer
    if reason.read:  # figures of what risk knew, of nobody in person
        fact["read"] = reason.read
    return fact


def _tax_told(draft: Draft, assessment: Assessment, payable: int) -> bool:
    return bool(assessment.taxes) and (payable > 0 or assessment.data_set not in draft.rules.silent)


def tax_notice(draft: Draft, status: str, assessment: Assessment | None = None) -> Response:
    """Return 13 with the tax lines of the case, or of an assessment that is about to be recorded."""
    version = draft.case.version
    if assessment is not None or draft.tax_shipment is None or draft.tax_shipment[0] != version:
        lines = assessment.taxes if assessment is not None else draft.case.taxes
        draft.tax_shipment = (version, notice.tax_shipment(lines, draft.rules.exponent))
    return notice.taxes_of(draft.subject(), status=status, shipment=draft.tax_shipment[1], bank=draft.rules.bank)


def take_back(draft: Draft, *, reason: str) -> tuple[LedgerEntry, ...]:
    """Return reversals of every ledger entry of the case that stands; nothing is edited."""
    case = draft.case
    standing = [
        LedgerEntry(
            entry_id=posting.entry_id,
            case_id=case.case_id,
            debit=posting.debit,
            credit=posting.credit,
            amount_minor=posting.amount_minor,
            currency=case.currency,
            reason="",
        )
        for posting in case.postings
    ]
    return reverse_all(standing, new_id=draft.context.new_id, reason=reason)


def route(draft: Draft) -> None:
    """Open what the channel asks for: documents (06), a control (05), or nothing; an audit comes after clearance."""
    case = draft.case
    profile = draft.context.profile
    channel = case.channel
    if case.status in AFTER_RELEASE:
        return
    both = channel == "red" and draft.rules.red_asks_documents
    if (channel == "yellow" or both) and case.status == "assessed":
        limit = due(profile, "documents", draft.context.now)
        told = notice.documents(draft.subject(), limit=limit)
        draft.record("DocumentsRequired", tell=(told,), limit=limit, clocks={"documents": limit})
    if channel == "red" and draft.case.status in ("assessed", "documents_required"):
        draft.record("ControlOrdered", tell=(notice.control(draft.subject()),))
    if channel in ("green", "blue"):
        _schedule(draft)


def _to_be_audited(status: str, channel: str | None) -> bool:
    """Say whether the case goes on to an audit; it has no event of its own, since a trader could count events."""
    if status in AFTER_RELEASE:  # the goods are gone: what would have been a control becomes an audit
        return channel not in (None, "green")
    return channel == "blue"


def _schedule(draft: Draft) -> None:
    """Where the administration lets some seconds pass before release, start that clock."""
    wait_s = draft.rules.release_wait_s
    if wait_s > 0 and draft.case.status == "assessed":
        until = plus_days(draft.context.now, wait_s / 86400)
        draft.record("ReleaseScheduled", clocks={"release": until})


def advance(draft: Draft, *, declaration: Declaration | None, confirmed: bool = False) -> None:
    """Bring the case as far as it may go now: settle the money, release, clear.

    `declaration` gives the numbers of accounts; `confirmed` says that a payment has come in.
    """
    case = draft.case
    if case.status not in ("assessed", "payment_pending", *AFTER_RELEASE):
        return
    if case.held or case.documents_open or case.control_open or case.open_request is not None:
        return
    if case.scheduled_until and not case.release_ordered and draft.context.now < case.scheduled_until:
        return
    if case.money != "none" and case.money != "settled" and not settle(draft, declaration, confirmed):
        return
    if draft.case.provisional and draft.case.status == "assessed":
        limit = due(draft.context.profile, "security_decision", draft.context.now)
        told = notice.released(draft.subject(), checked=case.controlled)
        draft.record("GoodsReleased", tell=(told,), clocks={"security_decision": limit})
        return
    if draft.case.status == "released" and draft.case.provisional:
        return
    clear(draft)


def settle(draft: Draft, declaration: Declaration | None, confirmed: bool) -> bool:
    """Pay, defer or secure what is due; return whether the money is satisfied now."""
    case = draft.case
    context = draft.context
    references = account_references(declaration, draft.rules)
    order = PaymentOrder(
        case_id=case.case_id,
        organisation=case.organisation,
        version=case.version,
        currency=case.currency,
        charges=tuple(
            Charge(item=line.item, type=line.type, amount_minor=line.payable_minor, method=line.method)
            for line in case.taxes
            if line.charge and line.payable_minor
        ),
        security_minor=case.security_minor,
        methods=tuple(sorted({line.method for line in case.taxes if line.method})),
        references=references,
        funds=context.funds,
        confirmed=confirmed,
    )
    settlement = context.settle(order, context.new_id)
    if settlement.outcome == "short":
        _tell_short(draft, settlement.short_minor, settlement.short_kind, references)
        return False
    if settlement.outcome == "awaited":
        if case.money != "awaited":
            limit = due(context.profile, "payment", context.now)
            draft.record("PaymentAwaited", amount_minor=settlement.short_minor, clocks={"payment": limit})
        return False
    waiting = case.status in ("assessed", "payment_pending")
    provisional = case.provisional_minor > 0 and (waiting or case.provisional)
    status = notice.TAX_SECURED if provisional and waiting else notice.TAX_FINAL
    told = bool(case.taxes) and (case.payable_minor > 0 or case.data_set not in draft.rules.silent)
    draft.record(
        "SecurityTaken" if provisional and waiting else "PaymentSettled",
        tell=(tax_notice(draft, status),) if told else (),
        amount_minor=case.payable_minor,
        security_minor=case.security_minor or None,
        kinds=list(settlement.kinds) or None,
        provisional=provisional or None,
        entries=draft.enter(settlement.entries),
    )
    return True


def _tell_short(draft: Draft, short_minor: int, kind: str | None, references: dict[str, str]) -> None:
    profile = draft.context.profile
    told = notice.insufficient(
        draft.subject(),
        due_minor=short_minor,
        currency=draft.case.currency,
        account=references.get(kind or ""),
        bank=draft.rules.bank,
        exponent=draft.rules.exponent,
    )
    limit = due(profile, "payment", draft.context.now)
    draft.record("FundsInsufficient", tell=(told,), short_minor=short_minor, short_kind=kind, clocks={"payment": limit})


def clear(draft: Draft) -> None:
    """Tell the result of amendments (07) and clear the declaration (09); an export's exit clocks start."""
    case = draft.case
    told: list[Response] = []
    if case.unannounced:
        told.append(_result(draft))
    told.append(notice.cleared(draft.subject(), checked=case.controlled))
    clocks: dict[str, str] = {}
    if case.movement == "export" and case.cleared_at is None and draft.rules.exit_followed:
        clocks = {name: due(draft.context.profile, name, draft.context.now) for name in ("exit_reminder", "exit")}
    draft.record("DeclarationCleared", tell=told, version=case.version, clocks=clocks or None)


def _result(draft: Draft) -> Response:
    """Return 07 for all granted changes that were not told yet, with the declarant's texts and the new values."""
    changes = draft.case.unannounced
    known = {**draft.context.requests, **draft.values}
    requests = {change.document_id: known[change.document_id] for change in changes if change.document_id in known}
    texts: list[str | None] = []
    for document_id in dict.fromkeys(change.document_id for change in changes):
        count = sum(1 for change in changes if change.document_id == document_id)
        request = requests.get(document_id)
        texts += texts_of(request, count) if request is not None else [None] * count
    return notice.result(
        draft.subject(),
        changes=[(change.reason, change.pointer) for change in changes],
        texts=texts,
        values=amended_values(requests.values()) if requests else None,
    )
