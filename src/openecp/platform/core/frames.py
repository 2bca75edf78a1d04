# SPDX-License-Identifier: Apache-2.0
"""Frames between web and core: four bytes of length (big-endian), then msgpack.

Limits: 64 MiB a frame.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from openecp.kernel.casework.answer import Answer
from openecp.platform.core.model import Command
from openecp.platform.core.parcel_model import LodgeParcels, ParcelsAnswer

MAX_FRAME_BYTES = 64 * 1024 * 1024


class Submitted(msgspec.Struct, frozen=True, array_like=True, tag="s"):
    """Commands of one turn of the web's loop, each with the number under which it wants its answer."""

    items: list[tuple[int, Command]]


class StatisticsWanted(msgspec.Struct, frozen=True, array_like=True, tag="w"):
    """Counters wanted."""

    number: int


class Answered(msgspec.Struct, frozen=True, array_like=True, tag="a"):
    """Answers of one batch."""

    items: list[tuple[int, Answer]]


class Statistics(msgspec.Struct, frozen=True, array_like=True, tag="t"):
    """Counters of the core."""

    number: int
    values: dict[str, Any]


class ParcelsSubmitted(msgspec.Struct, frozen=True, array_like=True, tag="p"):
    """Parcels of one turn of the web's loop, request by request."""

    items: list[tuple[int, LodgeParcels]]


class ParcelsAnswered(msgspec.Struct, frozen=True, array_like=True, tag="q"):
    """What became of the parcels of some requests."""

    items: list[tuple[int, ParcelsAnswer]]


ToCore = Submitted | StatisticsWanted | ParcelsSubmitted
FromCore = Answered | Statistics | ParcelsAnswered

_encoder = msgspec.msgpack.Encoder()
to_core = msgspec.msgpack.Decoder(ToCore)
from_core = msgspec.msgpack.Decoder(FromCore)


class FrameError(ConnectionError):
    """The other side sent a frame that cannot be one."""


def frame(message: ToCore | FromCore) -> bytes:
    """Return a message as a frame.

    Raises: FrameError where it is larger than a frame may be.
    """
    body = _encoder.encode(message)
    if len(body) > MAX_FRAME_BYTES:
        raise FrameError(f"frame: expected at most {MAX_FRAME_BYTES} bytes, got {len(body)}")
    return len(body).to_bytes(4, "big") + body


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Return the body of the next frame.

    Raises: FrameError, asyncio.IncompleteReadError at the end of the connection.
    """
    length = int.from_bytes(await reader.readexactly(4), "big")
    if length > MAX_FRAME_BYTES:
        raise FrameError(f"frame: expected at most {MAX_FRAME_BYTES} bytes, got {length}")
    return await reader.readexactly(length)
