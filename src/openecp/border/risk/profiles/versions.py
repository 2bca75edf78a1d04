# SPDX-License-Identifier: Apache-2.0
"""A profile as it stands in the store: the version in use and one that waits, each with its back-test."""

from __future__ import annotations

import hashlib
from datetime import date

import msgspec

from openecp.border.risk.profiles.acts import Backtest
from openecp.border.risk.profiles.profile import RiskProfile

ROOM = "risk"
PROFILE_STREAM = "risk/profile/"
REFUSED_STREAM = "risk/profile-refused/"


class ProfileVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version: what it says, who wrote it, its back-test, who put it to use."""

    number: int
    profile: RiskProfile
    author: str
    written_at: str
    backtest: Backtest | None = None
    backtested_at: str = ""
    approver: str = ""
    activated_at: str = ""
    suspended: str = ""  # why it selects no more
    counted: tuple[int, int] = (0, 0)  # results, irregular when the clock suspended it
    judged_from: tuple[int, int] = (0, 0)  # those of before it was taken up again: they are not held against it twice

    def selects(self, today: date) -> bool:
        """Tell whether it takes part in the selection of a day."""
        return bool(self.approver) and not self.suspended and today <= self.profile.expires_on


class ProfileState(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as it stands: the version in use, and one that waits."""

    profile_id: str
    last: int = 0
    current: ProfileVersion | None = None
    waiting: ProfileVersion | None = None
    retired: str = ""
    expired: bool = False  # and on record as such

    def status(self, today: date) -> str:
        """Return how it stands, in a word."""
        if self.retired:
            return "retired"
        if self.current is None:
            return "waiting"
        if today > self.current.profile.expires_on:
            return "expired"
        return "suspended" if self.current.suspended else "active"

    def version(self, number: int) -> ProfileVersion | None:
        """Return a version that is kept here."""
        return next((v for v in (self.waiting, self.current) if v is not None and v.number == number), None)


def backtest_digest(backtest: Backtest) -> str:
    """Return the hash by which a second officer names the back-test that he has looked at."""
    return hashlib.sha256(msgspec.json.encode(backtest, order="sorted")).hexdigest()
