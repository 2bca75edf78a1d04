# SPDX-License-Identifier: Apache-2.0
"""Decides what concerns plans as a whole: sessions and decisions, links, bindings, frozen figures, reports, status."""

from __future__ import annotations

import re
from typing import Any

from openecp.programme.action_plan.acts import MAX_NOTE, add_evidence, report_status, revise
from openecp.programme.action_plan.commands import (
    AssertDependency,
    AssertLineage,
    BindEvidence,
    Change,
    FreezeMeasurements,
    HoldSession,
    IssueReport,
    Link,
    NewEvidence,
    RecordDecision,
    SetPlanStatus,
    SetThresholds,
)
from openecp.programme.action_plan.deciding import Decision, Draft, Refused, check_day, check_text, unknown
from openecp.programme.action_plan.names import action_stream, is_name, plan_stream, session_stream
from openecp.programme.action_plan.state import SessionState

_DECIMAL = re.compile(r"-?\d{1,30}(\.\d{1,12})?")
MAX_AGENDA = 500
MAX_CHANGES = 500


def hold_session(act: HoldSession, draft: Draft) -> Decision:
    """Announce a session, or change what is known of it.

    Raises: Refused.
    """
    if not is_name(act.session):
        raise unknown("session", act.session, "a name such as PTC/223, of letters, digits and . _ - / +")
    check_text("name", act.name, least=1, most=300)
    check_text("body", act.body, least=1, most=60)
    check_day("starts", act.starts)
    check_day("ends", act.ends)
    if act.ends < act.starts or len(act.agenda) > MAX_AGENDA:
        raise Refused(
            "OECP-PLAN-SESSION",
            "A session ends after it starts, and its agenda is finite.",
            where="ends, agenda",
            expected=f"an end from {act.starts} on, at most {MAX_AGENDA} items",
            got=f"{act.ends}, {len(act.agenda)} items",
            fix="Correct them.",
        )
    stream = session_stream(act.session)
    known = draft.state(stream)
    since = draft.instant(act.on)
    if act.on is None and known is None and f"{act.starts}T00:00:00.000000Z" < since:
        since = draft.instant(act.starts)  # a past session holds from its first day
    if isinstance(known, SessionState):
        since = max(since, known.born)
    body = {"session": act.session, "body": act.body, "name": act.name.strip(), "starts": act.starts, "ends": act.ends}
    draft.add(stream, "SessionHeld", since, {**body, "agenda": act.agenda})
    return draft.decided(act.session, "held")


def record_decision(act: RecordDecision, draft: Draft) -> Decision:
    """Record a decision of a session and make the changes that follow from it.

    Raises: Refused.
    """
    stream = session_stream(act.session)
    session = draft.state(stream)
    if not isinstance(session, SessionState):
        raise unknown("session", act.session, "a session of the register")
    check_text("text", act.text, least=3, most=MAX_NOTE)
    if len(act.changes) > MAX_CHANGES:
        raise Refused(
            "OECP-PLAN-CHANGES",
            "Too many changes in one decision.",
            where="changes",
            expected=f"at most {MAX_CHANGES}",
            got=str(len(act.changes)),
            fix="Record several decisions.",
        )
    day = act.on or min(session.ends, draft.context.today)
    since = max(draft.instant(day), session.born)
    name = f"{act.session}/D{len(session.decisions) + 1}"
    body = {
        "decision": name,
        "item": act.item,
        "text": act.text.strip(),
        "actions": list(dict.fromkeys(change.action for change in act.changes)),
    }
    draft.add(stream, "DecisionRecorded", since, body)
    for change in act.changes:
        _change(draft, change, since, name)
    return draft.decided(name, "held")


def _change(draft: Draft, change: Change, since: str, decision: str) -> None:
    draft.action(change.action, since)
    check_text("note", change.note, most=MAX_NOTE)
    wanted = {
        "responsibilities": change.responsible,
        "work_programmes": change.work_programmes,
        "timeframe": change.timeframe,
    }
    revise(draft, change.action, since, wanted, {"decision": decision})
    ids: list[str] = []
    if change.status in ("delivered", "endorsed", "closed"):  # the decision is what shows it
        evidence = NewEvidence(kind="decision", ref=decision)
        held = decision.rpartition("/")[0]
        ids = [add_evidence(draft, change.action, since, evidence, session=held, decision=decision)]
    if change.status is not None or change.note.strip():
        report_status(
            draft, change.action, since, change.status, note=change.note, decision=decision, target=change.target,
            evidence=ids,
        )  # fmt: skip


def assert_lineage(act: AssertLineage, draft: Draft) -> Decision:
    """Set links between actions of two plans, in the streams of both.

    Raises: Refused.
    """
    return _links(draft, act.links, act.state, act.on, "LineageAsserted")


def assert_dependency(act: AssertDependency, draft: Draft) -> Decision:
    """Set links between actions of one plan, in the streams of both.

    Raises: Refused.
    """
    return _links(draft, act.links, act.state, act.on, "DependencyAsserted")


def _links(draft: Draft, links: tuple[Link, ...], state: str, on: str | None, kind: str) -> Decision:
    since = draft.instant(on)
    name = "relation" if kind == "LineageAsserted" else "kind"
    for link in links:
        value = getattr(link, name)
        if value is None or link.from_id == link.to_id or not _is_share(link.confidence):
            raise Refused(
                "OECP-PLAN-LINK",
                "This cannot be a link.",
                where=f"{link.from_id} to {link.to_id}",
                expected=f"two actions, a {name}, and a confidence from 0 to 1",
                got=f"{name} {value}, confidence {link.confidence}",
                fix="Correct it.",
            )
        check_text("reason", link.reason, most=MAX_NOTE)
        body: dict[str, Any] = {"from": link.from_id, "to": link.to_id, name: value, "state": state}
        body |= {"confidence": link.confidence, "reason": link.reason.strip()}
        body |= {"reasons": link.reasons} if link.reasons else {}
        for action in (link.from_id, link.to_id):
            born = draft.action(action, draft.context.now).born
            draft.add(action_stream(action), kind, max(since, born), body)
    return draft.decided(links[0].to_id if links else "", state)


def _is_share(text: str) -> bool:
    try:
        return len(text) <= 12 and 0 <= float(text) <= 1
    except ValueError:
        return False


def bind_evidence(act: BindEvidence, draft: Draft) -> Decision:
    """Bind stored queries to actions; a binding that stands as it is changes nothing.

    Raises: Refused.
    """
    subject = ""
    for action, binding in act.bindings:
        since = draft.instant(act.on)
        state = draft.action(action, since)
        subject = action
        if binding not in state.bindings:
            draft.add(action_stream(action), "EvidenceBound", since, {"binding": binding})
    return draft.decided(subject, "bound")


def freeze_measurements(act: FreezeMeasurements, draft: Draft) -> Decision:
    """Freeze figures; one that does not say how many cases, as of when and by which query is refused.

    Raises: Refused.
    """
    since = draft.instant(act.on)
    draft.plan(act.plan)
    for action, figure in act.measurements:
        lacking = [name for name in ("as_of", "query_hash", "indicator", "unit") if not getattr(figure, name)]
        if figure.n < 0 or (figure.n == 0) != (figure.value is None):
            lacking.append("n")
        if figure.value is not None and _DECIMAL.fullmatch(figure.value) is None:
            lacking.append("value")
        if figure.journal_position < 0:
            lacking.append("journal_position")
        if figure.as_of > draft.context.today:
            lacking.append("as_of, which is to come")
        if lacking:
            raise Refused(
                "OECP-PLAN-FIGURE",
                "A figure says how many cases it rests on, as of when, and how it was computed.",
                where=f"{action}, {figure.indicator}",
                expected="n, as_of, journal_position, query_hash; no value where n is 0",
                got="lacking or wrong: " + ", ".join(lacking),
                fix="Compute it again.",
            )
        state = draft.action(action, since)
        if state.plan != act.plan:
            raise unknown("action", action, f"an action of {act.plan}")
        body = {"measurement": figure, "report": act.report}
        draft.add(action_stream(action), "MeasurementFrozen", since, {n: v for n, v in body.items() if v})
    return draft.decided(act.plan, "frozen")


def issue_report(act: IssueReport, draft: Draft) -> Decision:
    """Record a session paper; the same one again changes nothing.

    Raises: Refused.
    """
    plan = draft.plan(act.plan)
    check_day("as_of", act.as_of)
    check_text("report", act.report, least=1, most=100)
    if any(
        each.id == act.report and each.language == act.language and each.files == act.files for each in plan.reports
    ):
        return Decision(outcome="repeated", subject=act.report, status=plan.status)
    files = [{"name": name, "sha256": digest} for name, digest in sorted(act.files.items())]
    body: dict[str, Any] = {"report": act.report, "language": act.language, "as_of": act.as_of, "files": files}
    body |= {name: value for name, value in (("since", act.since), ("session", act.session)) if value}
    draft.add(plan_stream(act.plan), "ReportIssued", draft.context.now, body)
    return draft.decided(act.report, plan.status)


def set_thresholds(act: SetThresholds, draft: Draft) -> Decision:
    """Set the thresholds of a plan.

    Raises: Refused.
    """
    plan = draft.plan(act.plan)
    check_text("reason", act.reason, least=3, most=MAX_NOTE)
    days = act.thresholds
    if not all(1 <= each <= 3660 for each in (days.due_soon_days, days.silent_days, days.period_days)):
        raise Refused(
            "OECP-PLAN-THRESHOLD",
            "A threshold is a number of days.",
            where="thresholds",
            expected="1 to 3660 days each",
            got=f"{days.due_soon_days}, {days.silent_days}, {days.period_days}",
            fix="Correct it.",
        )
    since = max(draft.instant(act.on), plan.born)
    draft.add(plan_stream(act.plan), "ThresholdsSet", since, {"thresholds": days, "reason": act.reason.strip()})
    return draft.decided(act.plan, plan.status)


def set_plan_status(act: SetPlanStatus, draft: Draft) -> Decision:
    """Endorse a plan, or say that it is superseded.

    Raises: Refused.
    """
    plan = draft.plan(act.plan)
    check_text("reason", act.reason, least=3, most=MAX_NOTE)
    since = max(draft.instant(act.on), plan.born)
    body = {"status": act.status, "reason": act.reason.strip(), "decision": act.decision}
    draft.add(plan_stream(act.plan), "PlanStatusChanged", since, {n: v for n, v in body.items() if v})
    return draft.decided(act.plan, act.status)
