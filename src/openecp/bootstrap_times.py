# SPDX-License-Identifier: Apache-2.0
"""Wires release times: the journal's tail for the dashboard, the explorer over the export, studies in their folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from openecp.border.time_release.calendars import OfficeHours, read_hours
from openecp.border.time_release.live import LiveTimes
from openecp.platform.console.times.desk import TimesDesk
from openecp.platform.console.times.folder import StudyFolders
from openecp.platform.core.live_alarms import LiveAlarms
from openecp.platform.core.release_times import LiveTail
from openecp.platform.core.times_view import TimesView

if TYPE_CHECKING:
    from openecp.bootstrap import Installation
    from openecp.kernel.profile import Profile


def office_hours(profile: Profile) -> dict[str, OfficeHours]:
    """Return the office hours of a profile, from its table `office_hours`; none where it has no such table.

    Raises: CalendarFault with the line.
    """
    return read_hours(profile.table("office_hours"), "office_hours.csv")


def console_times(installation: Installation, store: Any) -> tuple[TimesDesk, LiveTail]:
    """Return the desk of the console's pages of release times, and what follows the journal for it."""
    profile = installation.profile
    zone = ZoneInfo(str(profile.setting("time_zone", default="UTC")))
    view = TimesView(store, Path(store.folder) / "events", calendars=office_hours(profile))
    tail = LiveTail(store, LiveTimes(zone, alarms=LiveAlarms(view.exported, zone)))
    return TimesDesk(tail, view, StudyFolders(installation.settings.data_dir / "studies")), tail
