# SPDX-License-Identifier: Apache-2.0
"""Every address of the pages of action plans, in one place."""

from __future__ import annotations

from typing import Any

from openecp.platform.console.plans import (
    action,
    acts,
    bodies,
    gaps,
    imports,
    lineage,
    proposals,
    receipts,
    sessions,
    start,
    table,
    timeline,
    versions,
)


def plan_routes() -> list[Any]:
    """Return the handlers of the pages of action plans."""
    return [
        start.show_start,
        start.show_plan,
        table.show_actions,
        table.actions_csv,
        timeline.show_timeline,
        timeline.timeline_csv,
        bodies.show_bodies,
        bodies.bodies_csv,
        lineage.show_lineage,
        lineage.lineage_csv,
        lineage.judge_link,
        gaps.show_gaps,
        gaps.gaps_csv,
        proposals.show_proposals,
        proposals.decide_proposal,
        versions.show_versions,
        versions.version_document,
        action.show_action,
        acts.update,
        acts.override,
        sessions.show_sessions,
        sessions.announce,
        sessions.show_session,
        sessions.decide,
        imports.show_import,
        imports.read_upload,
        imports.accept,
        receipts.show_plan_receipt,
        receipts.plan_receipt_file,
    ]
