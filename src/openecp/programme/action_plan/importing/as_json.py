# SPDX-License-Identifier: Apache-2.0
"""A plan as JSON: the plan with its sections, and the actions, each with its section's title and code beside it."""

from __future__ import annotations

from typing import Any

import msgspec

from openecp.programme.action_plan.records import PlanDocument


def plan_json(document: PlanDocument) -> dict[str, Any]:
    """Return `{"plan": {…}, "actions": […]}`; empty text is `""`, an empty list `[]`, what is not stated null."""
    plan: dict[str, Any] = msgspec.to_builtins(document.plan)
    sections = {section["number"]: section for section in plan["sections"]}
    actions = []
    for action in document.actions:
        told: dict[str, Any] = msgspec.to_builtins(action)
        section = sections.get(action.section, {"title": "", "code": None})
        told |= {
            "phase": document.plan.phase,
            "section_title": section["title"],
            "strategic_code": section["code"],
        }
        actions.append(told)
    plan |= {"document": plan["title"], "source_file": plan["source_name"], "count": len(actions)}
    return {"plan": plan, "actions": actions}
