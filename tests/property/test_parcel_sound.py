# SPDX-License-Identifier: Apache-2.0
"""A parcel that is told sound at one look has no fault by the rules of its cells, whatever stands in it."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from openecp.kernel.datamodel import parcel_check
from openecp.kernel.datamodel.parcel import PARCEL_HEADER_COLUMNS, PARCEL_ITEM_COLUMNS, Parcel, ParcelItem
from openecp.kernel.datamodel.parcel_check import check_parcel

GOOD: dict[str, Any] = {
    "parcel_id": "RR123456785CN", "posted_on": "2026-07-02", "currency": "EUR", "dispatch_country": "CN",
    "carrier": "CARRIER-1", "scheme": "IOSS", "scheme_id": "IM1234567890", "sender_name": "Trading Company",
    "buyer_name": "Anna M\u00fcller", "buyer_address": "Hauptstrasse 5, 10115 Berlin", "freight": "2.90",
}  # fmt: skip
ITEM: dict[str, Any] = {"description": "wool scarf", "hs": "621420", "origin": "CN", "unit_price": "12.50"}
CELLS = (
    None, "", "0", "1", "2", "00", "-1", "+1", "1.5", "1.5000001", "12,50", "10000000000", "10000000000.000001",
    "99999999.999999", "99999999", "10000", "9999.999999", "0.20", "1.00", "1.1", "100", "99.99", "100.1", "1e3",
    "EUR", "eur", "XXX", "EUR\n", "CN", "cn", "C1", "CN\n", "post", "Post", "gift", "2026-07-02", "2026-02-30",
    "1999-12-31", "2099-12-31", "2100-01-01", "2026-7-2", "=1+1", " =1", "+a(b", "-a|b", "@x!y", "+49 30", "a=1", "a|b",
    "a#b", "a\"b", "a\\b", "a b", " a", "a ", "a\tb", "a\nb", "a\x00b", "a\x7f", "a\u0085", "a\u200eb", "a\u202eb",
    "a\u2066b", "\ufeffa", "a\ufffe", "\U0001f600", "a\U0001f600", "\u00e9t\u00e9", "61.09.10", "6109 10", "610",
    "1234567890123", "a" * 35, "a" * 36, "a" * 100, "a" * 101, "a" * 200, "a" * 201, "a" * 501, "a" * 1001,
    "true", "6109", "\u0661",
)  # fmt: skip


def test_what_is_told_sound_has_no_fault() -> None:
    is_sound, draw, sound = parcel_check.is_sound, random.Random(5), 0
    for number in range(6_000):
        header, items = dict(GOOD), [dict(ITEM) for _ in range(draw.choice((1, 1, 2)))]
        for _ in range(draw.randint(0, 2)):
            if draw.random() < 0.6:
                header[draw.choice(PARCEL_HEADER_COLUMNS)] = draw.choice(CELLS)
            else:
                draw.choice(items)[draw.choice(PARCEL_ITEM_COLUMNS)] = draw.choice(CELLS)
        for row in (header, *items):
            for name in ("documents", "restricted", "tax_paid"):
                if name in row:
                    row[name] = row[name] == "true"
        parcel = Parcel(**header, items=tuple(ParcelItem(**item) for item in items))
        if is_sound(parcel, lambda day: day == "2026-07-02", items_max=999, amount_max=10**10):
            sound += 1
            try:
                parcel_check.is_sound = lambda *_, **__: False  # type: ignore[assignment]
                assert check_parcel(parcel) == [], (number, msgspec.to_builtins(parcel))
            finally:
                parcel_check.is_sound = is_sound
    assert 1_000 < sound < 5_000
