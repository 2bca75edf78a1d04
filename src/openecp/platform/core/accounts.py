# SPDX-License-Identifier: Apache-2.0
"""What deferment, guarantee and cash accounts still cover while decisions are being made.

The ledger in the store is the truth. The core reads its balances once, and then counts what it decides: a decision
that was not recorded is taken back. So two declarations in one batch cannot both draw on the last of an account.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping

from openecp.border.revenue.payment import funds_of
from openecp.kernel.journal.model import CaseWrite, LedgerEntry
from openecp.kernel.ledger.settlement import Funds

KINDS = ("deferment", "guarantee", "cash_account")


class Accounts(Mapping[str, Funds]):
    """Funds by declared account number, as they stand now on the day that `on` was last told."""

    def __init__(self, rows: Iterable[Mapping[str, str]], balances: Mapping[str, int]) -> None:
        self._rows = list(rows)
        self._used = dict(balances)
        self._day = ""
        self._limits: dict[str, Funds] = {}
        self._lock = threading.Lock()

    def on(self, day: str) -> None:
        """Say which day it is, since accounts begin and end."""
        if day != self._day:
            self._limits = funds_of(self._rows, {}, day)
            self._day = day

    def __getitem__(self, number: str) -> Funds:
        limit = self._limits[number]
        used = self._used.get(limit.account, 0)
        return Funds(account=limit.account, available_minor=limit.available_minor - used) if used else limit

    def __iter__(self) -> Iterator[str]:
        return iter(self._limits)

    def __len__(self) -> int:
        return len(self._limits)

    def count(self, write: CaseWrite, *, sign: int = 1) -> None:
        """Count the entries of a decision; with `sign` -1 take them back."""
        if not write.ledger or not self._rows:
            return
        with self._lock:
            for entry in write.ledger:
                for account, amount in _sides(entry):
                    self._used[account] = self._used.get(account, 0) + sign * amount


def _sides(entry: LedgerEntry) -> Iterator[tuple[str, int]]:
    for name, amount in ((entry.debit, entry.amount_minor), (entry.credit, -entry.amount_minor)):
        kind, _, account = name.partition(":")
        if kind in KINDS:
            yield account, amount


def used_of(balances: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Return what is used of each account from the ledger's balances by account name and currency."""
    used: dict[str, int] = {}
    for (name, _), amount in balances.items():
        kind, _, account = name.partition(":")
        if kind in KINDS:
            used[account] = used.get(account, 0) + amount
    return used
