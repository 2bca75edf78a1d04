# SPDX-License-Identifier: Apache-2.0
"""The table of Members and their regions that an installation loads: for names, and for response rates by region.

Limits: 500 rows. The columns `iso2`, `wco_region`, `name_en` and `name_fr` are read; others are left alone.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import msgspec

MEMBERS_MAX = 500
COLUMNS = ("iso2", "wco_region", "name_en", "name_fr")
_CODE = re.compile(r"[A-Z]{2,3}")
_REGION = re.compile(r"[A-Z]{2,8}")


class MembersError(ValueError):
    """A table of Members cannot be used: says where, what was wanted, what was got and what to do."""


class Member(msgspec.Struct, frozen=True):
    """A Member: code, region, names."""

    code: str
    region: str
    en: str
    fr: str


class MemberTable(msgspec.Struct, frozen=True, kw_only=True):
    """The table as it was loaded, with the hash of its file."""

    members: tuple[Member, ...] = ()
    source: str = ""
    sha256: str = ""
    on: str = ""

    def by_code(self) -> dict[str, Member]:
        """Return Members by code."""
        return {member.code: member for member in self.members}


def read_members(content: bytes, source: str) -> tuple[tuple[str, str, str, str], ...]:
    """Return code, region and names of each Member in a CSV file.

    Raises: MembersError.
    """
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        rows: list[dict[str, Any]] = [] if lacking else list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise MembersError(f"{source}: expected a CSV file in UTF-8, got {error}. Save it as such.") from None
    if lacking:
        raise MembersError(f"{source}, line 1: expected the columns {', '.join(COLUMNS)}, got no {lacking[0]}. Add it.")
    found: dict[str, tuple[str, str, str, str]] = {}
    for number, row in enumerate(rows, start=2):
        code, region, english, french = ((row[name] or "").strip() for name in COLUMNS)
        where = f"{source}, line {number}"
        if not _CODE.fullmatch(code) or code in found:
            raise MembersError(f"{where}: expected a code of its own, two or three capitals, got {code!r}. Correct it.")
        if region and not _REGION.fullmatch(region):
            raise MembersError(f"{where}: expected a region code such as AP, or none, got {region!r}. Correct it.")
        if not english or not french or max(len(english), len(french)) > 120:
            raise MembersError(f"{where}: expected a name in English and in French, got {english!r}. Fill both in.")
        found[code] = (code, region, english, french)
        if len(found) > MEMBERS_MAX:
            raise MembersError(f"{where}: expected at most {MEMBERS_MAX} Members, got more. Shorten the table.")
    return tuple(found.values())


def table_of(body: dict[str, Any], on: str) -> MemberTable:
    """Return the table that a `MembersLoaded` event holds."""
    return MemberTable(
        members=tuple(Member(*row) for row in body["rows"]), source=body["source"], sha256=body["sha256"], on=on
    )
