# SPDX-License-Identifier: Apache-2.0
"""Every address of the pages of action plans, in one place."""

from __future__ import annotations

from typing import Any

from openecp.platform.console.plans import action, acts, receipts, start, table


def plan_routes() -> list[Any]:
    """Return the handlers of the pages of action plans."""
    return [
        start.show_start,
        start.show_plan,
        table.show_actions,
        table.actions_csv,
        action.show_action,
        acts.update,
        acts.override,
        receipts.show_plan_receipt,
        receipts.plan_receipt_file,
    ]
