# SPDX-License-Identifier: Apache-2.0
"""The web process: Granian, one worker, one event loop, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from openecp.platform.core.settings import Settings

Application = Callable[[Any, Any, Any], Awaitable[None]]


async def serve_web(application: Application, settings: Settings, ready: Callable[[], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    server = Server(
        application,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGINL,
        backlog=2048,
        backpressure=settings.max_connections,
        http1_settings=HTTP1Settings(
            header_read_timeout=30_000, max_buffer_size=max(8192, settings.max_header_bytes * 4)
        ),
        websockets=False,
        log_enabled=False,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    if ready is not None:
        ready()
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        server.stop()  # type: ignore[no-untyped-call]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(serving, 10)
    elif (error := serving.exception()) is not None:
        raise error
