# SPDX-License-Identifier: Apache-2.0
"""What the tax authority gets: indirect taxes collected at import, by collector and month, and what each column means.

Amounts are those of the ledger; refunds stand in the month in which they were made, as in the collectors' statements.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from openecp.border.revenue.collectors import Movement, owner_of

FEED_VERSION = 1


class FeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """Indirect taxes of one collector in one month for one jurisdiction."""

    month: str
    jurisdiction: str
    collector_role: str
    collector_id: str
    currency: str
    tax_charged_minor: int
    tax_refunded_minor: int
    tax_net_minor: int
    ledger_entries: int


FEED_DICTIONARY: tuple[tuple[str, str, str], ...] = (  # column, type, meaning
    ("month", "text YYYY-MM", "month of acceptance of the goods; of the act, for refunds and later changes"),
    ("jurisdiction", "text", "whose tax it is: a country or union, as the regimes name it"),
    ("collector_role", "text", "seller (platform or vendor by registration), post, express, broker, buyer"),
    ("collector_id", "text", "the seller's scheme number, else the number of who presented the parcels; unnamed: none"),
    ("currency", "text ISO 4217", "of the amounts of this row"),
    ("tax_charged", "decimal", "indirect tax charged at import"),
    ("tax_refunded", "decimal", "indirect tax given back or reduced, whenever it was charged"),
    ("tax_net", "decimal", "tax_charged less tax_refunded; may be negative"),
    ("ledger_entries", "whole number", "entries of the ledger that the row sums up"),
)  # fmt: skip


def feed_rows(moved: Iterable[Movement], first: str, last: str) -> list[FeedRow]:
    """Return the rows of a period, by month, jurisdiction and collector."""
    sums: dict[tuple[str, str, str], list[int]] = {}
    for one in moved:
        if one.type != "tax" or not first <= one.on <= last or one.kind not in ("charge", "refund"):
            continue
        total = sums.setdefault((one.on[:7], one.jurisdiction, one.account), [0, 0, 0])
        total[one.kind == "refund"] += abs(one.minor)
        total[2] += one.entries
    found = []
    for (month, jurisdiction, account), (charged, refunded, entries) in sorted(sums.items()):
        whose = owner_of(account)
        found.append(
            FeedRow(
                month=month,
                jurisdiction=jurisdiction,
                collector_role=whose.role,
                collector_id=whose.collector,
                currency=whose.currency,
                tax_charged_minor=charged,
                tax_refunded_minor=refunded,
                tax_net_minor=charged - refunded,
                ledger_entries=entries,
            )
        )
    return found
