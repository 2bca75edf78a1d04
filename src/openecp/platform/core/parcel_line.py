# SPDX-License-Identifier: Apache-2.0
"""The online door for parcels: requests wait in one queue, one thread assesses a batch while another records the last.

A batch starts when the previous one is assessed, after at most `gather_ms` of waiting for company. A request is never
torn apart; a request with a key that is in work waits until that one is answered, and one with a postal item that
an officer is deciding waits for its turn, at most `HELD_BACK_S`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Queue
from typing import Any

from openecp.platform.core.items_in_hand import ItemsInHand, postal_keys
from openecp.platform.core.parcel_model import LodgeParcels, ParcelsAnswer
from openecp.platform.core.parceldesk import ParcelDesk, Work, busy, in_hand, unavailable
from openecp.platform.core.settings import Settings

log = logging.getLogger("openecp.core.parcels")
MAX_WAITING = 50_000  # parcels that wait
HELD_BACK_S = 10.0  # a request whose items are in other hands; then it is to be sent again
BATCH_PARCELS = 5_000  # making the statements ready costs as much as thousands of parcels: what waits goes together

Done = Callable[[list[tuple[int, ParcelsAnswer]]], None]


class _Waiting:
    """One request that waits or is in work."""

    __slots__ = ("arrived", "claimed", "end", "items", "key", "number", "request", "to")

    def __init__(self, number: int, request: LodgeParcels, to: Done, arrived: float) -> None:
        self.number, self.request, self.to, self.arrived = number, request, to, arrived
        self.key = (request.principal.organisation, request.key) if request.key is not None else None
        self.items = postal_keys((parcel.parcel_id, parcel.posted_on) for parcel in request.parcels)
        self.claimed: frozenset[str] = frozenset()
        self.end = 0.0  # of waiting for items in other hands


class ParcelLine:
    """Two threads and the queue before them; `submit` may be called from any thread."""

    def __init__(
        self,
        desk: ParcelDesk,
        settings: Settings,
        *,
        items: ItemsInHand | None = None,
        batch_max: int = BATCH_PARCELS,
        held_back_s: float = HELD_BACK_S,
    ) -> None:
        """Take the desk, the settings, and the postal items in hand that are shared with the clearance line."""
        self._desk, self._settings = desk, settings
        self._items, self._held_back_s = items or ItemsInHand(), held_back_s
        self._batch_max = batch_max
        self._queue: deque[_Waiting] = deque()
        self._size = 0  # parcels in the queue
        self._keys: set[tuple[str, str]] = set()  # in work
        self._ready = threading.Condition()
        self._to_journal: Queue[tuple[list[_Waiting], Work] | None] = Queue(maxsize=1)
        self._stopping = False
        self._assessing = threading.Thread(target=self._assess, name="parcel-assessment", daemon=True)
        self._recording = threading.Thread(target=self._record, name="parcel-journal", daemon=True)
        self.counts: dict[str, float] = {
            "parcel_requests": 0, "parcels_assess_s": 0, "parcels_write_s": 0, "parcels_largest": 0,
        }  # fmt: skip

    def start(self) -> None:
        """Start both threads."""
        self._assessing.start()
        self._recording.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Work off what waits, then end both threads."""
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
        self._assessing.join(timeout_s)
        self._recording.join(timeout_s)

    @property
    def alive(self) -> bool:
        """Both threads are at work."""
        return self._assessing.is_alive() and self._recording.is_alive()

    def statistics(self) -> dict[str, Any]:
        """Return the counters, and how many parcels wait."""
        return {**self.counts, **self._desk.counts, "parcels_waiting": self._size}

    def submit(self, items: list[tuple[int, LodgeParcels]], to: Done) -> None:
        """Take requests in; `to` gets the answers, some or all at a time, from another thread."""
        now = time.monotonic()
        turned_away: list[tuple[int, ParcelsAnswer]] = []
        with self._ready:
            for number, request in items:
                if self._stopping or self._size >= MAX_WAITING:
                    turned_away.append((number, busy()))
                    continue
                self._queue.append(_Waiting(number, request, to, now))
                self._size += len(request.parcels)
            self._ready.notify_all()
        if turned_away:
            to(turned_away)

    # -- the assessment thread ------------------------------------------------------------------------------------

    def _assess(self) -> None:
        try:
            self._desk.warm()
        except Exception:
            log.exception("the regimes could not be made ready beforehand")
        while True:
            gathered = self._gather()
            if gathered is None:
                self._to_journal.put(None)
                return
            batch, late = gathered
            if late:
                self._answer([(waiting, in_hand()) for waiting in late])
            if not batch:
                continue
            began = time.monotonic()
            try:
                work = self._desk.prepare([waiting.request for waiting in batch])
            except Exception:
                log.exception("a batch of %d requests was lost before it was written", len(batch))
                self._answer([(waiting, unavailable()) for waiting in batch])
                continue
            self.counts["parcels_assess_s"] += time.monotonic() - began
            self._to_journal.put((batch, work))

    def _gather(self) -> tuple[list[_Waiting], list[_Waiting]] | None:
        """Return the next batch, and what has waited too long for items in other hands; None at the end."""
        with self._ready:
            while True:
                if self._queue:
                    self._wait_for_company()
                    batch, late = self._take()
                    if batch or late:
                        return batch, late
                elif self._stopping:
                    return None
                self._ready.wait(timeout=0.05 if self._queue else None)

    def _wait_for_company(self) -> None:
        end = self._queue[0].arrived + self._settings.gather_ms / 1000
        while self._size < self._settings.batch_max and not self._stopping:
            left = end - time.monotonic()
            if left <= 0 or not self._ready.wait(timeout=left):
                return

    def _take(self) -> tuple[list[_Waiting], list[_Waiting]]:
        """Take requests in order up to the limit; the first that can be worked is taken, however large."""
        batch: list[_Waiting] = []
        late: list[_Waiting] = []
        left: deque[_Waiting] = deque()
        size, keys = 0, set(self._keys)
        while self._queue and (not batch or size + len(self._queue[0].request.parcels) <= self._batch_max):
            waiting = self._queue.popleft()
            if waiting.key is not None and waiting.key in keys:
                left.append(waiting)
                continue
            if not self._claimed(waiting):
                if time.monotonic() < waiting.end:
                    left.append(waiting)
                else:
                    waiting.key = None  # it was never in work
                    late.append(waiting)
                continue
            if waiting.key is not None:
                keys.add(waiting.key)
            batch.append(waiting)
            size += len(waiting.request.parcels)
        self._queue.extendleft(reversed(left))
        self._size -= size + sum(len(waiting.request.parcels) for waiting in late)
        self._keys = keys
        self.counts["parcel_requests"] += len(batch)
        self.counts["parcels_largest"] = max(self.counts["parcels_largest"], size)
        return batch, late

    def _claimed(self, waiting: _Waiting) -> bool:
        """Take the postal items of a request in hand, from before the desk looks until the request is answered."""
        if self._items.claim("parcels", waiting.items):
            waiting.claimed = waiting.items
            return True
        waiting.end = waiting.end or time.monotonic() + self._held_back_s
        return False

    def _let_go(self, waiting: _Waiting) -> None:
        claimed, waiting.claimed = waiting.claimed, frozenset()
        if claimed:
            self._items.free("parcels", claimed)

    # -- the journal thread ---------------------------------------------------------------------------------------

    def _record(self) -> None:
        while True:
            job = self._to_journal.get()
            if job is None:
                return
            batch, work = job
            began = time.monotonic()
            try:
                answers = self._desk.record(work)
            except Exception:
                log.exception("a batch of %d requests was lost while it was written", len(batch))
                answers = [unavailable()] * len(batch)
            self.counts["parcels_write_s"] += time.monotonic() - began
            self._answer(list(zip(batch, answers, strict=True)))

    def _answer(self, answers: list[tuple[_Waiting, ParcelsAnswer]]) -> None:
        by_sender: dict[Done, list[tuple[int, ParcelsAnswer]]] = {}
        for waiting, answer in answers:
            by_sender.setdefault(waiting.to, []).append((waiting.number, answer))
        with self._ready:
            for waiting, _ in answers:
                self._let_go(waiting)
            self._keys.difference_update(waiting.key for waiting, _ in answers if waiting.key is not None)
            self._ready.notify_all()
        for to, items in by_sender.items():
            try:
                to(items)
            except Exception:
                log.exception("%d answers could not be given back", len(items))
