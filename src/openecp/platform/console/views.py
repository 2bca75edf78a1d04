# SPDX-License-Identifier: Apache-2.0
"""What the declaration page shows, cut to its reader: made from the case's row, its events and its stored message.

A trader never gets a channel, an officer's reason, or an event that says how goods were chosen for control.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from openecp.border.lodgement.case import event_for_audience
from openecp.border.lodgement.lifecycle import MACHINE
from openecp.kernel.assessment.reasons import Assessment, Audience, Reason, TaxLine
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.item import GovernmentAgencyGoodsItem
from openecp.kernel.journal.model import CaseRow, Event
from openecp.platform.console.tree import normal

# Kinds of events whose fact, without its body, a trader may know: those that he is notified of, and his own acts.
TRADER_EVENTS = frozenset({row.event for row in MACHINE.transitions if row.notification}) | {
    "DeclarationSubmitted",
    "AmendmentRequested",
    "InvalidationRequested",
}
# Kinds whose receipts a trader gets: those recorded before goods are chosen for a control. A receipt holds the
# event's number in the journal; a gap between later numbers would tell of an event that he must not know.
TRADER_RECEIPTS = frozenset(
    {"DeclarationSubmitted", "DeclarationRegistered", "DeclarationRejected", "DeclarationAccepted"}
)
DETAIL_KEYS = (
    "result",
    "channel",
    "from",
    "lane",
    "version",
    "limit",
    "acceptance_date",
    "payable_minor",
    "security_minor",
    "short_minor",
    "amount_minor",
    "currency",
)


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the case as its reader may see it."""

    seq: int
    kind: str
    occurred_at: str
    recorded_at: str
    actor: Literal["customs", "system", "person"]
    actor_id: str = ""
    details: tuple[tuple[str, str], ...] = ()
    note: str = ""  # an officer's words
    body: str = ""  # canonical text for officers, empty for traders
    receipt: bool = False


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the declaration: what was declared, what it is worth, what is due and why."""

    number: int
    goods_code: str = ""
    description: str = ""
    origin: str = ""
    procedure: str = ""
    preference: str = ""
    net_mass: str = ""
    price: str = ""
    customs_value_minor: int | None = None
    statistical_value_minor: int | None = None
    taxes: tuple[TaxLine, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def assessed_minor(self) -> int:
        """What the item's charges amount to after relief."""
        return sum(line.assessed_minor or 0 for line in self.taxes if line.charge)

    @property
    def payable_minor(self) -> int:
        """What is due on the item now."""
        return sum(line.payable_minor or 0 for line in self.taxes)


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A declaration as one reader may see it."""

    row: CaseRow
    seq: int
    audience: Audience
    channel: str | None
    assessment: Assessment | None
    faults: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    channel_reasons: tuple[Reason, ...]
    other_reasons: tuple[Reason, ...]
    items: tuple[ItemView, ...]
    timeline: tuple[TimelineEntry, ...]

    @property
    def title(self) -> str:
        """The number that people call the declaration by."""
        return self.row.mrn or self.row.lrn

    @property
    def currency(self) -> str:
        """Currency of the assessed amounts."""
        return self.assessment.currency if self.assessment else ""

    @property
    def assessed_minor(self) -> int:
        """Charges of all items after relief."""
        return sum(item.assessed_minor for item in self.items)

    @property
    def payable_minor(self) -> int:
        """What is due now for all items."""
        return sum(item.payable_minor for item in self.items)


def case_view(
    row: CaseRow,
    seq: int,
    events: Iterable[Event],
    declaration: Declaration | None,
    assessment: Assessment | None,
    *,
    audience: Audience,
    notes: Mapping[str, str] | None = None,
) -> CaseView:
    """Return the declaration as a reader of this audience may see it; `notes` are officers' words by document id."""
    seen = assessment.for_audience(audience) if assessment else None
    reasons = seen.reasons if seen else ()
    by_severity = {s: tuple(r for r in reasons if r.severity == s) for s in ("reject", "hold", "warn", "info")}
    return CaseView(
        row=row,
        seq=seq,
        audience=audience,
        channel=row.channel if audience == "officer" else None,
        assessment=seen,
        faults=by_severity["reject"] + tuple(r for r in by_severity["hold"] if r.layer != "risk"),
        warnings=tuple(r for r in by_severity["warn"] if r.layer != "risk"),
        channel_reasons=tuple(r for r in reasons if r.layer == "risk") if audience == "officer" else (),
        other_reasons=tuple(r for r in by_severity["info"] if r.item is None and r.layer != "risk"),
        items=_items(declaration, seen),
        timeline=tuple(
            entry for event in events if (entry := timeline_entry(event, audience, notes or {})) is not None
        ),
    )


def timeline_entry(event: Event, audience: Audience, notes: Mapping[str, str]) -> TimelineEntry | None:
    """Return an event for the timeline, None where this reader may not know of it."""
    if audience == "trader" and event.kind not in TRADER_EVENTS:
        return None
    officer = audience == "officer"
    actor, actor_id = _actor(event.actor)
    body = event_for_audience(event.body, audience)
    return TimelineEntry(
        seq=event.seq,
        kind=event.kind,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        actor=actor,
        actor_id=actor_id if officer else "",
        details=_details(body) if officer else (),
        note=_note(body, notes) if officer else "",
        body=json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True) if officer else "",
        receipt=officer or may_have_receipt(event),
    )


def may_have_receipt(event: Event) -> bool:
    """Tell whether a trader may have the receipt, which holds the event's body: nothing in it is for officers."""
    return event.kind in TRADER_RECEIPTS and not _tells_officer_matter(event.body)


def _tells_officer_matter(value: Any) -> bool:
    if isinstance(value, Mapping):
        if value.get("audience") == "officer" or {"officer", "channel"} & set(value):
            return True
        return any(_tells_officer_matter(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_tells_officer_matter(inner) for inner in value)
    return False


def _actor(actor: str) -> tuple[Literal["customs", "system", "person"], str]:
    kind, _, who = actor.partition(":")
    if kind == "customs":
        return "customs", ""
    return ("system", who) if kind == "system" else ("person", who)


def _note(body: Mapping[str, Any], notes: Mapping[str, str]) -> str:
    """The officer's words, which are kept outside the log: the event holds their id."""
    for value in body.values():
        if isinstance(value, Mapping):
            text = notes.get(str(value.get("id", ""))) or _note(value, notes)
            if text:
                return text
    return ""


def _details(body: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    officer = body.get("officer")
    known = {**body, **officer} if isinstance(officer, Mapping) else body
    found = []
    for key in DETAIL_KEYS:
        value = known.get(key)
        if isinstance(value, str | int) and value != "":
            found.append((key, str(value)))
    return tuple(found)


def _items(declaration: Declaration | None, assessment: Assessment | None) -> tuple[ItemView, ...]:
    shipment = declaration.goods_shipment if declaration else None
    declared: dict[int, GovernmentAgencyGoodsItem] = {}
    for position, item in enumerate(shipment.government_agency_goods_item if shipment else (), start=1):
        declared.setdefault(_item_number(item, position), item)
    values = {value.item: value for value in (assessment.values if assessment else ())}
    taxes = assessment.taxes if assessment else ()
    reasons = assessment.reasons if assessment else ()
    numbers = sorted({*declared, *values, *(line.item for line in taxes)})
    views = []
    for number in numbers:
        value = values.get(number)
        views.append(
            ItemView(
                number=number,
                **_declared_facts(declared.get(number)),
                customs_value_minor=value.customs_value_minor if value else None,
                statistical_value_minor=value.statistical_value_minor if value else None,
                taxes=tuple(line for line in taxes if line.item == number),
                reasons=tuple(r for r in reasons if r.item == number and r.layer != "risk" and r.severity != "reject"),
            )
        )
    return tuple(views)


def _item_number(item: GovernmentAgencyGoodsItem, position: int) -> int:
    text = item.sequence_numeric or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else position


def _declared_facts(item: GovernmentAgencyGoodsItem | None) -> dict[str, str]:
    if item is None:
        return {}
    commodity = item.commodity
    codes = {c.identification_type_code: c.id or "" for c in reversed(commodity.classification)} if commodity else {}
    additional = (
        [c.id for c in commodity.classification if c.identification_type_code in {"TRA", "GN"}] if commodity else []
    )
    measure = commodity.goods_measure if commodity else None
    price = commodity.invoice_line.item_charge_amount if commodity and commodity.invoice_line else None
    fees = commodity.duty_tax_fee if commodity else ()
    procedures = [f"{p.current_code or ''} {p.previous_code or ''}".strip() for p in item.government_procedure]
    net = measure.net_net_weight_measure if measure else None
    return {
        "goods_code": " ".join([codes.get("TSP", "") + codes.get("TRC", ""), *(a for a in additional if a)]).strip(),
        "description": (commodity.description or "") if commodity else "",
        "origin": ", ".join(o.country_code for o in item.origin if o.country_code),
        "procedure": ", ".join(p for p in procedures if p),
        "preference": next((fee.duty_regime_code for fee in fees if fee.duty_regime_code), ""),
        "net_mass": f"{net.value} {net.unit_code or 'KGM'}" if net else "",
        "price": f"{price.value} {price.currency_id or ''}".strip() if price else "",
    }


def faults_of_item(faults: Iterable[Reason], number: int) -> tuple[Reason, ...]:
    """Return the faults of one item: those that name it, and those whose pointer leads into it."""
    inside = normal(f"42A/67A/68A[{number}]")
    return tuple(
        f
        for f in faults
        if f.item == number
        or (f.pointer and (normal(f.pointer) == inside or normal(f.pointer).startswith((f"{inside}/", f"{inside}."))))
    )
