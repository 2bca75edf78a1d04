# SPDX-License-Identifier: Apache-2.0
"""What came out of a file, as its page shows it: decisions, categories, revenue, refused rows, quality by sender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from markupsafe import Markup

from openecp.platform.console.charts.stack import draw_stack
from openecp.platform.console.parcels.frame import ParcelFrame

DECISIONS = ("release", "release_with_charges", "full_declaration", "hold", "refused")


class RevenueRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one collector owes in one currency: in minor units."""

    kind: str
    id: str
    currency: str
    duty: int = 0
    tax: int = 0

    @property
    def total(self) -> int:
        """Duty and tax."""
        return self.duty + self.tax


class SummaryView(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a file."""

    parcels: int
    rows: int
    refused_rows: int
    known: int  # parcels that were decided before
    decisions: tuple[tuple[str, int], ...]
    categories: tuple[tuple[str, int], ...]
    revenue: tuple[RevenueRow, ...]
    totals: tuple[RevenueRow, ...]  # one for each currency
    refusals: tuple[dict[str, Any], ...]
    quality: tuple[dict[str, Any], ...]
    reasons: tuple[tuple[str, int], ...]
    remarks: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]
    bar: str

    def share(self, count: int) -> int:
        """Return a count's share of all parcels, in percent, rounded."""
        return (200 * count + self.parcels) // (2 * self.parcels) if self.parcels else 0


def account_parts(account: str) -> tuple[str, str, str]:
    """Return kind, identifier and currency of a collector's account."""
    parts = account.split(":")
    return (parts[1], ":".join(parts[2:-1]), parts[-1]) if len(parts) >= 4 else ("", account, "")


def revenue_rows(charges: list[Mapping[str, Any]]) -> tuple[RevenueRow, ...]:
    """Return what each collector owes, by kind and identifier."""
    sums: dict[tuple[str, str, str], dict[str, int]] = {}
    for charge in charges:
        of = sums.setdefault(account_parts(str(charge["account"])), {"duty": 0, "tax": 0})
        of[str(charge["type"])] = of.get(str(charge["type"]), 0) + int(charge["minor"])
    return tuple(
        RevenueRow(kind=kind, id=name, currency=currency, duty=of["duty"], tax=of["tax"])
        for (kind, name, currency), of in sorted(sums.items())
    )


def _most_first(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def view_of(frame: ParcelFrame, summary: Mapping[str, Any]) -> SummaryView:
    """Return a result for its page."""
    decisions = dict(summary.get("decisions", {}))
    order = [*DECISIONS, *sorted(set(decisions) - set(DECISIONS))]
    revenue = revenue_rows(summary.get("charges", []))
    totals: dict[str, RevenueRow] = {}
    for row in revenue:
        before = totals.get(row.currency, RevenueRow(kind="", id="", currency=row.currency))
        totals[row.currency] = msgspec.structs.replace(before, duty=before.duty + row.duty, tax=before.tax + row.tax)
    parcels = int(summary.get("parcels", sum(decisions.values())))
    return SummaryView(
        parcels=parcels,
        rows=int(summary.get("rows", 0)),
        refused_rows=int(summary.get("refused_rows", 0)),
        known=int(summary.get("known", 0)),
        decisions=tuple((code, int(decisions[code])) for code in order if decisions.get(code)),
        categories=tuple(sorted((str(code), int(count)) for code, count in summary.get("categories", {}).items())),
        revenue=revenue,
        totals=tuple(totals[currency] for currency in sorted(totals)),
        refusals=tuple(summary.get("refusals", ())),
        quality=tuple(summary.get("quality", ())),
        reasons=_most_first(summary.get("reasons", {})),
        remarks=_most_first(summary.get("remarks", {})),
        warnings=tuple(summary.get("warnings", ())),
        bar=Markup(draw_stack(decisions, order, sum(decisions.values()))),  # noqa: S704 - escapes what it is given
    )
