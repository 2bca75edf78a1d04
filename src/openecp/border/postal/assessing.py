# SPDX-License-Identifier: Apache-2.0
"""What the post's room asks of whoever charges parcels, and what it gets: it knows no regime and no rate itself."""

from __future__ import annotations

from datetime import date
from typing import Literal, Protocol

import msgspec

from openecp.border.postal.item import PostalItem
from openecp.border.postal.response import ResponseReason

Outcome = Literal["release", "release_with_charges", "hold_for_documents"]


class PostalCharge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One charge on one content piece: an amount in minor units, who collects it into which account, and when."""

    piece: int  # from 1
    type: Literal["duty", "tax"]
    minor: int
    by: str  # seller, post, express, broker, buyer
    due: str  # sale, border, return
    account: str  # of the collector: collector:post:<id>:<currency>
    base: str | None = None
    rate: str | None = None


class PostalAssessment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the charges of an item come to, and what follows from them.

    `booked` says that whoever assessed has entered the charges in the ledger already.
    """

    outcome: Outcome
    jurisdiction: str
    currency: str
    exponent: int = 2
    regime: str | None = None
    category: int | None = None
    charges: tuple[PostalCharge, ...] = ()
    reasons: tuple[ResponseReason, ...] = ()
    booked: bool = False

    def minor(self, kind: str) -> int:
        """Return what all charges of a type come to."""
        return sum(charge.minor for charge in self.charges if charge.type == kind)


class PostalAssessor(Protocol):
    """Charges an item under the law of a day; wired by the installation."""

    def assess(self, item: PostalItem, on: date, post: str) -> PostalAssessment:
        """Return what an item costs that this post presents.

        What stands in the way of charging it holds it, and the reasons say what.
        """


def amount_text(minor: int, exponent: int) -> str:
    """Return minor units as decimal text."""
    if exponent == 0:
        return str(minor)
    main, rest = divmod(abs(minor), 10**exponent)
    return f"{'-' if minor < 0 else ''}{main}.{rest:0{exponent}d}"
