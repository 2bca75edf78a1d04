# SPDX-License-Identifier: Apache-2.0
"""What may be recorded about audits; each act is decided whole or refused with reasons."""

from __future__ import annotations

import msgspec

from openecp.kernel.datamodel.findings import ControlFinding


class OpenAudit(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An audit of a released declaration is opened: by the sample plan (no reason), or by an officer with a reason."""

    declaration: str  # case id or MRN
    reason: str = ""


class AssignAudit(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An officer is named to do an audit."""

    audit: str  # case id or MRN of the declaration
    officer: str  # id of a person with the role officer


class RecordAuditFinding(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What the audit has found, in the words of a control's finding; `recovered_minor` is what is claimed for it."""

    audit: str
    finding: ControlFinding


class WithdrawAuditFinding(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A finding is taken back, with the reason."""

    audit: str
    number: int
    reason: str


class CloseAudit(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An audit is done, or given up (`dropped`). Where money is waived or it is given up, a second officer confirms."""

    audit: str
    waived_minor: int = 0
    dropped: bool = False
    reason: str = ""


class AnswerAuditClosing(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A second officer confirms or declines the closing that another one proposed."""

    audit: str
    agree: bool
    reason: str = ""


class RecordAuditRecovery(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Money came in for the claim of a closed audit."""

    audit: str
    amount_minor: int
    reference: str  # structured, no free text: the journal keeps it


class TellAuditOverdue(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The day by which an audit was to be done is over; the installation puts it on record once."""

    audit: str


AuditAct = (
    OpenAudit
    | AssignAudit
    | RecordAuditFinding
    | WithdrawAuditFinding
    | CloseAudit
    | AnswerAuditClosing
    | RecordAuditRecovery
    | TellAuditOverdue
)
