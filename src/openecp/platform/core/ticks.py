# SPDX-License-Identifier: Apache-2.0
"""What happens by the clock: deadlines that pass, webhooks, signed checkpoints. A thread of its own, with its own
database connection; deadlines go through the same line as every command, so nothing here can hold up a lodgement.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from openecp.border.lodgement.commands import Answer, Command, DeadlinePassed
from openecp.kernel.journal.memory import utc_now
from openecp.platform.core.settings import Settings

log = logging.getLogger("openecp.ticks")
_MOST_DUE = 200
Submit = Callable[[list[tuple[int, Command]], Callable[[list[tuple[int, Answer]]], None]], None]


class Ticks:
    """Looks every `tick_s` seconds at what is due."""

    def __init__(self, store: Any, submit: Submit, settings: Settings, *, clock: Callable[[], str] = utc_now) -> None:
        self._store = store
        self._submit = submit
        self._settings = settings
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticks", daemon=True)
        self._asked: dict[tuple[str, str], float] = {}
        self._checkpoint_at = time.monotonic()
        self._number = 0
        self.counts: dict[str, float] = {"deadlines": 0, "webhooks": 0, "checkpoints": 0, "tick_faults": 0}

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(self._settings.tick_s):
            for work in (self.deadlines, self.webhooks, self.checkpoint):
                try:
                    work()
                except Exception:
                    self.counts["tick_faults"] += 1
                    log.exception("%s failed; it is tried again at the next tick", work.__name__)

    def deadlines(self) -> None:
        """Hand clocks that have run out to casework; one that stays due is handed over again after a minute."""
        wanted = getattr(self._store, "due", None)
        due = wanted(self._clock(), _MOST_DUE) if wanted is not None else []
        now = time.monotonic()
        self._asked = {key: at for key, at in self._asked.items() if now - at < 60}
        commands: list[tuple[int, Command]] = []
        for case_id, act, _ in due:
            if (case_id, act) in self._asked:
                continue
            self._asked[case_id, act] = now
            self._number += 1
            commands.append((self._number, DeadlinePassed(case_id=case_id, act=act)))
        if commands:
            self.counts["deadlines"] += len(commands)
            self._submit(commands, self._answered)

    def _answered(self, items: list[tuple[int, Answer]]) -> None:
        for _, answer in items:
            if answer.outcome == "refused" and answer.error is not None:
                log.warning("a deadline of case %s was refused: %s", answer.case_id, answer.error.message)

    def webhooks(self) -> None:
        """Deliver what waits for webhooks."""
        relay = getattr(self._store, "deliver_webhooks", None)
        if relay is not None:
            self.counts["webhooks"] += relay() or 0

    def checkpoint(self) -> None:
        """Sign a checkpoint of the journal every `checkpoint_s` seconds."""
        now = time.monotonic()
        if now - self._checkpoint_at < self._settings.checkpoint_s:
            return
        self._checkpoint_at = now
        sign = getattr(self._store, "sign_checkpoint", None)
        if sign is not None:
            sign()
            self.counts["checkpoints"] += 1
