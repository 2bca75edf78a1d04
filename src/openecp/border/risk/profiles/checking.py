# SPDX-License-Identifier: Apache-2.0
"""Checks a profile before it is recorded, and the budget of those that are active; makes criteria of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

from openecp.border.risk.profiles.compiled import CONDITIONS_MAX, KEYLESS_MAX, Criteria, compile_predicate
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.predicate import read_predicate
from openecp.border.risk.profiles.profile import PROFILE_ID, RiskProfile

ACTIVE_MAX, DAYS_MAX = 2_000, 731
_TEXTS = {"name": 120, "purpose": 2_000, "legal_basis": 400, "instructions": 4_000}


def check_profile(profile: RiskProfile, *, today: date) -> Criteria:
    """Return what a profile compiles to.

    Raises: ProfileRefused for the first thing that is wrong.
    """
    if not PROFILE_ID.fullmatch(profile.id):
        raise _field("id", "3 to 40 capitals, digits and hyphens, a letter first", profile.id, "Choose such an id.")
    for name, most in _TEXTS.items():
        text = getattr(profile, name)
        if not 3 <= len(text.strip()) <= most or "\x00" in text:
            raise _field(name, f"3 to {most} characters", f"{len(text.strip())}", "Say it.")
    if profile.expires_on < profile.valid_from:
        raise _field("expires_on", f"a day from {profile.valid_from} on", str(profile.expires_on), "Correct the days.")
    if (profile.expires_on - profile.valid_from).days > DAYS_MAX:
        raise _field("expires_on", f"at most {DAYS_MAX} days after valid_from", str(profile.expires_on),
                     "Set a nearer day; a new version prolongs it.")  # fmt: skip
    if profile.expires_on < today:
        raise _field("expires_on", f"a day from {today} on", str(profile.expires_on), "Set a later day.")
    if not 1 <= profile.priority <= 1000:
        raise _field("priority", "1 to 1000", str(profile.priority), "Correct it.")
    if not profile.percentage.is_finite() or not Decimal("0.0001") <= profile.percentage <= 100:
        raise _field("percentage", "0.0001 to 100", str(profile.percentage), "Correct it.")
    return compiled(profile.predicate)


@lru_cache(maxsize=4_096)
def compiled(predicate: str) -> Criteria:
    """Return what a predicate compiles to; each is worked out once.

    Raises: ProfileRefused.
    """
    return compile_predicate(read_predicate(predicate))


def check_budget(profiles: Sequence[tuple[str, Criteria]], more: tuple[str, Criteria]) -> str:
    """Return how much of the budget is used once `more` is active too, in words.

    Raises: ProfileRefused where it does not suffice.
    """
    others = [criteria for name, criteria in profiles if name != more[0]]
    conditions = sum(each.conditions for each in others) + more[1].conditions
    keyless = sum(each.keyless for each in others) + more[1].keyless
    told = f"{conditions} of {CONDITIONS_MAX} conditions, {keyless} of {KEYLESS_MAX} rows without a key"
    if more[1].conditions and conditions > CONDITIONS_MAX:
        raise _field("predicate", f"at most {CONDITIONS_MAX} conditions of all active profiles", str(conditions),
                     "Use = IN LIKE 'x%' and limits of value and mass, which cost nothing.")  # fmt: skip
    if more[1].keyless and keyless > KEYLESS_MAX:
        raise _field("predicate", f"at most {KEYLESS_MAX} rows without a key in all active profiles", str(keyless),
                     "Name goods, a party, a procedure or an origin; or retire a profile.")  # fmt: skip
    if len(others) >= ACTIVE_MAX:
        raise _field("profiles", f"at most {ACTIVE_MAX} active", str(len(others) + 1), "Retire one.")
    return told


def criteria_rows(profile: RiskProfile, version: int, criteria: Criteria, *, owner: str) -> list[dict[str, str]]:
    """Return the rows that the pipeline reads beside those of risk_criteria.csv."""
    millionths = profile.share_millionths()
    return [
        {
            **row, "criterion": profile.id, "version": str(version), "channel": profile.lane,
            "share": f"{millionths / 1_000_000:.6f}", "reason_en": f"{profile.name}: {profile.purpose}"[:400],
            "instructions_en": profile.instructions, "valid_from": profile.valid_from.isoformat(),
            "valid_to": profile.expires_on.isoformat(), "owner": owner,
        }
        for row in criteria.rows
    ]  # fmt: skip


def _field(where: str, expected: str, got: str, fix: str) -> ProfileRefused:
    return ProfileRefused("The profile cannot be used.", where=where, expected=expected, got=got[:200], fix=fix)
