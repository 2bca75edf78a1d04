# SPDX-License-Identifier: Apache-2.0
"""Commands that people and systems give about declarations; the same for API, console and command line."""

from __future__ import annotations

from typing import Literal

import msgspec

from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.findings import ControlFinding
from openecp.kernel.parties.model import Principal


class Lodge(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Lodge a declaration, or a request (FunctionCode 13: amend, invalidate, present) about one lodged before."""

    principal: Principal
    declaration: Declaration
    raw: bytes
    media_type: Literal["application/xml", "application/json"]
    faults: tuple[Reason, ...] = ()  # what reading found
    key: str | None = None  # Idempotency-Key; None: the declaration's LRN and function
    body_hash: bytes = b""  # SHA-256 of raw


OfficerActKind = Literal[
    "documents_checked",  # result conform | not_conform
    "control_result",  # result conform | irregular | detained | seized
    "release",
    "hold",
    "lift_hold",
    "override_lane",  # result green | blue | yellow | red
    "grant_request",
    "refuse_request",
    "confirm_payment",
    "confirm_exit",
    "confirm_arrival",  # presentation of goods by the office or a carrier's system
]


class OfficerAct(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An officer's act on a case, with the ground for it."""

    principal: Principal
    case_id: str
    act: OfficerActKind
    result: str | None = None
    reason: str = ""
    expected_seq: int | None = None  # refused where the case has moved on since the officer looked
    finding: ControlFinding | None = None  # of documents_checked and control_result
    key: str | None = None  # Idempotency-Key


class DeadlinePassed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A clock of the case has run out."""

    case_id: str
    act: str


Command = Lodge | OfficerAct | DeadlinePassed
