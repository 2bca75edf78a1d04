# SPDX-License-Identifier: Apache-2.0
"""A parcel's goods as declared and as an officer found them, side by side; and the form in which he says so."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from openecp.kernel.datamodel.parcel import Parcel, ParcelItem
from openecp.kernel.datamodel.parcel_check import check_parcel

FIELDS = ("description", "hs", "origin", "quantity", "unit_price", "weight_kg", "duty_rate", "tax_rate")
ROWS_MORE = 2  # empty rows of the form for goods that nobody declared
ROWS_MAX = 60


class GoodsRow(msgspec.Struct, frozen=True, kw_only=True):
    """One item: each field as declared, as found, and whether they differ."""

    item: int
    declared: dict[str, str]
    found: dict[str, str]

    def differs(self, field: str) -> bool:
        """Tell whether a field was found to be another."""
        return bool(self.found) and self.declared.get(field, "") != self.found.get(field, "")


def fields_of(item: ParcelItem) -> dict[str, str]:
    """Return what an item says, field by field."""
    return {name: str(value) for name in FIELDS if (value := getattr(item, name)) is not None}


def rows_of(declared: Parcel | None, found: Parcel | None) -> list[GoodsRow]:
    """Return the items side by side."""
    before = declared.items if declared is not None else ()
    after = found.items if found is not None else ()
    return [
        GoodsRow(
            item=number + 1,
            declared=fields_of(before[number]) if number < len(before) else {},
            found=fields_of(after[number]) if number < len(after) else {},
        )
        for number in range(max(len(before), len(after)))
    ]


def form_rows(declared: Parcel | None, found: Parcel | None, filled: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the rows of the form: as filled in, else as last found, else as declared, and a few empty ones."""
    if any(name.startswith("goods.") for name in filled):
        count = min(ROWS_MAX, int(filled.get("goods.rows", "0")) if filled.get("goods.rows", "0").isdigit() else 0)
        return [{name: filled.get(f"goods.{n}.{name}", "") for name in FIELDS} for n in range(count)]
    known = found or declared
    rows = [fields_of(item) for item in (known.items[: ROWS_MAX - ROWS_MORE] if known is not None else ())]
    return [{name: row.get(name, "") for name in FIELDS} for row in [*rows, *({} for _ in range(ROWS_MORE))]]


def goods_of(filled: Mapping[str, str], base: Parcel) -> tuple[Parcel, dict[str, str]]:
    """Return the parcel that the form says, and what is wrong with which field (`goods.0.hs`).

    What the form does not ask (header, flags of an item) stays as it was.
    """
    items: list[ParcelItem] = []
    places: list[int] = []
    for number, row in enumerate(form_rows(None, None, filled)):
        if not any(row.values()):
            continue
        plain = ParcelItem()
        kept = base.items[number] if number < len(base.items) else plain
        said = {name: row[name].strip() or getattr(plain, name) for name in FIELDS}
        items.append(msgspec.structs.replace(kept, **said))
        places.append(number)
    goods = msgspec.structs.replace(base, items=tuple(items))
    faults: dict[str, str] = {}
    if not items:
        return goods, {"goods.0.description": "at least one item"}
    for fault in check_parcel(goods):
        if fault.item and 0 < fault.item <= len(places):
            faults.setdefault(f"goods.{places[fault.item - 1]}.{fault.column}", fault.expected)
    return goods, faults
