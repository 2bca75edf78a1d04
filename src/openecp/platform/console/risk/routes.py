# SPDX-License-Identifier: Apache-2.0
"""The routes of the risk desk."""

from __future__ import annotations

from typing import Any

from openecp.platform.console.risk import (
    backtests,
    compliance,
    hits,
    lanes,
    models,
    profile_form,
    profiles,
    rates,
    selection,
)


def risk_routes() -> list[Any]:
    """Return the pages of the risk desk."""
    return [
        hits.show_hits,
        hits.show_lists,
        hits.show_hit,
        hits.act_on_hit,
        profiles.show_profiles,
        profiles.show_profile,
        profiles.act_on_profile,
        profile_form.show_new,
        profile_form.send_new,
        profile_form.show_edit,
        profile_form.send_edit,
        backtests.show_start,
        backtests.ask,
        backtests.show_backtest,
        lanes.show_lanes,
        rates.show_rates,
        compliance.show_compliance,
        models.show_models,
        models.show_model,
        models.act_on_model,
        selection.show_selection,
    ]
