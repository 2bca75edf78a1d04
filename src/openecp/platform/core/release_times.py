# SPDX-License-Identifier: Apache-2.0
"""Keeps the export of the journal for time release studies: what is new is added, nothing is written twice."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from openecp.border.time_release.attribution import Stamp
from openecp.border.time_release.journal_events import JOURNAL_SEGMENTS, event_rows
from openecp.border.time_release.live import Figures, LiveTimes
from openecp.kernel.journal.model import Event
from openecp.platform.engines.event_export import EventExport, ranges

_PAGE = 1_000
_FILE = 200_000  # events of the journal a file
LOOK_S = 0.1  # between two looks at the journal's tail
log = logging.getLogger("openecp.times")


class Journal(Protocol):
    """The part of the store that is exported."""

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def size(self) -> int: ...

    def pseudonym(self, purpose: str, name: str) -> str: ...


def export_journal(store: Journal, folder: Path, *, progress: Callable[[int, int], None] | None = None) -> EventExport:
    """Add the events that are not in the folder yet and return the export."""
    export = EventExport(folder, JOURNAL_SEGMENTS)
    size = store.size()
    for first, last in ranges(export.last_seq(), size, _FILE):
        events: list[Event] = []
        after = first - 1
        while after < last:
            page = store.events(after_seq=after, limit=min(_PAGE, last - after))
            if not page:
                break
            after = page[-1].seq
            events += page
        rows = list(event_rows(events, pseudonym=lambda name: store.pseudonym("time release", name)))
        export.write(first, last, rows)
        if progress is not None:
            progress(last, size)
    return export


class LiveTail:
    """Follows the journal's tail in a thread of its own and keeps the dashboard's figures current."""

    def __init__(
        self, store: Journal, live: LiveTimes, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store, self._live, self._now = store, live, now
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._shown: tuple[tuple[int, datetime], Figures] | None = None
        self.seq = 0  # the last event that was looked at
        self.size = 0  # events of the journal when it was last looked at
        self.is_current = False

    def start(self) -> None:
        """Begin to follow."""
        self._thread = threading.Thread(target=self._follow, name="live times", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _follow(self) -> None:
        wait = LOOK_S
        while not self._stop.wait(wait):
            try:
                self.catch_up()
                wait = LOOK_S
            except Exception:  # the store is away: it is asked again, less often
                log.warning("the journal cannot be followed", exc_info=True)
                wait = min(wait * 2, 5.0)

    def catch_up(self) -> int:
        """Take what is new; return how many events that were."""
        taken = 0
        while not self._stop.is_set():
            page = self._store.events(after_seq=self.seq, limit=_PAGE)
            if not page:
                break
            rows = list(event_rows(page, pseudonym=lambda name: ""))  # the dashboard names no operator
            with self._lock:
                self._live.take(rows)
                self._shown = None
            self.seq = page[-1].seq
            taken += len(page)
            if len(page) < _PAGE:
                break
            self.size = max(self.size, self.seq)
            if taken % 50_000 == 0:
                self.size = self._store.size()
        if taken > _PAGE or not self.is_current:
            with self._lock:
                self._live.forget(self._now().date())
        self.size = max(self.size, self.seq)
        self.is_current = True
        return taken

    def figures(self) -> Figures:
        """Return what the dashboard shows now; reckoned once a second at most while nothing happens."""
        now = self._now()
        with self._lock:
            key = (self.seq, now.replace(microsecond=0))
            if self._shown is None or self._shown[0] != key:
                self._shown = (key, self._live.figures(now))
            return self._shown[1]

    def stamps(self, case_id: str) -> list[Stamp]:
        """Return the stamps of a case."""
        with self._lock:
            return self._live.stamps(case_id)
