# SPDX-License-Identifier: Apache-2.0
"""The life of a parcel after its decision as one table, and the state that its events tell.

A parcel is decided in bulk and has no stream of its own; the first act on it opens one with what the record says
(`ParcelCaseOpened`). From then on the state is a replay of the events. Nothing personal is in it: what an officer or
the sender wrote, and the goods as found, are documents outside the log.
Source: WCO Immediate Release Guidelines; Revised Kyoto Convention, General Annex, chapters 3, 4 and 6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from openecp.kernel.casework.machine import Guard, Machine, State, Transition, table
from openecp.kernel.journal.model import Event, NewEvent

ROOM = "parcel"
Body = Mapping[str, Any]


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """What one collector owes for one parcel: `account` is its ledger account, `type` duty or tax."""

    account: str
    type: str
    minor: int


class ParcelCase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One parcel's case, as its events tell it."""

    case_id: str
    parcel_id: str
    posted_on: str
    organisation: str  # whoever lodged it
    jurisdiction: str
    status: str
    decision: str  # as it stands: of the record, or of the last revision
    currency: str
    batch_seq: int  # the bulk event that holds the record, and the record's number in it
    number: int
    opened_at: str
    acceptance_date: str = ""
    presented_at: str | None = None
    held_for: tuple[str, ...] = ()
    question_id: str | None = None  # the document with what is asked
    answer_id: str | None = None
    revision: int = 0
    revision_id: str | None = None  # the document with the goods as found
    examined: str | None = None  # conform, not_conform
    declaration: str | None = None  # reference of the full declaration
    charges: tuple[Charge, ...] = ()  # as they stand now
    paid: dict[str, int] = {}  # by account
    refunded: tuple[int, ...] = ()  # items whose charges were given back
    released_at: str | None = None
    ended_at: str | None = None

    def state_bytes(self) -> bytes:
        """Return the case as canonical JSON, as the store keeps it."""
        return _encoder.encode(self)

    @property
    def due(self) -> dict[str, int]:
        """What each collector still has to pay for this parcel."""
        found: dict[str, int] = {}
        for charge in self.charges:
            found[charge.account] = found.get(charge.account, 0) + charge.minor
        for account, minor in self.paid.items():
            found[account] = found.get(account, 0) - minor
        return found


_SIGN = re.compile(r"[^A-Za-z0-9:._+-]")
_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(ParcelCase)


def parcel_case_of(state: bytes) -> ParcelCase:
    """Return the case that the store kept as canonical JSON."""
    return _decoder.decode(state)


def parcel_stream(parcel_id: str, posted_on: str) -> str:
    """Return the stream of one parcel's later acts; a sign that no stream may have is written as @ and its number."""
    plain = _SIGN.sub(lambda sign: f"@{ord(sign[0]):02X}", parcel_id)
    return f"parcel/{posted_on}/{plain}"


STATES = (
    State(name="decided", title_en="Decided", title_fr="Décidé"),
    State(name="full_declaration", title_en="Full declaration awaited", title_fr="Déclaration complète attendue"),
    State(name="held", title_en="Held", title_fr="Retenu"),
    State(name="queried", title_en="Answer awaited", title_fr="Réponse attendue"),
    State(name="examination", title_en="To be examined", title_fr="À vérifier"),
    State(name="released", title_en="Released", title_fr="Mainlevée accordée"),
    State(name="seized", title_en="Seized", title_fr="Saisi", final=True),
    State(name="returned", title_en="Returned to the sender", title_fr="Renvoyé à l'expéditeur", final=True),
    State(name="destroyed", title_en="Destroyed", title_fr="Détruit", final=True),
)

_BEFORE = ("decided", "full_declaration", "held", "queried", "examination")  # in Customs' hands
_LIVE = (*_BEFORE, "released")

GUARDS: dict[str, Guard] = {
    "not_presented": Guard(
        sentence="The parcel was presented before.",
        fix="Nothing to do: its arrival is on record.",
        test=lambda case: case.presented_at is None,
    ),
    "low_value_way": Guard(
        sentence="A full declaration is needed for this parcel.",
        fix="Lodge it and release with its reference, or revise the goods first.",
        test=lambda case: case.decision != "full_declaration" or case.declaration is not None,
    ),
    "buyer_paid": Guard(
        sentence="The buyer's charges are not paid yet.",
        fix="Record the payment first.",
        test=lambda case: all(
            minor <= 0 for account, minor in case.due.items() if account.startswith("collector:buyer:")
        ),
    ),
    "something_due": Guard(
        sentence="Nothing is due for this parcel.",
        fix="There is nothing to pay.",
        test=lambda case: any(minor > 0 for minor in case.due.values()),
    ),
}


def _row(states: tuple[str, ...], event: str, leads_to: str | None, by: str, *guards: str) -> Transition:
    return Transition(states=states, event=event, next=leads_to, by=tuple(by.split(", ")), guards=guards)


TRANSITIONS = (
    _row((), "ParcelCaseOpened", "decided", "any act"),
    _row((*_BEFORE, "released"), "FullDeclarationRequired", "full_declaration", "decision, revise"),
    _row(_BEFORE, "FullDeclarationLodged", None, "release"),
    _row(_LIVE, "ParcelPresented", None, "present", "not_presented"),
    _row(("decided", "full_declaration", "queried", "examination"), "ParcelHeld", "held", "decision, hold, revise"),
    _row(("held",), "HoldLifted", "decided", "lift_hold"),
    _row(("decided", "full_declaration", "held", "examination"), "ParcelQueried", "queried", "query"),
    _row(("queried",), "QueryAnswered", "held", "answer"),
    _row(("decided", "full_declaration", "held", "queried"), "ExaminationOrdered", "examination", "examine"),
    _row(("examination",), "ParcelExamined", "held", "examined"),
    _row(_LIVE, "ParcelRevised", None, "revise"),
    _row(_BEFORE, "ParcelReleased", "released", "release", "low_value_way", "buyer_paid"),
    _row(_BEFORE, "ParcelSeized", "seized", "seize"),
    _row(_LIVE, "ParcelReturned", "returned", "return"),
    _row(_BEFORE, "ParcelDestroyed", "destroyed", "destroy"),
    _row(_LIVE, "ParcelPaid", None, "pay", "something_due"),
    _row(_LIVE, "ParcelRefunded", None, "refund"),
)

MACHINE: Machine = Machine("parcel", STATES, TRANSITIONS, GUARDS)
EVENT_KINDS: tuple[str, ...] = tuple(dict.fromkeys(row.event for row in TRANSITIONS))
ENDS = ("seized", "returned", "destroyed")


class BrokenParcel(ValueError):  # noqa: N818 - what the auditor reads
    """Events that cannot be the story of one parcel: the first of them that does not fit is named."""


def fold_parcel(events: Iterable[Event | NewEvent]) -> ParcelCase:
    """Return the case that these events tell, in their order.

    Raises: BrokenParcel for no events; IllegalTransition for an event that cannot follow the ones before it.
    """
    case: ParcelCase | None = None
    for event in events:
        case = apply_parcel(case, event.kind, event.occurred_at, event.body)
    if case is None:
        raise BrokenParcel("expected at least ParcelCaseOpened, got no event")
    return case


def apply_parcel(case: ParcelCase | None, kind: str, at: str, body: Body) -> ParcelCase:
    """Return the case after one more event.

    Raises: IllegalTransition, BrokenParcel.
    """
    row = MACHINE.row(case.status if case is not None else "", kind)
    if case is None:
        return _opened(at, body)
    changes = _CHANGES.get(kind, _nothing)(case, at, body)
    if row.next is not None:
        changes["status"] = row.next
        if row.next in ENDS:
            changes["ended_at"] = at
    if "charges" in body:
        changes["charges"] = _charges(body)
    return msgspec.structs.replace(case, **changes)


def _charges(body: Body) -> tuple[Charge, ...]:
    return tuple(Charge(account=one["account"], type=one["type"], minor=one["minor"]) for one in body["charges"])


def _opened(at: str, body: Body) -> ParcelCase:
    try:
        return ParcelCase(
            case_id=body["case_id"],
            parcel_id=body["parcel_id"],
            posted_on=body["posted_on"],
            organisation=body["organisation"],
            jurisdiction=body["jurisdiction"],
            status="decided",
            decision=body["decision"],
            currency=body["currency"],
            batch_seq=body["batch"],
            number=body["number"],
            opened_at=at,
            acceptance_date=body["acceptance_date"],
            charges=_charges(body),
        )
    except KeyError as missing:
        raise BrokenParcel(f"ParcelCaseOpened: expected {missing} in the body, got none") from missing


def _nothing(case: ParcelCase, at: str, body: Body) -> dict[str, Any]:
    return {}


def _held(case: ParcelCase, at: str, body: Body) -> dict[str, Any]:
    return {"held_for": tuple(body.get("codes", ()))}


def _revised(case: ParcelCase, at: str, body: Body) -> dict[str, Any]:
    return {"revision": body["revision"], "revision_id": body["goods"]["id"], "decision": body["decision"]}


def _released(case: ParcelCase, at: str, body: Body) -> dict[str, Any]:
    return {"released_at": at, "held_for": (), "decision": body.get("decision", case.decision)}


def _paid(case: ParcelCase, at: str, body: Body) -> dict[str, Any]:
    paid = dict(case.paid)
    for one in body["payments"]:
        paid[one["account"]] = paid.get(one["account"], 0) + one["minor"]
    return {"paid": paid}


_CHANGES: dict[str, Callable[[ParcelCase, str, Body], dict[str, Any]]] = {
    "FullDeclarationLodged": lambda case, at, body: {"declaration": body["declaration"]},
    "ParcelPresented": lambda case, at, body: {"presented_at": body.get("on", at)},
    "ParcelHeld": _held,
    "HoldLifted": lambda case, at, body: {"held_for": ()},
    "ParcelQueried": lambda case, at, body: {"question_id": body["question"]["id"], "answer_id": None},
    "QueryAnswered": lambda case, at, body: {"answer_id": body["answer"]["id"]},
    "ParcelExamined": lambda case, at, body: {"examined": body["result"]},
    "ParcelRevised": _revised,
    "ParcelReleased": _released,
    "ParcelPaid": _paid,
    "ParcelRefunded": lambda case, at, body: {"refunded": (*case.refunded, *body.get("items", ()))},
}


def parcel_event_for(body: Body, audience: str) -> dict[str, Any]:
    """Return the body of an event as `audience` may see it; what is for officers stands under `officer`."""
    if audience == "officer":
        return dict(body)
    return {key: value for key, value in body.items() if key != "officer"}


def parcel_table() -> str:
    """Return the table of docs/parcels.md: states and transitions, as the software enforces them."""
    guards = "| condition | what a person reads when it does not hold |\n|---|---|\n" + "".join(
        f"| {name} | {guard.sentence} {guard.fix} |\n" for name, guard in GUARDS.items()
    )
    return f"{table(MACHINE)}\n{guards}"


def write_page(path: Path) -> None:
    """Renew the table in docs/parcels.md."""
    before, rest = path.read_text(encoding="utf-8").split("<!-- table -->\n", 1)
    after = rest.split("<!-- end of table -->", 1)[1]
    path.write_text(f"{before}<!-- table -->\n{parcel_table()}<!-- end of table -->{after}", encoding="utf-8")


if __name__ == "__main__":
    write_page(Path("docs/parcels.md"))
