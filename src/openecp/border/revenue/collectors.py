# SPDX-License-Identifier: Apache-2.0
"""What each collector of duties and taxes owes: a platform, post, carrier, broker, or the buyer at the border.

A collector has one account for each currency, `collector:<role>:<identifier>:<currency>`; charges debit it, refunds and
payments credit it. Statements are made from the ledger's sums by day, never from single parcels.
Source: WCO Framework of Standards on Cross-Border E-Commerce, standard 12 (models of revenue collection).
Limits: a day is that of acceptance for charges of a batch, the value date for payments, else the day of record (UTC).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

import msgspec

from openecp.kernel.ledger.collected import COLLECTOR, CollectedSum

Kind = Literal["charge", "refund", "payment", "repayment", "other"]
Standing = Literal["to_pay", "settled", "overpaid"]
ROLES = ("seller", "post", "express", "broker", "buyer")
_ACCOUNT = re.compile(r"collector:([a-z]+):(.{1,120}):([A-Z]{3})")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class CollectorRefused(Exception):  # noqa: N818 - an answer that the asker can act on
    """Nothing was done: where, what was wanted, what was got, what to do."""

    def __init__(
        self, code: str, message: str, *, where: str, expected: str, got: str, fix: str, status: int = 422
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.where = code, message, where
        self.expected, self.got, self.fix, self.status = expected, got, fix, status


class CollectorAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Whose account it is: how he collects, under which number, in which currency."""

    account: str
    role: str
    collector: str
    currency: str


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """What one day changed in one account: positive adds to what is owed. Type and jurisdiction of charges only."""

    on: str
    account: str
    kind: Kind
    type: str
    jurisdiction: str
    minor: int
    entries: int
    stream: str


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """Charges of one type for one jurisdiction in the period, and what of them or of earlier ones was given back."""

    jurisdiction: str
    type: str
    charged_minor: int
    refunded_minor: int


class StatementPayment(msgspec.Struct, frozen=True, kw_only=True):
    """Money received on a day; negative where it was paid back. Single parcels' payments of a day stand together."""

    on: str
    minor: int
    reference: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A collector's account over a period: opening + charged - refunded - paid = closing; positive is owed."""

    account: str
    role: str
    collector: str
    currency: str
    first_day: str
    last_day: str
    opening_minor: int
    lines: tuple[StatementLine, ...]
    charged_minor: int
    refunded_minor: int
    payments: tuple[StatementPayment, ...]
    paid_minor: int
    other_minor: int = 0
    closing_minor: int
    standing: Standing


class CollectorBalance(msgspec.Struct, frozen=True, kw_only=True):
    """Where one account stands after all that is in the ledger."""

    account: str
    role: str
    collector: str
    currency: str
    jurisdictions: tuple[str, ...]
    charged_minor: int
    refunded_minor: int
    paid_minor: int
    balance_minor: int
    standing: Standing


def parse_account(account: str) -> CollectorAccount:
    """Return whose account it is.

    Raises: CollectorRefused.
    """
    found = _ACCOUNT.fullmatch(account)
    if found is None:
        raise CollectorRefused(
            "OECP-COLLECTOR-ACCOUNT", "This is no collector's account.", where="account",
            expected="collector:<role>:<identifier>:<currency>, such as collector:post:XB-POST:EUR",
            got=account[:80], fix="Look it up in the list of collectors.", status=404,
        )  # fmt: skip
    return CollectorAccount(account=account, role=found[1], collector=found[2], currency=found[3])


def owner_of(account: str) -> CollectorAccount:
    """Return whose account it is; of an account in another form, its name as it is."""
    try:
        return parse_account(account)
    except CollectorRefused:
        return CollectorAccount(account=account, role="", collector=account, currency="")


def movements(sums: Iterable[CollectedSum]) -> list[Movement]:
    """Return what the sums change in collectors' accounts; an entry between two of them changes both."""
    found: list[Movement] = []
    for one in sums:
        for account, other, sign in ((one.debit, one.credit, 1), (one.credit, one.debit, -1)):
            if not account.startswith(COLLECTOR):
                continue
            kind, kind_of_charge, jurisdiction = _kind(other, sign)
            found.append(
                Movement(
                    on=one.on,
                    account=account,
                    kind=kind,
                    type=kind_of_charge,
                    jurisdiction=jurisdiction,
                    minor=sign * one.minor,
                    entries=one.entries,
                    stream=one.stream,
                )
            )
    return found


def _kind(other: str, sign: int) -> tuple[Kind, str, str]:
    parts = other.split(":")
    if parts[0] == "revenue":
        kind: Kind = "charge" if sign > 0 else "refund"
        return kind, parts[1] if len(parts) > 1 else "", parts[2] if len(parts) > 3 else ""
    if parts[0] == "bank":
        return ("repayment" if sign > 0 else "payment"), "", parts[1] if len(parts) > 1 else ""
    return "other", "", ""


def period(month: str | None = None, first: str | None = None, last: str | None = None) -> tuple[str, str]:
    """Return first and last day of a month, or of any period, both included.

    Raises: CollectorRefused.
    """
    if month is not None:
        if not _MONTH.fullmatch(month) or first is not None or last is not None:
            raise _no_period("month", "a month such as 2026-07 and no other days", month)
        year, number = int(month[:4]), int(month[5:])
        if not year:
            raise _no_period("month", "a year from 1", month)
        return f"{month}-01", f"{month}-{monthrange(year, number)[1]:02}"
    days = [_day("from", first), _day("to", last)]
    if days[0] > days[1]:
        raise _no_period("to", f"a day from {days[0]} on", days[1])
    return days[0], days[1]


def _day(where: str, text: str | None) -> str:
    try:
        if text is not None and date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise _no_period(where, "a date such as 2026-07-01", text or "nothing")


def _no_period(where: str, expected: str, got: str) -> CollectorRefused:
    return CollectorRefused(
        "OECP-COLLECTOR-PERIOD", "The period cannot be used.", where=where, expected=expected, got=got[:40],
        fix="Give a month, or first and last day.",
    )  # fmt: skip


def statement(
    account: str, moved: Iterable[Movement], first: str, last: str, *, payments: Sequence[StatementPayment] = ()
) -> Statement:
    """Return the statement of an account.

    `payments` are those on record with a reference, of all time; others are summed up by day.
    Raises: CollectorRefused, where the ledger has no such account.
    """
    whose = parse_account(account)
    mine = [one for one in moved if one.account == account]
    if not mine:
        raise unknown_account(account)
    opening = sum(one.minor for one in mine if one.on < first)
    now = [one for one in mine if first <= one.on <= last]
    sums: dict[tuple[str, str], list[int]] = {}
    for one in now:
        if one.kind in ("charge", "refund"):
            line = sums.setdefault((one.jurisdiction, one.type), [0, 0])
            line[one.kind == "refund"] += abs(one.minor)
    received: dict[str, int] = {}
    for one in now:
        if one.kind in ("payment", "repayment"):
            received[one.on] = received.get(one.on, 0) - one.minor
    listed = [known for known in payments if first <= known.on <= last]
    for known in listed:
        received[known.on] = received.get(known.on, 0) - known.minor
    listed += [StatementPayment(on=on, minor=minor) for on, minor in received.items() if minor]
    charged, refunded = sum(line[0] for line in sums.values()), sum(line[1] for line in sums.values())
    paid = sum(known.minor for known in listed)
    other = sum(one.minor for one in now if one.kind == "other")
    closing = opening + charged - refunded - paid + other
    return Statement(
        account=account, role=whose.role, collector=whose.collector, currency=whose.currency,
        first_day=first, last_day=last, opening_minor=opening,
        lines=tuple(
            StatementLine(jurisdiction=jurisdiction, type=kind, charged_minor=line[0], refunded_minor=line[1])
            for (jurisdiction, kind), line in sorted(sums.items())
        ),
        charged_minor=charged, refunded_minor=refunded, payments=tuple(sorted(listed, key=lambda known: known.on)),
        paid_minor=paid, other_minor=other, closing_minor=closing, standing=standing(closing),
    )  # fmt: skip


def unknown_account(account: str) -> CollectorRefused:
    """Return the refusal of an account on which nothing was ever entered."""
    return CollectorRefused(
        "OECP-COLLECTOR-UNKNOWN", "Nothing was ever entered for this collector.", where="account",
        expected="an account in the list of collectors", got=account[:160], fix="Look it up in the list of collectors.",
        status=404,
    )  # fmt: skip


def standing(balance_minor: int) -> Standing:
    """Say in a word what a balance means for the collector."""
    return "to_pay" if balance_minor > 0 else "overpaid" if balance_minor < 0 else "settled"


def collector_balances(moved: Iterable[Movement]) -> list[CollectorBalance]:
    """Return every account with where it stands, by account."""
    by_account: dict[str, list[Movement]] = {}
    for one in moved:
        by_account.setdefault(one.account, []).append(one)
    found = []
    for account, mine in sorted(by_account.items()):
        whose = owner_of(account)
        balance = sum(one.minor for one in mine)
        found.append(
            CollectorBalance(
                account=account,
                role=whose.role,
                collector=whose.collector,
                currency=whose.currency,
                jurisdictions=tuple(sorted({one.jurisdiction for one in mine if one.jurisdiction})),
                charged_minor=sum(one.minor for one in mine if one.kind == "charge"),
                refunded_minor=-sum(one.minor for one in mine if one.kind == "refund"),
                paid_minor=-sum(one.minor for one in mine if one.kind in ("payment", "repayment")),
                balance_minor=balance,
                standing=standing(balance),
            )
        )
    return found
