# SPDX-License-Identifier: Apache-2.0
"""What a person or the system may ask to be recorded about records; each is decided whole or refused with a reason."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from openecp.programme.compendia.record import Origin
from openecp.programme.compendia.standards import StandardStatus


class AddRecord(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Begin a record of a type; `values` by field, texts of translated fields by language."""

    record: str  # "practice-transit-corridor"
    owner: str  # a body or Member, by code
    language: Literal["en", "fr"] = "en"  # of the source texts
    values: dict[str, Any] = {}
    actions: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    origin: Origin = "people"


class ReviseRecord(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Change fields of a record; what is not named stays. One that is public stays so as it was until published again.

    `still_right`: translations (`problem.fr`) that were looked at and fit the changed source text as they are.
    """

    record: str
    values: dict[str, Any] = {}
    still_right: tuple[str, ...] = ()
    owner: str | None = None
    actions: tuple[str, ...] | None = None
    bodies: tuple[str, ...] | None = None
    reason: str = ""


class SubmitRecord(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Submit a record for moderation; everything that its template requires must be there."""

    record: str


class ReviewRecord(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Take a submitted record into review."""

    record: str


class PublishRecord(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Publish a record that was submitted."""

    record: str


class ReturnRecord(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Give a record back with a reason: to its owner, or from publication into review."""

    record: str
    reason: str


class RetireRecord(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Take a record out of use, with a reason; editions that hold it keep it."""

    record: str
    reason: str


class AddRecordEvidence(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Name what shows that a record says what is so."""

    record: str
    ref: str
    title: str = ""
    sha256: str | None = None


class FreezeEdition(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Freeze the published records that a compendium collects, as its next edition."""

    record: str
    title: str = ""
    note: str = ""


class OpenSurvey(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Open a published survey: its questions are frozen, and answers are taken until it closes."""

    record: str
    closes_on: str | None = None


class NewInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation whose token stays with whoever sends it: only salt and salted hash come here."""

    member: str = ""
    salt: str
    sha256: str


class InviteToSurvey(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Invite to a survey. `first`: the number of the first invitation, which stands in its token."""

    record: str
    invitations: tuple[NewInvitation, ...]
    first: int


class AnswerSurvey(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Answer a survey, once, with the token of an invitation."""

    record: str
    token: str
    answers: dict[str, str] = {}


class CloseSurvey(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Close a survey: no more answers are taken."""

    record: str


class LoadMembers(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Load the table of Members and their regions, which response rates and names are taken from."""

    rows: tuple[tuple[str, str, str, str], ...]  # code, region, name in English, in French
    source: str
    sha256: str


class AssessStandard(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """State anew how OpenECP stands to a standard: status, the rule or test that shows it, a note."""

    standard: str
    status: StandardStatus
    shown_by: tuple[str, ...] = ()
    note_en: str = ""
    note_fr: str = ""


RecordAct = (
    AddRecord
    | ReviseRecord
    | SubmitRecord
    | ReviewRecord
    | PublishRecord
    | ReturnRecord
    | RetireRecord
    | AddRecordEvidence
    | FreezeEdition
    | OpenSurvey
    | InviteToSurvey
    | AnswerSurvey
    | CloseSurvey
    | LoadMembers
    | AssessStandard
)
