# SPDX-License-Identifier: Apache-2.0
"""Wires the work of risk: audits after release, words of goods, what parcels are worth."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from openecp.border.risk.audit.sample import DRAWS, audit_plan
from openecp.platform.core.audit_desk import AuditDesk
from openecp.platform.core.audit_work import AuditCasework

if TYPE_CHECKING:
    from openecp.border.risk.typologies.parcel_rows import Worth
    from openecp.kernel.profile import Profile

AUDIT_S = 60.0  # audits are opened and overdue ones told so often


def audit_casework(installation: Any, store: Any) -> AuditCasework:
    """Return what decides commands about audits.

    Raises: ProfileError.
    """
    profile = installation.profile
    master = b""

    def draw(declaration: str) -> int:  # of a declaration whose selection had no draw of its own
        nonlocal master
        master = master or hmac.new(installation.selection_secret(), b"openecp audits", hashlib.sha256).digest()
        return int.from_bytes(hmac.new(master, declaration.encode(), hashlib.sha256).digest()[:8], "big") % DRAWS

    return AuditCasework(store, audit_plan(profile), draw=draw, currency=profile.currency)


def audit_desk(installation: Any, store: Any) -> AuditDesk:
    """Return the desk of audits.

    Raises: ProfileError.
    """
    return AuditDesk(store, audit_casework(installation, store))


def with_words(here: Any, sight: Any, criteria: Sequence[dict[str, str]]) -> Any:
    """Return what looks at items; it asks the text model too where an active criterion reads what that says."""
    from openecp.platform.core.risk_sight_words import COLUMN, SightOfWords, described_rank

    rows = [*criteria, *here.profile.table("risk_criteria")]
    if sight is None or not any(COLUMN in (row.get("condition") or "") for row in rows):
        return sight
    return SightOfWords(sight, described_rank())


def worth_of(profile: Profile) -> Worth:
    """Return what turns amounts of parcels into minor units of the national currency; None without a rate of the day.

    Raises: ProfileError.
    """
    from openecp.border.valuation.reference import exchange_rates

    rates = exchange_rates(profile)

    def worth(currency: str, micro: int, day: date) -> int | None:
        for name, rate, first, last in rates:
            if name == currency and first <= day <= last:
                return int(Decimal(micro) * rate / 100)  # the rate is for 1/10,000 of the main unit
        return None

    return worth


def audit_ticks(installation: Any, store: Any) -> list[tuple[str, float, Callable[[], None]]]:
    """Return what goes on with audits by the clock.

    Raises: ProfileError.
    """
    return [("audits", AUDIT_S, audit_desk(installation, store).tick)]
