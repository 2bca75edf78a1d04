# SPDX-License-Identifier: Apache-2.0
"""What the pages of action plans are given: the register's questions, how documents are read, who reads calendars."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import msgspec

from openecp.programme.action_plan.plans import Plans
from openecp.programme.action_plan.records import PlanDocument

KEY_CHARS = 32


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why something cannot be done: where, wanted, got, what to do."""

    code: str
    message: str
    where: str = ""
    expected: str = ""
    got: str = ""
    fix: str = ""


class ReadDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A plan document as read, with the lines of its source where it has lines."""

    document: PlanDocument
    lines: tuple[str, ...] = ()
    media_type: str = "text/plain"


class UnreadableDocumentError(Exception):
    """A document that cannot be read as a plan; `fault` says why and what to do."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


Reads = Callable[[bytes, str], ReadDocument]


class PlanDesk(msgspec.Struct, frozen=True, kw_only=True):
    """The register of action plans as the console reaches it; what is recorded goes through the core."""

    plans: Plans
    read: Reads | None = None  # content and file name; None: nothing is imported here
    feed_key: bytes = b""  # of this installation; b"": calendars for those who have signed in only

    def calendar_key(self, plan: str) -> str:
        """Return what an address carries so that a calendar program may read a plan's dates; "" where there is none."""
        if not self.feed_key:
            return ""
        return hmac.new(self.feed_key, f"calendar {plan}".encode(), hashlib.sha256).hexdigest()[:KEY_CHARS]

    def opens_calendar(self, plan: str, key: str) -> bool:
        """Tell whether a key opens the calendar of this plan."""
        wanted = self.calendar_key(plan)
        return bool(wanted) and hmac.compare_digest(wanted.encode(), key.encode())
