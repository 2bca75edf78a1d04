# SPDX-License-Identifier: Apache-2.0
"""Where ids, MRN serials and salts come from in a running installation; tests give their own.

Source: RFC 9562 (UUID version 7).
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

_POOL_BYTES = 16_384
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Randomness:
    """Ids and salts; belongs to one thread of one process."""

    def __init__(self, source: Callable[[int], bytes] = os.urandom) -> None:
        self._source = source
        self._bits = random.Random(source(32)).getrandbits  # noqa: S311 - ids are names, not secrets
        self._pool = b""
        self._at = _POOL_BYTES

    def salt(self) -> bytes:
        """Return 16 secret random bytes, never the same ones twice."""
        at = self._at
        if at >= _POOL_BYTES:
            self._pool, at = self._source(_POOL_BYTES), 0
        self._at = at + 16
        return self._pool[at : at + 16]

    def uuid7(self) -> str:
        """Return a new UUID of version 7: time first, so that it sorts by age."""
        moment, bits = time.time_ns() // 1_000_000, self._bits(74)
        return (
            f"{moment >> 16:08x}-{moment & 0xFFFF:04x}-7{bits >> 62:03x}-"
            f"{0x8000 | (bits >> 48) & 0x3FFF:04x}-{bits & 0xFFFFFFFFFFFF:012x}"
        )


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
