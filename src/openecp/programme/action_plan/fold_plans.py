# SPDX-License-Identifier: Apache-2.0
"""What each event of a plan or a session changes."""

from __future__ import annotations

from typing import Literal

import msgspec

from openecp.programme.action_plan.proposed import Proposal
from openecp.programme.action_plan.records import Period
from openecp.programme.action_plan.state import Decided, Fact, PlanState, SessionState
from openecp.programme.action_plan.views import (
    AgendaItemView,
    BodyView,
    ReportView,
    SectionView,
    Thresholds,
    VersionView,
    WorkProgrammeView,
)


def take_version(plan: PlanState, fact: Fact) -> None:
    """Take in a version of a plan."""
    body = fact.body
    plan.titles = plan.titles | body.get("titles", {})
    plan.title_as_written = body.get("title_as_written") or plan.title_as_written
    plan.phase = body["phase"] or plan.phase
    plan.status = body["status"]
    plan.period = msgspec.convert(body["period"], Period)
    plan.sections = msgspec.convert(body["sections"], tuple[SectionView, ...])
    plan.work_programme = body.get("work_programme") or plan.work_programme
    plan.footnote = body.get("footnote") or plan.footnote
    plan.notes = tuple(body.get("notes", ()))
    if body.get("thresholds"):
        plan.thresholds = msgspec.convert(body["thresholds"], Thresholds)
    bodies = msgspec.convert(body.get("bodies", []), tuple[BodyView, ...])
    known = {each.code for each in bodies}
    plan.bodies = (*(each for each in plan.bodies if each.code not in known), *bodies)
    programmes = msgspec.convert(body.get("work_programmes", []), tuple[WorkProgrammeView, ...])
    known = {each.code for each in programmes}
    plan.work_programmes = (*(each for each in plan.work_programmes if each.code not in known), *programmes)
    added, withdrawn = set(body["numbers_added"]), set(body["numbers_withdrawn"])
    plan.numbers = sorted((set(plan.numbers) | added) - withdrawn)
    plan.versions.append(
        VersionView(
            number=body["version"],
            status=body["status"],
            on=fact.on,
            title=body.get("title_as_written") or body.get("titles", {}).get("en", ""),
            source_name=body["source_name"],
            source_sha256=body["source_sha256"],
            document_id=body.get("document"),
            added=tuple(body["added"]),
            changed=tuple(body["changed"]),
            withdrawn=tuple(body["withdrawn"]),
            flagged=tuple(body["flagged"]),
            by=fact.actor,
            recorded_at=fact.recorded_at,
            seq=fact.seq,
        )
    )


def plan_status(plan: PlanState, fact: Fact) -> None:
    """Set the status of a plan."""
    plan.status = fact.body["status"]


def thresholds(plan: PlanState, fact: Fact) -> None:
    """Set a plan's thresholds."""
    plan.thresholds = msgspec.convert(fact.body["thresholds"], Thresholds)


def report_issued(plan: PlanState, fact: Fact) -> None:
    """Add a session paper."""
    body = fact.body
    plan.reports.append(
        ReportView(
            id=body["report"],
            language=body["language"],
            as_of=body["as_of"],
            since=body.get("since"),
            session=body.get("session"),
            files={each["name"]: each["sha256"] for each in body["files"]},
            by=fact.actor,
            recorded_at=fact.recorded_at,
            seq=fact.seq,
        )
    )


def proposed(plan: PlanState, fact: Fact) -> None:
    """Add a proposal."""
    body = fact.body
    plan.proposals.append(
        Proposal(
            id=body["proposal"],
            titles=body["titles"],
            owner=body["owner"],
            due=body.get("due"),
            expected_hours=body.get("expected_hours", 0),
            source=body.get("source", {}),
            on=fact.on,
            by=fact.actor,
            born=fact.occurred_at,
        )
    )


def proposal_decided(plan: PlanState, fact: Fact) -> None:
    """Set what became of a proposal."""
    body = fact.body
    state: Literal["taken_up", "declined"] = "taken_up" if body["state"] == "taken_up" else "declined"
    plan.proposals = [
        one
        if one.id != body["proposal"]
        else msgspec.structs.replace(
            one,
            state=state,
            action=body.get("action"),
            reason=body["reason"],
            decided_on=fact.on,
            decided_by=fact.actor,
        )
        for one in plan.proposals
    ]


def session_held(session: SessionState, fact: Fact) -> None:
    """Set what is known of a session."""
    body = fact.body
    session.name, session.starts, session.ends = body["name"], body["starts"], body["ends"]
    session.agenda = msgspec.convert(body["agenda"], tuple[AgendaItemView, ...])


def decision(session: SessionState, fact: Fact) -> None:
    """Add a decision of a session."""
    body = fact.body
    session.decisions.append(
        Decided(
            id=body["decision"],
            item=body.get("item"),
            text=body["text"],
            on=fact.on,
            by=fact.actor,
            actions=tuple(body["actions"]),
            seq=fact.seq,
        )
    )
