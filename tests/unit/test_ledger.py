# SPDX-License-Identifier: Apache-2.0
"""Double entry: balances, reversals that mirror, and faults that are found; payment by every method."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from tests.lifecycle_office import FakeProfile

from openecp.border.revenue.payment import (
    PaymentFault,
    account_identity,
    funds_of,
    payment_settler,
    remit,
    repay,
    settle,
)
from openecp.kernel.journal.model import LedgerEntry
from openecp.kernel.ledger.accounts import (
    LedgerFault,
    balance,
    balances,
    check,
    kind_balance,
    open_entries,
    reversal,
    reverse_all,
)
from openecp.kernel.ledger.settlement import Charge, Funds, PaymentOrder

KINDS = {"A": "immediate", "E": "deferred", "G": "postponed", "P": "account", "R": "secured"}


def ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"e{next(numbers)}"


def entry(entry_id: str = "e1", **more: object) -> LedgerEntry:
    values: dict[str, object] = {
        "case_id": "c",
        "debit": "deferment:org",
        "credit": "revenue:A00",
        "amount_minor": 100,
        "currency": "XBM",
        "reason": "",
    }
    return LedgerEntry(entry_id=entry_id, **(values | more))  # type: ignore[arg-type]


def order(*charges: Charge, **more: object) -> PaymentOrder:
    values: dict[str, object] = {"case_id": "c", "organisation": "org", "version": 1, "currency": "XBM"}
    return PaymentOrder(charges=charges, **(values | more))  # type: ignore[arg-type]


def charge(minor: int, type: str = "A00", method: str | None = "E") -> Charge:
    return Charge(item=1, type=type, amount_minor=minor, method=method)


def test_an_entry_and_its_reversal_leave_nothing() -> None:
    first = entry()
    back = reversal(first, entry_id="e2", reason="repayment")
    check([first, back])
    assert back.reverses == "e1"
    assert set(balances([first, back]).values()) == {0}
    assert open_entries([first, back]) == ()
    assert balance([first], "deferment:org") == 100
    assert kind_balance([first], "revenue") == -100


def test_what_stands_is_reversed_last_first_and_once() -> None:
    entries = [entry("e1"), entry("e2"), reversal(entry("e1"), entry_id="e3", reason="")]
    again = reverse_all(entries, new_id=lambda: "e4", reason="x")
    assert [e.reverses for e in again] == ["e2"]
    check([*entries, *again])


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([entry(), entry()], "occurs twice"),
        ([entry(amount_minor=0)], "positive amount"),
        ([entry(amount_minor=-5)], "positive amount"),
        ([entry(credit="deferment:org")], "name two accounts"),
        ([entry(), entry("e2", currency="EUR")], "is kept in XBM"),
        ([entry("e2", reverses="e1")], "does not stand before it"),
        ([entry(), entry("e2", reverses="e1")], "does not mirror"),
        ([entry(), *(reversal(entry(), entry_id=f"r{n}", reason="") for n in (1, 2))], "reversed twice"),
    ],
)
def test_entries_that_do_not_fit_are_named(entries: list[LedgerEntry], says: str) -> None:
    with pytest.raises(LedgerFault, match=says):
        check(entries)


def test_a_reversal_is_not_reversed() -> None:
    with pytest.raises(LedgerFault, match="enter the amount anew"):
        reversal(reversal(entry(), entry_id="e2", reason=""), entry_id="e3", reason="")


def test_each_method_debits_its_own_account() -> None:
    done = settle(
        order(charge(1), charge(2, "A00", "A"), charge(4, "B00", "G"), charge(8, "A00", "P"), charge(16, "A00", "R")),
        ids(),
        kinds=KINDS,  # type: ignore[arg-type]
        await_immediate=False,
    )
    assert done.outcome == "settled"
    assert balances(done.entries) == {
        "deferment:org": 1,
        "cash:org": 2,
        "postponed:org": 4,
        "cash_account:org": 8,
        "guarantee:org": 16,
        "revenue:A00": -11,
        "revenue:B00": -4,
        "provisional:A00": -16,
    }


def test_a_charge_without_method_is_paid_as_all_others_are() -> None:
    done = settle(order(charge(5, method=None), methods=("E",)), ids(), kinds=KINDS)  # type: ignore[arg-type]
    assert done.kinds == ("deferred",)
    waits = settle(order(charge(5, method=None), methods=("E", "G")), ids(), kinds=KINDS)  # type: ignore[arg-type]
    assert waits.outcome == "awaited"
    unknown = settle(order(charge(5, method="?"), confirmed=True), ids(), kinds=KINDS)  # type: ignore[arg-type]
    assert unknown.kinds == ("immediate",)


def test_an_account_that_is_short_settles_nothing() -> None:
    funds = {"D": Funds(account="d", available_minor=9)}
    short = settle(
        order(charge(10), charge(5, "B00", "G"), references={"deferment": "D"}, funds=funds),
        ids(),
        kinds=KINDS,  # type: ignore[arg-type]
    )
    assert (short.outcome, short.short_minor, short.short_kind, short.entries) == ("short", 10, "deferment", ())
    enough = settle(
        order(charge(9), references={"deferment": "D"}, funds=funds),
        ids(),
        kinds=KINDS,  # type: ignore[arg-type]
    )
    assert enough.entries[0].debit == "deferment:d"


def test_security_is_taken_from_the_guarantee() -> None:
    done = settle(order(security_minor=7), ids(), kinds=KINDS)  # type: ignore[arg-type]
    assert balances(done.entries) == {"guarantee:org": 7, "security:org": -7}


def test_repayment_and_remission_are_entries_of_their_own() -> None:
    numbers = ids()
    paid = settle(order(charge(10), charge(5, "B00")), numbers, kinds=KINDS).entries  # type: ignore[arg-type]
    part = remit(paid, tax_type="B00", new_id=numbers, ground="error of the office")
    rest = repay([*paid, *part], new_id=numbers, ground="goods returned")
    assert [e.amount_minor for e in (*part, *rest)] == [5, 10]
    assert part[0].reason.startswith("remission")
    check([*paid, *part, *rest])
    assert set(balances([*paid, *part, *rest]).values()) == {0}


def test_wrong_tables_and_amounts_are_named() -> None:
    class Wrong(FakeProfile):
        def table(self, name: str) -> list[dict[str, str]]:
            return [{"code": "X", "kind": "barter"}]

    with pytest.raises(PaymentFault, match="code X: expected one of immediate"):
        payment_settler(Wrong())
    with pytest.raises(PaymentFault, match="positive"):
        settle(order(charge(0)), ids(), kinds=KINDS)  # type: ignore[arg-type]


def test_what_accounts_still_cover() -> None:
    rows = [
        {"number": "D1", "limit_minor": "100", "valid_from": "2026-01-01", "valid_to": ""},
        {"number": "D2", "limit_minor": "100", "valid_from": "2026-01-01", "valid_to": "2026-02-01"},
        {"number": "D3", "account": "d-3", "limit_minor": "50"},
    ]
    found = funds_of(rows, {account_identity("D1"): 30, "d-3": 60}, "2026-05-04")
    assert {number: funds.available_minor for number, funds in found.items()} == {"D1": 70, "D3": -10}
    assert "D1" not in found["D1"].account
