# SPDX-License-Identifier: Apache-2.0
"""Wires the risk desk of the console: lists and hits, models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openecp.platform.cli.risk_models import model_key
from openecp.platform.console.risk.desk import RiskDesk
from openecp.platform.core.model_desk import ModelDesk
from openecp.platform.core.watch_desk import WatchDesk

if TYPE_CHECKING:
    from openecp.bootstrap import Installation


def console_risk(installation: Installation, store: Any) -> RiskDesk:
    """Return what the console's pages of the risk desk ask."""
    return RiskDesk(WatchDesk(store), ModelDesk(store, model_key(installation)), store)
