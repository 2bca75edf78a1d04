# SPDX-License-Identifier: Apache-2.0
"""Collectors over HTTP: where accounts stand, statements, payments, reconciliation, the tax authority's feed.

A post or platform sees the accounts that its own identifiers name and no others: another's is not found (404).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from openecp.border.revenue.collector_payments import CollectorPayment
from openecp.border.revenue.collector_reconciliation import CollectedTotal, Difference
from openecp.border.revenue.collectors import CollectorRefused, owner_of, parse_account, period, unknown_account
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.parties.model import Principal, Register
from openecp.platform.api.http import Call, Refusal, Reply, json_reply, problem_of_reason, problem_reply
from openecp.platform.api.lodging import key_of
from openecp.platform.api.route import TEXT, Parameter, Route
from openecp.platform.core.client import CoreClient
from openecp.platform.core.collector_desk import CollectorDesk
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.permissions import may
from openecp.platform.documents.collector_papers import (
    balance_json,
    feed_csv,
    feed_json,
    feed_lines,
    minor_of,
    payment_json,
    reconciliation_json,
    statement_csv,
    statement_json,
    statement_text,
)

T = TypeVar("T")
_CSV, _PLAIN, _LINES = "text/csv; charset=utf-8", "text/plain; charset=utf-8", "application/x-ndjson"


class CollectorFace(msgspec.Struct, kw_only=True):
    """Where one account stands; amounts are decimal text, a positive balance is owed."""

    account: str
    role: str
    collector: str
    currency: str
    jurisdictions: list[str]
    charged: str
    refunded: str
    paid: str
    balance: str
    standing: str


class CollectorPage(msgspec.Struct, kw_only=True):
    """The accounts that the asker may see."""

    collectors: list[CollectorFace]


class StatementLineFace(msgspec.Struct, kw_only=True):
    """Charges of one type for one jurisdiction."""

    jurisdiction: str
    type: str
    charged: str
    refunded: str


class PaymentLineFace(msgspec.Struct, kw_only=True):
    """Money received on a day."""

    on: str
    amount: str
    reference: str


class StatementFace(msgspec.Struct, kw_only=True):
    """A statement: opening + charged - refunded - paid + other = closing."""

    account: str
    role: str
    collector: str
    currency: str
    first_day: str
    last_day: str
    opening: str
    lines: list[StatementLineFace]
    charged: str
    refunded: str
    payments: list[PaymentLineFace]
    paid: str
    other: str
    closing: str
    standing: str


class PaymentBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A payment: decimal amount in the account's currency, value date (else today), reference."""

    amount: str
    reference: str
    on: str | None = None
    jurisdiction: str | None = None


class PaymentFace(msgspec.Struct, kw_only=True):
    """What was recorded, and the balance before and after it."""

    account: str
    amount: str
    currency: str
    jurisdiction: str
    on: str
    reference: str
    entry_id: str
    before: str
    after: str
    standing: str


class ReconciliationFace(msgspec.Struct, kw_only=True):
    """Ledger against records, in minor units; every difference with its batch or parcel."""

    ok: bool
    first_day: str
    last_day: str
    batches: int
    rulings: int
    parcels: int
    parcel_cases: int
    totals: list[CollectedTotal]
    differences: list[Difference]
    differences_left_off: int


class FeedRowFace(msgspec.Struct, kw_only=True):
    """Indirect taxes of one collector in one month; docs/collectors.md is the data dictionary."""

    month: str
    jurisdiction: str
    collector_role: str
    collector_id: str
    currency: str
    tax_charged: str
    tax_refunded: str
    tax_net: str
    ledger_entries: int


class FeedPage(msgspec.Struct, kw_only=True):
    """Rows of the feed."""

    rows: list[FeedRowFace]


_ACCOUNT = Parameter("id", "path", "account, such as post:XB-POST:EUR", {"type": "string", "maxLength": 160})
_PERIOD = (
    Parameter("month", "query", "YYYY-MM, in place of first and last day", TEXT),
    Parameter("from", "query", "first day", TEXT),
    Parameter("to", "query", "last day", TEXT),
)
_KEY = Parameter(
    "Idempotency-Key", "header", "names the payment: the same key records it once", {"type": "string", "maxLength": 200}
)
COLLECTOR_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/collectors",
        name="collectors",
        summary="List collectors' accounts and where they stand; a trader sees its own",
        permission="read_own",
        success={200: CollectorPage},
        errors=(401, 403),
    ),
    Route(
        method="GET",
        path="/collectors/{id}/statement",
        name="collector_statement",
        summary="Show an account's statement of a period (else of this month)",
        permission="read_own",
        success={200: StatementFace},
        errors=(400, 401, 403, 404),
        parameters=(_ACCOUNT, *_PERIOD, Parameter("format", "query", "json, csv or text", TEXT)),
    ),
    Route(
        method="POST",
        path="/collectors/{id}/payments",
        name="collector_pay",
        summary="Record that a collector paid",
        permission="receive",
        success={200: PaymentFace, 201: PaymentFace},
        errors=(400, 401, 403, 404, 409, 413, 415, 422, 503),
        parameters=(_ACCOUNT, _KEY),
        body=PaymentBody,
        body_media=("application/json",),
        max_body=10_000,
    ),
    Route(
        method="GET",
        path="/collectors/reconciliation",
        name="collector_reconciliation",
        summary="Compare the ledger with the tax lines of every parcel of a period (else of all time)",
        permission="read_all",
        success={200: ReconciliationFace},
        errors=(400, 401, 403),
        parameters=_PERIOD,
    ),
    Route(
        method="GET",
        path="/collectors/feed",
        name="collector_feed",
        summary="Give the tax authority's feed of a period (else of this month)",
        permission="read_all",
        success={200: FeedPage},
        errors=(400, 401, 403),
        parameters=(*_PERIOD, Parameter("format", "query", "json, csv or lines", TEXT)),
    ),
)


class Collectors:
    """Answers the routes; reads through the threads that it is given."""

    def __init__(self, desk: CollectorDesk, register: Register, pool: ThreadPoolExecutor, core: CoreClient) -> None:
        """Take the desk, who is known to the installation, the threads, and the core that records."""
        self._desk, self._register, self._pool, self._core = desk, register, pool, core

    def answerers(self) -> dict[str, Callable[[Call], Awaitable[Reply]]]:
        """Return the routes' answers by name."""
        return {
            "collectors": self.page,
            "collector_statement": self.statement,
            "collector_pay": self.pay,
            "collector_reconciliation": self.reconciliation,
            "collector_feed": self.feed,
        }

    async def _read(self, read: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, read)
        except CollectorRefused as refused:
            raise _refusal(refused) from None

    async def page(self, call: Call) -> Reply:
        """List the accounts that the asker may see."""

        def read() -> list[dict[str, Any]]:
            own = self._own(call.who)
            return [balance_json(one) for one in self._desk.balances() if own is None or one.collector in own]

        return json_reply(CollectorPage(collectors=msgspec.convert(await self._read(read), list[CollectorFace])))

    def _own(self, principal: Principal) -> frozenset[str] | None:
        """Return the identifiers whose accounts the principal may see; None: all."""
        if may(principal, "read_all"):
            return None
        known = self._register.organisation(principal.organisation)
        return frozenset({principal.organisation, *(known.identifiers if known is not None else ())}) - {"unnamed"}

    async def statement(self, call: Call) -> Reply:
        """Give a statement as JSON, CSV or text."""
        account = _account(call.parameters["id"])
        form = _form(call, ("json", "csv", "text"))
        days = _period(call)

        def read() -> Reply:
            own = self._own(call.who)
            if own is not None and owner_of(account).collector not in own:
                raise unknown_account(account)
            found = self._desk.statement(account, *days)
            if form == "csv":
                return Reply(200, statement_csv(found), _CSV)
            if form == "text":
                return Reply(200, statement_text(found).encode(), _PLAIN)
            return json_reply(msgspec.convert(statement_json(found), StatementFace))

        return await self._read(read)

    async def pay(self, call: Call) -> Reply:
        """Record a payment: 201, or 200 with the first answer for a key that recorded it before."""
        account = _account(call.parameters["id"])
        key = key_of(call.headers.get("idempotency-key"))
        if key is None:
            raise _bad("header Idempotency-Key", "a key that names this payment", "none", "Send one: it records once.")
        try:
            body = msgspec.json.decode(call.body, type=PaymentBody)
        except msgspec.MsgspecError as error:
            raise _bad("body", "amount and reference", str(error)[:200], "Correct the body.") from None

        payment = _payment(account, body, f"{call.who.organisation} {key}")
        answer = await self._core.submit(ProgrammeCommand(principal=call.who, act=payment))
        if answer.error is not None:
            return problem_reply(problem_of_reason(answer.error, answer.http_status))
        recorded = await self._read(lambda: payment_json(self._desk.recorded(answer)))
        return json_reply(msgspec.convert(recorded, PaymentFace), answer.http_status)

    async def reconciliation(self, call: Call) -> Reply:
        """Compare ledger and records."""
        days = _period(call, whole=True)
        report = await self._read(lambda: self._desk.reconcile(*days))
        return json_reply(msgspec.convert(reconciliation_json(report), ReconciliationFace))

    async def feed(self, call: Call) -> Reply:
        """Give the feed as JSON, CSV or JSON lines."""
        form, days = _form(call, ("json", "csv", "lines")), _period(call)
        rows = await self._read(lambda: self._desk.feed(*days))
        if form == "csv":
            return Reply(200, feed_csv(rows), _CSV)
        if form == "lines":
            return Reply(200, feed_lines(rows), _LINES)
        return json_reply(FeedPage(rows=msgspec.convert([feed_json(row) for row in rows], list[FeedRowFace])))


def _payment(account: str, body: PaymentBody, key: str) -> CollectorPayment:
    try:
        currency = parse_account(account).currency
    except CollectorRefused as refused:
        raise _refusal(refused) from None
    minor = minor_of(body.amount, currency)
    if minor is None:
        raise _bad("amount", "decimal text in the account's currency", body.amount[:40], "Correct it.", 422)
    return CollectorPayment(
        account=account, minor=minor, on=body.on or utc_now()[:10], reference=body.reference,
        key=key.replace(" ", "/"), jurisdiction=body.jurisdiction,
    )  # fmt: skip


def _account(text: str) -> str:
    return text if text.startswith("collector:") else f"collector:{text}"


def _refusal(refused: CollectorRefused) -> Refusal:
    return Refusal(
        refused.status, refused.code, str(refused), where=refused.where, expected=refused.expected, got=refused.got,
        fix=refused.fix,
    )  # fmt: skip


def _form(call: Call, forms: tuple[str, ...]) -> str:
    form = call.query.get("format", forms[0])
    if form not in forms:
        raise _bad("?format", "one of " + ", ".join(forms), form[:40], "Correct the parameter.")
    return form


def _period(call: Call, *, whole: bool = False) -> tuple[str, str]:
    month, first, last = (call.query.get(name) for name in ("month", "from", "to"))
    if month is None and first is None and last is None:
        return ("0001-01-01", "9999-12-31") if whole else period(month=utc_now()[:7])
    try:
        return period(month, first, last)
    except CollectorRefused as refused:
        raise _bad(f"?{refused.where}", refused.expected, refused.got, refused.fix) from None


def _bad(where: str, expected: str, got: str, fix: str, status: int = 400) -> Refusal:
    code, said = "OECP-COLLECTOR-REQUEST", "The request cannot be used."
    return Refusal(status, code, said, where=where, expected=expected, got=got, fix=fix)
