# SPDX-License-Identifier: Apache-2.0
"""The online path: commands wait in one queue, one thread decides a batch while another records the one before.

A batch starts when the previous one is decided, after at most `gather_ms` of waiting for company. Commands about
the same case are never in work together, and keep their order. A command that decides a postal item is held back
while the parcels' door has the item in hand.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Queue
from typing import Any

from openecp.border.lodgement.commands import Lodge
from openecp.kernel.casework.answer import Answer
from openecp.platform.core.desk import Desk, case_key, outcomes_of, refused, settle, unavailable, writes_of
from openecp.platform.core.items_in_hand import ItemsInHand, items_of
from openecp.platform.core.model import Command, Decided
from openecp.platform.core.settings import Settings

log = logging.getLogger("openecp.core")
_MAX_ATTEMPTS = 8

Done = Callable[[list[tuple[int, Answer]]], None]


class Waiting:
    """One command that waits or is in work."""

    __slots__ = ("arrived", "attempts", "claimed", "command", "keys", "number", "to")

    def __init__(self, number: int, command: Command, to: Done, arrived: float) -> None:
        self.number = number
        self.command = command
        self.to = to
        self.arrived = arrived
        self.attempts = 0
        self.keys: tuple[tuple[str, ...], ...] = ()
        self.claimed: frozenset[str] = frozenset()  # postal items in hand


class ClearanceLine:
    """Two threads and the queue before them; `submit` may be called from any thread."""

    def __init__(self, desk: Desk, settings: Settings, items: ItemsInHand | None = None) -> None:
        """Take the desk, the settings, and the postal items in hand that are shared with the parcels' door."""
        self._desk = desk
        self._items = items or ItemsInHand()
        self._settings = settings
        self._queue: deque[Waiting] = deque()  # shared, under the lock
        self._held: deque[Waiting] = deque()  # the assessment thread's own: keys known, not yet in work
        self._returned: deque[Waiting] = deque()  # stale, to be decided again before all others
        self._in_work: set[tuple[str, ...]] = set()
        self._ready = threading.Condition()
        self._to_journal: Queue[list[tuple[Waiting, Decided]] | None] = Queue(maxsize=1)
        self._stopping = False
        self._assessing = threading.Thread(target=self._assess, name="assessment", daemon=True)
        self._recording = threading.Thread(target=self._record, name="journal", daemon=True)
        self.counts: dict[str, float] = dict.fromkeys(
            ("commands", "batches", "decide_s", "write_s", "stale", "unavailable", "largest_batch"), 0
        )

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
        """Return the counters, and how many commands wait."""
        return {**self.counts, "waiting": len(self._queue) + len(self._held), "in_work": len(self._in_work)}

    def submit(self, items: list[tuple[int, Command]], to: Done) -> None:
        """Take commands in; `to` gets the answers, some or all at a time, from another thread."""
        now = time.monotonic()
        with self._ready:
            room = self._settings.max_waiting - len(self._queue) - len(self._held)
            if self._stopping:
                room = 0
            self._queue.extend(Waiting(number, command, to, now) for number, command in items[:room])
            self._ready.notify()
        if len(items) > room:
            to([(number, _busy()) for number, _ in items[max(room, 0) :]])

    # -- the assessment thread ------------------------------------------------------------------------------------

    def _assess(self) -> None:
        while True:
            batch = self._gather()
            if batch is None:
                self._to_journal.put(None)
                return
            try:
                self._decide(batch)
            except Exception:
                log.exception("a batch of %d was lost between the threads", len(batch))
                self._answer([(waiting, unavailable()) for waiting in batch])

    def _decide(self, batch: list[Waiting]) -> None:
        began = time.monotonic()
        work = [(waiting.command, self._desk.load(waiting.command)) for waiting in batch]
        decided = self._desk.decide(work)
        self.counts["decide_s"] += time.monotonic() - began
        self.counts["batches"] += 1
        self.counts["commands"] += len(batch)
        self.counts["largest_batch"] = max(self.counts["largest_batch"], len(batch))
        to_write = [(waiting, each) for waiting, each in zip(batch, decided, strict=True) if each.write is not None]
        nothing = [(waiting, each.answer) for waiting, each in zip(batch, decided, strict=True) if each.write is None]
        if nothing:
            self._answer(nothing)
        if to_write:
            self._to_journal.put(to_write)

    def _gather(self) -> list[Waiting] | None:
        """Return the next batch; None at the end."""
        while True:
            with self._ready:
                if not self._queue and not self._returned:
                    if self._stopping and not self._held and not self._in_work:
                        return None
                    self._ready.wait(timeout=0.02 if self._held or self._stopping else None)
                self._wait_for_company()
                arrived, self._queue = self._queue, deque()
                self._held.extendleft(reversed(self._returned))
                self._returned.clear()
            for waiting in arrived:
                waiting.keys = self._keys(waiting.command)
            self._held.extend(arrived)
            batch = self._take()
            if batch:
                return batch

    def _wait_for_company(self) -> None:
        if not self._queue:
            return
        end = self._queue[0].arrived + self._settings.gather_ms / 1000
        while len(self._queue) < self._settings.batch_max and not self._stopping:
            left = end - time.monotonic()
            if left <= 0 or not self._ready.wait(timeout=left):
                return

    def _take(self) -> list[Waiting]:
        """Take what can be worked now, in order, and leave what is about a case in work or an item in other hands."""
        batch: list[Waiting] = []
        left: deque[Waiting] = deque()
        with self._ready:
            busy = set(self._in_work)
            while self._held and len(batch) < self._settings.batch_max:
                waiting = self._held.popleft()
                free = not any(key in busy for key in waiting.keys) and self._claimed(waiting)
                (batch if free else left).append(waiting)
                busy.update(waiting.keys)
            left.extend(self._held)
            self._held = left
            for waiting in batch:
                self._in_work.update(waiting.keys)
        return batch

    def _claimed(self, waiting: Waiting) -> bool:
        """Take the postal item that a command decides in hand, from before the look until the write is answered."""
        items = items_of(waiting.command)
        if not self._items.claim("post", items):
            return False
        waiting.claimed = items
        return True

    def _let_go(self, waiting: Waiting) -> None:
        """Let others have the case and the postal item of a command; under the lock."""
        self._in_work.difference_update(waiting.keys)
        claimed, waiting.claimed = waiting.claimed, frozenset()
        if claimed:
            self._items.free("post", claimed)

    def _keys(self, command: Command) -> tuple[tuple[str, ...], ...]:
        if not isinstance(command, Lodge):
            return (case_key(command, None),)
        try:
            key = case_key(command, self._desk.locate(command))
        except Exception:  # deciding loads again, and says what is wrong
            log.exception("the case of a request could not be looked up")
            key = case_key(command, None)
        return (key,) if command.key is None else (key, ("key", command.principal.organisation, command.key))

    # -- the journal thread ---------------------------------------------------------------------------------------

    def _record(self) -> None:
        while True:
            batch = self._to_journal.get()
            if batch is None:
                return
            try:
                self._write(batch)
            except Exception:
                log.exception("a batch of %d was lost while it was written", len(batch))
                self._answer([(waiting, unavailable()) for waiting, _ in batch])

    def _write(self, batch: list[tuple[Waiting, Decided]]) -> None:
        began = time.monotonic()
        decisions = [decided for _, decided in batch]
        written = self._desk.write_patiently(writes_of(decisions), patience_s=self._settings.write_patience_s)
        self.counts["write_s"] += time.monotonic() - began
        if written is None:
            self.counts["unavailable"] += len(batch)
            self._answer([(waiting, unavailable()) for waiting, _ in batch])
            return
        answers, again = [], []
        for (waiting, decided), outcome in zip(batch, outcomes_of(decisions, written), strict=True):
            answer = settle(decided, outcome)
            if answer is None:
                again.append(waiting)
            else:
                answers.append((waiting, answer))
        self._answer(answers)
        if again:
            self._again(again)

    def _again(self, stale: list[Waiting]) -> None:
        """Put commands whose case has moved on back to the head of the queue."""
        self.counts["stale"] += len(stale)
        given_up = [waiting for waiting in stale if waiting.attempts >= _MAX_ATTEMPTS]
        self._answer([(waiting, _moved_on()) for waiting in given_up])
        with self._ready:
            for waiting in stale:
                waiting.attempts += 1
                self._let_go(waiting)
            self._returned.extend(waiting for waiting in stale if waiting not in given_up)
            self._ready.notify()

    def _answer(self, answers: list[tuple[Waiting, Answer]]) -> None:
        by_sender: dict[Done, list[tuple[int, Answer]]] = {}
        for waiting, answer in answers:
            by_sender.setdefault(waiting.to, []).append((waiting.number, answer))
        with self._ready:
            for waiting, _ in answers:
                self._let_go(waiting)
            if self._held or self._stopping:
                self._ready.notify()
        for to, items in by_sender.items():
            try:
                to(items)
            except Exception:
                log.exception("%d answers could not be given back", len(items))


def _busy() -> Answer:
    return refused(
        "OECP-BUSY",
        "Too many messages are waiting, or the server is stopping.",
        status=503,
        expected="room in the queue",
        got="a full queue",
        fix="Send the same message again in a moment, with the same Idempotency-Key.",
    )


def _moved_on() -> Answer:
    return refused(
        "OECP-CASE-MOVED-ON",
        "The case was changed by others again and again while this was decided.",
        status=409,
        expected="a case at rest",
        got=f"{_MAX_ATTEMPTS} changes in between",
        fix="Look at the case and send the message again.",
    )
