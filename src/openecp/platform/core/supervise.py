# SPDX-License-Identifier: Apache-2.0
"""Keeps the processes of a server alive: a dead one is started again; one that dies again and again ends the server."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

log = logging.getLogger("openecp.supervise")
_MOST_DEATHS = 30
_WITHIN_S = 60.0
_STOP_S = 35.0


class ChildDiedError(RuntimeError):
    """A process died too often; the text names it, its exit code and what it said last."""


class Child:
    """One process, started again when it dies."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self._arguments = arguments
        self._environment = dict(environment)
        self._deaths: deque[float] = deque(maxlen=_MOST_DEATHS)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, None before the start."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process; a session of its own, so that Ctrl-C reaches it through the supervisor alone."""
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "openecp.bootstrap", *self._arguments],
            env={**os.environ, **self._environment},
            start_new_session=True,
        )

    def look_after(self) -> bool:
        """Start the process again where it has died; tell whether that was so.

        Raises: ChildDiedError where that happens too often.
        """
        if self._process is None:
            self.start()
            return True
        code = self._process.poll()
        if code is None:
            return False
        now = time.monotonic()
        self._deaths.append(now)
        if code == 78 or (len(self._deaths) == _MOST_DEATHS and now - self._deaths[0] < _WITHIN_S):
            raise ChildDiedError(
                f"the process {self.name} ended with code {code}"
                + (" and cannot be started" if code == 78 else f", {_MOST_DEATHS} times within {_WITHIN_S:.0f} s")
                + "; its messages stand above"
            )
        recent = sum(1 for at in self._deaths if now - at < 10)
        log.warning("the process %s ended with code %s; starting it again", self.name, code)
        time.sleep(min(2.0, 0.05 * 2 ** max(0, recent - 3)))
        self.start()
        return True

    def stop(self) -> None:
        """End the process; by force where it does not end in time."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            log.error("the process %s did not end within %.0f s; killing it", self.name, _STOP_S)
            self._process.kill()
            self._process.wait(5)


class Supervisor:
    """All processes of a server, and a look at the database between."""

    def __init__(self, children: list[Child], look_at_database: Callable[[], None]) -> None:
        self.children = children
        self._look_at_database = look_at_database
        self._stop = threading.Event()

    def start(self) -> None:
        """Start all processes."""
        for child in self.children:
            child.start()

    def request_stop(self) -> None:
        """Ask `run` to return."""
        self._stop.set()

    def run(self) -> None:
        """Look after the processes until asked to stop.

        Raises: ChildDiedError.
        """
        while not self._stop.wait(0.1):
            self._look_at_database()
            for child in self.children:
                child.look_after()

    def stop(self) -> None:
        """Stop the processes, the last started first."""
        for child in reversed(self.children):
            child.stop()


def stop_on_signal(supervisor: Supervisor) -> None:
    """Let SIGINT and SIGTERM stop the supervisor."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: supervisor.request_stop())
