# SPDX-License-Identifier: Apache-2.0
"""The state of a case is made from its events alone: one small function says what each kind of event changes.

`fold` is the replay; `apply_row` is what a decision in the making uses for each event that it records, so that the
stored state and a replay cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

from openecp.border.lodgement.case import (
    Body,
    Change,
    DeclarationCase,
    LaneMove,
    OpenRequest,
    OverrideAsked,
    Posting,
)
from openecp.border.lodgement.lane_state import milder
from openecp.border.lodgement.lifecycle import MACHINE
from openecp.kernel.assessment.reasons import TaxLine
from openecp.kernel.casework.machine import Transition
from openecp.kernel.journal.model import Event, NewEvent


class BrokenStream(ValueError):  # noqa: N818 - what the auditor reads
    """Events that cannot be the story of one case: the first of them that does not fit is named."""


def fold(events: Iterable[Event | NewEvent]) -> DeclarationCase:
    """Return the case that these events tell, in their order.

    Raises: BrokenStream for no events, or an event that cannot follow the ones before it.
    """
    case: DeclarationCase | None = None
    for event in events:
        case = apply(case, event.kind, event.occurred_at, event.body)
    if case is None:
        raise BrokenStream("expected at least DeclarationSubmitted, got no event")
    return case


def apply(case: DeclarationCase | None, kind: str, at: str, body: Body) -> DeclarationCase:
    """Return the case after one more event.

    Raises: IllegalTransition, BrokenStream.
    """
    return apply_row(case, MACHINE.row(case.status if case is not None else "", kind), at, body)


def apply_row(case: DeclarationCase | None, row: Transition, at: str, body: Body) -> DeclarationCase:
    """Return the case after the event of a row of the table that is known to fit.

    Raises: BrokenStream.
    """
    if case is None:
        return _submitted(at, body)
    change = _CHANGES.get(row.event)
    changes: dict[str, Any] = change(case, at, body) if change is not None else {}
    if row.next is not None:
        changes["status"] = row.next
    if row.clock:
        clocks = {name: due for name, due in case.clocks.items() if f"-{name}" not in row.clock}
        changes["clocks"] = clocks | body.get("clocks", {}) | body.get("officer", {}).get("clocks", {})
    return msgspec.structs.replace(case, **changes)


def _submitted(at: str, body: Body) -> DeclarationCase:
    try:
        return DeclarationCase(
            case_id=body["case_id"],
            organisation=body["organisation"],
            lrn=body["lrn"],
            status="submitted",
            submitted_at=at,
            function_code=body.get("function_code"),
            type_code=body.get("type_code"),
            movement=body.get("movement"),
            data_set=body.get("data_set"),
            office=body.get("office"),
            prelodged=body.get("prelodged", False),
            document_id=body["document"]["id"],
        )
    except KeyError as missing:
        raise BrokenStream(f"DeclarationSubmitted: expected {missing} in the body, got none") from missing


def _registered(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"registered_at": at, "mrn": body["mrn"]}


def _rejected(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    kept = body.get("assessment")
    return {"ended_at": at, "mrn": body["mrn"], "assessment_id": kept["id"] if kept else case.assessment_id}


def _presented(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {
        "presented_at": at,
        "version": body["version"],
        "type_code": body.get("type_code", case.type_code),
        "prelodged": False,
        "unannounced": (*case.unannounced, *_changes_in(body, body.get("document", {}).get("id", ""))),
    }


def _changes_in(body: Body, document_id: str) -> tuple[Change, ...]:
    return tuple(
        Change(reason=change["reason"], pointer=change["pointer"], document_id=document_id)
        for change in body.get("changes", ())
    )


def _accepted(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"accepted_at": at, "acceptance_date": body["acceptance_date"], "mrn": body["mrn"]}


def _assessed(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    payable = body["payable_minor"]
    security = body.get("security_minor", 0)
    kept = body.get("assessment")
    currency = body["currency"]
    lines = [{"currency": currency, **fact} for fact in body.get("taxes", ())]
    return {
        "data_set": body.get("data_set", case.data_set),
        "movement": body.get("movement", case.movement),
        "currency": currency,
        "taxes": msgspec.convert(lines, tuple[TaxLine, ...]),
        "payable_minor": payable,
        "security_minor": security,
        "provisional_minor": body.get("provisional_minor", 0),
        "money": "open" if payable or security or body.get("taxes") else "none",
        "short_minor": 0,
        "channel": body.get("officer", {}).get("channel", case.channel),
        "audit": case.audit or body.get("officer", {}).get("audit", False),
        **_lane_of(case, body.get("officer", {})),
        "assessment_id": kept["id"] if kept else None,
        "postings": _after_postings(case, body),
    }


def _lane_of(case: DeclarationCase, officer: Body) -> dict[str, Any]:
    """What led to the lane; without a plan of selection whatever a criterion selected counts as mandatory."""
    selection = officer.get("selection")
    rules = [str(reason.get("rule", "")) for reason in officer.get("reasons", ())]
    by_criteria = any(rule.startswith("risk.") and rule != "risk.random" for rule in rules)
    found = selection or ({"mandatory": officer.get("channel")} if by_criteria else {})
    ground = "override" if officer.get("overridden") else found.get("ground", "")
    return {
        "ground": "" if ground == "none" else ground,
        "mandatory": found.get("mandatory"),
        "moves": msgspec.convert(found.get("moves", {}), dict[str, LaneMove]),
        **_not_asked(case),
    }


def _not_asked(case: DeclarationCase) -> dict[str, Any]:
    """Nobody asks for another lane any more."""
    seen = {"attention": None} if case.attention == "override_asked" else {}
    return {"override_asked": None, **seen}


def _override_asked(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    officer = body["officer"]
    return {"override_asked": OverrideAsked(lane=officer["lane"], by=officer["by"]), "attention": "override_asked"}


def _lane_changed(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    lane, ground = body["officer"]["lane"], body["officer"]["ground"]
    stands = lane if ground == "override" and milder(case.channel, lane) else None
    return {"channel": lane, "audit": lane == "blue", "ground": ground, "override": stands, **_not_asked(case)}


def _controls_lifted(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"documents_open": False, "documents_limit": None, "control_open": False, "attention": None}


def _waits_for_control(case: DeclarationCase) -> dict[str, Any]:
    """What waited for money or the time of release waits for the control first, and for the money after it."""
    money = {"money": "open", "short_minor": 0} if case.money in ("short", "awaited") else {}
    return {"scheduled_until": None, **money}


def _documents_required(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"documents_open": True, "documents_limit": body["limit"], **_waits_for_control(case)}


def _control_ordered(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"control_open": True, **_waits_for_control(case)}


def _documents_verified(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"documents_open": False, "documents_limit": None, "controlled": True, "attention": None}


def _documents_not_conform(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"documents_open": False, "documents_limit": None, "attention": "documents_not_conform"}


def _documents_overdue(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"attention": "documents_overdue"}


def _control_conform(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {
        "documents_open": False,
        "documents_limit": None,
        "control_open": False,
        "controlled": True,
        "attention": None,
    }


def _release_ordered(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {
        "release_ordered": True,
        "documents_open": False,
        "documents_limit": None,
        "control_open": False,
        "attention": None,
    }


def _seized(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"ended_at": at, "control_open": False, "documents_open": False}


def _after_postings(case: DeclarationCase, body: Body) -> tuple[Posting, ...]:
    """Entries of the body are added; what they reverse goes, and a reversal is no entry that could be reversed."""
    entries = body.get("entries", ())
    if not entries:
        return case.postings
    gone = {entry["reverses"] for entry in entries if entry.get("reverses")}
    added = tuple(
        Posting(
            entry_id=entry["entry_id"], debit=entry["debit"], credit=entry["credit"], amount_minor=entry["amount_minor"]
        )
        for entry in entries
        if not entry.get("reverses")
    )
    return tuple(posting for posting in (*case.postings, *added) if posting.entry_id not in gone)


def _short(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"money": "short", "short_minor": body["short_minor"], "short_kind": body.get("short_kind")}


def _awaited(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"money": "awaited", "short_minor": body["amount_minor"]}


def _reminded(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"reminders": case.reminders + 1}


def _overdue(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"attention": "payment_overdue"}


def _settled(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {
        "money": "settled",
        "provisional": body.get("provisional", False),
        "short_minor": 0,
        "reminders": 0,
        "postings": _after_postings(case, body),
    }


def _released(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"released_at": at}


def _clearance_ordered(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"provisional": False, "money": "open", "version": body.get("version", case.version)}


def _cleared(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"released_at": case.released_at or at, "cleared_at": at, "unannounced": (), "scheduled_until": None}


def _exited(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"exited_at": at, "ended_at": at}


def _ended(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"ended_at": at, "open_request": None, "postings": _after_postings(case, body)}


def _requested(kind: Literal["COR", "INV"]) -> Callable[[DeclarationCase, str, Body], dict[str, Any]]:
    def change(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
        request = OpenRequest(kind=kind, lrn=body["lrn"], document_id=body["document"]["id"], requested_at=at)
        return {"open_request": request}

    return change


def _amended(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    request_id = case.open_request.document_id if case.open_request else ""
    return {
        "open_request": None,
        "version": body["version"],
        "document_id": body["document"]["id"],
        "unannounced": (*case.unannounced, *_changes_in(body, request_id)),
        "money": "open",
        "scheduled_until": None,
        "postings": _after_postings(case, body),
    }


def _no_request(case: DeclarationCase, at: str, body: Body) -> dict[str, Any]:
    return {"open_request": None}


_CHANGES: dict[str, Callable[[DeclarationCase, str, Body], dict[str, Any]]] = {
    "DeclarationRegistered": _registered,
    "DeclarationRejected": _rejected,
    "GoodsPresented": _presented,
    "DeclarationAccepted": _accepted,
    "DeclarationAssessed": _assessed,
    "DocumentsRequired": _documents_required,
    "ControlOrdered": _control_ordered,
    "LaneOverrideAsked": _override_asked,
    "LaneOverridden": _lane_changed,
    "LaneMoved": _lane_changed,
    "ControlsLifted": _controls_lifted,
    "ReleaseScheduled": lambda case, at, body: {"scheduled_until": body["clocks"]["release"]},
    "DocumentsVerified": _documents_verified,
    "DocumentsNotConform": _documents_not_conform,
    "DocumentsOverdue": _documents_overdue,
    "ControlConform": _control_conform,
    "ControlIrregular": _control_conform,
    "GoodsSeized": _seized,
    "ReleaseOrdered": _release_ordered,
    "ClearanceOrdered": _clearance_ordered,
    "DeclarationHeld": lambda case, at, body: {"held": True},
    "HoldLifted": lambda case, at, body: {"held": False},
    "FundsInsufficient": _short,
    "PaymentAwaited": _awaited,
    "PaymentReminded": _reminded,
    "PaymentOverdue": _overdue,
    "PaymentSettled": _settled,
    "SecurityTaken": _settled,
    "GoodsReleased": _released,
    "DeclarationCleared": _cleared,
    "GoodsExited": _exited,
    "DeclarationExpired": _ended,
    "ExitExpired": _ended,
    "DeclarationInvalidated": _ended,
    "AmendmentRequested": _requested("COR"),
    "InvalidationRequested": _requested("INV"),
    "AmendmentGranted": _amended,
    "AmendmentRefused": _no_request,
    "InvalidationGranted": _no_request,
    "InvalidationRefused": _no_request,
}
