# SPDX-License-Identifier: Apache-2.0
"""What an officer may do with a case, and what happens when one of its clocks runs out.

Every act is one or more rows of lifecycle.py's table; what the table does not allow is refused with what to do
instead. An officer's words are kept outside the log, since they may name a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from openecp.border.lodgement import notifications as notice
from openecp.border.lodgement.amend import AmendmentFault
from openecp.border.lodgement.case import DeclarationCase
from openecp.border.lodgement.clearance import advance, assess, settle, take_back, tax_facts
from openecp.border.lodgement.commands import DeadlinePassed, OfficerAct
from openecp.border.lodgement.context import Context, Decision, Profile, due, error_code, setting
from openecp.border.lodgement.draft import Draft, cut, refusal
from openecp.border.lodgement.lane_state import LANES, lane_clock
from openecp.border.lodgement.lanes import lane_passed, override_fault, override_lane
from openecp.border.lodgement.lifecycle import MACHINE
from openecp.border.lodgement.location import arrival_changes, goods_location_of
from openecp.border.lodgement.requests import (
    amended_declaration,
    grant_amendment,
    grant_invalidation,
    present,
    refuse_request,
)
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.binding import encode_json, message_of
from openecp.kernel.datamodel.declared import number_of
from openecp.kernel.datamodel.findings import finding_fact, finding_fault, items_fault
from openecp.kernel.journal.model import Idempotency

# acts, and results of acts, that nobody may do without saying why
NEEDS_REASON = frozenset(
    {
        *("release", "hold", "refuse_request", "not_conform", "irregular", "detained", "seized", "confirm_payment"),
        "override_lane",
    }
)
LIMIT_REASON = 2_000  # characters
_NOT_BY_YOU = ("officer_only", "second_officer", "officer_in_person")


def officer_act(command: OfficerAct, case: DeclarationCase, context: Context) -> Decision:
    """Do an officer's act on a case, or refuse it.

    Raises: IllegalTransition when the case does not allow it now.
    """
    fault = _act_fault(command, case, context)
    if fault is not None:
        status = 403 if fault.rule in _NOT_BY_YOU else 409 if fault.rule == "case_moved_on" else 422
        return Decision(write=None, answer=refusal(fault, case=case, status=status))
    draft = Draft(context, case, command.principal.actor)
    _ACTS[command.act](draft, command)
    if not draft.events:
        return Decision(write=None, answer=refusal(_nothing_to_do(command, context.profile), case=case))
    after = draft.case
    answer = Answer(
        outcome="done",
        case_id=after.case_id,
        lrn=after.lrn,
        mrn=after.mrn,
        status=after.status,
        version=after.version,
        assessment=cut(context.assessment, command.principal.audience),
        notifications=tuple(draft.responses),
    )
    return Decision(write=draft.write(answer, idempotency=act_idempotency(command)), answer=answer)


def act_idempotency(command: OfficerAct) -> Idempotency | None:
    """Return the officer's key with the hash of what was asked and by whom; none where no key was given."""
    if command.key is None:
        return None
    who = command.principal
    asked = (command.case_id, command.act, command.result, command.reason, command.expected_seq, command.finding)
    digest = hashlib.sha256(msgspec.msgpack.encode((who.actor, *asked))).digest()
    return Idempotency(organisation=who.organisation, key=f"act {command.key}", body_hash=digest)


def _act_fault(command: OfficerAct, case: DeclarationCase, context: Context) -> Reason | None:
    profile = context.profile
    if "officer" not in command.principal.roles:
        return _reason(
            profile,
            "officer_only",
            "Only an officer may do this.",
            "the role officer",
            ", ".join(command.principal.roles),
        )
    if command.act not in _ACTS:
        return _reason(profile, "unknown_act", "There is no such act.", ", ".join(_ACTS), command.act)
    if command.expected_seq is not None and command.expected_seq != context.last_seq:
        return _reason(
            profile,
            "case_moved_on",
            "The case has moved on since you looked at it.",
            f"the case as of entry {command.expected_seq}",
            f"entry {context.last_seq}",
            fix="Look at the case again, then decide.",
        )
    results = _RESULTS.get(command.act)
    if results is not None and command.result not in results:
        return _reason(
            profile, "result_missing", "The act needs its result.", " or ".join(results), command.result or "none"
        )
    if (command.act in NEEDS_REASON or command.result in NEEDS_REASON) and not command.reason.strip():
        return _reason(profile, "reason_missing", "This act needs a reason.", "the ground for it, in words", "none")
    if len(command.reason) > LIMIT_REASON:
        got = f"{len(command.reason)} characters"
        return _reason(profile, "reason_too_long", "The reason is too long.", f"at most {LIMIT_REASON} characters", got)
    fault = finding_fault(command.act, command.result, command.finding) or override_fault(command, case)
    shipment = context.declaration.goods_shipment if context.declaration is not None else None
    if fault is None and shipment is not None:
        items = enumerate(shipment.government_agency_goods_item, start=1)
        fault = items_fault(command.finding, {number_of(item, position) for position, item in items})
    return _reason(profile, *fault) if fault is not None else None


def _reason(profile: Profile, rule: str, message: str, expected: str, got: str, *, fix: str | None = None) -> Reason:
    return Reason(
        code=error_code(profile, rule),
        layer="state",
        rule=rule,
        message=message,
        expected=expected,
        got=got,
        fix=fix or f"Give {expected}.",
    )


def _nothing_to_do(command: OfficerAct, profile: Profile) -> Reason:
    return _reason(
        profile,
        "nothing_to_do",
        "The act would change nothing.",
        "a case for which the act is open",
        command.act,
        fix="Look at the case: it is not waiting for this.",
    )


def _finding(draft: Draft, command: OfficerAct) -> dict[str, Any] | None:
    """Return what the event says to officers of the control's finding; its words are kept outside the log."""
    if command.finding is None:
        return None
    return finding_fact(command.finding, draft.case.currency, draft.store_note(command.finding.found))


def _documents_checked(draft: Draft, command: OfficerAct) -> None:
    note, officer = draft.store_note(command.reason), _finding(draft, command)
    if command.result == "conform":
        draft.record("DocumentsVerified", note=note, officer=officer)
        advance(draft, declaration=draft.context.declaration)
        return
    draft.record("DocumentsNotConform", note=note, officer=officer)
    if draft.case.status == "documents_required":
        draft.record("ControlOrdered", tell=(notice.control(draft.subject()),))


def _control_result(draft: Draft, command: OfficerAct) -> None:
    event = _CONTROL_EVENTS[command.result or ""]
    draft.record(event, note=draft.store_note(command.reason), officer=_finding(draft, command))
    if command.result in ("conform", "irregular"):
        advance(draft, declaration=draft.context.declaration)


def _release(draft: Draft, command: OfficerAct) -> None:
    note = draft.store_note(command.reason)
    if draft.case.status == "released":
        _finish(draft, note)
        return
    draft.record("ReleaseOrdered", note=note)
    advance(draft, declaration=draft.context.declaration)


def _finish(draft: Draft, note: dict[str, str] | None = None) -> None:
    """Clear goods that were released under security: with a new assessment it is Customs' own next version."""
    assessment = draft.context.assessment
    changed = assessment is not None and tax_facts(assessment.taxes) != tax_facts(draft.case.taxes)
    draft.record("ClearanceOrdered", version=draft.case.version + 1 if changed else None, note=note)
    if assessment is not None and changed:
        assess(draft, assessment, tell=False)
    advance(draft, declaration=draft.context.declaration)


def _hold(draft: Draft, command: OfficerAct) -> None:
    draft.record("DeclarationHeld", note=draft.store_note(command.reason))


def _lift_hold(draft: Draft, command: OfficerAct) -> None:
    case = draft.case
    waits = case.ground not in ("override", "") and (case.documents_open or case.control_open) and not case.controlled
    clocks = lane_clock(case.moves, case.channel, case.mandatory, draft.context.now) if waits else {}
    draft.record("HoldLifted", note=draft.store_note(command.reason), officer={"clocks": clocks} if clocks else None)
    advance(draft, declaration=draft.context.declaration)


def _grant_request(draft: Draft, command: OfficerAct) -> None:
    request = draft.case.open_request
    kind = request.kind if request is not None else "COR"
    MACHINE.require(draft.case.status, "AmendmentGranted" if kind == "COR" else "InvalidationGranted", draft.case)
    assert request is not None
    if kind == "INV":
        grant_invalidation(draft)
        return
    message = draft.context.requests.get(request.document_id)
    if message is None or draft.context.declaration is None:
        raise ValueError("grant_request: expected the request and the declaration in the context, got None")
    try:
        new = amended_declaration(draft.context, message)
    except AmendmentFault as fault:  # the declaration has changed since the request came in
        refuse_request(draft, text=fault.reasons[0].message)
        return
    grant_amendment(draft, message, new)


def _refuse_request(draft: Draft, command: OfficerAct) -> None:
    refuse_request(draft, text=command.reason[:512])


def _confirm_payment(draft: Draft, command: OfficerAct) -> None:
    if draft.case.money not in ("short", "awaited"):
        return
    settle(draft, draft.context.declaration, confirmed=True)
    advance(draft, declaration=draft.context.declaration)


def _confirm_exit(draft: Draft, command: OfficerAct) -> None:
    declaration = draft.context.declaration
    declared = declaration.exit_office.id if declaration is not None and declaration.exit_office is not None else None
    office = command.principal.office or declared or draft.case.office
    told = notice.exited(draft.subject(), office=office, effective=draft.context.now)
    draft.record("GoodsExited", tell=(told,), office=office, note=draft.store_note(command.reason))


def _confirm_arrival(draft: Draft, command: OfficerAct) -> None:
    """The goods are there: where they are is set by Customs and told in 07 (reason 16)."""
    location = goods_location_of(command.result, draft.context.declaration)
    body = {}
    if location is not None:
        values, changes = arrival_changes(location)
        document = draft.store("arrival", encode_json(message_of(values)), "application/json")
        draft.values[document["id"]] = values
        body = {"document": document, "changes": changes}
    present(draft, note=draft.store_note(command.reason), **body)


_CONTROL_EVENTS = {
    "conform": "ControlConform",
    "irregular": "ControlIrregular",  # put right: the goods go on
    "detained": "GoodsDetained",
    "seized": "GoodsSeized",
}
_RESULTS: dict[str, tuple[str, ...]] = {
    "documents_checked": ("conform", "not_conform"),
    "control_result": tuple(_CONTROL_EVENTS),
    "override_lane": LANES,
}

_ACTS: dict[str, Callable[[Draft, OfficerAct], None]] = {
    "documents_checked": _documents_checked,
    "control_result": _control_result,
    "release": _release,
    "hold": _hold,
    "lift_hold": _lift_hold,
    "override_lane": override_lane,
    "grant_request": _grant_request,
    "refuse_request": _refuse_request,
    "confirm_payment": _confirm_payment,
    "confirm_exit": _confirm_exit,
    "confirm_arrival": _confirm_arrival,
}


def possible_acts(case: DeclarationCase) -> tuple[str, ...]:
    """Return the officer's acts that the case allows now, for a work list or a page."""
    probes: dict[str, tuple[str, ...]] = {
        "documents_checked": ("DocumentsVerified",),
        "control_result": ("ControlConform",),
        "release": ("ReleaseOrdered", "ClearanceOrdered"),
        "hold": ("DeclarationHeld",),
        "lift_hold": ("HoldLifted",),
        "override_lane": ("LaneOverridden",),
        "grant_request": ("AmendmentGranted", "InvalidationGranted"),
        "refuse_request": ("AmendmentRefused", "InvalidationRefused"),
        "confirm_exit": ("GoodsExited",),
        "confirm_arrival": ("GoodsPresented",),
    }
    found = [act for act, events in probes.items() if any(MACHINE.possible(case.status, e, case) for e in events)]
    if case.money in ("short", "awaited"):
        found.append("confirm_payment")
    return tuple(act for act in _ACTS if act in found)


def deadline_passed(command: DeadlinePassed, case: DeclarationCase, context: Context) -> Decision:
    """Do what the law says when a clock of the case runs out.

    Raises: IllegalTransition when the case does not allow it.
    """
    due_at = case.clocks.get(command.act)
    if due_at is None or due_at > context.now:
        fault = _reason(
            context.profile,
            "clock_not_due",
            "This clock of the case has not run out.",
            f"a clock due by {context.now}",
            f"{command.act} due {due_at}" if due_at else f"no clock {command.act}",
            fix="Nothing: the case has moved on.",
        )
        return Decision(write=None, answer=refusal(fault, case=case))
    draft = Draft(context, case, "customs")
    _CLOCKS[command.act](draft)
    after = draft.case
    answer = Answer(
        outcome="done",
        case_id=after.case_id,
        lrn=after.lrn,
        mrn=after.mrn,
        status=after.status,
        version=after.version,
        notifications=tuple(draft.responses),
    )
    return Decision(write=draft.write(answer), answer=answer)


def _presentation_passed(draft: Draft) -> None:
    days = setting(draft.context.profile, "clocks", "presentation_days", default=30)
    told = notice.invalidated(draft.subject(), text=f"Goods were not presented within {days} days")
    draft.record("DeclarationExpired", tell=(told,), entries=draft.enter(take_back(draft, reason="expired")))


def _documents_passed(draft: Draft) -> None:
    draft.record("DocumentsOverdue")


def _payment_passed(draft: Draft) -> None:
    profile = draft.context.profile
    case = draft.case
    if case.reminders >= int(setting(profile, "clocks", "payment_reminders", default=3)):
        draft.record("PaymentOverdue")
        return
    told = notice.insufficient(
        draft.subject(),
        due_minor=case.short_minor,
        currency=case.currency,
        account=draft.account(case.short_kind),
        reminder=True,
        bank=draft.rules.bank,
        exponent=draft.rules.exponent,
    )
    draft.record("PaymentReminded", tell=(told,), clocks={"payment": due(profile, "payment", draft.context.now)})


def _release_passed(draft: Draft) -> None:
    draft.record("ReleaseDue")
    advance(draft, declaration=draft.context.declaration)


def _exit_reminder_passed(draft: Draft) -> None:
    limit = draft.case.clocks.get("exit") or due(draft.context.profile, "exit", draft.context.now)
    draft.record("ExitAwaited", tell=(notice.exit_awaited(draft.subject(), limit=limit),), limit=limit)


def _exit_passed(draft: Draft) -> None:
    days = setting(draft.context.profile, "clocks", "exit_days", default=150)
    told = notice.invalidated(draft.subject(), text=f"Goods did not exit within {days} days")
    entries = draft.enter(take_back(draft, reason="repayment: goods did not exit"))
    draft.record("ExitExpired", tell=(told,), entries=entries)


_CLOCKS: dict[str, Callable[[Draft], None]] = {
    "presentation": _presentation_passed,
    "documents": _documents_passed,
    "lane": lane_passed,
    "payment": _payment_passed,
    "release": _release_passed,
    "security_decision": _finish,
    "exit_reminder": _exit_reminder_passed,
    "exit": _exit_passed,
}
