# SPDX-License-Identifier: Apache-2.0
"""What a decision is made with: everything that is not in the case or the command comes in here as a value.

There is no clock, no database and no randomness behind it: the caller gives the time as text, and sources for ids,
MRN serials and salts that a test can replace by counters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from openecp.border.lodgement.commands import Answer
from openecp.border.lodgement.lifecycle import CLOCKS
from openecp.kernel.assessment.reasons import Assessment, Reason
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.response import Bank
from openecp.kernel.journal.model import CaseWrite
from openecp.kernel.ledger.settlement import Funds, Settle


class Profile(Protocol):
    """The part of a profile that casework reads."""

    settings: dict[str, Any]

    def table(self, name: str) -> list[dict[str, str]]: ...


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What one command changes (None where it is refused) and the answer to it."""

    write: CaseWrite | None
    answer: Answer


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """The world at the moment of a decision.

    `declaration` is the declaration of the case as it stands now (for officer acts and requests), `requests` the
    request messages that are open or not announced yet, by document id, `assessment` the assessment that
    `to_assess` asked for, `amended` the declaration that it was made for.
    """

    profile: Profile
    now: str
    new_id: Callable[[], str]
    mrn_serial: Callable[[], str]
    salt: Callable[[], bytes]
    settle: Settle
    assessment: Assessment | None = None
    declaration: Declaration | None = None
    requests: Mapping[str, Declaration] = {}
    representation: tuple[Reason, ...] = ()  # faults of representation, where the pipeline has not found them
    funds: Mapping[str, Funds] = {}  # what accounts still cover, by declared number
    last_seq: int = 0  # of the case's stream
    keep_assessment: bool = True


def setting(profile: Profile, *path: str, default: Any = None) -> Any:
    """Return a setting of a section, or `default`."""
    value: Any = profile.settings
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return default
        value = value[step]
    return value


def error_code(profile: Profile, rule: str) -> str:
    """Return the administration's own code for one of our rules: `[error_codes]` of profile.toml, else our own."""
    own = f"OECP-{rule.upper().replace('_', '-')}"
    return str(setting(profile, "error_codes", rule, default=own))


def bank(profile: Profile) -> Bank | None:
    """Return the bank account to pay to, from `[bank]` of profile.toml."""
    named = setting(profile, "bank")
    if not isinstance(named, dict):
        return None
    return Bank(reference_id=named.get("reference_id"), id=named.get("id"))


def exponent(profile: Profile) -> int:
    """Return the decimals of the administration's currency."""
    return int(setting(profile, "currency_exponent", default=2))


def plus_days(now: str, days: float) -> str:
    """Return a UTC time so many days later, as the journal writes it."""
    moment = datetime.fromisoformat(now.replace("Z", "+00:00")) + timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def due(profile: Profile, clock: str, now: str) -> str:
    """Return when a clock that starts now runs out."""
    name, days = CLOCKS[clock]
    return plus_days(now, float(setting(profile, "clocks", name, default=days)))


def type_row(profile: Profile, type_code: str | None) -> dict[str, str]:
    """Return the row of `type_codes.csv` for a declaration type, empty where it is not listed."""
    for row in profile.table("type_codes"):
        if row.get("type_code") == type_code:
            return row
    return {}


def plain(text: str | None, limit: int) -> str:
    """Return text that may stand in a record: without control characters, cut to `limit`."""
    if not text:
        return ""
    if text.isprintable() and len(text) <= limit:
        return text
    return "".join(letter for letter in text if letter.isprintable())[:limit]


def account_references(declaration: Declaration | None, profile: Profile) -> dict[str, str]:
    """Return the numbers of accounts that a declaration names: deferment account and guarantee."""
    if declaration is None:
        return {}
    found: dict[str, str] = {}
    wanted = setting(profile, "payment", "deferment_document", default="1DAN")
    for document in declaration.additional_document:
        if f"{document.category_code or ''}{document.type_code or ''}" == wanted and document.id:
            found.setdefault("deferment", document.id)
    for guarantee in declaration.obligation_guarantee:
        number = guarantee.reference_id or guarantee.id
        if number:
            found.setdefault("guarantee", number)
    return found
