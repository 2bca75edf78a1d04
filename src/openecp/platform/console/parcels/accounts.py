# SPDX-License-Identifier: Apache-2.0
"""What the pages of collectors ask: where accounts stand, statements, a payment on record, reconciliation."""

from __future__ import annotations

from typing import Protocol

from openecp.border.revenue.collector_payments import PaymentResult
from openecp.border.revenue.collector_reconciliation import Reconciliation
from openecp.border.revenue.collectors import CollectorBalance, Statement


class ReadsCollectors(Protocol):
    """Accounts of collectors as they are read."""

    def balances(self) -> list[CollectorBalance]:
        """Return every account with where it stands."""

    def statement(self, account: str, first: str, last: str) -> Statement:
        """Return an account's statement of a period.

        Raises: CollectorRefused.
        """

    def payment(self, stream: str, seq: int) -> PaymentResult | None:
        """Return the payment that an event of a collector's stream records."""

    def reconcile(self, first: str, last: str) -> Reconciliation:
        """Compare the ledger with the records of every parcel of a period."""
