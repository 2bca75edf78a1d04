# SPDX-License-Identifier: Apache-2.0
"""Keeps the export of the journal for time release studies: what is new is added, nothing is written twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from openecp.border.time_release.journal_events import JOURNAL_SEGMENTS, event_rows
from openecp.kernel.journal.model import Event
from openecp.platform.engines.event_export import EventExport, ranges

_PAGE = 1_000
_FILE = 200_000  # events of the journal a file


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
