# SPDX-License-Identifier: Apache-2.0
"""An audit as its events tell: one a declaration, in a stream of its own."""

from __future__ import annotations

from typing import Literal

import msgspec

ROOM = "risk"
AUDIT_STREAM = "risk/audit/"
SAMPLE_STREAM = "risk/audits"
EVENT_KINDS = (
    "AuditOpened", "AuditAssigned", "AuditFindingRecorded", "AuditFindingWithdrawn", "AuditClosingProposed",
    "AuditClosingDeclined", "AuditClosed", "AuditRecovered", "AuditOverdue", "AuditsSampled",
)  # fmt: skip
AuditGround = Literal["plan", "officer", "released"]
AuditStatus = Literal["open", "assigned", "proposed", "closed", "dropped"]
DONE = ("closed", "dropped")


class AuditFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a declaration when its audit is opened. `released`: the goods are out of Customs' hands."""

    declaration: str
    mrn: str
    office: str
    organisation: str
    currency: str
    lane: str
    released: bool
    to_audit: bool  # the assessment says so
    draw: int
    below: int
    due_on: str


class AuditFinding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding of an audit; the officer's words are in a document."""

    number: int
    irregularity: str
    claimed_minor: int
    items: tuple[int, ...] = ()
    by: str = ""
    at: str = ""
    document: str = ""
    withdrawn: bool = False


class AuditCase(msgspec.Struct, frozen=True, kw_only=True):
    """An audit as it stands. Amounts are minor units of `currency`."""

    declaration: str
    mrn: str
    office: str
    organisation: str
    currency: str
    lane: str
    ground: AuditGround
    draw: int
    below: int
    opened_at: str
    due_on: str
    status: AuditStatus = "open"
    officer: str = ""  # id of who does it
    findings: tuple[AuditFinding, ...] = ()
    waived_minor: int = 0
    proposed_by: str = ""
    proposed_drop: bool = False
    closed_at: str = ""
    closed_by: str = ""
    recovered_minor: int = 0  # what came in
    overdue_told: bool = False

    @property
    def standing(self) -> tuple[AuditFinding, ...]:
        """The findings that were not taken back."""
        return tuple(finding for finding in self.findings if not finding.withdrawn)

    @property
    def established_minor(self) -> int:
        """What the findings come to, before anything is waived."""
        return sum(finding.claimed_minor for finding in self.standing)

    @property
    def claim_minor(self) -> int:
        """What is claimed: established less waived."""
        return self.established_minor - self.waived_minor

    @property
    def result(self) -> str:
        """The result of a closed audit, in the words of a control's; nothing where it is open or given up."""
        if self.status != "closed":
            return ""
        return "irregular" if self.standing else "conform"

    def overdue(self, today: str) -> bool:
        """Tell whether it was to be done before a day."""
        return self.status not in DONE and self.due_on < today
