# SPDX-License-Identifier: Apache-2.0
"""What officers may ask to be recorded about risk profiles; each is decided whole or refused with reasons."""

from __future__ import annotations

import msgspec

from openecp.border.risk.profiles.profile import RiskProfile
from openecp.border.risk.profiles.statistics import LessThanChance


class OfficeLoad(msgspec.Struct, frozen=True, kw_only=True):
    """How many controls a profile would add at one office, in all and on a day."""

    office: str
    selected: int
    a_day_e6: int  # millionths


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """How many hits of a profile another one has too."""

    profile: str
    version: int
    hits: int


class Backtest(msgspec.Struct, frozen=True, kw_only=True):
    """What a version of a profile would have done on items of the past."""

    profile_digest: str
    files_sha256: str
    items: int
    days: int
    hits: int
    selected: int
    known: int  # hits whose result is known
    irregular: int
    known_all: int  # items whose result is known, and how many of them were irregular
    irregular_all: int
    offices: tuple[OfficeLoad, ...] = ()
    overlaps: tuple[Overlap, ...] = ()


class ProposeProfile(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An officer proposes a profile, or a new version of one; it waits for a back-test and a second officer."""

    profile: RiskProfile


class AttachBacktest(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The result of a back-test is put beside the version that waits."""

    profile_id: str
    backtest: Backtest


class ActivateProfile(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A second officer puts a version to use, naming the back-test that he has looked at."""

    profile_id: str
    version: int
    backtest: str  # its digest


class SuspendProfile(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A profile selects no more, until it is activated again."""

    profile_id: str
    reason: str


class SuspendByResults(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A profile selects no more, because its controls found less than the random sample; by the clock."""

    profile_id: str
    version: int
    verdict: LessThanChance
    counted: tuple[int, int]  # results and irregular ones of the version so far: what comes later is judged anew


class RetireProfile(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A profile is put away for good."""

    profile_id: str
    reason: str


class ExpireProfile(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """It is put on record that the last day of a profile is over; it has not selected since, in any case."""

    profile_id: str


ProfileAct = (
    ProposeProfile
    | AttachBacktest
    | ActivateProfile
    | SuspendProfile
    | SuspendByResults
    | RetireProfile
    | ExpireProfile
)
BY_CLOCK = (SuspendByResults, ExpireProfile)
