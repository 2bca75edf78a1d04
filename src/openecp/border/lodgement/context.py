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

from openecp.border.lodgement.lifecycle import CLOCKS
from openecp.kernel.assessment.reasons import Assessment, Reason
from openecp.kernel.casework.answer import Answer
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


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What casework reads again and again of a profile, read once."""

    bank: Bank | None  # to pay to, `[bank]`
    exponent: int  # decimals of the currency
    silent: frozenset[str]  # data sets without tax notice where nothing is due, `[notifications] no_tax_notice_for`
    red_asks_documents: bool  # `[control]`
    release_wait_s: float  # `[clocks]`
    exit_followed: bool  # `[exit] followed`
    deferment_document: str  # `[payment]`: category and type of the header document that names a deferment account
    country: str  # of MRNs
    mrn_letters: dict[str, str]  # place 17 of an MRN, by movement
    mrn_letters_by_data_set: dict[str, str]
    mrn_letters_by_type: dict[str, str]
    types: dict[str, dict[str, str]]  # type_codes.csv by type code


_rules: dict[int, tuple[Profile, Rules]] = {}
_RULES_KEPT = 8  # profiles in use at once


def rules_of(profile: Profile) -> Rules:
    """Return what casework reads of a profile; read when the profile is first met."""
    known = _rules.get(id(profile))
    if known is not None and known[0] is profile:
        return known[1]
    if len(_rules) >= _RULES_KEPT:
        _rules.clear()
    rules = _read_rules(profile)
    _rules[id(profile)] = (profile, rules)
    return rules


def _read_rules(profile: Profile) -> Rules:
    named = setting(profile, "bank")
    mrn = setting(profile, "mrn", default={})
    plain_letters = {name: letter for name, letter in mrn.items() if isinstance(letter, str) and len(letter) == 1}
    return Rules(
        bank=Bank(reference_id=named.get("reference_id"), id=named.get("id")) if isinstance(named, dict) else None,
        exponent=int(setting(profile, "currency_exponent", default=2)),
        silent=frozenset(setting(profile, "notifications", "no_tax_notice_for", default=())),
        red_asks_documents=bool(setting(profile, "control", "red_asks_documents", default=True)),
        release_wait_s=float(setting(profile, "clocks", "release_wait_s", default=0)),
        exit_followed=bool(setting(profile, "exit", "followed", default=True)),
        deferment_document=str(setting(profile, "payment", "deferment_document", default="1DAN")),
        country=str(mrn.get("country") or setting(profile, "country", default="XX")),
        mrn_letters=plain_letters | mrn.get("letters", {}),
        mrn_letters_by_data_set=dict(mrn.get("data_set_letters", {})),
        mrn_letters_by_type=dict(mrn.get("type_letters", {})),
        types={row.get("type_code", ""): row for row in profile.table("type_codes")},
    )


def plus_days(now: str, days: float) -> str:
    """Return a UTC time so many days later, as the journal writes it."""
    moment = datetime.fromisoformat(now.replace("Z", "+00:00")) + timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def due(profile: Profile, clock: str, now: str) -> str:
    """Return when a clock that starts now runs out."""
    name, days = CLOCKS[clock]
    return plus_days(now, float(setting(profile, "clocks", name, default=days)))


def plain(text: str | None, limit: int) -> str:
    """Return text that may stand in a record: without control characters, cut to `limit`."""
    if not text:
        return ""
    if text.isprintable() and len(text) <= limit:
        return text
    return "".join(letter for letter in text if letter.isprintable())[:limit]


def account_references(declaration: Declaration | None, rules: Rules) -> dict[str, str]:
    """Return the numbers of accounts that a declaration names: deferment account and guarantee."""
    if declaration is None:
        return {}
    found: dict[str, str] = {}
    for document in declaration.additional_document:
        if f"{document.category_code or ''}{document.type_code or ''}" == rules.deferment_document and document.id:
            found.setdefault("deferment", document.id)
    for guarantee in declaration.obligation_guarantee:
        number = guarantee.reference_id or guarantee.id
        if number:
            found.setdefault("guarantee", number)
    return found
