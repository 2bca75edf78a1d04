# SPDX-License-Identifier: Apache-2.0
"""What the pages of action plans are given: the register's questions, and who may read calendars without signing in."""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from openecp.platform.console.plans.uploads import Uploads
from openecp.programme.action_plan.plans import Plans

KEY_CHARS = 32


class PlanDesk(msgspec.Struct, frozen=True, kw_only=True):
    """The register of action plans as the console reaches it; what is recorded goes through the core."""

    plans: Plans
    feed_key: bytes = b""  # of this installation; b"": calendars for those who have signed in only
    uploads: Uploads = msgspec.field(default_factory=Uploads)

    def calendar_key(self, plan: str) -> str:
        """Return what an address carries so that a calendar program may read a plan's dates; "" where there is none."""
        if not self.feed_key:
            return ""
        return hmac.new(self.feed_key, f"calendar {plan}".encode(), hashlib.sha256).hexdigest()[:KEY_CHARS]

    def opens_calendar(self, plan: str, key: str) -> bool:
        """Tell whether a key opens the calendar of this plan."""
        wanted = self.calendar_key(plan)
        return bool(wanted) and hmac.compare_digest(wanted.encode(), key.encode())
