# SPDX-License-Identifier: Apache-2.0
"""The lane of a declaration after it was chosen: an officer's override, and the clock that moves what waits too long.

An override that makes milder what a mandatory criterion wants needs two officers: the first asks, the second does it.
The clock goes by the plan that held when the lane was chosen. The trader is told what is asked of him, and no more.
"""

from __future__ import annotations

from typing import Any

from openecp.border.lodgement import notifications as notice
from openecp.border.lodgement.case import DeclarationCase
from openecp.border.lodgement.clearance import advance
from openecp.border.lodgement.commands import OfficerAct
from openecp.border.lodgement.context import due
from openecp.border.lodgement.draft import Draft
from openecp.border.lodgement.lane_state import lane_clock, milder
from openecp.border.lodgement.lifecycle import MACHINE


def override_fault(command: OfficerAct, case: DeclarationCase) -> tuple[str, str, str, str] | None:
    """Return rule, sentence, what was expected and got, where this officer may not override so; None where he may."""
    if command.act != "override_lane" or not MACHINE.possible(case.status, "LaneOverridden", case):
        return None
    if command.result == case.channel or not milder(command.result, case.mandatory):
        return None
    if command.principal.kind != "person":
        return "officer_in_person", "Officers in person take a declaration out of a mandatory lane.", "a person", (
            f"a {command.principal.kind}"
        )  # fmt: skip
    asked = case.override_asked
    if asked is not None and asked.lane == command.result and asked.by == command.principal.actor:
        return "second_officer", "You have asked for this lane yourself.", "a second officer", "the one who asked"
    return None


def override_lane(draft: Draft, command: OfficerAct) -> None:
    """Put the declaration into another lane; out of a mandatory one the first officer only asks for it."""
    case, lane = draft.case, command.result or ""
    if lane == case.channel:
        return
    facts: dict[str, Any] = {"lane": lane, "from": case.channel, "office": case.office or "", "ground": "override"}
    if milder(lane, case.mandatory):
        asked = case.override_asked
        facts["mandatory"] = case.mandatory
        if asked is None or asked.lane != lane:
            MACHINE.require(case.status, "LaneOverridden", case)
            note = draft.store_note(command.reason)
            draft.record("LaneOverrideAsked", note=note, officer=facts | {"by": command.principal.actor})
            return
        facts["asked_by"] = asked.by
    draft.record("LaneOverridden", note=draft.store_note(command.reason), officer=facts)
    _go_to(draft, lane)


def lane_passed(draft: Draft) -> None:
    """Move a declaration that has waited in its lane longer than the plan lets it."""
    case = draft.case
    move = case.moves[case.channel or ""]
    facts: dict[str, Any] = {
        "lane": move.to, "from": case.channel, "office": case.office or "", "ground": "timeout",
        "after_s": move.after_s,
    }  # fmt: skip
    if clocks := lane_clock(case.moves, move.to, case.mandatory, draft.context.now):
        facts["clocks"] = clocks
    draft.record("LaneMoved", officer=facts)
    _go_to(draft, move.to)


def _go_to(draft: Draft, lane: str) -> None:
    """Lift what the lane does not ask for, ask for what it does, and let the goods go as far as they may."""
    before = draft.case
    if (before.control_open and lane != "red") or (before.documents_open and lane in ("green", "blue")):
        draft.record("ControlsLifted")
    both = lane == "red" and draft.rules.red_asks_documents
    if (lane == "yellow" or both) and not (before.controlled or draft.case.documents_open):
        _ask_documents(draft, before)
    if lane == "red" and not draft.case.control_open:
        draft.record("ControlOrdered", tell=(notice.control(draft.subject()),))
    if draft.case.status == "assessed":
        advance(draft, declaration=draft.context.declaration)


def _ask_documents(draft: Draft, before: DeclarationCase) -> None:
    """Ask for documents; where they were asked for already nobody is told again, and their limit stands."""
    limit = before.documents_limit or due(draft.context.profile, "documents", draft.context.now)
    told = () if before.documents_open else (notice.documents(draft.subject(), limit=limit),)
    clocks = {"documents": limit} if "documents" in before.clocks or told else None
    draft.record("DocumentsRequired", tell=told, limit=limit, clocks=clocks)
