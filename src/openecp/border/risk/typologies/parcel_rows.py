# SPDX-License-Identifier: Apache-2.0
"""Parcels of the journal as rows of history, beside declarations: the same person has the same pseudonym in both.

Reads: rows of `parcel_goods` and `parcel_persons` as they were recorded (docs/parcels.md).
Limits: a parcel whose persons were erased keeps its goods and has no parties; a piece (H87) is the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from openecp.border.risk.features.item_rows import PartyKeys

PIECE = "H87"
SEQS = 1 << 16  # declarations that one entry of the journal may hold, so that each has a number of its own
Worth = Callable[[str, int, date], int | None]  # currency, millionths, day: minor units of the national currency


class _Address(NamedTuple):
    line: str | None
    postcode_id: None = None
    city_name: None = None
    country_code: None = None


class _Party(NamedTuple):
    """A sender or buyer of a parcel, as parties of a declaration are asked."""

    name: str | None
    id: str | None
    address: _Address | None


def parcel_item_rows(
    goods: Iterable[Mapping[str, Any]], persons: Mapping[int, Mapping[str, Any]], *, seq: int, at_us: int,
    accepted_on: date, parties: PartyKeys, worth: Worth,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return one row of ITEMS for each item of a recorded batch; `persons` by row, `seq` is the batch's entry."""
    found: list[dict[str, Any]] = []
    shared: dict[str, Any] = {}
    numbers: dict[int, int] = {}
    for row in goods:
        parcel = row["parcel_no"]
        if parcel not in numbers:
            numbers[parcel] = len(numbers)
            shared = _parcel(row, persons.get(row["row_id"], {}), parties)
            shared |= {"seq": seq * SEQS + numbers[parcel], "at_us": at_us}
        quantity = row["quantity_micro"]
        price = row["unit_price_micro"]
        micro = price * quantity // 1_000_000 if price is not None and quantity is not None else None
        found.append({
            **shared, "item": row["item"], "goods": row["hs"] or "", "origin": row["origin"] or "",
            "quantity_e6": quantity, "mass_e6": row["weight_kg_micro"] or None,
            "value_minor": worth(row["currency"] or "", micro, accepted_on) if micro is not None else None,
        })  # fmt: skip
    return found


def _parcel(row: Mapping[str, Any], person: Mapping[str, Any], parties: PartyKeys) -> dict[str, Any]:
    buyer = _party(person, "buyer", person.get("buyer_id"))
    entity, address, identifier = parties.of(buyer)
    trade = row["trade"] or ""
    return {
        "declaration": f"{row['posted_on']}/{row['parcel_id']}", "office": "", "importer": entity,
        "seller": parties.of(_party(person, "sender", None))[0], "declarant": parties.of(_carrier(row))[0],
        "entity": entity, "address": address, "identifier": identifier, "departure": row["dispatch_country"] or "",
        "mode": "5" if row["channel"] == "post" else "", "unit": PIECE, "preference": 0,
        "private": int(trade != "B2B"), "gift": int(trade == "gift"), "stake_minor": 0,
    }  # fmt: skip


def _party(person: Mapping[str, Any], role: str, identifier: str | None) -> _Party | None:
    name, address = person.get(f"{role}_name"), person.get(f"{role}_address")
    if not (name or address or identifier):
        return None
    return _Party(name, identifier, _Address(address) if address else None)


def _carrier(row: Mapping[str, Any]) -> _Party | None:
    return _Party(None, row["carrier"], None) if row["carrier"] else None
