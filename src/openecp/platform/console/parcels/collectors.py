# SPDX-License-Identifier: Apache-2.0
"""Collectors: where each account stands, the statement of a period, ledger against records.

An organisation sees its own accounts alone; reconciliation is for who sees all.

Limits: 2,000 accounts are listed.
"""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException, PermissionDeniedException

from openecp.border.revenue.collector_payments import PaymentResult, collector_stream
from openecp.border.revenue.collectors import CollectorBalance, CollectorRefused, Statement, owner_of, period
from openecp.platform.console.pages import AnyRequest, AtConsole, ByVisitor, InPath, Page, in_thread
from openecp.platform.console.parcels.accounts import ReadsCollectors
from openecp.platform.console.parcels.frame import ParcelFrame
from openecp.platform.console.plans.files import sent
from openecp.platform.documents.collector_papers import statement_csv

ACCOUNTS_SHOWN = 2_000
MONTHS_OFFERED = 18


class CollectorFrame(ParcelFrame):
    """One reader's view of collectors' accounts."""

    @property
    def accounts(self) -> ReadsCollectors:
        """The accounts.

        Raises: NotFoundException where this console shows none, PermissionDeniedException for who may see none.
        """
        if self.desk.collectors is None:
            raise NotFoundException
        if not self.reads_parcels:
            raise PermissionDeniedException
        return self.desk.collectors

    @property
    def sees_accounts(self) -> bool:
        """Whether the reader sees every account: officers and auditors, and who receives payments."""
        return self.sees_all or self.may_receive

    def mine(self, account: str) -> bool:
        """Tell whether this reader may see an account: all, or those under the own organisation's numbers."""
        if self.sees_accounts:
            return True
        organisation = self.console.register.organisation(self.principal.organisation)
        numbers = {self.principal.organisation, *(organisation.identifiers if organisation is not None else ())}
        return owner_of(account).collector in numbers

    def months(self) -> list[str]:
        """Return the months that the page offers, the latest first."""
        day, found = date.fromisoformat(self.today).replace(day=1), []
        for _ in range(MONTHS_OFFERED):
            found.append(day.isoformat()[:7])
            day = (day - timedelta(days=1)).replace(day=1)
        return found

    def period(self) -> tuple[str, str, str]:
        """Return the month that the address asks for, its first and last day; without one, this month."""
        asked = str(self.request.query_params.get("month", ""))[:7] or self.today[:7]
        try:
            return asked, *period(asked)
        except CollectorRefused:
            return self.today[:7], *period(self.today[:7])

    def statement(self, account: str) -> Statement:
        """Return the statement that the address asks for.

        Raises: NotFoundException for an account that is not there or is of others.
        """
        found = self.accounts
        if not self.mine(account):
            raise NotFoundException
        _, first, last = self.period()
        try:
            return found.statement(account, first, last)
        except CollectorRefused:
            raise NotFoundException from None


@get("/parcels/collectors")
@in_thread
def show_collectors(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """Every account that its reader may see, and where it stands."""
    frame = CollectorFrame(request, console, visitor)
    rows = [row for row in frame.accounts.balances() if frame.mine(row.account)]
    return frame.page("collectors.html", rows=rows[:ACCOUNTS_SHOWN], found=len(rows), totals=totals_of(rows))


def totals_of(rows: list[CollectorBalance]) -> list[tuple[str, int, int, int, int]]:
    """Return, for each currency, what was charged, given back, paid, and is open."""
    sums: dict[str, list[int]] = {}
    for row in rows:
        of = sums.setdefault(row.currency, [0, 0, 0, 0])
        for place, minor in enumerate((row.charged_minor, row.refunded_minor, row.paid_minor, row.balance_minor)):
            of[place] += minor
    return [(currency, of[0], of[1], of[2], of[3]) for currency, of in sorted(sums.items())]


@get("/parcels/collectors/{account:str}")
@in_thread
def show_statement(request: AnyRequest, console: AtConsole, visitor: ByVisitor, account: InPath) -> Page:
    """The statement of an account for a month."""
    frame = CollectorFrame(request, console, visitor)
    asked = str(request.query_params.get("paid", ""))
    seq = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else 0
    paid = frame.accounts.payment(collector_stream(account), seq) if seq and frame.mine(account) else None
    return statement_page(frame, account, paid=paid)


def statement_page(
    frame: CollectorFrame,
    account: str,
    *,
    paid: PaymentResult | None = None,
    problem: dict[str, Any] | None = None,
    filled: dict[str, str] | None = None,
    status_code: int = 200,
) -> Page:
    """Return the page of an account: its statement, and for who may receive payments the form of one."""
    found = frame.statement(account)
    month, _, _ = frame.period()
    balance = next((one for one in frame.accounts.balances() if one.account == account), None)
    return frame.page(
        "statement.html",
        status_code=status_code,
        address=frame.href("collectors", account),
        statement=found,
        month=month,
        months=sorted({*frame.months(), month}, reverse=True),
        balance=balance,
        paid=paid,
        problem=problem,
        filled=filled or {},
        key=(filled or {}).get("key") or secrets.token_urlsafe(16),  # names the payment: sent twice, it counts once
    )


@get("/parcels/collectors/reconciliation")
@in_thread
def show_reconciliation(request: AnyRequest, console: AtConsole, visitor: ByVisitor) -> Page:
    """Ledger against the tax lines of every parcel of a month."""
    frame = CollectorFrame(request, console, visitor)
    accounts = frame.accounts
    if not frame.sees_accounts:
        raise PermissionDeniedException
    month, first, last = frame.period()
    return frame.page(
        "reconciliation.html",
        report=accounts.reconcile(first, last),
        month=month,
        months=sorted({*frame.months(), month}, reverse=True),
        owner=owner_of,
    )


@get("/parcels/collectors/{account:str}/statement.csv")
@in_thread
def statement_file(request: AnyRequest, console: AtConsole, visitor: ByVisitor, account: InPath) -> Response[bytes]:
    """The statement as CSV."""
    frame = CollectorFrame(request, console, visitor)
    found = frame.statement(account)
    name = f"statement-{found.role}-{found.collector}-{found.currency}-{found.first_day[:7]}.csv"
    return sent(name, statement_csv(found), "text/csv; charset=utf-8; header=present")
