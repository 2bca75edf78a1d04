# SPDX-License-Identifier: Apache-2.0
"""What happens by the clock: deadlines that pass, signed checkpoints, documents whose time is over, webhooks.

Two threads with a database connection of their own: one for the installation, one for webhooks, whose receivers may
be slow. Deadlines go through the same line as every command, so nothing here can hold up a lodgement.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from openecp.border.lodgement.commands import DeadlinePassed
from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.memory import utc_now
from openecp.platform.core.model import Command
from openecp.platform.core.settings import Settings

log = logging.getLogger("openecp.ticks")
MOST_DUE = 200
RETENTION_S = 3600.0
Submit = Callable[[list[tuple[int, Command]], Callable[[list[tuple[int, Answer]]], None]], None]


class Clocked(Protocol):
    """The part of the store that is looked at by the clock."""

    def due(self, now: str, limit: int = 100) -> Sequence[Any]: ...

    def sign_checkpoint(self) -> str: ...

    def deliver_due(self, send: Any, now: str) -> int: ...

    def purge_expired(self, now: str) -> int: ...

    def prune(self, now: str, *, keys_days: int, deliveries_days: int) -> int: ...


class Ticks:
    """Looks every `tick_s` seconds at what is due."""

    def __init__(
        self,
        store: Clocked,
        submit: Submit,
        settings: Settings,
        *,
        send: Any,
        clock: Callable[[], str] = utc_now,
        others: Sequence[tuple[str, float, Callable[[], object]]] = (),
    ) -> None:
        """Take store, line for commands, and what else is done by the clock: name, every so many seconds, work."""
        self._store = store
        self._submit = submit
        self._settings = settings
        self._send = send
        self._clock = clock
        self._stop = threading.Event()
        self._number = 0
        self.counts: dict[str, float] = {"deadlines": 0, "webhooks": 0, "checkpoints": 0, "tick_faults": 0}
        works = (
            ("deadlines", settings.tick_s, self.deadlines),
            ("checkpoints", settings.checkpoint_s, self.checkpoint),
            ("retention", RETENTION_S, self.retention),
            *others,
        )
        self._threads = [
            threading.Thread(target=self._run, args=(works,), name="ticks", daemon=True),
            threading.Thread(
                target=self._run, args=((("webhooks", settings.tick_s, self.webhooks),),), name="webhooks", daemon=True
            ),
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; a webhook that is being called is waited for a moment."""
        self._stop.set()
        for thread in self._threads:
            thread.join(12)

    def _run(self, works: Sequence[tuple[str, float, Callable[[], object]]]) -> None:
        last = dict.fromkeys((name for name, _, _ in works), time.monotonic())
        while not self._stop.wait(self._settings.tick_s):
            for name, every_s, work in works:
                if time.monotonic() - last[name] < every_s * 0.9:
                    continue
                last[name] = time.monotonic()
                try:
                    work()
                except Exception as error:
                    self.counts["tick_faults"] += 1
                    log.warning("%s failed, and is tried again: %s: %s", name, type(error).__name__, error)

    def deadlines(self) -> None:
        """Hand clocks that have run out to casework."""
        commands: list[tuple[int, Command]] = []
        for due in self._store.due(self._clock(), MOST_DUE):
            self._number += 1
            commands.append((self._number, DeadlinePassed(case_id=due.case_id, act=due.act)))
        if commands:
            self.counts["deadlines"] += len(commands)
            self._submit(commands, self._answered)

    def _answered(self, items: list[tuple[int, Answer]]) -> None:
        for _, answer in items:
            if answer.outcome == "refused" and answer.error is not None:
                log.warning("a deadline of case %s was refused: %s", answer.case_id, answer.error.message)

    def webhooks(self) -> None:
        """Deliver notifications that wait for webhooks."""
        self.counts["webhooks"] += self._store.deliver_due(self._send, self._clock())

    def checkpoint(self) -> None:
        """Sign the journal as it stands."""
        self._store.sign_checkpoint()
        self.counts["checkpoints"] += 1

    def retention(self) -> None:
        """Erase documents whose time is over; forget keys and deliveries that need not be kept."""
        self._store.purge_expired(self._clock())
        days = self._settings.keep_keys_days, self._settings.keep_deliveries_days
        self._store.prune(self._clock(), keys_days=days[0], deliveries_days=days[1])
