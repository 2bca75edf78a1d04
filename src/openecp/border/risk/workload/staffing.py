# SPDX-License-Identifier: Apache-2.0
"""How many officers an office needs on a day for what its lanes send to controls, and what rates its officers could do.

Reads: the forecast, the share of each lane, minutes of work a control, who is on duty.
Limits: work of a day is done on the day; officers do every kind of control; random shares are not lowered, since they
measure compliance, and mandatory criteria are not counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from openecp.border.risk.workload.forecast import DayForecast
from openecp.kernel.profile import Profile, ProfileError

CONTROLLED = ("red", "yellow", "blue")
MINUTES: dict[str, float] = {"red": 60.0, "yellow": 20.0, "blue": 120.0}  # where nobody has measured or set them
DUTY_MINUTES = 360.0  # of controls, of an officer's day
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class LaneWork(msgspec.Struct, frozen=True, kw_only=True):
    """A lane's share of declarations, the part of it that is drawn at random, and minutes of work a control."""

    lane: str
    share: float
    random: float
    minutes: float


class DutyRow(msgspec.Struct, frozen=True, kw_only=True):
    """Officers on duty at an office on a weekday or a day, and the minutes each has for controls."""

    office: str
    day: str  # mon to sun, or 2026-12-24
    officers: int
    minutes: float = DUTY_MINUTES


class OfficeDay(msgspec.Struct, frozen=True, kw_only=True):
    """One office on one day: what is expected, who is needed and who is there, and what rates would fit."""

    office: str
    day: date
    declarations: float
    declarations_high: int  # 80 of 100 days have fewer than this and more than the low end
    controls: dict[str, float]
    minutes: float
    minutes_high: float
    officers_needed: float
    officers_needed_high: float
    officers_there: int | None  # None: the table says nothing of this office and day
    fitting: dict[str, float]  # the share of each lane that those who are there can do; empty where all fits


def planned(forecast: DayForecast, lanes: Sequence[LaneWork], duty: DutyRow | None) -> OfficeDay:
    """Return the work of an office's day."""
    each = sum(lane.share * lane.minutes for lane in lanes)  # minutes a declaration
    minutes, minutes_high = forecast.mean * each, forecast.high80 * each
    per_officer = duty.minutes if duty is not None else DUTY_MINUTES
    fitting: dict[str, float] = {}
    if duty is not None and minutes > duty.officers * duty.minutes:
        fitting = fitting_shares(lanes, duty.officers * duty.minutes / forecast.mean)
    return OfficeDay(
        office=forecast.office, day=forecast.day, declarations=forecast.mean, declarations_high=forecast.high80,
        controls={lane.lane: forecast.mean * lane.share for lane in lanes}, minutes=minutes,
        minutes_high=minutes_high, officers_needed=minutes / per_officer,
        officers_needed_high=minutes_high / per_officer, officers_there=duty.officers if duty is not None else None,
        fitting=fitting,
    )  # fmt: skip


def fitting_shares(lanes: Sequence[LaneWork], minutes: float) -> dict[str, float]:
    """Return the shares of lanes that so many minutes a declaration can do: lowered alike, down to their random part.

    Where the random parts alone are too much, these are what is left, and they do not fit.
    """
    least = sum(min(lane.random, lane.share) * lane.minutes for lane in lanes)
    above = sum(max(0.0, lane.share - lane.random) * lane.minutes for lane in lanes)
    keep = min(1.0, max(0.0, (minutes - least) / above)) if above else 0.0
    return {
        lane.lane: min(lane.random, lane.share) + keep * max(0.0, lane.share - lane.random) for lane in lanes
    }  # fmt: skip


class DutyTable:
    """Who is on duty: a row of the day before one of the weekday; one of the office before one of all offices."""

    def __init__(self, rows: Sequence[DutyRow] = ()) -> None:
        self._rows: Mapping[tuple[str, str], DutyRow] = {(row.office, row.day): row for row in rows}

    def of(self, office: str, day: date) -> DutyRow | None:
        """Return who is there; None where the table does not say."""
        names = (day.isoformat(), WEEKDAYS[day.weekday()])
        found = (self._rows.get((place, name)) for place in (office, "") for name in names)
        return next((row for row in found if row is not None), None)


def duty_table(profile: Profile) -> DutyTable:
    """Read `duty.csv` of a profile: office, day, officers, minutes.

    Raises: ProfileError, naming file, line, what was expected and got.
    """
    where, rows = profile.folder / "duty.csv", []
    for number, row in enumerate(profile.table("duty", ("office", "day", "officers")), start=2):
        day, officers, minutes = row["day"], row["officers"], row.get("minutes") or str(DUTY_MINUTES)
        if not (officers.isascii() and officers.isdigit() and len(officers) < 6):
            raise ProfileError(f"{where}, line {number}: expected a number of officers, got {officers!r}; mend it")
        if not _day(day) or not _positive(minutes):
            raise ProfileError(f"{where}, line {number}: expected a day as mon or 2026-12-24, minutes from 1 to 1440, "
                               f"got {day!r} and {minutes!r}; mend the row")  # fmt: skip
        rows.append(DutyRow(office=row["office"], day=day, officers=int(officers), minutes=float(minutes)))
    return DutyTable(rows)


def minutes_of(profile: Profile, measured: Mapping[str, float]) -> dict[str, tuple[float, str]]:
    """Return the minutes a control of each lane and where they come from: `[workload]` of profile.toml, else measured.

    Raises: ProfileError.
    """
    found: dict[str, tuple[float, str]] = {}
    for lane in CONTROLLED:
        told = profile.setting("workload", f"minutes_{lane}", default=None)
        if told is not None and not _positive(str(told)):
            raise ProfileError(f"{profile.folder / 'profile.toml'}: expected workload.minutes_{lane} of 1 to 1440, got "
                               f"{told!r}; mend the setting")  # fmt: skip
        if told is not None:
            found[lane] = float(told), "set"
        elif lane in measured:
            found[lane] = measured[lane], "measured"
        else:
            found[lane] = MINUTES[lane], "assumed"
    return found


def _day(text: str) -> bool:
    try:
        return text in WEEKDAYS or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _positive(text: str) -> bool:
    try:
        return 1 <= float(text) <= 1440
    except ValueError:
        return False
