# SPDX-License-Identifier: Apache-2.0
"""What may be done with a parcel after its decision, and by whom: one act gives the events and entries that follow.

`decide_parcel_act` is a pure function: the record, the goods as declared and as found, their new assessment, time, ids
and salts are given to it. What the table of parcel_case.py does not allow is refused with what to do instead. An
officer's reason is kept as a document outside the log and reaches no trader.
Source: Revised Kyoto Convention, General Annex, chapters 3, 4, 6 and 10; WCO Immediate Release Guidelines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from openecp.border.low_value.parcel_case import MACHINE, ROOM, Charge, ParcelCase, apply_parcel, parcel_stream
from openecp.border.low_value.parcel_commands import (
    ACTS,
    LIMIT_TEXT,
    NEEDS_REASON,
    NEEDS_TEXT,
    ActContext,
    ActRefused,
    ParcelAct,
    may_act,
)
from openecp.border.low_value.parcel_refund import as_charged_first, charges_after_refund
from openecp.kernel.casework.machine import IllegalTransition
from openecp.kernel.datamodel.parcel import Parcel
from openecp.kernel.journal.model import CaseRow, CaseWrite, LedgerEntry, NewEvent, StoredDocument


class ActDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What an act changes, and the case after it."""

    write: CaseWrite
    case: ParcelCase


def decide_parcel_act(act: ParcelAct, case: ParcelCase | None, context: ActContext) -> ActDecision:
    """Do an act on a parcel.

    Raises: ActRefused where it is not allowed, incomplete, or the parcel has moved on.
    """
    _check(act, context)
    draft = _Draft(act, case, context)
    try:
        if case is None:
            _open(draft)
        _ACTS[act.act](draft)
    except IllegalTransition as fault:
        raise ActRefused(
            "OECP-PARCEL-STATE",
            "The parcel does not allow this now.",
            where="act",
            expected="one of " + (", ".join(acts_allowed(draft.case)) or "no further act"),
            got=f"{act.act} in the state {fault.state or 'new'}",
            fix=fault.what_to_do,
            status=409,
        ) from None
    return ActDecision(write=draft.write(), case=draft.case)


def acts_allowed(case: ParcelCase | None) -> tuple[str, ...]:
    """Return the acts that the table has a row for now; of an open case only those whose conditions hold."""
    state = case.status if case is not None else "decided"
    open_case = case is not None and bool(case.case_id)
    by = [
        who
        for row in MACHINE.transitions
        if state in row.states and (not open_case or MACHINE.possible(state, row.event, case))
        for who in row.by
    ]
    return tuple(name for name in ACTS if name in by)


def _check(act: ParcelAct, context: ActContext) -> None:
    if not may_act(act, context.on_record.organisation):
        raise ActRefused(
            "OECP-ROLE",
            "Your role does not allow this act.",
            where="act",
            expected="an officer, or for present and answer whoever lodged the parcel",
            got=", ".join(act.principal.roles) or "no role",
            fix="Have an officer do it.",
            status=403,
        )
    if act.expected_seq is not None and act.expected_seq != context.last_seq:
        raise ActRefused(
            "OECP-CASE-MOVED-ON",
            "The parcel has moved on since you looked.",
            where="expected_seq",
            expected=str(context.last_seq),
            got=str(act.expected_seq),
            fix="Look at the parcel again.",
            status=409,
        )
    wanted = NEEDS_TEXT.get(act.act)
    if act.act in NEEDS_REASON and not act.reason.strip():
        raise _needs("reason", "the ground of the act, in words")
    if wanted and not act.text.strip():
        raise _needs("text", wanted)
    if act.act == "examined" and act.result is None:
        raise _needs("result", "conform or not_conform")
    if act.act == "revise" and (act.goods is None or not act.goods.items):
        raise _needs("goods", "the parcel as found, with its items")
    for name, text in (("reason", act.reason), ("text", act.text), ("declaration", act.declaration or "")):
        if len(text) > LIMIT_TEXT or "\x00" in text:
            raise ActRefused(
                "OECP-PARCEL-ACT", "A text is too long.", where=name, expected=f"at most {LIMIT_TEXT} characters",
                got=f"{len(text)} characters", fix="Shorten it.",
            )  # fmt: skip


def _needs(where: str, expected: str) -> ActRefused:
    return ActRefused(
        "OECP-PARCEL-ACT", f"This act needs {expected}.", where=where, expected=expected, got="nothing",
        fix=f"Give {where}.",
    )  # fmt: skip


class _Draft:
    """An act in the making: each step is an event, and the case is what the events say so far."""

    def __init__(self, act: ParcelAct, case: ParcelCase | None, context: ActContext) -> None:
        self.act, self.context, self._case = act, context, case
        self.events: list[NewEvent] = []
        self.documents: list[StoredDocument] = []
        self.ledger: list[LedgerEntry] = []

    @property
    def case(self) -> ParcelCase:
        """The case as the events so far tell it."""
        assert self._case is not None
        return self._case

    def record(self, kind: str, **body: Any) -> None:
        """Record one event; keys that are None are left out.

        Raises: IllegalTransition.
        """
        facts = {key: value for key, value in body.items() if value is not None}
        MACHINE.require(self._case.status if self._case is not None else "", kind, self._case)
        self._case = apply_parcel(self._case, kind, self.context.now, facts)
        actor = self.act.principal.actor
        self.events.append(NewEvent(kind=kind, occurred_at=self.context.now, actor=actor, body=facts))

    def keep(self, kind: str, content: bytes, media_type: str = "text/plain") -> dict[str, str]:
        """Keep words or goods outside the log and return what the event says of them."""
        salt = self.context.salt()
        digest = hashlib.sha256(salt + content).hexdigest()
        name = self.context.new_id()
        self.documents.append(
            StoredDocument(
                document_id=name, kind=kind, media_type=media_type, content=content, salt=salt, digest=digest
            )
        )
        return {"id": name, "sha256": digest}

    def officer(self) -> dict[str, Any] | None:
        """Return what is for officers only: where the reason is kept."""
        return {"note": self.keep("note", self.act.reason.encode())} if self.act.reason.strip() else None

    def text(self, kind: str) -> dict[str, str] | None:
        """Return where the words to or from the lodger are kept."""
        return self.keep(kind, self.act.text.encode()) if self.act.text.strip() else None

    def enter(self, debit: str, credit: str, minor: int, reason: str, reverses: str | None = None) -> dict[str, Any]:
        """Enter an amount; a negative one goes the other way round."""
        if minor < 0:
            debit, credit, minor = credit, debit, -minor
        entry = LedgerEntry(
            entry_id=self.context.new_id(), case_id=self.case.case_id, debit=debit, credit=credit,
            amount_minor=minor, currency=self.case.currency, reason=reason, reverses=reverses,
        )  # fmt: skip
        self.ledger.append(entry)
        return {"entry_id": entry.entry_id, "debit": debit, "credit": credit, "amount_minor": minor}

    def charge(
        self, wanted: tuple[Charge, ...], reason: str, reverses: Mapping[tuple[str, str], str] | None = None
    ) -> list[dict[str, Any]]:
        """Enter the difference to what shall stand, by collector and type; `reverses` has what is taken back."""
        moves: dict[tuple[str, str], int] = {}
        for charge in wanted:
            moves[charge.account, charge.type] = moves.get((charge.account, charge.type), 0) + charge.minor
        for charge in self.case.charges:
            moves[charge.account, charge.type] = moves.get((charge.account, charge.type), 0) - charge.minor
        made = []
        for (account, kind), minor in sorted(moves.items()):
            revenue = f"revenue:{kind}:{self.case.jurisdiction}:{self.case.currency}"
            if minor:
                made.append(self.enter(account, revenue, minor, reason, (reverses or {}).get((account, revenue))))
        return made

    def write(self) -> CaseWrite:
        """Return everything that the act writes."""
        case = self.case
        row = CaseRow(
            case_id=case.case_id, organisation=case.organisation, lrn=case.parcel_id, mrn=None, status=case.status,
            channel=None, office=self.act.principal.office, movement="import", version=case.revision + 1,
            state=case.state_bytes(), updated_at=self.context.now, room=ROOM,
        )  # fmt: skip
        return CaseWrite(
            row=row, expected_seq=self.context.last_seq, events=tuple(self.events),
            documents=tuple(self.documents), ledger=tuple(self.ledger),
        )  # fmt: skip


def charges_of(record: Mapping[str, Any]) -> tuple[Charge, ...]:
    """Return the charges of a record, summed up by collector and type."""
    sums: dict[tuple[str, str], int] = {}
    for amount in record.get("amounts", ()):
        key = (amount["by"], amount["type"])
        sums[key] = sums.get(key, 0) + amount["minor"]
    return tuple(Charge(account=account, type=kind, minor=minor) for (account, kind), minor in sorted(sums.items()))


def _facts(charges: tuple[Charge, ...]) -> list[dict[str, Any]]:
    return [{"account": one.account, "type": one.type, "minor": one.minor} for one in charges]


def _open(draft: _Draft) -> None:
    """Open the parcel's stream with what its record says."""
    known, record = draft.context.on_record, draft.context.on_record.record
    draft.record(
        "ParcelCaseOpened",
        case_id=parcel_stream(record["id"], record["posted"]),
        parcel_id=record["id"],
        posted_on=record["posted"],
        organisation=known.organisation,
        jurisdiction=known.jurisdiction,
        decision=record["decision"],
        currency=record["currency"],
        acceptance_date=record["date"],
        batch=known.seq,
        number=known.number,
        charges=_facts(charges_of(record)),
    )
    _follow(draft, record)


def _follow(draft: _Draft, record: Mapping[str, Any]) -> None:
    """Record what an assessment's decision means for where the parcel stands."""
    if record["decision"] == "full_declaration" and draft.case.status != "full_declaration":
        draft.record("FullDeclarationRequired", codes=list(record["reasons"]))
    elif record["decision"] in ("hold", "refused") and MACHINE.possible(draft.case.status, "ParcelHeld", draft.case):
        draft.record("ParcelHeld", codes=list(record["quality"] or record["reasons"]))


def _present(draft: _Draft) -> None:
    draft.record("ParcelPresented", on=draft.act.on, officer=draft.officer())


def _hold(draft: _Draft) -> None:
    draft.record("ParcelHeld", officer=draft.officer())


def _lift(draft: _Draft) -> None:
    draft.record("HoldLifted", officer=draft.officer())


def _query(draft: _Draft) -> None:
    draft.record("ParcelQueried", question=draft.text("question"), officer=draft.officer())


def _answer(draft: _Draft) -> None:
    draft.record("QueryAnswered", answer=draft.text("answer"))


def _examine(draft: _Draft) -> None:
    draft.record("ExaminationOrdered", officer=draft.officer())


def _examined(draft: _Draft) -> None:
    draft.record("ParcelExamined", result=draft.act.result, officer=draft.officer())


def _revise(draft: _Draft) -> None:
    """Put the goods as found beside those declared, and charge the difference."""
    act, context = draft.act, draft.context
    assert act.goods is not None
    assert context.assessed is not None
    record = context.assessed
    if record["decision"] == "refused" or record["currency"] != draft.case.currency:
        raise ActRefused(
            "OECP-PARCEL-GOODS",
            "The goods as found cannot be assessed.",
            where="goods",
            expected=f"goods that the rules can be applied to, in {draft.case.currency}",
            got=", ".join(record["reasons"]) or str(record["currency"]),
            fix="Correct the goods; the reasons say what is missing.",
        )
    wanted = charges_of(record)
    draft.record(
        "ParcelRevised",
        revision=draft.case.revision + 1,
        goods=draft.keep("parcel_revision", msgspec.json.encode(act.goods), "application/json"),
        items=side_by_side(context.declared, act.goods),
        decision=record["decision"],
        category=record["category"],
        regime=record["regime"],
        entries=draft.charge(wanted, f"revision {draft.case.revision + 1}") or None,
        charges=_facts(wanted),
        officer=draft.officer(),
    )
    _follow(draft, record)


def side_by_side(declared: Parcel | None, found: Parcel) -> list[dict[str, Any]]:
    """Return HS code, origin and price of each item as declared and as found; descriptions stay in the documents."""
    before = declared.items if declared is not None else ()
    rows: list[dict[str, Any]] = []
    for number in range(max(len(before), len(found.items))):
        row: dict[str, Any] = {"item": number + 1}
        for name, items in (("declared", before), ("revised", found.items)):
            if number < len(items):
                item = items[number]
                facts = {"hs": item.hs, "origin": item.origin, "quantity": item.quantity, "unit_price": item.unit_price}
                row[name] = {key: value for key, value in facts.items() if value is not None}
        rows.append(row)
    return rows


def _release(draft: _Draft) -> None:
    """Release; a parcel that was held unassessed is charged now, on its goods as they stand."""
    case, record = draft.case, draft.context.assessed
    if draft.act.declaration:
        draft.record("FullDeclarationLodged", declaration=draft.act.declaration)
    if case.decision != "hold" or draft.act.declaration:
        draft.record("ParcelReleased", officer=draft.officer())
        return
    if record is None or not record["decision"].startswith("release"):
        raise ActRefused(
            "OECP-PARCEL-UNANSWERED",
            "The parcel cannot be charged as it is declared, so it cannot be released.",
            where="act",
            expected="goods that can be charged",
            got=", ".join(record["reasons"]) if record is not None else "no assessment",
            fix="Revise the goods with what was answered, or release on a full declaration.",
            status=409,
        )
    MACHINE.require(case.status, "ParcelReleased", case)
    wanted = charges_of(record)
    draft.record(
        "ParcelReleased",
        decision=record["decision"],
        entries=draft.charge(wanted, "release") or None,
        charges=_facts(wanted),
        officer=draft.officer(),
    )


def _ends(kind: str, reason: str) -> Callable[[_Draft], None]:
    """Return an act after which nothing is owed: what was charged is taken back, and what was paid can be refunded."""

    def act(draft: _Draft) -> None:
        MACHINE.require(draft.case.status, kind, draft.case)
        entries = draft.charge((), reason)
        draft.record(kind, entries=entries or None, charges=[], officer=draft.officer())

    return act


def _pay(draft: _Draft) -> None:
    case = draft.case
    due = {account: minor for account, minor in sorted(case.due.items()) if minor > 0}
    MACHINE.require(case.status, "ParcelPaid", case)
    bank = f"bank:{case.jurisdiction}:{case.currency}"
    draft.record(
        "ParcelPaid",
        payments=[{"account": account, "minor": minor} for account, minor in due.items()],
        entries=[draft.enter(bank, account, minor, "payment") for account, minor in due.items()],
        reference=draft.text("payment_reference"),
    )


def _refund(draft: _Draft) -> None:
    """Give charges back, of the whole parcel or of one item, once."""
    case, item, record = draft.case, draft.act.item, draft.context.on_record.record
    MACHINE.require(case.status, "ParcelRefunded", case)
    wanted = charges_after_refund(case, record, charges_of(record), item)
    reverses = draft.context.entered if as_charged_first(case, charges_of(record)) else None
    entries = draft.charge(wanted, "refund" if item is None else f"refund of item {item}", reverses)
    items = None if item is None else [item]
    draft.record("ParcelRefunded", items=items, entries=entries, charges=_facts(wanted), officer=draft.officer())


_ACTS: dict[str, Callable[[_Draft], None]] = {
    "present": _present,
    "hold": _hold,
    "lift_hold": _lift,
    "query": _query,
    "answer": _answer,
    "examine": _examine,
    "examined": _examined,
    "revise": _revise,
    "release": _release,
    "seize": _ends("ParcelSeized", "seizure"),
    "return": _ends("ParcelReturned", "return"),
    "destroy": _ends("ParcelDestroyed", "destruction"),
    "pay": _pay,
    "refund": _refund,
}
