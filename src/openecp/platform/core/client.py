# SPDX-License-Identifier: Apache-2.0
"""The core behind its Unix socket, as web and command line see it.

Commands of one turn of the loop go out in one frame. Where the core dies, lodgements and what else has an idempotency
key are sent again to the next one (the key makes that safe); an act without a key is answered as unknown.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from pathlib import Path
from typing import Any

from openecp.border.lodgement.commands import Lodge
from openecp.kernel.casework.answer import Answer
from openecp.platform.core.desk import refused, unavailable
from openecp.platform.core.frames import (
    Answered,
    FrameError,
    ParcelsAnswered,
    ParcelsSubmitted,
    Statistics,
    StatisticsWanted,
    Submitted,
    frame,
    from_core,
    read_frame,
)
from openecp.platform.core.model import Command
from openecp.platform.core.parcel_model import LodgeParcels, ParcelsAnswer, request_fault
from openecp.platform.core.parceldesk import unavailable as parcels_unavailable

log = logging.getLogger("openecp.core.client")


class _Open:
    """A command on its way, until its answer comes."""

    __slots__ = ("command", "end", "future")

    def __init__(self, command: Command | LodgeParcels, future: asyncio.Future[Any], end: float) -> None:
        self.command, self.future, self.end = command, future, end


class CoreClient:
    """Sends commands to the core process; belongs to one event loop."""

    def __init__(self, socket: Path, *, patience_s: float = 30.0) -> None:
        self._socket = socket
        self._patience_s = patience_s
        self._number = 0
        self._open: dict[int, _Open] = {}
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._outgoing: list[tuple[int, Command | LodgeParcels]] = []
        self._flushing = False
        self._writer: asyncio.StreamWriter | None = None
        self._running: asyncio.Task[None] | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()

    def start(self) -> None:
        """Connect, and stay connected; call it inside the event loop."""
        self._running = asyncio.create_task(self._run())
        self._sweeping = asyncio.create_task(self._sweep())

    async def connected(self, timeout_s: float) -> bool:
        """Wait until the core can be reached."""
        try:
            await asyncio.wait_for(self._connected.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    @property
    def ready(self) -> bool:
        """The core can be reached."""
        return self._connected.is_set()

    async def stop(self) -> None:
        """Close the connection; what is on its way is answered as unknown."""
        for task in (self._running, self._sweeping):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if self._writer is not None:
            self._writer.close()
        for number in tuple(self._open):
            self._finish(number, unavailable())

    async def submit(self, command: Command) -> Answer:
        """Decide and record one command; the answer comes after the commit."""
        return await self.send(command)

    def send(self, command: Command) -> asyncio.Future[Answer]:
        """Send one command; the future gets its answer, and never an exception."""
        return self._send(command)

    def send_parcels(self, request: LodgeParcels) -> asyncio.Future[ParcelsAnswer]:
        """Send parcels; the future gets what became of each, and never an exception."""
        return self._send(request)

    def _send(self, command: Command | LodgeParcels) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        self._number += 1
        future: asyncio.Future[Any] = loop.create_future()
        self._open[self._number] = _Open(command, future, time.monotonic() + self._patience_s)
        self._outgoing.append((self._number, command))
        if not self._flushing:
            self._flushing = True
            loop.call_soon(self._flush)
        return future

    async def statistics(self) -> dict[str, Any]:
        """Return counters of the core; empty where it cannot be reached."""
        if self._writer is None:
            return {}
        self._number += 1
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[self._number] = future
        self._writer.write(frame(StatisticsWanted(self._number)))
        try:
            return await asyncio.wait_for(future, 2.0)
        except TimeoutError:
            return {}
        finally:
            self._asked.pop(self._number, None)

    def _flush(self) -> None:
        self._flushing = False
        if self._writer is None or not self._outgoing:
            return
        items, self._outgoing = self._outgoing, []
        commands = [(number, one) for number, one in items if not isinstance(one, LodgeParcels)]
        parcels = [(number, one) for number, one in items if isinstance(one, LodgeParcels)]
        if commands:
            self._write(Submitted(commands))
        if parcels:
            self._write(ParcelsSubmitted(parcels))

    def _write(self, message: Submitted | ParcelsSubmitted) -> None:
        try:
            if self._writer is not None:
                self._writer.write(frame(message))
        except FrameError:
            for item in message.items:  # a frame too large for many may do for one
                self._send_alone(item)

    def _send_alone(self, item: tuple[int, Command | LodgeParcels]) -> None:
        number, one = item
        alone = ParcelsSubmitted([(number, one)]) if isinstance(one, LodgeParcels) else Submitted([(number, one)])
        try:
            if self._writer is not None:
                self._writer.write(frame(alone))
        except FrameError as error:
            self._finish(item[0], _too_large(str(error)))

    async def _run(self) -> None:
        pause = 0.02
        while True:
            try:
                reader, self._writer = await asyncio.open_unix_connection(str(self._socket), limit=2**20)
            except OSError:
                await asyncio.sleep(pause)
                pause = min(0.5, pause * 1.5)
                continue
            pause = 0.02
            self._connected.set()
            self._again()
            try:
                await self._listen(reader)
            except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
                log.warning("the core is gone (%s); connecting again", type(error).__name__)
            finally:
                self._connected.clear()
                self._writer.close()
                self._writer = None

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            message = from_core.decode(await read_frame(reader))
            if isinstance(message, Answered):
                for number, answer in message.items:
                    self._finish(number, answer)
            elif isinstance(message, ParcelsAnswered):
                for number, told in message.items:
                    self._finish(number, told)
            elif isinstance(message, Statistics) and (asked := self._asked.pop(message.number, None)) is not None:
                asked.set_result(message.values)

    def _again(self) -> None:
        """Send again what was on its way when the core died; what waits here goes with it."""
        waiting = {number for number, _ in self._outgoing}
        for number, entry in tuple(self._open.items()):
            if number not in waiting and not _done_once(entry.command):
                self._finish(number, unavailable())
        self._outgoing = [(number, entry.command) for number, entry in self._open.items()]
        self._flush()

    async def _sweep(self) -> None:
        """Answer as unknown what nobody answered in time."""
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for number, entry in tuple(self._open.items()):
                if entry.end < now:
                    self._outgoing = [item for item in self._outgoing if item[0] != number]
                    self._finish(number, unavailable())

    def _finish(self, number: int, answer: Answer | ParcelsAnswer) -> None:
        entry = self._open.pop(number, None)
        if entry is not None and not entry.future.done():
            if isinstance(entry.command, LodgeParcels) and isinstance(answer, Answer):
                answer = _of_parcels(answer)
            entry.future.set_result(answer)


def _done_once(command: Command | LodgeParcels) -> bool:
    """Tell whether a command that is sent twice is done once, and answered twice."""
    return isinstance(command, Lodge | LodgeParcels) or getattr(command, "key", None) is not None


def _of_parcels(answer: Answer) -> ParcelsAnswer:
    """Return why parcels got no answer of the core."""
    if answer.http_status != 413 or answer.error is None:
        return parcels_unavailable()
    error = answer.error
    return request_fault(
        error.code,
        error.message,
        where="body",
        expected=error.expected or "",
        got=error.got or "",
        fix=error.fix or "",
        status=413,
    )


def _too_large(got: str) -> Answer:
    return refused(
        "OECP-TOO-LARGE",
        "The message is too large to be worked.",
        status=413,
        expected="a smaller message",
        got=got,
        fix="Split it.",
    )
