# SPDX-License-Identifier: Apache-2.0
"""The part of an installation that clears files of parcels; the heavy parts are imported when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from openecp.platform.core.settings import Settings


class ClearsFiles:
    """What `openecp clear` and `openecp reassess` ask of an installation."""

    settings: Settings

    def lanes(self, secret: bytes) -> Any:
        """Return what chooses lanes for all who assess with this secret; None where there is no plan of selection."""
        from openecp.bootstrap_lanes import lanes_of

        return lanes_of(self, secret)

    def lane_ticks(self, store: Any) -> Any:
        """Commit to draws and take up the counters of lanes now, and return what goes on with it by the clock."""
        from openecp.bootstrap_lanes import lane_ticks

        return lane_ticks(self, store)

    def audit_desk(self, store: Any) -> Any:
        """Return the desk of audits after release."""
        from openecp.bootstrap_risk_work import audit_desk

        return audit_desk(self, store)

    def audit_ticks(self, store: Any) -> Any:
        """Return what goes on with audits by the clock."""
        from openecp.bootstrap_risk_work import audit_ticks

        return audit_ticks(self, store)

    def collectors(self, store: Any) -> Any:
        """Return the accounts of those who collect charges for Customs."""
        from openecp.platform.core.collector_desk import CollectorDesk
        from openecp.platform.core.ids import Randomness

        return CollectorDesk(store, new_id=lambda: Randomness().uuid7())  # few, and of any thread

    def law_files(self) -> dict[str, str | None]:
        """Return where regimes and rates of this installation stand, None for what ships."""
        told = self.settings
        named = {"regimes": told.regimes, "rates": told.exchange_rates, "duty_rates": told.duty_rates}
        return {name: path or None for name, path in named.items()}

    def _law(self, law: dict[str, Any]) -> dict[str, Any]:
        """Return what a command names, and the installation's own files for the rest."""
        return {**self.law_files(), **{name: value for name, value in law.items() if value}}

    def clearing(self, store: Any, *, quality: bool = True, **law: Any) -> Any:
        """Return what clears files of parcels; `law` as `law_of` takes it: jurisdiction, regime, rates, duty_rates.

        Raises: RegimeFault, QuoteRefused.
        """
        from openecp.bootstrap_clearing import clearing_wiring, law_of

        return clearing_wiring(store, law_of(**self._law(law)), quality=quality)

    def reassessing(self, *, on: date | None, **law: Any) -> tuple[Any, Any]:
        """Return an engine, and other rules: those of a regime file (`file`), or of a day.

        Raises: RegimeFault, QuoteRefused.
        """
        from openecp.bootstrap_clearing import OtherRules, law_of

        rules = OtherRules(law_of(**self._law(law)), on)
        return rules.engine, rules

    def clear_on_spark(self, files: Sequence[Path], out: Path, on: date, master: str, **law: Any) -> Any:
        """Assess parcels on Spark; what came of it.

        Raises: RegimeFault, QuoteRefused.
        """
        from openecp.bootstrap_clearing import clear_on_spark, law_of

        return clear_on_spark(law_of(**self._law(law)), files, out, on, master, self.settings.spark_memory)
