# SPDX-License-Identifier: Apache-2.0
"""Money moves by double entry, and what was entered is never edited: a correction is an entry of its own.

An account is text, `kind:name` (`revenue:A00`, `deferment:org-7`). An entry debits one account and credits another by
the same amount, so all balances together are always zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from openecp.kernel.journal.model import LedgerEntry

LIMIT_AMOUNT_MINOR = 10**18  # fits a 64-bit integer with room for sums


class LedgerFault(ValueError):  # noqa: N818
    """Entries that do not fit together: what, where and what to do stand in the text."""


def balances(entries: Iterable[LedgerEntry]) -> dict[str, int]:
    """Return each account's balance in minor units: debits less credits."""
    found: dict[str, int] = {}
    for entry in entries:
        found[entry.debit] = found.get(entry.debit, 0) + entry.amount_minor
        found[entry.credit] = found.get(entry.credit, 0) - entry.amount_minor
    return found


def balance(entries: Iterable[LedgerEntry], account: str) -> int:
    """Return one account's balance in minor units: debits less credits."""
    return balances(entries).get(account, 0)


def kind_balance(entries: Iterable[LedgerEntry], kind: str) -> int:
    """Return the balance of all accounts of one kind (`revenue`), debits less credits."""
    return sum(amount for account, amount in balances(entries).items() if account.split(":", 1)[0] == kind)


def reversal(entry: LedgerEntry, *, entry_id: str, reason: str) -> LedgerEntry:
    """Return the entry that takes `entry` back: the same amount, debit and credit exchanged.

    Raises: LedgerFault for the reversal of a reversal; enter anew instead, so that the history stays readable.
    """
    if entry.reverses is not None:
        raise LedgerFault(f"entry {entry.entry_id} is itself a reversal of {entry.reverses}: enter the amount anew")
    return LedgerEntry(
        entry_id=entry_id,
        case_id=entry.case_id,
        debit=entry.credit,
        credit=entry.debit,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        reason=reason,
        reverses=entry.entry_id,
    )


def open_entries(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """Return the entries that stand: neither reversals nor reversed."""
    listed = tuple(entries)
    taken_back = {entry.reverses for entry in listed if entry.reverses is not None}
    return tuple(entry for entry in listed if entry.reverses is None and entry.entry_id not in taken_back)


def reverse_all(entries: Iterable[LedgerEntry], *, new_id: Callable[[], str], reason: str) -> tuple[LedgerEntry, ...]:
    """Return the reversals of all entries that still stand, last first."""
    return tuple(reversal(entry, entry_id=new_id(), reason=reason) for entry in reversed(open_entries(entries)))


def check(entries: Iterable[LedgerEntry]) -> None:
    """Assert that entries fit together: positive amounts, one currency an account, each entry reversed at most once.

    Raises: LedgerFault naming the entry.
    """
    seen: dict[str, LedgerEntry] = {}
    taken_back: set[str] = set()
    currencies: dict[str, str] = {}
    for entry in entries:
        if entry.entry_id in seen:
            raise LedgerFault(f"entry {entry.entry_id} occurs twice: entries are never edited or repeated")
        if not 0 < entry.amount_minor <= LIMIT_AMOUNT_MINOR:
            raise LedgerFault(f"entry {entry.entry_id}: expected a positive amount, got {entry.amount_minor}")
        if entry.debit == entry.credit:
            raise LedgerFault(f"entry {entry.entry_id} debits and credits {entry.debit}: name two accounts")
        for account in (entry.debit, entry.credit):
            if currencies.setdefault(account, entry.currency) != entry.currency:
                raise LedgerFault(
                    f"entry {entry.entry_id}: {account} is kept in {currencies[account]}, got {entry.currency}"
                )
        if entry.reverses is not None:
            _check_reversal(entry, seen, taken_back)
        seen[entry.entry_id] = entry


def _check_reversal(entry: LedgerEntry, seen: dict[str, LedgerEntry], taken_back: set[str]) -> None:
    first = seen.get(entry.reverses or "")
    if first is None:
        raise LedgerFault(f"entry {entry.entry_id} reverses {entry.reverses}, which does not stand before it")
    if first.entry_id in taken_back:
        raise LedgerFault(f"entry {first.entry_id} is reversed twice, by {entry.entry_id} again")
    same = (entry.debit, entry.credit, entry.amount_minor, entry.currency)
    if same != (first.credit, first.debit, first.amount_minor, first.currency):
        raise LedgerFault(f"entry {entry.entry_id} does not mirror {first.entry_id}")
    taken_back.add(first.entry_id)
