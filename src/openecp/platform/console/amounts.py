# SPDX-License-Identifier: Apache-2.0
"""Numbers as people write them in forms: blanks or signs between thousands, either sign before decimals."""

from __future__ import annotations

import re
from decimal import Decimal

_BETWEEN = re.compile(r"[\s\u00a0\u202f'’]")
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+")
_PLAIN = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)


def number_of(text: str, *, comma: bool) -> Decimal | None:
    """Return the number that a text says, None where it says none; `comma`: the reader parts decimals by it.

    Where both signs stand, the last one parts decimals; 1,500 is fifteen hundred to those who part them by a point.
    """
    plain = _BETWEEN.sub("", text)
    if "," in plain:
        if "." in plain:
            first, last = (",", ".") if plain.rindex(".") > plain.rindex(",") else (".", ",")
            plain = plain.replace(first, "").replace(last, ".")
        elif not comma and _THOUSANDS.fullmatch(plain):
            plain = plain.replace(",", "")
        else:
            plain = plain.replace(",", ".")
    return Decimal(plain) if _PLAIN.fullmatch(plain) else None
