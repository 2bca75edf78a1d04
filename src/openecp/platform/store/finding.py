# SPDX-License-Identifier: Apache-2.0
"""How a place is named where the journal is not what was recorded."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One place where the journal is not what was recorded."""

    what: str  # "event", "sequence", "tree node", "frontier", "checkpoint", "document", "ledger", "face",
    # "parcel", "parcel batch"
    seq: int | None
    expected: str
    got: str
    where: str = ""

    def __str__(self) -> str:
        """Return the finding in words."""
        place = f" {self.where}" if self.where else ""
        at = f" at seq {self.seq}" if self.seq is not None else ""
        return f"{self.what}{place}{at}: expected {self.expected}, got {self.got}"
