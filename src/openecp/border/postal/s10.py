# SPDX-License-Identifier: Apache-2.0
"""The identifier of a postal item: thirteen characters that say the kind of mail and the country that numbered it.

An identifier is used again after a year, so that an item is known by its identifier *and* its posting date.
Source: UPU standard S10, read from public descriptions; ../shared/corpus/ecommerce holds cases of others.
Limits: 60 characters as written; blanks may stand inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from openecp.border.postal.countries import COUNTRIES
from openecp.border.postal.faults import PostalFault, PostalRefused, shown

WRITTEN_MAX = 60
LENGTH = 13
WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
FORM = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}", re.ASCII)
_LETTER = re.compile(r"[A-Z]", re.ASCII)
_DIGIT = re.compile(r"[0-9]", re.ASCII)
_GROUPS = "two letters, nine digits, two letters, such as RB123456785GB"

Mail = Literal["letter", "parcel", "ems", "domestic", ""]
_MEANINGS: dict[str, tuple[Mail, str]] = {
    "C": ("parcel", "parcel"),
    "E": ("ems", "express (EMS)"),
    "H": ("parcel", "e-commerce parcel"),
    "L": ("letter", "tracked letter post"),
    "M": ("letter", "M-bag"),
    "R": ("letter", "registered letter post"),
    "U": ("letter", "letter post with goods, not tracked"),
    "V": ("letter", "insured letter post"),
}
_DOMESTIC: tuple[Mail, str] = ("domestic", "domestic or bilateral use")
_UNASSIGNED: tuple[Mail, str] = ("", "")


class S10(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier taken apart: service indicator with its meaning, serial number, check digit, country."""

    identifier: str  # without blanks
    service: str
    meaning: str  # empty where the indicator is not assigned
    mail: Mail
    serial: str
    check_digit: int
    country: str


def check_digit(serial: str) -> int:
    """Return the check digit of eight digits: 11 less the weighted sum modulo 11, where 10 is 0 and 11 is 5."""
    if len(serial) != 8 or not (serial.isascii() and serial.isdigit()):
        raise ValueError(f"serial: expected eight digits, got {shown(serial)}")
    found = 11 - sum(weight * int(digit) for weight, digit in zip(WEIGHTS, serial, strict=True)) % 11
    return {10: 0, 11: 5}.get(found, found)


def service_meaning(service: str) -> tuple[Mail, str]:
    """Return the kind of mail and the meaning of a service indicator; both empty where it is not assigned."""
    first, second = service[0], service[1]
    if first in _MEANINGS:
        return _MEANINGS[first]
    if first == "Q" and second <= "M":
        return ("letter", "international business reply (IBRS)")
    if first in "BDNPZ" or (first == "A" and second >= "V") or service in ("GA", "GD"):
        return _DOMESTIC
    return _UNASSIGNED


def s10_faults(
    text: str, where: str = "s10", countries: frozenset[str] = COUNTRIES
) -> tuple[S10 | None, list[PostalFault]]:
    """Return the identifier taken apart and all that is wrong with it; None where it cannot be one.

    An indicator that nobody has assigned is a warning, since the numbering post may be ahead of this table.
    """
    plain = "".join(text[:WRITTEN_MAX].split())
    broken = _form_fault(text, plain, where)
    if broken is not None:
        return None, [broken]
    serial, digit, country = plain[2:10], int(plain[10]), plain[11:]
    faults = []
    right = check_digit(serial)
    if digit != right:
        faults.append(
            _fault("CHECK-DIGIT", where, "The check digit does not fit the number.", f"{right} after {serial}",
                   f"{digit} in {plain}", "Look at the label again: a digit is wrong, or two have changed places.")
        )  # fmt: skip
    if country not in countries:
        faults.append(
            _fault("COUNTRY", where, "The last two letters are no country.", "a country code such as GB",
                   country, "Correct the country of the post that numbered the item.")
        )  # fmt: skip
    mail, meaning = service_meaning(plain[:2])
    if faults:
        return None, faults
    if not meaning:
        known = "C, E, H, L, M, Q (QA to QM), R, U, V; A (AV to AZ), B, D, N, P, Z, GA, GD"
        told = _fault("SERVICE", where, "The service indicator is not assigned.", known, plain[:2], "Check the label.")
        faults.append(msgspec.structs.replace(told, severity="warning"))
    item = S10(
        identifier=plain,
        service=plain[:2],
        meaning=meaning,
        mail=mail,
        serial=serial,
        check_digit=digit,
        country=country,
    )
    return item, faults


def parse_s10(text: str, where: str = "s10", countries: frozenset[str] = COUNTRIES) -> S10:
    """Return the identifier taken apart.

    Raises: PostalRefused with all that is wrong.
    """
    found, faults = s10_faults(text, where, countries)
    if found is None:
        raise PostalRefused(faults)
    return found


def _form_fault(text: str, plain: str, where: str) -> PostalFault | None:
    if not plain:
        return _fault("EMPTY", where, "There is no identifier.", _GROUPS, "nothing", "Write the item's identifier.")
    if len(text) > WRITTEN_MAX or len(plain) != LENGTH:
        got = f"{shown(text, 40)}, {len(plain) if len(text) <= WRITTEN_MAX else len(text)} characters"
        return _fault("LENGTH", where, "An identifier has 13 characters.", _GROUPS, got, "Write the whole identifier.")
    if FORM.fullmatch(plain):
        return None
    for place, mark in enumerate(plain):
        digit = 2 <= place <= 10
        if not (_DIGIT if digit else _LETTER).fullmatch(mark):
            fix = "Write capital letters." if mark.islower() else "Look at the label: 0 and O, 1 and I, 5 and S."
            what = "a digit" if digit else "a capital letter A to Z"
            return _fault("FORM", where, f"Character {place + 1} cannot stand there.", what, f"{mark} in {plain}", fix)
    raise AssertionError("a text of the right length that has no wrong character has the form")


def _fault(code: str, where: str, message: str, expected: str, got: str, fix: str) -> PostalFault:
    return PostalFault(
        code=f"OECP-S10-{code}", where=where, message=message, expected=expected, got=shown(got), fix=fix
    )


def item_key(identifier: str, posted_on: str) -> str:
    """Return what an item is known by: its identifier and its posting date."""
    return f"{identifier}/{posted_on}"


def key_faults(key: str, where: str) -> list[PostalFault]:
    """Return what is wrong with a key, which is an identifier and a posting date: RB123456785GB/2026-07-01."""
    identifier, _, posted_on = key.partition("/")
    faults = [fault for fault in s10_faults(identifier, where)[1] if fault.severity == "fault"]
    if identifier != "".join(identifier.split()):
        faults.append(_fault("FORM", where, "Blanks stand in a key.", "RB123456785GB/2026-07-01", key, "Remove them."))
    try:
        good = date.fromisoformat(posted_on).isoformat() == posted_on
    except ValueError:
        good = False
    if not good:
        faults.append(
            _fault("DATE", where, "A key has no posting date.", "RB123456785GB/2026-07-01", key, "Write it after a /.")
        )
    return faults


def year_after(day: date) -> date:
    """Return the day twelve months later; after 29 February it is 1 March."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def reuse_warning(
    identifier: str, posted_on: date, others: Iterable[date], where: str = "posted_on"
) -> PostalFault | None:
    """Return a warning where the identifier was used for another item less than twelve months away, with its date."""
    near = [day for day in others if day != posted_on and year_after(min(day, posted_on)) > max(day, posted_on)]
    if not near:
        return None
    other = min(near, key=lambda day: (abs(day - posted_on), day))
    return PostalFault(
        code="OECP-S10-REUSED",
        where=where,
        message="The identifier was used for another item within twelve months.",
        expected=f"{identifier} again from {year_after(min(other, posted_on)).isoformat()} on",
        got=f"posted on {other.isoformat()} and on {posted_on.isoformat()}",
        fix="Check the posting date; ask the post that numbered the item where both are right.",
        severity="warning",
    )
