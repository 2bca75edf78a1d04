# SPDX-License-Identifier: Apache-2.0
"""The dashboard's alarms: the export of the journal is looked through beside the pages, every ten minutes at most."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from openecp.border.time_release.live import Alarm
from openecp.border.time_release.statistics.alarm import MOST_DAYS, alarms
from openecp.border.time_release.statistics.alarm_scores import DAY_US
from openecp.border.time_release.watched import waits, watch
from openecp.platform.engines.trs_engine import TrsEngine

LOOK_S = 600.0
SHOWN_DAYS = 7  # after an alarm has ended
log = logging.getLogger("openecp.times")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LiveAlarms:
    """Finds the alarms that stand: those that go on, and those that ended in the last week. Answers at once.

    Limits: one look at a time; a look reads the last year and a half.
    """

    def __init__(
        self,
        exported: Callable[[], Sequence[Path]],
        zone: tzinfo = UTC,
        *,
        now: Callable[[], float] = time.monotonic,
        engine: Callable[[], TrsEngine] = lambda: TrsEngine(threads=1),
    ) -> None:
        """Take what answers the files of the export, and the zone in which a day begins."""
        self._exported, self._zone, self._now, self._engine = exported, zone, now, engine
        self._lock = threading.Lock()
        self._looked: tuple[date, float] | None = None
        self._found: list[Alarm] = []

    def __call__(self, today: date) -> list[Alarm]:
        """Return the alarms that were found last; look again where that was long ago or on another day."""
        looked = self._looked
        if (looked is None or looked[0] != today or self._now() - looked[1] > LOOK_S) and self._lock.acquire(False):
            self._looked = (today, self._now())
            threading.Thread(target=self._look, args=(today,), name="live alarms", daemon=True).start()
        return self._found

    def _look(self, today: date) -> None:
        try:
            self._found = self.find(today)
        except Exception:  # the dashboard goes on with what was known
            log.warning("alarms cannot be found", exc_info=True)
        finally:
            self._lock.release()

    def find(self, today: date) -> list[Alarm]:
        """Look through the export to the end of a day and return the alarms that stand, the greatest loss first."""
        files = list(self._exported())
        if not files:
            return []
        after = today + timedelta(days=1)
        end = datetime(after.year, after.month, after.day, tzinfo=self._zone)
        until = (end - _EPOCH) // timedelta(microseconds=1)
        engine = self._engine()
        engine.read_export(files)
        engine.stage("trs_late", f"SELECT * FROM trs_events WHERE ts_us >= {until - MOST_DAYS * DAY_US}")  # noqa: S608
        engine.connection.execute("CREATE OR REPLACE TEMP VIEW trs_events AS SELECT * FROM trs_late")
        stages = {stage.name: stage for stage in watch(engine)}
        series, names = waits(engine, until)
        found, _, origin = alarms(series, until, owners=names)
        days = (until - origin) // DAY_US
        standing = [one for one in found if one.until < 0 or one.until >= days - SHOWN_DAYS]
        return [
            Alarm(
                one.place,
                f"from={stages[one.stage].start},to={stages[one.stage].end}",
                one.owner,
                self._day(origin + one.since * DAY_US),
                one.shift_us,
            )
            for one in sorted(standing, key=lambda alarm: -alarm.hours_lost)
        ]

    def _day(self, at_us: int) -> str:
        return (_EPOCH + timedelta(microseconds=at_us)).astimezone(self._zone).date().isoformat()
