# SPDX-License-Identifier: Apache-2.0
"""What is due is paid at once, deferred, postponed to the VAT return, drawn from a cash account, or secured.

How a declared method of payment works comes from the profile's `payment_methods.csv` (code, kind). Either a whole
order is settled or nothing of it: goods do not leave on half a payment.

Source: Revised Kyoto Convention, General Annex, standards 4.9 to 4.17 (payment, deferment), 5.1 to 5.7 (security).
Limits: one deferment account, one guarantee and one cash account an order, as a declaration names them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Protocol

from openecp.kernel.journal.model import LedgerEntry
from openecp.kernel.ledger.accounts import open_entries, reverse_all
from openecp.kernel.ledger.settlement import Funds, PaymentOrder, Settle, Settlement

Kind = Literal["immediate", "deferred", "secured", "postponed", "account"]
KINDS: tuple[Kind, ...] = ("immediate", "deferred", "secured", "postponed", "account")

# which of the order's account numbers each kind draws on
_REFERENCE: dict[str, str] = {"deferred": "deferment", "secured": "guarantee", "account": "cash"}
_ACCOUNT: dict[str, str] = {
    "immediate": "cash",
    "deferred": "deferment",
    "secured": "guarantee",
    "postponed": "postponed",
    "account": "cash_account",
}


class Tables(Protocol):
    """The part of a profile that payment reads."""

    settings: dict[str, Any]

    def table(self, name: str) -> list[dict[str, str]]: ...


class PaymentFault(ValueError):  # noqa: N818 - what the operator reads
    """The profile's payment tables cannot be used: the text says where, what was expected, what was got, what to do."""


def payment_settler(profile: Tables) -> Settle:
    """Return the way in which this administration settles orders.

    Reads: payment_methods.csv (code, kind); `[payment]` of profile.toml: default_kind (of a charge without a declared
    method, default `immediate`), await_immediate (wait for a confirmation of immediate payments, default true).
    Raises: PaymentFault for an unknown kind.
    """
    kinds: dict[str, Kind] = {}
    for row in profile.table("payment_methods"):
        kinds[row["code"]] = _kind(row["kind"], f"payment_methods.csv, code {row['code']}")
    payment = profile.settings.get("payment", {})
    default = _kind(payment.get("default_kind", "immediate"), "profile.toml, [payment] default_kind")
    awaits = bool(payment.get("await_immediate", True))

    def settle_order(order: PaymentOrder, new_id: Callable[[], str]) -> Settlement:
        return settle(order, new_id, kinds=kinds, default=default, await_immediate=awaits)

    return settle_order


def _kind(text: str, where: str) -> Kind:
    if text not in KINDS:
        raise PaymentFault(f"{where}: expected one of {', '.join(KINDS)}, got {text!r}; correct the cell")
    return text


def settle(
    order: PaymentOrder,
    new_id: Callable[[], str],
    *,
    kinds: Mapping[str, Kind],
    default: Kind = "immediate",
    await_immediate: bool = True,
) -> Settlement:
    """Settle an order: the sum credited to revenue and provisional accounts is the sum of its charges.

    Raises: PaymentFault for a charge that is not positive.
    """
    sums: dict[tuple[Kind, str], int] = {}
    for charge in order.charges:
        if charge.amount_minor <= 0:
            raise PaymentFault(
                f"item {charge.item}, {charge.type}: expected a positive amount, got {charge.amount_minor}"
            )
        kind = kinds.get(charge.method or "", default) if charge.method else _item_wide(order, kinds, default)
        sums[kind, charge.type] = sums.get((kind, charge.type), 0) + charge.amount_minor
    by_kind: dict[str, int] = {}
    for (kind, _), minor in sums.items():
        by_kind[kind] = by_kind.get(kind, 0) + minor
    if order.security_minor:
        by_kind["secured"] = by_kind.get("secured", 0) + order.security_minor
    short = _short(order, by_kind)
    if short is not None:
        return short
    if await_immediate and by_kind.get("immediate") and not order.confirmed:
        return Settlement(outcome="awaited", short_minor=by_kind["immediate"])
    entries = [_entry(order, new_id, kind, tax_type, minor) for (kind, tax_type), minor in sorted(sums.items())]
    if order.security_minor:
        entries.append(_entry(order, new_id, "secured", "security", order.security_minor, held=True))
    return Settlement(outcome="settled", entries=tuple(entries), kinds=tuple(sorted(by_kind)))


def _item_wide(order: PaymentOrder, kinds: Mapping[str, Kind], default: Kind) -> Kind:
    """A charge without a method of its own is paid as the others are, where they all are paid in one way."""
    used = {kinds.get(method, default) for method in order.methods}
    return used.pop() if len(used) == 1 else default


def _short(order: PaymentOrder, by_kind: Mapping[str, int]) -> Settlement | None:
    for kind in ("deferred", "account", "secured"):
        needed = by_kind.get(kind, 0)
        reference = _REFERENCE[kind]
        funds = order.funds.get(order.references.get(reference, ""))
        if needed and funds is not None and funds.available_minor < needed:
            return Settlement(outcome="short", short_minor=needed, short_kind=reference, kinds=(kind,))
    return None


def _entry(
    order: PaymentOrder, new_id: Callable[[], str], kind: Kind, tax_type: str, minor: int, *, held: bool = False
) -> LedgerEntry:
    funds = order.funds.get(order.references.get(_REFERENCE.get(kind, ""), ""))
    owner = funds.account if funds is not None else order.organisation
    target = "security" if held else "provisional" if kind == "secured" else "revenue"
    return LedgerEntry(
        entry_id=new_id(),
        case_id=order.case_id,
        debit=f"{_ACCOUNT[kind]}:{owner}",
        credit=f"{target}:{order.organisation if held else tax_type}",
        amount_minor=minor,
        currency=order.currency,
        reason=f"version {order.version}, {kind}",
    )


def repay(entries: Iterable[LedgerEntry], *, new_id: Callable[[], str], ground: str) -> tuple[LedgerEntry, ...]:
    """Repay what was paid, deferred or secured: every entry that stands is reversed, none is edited."""
    return reverse_all(entries, new_id=new_id, reason=f"repayment: {ground}"[:500])


def remit(
    entries: Iterable[LedgerEntry], *, tax_type: str, new_id: Callable[[], str], ground: str
) -> tuple[LedgerEntry, ...]:
    """Remit one tax type: its entries that stand are reversed, the others stay."""
    wanted = [
        entry for entry in open_entries(entries) if entry.credit in (f"revenue:{tax_type}", f"provisional:{tax_type}")
    ]
    return reverse_all(wanted, new_id=new_id, reason=f"remission: {ground}"[:500])


def funds_of(rows: Iterable[Mapping[str, str]], used: Mapping[str, int], on: str) -> dict[str, Funds]:
    """Return what the accounts of `accounts.csv` still cover on a day, by declared number.

    Reads: number, account (internal identity; without one a hash of the number, so that the number stays out of the
    ledger and the log), limit_minor, valid_from, valid_to. `used` is the ledger's balance by internal identity.
    """
    found: dict[str, Funds] = {}
    for row in rows:
        if (row.get("valid_from") or "") <= on <= (row.get("valid_to") or "9999-12-31"):
            account = row.get("account") or account_identity(row["number"])
            left = int(row["limit_minor"]) - used.get(account, 0)
            found[row["number"]] = Funds(account=account, available_minor=left)
    return found


def account_identity(number: str) -> str:
    """Return the name under which the ledger keeps an account that has no internal identity of its own."""
    return hashlib.sha256(f"account {number}".encode()).hexdigest()[:16]
