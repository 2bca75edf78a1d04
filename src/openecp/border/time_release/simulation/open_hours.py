# SPDX-License-Identifier: Apache-2.0
"""When an office works: opening hours in its own time zone, on its weekdays, without its holidays, in microseconds UTC.

Work that is begun in the evening goes on the next morning; on the night of summer time the office opens an hour
earlier in UTC, which is what its clock shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Stamps = NDArray[np.int64]

ALL_DAY = 24 * 60


class OpenHours:
    """The open stretches of one office over a range of days, and the way from moments to open time and back."""

    def __init__(
        self,
        zone: str,
        first: date,
        days: int,
        *,
        opens: int = 8 * 60,
        closes: int = 17 * 60,
        weekdays: Iterable[int] = range(5),
        holidays: Iterable[date] = (),
    ) -> None:
        """Lay out `days` days from `first`; `opens` and `closes` are minutes of the day, Monday is weekday 0."""
        import numpy as np

        tz = ZoneInfo(zone)
        shut, on = set(holidays), set(weekdays)
        starts, ends, names = [], [], []
        for step in range(days):
            day = first + timedelta(days=step)
            if day.weekday() in on and day not in shut:
                starts.append(_moment(day, opens, tz))
                ends.append(_moment(day, closes, tz))
                names.append(day.weekday())
        if not starts:
            raise ValueError(
                f"opening hours from {first} for {days} days: expected an open day, got none; add weekdays"
            )
        self.starts = np.array(starts, dtype=np.int64)
        self.ends = np.array(ends, dtype=np.int64)
        self.weekday = np.array(names, dtype=np.int64)
        self._before = np.concatenate([[0], np.cumsum(self.ends - self.starts)])

    def worked(self, moments: Stamps) -> Stamps:
        """Return the open time before each moment."""
        import numpy as np

        place = np.searchsorted(self.starts, moments, side="right") - 1
        at = np.maximum(place, 0)
        inside = np.clip(moments - self.starts[at], 0, self.ends[at] - self.starts[at])
        found: Stamps = np.where(place < 0, 0, self._before[at] + inside)
        return found

    def moment(self, worked: Stamps) -> Stamps:
        """Return the first moment at which so much open time has passed."""
        import numpy as np

        place = np.clip(np.searchsorted(self._before, worked, side="right") - 1, 0, len(self.starts) - 1)
        found: Stamps = self.starts[place] + (worked - self._before[place])
        return found

    def after(self, moments: Stamps, work: Stamps) -> Stamps:
        """Return the moments at which so much work is done that begins at `moments`, or when the office opens next."""
        return self.moment(self.worked(moments) + work)

    def day_of(self, worked: Stamps) -> Stamps:
        """Return the weekday (Monday 0) on which so much open time has passed."""
        import numpy as np

        place = np.clip(np.searchsorted(self._before, worked, side="right") - 1, 0, len(self.starts) - 1)
        found: Stamps = self.weekday[place]
        return found

    @property
    def bounds(self) -> Stamps:
        """Return the open time at which each open day begins, and that at the end of the last."""
        found: Stamps = self._before
        return found


def _moment(day: date, minutes: int, tz: ZoneInfo) -> int:
    local = datetime.combine(day + timedelta(days=minutes // ALL_DAY), time(minutes % ALL_DAY // 60, minutes % 60), tz)
    whole = local.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (whole.days * 86_400 + whole.seconds) * 1_000_000
