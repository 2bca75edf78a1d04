# SPDX-License-Identifier: Apache-2.0
"""Decides a command about records: which stream it concerns, whether it may be done, and what is then recorded."""

from __future__ import annotations

from openecp.programme.compendia import acts, survey_acts, table_acts
from openecp.programme.compendia.commands import (
    AddRecord,
    AddRecordEvidence,
    AnswerSurvey,
    AssessStandard,
    CloseSurvey,
    FreezeEdition,
    InviteToSurvey,
    LoadMembers,
    OpenSurvey,
    PublishRecord,
    RecordAct,
    RetireRecord,
    ReturnRecord,
    ReviewRecord,
    ReviseRecord,
    SubmitRecord,
)
from openecp.programme.compendia.deciding import Actor, Context, Decision, Draft, Stream, not_allowed, unknown
from openecp.programme.compendia.record import (
    MEMBERS_STREAM,
    STANDARD_PREFIX,
    is_standard_id,
    record_stream,
    state_of,
    type_of,
)

OWN = (AddRecord, ReviseRecord, SubmitRecord, ReturnRecord, AddRecordEvidence)  # what an owner may do


def concerns(act: RecordAct) -> str | None:
    """Return the stream that a command is about, None where its name cannot be one."""
    if isinstance(act, LoadMembers):
        return MEMBERS_STREAM
    if isinstance(act, AssessStandard):
        return STANDARD_PREFIX + act.standard if is_standard_id(act.standard) else None
    return record_stream(act.record) if type_of(act.record) is not None else None


def decide(act: RecordAct, actor: Actor, stream: Stream | None, context: Context) -> Decision:
    """Decide a command.

    Raises: Refused.
    """
    name = concerns(act)
    if not isinstance(act, AnswerSurvey):
        _check_role(act, actor)
    if isinstance(act, LoadMembers):
        return table_acts.load_members(act, actor, stream, context)
    if isinstance(act, AssessStandard):
        return table_acts.assess_standard(act, actor, stream, context)
    if name is None:
        raise unknown("record", act.record, "an id of type and name, such as practice-transit-corridor")
    state = state_of(stream.state) if stream is not None else None
    draft = Draft(name, stream, state, actor, context)
    if isinstance(act, AddRecord):
        return acts.add_record(act, draft, actor)
    if state is None:
        raise unknown("record", act.record, "the id of a record")
    if isinstance(act, OWN):
        acts.check_own(state, actor)
    return _decide(act, draft, actor)


def _check_role(act: RecordAct, actor: Actor) -> None:
    if actor.moderates or (isinstance(act, OWN) and actor.of):
        return
    raise not_allowed(
        "Only the Secretariat may do this." if actor.of else "Your role does not allow this.",
        expected="secretariat" if not isinstance(act, OWN) else "secretariat, or a delegate of a body or Member",
        got="delegate of " + ", ".join(actor.of) if actor.of else "a delegate of no body, or another role",
        fix="Ask the Secretariat.",
    )


def _decide(act: RecordAct, draft: Draft, actor: Actor) -> Decision:
    match act:
        case ReviseRecord():
            return acts.revise_record(act, draft, actor)
        case SubmitRecord():
            return acts.submit_record(draft)
        case ReviewRecord():
            return acts.review_record(draft)
        case PublishRecord():
            return acts.publish_record(draft)
        case ReturnRecord():
            return acts.return_record(act, draft, actor)
        case RetireRecord():
            return acts.retire_record(act, draft)
        case AddRecordEvidence():
            return acts.add_evidence(act, draft)
        case FreezeEdition():
            return table_acts.freeze_edition(act, draft)
        case OpenSurvey():
            return survey_acts.open_survey(act, draft)
        case InviteToSurvey():
            return survey_acts.invite(act, draft)
        case AnswerSurvey():
            return survey_acts.answer(act, draft)
        case CloseSurvey():
            return survey_acts.close_survey(draft)
    raise AssertionError(f"{type(act).__name__} is decided before")
