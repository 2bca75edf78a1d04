# SPDX-License-Identifier: Apache-2.0
"""A collector pays what it collected: one event, one entry from the bank's account, and where the account then stands.

What is paid too much or too little stays visible as the account's balance; nothing is guessed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from openecp.border.revenue.collectors import (
    CollectorRefused,
    Movement,
    Standing,
    StatementPayment,
    parse_account,
    standing,
    unknown_account,
)
from openecp.kernel.journal.canonical import canonical
from openecp.kernel.journal.model import CaseRow, CaseWrite, Event, Idempotency, LedgerEntry, NewEvent

ROOM = "collector"
LIMIT_MINOR = 10**15
_REFERENCE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ./+_-]{0,33}[A-Za-z0-9])?")  # a structured reference, no free text
_KEY = re.compile(r"[!-~]{1,400}")
_SIGN = re.compile(r"[^A-Za-z0-9:._+-]")


class CollectorPayment(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Money received from a collector. The same `key` with the same payment is one payment."""

    account: str
    minor: int
    on: str  # value date
    reference: str
    key: str
    jurisdiction: str | None = None  # where charges of several are in the account


class PaymentContext(msgspec.Struct, frozen=True, kw_only=True):
    """The world at the moment of a payment."""

    now: str
    today: str
    actor: str
    new_id: Callable[[], str]
    moved: Sequence[Movement]  # of the account
    row: CaseRow | None  # the account's stream, as it stands
    last_seq: int


class PaymentResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded, and where the account stood before and stands after it."""

    account: str
    minor: int
    currency: str
    jurisdiction: str
    on: str
    reference: str
    entry_id: str
    before_minor: int
    after_minor: int
    standing: Standing


class _State(msgspec.Struct, kw_only=True):
    account: str
    payments: int = 0
    paid_minor: int = 0


_encode = msgspec.json.Encoder(order="sorted").encode
_state = msgspec.json.Decoder(_State).decode


def collector_stream(account: str) -> str:
    """Return the stream of an account's payments; a sign that no stream may have is written as @ and its number."""
    plain = _SIGN.sub(lambda sign: f"@{ord(sign[0]):02X}", account.removeprefix("collector:"))
    if len(plain) > 110:
        plain = f"{plain[:60]}~{hashlib.sha256(account.encode()).hexdigest()[:32]}".replace("~", "+")
    return f"collector/{plain}"


def decide_payment(payment: CollectorPayment, context: PaymentContext) -> tuple[CaseWrite, PaymentResult]:
    """Decide what a payment writes.

    Raises: CollectorRefused.
    """
    whose = parse_account(payment.account)
    if not context.moved:
        raise unknown_account(payment.account)
    _check(payment, context)
    jurisdiction = _jurisdiction(payment, context.moved)
    before = sum(one.minor for one in context.moved)
    result = PaymentResult(
        account=payment.account, minor=payment.minor, currency=whose.currency, jurisdiction=jurisdiction,
        on=payment.on, reference=payment.reference, entry_id=context.new_id(), before_minor=before,
        after_minor=before - payment.minor, standing=standing(before - payment.minor),
    )  # fmt: skip
    state = _state(context.row.state) if context.row is not None else _State(account=payment.account)
    state = _State(
        account=payment.account, payments=state.payments + 1, paid_minor=state.paid_minor + payment.minor
    )  # fmt: skip
    stream = collector_stream(payment.account)
    row = CaseRow(
        case_id=stream, organisation=whose.collector, lrn="", mrn=None, status="open", channel=None, office=None,
        movement="import", version=state.payments, state=_encode(state), updated_at=context.now, room=ROOM,
    )  # fmt: skip
    body = {
        "account": payment.account, "amount_minor": payment.minor, "before_minor": before, "currency": whose.currency,
        "entry_id": result.entry_id, "jurisdiction": jurisdiction, "on": payment.on, "reference": payment.reference,
    }  # fmt: skip
    entry = LedgerEntry(
        entry_id=result.entry_id, case_id=stream, debit=f"bank:{jurisdiction}:{whose.currency}",
        credit=payment.account, amount_minor=payment.minor, currency=whose.currency,
        reason=f"payment {payment.reference}",
    )  # fmt: skip
    write = CaseWrite(
        row=row,
        expected_seq=context.last_seq,
        events=(NewEvent(kind="CollectorPaid", occurred_at=context.now, actor=context.actor, body=body),),
        ledger=(entry,),
        idempotency=payment_key(payment),
    )
    return write, result


def result_of(body: Mapping[str, Any]) -> PaymentResult:
    """Return what a payment's event tells: a repeated payment gets the same answer as the first one."""
    before = int(body["before_minor"])
    after = before - int(body["amount_minor"])
    return PaymentResult(
        account=body["account"], minor=body["amount_minor"], currency=body["currency"],
        jurisdiction=body["jurisdiction"], on=body["on"], reference=body["reference"], entry_id=body["entry_id"],
        before_minor=before, after_minor=after, standing=standing(after),
    )  # fmt: skip


def payment_key(payment: CollectorPayment) -> Idempotency | None:
    """Return the key that a payment is kept under; None where its key could name none."""
    if not _KEY.fullmatch(payment.key):
        return None
    return Idempotency(organisation=ROOM, key=f"collector payment {payment.key}", body_hash=payment_hash(payment))


def payment_hash(payment: CollectorPayment) -> bytes:
    """Return what tells one payment from another under the same key."""
    told = [payment.account, payment.minor, payment.on, payment.reference, payment.jurisdiction]
    return hashlib.sha256(canonical(told)).digest()


def _check(payment: CollectorPayment, context: PaymentContext) -> None:
    try:
        good_day = date.fromisoformat(payment.on).isoformat() == payment.on
    except ValueError:
        good_day = False
    wanted = (
        (0 < payment.minor <= LIMIT_MINOR, "amount", "a positive amount with the currency's decimals", payment.minor),
        (good_day and "2000" <= payment.on <= context.today, "on", f"a value date up to {context.today}", payment.on),
        (
            bool(_REFERENCE.fullmatch(payment.reference)), "reference",
            "1 to 35 letters, digits, blanks and ./+_- (no free text: the journal keeps it)", payment.reference,
        ),
        (bool(_KEY.fullmatch(payment.key)), "key", "1 to 400 printable signs that name this payment", payment.key),
    )  # fmt: skip
    for good, where, expected, got in wanted:
        if not good:
            raise CollectorRefused(
                "OECP-COLLECTOR-PAYMENT", "The payment cannot be recorded.", where=where, expected=expected,
                got=str(got)[:60], fix=f"Correct {where}.",
            )  # fmt: skip


def _jurisdiction(payment: CollectorPayment, moved: Iterable[Movement]) -> str:
    """Return for whom the money is: the one jurisdiction of the account's charges, or the one that was named."""
    known = sorted({one.jurisdiction for one in moved if one.jurisdiction})
    if payment.jurisdiction is None and len(known) == 1:
        return known[0]
    if payment.jurisdiction in known:
        return str(payment.jurisdiction)
    raise CollectorRefused(
        "OECP-COLLECTOR-JURISDICTION", "It is not clear for which jurisdiction this is paid.", where="jurisdiction",
        expected="one of " + (", ".join(known) or "none"), got=(payment.jurisdiction or "none")[:40],
        fix="Name the jurisdiction.",
    )  # fmt: skip


def payments_on_record(events: Iterable[Event]) -> list[StatementPayment]:
    """Return the payments that an account's stream tells of."""
    return [
        StatementPayment(on=event.body["on"], minor=event.body["amount_minor"], reference=event.body["reference"])
        for event in events
        if event.kind == "CollectorPaid"
    ]
