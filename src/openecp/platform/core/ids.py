# SPDX-License-Identifier: Apache-2.0
"""Where ids, MRN serials and salts come from in a running installation; tests give their own.

Source: RFC 9562 (UUID version 7).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

_POOL_BYTES = 16_384
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Randomness:
    """Random bytes from the system, fetched many at a time; belongs to one thread."""

    def __init__(self, source: Callable[[int], bytes] = os.urandom) -> None:
        self._source = source
        self._pool = b""
        self._at = 0
        self._pid = os.getpid()

    def take(self, number: int) -> bytes:
        """Return so many random bytes, never the same ones twice."""
        if self._at + number > len(self._pool) or self._pid != os.getpid():
            self._pool, self._at, self._pid = self._source(_POOL_BYTES), 0, os.getpid()
        start = self._at
        self._at += number
        return self._pool[start : self._at]

    def salt(self) -> bytes:
        """Return a salt of 16 bytes."""
        return self.take(16)

    def uuid7(self) -> str:
        """Return a new UUID of version 7: time first, so that it sorts by age."""
        moment = time.time_ns() // 1_000_000
        number = int.from_bytes(self.take(10), "big")
        first = number >> 68  # 12 bits
        second = number & ((1 << 62) - 1)
        text = f"{moment & 0xFFFFFFFFFFFF:012x}7{first & 0xFFF:03x}{0x8000000000000000 | second:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class MrnSerials:
    """Serials of MRNs: the time in nanoseconds in base 36, always greater than the one before."""

    def __init__(self, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._clock_ns = clock_ns
        self._last = 0

    def __call__(self) -> str:
        """Return the next serial of 12 characters."""
        self._last = number = max(self._clock_ns(), self._last + 1)
        letters = []
        for _ in range(12):
            number, rest = divmod(number, 36)
            letters.append(_ALPHABET[rest])
        return "".join(reversed(letters))
