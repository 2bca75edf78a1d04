# SPDX-License-Identifier: Apache-2.0
"""The core process: a Unix socket before the clearance line; commands in, answers out, many in one frame."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openecp.kernel.casework.answer import Answer
from openecp.platform.core.frames import (
    Answered,
    FrameError,
    FromCore,
    ParcelsAnswered,
    ParcelsSubmitted,
    Statistics,
    StatisticsWanted,
    frame,
    read_frame,
    to_core,
)
from openecp.platform.core.line import ClearanceLine
from openecp.platform.core.parcel_line import ParcelLine
from openecp.platform.core.parcel_model import ParcelsAnswer
from openecp.platform.core.parceldesk import busy

log = logging.getLogger("openecp.core")
_ANSWERS_A_FRAME = 200


class CoreServer:
    """Serves the clearance line on a Unix socket."""

    def __init__(
        self,
        line: ClearanceLine,
        socket: Path,
        statistics: Callable[[], dict[str, Any]],
        parcels: ParcelLine | None = None,
    ) -> None:
        self._line = line
        self._parcels = parcels
        self._socket = socket
        self._statistics = statistics
        self._connections: set[asyncio.StreamWriter] = set()

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until `stop`; then take nothing more, work off what waits, and answer it."""
        self._socket.parent.mkdir(parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._converse, path=str(self._socket), limit=2**20, backlog=64)
        finally:
            os.umask(before)
        self._line.start()
        if self._parcels is not None:
            self._parcels.start()
        watching = asyncio.create_task(self._watch(stop))
        try:
            await stop.wait()
        finally:
            server.close()
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, self._line.stop)
            if self._parcels is not None:
                await loop.run_in_executor(None, self._parcels.stop)
            await asyncio.sleep(0.05)  # the last answers leave
            watching.cancel()
            for writer in tuple(self._connections):
                writer.close()
            self._socket.unlink(missing_ok=True)

    async def _watch(self, stop: asyncio.Event) -> None:
        """End the process where one of the threads has died: the supervisor starts a new one."""
        while not stop.is_set():
            await asyncio.sleep(1)
            alive = self._line.alive and (self._parcels is None or self._parcels.alive)
            if not stop.is_set() and not alive:  # at a stop the threads end one after the other
                log.error("a thread of the core has died")
                os._exit(70)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        self._connections.add(writer)

        def send(message: FromCore) -> None:
            if not writer.is_closing():
                writer.write(frame(message))

        def give(items: list[tuple[int, Answer]]) -> None:
            for start in range(0, len(items), _ANSWERS_A_FRAME):
                loop.call_soon_threadsafe(send, Answered(items[start : start + _ANSWERS_A_FRAME]))

        def give_parcels(items: list[tuple[int, ParcelsAnswer]]) -> None:
            for start in range(0, len(items), _ANSWERS_A_FRAME):
                loop.call_soon_threadsafe(send, ParcelsAnswered(items[start : start + _ANSWERS_A_FRAME]))

        try:
            while True:
                message = to_core.decode(await read_frame(reader))
                if isinstance(message, StatisticsWanted):
                    send(Statistics(message.number, self._statistics()))
                elif isinstance(message, ParcelsSubmitted):
                    if self._parcels is None:
                        give_parcels([(number, busy()) for number, _ in message.items])
                    else:
                        self._parcels.submit(message.items, give_parcels)
                else:
                    self._line.submit(message.items, give)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (FrameError, ValueError) as error:
            log.error("a frame that cannot be read ends the connection: %s", error)
        finally:
            self._connections.discard(writer)
            writer.close()


async def serve_until_signal(server: CoreServer) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    await server.serve(stop)
