# SPDX-License-Identifier: Apache-2.0
"""Office hours: when an office was open, so that a clock can also be read in open hours.

A calendar has hours for each day of the week in the office's own time zone, and days that differ: holidays, on which it
is closed, and days with hours of their own. On the nights when summer time begins or ends, an hour that does not exist
is not worked, and one that comes twice is worked twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

OTHERS = "*"  # the office whose hours are those of all offices without their own
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ROWS_MAX = 100_000
DAYS_MAX = 40_000  # about a hundred years
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CalendarFault(ValueError):  # noqa: N818
    """A row of office hours that cannot be used: where, what was wanted, what was got, what to do."""


class Hours(NamedTuple):
    """From when to when an office is open, in minutes after local midnight; at most 1,440."""

    opens: int
    closes: int


class OfficeHours(NamedTuple):
    """The calendar of one office."""

    office: str
    zone: str
    week: tuple[tuple[Hours, ...], ...]  # Monday first
    days: Mapping[date, tuple[Hours, ...]]  # days that differ; none: closed

    def on(self, day: date) -> tuple[Hours, ...]:
        """Return the hours of a day."""
        return self.days.get(day, self.week[day.weekday()])


class OpenTimes(NamedTuple):
    """When an office was open between two moments: starts and ends, and the open time before each start."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]

    def until(self, moment_us: int) -> int:
        """Return the open microseconds from the beginning until a moment."""
        place = bisect_right(self.starts, moment_us) - 1
        if place < 0:
            return 0
        return self.before[place] + min(moment_us, self.ends[place]) - self.starts[place]

    def between(self, start_us: int, end_us: int) -> int:
        """Return the open microseconds between two moments; negative where the end stands first."""
        return self.until(end_us) - self.until(start_us)


def open_times(hours: OfficeHours, first_us: int, last_us: int) -> OpenTimes:
    """Return when an office is open from `first_us` to `last_us`.

    Raises: CalendarFault where that is too long.
    """
    zone = ZoneInfo(hours.zone)
    day = (_EPOCH + timedelta(microseconds=first_us)).astimezone(zone).date() - _DAY
    last = (_EPOCH + timedelta(microseconds=last_us)).astimezone(zone).date() + _DAY
    if (last - day).days > DAYS_MAX:
        raise CalendarFault(
            f"office {hours.office}: expected at most {DAYS_MAX} days, got {(last - day).days}; fix: look for stamps "
            "with a wrong year"
        )
    spans: list[tuple[int, int]] = []
    while day <= last:
        for each in sorted(hours.on(day)):
            start, end = _moment(day, each.opens, zone, fold=0), _moment(day, each.closes, zone, fold=1)
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            elif end > start:
                spans.append((start, end))
        day += _DAY
    before, total = [], 0
    for start, end in spans:
        before.append(total)
        total += end - start
    return OpenTimes(tuple(start for start, _ in spans), tuple(end for _, end in spans), tuple(before))


def _moment(day: date, minutes: int, zone: ZoneInfo, *, fold: int) -> int:
    at = day + timedelta(days=minutes // 1440)
    local = datetime.combine(at, time(minutes % 1440 // 60, minutes % 60), zone).replace(fold=fold)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        local = local.replace(fold=0)  # within the hour that is left out: the moment it was left out
        shift = local.replace(fold=1).utcoffset() or timedelta()
        start = local.astimezone(UTC) - (shift - (local.utcoffset() or timedelta()))
        late = _first_after(start, zone)
        return int((late - _EPOCH) / timedelta(microseconds=1))
    return int((local.astimezone(UTC) - _EPOCH) / timedelta(microseconds=1))


def _first_after(around: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment within three hours at which the zone's difference from UTC changes."""
    low, high = around - timedelta(hours=3), around + timedelta(hours=3)
    first = low.astimezone(zone).utcoffset()
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == first else (low, middle)
    return high.replace(second=0, microsecond=0) if high.second or high.microsecond else high


def read_hours(rows: Iterable[Mapping[str, Any]], where: str = "office_hours") -> dict[str, OfficeHours]:
    """Return the calendars by office, from rows of office, zone, day, opens and closes.

    `day` is mon to sun, or a date; a date without hours is a holiday; an office may have several rows a day. The office
    `*` stands for all that have no rows of their own. Raises: CalendarFault with the line.
    """
    weeks: dict[str, dict[int, list[Hours]]] = {}
    days: dict[str, dict[date, list[Hours]]] = {}
    zones: dict[str, str] = {}
    for line, row in enumerate(rows, start=2):
        if line > ROWS_MAX:
            raise CalendarFault(f"{where}: expected at most {ROWS_MAX} rows, got more; fix: leave out old holidays")
        place = f"{where}, line {line}"
        office = str(row.get("office") or OTHERS).strip()
        zones[office] = _zone(str(row.get("zone") or zones.get(office) or "UTC").strip(), place)
        found = _hours(str(row.get("opens") or "").strip(), str(row.get("closes") or "").strip(), place)
        day = str(row.get("day") or "").strip().lower()
        if day[:3] in WEEKDAYS and day.isalpha():
            weeks.setdefault(office, {}).setdefault(WEEKDAYS.index(day[:3]), []).extend(found)
            continue
        try:
            days.setdefault(office, {}).setdefault(date.fromisoformat(day), []).extend(found)
        except ValueError:
            raise CalendarFault(
                f"{place}: expected mon to sun or a date, got {day[:40]!r}; fix: write 2026-12-25"
            ) from None
    calendars = {}
    for office, zone in zones.items():
        week = weeks.get(office, {})
        differing = {day: tuple(hours) for day, hours in days.get(office, {}).items()}
        calendars[office] = OfficeHours(office, zone, tuple(tuple(week.get(n, ())) for n in range(7)), differing)
    return calendars


def _zone(name: str, place: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CalendarFault(
            f"{place}: expected a time zone, got {name[:40]!r}; fix: write a name such as Europe/Brussels"
        ) from None
    return name


def _hours(opens: str, closes: str, place: str) -> list[Hours]:
    if not opens and not closes:
        return []
    found = Hours(_minutes(opens, place), _minutes(closes, place))
    if found.closes <= found.opens:
        raise CalendarFault(
            f"{place}: expected to close after opening, got {opens} to {closes}; fix: end at 24:00, go on the next day"
        )
    return [found]


def _minutes(text: str, place: str) -> int:
    hours, _, minutes = text.partition(":")
    if hours.isdigit() and minutes.isdigit() and len(text) <= 5:
        found = int(hours) * 60 + int(minutes)
        if int(minutes) < 60 and found <= 1440:
            return found
    raise CalendarFault(f"{place}: expected a time of day, got {text[:20]!r}; fix: write 08:30")
