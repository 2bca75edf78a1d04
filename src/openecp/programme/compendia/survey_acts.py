# SPDX-License-Identifier: Apache-2.0
"""Decides what is done with a survey: opened, sent to the invited, answered once by each, closed."""

from __future__ import annotations

import re

import msgspec

from openecp.programme.compendia.commands import AnswerSurvey, InviteToSurvey, OpenSurvey
from openecp.programme.compendia.deciding import Decision, Draft, Refused, refuse_faults
from openecp.programme.compendia.record import Survey
from openecp.programme.compendia.surveys import (
    INVITATIONS_MAX,
    answer_faults,
    clean_answers,
    invitation_of,
    questions_of,
)
from openecp.programme.compendia.values import ValueFault

INVITED_AT_ONCE_MAX = 1_000
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_HASH = re.compile(r"[0-9a-f]{64}")
_SALT = re.compile(r"[0-9a-f]{32}")


def open_survey(act: OpenSurvey, draft: Draft) -> Decision:
    """Open a published survey.

    Raises: Refused.
    """
    state = draft.record
    public = state.public.values if state.public is not None else {}
    questions, faults = questions_of(public.get("questions") or [])
    found = list(faults)
    if act.closes_on is not None and (not _DAY.fullmatch(act.closes_on) or act.closes_on < draft.context.today):
        found.append(ValueFault("closes_on", f"a day from {draft.context.today} on", act.closes_on[:40], "Correct it."))
    if state.survey is not None and any(each.answer is not None for each in state.survey.invitations):
        found.append(ValueFault("record", "a survey without answers", "one with answers", "Add a new survey."))
    if state.status != "published":
        found = []  # the table of moderation says what is wrong
    if found:
        raise refuse_faults(found, "The survey cannot be opened.")
    body = {"questions": [_plain(question) for question in questions], "closes_on": act.closes_on}
    draft.add("SurveyOpened", body)
    return draft.decided()


def _plain(question: object) -> object:
    return msgspec.to_builtins(question)


def invite(act: InviteToSurvey, draft: Draft) -> Decision:
    """Take invitations in: of their tokens, only salted hashes.

    Raises: Refused.
    """
    survey = _running(draft)
    faults = []
    if not 1 <= len(act.invitations) <= INVITED_AT_ONCE_MAX:
        got = str(len(act.invitations))
        faults.append(ValueFault("invitations", f"1 to {INVITED_AT_ONCE_MAX} at once", got, "Invite in parts."))
    if len(survey.invitations) + len(act.invitations) > INVITATIONS_MAX:
        got = str(len(survey.invitations) + len(act.invitations))
        faults.append(ValueFault("invitations", f"at most {INVITATIONS_MAX} in all", got, "Invite fewer."))
    for new in act.invitations:
        if not (_SALT.fullmatch(new.salt) and _HASH.fullmatch(new.sha256)):
            faults.append(ValueFault("invitations", "salt and salted hash of a token", "something else", "Make anew."))
            break
    known = draft.context.members
    unknown = {new.member for new in act.invitations if new.member and known and new.member not in known}
    faults += [
        ValueFault("member", "a Member of the loaded table", code[:20], "Correct it.") for code in sorted(unknown)
    ]
    if faults:
        raise refuse_faults(faults, "The invitations cannot be taken.")
    if act.first != len(survey.invitations) + 1:
        raise Refused(
            "OECP-SURVEY-MOVED-ON",
            "Others were invited in the meantime, so the numbers of these tokens are taken.",
            where="first",
            expected=str(len(survey.invitations) + 1),
            got=str(act.first),
            fix="Make the invitations again.",
            status=409,
        )
    listed = [
        {"number": number, "member": new.member, "salt": new.salt, "sha256": new.sha256}
        for number, new in enumerate(act.invitations, start=act.first)
    ]
    draft.add("SurveyInvitationsIssued", {"invitations": listed})
    return draft.decided(number=listed[-1]["number"])  # type: ignore[arg-type]


def answer(act: AnswerSurvey, draft: Draft) -> Decision:
    """Take one answer for one token. It is kept beside the journal, which knows that it was given and its salted hash.

    Raises: Refused.
    """
    survey = draft.record.survey
    invitation = invitation_of(survey, act.token)
    if survey is None or invitation is None:
        raise Refused(
            "OECP-SURVEY-TOKEN",
            "This link does not open a survey.",
            where="token",
            expected="the link as it was sent",
            got="another one",
            fix="Copy the whole link, or ask whoever sent it.",
            status=404,
        )
    _check_open(draft, survey)
    if invitation.answer is not None:
        raise Refused(
            "OECP-SURVEY-ANSWERED",
            "This survey was answered with this link already.",
            where="token",
            expected="a link that was not used",
            got="one that was",
            fix="Nothing more is needed; to correct an answer, write to whoever sent the link.",
            status=409,
        )
    faults = list(answer_faults(survey.questions, act.answers))
    answers = {} if faults else clean_answers(act.answers)
    if not faults and not answers:
        faults.append(ValueFault("answers", "at least one answer", "none", "Answer a question."))
    if faults:
        raise refuse_faults(faults, "The answer cannot be taken.")
    content = msgspec.json.encode({"member": invitation.member, "answers": answers}, order="sorted")
    key = f"survey:{draft.record.id}:{invitation.number}"
    draft.add(
        "SurveyAnswered",
        {"invitation": invitation.number, "document": draft.keep("survey_answer", content, person_keys=(key,))},
    )
    return draft.decided()


def close_survey(draft: Draft) -> Decision:
    """Close a survey.

    Raises: Refused.
    """
    survey = _opened(draft)
    if survey.closed:
        return draft.decided()
    draft.add("SurveyClosed", {})
    return draft.decided()


def _opened(draft: Draft) -> Survey:
    if draft.record.survey is None:
        raise Refused(
            "OECP-SURVEY-STATE",
            "The survey is not open yet.",
            where="survey",
            expected="an open survey",
            got="one that was never opened",
            fix="Publish it and open it.",
            status=409,
        )
    return draft.record.survey


def _running(draft: Draft) -> Survey:
    survey = _opened(draft)
    _check_open(draft, survey)
    return survey


def _check_open(draft: Draft, survey: Survey) -> None:
    if not survey.takes_answers(draft.context.today):
        raise Refused(
            "OECP-SURVEY-CLOSED",
            "The survey is closed.",
            where="survey",
            expected="an open survey",
            got=f"closed{' since ' + survey.closes_on if survey.closes_on else ''}",
            fix="Ask the Secretariat.",
            status=409,
        )
