# SPDX-License-Identifier: Apache-2.0
"""What the pages of parcels are made with: regimes and quotes; where they are wired, files, records and accounts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import date

from openecp.border.low_value.basket import Basket
from openecp.border.low_value.model import Jurisdiction, Regime
from openecp.border.low_value.quote import Quote, Quoter
from openecp.kernel.datamodel.parcel import Parcel
from openecp.platform.console.parcels.accounts import ReadsCollectors
from openecp.platform.console.parcels.inbox import Inbox
from openecp.platform.console.parcels.scores import ReadsScores
from openecp.platform.core.parcelview import ParcelSource


class ParcelDesk:
    """Everything that the pages of parcels ask; quotes are given one at a time, on one quoter made at first need."""

    def __init__(
        self,
        quoter: Callable[[], Quoter],
        *,
        inbox: Inbox | None = None,
        clears: Callable[[], Sequence[str]] = tuple,
        source: ParcelSource | None = None,
        declared: Callable[[int, int, str, str], Parcel | None] | None = None,
        scorecard: ReadsScores | None = None,
        collectors: ReadsCollectors | None = None,
    ) -> None:
        self.inbox = inbox  # uploaded files; None: this console takes none
        self.clears = clears  # the jurisdictions that parcels are cleared for
        self.source = source  # parcels on record; None: this console shows none
        self.declared = declared  # goods as declared, without persons: event, number in it, identifier, posting date
        self.scorecard = scorecard  # of origin posts
        self.collectors = collectors  # their accounts
        self._make = quoter
        self._made: Quoter | None = None
        self._lock = threading.Lock()

    def _quoter(self) -> Quoter:
        if self._made is None:
            self._made = self._make()
        return self._made

    def jurisdictions(self) -> list[Jurisdiction]:
        """Return the jurisdictions whose regimes are known, by code."""
        with self._lock:
            return [self._quoter().files[code] for code in sorted(self._quoter().files)]

    def find(self, regime: str) -> tuple[Jurisdiction, Regime] | None:
        """Return a regime and its jurisdiction."""
        for file in self.jurisdictions():
            for one in file.regimes:
                if one.id == regime:
                    return file, one
        return None

    def quote(self, basket: Basket, jurisdiction: str, on: date, *, regime: str = "", strict: bool = False) -> Quote:
        """Return what a basket costs; nothing is stored.

        Raises: QuoteRefused with everything that stands in the way.
        """
        with self._lock:
            return self._quoter().quote(basket, jurisdiction, on, regime=regime, strict=strict)
