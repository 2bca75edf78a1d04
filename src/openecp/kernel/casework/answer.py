# SPDX-License-Identifier: Apache-2.0
"""The one answer that every command gets, whatever capability it is for; the same for API, console and command line."""

from __future__ import annotations

from typing import Literal

import msgspec

from openecp.kernel.assessment.reasons import Assessment, Reason
from openecp.kernel.datamodel.response import Response


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a command. `refused` names why nothing was done; the assessment is already cut to the audience."""

    outcome: Literal["accepted", "rejected", "registered", "done", "refused", "repeated"]
    case_id: str | None = None
    lrn: str | None = None
    mrn: str | None = None
    status: str | None = None
    version: int = 0
    assessment: Assessment | None = None
    notifications: tuple[Response, ...] = ()
    first_seq: int = 0
    last_seq: int = 0
    error: Reason | None = None
    http_status: int = 200
