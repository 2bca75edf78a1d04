# SPDX-License-Identifier: Apache-2.0
"""Tells of most parcels at one look that nothing is wrong with them: plain text, plain numbers, known codes.

One pattern over all cells of a row instead of some rules for each cell. It says yes only where `row_faults` would find
nothing; where it says no, somebody has to look closer. tests/property/test_parcel_sound.py compares both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter

from openecp.kernel.datamodel.currencies import CURRENCIES
from openecp.kernel.datamodel.parcel import PARCEL_COLUMNS, PARCEL_HEADER_COLUMNS, PARCEL_ITEM_COLUMNS, Parcel
from openecp.kernel.datamodel.parcel_rows import scaled

_KINDS = {name: kind for name, kind, _ in PARCEL_COLUMNS}
_SEEN = " -~\u00a0-\u2027\u202f-\u2065\u206a-\ufefe"  # characters that can be seen
_FIRST = "A-Za-z0-9\u00c0-\u2027"  # with none of these a formula begins
_CODED = ' !"$-{}~'  # none of | and #
_NAMED = "!$-\\[\\]-{}~"  # of an identifier: no quote, backslash or blank either
_AMOUNT = r"[0-9]{1,8}(?:\.[0-9]{1,6})?"
_WEIGHT = r"[0-9]{1,4}(?:\.[0-9]{1,6})?"
_CELLS = {
    "parcel_id": f"[A-Za-z0-9][{_NAMED}]{{0,34}}",
    "posted_on": "[0-9-]{10}",
    "channel": "(?:post|express|other)?",
    "trade": "(?:B2C|B2B|C2C|gift)?",
    "currency": "[A-Z]{3}",
    "dispatch_country": "(?:[A-Z]{2})?",
    "destination_subdivision": f"(?:[A-Za-z0-9][{_CODED}]{{0,34}})?",
    "sold_on": "(?:[0-9-]{10})?",
    "arrived_on": "(?:[0-9-]{10})?",
    "carrier": f"(?:[A-Za-z0-9][{_NAMED}]{{0,34}})?",
    "scheme": f"(?:[A-Za-z0-9][{_CODED}]{{0,99}})?",
    "scheme_id": f"(?:[A-Za-z0-9][{_NAMED}]{{0,34}})?",
    "order_id": "(?:[A-Za-z0-9][ -~]{0,99})?",
    "sender_name": f"(?:[{_FIRST}][{_SEEN}]{{0,199}})?",
    "sender_address": f"(?:[{_FIRST}][{_SEEN}]{{0,499}})?",
    "buyer_id": f"(?:[A-Za-z0-9][{_CODED}]{{0,99}})?",
    "buyer_name": f"(?:[{_FIRST}][{_SEEN}]{{0,199}})?",
    "buyer_address": f"(?:[{_FIRST}][{_SEEN}]{{0,499}})?",
    "freight": f"(?:{_AMOUNT})?",
    "insurance": f"(?:{_AMOUNT})?",
    "gross_weight_kg": f"(?:{_WEIGHT})?",
    "description": f"[{_FIRST}][{_SEEN}]{{0,999}}",
    "hs": "(?:[0-9]{4,12})?",
    "origin": "(?:[A-Z]{2})?",
    "quantity": "(?:[1-9][0-9]{0,7})?",
    "unit_price": _AMOUNT,
    "weight_kg": f"(?:{_WEIGHT})?",
    "duty_rate": r"(?:[0-9]{1,2}(?:\.[0-9]{1,8})?)?",
    "tax_rate": r"(?:0(?:\.[0-9]{1,8})?)?",
    "excise_rate": r"(?:[0-9]{1,2}(?:\.[0-9]{1,8})?)?",
}


def _texts(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if _KINDS[name] != "flag")


_header_names, _item_names = _texts(PARCEL_HEADER_COLUMNS), _texts(PARCEL_ITEM_COLUMNS)
_header_cells, _item_cells = attrgetter(*_header_names), attrgetter(*_item_names)
_header, _item = (re.compile("\n".join(_CELLS[name] for name in names)) for names in (_header_names, _item_names))


def is_sound(parcel: Parcel, is_day: Callable[[str], bool], *, items_max: int, amount_max: int) -> bool:
    """Tell whether a parcel surely has no fault; `is_day` says whether a date can be believed."""
    if not 1 <= len(parcel.items) <= items_max or parcel.currency not in CURRENCIES:
        return False
    if not _header.fullmatch("\n".join([cell or "" for cell in _header_cells(parcel)])):
        return False
    if any(day and not is_day(day) for day in (parcel.posted_on, parcel.sold_on, parcel.arrived_on)):
        return False
    most = amount_max * 1_000_000
    total = scaled(parcel.freight or "0", 6) + scaled(parcel.insurance or "0", 6)
    for item in parcel.items:
        if not _item.fullmatch("\n".join([cell or "" for cell in _item_cells(item)])):
            return False
        line = int(item.quantity or "1") * scaled(item.unit_price or "0", 6)
        if line > most:
            return False
        total += line
    return total <= most
