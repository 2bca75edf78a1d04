# SPDX-License-Identifier: Apache-2.0
"""Office hours: weekdays, holidays, summer time; closed time beside each owner, clocks in open hours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from openecp.border.time_release.analysis import analysed
from openecp.border.time_release.calendars import CalendarFault, open_times, read_hours
from openecp.border.time_release.clocks import clock_of
from openecp.platform.engines.trs_engine import TrsEngine

HOUR = 3_600_000_000
WEEK = ("mon", "tue", "wed", "thu", "fri")


def us(text: str) -> int:
    """Return a moment in microseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def rows(opens: str = "08:00", closes: str = "16:00", zone: str = "Europe/Brussels") -> list[dict[str, str]]:
    """Return office hours from Monday to Friday."""
    return [{"office": "A", "zone": zone, "day": day, "opens": opens, "closes": closes} for day in WEEK]


def test_nights_and_weekends_are_closed_and_summer_time_shifts_the_hours() -> None:
    """From Friday to Monday over the night of 29 March 2026: opening time moves from 07:00 to 06:00 UTC."""
    hours = read_hours(rows())["A"]
    times = open_times(hours, us("2026-03-27"), us("2026-04-01"))
    assert times.between(us("2026-03-27T07:00:00"), us("2026-03-27T15:00:00")) == 8 * HOUR
    assert times.between(us("2026-03-27T15:00:00"), us("2026-03-30T06:00:00")) == 0
    assert times.between(us("2026-03-27T12:00:00"), us("2026-03-30T07:00:00")) == 4 * HOUR
    assert times.between(us("2026-03-30T07:00:00"), us("2026-03-27T12:00:00")) == -4 * HOUR


@pytest.mark.parametrize(("night", "worked"), [("2026-03-29", 3), ("2026-10-25", 5), ("2026-06-14", 4)])
def test_an_office_open_at_night_works_the_hours_that_are(night: str, worked: int) -> None:
    """From 00:00 to 04:00 there are three hours in spring, five in autumn."""
    hours = read_hours([{"office": "A", "zone": "Europe/Brussels", "day": "sun", "opens": "00:00", "closes": "04:00"}])
    day = us(night)
    assert open_times(hours["A"], day, day).between(day - 24 * HOUR, day + 24 * HOUR) == worked * HOUR


@pytest.mark.parametrize(
    ("opens", "closes", "night", "worked"),
    [
        ("02:15", "04:00", "2026-03-29", 1.0),  # opening falls in the hour that is left out
        ("00:00", "02:30", "2026-03-29", 2.0),  # closing does
        ("02:15", "02:45", "2026-03-29", 0.0),  # both do
        ("02:30", "04:00", "2026-10-25", 2.5),  # opens at the first 02:30
    ],
)
def test_hours_that_end_in_the_shift(opens: str, closes: str, night: str, worked: float) -> None:
    """An hour that does not exist is not worked; one that comes twice is worked twice."""
    hours = read_hours([{"office": "A", "zone": "Europe/Brussels", "day": "sun", "opens": opens, "closes": closes}])
    day = us(night)
    assert open_times(hours["A"], day, day).between(day - 24 * HOUR, day + 24 * HOUR) == worked * HOUR


def test_round_the_clock_is_always_open() -> None:
    """Days of 24 hours leave nothing closed, over the nights of summer time too."""
    always = [
        {"day": day, "zone": "Europe/Paris", "opens": "00:00", "closes": "24:00"} for day in (*WEEK, "sat", "sun")
    ]
    times = open_times(read_hours(always)["*"], us("2026-03-01"), us("2026-11-30"))
    assert times.between(us("2026-03-01"), us("2026-11-30")) == us("2026-11-30") - us("2026-03-01")
    assert len(times.starts) == 1


def test_holidays_and_single_days() -> None:
    """A date without hours is closed; a date with hours has those; two rows a day part it."""
    special = [
        {"office": "A", "day": "2026-12-25"},
        {"office": "A", "day": "2026-12-26", "opens": "9:00", "closes": "10:30"},
    ]
    special += [{"office": "A", "day": "2026-12-28", "opens": "08:00", "closes": "12:00"}]
    special += [{"office": "A", "day": "2026-12-28", "opens": "13:00", "closes": "15:00"}]
    times = open_times(read_hours([*rows(zone="UTC"), *special])["A"], us("2026-12-25"), us("2026-12-29"))
    assert times.between(us("2026-12-25"), us("2026-12-26")) == 0
    assert times.between(us("2026-12-26"), us("2026-12-27")) == 1.5 * HOUR
    assert times.between(us("2026-12-28"), us("2026-12-29")) == 6 * HOUR


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"day": "someday"}, "mon to sun"),
        ({"day": "mon", "zone": "Mars/Olympus"}, "time zone"),
        ({"day": "mon", "opens": "25:00", "closes": "26:00"}, "time of day"),
        ({"day": "mon", "opens": "16:00", "closes": "08:00"}, "close after opening"),
    ],
)
def test_rows_that_cannot_be_used_say_the_line(row: dict[str, str], says: str) -> None:
    with pytest.raises(CalendarFault, match=f"line 2.*{says}"):
        read_hours([row])


def test_closed_time_stands_beside_the_owner(tmp_path: Path) -> None:
    """Lodged Friday noon, released Monday ten o'clock: 70 hours of Customs, 64 of them closed, six open hours."""
    file = tmp_path / "e.csv"
    file.write_text(
        "case_id,activity,ts,office\na,LODGED,2026-06-05T12:00:00Z,A\na,RELEASED,2026-06-08T10:00:00Z,A\n"
        "b,LODGED,2026-06-05T12:00:00Z,B\nb,RELEASED,2026-06-08T10:00:00Z,B\n",
        encoding="utf-8",
    )
    engine = TrsEngine(threads=1)
    engine.read_file(file)
    calendars = read_hours(rows(zone="UTC"))
    a, b = analysed(engine, clock_of("lodged_release"), ("office",), calendars=calendars)
    assert (a.shown()["owners_s"], a.shown()["closed_s"]) == ({"CUSTOMS": 70 * 3600.0}, {"CUSTOMS": 64 * 3600.0})
    assert b.closed == {}
    a, b = analysed(engine, clock_of("lodged_release"), ("office",), calendars=calendars, in_open_hours=True)
    assert (a.shown()["median_s"], a.shown()["open_hours"]) == (6 * 3600.0, True)
    assert b.shown()["median_s"] == 70 * 3600.0
