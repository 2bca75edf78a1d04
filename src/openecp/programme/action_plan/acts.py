# SPDX-License-Identifier: Apache-2.0
"""Decides what is reported on actions: status, evidence, overrides, milestones, deliverables, revisions."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from openecp.programme.action_plan.codes import Lifecycle
from openecp.programme.action_plan.commands import (
    NewEvidence,
    OverrideStatus,
    ReviseAction,
    SetMilestone,
    StageDeliverable,
    UpdateAction,
    VerifyEvidence,
)
from openecp.programme.action_plan.deciding import Actor, Decision, Draft, Refused, check_day, check_text, unknown
from openecp.programme.action_plan.names import action_stream, instrument_stream, is_name, parse_action
from openecp.programme.action_plan.state import ActionState
from openecp.programme.action_plan.take import add_changes, beyond, differences

MAX_NOTE = 4000
MAX_REF = 500
NEEDS_EVIDENCE = frozenset({"delivered", "endorsed", "closed"})
NEEDS_TARGET = frozenset({"merged", "carried_over"})
NEEDS_REASON = frozenset({"suspended", "cancelled", "merged", "carried_over"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


def update_action(act: UpdateAction, draft: Draft, actor: Actor) -> Decision:
    """Report on an action.

    Raises: Refused.
    """
    since = draft.instant(act.on)
    state = draft.action(act.action, since)
    check_own(state, act.action, actor)
    check_text("note", act.note, most=MAX_NOTE)
    if act.status is None and not act.note.strip() and act.evidence is None:
        raise Refused(
            "OECP-PLAN-EMPTY",
            "An update says something.",
            where="status, note, evidence",
            expected="at least one of them",
            got="none",
            fix="Give a status, a note or an evidence.",
        )
    ids: list[str] = []
    if act.evidence is not None:
        ids = [add_evidence(draft, act.action, since, act.evidence, session=act.session)]
    if act.status is not None or act.note.strip():
        report_status(
            draft, act.action, since, act.status, note=act.note, session=act.session, target=act.target, evidence=ids
        )
    return decided(draft, act.action)


def report_status(
    draft: Draft,
    action: str,
    since: str,
    status: Lifecycle | None,
    *,
    note: str,
    session: str | None = None,
    decision: str | None = None,
    target: str | None = None,
    evidence: list[str] | None = None,
) -> None:
    """Add a status report; "delivered" without evidence is refused.

    Raises: Refused.
    """
    state = draft.action(action, since)
    if status in NEEDS_EVIDENCE and not any(each.counts for each in state.evidence):
        narrow = f"{len(state.evidence)} of a narrower scope than the plan's" if state.evidence else "none"
        raise Refused(
            "OECP-PLAN-EVIDENCE",
            f"{action} cannot be {status} without evidence.",
            where="evidence",
            expected=f"at least one evidence of scope {state.scope} up to that day",
            got=narrow,
            fix="Give the document, decision or event that shows it, in the same update or before.",
            status=409,
        )
    if status in NEEDS_TARGET and (target is None or parse_action(target) is None or target == action):
        raise Refused(
            "OECP-PLAN-TARGET",
            f"{status} says into which action.",
            where="target",
            expected="the id of another action",
            got=target or "none",
            fix="Name the action.",
        )
    if status in NEEDS_REASON and not note.strip() and decision is None:
        raise Refused(
            "OECP-PLAN-REASON",
            f"{status} needs a reason.",
            where="note",
            expected="a reason",
            got="none",
            fix="Write why, or record it as a decision of a session.",
        )
    body: dict[str, Any] = {"status": status, "note": note.strip(), "session": session, "decision": decision}
    body |= {"target": target if status in NEEDS_TARGET else None, "evidence": evidence}
    draft.add(action_stream(action), "StatusReported", since, {n: v for n, v in body.items() if v})


def add_evidence(
    draft: Draft, action: str, since: str, new: NewEvidence, *, session: str | None, decision: str | None = None
) -> str:
    """Add an evidence and return its id.

    Raises: Refused.
    """
    check_text("evidence, ref", new.ref, least=1, most=MAX_REF)
    check_text("evidence, title", new.title, most=MAX_REF)
    if new.sha256 is not None and _SHA256.fullmatch(new.sha256) is None:
        raise Refused(
            "OECP-PLAN-HASH",
            "This is not a SHA-256.",
            where="evidence, sha256",
            expected="64 hexadecimal digits in lower case",
            got=new.sha256,
            fix="Compute it with sha256sum, or leave it out.",
        )
    stream = action_stream(action)
    whole = draft.state(stream)
    state = draft.action(action, since)
    name = f"E{len(whole.evidence) + 1 if isinstance(whole, ActionState) else 1}"
    body: dict[str, Any] = {"evidence": name, "kind": new.kind, "ref": new.ref.strip(), "title": new.title.strip()}
    body |= {"sha256": new.sha256, "scope": new.scope or state.scope, "session": session, "decision": decision}
    draft.add(stream, "EvidenceAdded", since, {n: v for n, v in body.items() if v})
    return name


def verify_evidence(act: VerifyEvidence, draft: Draft) -> Decision:
    """Note that somebody looked at an evidence.

    Raises: Refused.
    """
    since = draft.instant(act.on)
    state = draft.action(act.action, since)
    if all(each.id != act.evidence for each in state.evidence):
        raise unknown("evidence", act.evidence, "one of " + (", ".join(e.id for e in state.evidence) or "none"))
    draft.add(action_stream(act.action), "EvidenceVerified", since, {"evidence": act.evidence})
    return decided(draft, act.action)


def override_status(act: OverrideStatus, draft: Draft) -> Decision:
    """Set or lift a person's own colour.

    Raises: Refused.
    """
    since = draft.instant(act.on)
    draft.action(act.action, since)
    check_text("reason", act.reason, least=3, most=MAX_NOTE)
    expires = act.expires or since[:10]
    check_day("expires", expires)
    if act.colour is not None and (act.expires is None or expires <= since[:10]):
        raise Refused(
            "OECP-PLAN-EXPIRY",
            "A colour of one's own ends on a day.",
            where="expires",
            expected=f"a day after {since[:10]}",
            got=act.expires or "none",
            fix="Say until when it holds.",
        )
    body = {"colour": act.colour, "reason": act.reason.strip(), "expires": expires}
    draft.add(action_stream(act.action), "StatusOverridden", since, body)
    return decided(draft, act.action)


def revise_action(act: ReviseAction, draft: Draft) -> Decision:
    """Change what an action says.

    Raises: Refused.
    """
    since = draft.instant(act.on)
    check_text("reason", act.reason, least=3, most=MAX_NOTE)
    revise(
        draft,
        act.action,
        since,
        {
            "titles": act.titles,
            "nature": act.nature,
            "responsibilities": act.responsible,
            "work_programmes": act.work_programmes,
            "timeframe": act.timeframe,
        },
        {"reason": act.reason.strip()},
    )
    return decided(draft, act.action)


def revise(draft: Draft, action: str, since: str, wanted: dict[str, Any], ground: dict[str, Any]) -> None:
    """Add the events that give an action other fields; None leaves a field.

    Raises: Refused.
    """
    state = draft.action(action, since)
    changes = {name: value for name, value in wanted.items() if value is not None}
    timeframe = changes.get("timeframe")
    if timeframe is not None:
        if timeframe.due is not None:
            check_day("timeframe, due", timeframe.due)
        if (timeframe.kind == "date") != (timeframe.due is not None) and timeframe.kind != "sessions":
            raise Refused(
                "OECP-PLAN-TIMEFRAME",
                "A date has a day, and nothing else has.",
                where="timeframe",
                expected="kind date with a due day, or another kind without",
                got=f"kind {timeframe.kind}, due {timeframe.due}",
                fix="Correct the kind or the day.",
            )
        changes["beyond_plan"] = beyond(timeframe, draft.plan(state.plan))
    for language, title in (changes.get("titles") or {}).items():
        check_text(f"titles, {language}", title, least=1, most=500)
    for part in changes.get("responsibilities") or ():
        check_text("responsible", part.body, least=1, most=60)
    for code in changes.get("work_programmes") or ():
        check_text("work_programmes", code, least=1, most=60)
    if "titles" in changes:
        changes["titles"] = state.text.titles | changes["titles"]
    add_changes(draft, action, since, differences(state.text, msgspec.structs.replace(state.text, **changes)), ground)


def set_milestone(act: SetMilestone, draft: Draft) -> Decision:
    """Set a milestone, or report that it was reached.

    Raises: Refused.
    """
    since = draft.instant(act.reached_on or act.on)
    draft.action(act.action, since)
    whole = draft.state(action_stream(act.action))  # a milestone may be reached before somebody set it here
    known = [each.id for each in whole.milestones] if isinstance(whole, ActionState) else []
    name = act.milestone
    if name is None:
        check_text("title", act.title, least=1, most=MAX_REF)
        name = f"M{len(known) + 1}"
    elif name not in known:
        raise unknown("milestone", name, "one of " + (", ".join(known) or "none"))
    if act.due is not None:
        check_day("due", act.due)
    body = {"milestone": name, "title": act.title.strip(), "due": act.due, "reached_on": act.reached_on}
    kind = "MilestoneReached" if act.reached_on else "MilestoneSet"
    draft.add(action_stream(act.action), kind, since, {n: v for n, v in body.items() if v})
    return decided(draft, act.action)


def stage_deliverable(act: StageDeliverable, draft: Draft) -> Decision:
    """Report the stage of an instrument.

    Raises: Refused.
    """
    since = draft.instant(act.on)
    check_text("note", act.note, most=MAX_NOTE)
    for language, title in act.titles.items():
        check_text(f"titles, {language}", title, least=1, most=MAX_REF)
    if act.action is not None:
        draft.action(act.action, since)
        stream = action_stream(act.action)
        whole = draft.state(stream)
        known = {each.id for each in whole.deliverables} if isinstance(whole, ActionState) else set()
        name = act.instrument or f"{act.action}/D{len(known) + 1}"
    else:
        name = act.instrument or ""
        if not is_name(name):
            raise unknown("instrument", name, "the id of an instrument, or an action")
        stream = instrument_stream(name)
        known = {name} if draft.state(stream) is not None else set()
    if name not in known and not act.titles:
        raise Refused(
            "OECP-PLAN-TEXT",
            "A new instrument has a title.",
            where="titles",
            expected="a title in at least one language",
            got="none",
            fix="Give its title.",
        )
    body: dict[str, Any] = {"deliverable": name, "stage": act.stage, "titles": act.titles, "kind": act.kind}
    body |= {"phase": act.phase, "actions": act.actions, "document": act.document}
    body |= {"decision": act.decision, "note": act.note.strip()}
    kind = "DeliverableStaged" if act.stage else "InstrumentNamed"
    draft.add(stream, kind, since, {n: v for n, v in body.items() if v})
    return Decision(outcome="done", subject=name, status=act.stage or "named", writes=draft.decided(name).writes)


def check_own(state: ActionState, action: str, actor: Actor) -> None:
    """Refuse a focal point of another body.

    Raises: Refused.
    """
    if actor.writes or set(actor.bodies) & set(state.responsible):
        return
    raise Refused(
        "OECP-PLAN-BODY",
        f"{action} is not an action of your body.",
        where="action",
        expected="an action of " + (", ".join(actor.bodies) or "a body of yours"),
        got="responsible: " + (", ".join(state.responsible) or "none"),
        fix="Ask the Secretariat to report it.",
        status=403,
    )


def decided(draft: Draft, action: str) -> Decision:
    """Return the decision about an action with its lifecycle as it now is."""
    state = draft.state(action_stream(action))
    return draft.decided(action, state.lifecycle if isinstance(state, ActionState) else "")
