# SPDX-License-Identifier: Apache-2.0
"""The console's words for what records name by a code: states, events, standards, what may be done."""

from __future__ import annotations

from openecp.platform.console.language import N_

STATUS_TONES = {
    "draft": "open",
    "submitted": "customs",
    "in_review": "customs",
    "published": "good",
    "retired": "closed",
}
EVENTS = {
    "RecordAdded": N_("Record added"),
    "RecordRevised": N_("Record revised"),
    "RecordReopened": N_("Revision begun"),
    "RecordEvidenceAdded": N_("Evidence added"),
    "RecordSubmitted": N_("Record submitted"),
    "ReviewBegun": N_("Review begun"),
    "RecordPublished": N_("Record published"),
    "RecordReturned": N_("Record given back"),
    "RecordRecalled": N_("Publication taken back"),
    "RecordRetired": N_("Record retired"),
    "EditionFrozen": N_("Edition frozen"),
    "SurveyOpened": N_("Survey opened"),
    "SurveyInvitationsIssued": N_("Invitations issued"),
    "SurveyAnswered": N_("Answer received"),
    "SurveyClosed": N_("Survey closed"),
}
STANDARDS = {
    "evidenced": N_("Evidenced"),
    "claimed": N_("Claimed"),
    "open": N_("Open"),
    "not_applicable": N_("Not applicable"),
}
STANDARD_TONES = {"evidenced": "good", "claimed": "trader", "open": "customs", "not_applicable": "closed"}
ACTS = {  # what a page offers, in its order: name on the button, whether a reason is asked
    "submit": (N_("Submit"), False),
    "review": (N_("Take into review"), False),
    "publish": (N_("Publish"), False),
    "return": (N_("Give back"), True),
    "retire": (N_("Retire"), True),
}
SCALE = {"1": N_("1, not at all"), "2": "2", "3": "3", "4": "4", "5": N_("5, fully")}
