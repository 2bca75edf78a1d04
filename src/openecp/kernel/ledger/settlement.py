# SPDX-License-Identifier: Apache-2.0
"""What is to be paid or secured, and what came of it: the words in which casework and revenue speak to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import msgspec

from openecp.kernel.journal.model import LedgerEntry


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """One amount due: its tax type, and the method of payment as declared."""

    item: int
    type: str
    amount_minor: int
    method: str | None = None


class Funds(msgspec.Struct, frozen=True, kw_only=True):
    """What an account still covers. `account` is its internal identity, so that no account number enters the log."""

    account: str
    available_minor: int


class PaymentOrder(msgspec.Struct, frozen=True, kw_only=True):
    """All that one version of a case is to pay or to secure.

    `references` are the declared account numbers by kind (`deferment`, `guarantee`, `cash`), `funds` what is left on
    accounts, by declared number; a number without an entry has no limit known here.
    """

    case_id: str
    organisation: str
    version: int
    currency: str
    charges: tuple[Charge, ...]
    security_minor: int = 0
    methods: tuple[str, ...] = ()  # all that were declared, also where nothing is due
    references: Mapping[str, str] = {}
    funds: Mapping[str, Funds] = {}
    confirmed: bool = False  # an immediate payment has been received


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a payment order.

    `settled`: paid, deferred, postponed or secured, `entries` say how. `short`: an account does not cover it;
    nothing is entered. `awaited`: an immediate payment has to come in first; nothing is entered.
    """

    outcome: Literal["settled", "short", "awaited"]
    entries: tuple[LedgerEntry, ...] = ()
    kinds: tuple[str, ...] = ()  # of payment that were used: immediate, deferred, secured, …
    short_minor: int = 0  # the amount that was asked of the account that is short
    short_kind: str | None = None  # which of `references` it is


class Settle(Protocol):
    """Pays or secures an order, as the administration's methods of payment say."""

    def __call__(self, order: PaymentOrder, new_id: Callable[[], str]) -> Settlement: ...
