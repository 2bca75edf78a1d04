# SPDX-License-Identifier: Apache-2.0
"""Codes of the register: lifecycles, colours and their grounds, stages, relations. Words for them are set elsewhere."""

from __future__ import annotations

from typing import Literal

Lifecycle = Literal[
    "proposed",
    "planned",
    "in_progress",
    "delivered",
    "endorsed",
    "closed",
    "suspended",
    "cancelled",
    "merged",
    "carried_over",
]
Colour = Literal["green", "amber", "red", "grey"]
Ground = Literal[  # why a colour was computed; `facts` of the assessment hold the figures
    "delivered",  # green: delivered, endorsed or closed (delivered_on)
    "not_running",  # grey: suspended, cancelled, merged or carried over (lifecycle)
    "overdue",  # red: the due date has passed (due, days)
    "due_soon",  # amber: fewer days are left than the plan's threshold (due, days)
    "silent",  # amber: no update for longer than the threshold (last_update, days)
    "on_course",  # green: not due soon and reported on (due, days, last_update)
    "evidence_in_period",  # green: evidence within the last reporting period (last_evidence, days)
    "one_period_without",  # amber (last_evidence or first_update, days)
    "two_periods_without",  # red (last_evidence or first_update, days)
    "edition_this_year",  # green: annual (last_evidence)
    "edition_last_year",  # amber: annual, this year's is to come (last_evidence)
    "edition_missing",  # amber after one year without, red after two (last_evidence or first_update)
    "reported_each_session",  # green: a report was filed for each session (sessions, reported)
    "session_without_report",  # amber: one session without, red: two or more (sessions, reported)
    "no_session_held",  # grey: no session of that body is known yet
    "no_data",  # grey: nobody has reported anything yet
    "no_timeframe",  # grey: the plan states none
]
PlanStatus = Literal["draft", "revised_draft", "endorsed", "superseded", "unstated"]
Role = Literal["responsible", "supporting", "consulted", "informed"]
Nature = Literal["", "instrument", "event", "study", "service", "capacity", "cooperation", "system"]
EvidenceKind = Literal["document", "event", "metric", "external", "decision"]
Scope = Literal["instance", "member", "programme"]
Stage = Literal[
    "idea",
    "drafting",
    "consultation",
    "working_body",
    "ptc",
    "policy_commission",
    "council",
    "published",
    "under_review",
    "retired",
]
Relation = Literal["continues", "escalates", "split", "follow_up", "related"]
DependencyKind = Literal["precedes", "feeds", "includes", "supports", "related"]
LinkState = Literal["proposed", "confirmed", "rejected"]
