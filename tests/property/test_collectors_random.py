# SPDX-License-Identifier: Apache-2.0
"""Whatever is cleared, paid, refunded and returned: statements join, sums agree, nothing is given back twice."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.collector_world import OFFICER, REVENUE, cleared, payment

from openecp.border.low_value.parcel_commands import ParcelAct
from openecp.kernel.journal.memory import MemoryStore
from openecp.platform.core.collector_desk import CollectorDesk

ACCOUNTS = ("collector:post:A:EUR", "collector:seller:=IM 1:EUR", "collector:buyer:unnamed:EUR")
DAYS = ("2026-06-30", "2026-07-01", "2026-07-31", "2026-08-01")
LINES = st.lists(
    st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(("duty", "tax")), st.integers(1, 3), st.integers(1, 10**6)),
    max_size=5,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("clear"), st.sampled_from(DAYS), st.lists(LINES, min_size=1, max_size=3)),
        st.tuples(st.just("pay"), st.sampled_from(ACCOUNTS), st.sampled_from(DAYS), st.integers(1, 10**6)),
        st.tuples(st.just("refund"), st.integers(0, 9), st.one_of(st.none(), st.integers(1, 3))),
        st.tuples(st.just("return"), st.integers(0, 9)),
    ),
    max_size=12,
)


class Model:
    """What stands of each parcel's lines, and what was paid."""

    def __init__(self) -> None:
        self.lines: dict[str, list[tuple[str, str, int, int]]] = {}
        self.ended: set[str] = set()
        self.paid = dict.fromkeys(ACCOUNTS, 0)

    def balance(self, account: str) -> int:
        return (
            sum(line[3] for lines in self.lines.values() for line in lines if line[0] == account) - self.paid[account]
        )


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_accounts_follow_what_stands(steps: list[Any]) -> None:
    ticks = (f"2026-08-02T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.000000Z" for n in itertools.count())
    store, ids = MemoryStore(clock=lambda: next(ticks)), itertools.count()
    desk = CollectorDesk(store, new_id=lambda: f"id-{next(ids)}", clock=lambda: next(ticks))
    model, names = Model(), itertools.count()
    for number, step in enumerate(steps):
        if step[0] == "clear":
            batch = {f"P{next(names)}": lines for lines in step[2]}
            cleared(store, batch, on=step[1], first_row=number * 10 + 1)
            model.lines |= {name: list(lines) for name, lines in batch.items()}
        elif step[0] == "pay":
            if any(one.account == step[1] for one in desk.balances()):
                desk.pay(payment(step[3], account=step[1], on=step[2], key=f"k-{number}"), REVENUE)
                model.paid[step[1]] += step[3]
        else:
            act_on(desk, model, f"P{step[1]}", step[0], step[2] if step[0] == "refund" else None)
    agree(desk, model)


def act_on(desk: CollectorDesk, model: Model, name: str, act: Any, item: int | None) -> None:
    """Refund or return, and expect a refusal wherever nothing of it stands."""
    command = ParcelAct(
        principal=OFFICER, parcel_id=name, posted_on="2026-07-01", act=act, reason="goods returned", item=item
    )
    done = desk.act(command).outcome == "done"
    standing = model.lines.get(name, [])
    gone = [line for line in standing if item is None or line[2] == item]
    if act == "refund":
        assert done == (bool(gone) and name not in model.ended)
    else:
        assert done == (name in model.lines and name not in model.ended)
        model.ended |= {name} if done else set()
    if done:
        model.lines[name] = [line for line in standing if line not in gone]


def agree(desk: CollectorDesk, model: Model) -> None:
    """Compare balances, joined statements, the feed and the reconciliation with what stands."""
    balances = {one.account: one.balance_minor for one in desk.balances()}
    net_tax = 0
    for account, balance in balances.items():
        assert balance == model.balance(account)
        june = desk.statement(account, "2026-06-01", "2026-06-30")
        july = desk.statement(account, "2026-07-01", "2026-07-31")
        august = desk.statement(account, "2026-08-01", "2026-08-31")
        assert june.opening_minor == 0
        assert (june.closing_minor, july.closing_minor) == (july.opening_minor, august.opening_minor)
        assert august.closing_minor == balance
        for one in (june, july, august):
            moved = one.charged_minor - one.refunded_minor - one.paid_minor
            assert one.opening_minor + moved == one.closing_minor
            lines = sum(line.charged_minor - line.refunded_minor for line in one.lines)
            assert lines == one.charged_minor - one.refunded_minor
            assert sum(paid.minor for paid in one.payments) == one.paid_minor
            net_tax += sum(line.charged_minor - line.refunded_minor for line in one.lines if line.type == "tax")
    assert sum(row.tax_net_minor for row in desk.feed("2026-01-01", "2026-12-31")) == net_tax
    report = desk.reconcile("2026-01-01", "2026-12-31")
    assert report.ok, report.differences
