# SPDX-License-Identifier: Apache-2.0
"""What indicators read of the journal: when the events of each case first occurred, and what became of notifications.

Limits: the journal is read in parts of 100,000 events, and from the first event that can lie in the window on.
"""

from __future__ import annotations

import threading
from typing import LiteralString

from openecp.platform.store.pool import Pool

_PART = 100_000
# The record ends with kind, times, seq and version; a body may hold such words too, so the end is looked at alone.
_END = 220
_EVENTS: LiteralString = (
    "SELECT case_id, right(record, %s) FROM events WHERE seq > %s AND seq <= %s AND record LIKE ANY(%s) ORDER BY seq"
)
_NOTIFICATIONS: LiteralString = """
    SELECT count(*), count(*) FILTER (WHERE w.organisation IS NULL OR (o.number <= w.delivered AND NOT EXISTS (
               SELECT 1 FROM webhook_deliveries d
               WHERE d.organisation = o.organisation AND d.number = o.number AND d.outcome = 'dead')))
    FROM outbox o LEFT JOIN webhooks w ON w.organisation = o.organisation
    WHERE o.created_at > %s AND o.created_at <= %s"""

Firsts = list[tuple[str | None, ...]]


class Figures:
    """The journal as indicators read it."""

    pool: Pool

    _firsts_lock = threading.Lock()
    _firsts: tuple[tuple[object, ...], Firsts] | None = None  # what was asked last, and the answer

    def position(self) -> int:
        """Return the last sequence number of the journal."""
        return int(self.pool.fetch("SELECT size FROM journal_head")[0][0])

    def firsts(self, kinds: tuple[str, ...], *, since: str | None, until: str) -> Firsts:
        """Return for each case with one of these events when each first occurred, after `since` up to `until`.

        Indicators that ask alike one after the other are answered from one reading.
        """
        head = self.position()
        asked = (kinds, since, until, head)
        with self._firsts_lock:
            if self._firsts is None or self._firsts[0] != asked:
                self._firsts = (asked, self._read_firsts(kinds, since, until, head))
            return self._firsts[1]

    def _read_firsts(self, kinds: tuple[str, ...], since: str | None, until: str, head: int) -> Firsts:
        places = {kind: place for place, kind in enumerate(kinds)}
        wanted = [f'%"kind":"{kind}"%' for kind in kinds]
        cases: dict[str, list[str | None]] = {}
        start = self._first_seq(since, head)
        while start < head:
            end = min(start + _PART, head)
            for case_id, record in self.pool.fetch(_EVENTS, (_END, start, end, wanted)):
                at = record.rfind('"kind":"')
                kind = record[at + 8 : record.index('"', at + 8)]
                place = places.get(kind)
                if place is None:
                    continue
                when = record.index('"occurred_at":"', at) + 15
                occurred_at = record[when : when + 27]
                if occurred_at > until or (since is not None and occurred_at <= since):
                    continue
                known = cases.setdefault(case_id, [None] * len(kinds))
                before = known[place]
                if before is None or occurred_at < before:
                    known[place] = occurred_at
            start = end
        return [tuple(known) for known in cases.values()]

    def _first_seq(self, since: str | None, head: int) -> int:
        """Return a seq up to which nothing was recorded after `since`; record times rise with the seq."""
        if since is None:
            return 0
        low, high = 0, head
        while low < high:
            middle = (low + high + 1) // 2
            rows = self.pool.fetch("SELECT right(record, %s) FROM events WHERE seq = %s", (_END, middle))
            text = rows[0][0]
            at = text.rfind('"recorded_at":"') + 15
            if text[at : at + 27] <= since:
                low = middle
            else:
                high = middle - 1
        return low

    def notifications(self, *, since: str | None, until: str) -> tuple[int, int]:
        """Return how many notifications were created in the window, and how many of them were delivered."""
        created, delivered = self.pool.fetch(_NOTIFICATIONS, (since or "", until))[0]
        return int(created), int(delivered)
