# SPDX-License-Identifier: Apache-2.0
"""The moderation of a record as one table: who may do what in which state, and where it leads.

What was published stays public while a revision of it is written, until the revision is published or the record is
taken back or retired.
"""

from __future__ import annotations

from openecp.kernel.casework.machine import Machine, State, Transition

STATES = (
    State(name="draft", title_en="Draft", title_fr="Brouillon"),
    State(name="submitted", title_en="Submitted", title_fr="Soumis"),
    State(name="in_review", title_en="In review", title_fr="En examen"),
    State(name="published", title_en="Published", title_fr="Publié"),
    State(name="retired", title_en="Retired", title_fr="Retiré"),
)
OPEN = ("draft", "submitted", "in_review")
ANY = (*OPEN, "published", "retired")
TRANSITIONS = (
    Transition(states=(), event="RecordAdded", next="draft", by=("add",)),
    Transition(states=OPEN, event="RecordRevised", next=None, by=("revise",)),
    Transition(states=("published", "retired"), event="RecordReopened", next="draft", by=("revise",)),
    Transition(states=ANY, event="RecordEvidenceAdded", next=None, by=("evidence",)),
    Transition(states=("draft",), event="RecordSubmitted", next="submitted", by=("submit",)),
    Transition(states=("submitted",), event="ReviewBegun", next="in_review", by=("review",)),
    Transition(states=("in_review",), event="RecordPublished", next="published", by=("publish",)),
    Transition(states=("submitted", "in_review"), event="RecordReturned", next="draft", by=("return",)),
    Transition(states=("published", "retired"), event="RecordRecalled", next="in_review", by=("return",)),
    Transition(states=ANY[:-1], event="RecordRetired", next="retired", by=("retire",)),
    Transition(states=("published",), event="EditionFrozen", next=None, by=("edition",)),
    Transition(states=("published",), event="SurveyOpened", next=None, by=("survey open",)),
    Transition(states=ANY, event="SurveyInvitationsIssued", next=None, by=("survey invite",)),
    Transition(states=ANY, event="SurveyAnswered", next=None, by=("survey answer",)),
    Transition(states=ANY, event="SurveyClosed", next=None, by=("survey close",)),
)
MACHINE = Machine("record", STATES, TRANSITIONS)
TABLE_EVENTS = ("MembersLoaded", "StandardAssessed")  # of the two tables that stand beside the records
EVENT_KINDS = (*dict.fromkeys(row.event for row in TRANSITIONS), *TABLE_EVENTS)
