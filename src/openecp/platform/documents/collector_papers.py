# SPDX-License-Identifier: Apache-2.0
"""Collectors' statements, balances and the tax authority's feed as text, CSV and JSON: amounts as decimal text.

CSV is UTF-8 with a byte order mark, commas, CR LF; a text that a spreadsheet would run as a formula gets an apostrophe
before it, an amount stays a number.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from openecp.border.revenue.collector_feed import FEED_DICTIONARY, FEED_VERSION, FeedRow
from openecp.border.revenue.collector_payments import PaymentResult
from openecp.border.revenue.collector_reconciliation import Reconciliation
from openecp.border.revenue.collectors import CollectorBalance, Statement
from openecp.kernel.datamodel.currencies import amount_text, exponent

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_STANDING = {"to_pay": "to be paid", "settled": "settled", "overpaid": "paid too much"}
_json = msgspec.json.Encoder()


def money(minor: int, currency: str) -> str:
    """Return minor units as decimal text."""
    return amount_text(minor, currency)


def written_csv(lines: Iterable[Sequence[str]]) -> bytes:
    """Return lines as CSV that is safe to open in a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for line in lines:
        writer.writerow([_safe(cell) for cell in line])
    return text.getvalue().encode("utf-8-sig")


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell


def statement_json(statement: Statement) -> dict[str, Any]:
    """Return a statement with its amounts as decimal text."""
    currency = statement.currency
    return {
        "account": statement.account,
        "role": statement.role,
        "collector": statement.collector,
        "currency": currency,
        "first_day": statement.first_day,
        "last_day": statement.last_day,
        "opening": money(statement.opening_minor, currency),
        "lines": [
            {
                "jurisdiction": line.jurisdiction,
                "type": line.type,
                "charged": money(line.charged_minor, currency),
                "refunded": money(line.refunded_minor, currency),
            }
            for line in statement.lines
        ],
        "charged": money(statement.charged_minor, currency),
        "refunded": money(statement.refunded_minor, currency),
        "payments": [
            {"on": one.on, "amount": money(one.minor, currency), "reference": one.reference}
            for one in statement.payments
        ],
        "paid": money(statement.paid_minor, currency),
        "other": money(statement.other_minor, currency),
        "closing": money(statement.closing_minor, currency),
        "standing": statement.standing,
    }


STATEMENT_COLUMNS = ("kind", "day", "jurisdiction", "type", "reference", "currency", "amount")


def statement_csv(statement: Statement) -> bytes:
    """Return a statement as rows that add up: refunds and payments are negative; the last row is the sum."""
    currency = statement.currency
    lines: list[Sequence[str]] = [
        ("account", statement.account),
        ("period", statement.first_day, statement.last_day),
        STATEMENT_COLUMNS,
        ("opening", statement.first_day, "", "", "", currency, money(statement.opening_minor, currency)),
    ]
    for line in statement.lines:
        for kind, minor in (("charged", line.charged_minor), ("refunded", -line.refunded_minor)):
            if minor:
                lines.append((kind, "", line.jurisdiction, line.type, "", currency, money(minor, currency)))
    for one in statement.payments:
        lines.append(("paid", one.on, "", "", one.reference, currency, money(-one.minor, currency)))
    if statement.other_minor:
        lines.append(("other", "", "", "", "", currency, money(statement.other_minor, currency)))
    lines.append(("closing", statement.last_day, "", "", "", currency, money(statement.closing_minor, currency)))
    return written_csv(lines)


def statement_text(statement: Statement) -> str:
    """Return a statement as a page of plain text."""
    currency = statement.currency
    rows: list[tuple[str, str]] = [(f"Opening balance {statement.first_day}", money(statement.opening_minor, currency))]
    for line in statement.lines:
        name = f"{line.type} {line.jurisdiction}"
        if line.charged_minor:
            rows.append((f"  charged: {name}", money(line.charged_minor, currency)))
        if line.refunded_minor:
            rows.append((f"  refunded: {name}", money(-line.refunded_minor, currency)))
    for one in statement.payments:
        what = f"  paid {one.on} {one.reference}" if one.reference else f"  paid {one.on} for single parcels"
        rows.append((what, money(-one.minor, currency)))
    if statement.other_minor:
        rows.append(("  other entries", money(statement.other_minor, currency)))
    rows.append((f"Closing balance {statement.last_day}", money(statement.closing_minor, currency)))
    width = max(len(name) for name, _ in rows) + 2
    figures = max(len(amount) for _, amount in rows)
    head = [
        f"Statement of charges collected: {statement.role} {statement.collector}",
        f"Account {_plain(statement.account)}, {statement.first_day} to {statement.last_day}, amounts in {currency}",
        "",
    ]
    last = f"{_STANDING[statement.standing].capitalize()}: {money(abs(statement.closing_minor), currency)} {currency}"
    body = [f"{_plain(name):<{width}}{amount:>{figures}}" for name, amount in rows]
    return "\n".join([_plain(head[0]), *head[1:], *body, "", last if statement.closing_minor else "Settled.", ""])


def _plain(text: str) -> str:
    """Return a text without signs that steer a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def balance_json(balance: CollectorBalance) -> dict[str, Any]:
    """Return where one account stands."""
    currency = balance.currency
    return {
        "account": balance.account,
        "role": balance.role,
        "collector": balance.collector,
        "currency": currency,
        "jurisdictions": list(balance.jurisdictions),
        "charged": money(balance.charged_minor, currency),
        "refunded": money(balance.refunded_minor, currency),
        "paid": money(balance.paid_minor, currency),
        "balance": money(balance.balance_minor, currency),
        "standing": balance.standing,
    }


def payment_json(result: PaymentResult) -> dict[str, Any]:
    """Return what a payment did."""
    currency = result.currency
    return {
        "account": result.account,
        "amount": money(result.minor, currency),
        "currency": currency,
        "jurisdiction": result.jurisdiction,
        "on": result.on,
        "reference": result.reference,
        "entry_id": result.entry_id,
        "before": money(result.before_minor, currency),
        "after": money(result.after_minor, currency),
        "standing": result.standing,
    }


def feed_json(row: FeedRow) -> dict[str, Any]:
    """Return a row of the feed by the names of the data dictionary."""
    return {
        "month": row.month,
        "jurisdiction": row.jurisdiction,
        "collector_role": row.collector_role,
        "collector_id": row.collector_id,
        "currency": row.currency,
        "tax_charged": money(row.tax_charged_minor, row.currency),
        "tax_refunded": money(row.tax_refunded_minor, row.currency),
        "tax_net": money(row.tax_net_minor, row.currency),
        "ledger_entries": row.ledger_entries,
    }


def feed_csv(rows: Iterable[FeedRow]) -> bytes:
    """Return the feed as CSV, one row a month, jurisdiction and collector."""
    names = [name for name, _, _ in FEED_DICTIONARY]
    lines: list[Sequence[str]] = [names]
    for row in rows:
        told = feed_json(row) | {"ledger_entries": str(row.ledger_entries)}
        lines.append([told[name] for name in names])
    return written_csv(lines)


def feed_lines(rows: Iterable[FeedRow]) -> bytes:
    """Return the feed as JSON lines."""
    return b"".join(_json.encode(feed_json(row)) + b"\n" for row in rows)


def feed_dictionary() -> dict[str, Any]:
    """Return what each column of the feed means."""
    return {
        "feed": "indirect taxes collected at import, by collector and month",
        "version": FEED_VERSION,
        "columns": [{"name": name, "type": kind, "meaning": meaning} for name, kind, meaning in FEED_DICTIONARY],
    }


def reconciliation_json(report: Reconciliation) -> dict[str, Any]:
    """Return what was compared and found."""
    return {"ok": report.ok, **msgspec.to_builtins(report)}


def minor_of(text: str, currency: str) -> int | None:
    """Return decimal text as minor units; None where it has more decimals than the currency, or is no amount."""
    whole, dot, fraction = text.partition(".")
    places = exponent(currency)
    if (
        not (whole.isascii() and whole.isdigit() and len(whole) <= 15)
        or len(fraction) > places
        or (dot and not fraction)
    ):
        return None
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        return None
    return int(whole + fraction.ljust(places, "0"))
