# SPDX-License-Identifier: Apache-2.0
"""Identifiers of sellers' schemes and of buyers: what their published patterns say of a number.

In a pattern `#` stands for a digit; every other letter, digit or sign stands for itself: `IM37########`.
A number that comes without the name of a scheme counts as that of the one scheme whose pattern it fits, if it is one.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from openecp.border.low_value.basket import Basket
from openecp.border.low_value.explain import Says
from openecp.border.low_value.model import Jurisdiction
from openecp.border.low_value.tables import fits, plain
from openecp.border.low_value.ways import BY_NUMBER


class NumberedScheme(msgspec.Struct, frozen=True, kw_only=True):
    """A scheme whose identifiers have a published pattern: its name, that name as it is compared, the patterns."""

    name: str
    word: str
    patterns: tuple[str, ...]


def numbered_schemes(file: Jurisdiction) -> tuple[NumberedScheme, ...]:
    """Return the schemes of a jurisdiction whose identifiers have a pattern, each once."""
    found: dict[str, NumberedScheme] = {}
    for regime in file.regimes:
        if regime.scheme is None or not regime.scheme.patterns:
            continue
        word = plain(regime.scheme.name)
        known = found[word].patterns if word in found else ()
        patterns = tuple(dict.fromkeys((*known, *regime.scheme.patterns)))
        found[word] = NumberedScheme(name=regime.scheme.name, word=word, patterns=patterns)
    return tuple(found.values())


def scheme_of_number(identifier: str | None, schemes: Sequence[NumberedScheme]) -> NumberedScheme | None:
    """Return the one scheme whose pattern a number fits; none where it fits none, or several."""
    if not identifier:
        return None
    found = [scheme for scheme in schemes if fits(identifier, scheme.patterns)]
    return found[0] if len(found) == 1 else None


def named_by_number(basket: Basket, schemes: Sequence[NumberedScheme]) -> tuple[Basket, list[Says]]:
    """Return a basket with the scheme that its seller's number tells where none is named, and the reason for it."""
    given = basket.seller_scheme
    if given is None or given.name or not isinstance(given.id, str):
        return basket, []
    scheme = scheme_of_number(given.id, schemes)
    if scheme is None:
        return basket, []
    text = (
        f"No scheme is named; the number {given.id[:35]} fits the pattern of {scheme.name} "
        f"({' or '.join(scheme.patterns)}, # a digit) and of no other: it counts as its number."
    )
    named = msgspec.structs.replace(given, name=scheme.name)
    return msgspec.structs.replace(basket, seller_scheme=named), [Says(code=BY_NUMBER, text=text)]
