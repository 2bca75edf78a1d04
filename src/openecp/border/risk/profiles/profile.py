# SPDX-License-Identifier: Apache-2.0
"""A risk profile: what is looked for, why, on which ground, how long, which lane, and what the control shall do."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec

from openecp.border.risk.profiles.fault import ProfileRefused

PROFILE_ID = re.compile(r"[A-Z][A-Z0-9-]{2,39}")


class RiskProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of a profile as its author writes it."""

    id: str
    name: str
    purpose: str
    legal_basis: str
    valid_from: date
    expires_on: date  # the last day on which it selects
    lane: Literal["blue", "yellow", "red"]
    predicate: str
    instructions: str
    priority: int = 100  # the lower, the earlier an officer sees it
    percentage: Decimal = Decimal(100)  # share of its hits that are selected

    def digest(self) -> str:
        """Return the SHA-256 of all that the author wrote."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def share_millionths(self) -> int:
        """Return the percentage as millionths."""
        return int(self.percentage * 10_000)


def profile_from(content: dict[str, Any], *, where: str) -> RiskProfile:
    """Return a profile out of fields that were read from a file or form.

    Raises: ProfileRefused.
    """
    try:
        return msgspec.convert(content, RiskProfile, strict=False)
    except msgspec.ValidationError as error:
        told = str(error)
        wanted = ", ".join(RiskProfile.__struct_fields__)
        raise ProfileRefused("The profile cannot be read.", where=where, expected=f"the fields {wanted}",
                             got=told[:200], fix="Correct the field.") from None  # fmt: skip
