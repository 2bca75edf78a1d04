# SPDX-License-Identifier: Apache-2.0
"""Documents that were uploaded and not accepted yet: kept for a while, each for the person who sent it alone.

Limits: 20 MB a document, 8 documents and 60 MB in all, one hour; the oldest go first. A restart forgets them.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

import msgspec

BYTES_MAX = 20_000_000
KEPT_MAX = 8
KEPT_BYTES_MAX = 60_000_000
KEPT_S = 3600.0


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it was sent."""

    name: str
    content: bytes
    sha256: str
    at: float


class Uploads:
    """Documents by person and hash."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Upload] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, person: str, name: str, content: bytes, now: float) -> Upload:
        """Keep a document and return it."""
        upload = Upload(name=name[:200], content=content, sha256=hashlib.sha256(content).hexdigest(), at=now)
        with self._lock:
            self._kept[person, upload.sha256] = upload
            self._kept.move_to_end((person, upload.sha256))
            while len(self._kept) > KEPT_MAX or sum(len(each.content) for each in self._kept.values()) > KEPT_BYTES_MAX:
                self._kept.popitem(last=False)
        return upload

    def find(self, person: str, sha256: str, now: float) -> Upload | None:
        """Return a document that this person sent within the hour."""
        with self._lock:
            found = self._kept.get((person, sha256))
            return found if found is not None and now - found.at <= KEPT_S else None

    def forget(self, person: str, sha256: str) -> None:
        """Forget a document: it was accepted."""
        with self._lock:
            self._kept.pop((person, sha256), None)
