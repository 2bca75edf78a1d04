# SPDX-License-Identifier: Apache-2.0
"""The routes of the risk desk."""

from __future__ import annotations

from typing import Any

from openecp.platform.console.risk import hits, models, selection


def risk_routes() -> list[Any]:
    """Return the pages of the risk desk."""
    return [
        hits.show_hits,
        hits.show_lists,
        hits.show_hit,
        hits.act_on_hit,
        models.show_models,
        models.show_model,
        models.act_on_model,
        selection.show_selection,
    ]
