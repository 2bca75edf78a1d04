# SPDX-License-Identifier: Apache-2.0
"""What the pages of collectors ask: where accounts stand, and statements."""

from __future__ import annotations

from typing import Protocol

from openecp.border.revenue.collectors import CollectorBalance, Statement


class ReadsCollectors(Protocol):
    """Accounts of collectors as they are read."""

    def balances(self) -> list[CollectorBalance]:
        """Return every account with where it stands."""

    def statement(self, account: str, first: str, last: str) -> Statement:
        """Return an account's statement of a period.

        Raises: CollectorRefused.
        """
