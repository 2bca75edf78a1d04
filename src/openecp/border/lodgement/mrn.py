# SPDX-License-Identifier: Apache-2.0
"""Every declaration gets one movement reference number (MRN) that anyone can check by its last character.

Form: year (2), country (2), serial (12), procedure letter (1), ISO 6346 check character (1).
Source: Annex II of Commission Implementing Regulation (EU) 2021/414 for the form; ISO 6346 for the check character.
"""

from __future__ import annotations

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SERIAL_LENGTH = 12
_FORM = re.compile(r"[0-9]{2}[A-Z]{2}[0-9A-Z]{13}[0-9]")


def _values() -> dict[str, int]:
    values = {str(digit): digit for digit in range(10)}
    number = 10
    for letter in ALPHABET[10:]:
        if number % 11 == 0:  # ISO 6346 skips the multiples of 11
            number += 1
        values[letter] = number
        number += 1
    return values


_VALUES = _values()
_WEIGHED = [{letter: value << place for letter, value in _VALUES.items()} for place in range(17)]


def check_character(text: str) -> str:
    """Return the ISO 6346 check character of `text`: weights 1, 2, 4, …, modulo 11, modulo 10."""
    return str(sum([weighed[letter] for weighed, letter in zip(_WEIGHED, text, strict=True)]) % 11 % 10)


def serial_text(number: int) -> str:
    """Return the 12-character serial of a running number, in base 36."""
    if not 0 <= number < 36**SERIAL_LENGTH:
        raise ValueError(f"MRN serial: expected 0 to 36^12 - 1, got {number}; start a new year")
    letters = []
    for _ in range(SERIAL_LENGTH):
        number, rest = divmod(number, 36)
        letters.append(ALPHABET[rest])
    return "".join(reversed(letters))


def make_mrn(*, year: int, country: str, serial: str, letter: str) -> str:
    """Return the MRN of a year, country, serial and procedure letter, with its check character."""
    text = f"{year % 100:02d}{country}{serial}{letter}"
    if len(text) != 17 or not _FORM.fullmatch(text + "0"):
        raise ValueError(
            "MRN: expected a country of 2 letters, a serial of 12 and one letter or digit, got "
            f"{country!r}, {serial!r}, {letter!r}; mend [mrn] in profile.toml or the serial source"
        )
    return text + check_character(text)


def is_mrn(text: str) -> bool:
    """Return whether `text` has the form of an MRN and the right check character."""
    return bool(_FORM.fullmatch(text)) and check_character(text[:17]) == text[17]
