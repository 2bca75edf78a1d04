# SPDX-License-Identifier: Apache-2.0
"""Who a person or firm is, by one exact key: an identifier where there is a usable one, else name and address.

Equal keys mean the same person; people who are written differently apart from spelling habits have different keys
(`similar` finds those). A key holds personal data: outside of the erasable documents only its salted hash is kept.
Limits: the first 200 characters of a name, 400 of an address and 64 of an identifier count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from openecp.kernel.parties.address import ADDRESS_LENGTH_MAX, PHRASES, address_words
from openecp.kernel.parties.name import NAME_LENGTH_MAX, name_words
from openecp.kernel.parties.plain_text import plain_lines

IDENTIFIER_LENGTH_MAX = 64
DIGITS_MIN = 4  # fewer digits are no number of a register
_COUNTED = "1234567890" * 5, "9876543210" * 5, "0123456789" * 5  # up and down


def entity_key(name: str | None, address: str | None = None, identifier: str | None = None) -> str:
    """Return the key of one person or firm: `id:…`, `na:name|address`, `n:name`, `a:address`, or nothing.

    A valid identifier beats name and address. `n:` and `a:` are weak (namesakes, households): who sums up over a key
    decides whether they count. Empty: nobody is named, and no two such rows are the same person.
    """
    return entity_keys([name], [address], [identifier])[0]


def entity_keys(
    names: Sequence[str | None], addresses: Sequence[str | None], identifiers: Sequence[str | None]
) -> list[str]:
    """Return the key of each row; the three columns are of one length. Each distinct person is worked out once."""
    if not len(names) == len(addresses) == len(identifiers):
        raise ValueError(f"expected columns of one length, got {len(names)}, {len(addresses)}, {len(identifiers)}")
    if not any(identifiers):
        return _written(names, addresses) if names else []
    keys = [f"id:{number}" if number else "" for number in _each_once(identifiers, identifier_forms)]
    left = [place for place, key in enumerate(keys) if not key]
    if left:
        written = _written([names[place] for place in left], [addresses[place] for place in left])
        for place, key in zip(left, written, strict=True):
            keys[place] = key
    return keys


def _written(names: Sequence[str | None], addresses: Sequence[str | None]) -> list[str]:
    """Return the keys of names and addresses."""
    return [
        f"na:{name}|{address}" if name and address else f"n:{name}" if name else f"a:{address}" * bool(address)
        for name, address in zip(_each_once(names, plain_names), _each_once(addresses, plain_addresses), strict=True)
    ]


def _each_once(values: Sequence[str | None], work_out: Callable[[Sequence[str | None]], list[str]]) -> list[str]:
    """Work out each distinct value once, where many are the same."""
    distinct = list(dict.fromkeys(values))
    if 2 * len(distinct) > len(values):
        return work_out(values)
    found = dict(zip(distinct, work_out(distinct), strict=True))
    return [found[value] for value in values]


def plain_names(names: Sequence[str | None]) -> list[str]:
    """Return each name in its one form; empty where nobody is named."""
    return [" ".join(name_words(line.split())) for line in plain_lines(names, length_max=NAME_LENGTH_MAX)]


def plain_addresses(addresses: Sequence[str | None]) -> list[str]:
    """Return each address in its one form."""
    text = "\n".join(plain_lines(addresses, length_max=ADDRESS_LENGTH_MAX))
    while "  " in text:
        text = text.replace("  ", " ")
    for phrase, short in PHRASES:
        text = text.replace(phrase, short)
    return [" ".join(address_words(line.split())) for line in text.split("\n")]


def identifier_forms(identifiers: Sequence[str | None]) -> list[str]:
    """Return each identifier without blanks and signs, in capital letters; empty where it cannot be one.

    At least four digits, at most 40 letters and digits, not one digit again and again, not counted up or down.
    """
    if not any(identifiers):
        return [""] * len(identifiers)
    lines = plain_lines(identifiers, length_max=IDENTIFIER_LENGTH_MAX)
    return [_identifier(line) if line else "" for line in lines]


def _identifier(line: str) -> str:
    sign = line.replace(" ", "").upper()
    digits = [one for one in sign if one.isdigit()]
    if len(digits) < DIGITS_MIN or len(sign) > 40 or len(set(digits)) == 1:
        return ""
    if len(digits) == len(sign) and any(sign == row[: len(sign)] for row in _COUNTED):
        return ""
    return sign
