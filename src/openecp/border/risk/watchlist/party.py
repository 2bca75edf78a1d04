# SPDX-License-Identifier: Apache-2.0
"""Who is looked for and who is on a list, in one shape; and how either is called by one fingerprint.

Source: FollowTheMoney schema (names of properties and kinds). Limits: names of 500 characters, 200 names an entry.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from openecp.border.risk.watchlist.plain import plain_names
from openecp.kernel.parties.entity_key import identifier_forms

Kind = Literal["Person", "Company", "Organization", "LegalEntity", "Vessel", "Address", ""]
KINDS: tuple[Kind, ...] = ("Person", "Company", "Organization", "LegalEntity", "Vessel", "Address")
NAME_MAX, NAMES_MAX = 500, 200
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who a declaration or parcel names, as far as lists go; an empty `kind` is compared with every kind."""

    name: str
    kind: Kind = ""
    birth_date: str = ""  # 1970, 1970-05 or 1970-05-14; of a firm when it was founded
    countries: tuple[str, ...] = ()  # ISO 3166-1 alpha-2
    identifiers: tuple[str, ...] = ()
    address: str = ""

    def identity(self) -> str:
        """Return what makes this party the same one again, its name in plain form; personal data, to be hashed."""
        numbers = sorted(set(filter(None, identifier_forms(self.identifiers)))) if self.identifiers else []
        name = plain_names([self.name[:NAME_MAX]], person=self.kind in ("", "Person"))[0].key
        parts = [self.kind, name, self.birth_date, ",".join(sorted(self.countries)), self.address.strip()]
        return "watch\x1f" + "\x1f".join([*parts, *numbers])


def party_of(row: Mapping[str, str]) -> Party:
    """Return a party from the cells of a row; a kind or date that is none is left out."""
    kind = row.get("kind", "")
    return Party(
        name=row.get("name", ""),
        kind=next((one for one in KINDS if one.lower() == kind.lower()), ""),
        birth_date=read_day(row.get("birth_date", "")) or "",
        address=row.get("address", "")[:400],
    )


class ListEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a list: who it is, under which names, and what else the list says of them."""

    entry_id: str
    kind: Kind
    names: tuple[str, ...]  # the first is the one that is shown
    birth_dates: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What changes when anything in the entry does: SHA-256 in hexadecimal."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


def entries_digest(entries: Iterable[ListEntry]) -> str:
    """Return the digest of a list, whatever the order of its entries."""
    return hashlib.sha256("\n".join(sorted(entry.digest for entry in entries)).encode()).hexdigest()


def read_day(text: str) -> str | None:
    """Return a date as it is kept (year, month or day), None where it is none."""
    text = text.strip()[:10]
    found = _DATE.fullmatch(text)
    if found is None or not 1000 <= int(found[1]) <= 2999:
        return None
    if (found[2] and not 1 <= int(found[2]) <= 12) or (found[3] and not 1 <= int(found[3]) <= 31):
        return None
    return text


def shown(text: str) -> str:
    """Return a text for a page or terminal: no control signs, no marks that turn the direction, at most 200 signs."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:200]).strip()
