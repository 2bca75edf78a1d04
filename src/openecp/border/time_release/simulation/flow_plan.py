# SPDX-License-Identifier: Apache-2.0
"""What a year of flows is made of: offices with their hours and officers, and the delays that are planted in them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import msgspec

HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
SECOND_US = 1_000_000
MAX_CASES = 1_000_000


class FlowOffice(NamedTuple):
    """One office: how goods come, how many of a hundred cases, ships or flights a week, hours, inspectors on duty.

    `monday` is how many inspectors more there are on Mondays.
    """

    code: str
    mode: str
    zone: str
    share: int
    means_a_week: int
    opens: int
    closes: int
    weekdays: tuple[int, ...]
    inspectors_per_thousand: float  # officers on a shift for a thousand cases a week
    monday: int = 0


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """A delay that was put into a stage at an office, on cases that reach it from `since_us` until `until_us`."""

    office: str
    stage: str
    owner: str
    since_us: int
    until_us: int
    added_us: int


class FlowPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a year of flows follows from; equal plans give equal flows."""

    cases: int
    seed: int
    first: date
    days: int = 365
    planted: tuple[Planted, ...] = ()
    aeo_share: float = 0.2
    offices: tuple[FlowOffice, ...] = ()

    @property
    def places(self) -> tuple[FlowOffice, ...]:
        """Return the offices, those of the demo administration where none are named."""
        return self.offices or OFFICES


_WORK, _SIX, _ALL = (0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5, 6)
OFFICES: tuple[FlowOffice, ...] = (
    FlowOffice("XB000101", "sea", "Etc/GMT-2", 32, 16, 8 * 60, 17 * 60, _WORK, 3.8),
    FlowOffice("XB000102", "sea", "Etc/GMT-2", 13, 8, 8 * 60, 16 * 60, _WORK, 4.3),
    FlowOffice("XB000201", "air", "Etc/GMT-2", 24, 60, 6 * 60, 22 * 60, _ALL, 1.6),
    FlowOffice("XB000202", "air", "Etc/GMT-3", 8, 30, 7 * 60, 19 * 60, _SIX, 2.4),
    FlowOffice("XB000301", "road", "Etc/GMT-2", 17, 250, 6 * 60, 22 * 60, _ALL, 1.6),
    FlowOffice("XB000302", "rail", "Etc/GMT-2", 6, 10, 8 * 60, 18 * 60, _SIX, 2.9),
)
# Sizes of stages, as medians in minutes and the spread of their logarithm, by mode of transport.
UNLOAD = {"sea": (9 * 60, 0.5), "air": (100, 0.45), "road": (12, 0.5), "rail": (4 * 60, 0.5)}
LODGE = {"sea": (9 * 60, 0.9), "air": (3 * 60, 0.8), "road": (45, 0.8), "rail": (5 * 60, 0.9)}
COLLECT = {"sea": (7 * 60, 0.8), "air": (2 * 60, 0.7), "road": (20, 0.7), "rail": (4 * 60, 0.8)}
DEPART = {"sea": (40 * 60, 0.6), "air": (8 * 60, 0.6), "road": (25, 0.6), "rail": (14 * 60, 0.6)}
SEASON = (0.92, 0.9, 1.0, 0.99, 1.0, 0.97, 0.9, 0.88, 1.03, 1.12, 1.2, 1.09)  # by month
WEEKDAY = {
    "sea": (1.0, 1.0, 1.0, 1.0, 1.05, 1.0, 0.95),
    "air": (1.0, 1.1, 1.1, 1.1, 1.1, 0.9, 0.7),
    "road": (1.15, 1.1, 1.1, 1.1, 1.1, 0.8, 0.65),
    "rail": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
}
AGENCY_OF_CHAPTER = {"02": "VET", "03": "VET", "04": "VET", "07": "PHYTO", "08": "PHYTO", "12": "PHYTO",
                     "19": "FOOD", "21": "FOOD", "30": "MED"}  # fmt: skip
CHAPTERS = ("02", "03", "04", "07", "08", "12", "19", "21", "30", "39", "40", "61", "62", "64", "72", "84", "85",
            "87", "94", "95")  # fmt: skip
ORIGINS = ("CN", "US", "FR", "NO", "TR", "BR", "JP", "MA", "BD", "GB")
CUSTOMS_HOLIDAYS = ((1, 1), (5, 1), (12, 25), (12, 26))


def planted_by_default(plan: FlowPlan) -> tuple[Planted, ...]:
    """Return three delays spread over the year: Customs', a terminal's, the banks'; a plan's side file holds them."""
    from datetime import UTC, datetime, timedelta

    from openecp.border.time_release.events import OWNER_OF
    from openecp.border.time_release.watched import WATCHED

    start = datetime(plan.first.year, plan.first.month, plan.first.day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    ends = {stage.name: stage.end for stage in WATCHED}
    chosen = (("inspection", 0, 0.42, 5), ("unload", 1, 0.6, 4), ("bank", 2, 0.8, 4))
    found = []
    for stage, place, part, weeks in chosen:
        office = plan.places[place % len(plan.places)]
        since = (start + timedelta(days=int(plan.days * part))) // timedelta(microseconds=1)
        found.append(
            Planted(
                office=office.code,
                stage=stage,
                owner=OWNER_OF[ends[stage]],
                since_us=since,
                until_us=since + weeks * 7 * 24 * HOUR_US,
                added_us=3 * HOUR_US,
            )
        )
    return tuple(found)
