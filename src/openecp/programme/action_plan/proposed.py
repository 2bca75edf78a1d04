# SPDX-License-Identifier: Apache-2.0
"""A proposal to a plan, as it stands."""

from __future__ import annotations

from typing import Literal

import msgspec


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposed action: who should do it, until when, the hours that are expected of it, what it comes from."""

    id: str  # "P1"
    titles: dict[str, str]  # by language
    owner: str  # who should act: CUSTOMS, TERMINAL, AGENCY:VET, a body
    due: str | None = None
    expected_hours: int = 0  # of waiting that would be saved; no promise
    source: dict[str, str] = {}  # the study, its stage, segment and value, how many cases
    state: Literal["open", "taken_up", "declined"] = "open"
    action: str | None = None  # under which it was taken up
    reason: str = ""
    on: str = ""
    by: str = ""
    born: str = ""
    decided_on: str = ""
    decided_by: str = ""
