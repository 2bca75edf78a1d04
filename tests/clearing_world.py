# SPDX-License-Identifier: Apache-2.0
"""Random parcels for the tests of clearance: the same goods as rows of a file and as baskets of a quote."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from openecp.border.low_value.basket import Basket, BasketItem, Buyer, Dates, Rates, SellerScheme
from openecp.border.low_value.item_rows import STAGED_TABLES
from openecp.border.low_value.model import Jurisdiction, Regime
from openecp.kernel.datamodel.parcel import PARCEL_COLUMNS

CODES = ("610910", "640319", "640399", "22042100", "3303.00", "950300", "21069098", "240220")
_ENDS = {"amount": "_micro", "count": "_micro", "share": "_e8"}
ROW_COLUMNS = STAGED_TABLES["parcel_rows"]
RATES = {"vat": ("0.20", "0.081", "0.09975", "0.17", "0.27"), "duty": ("0", "0.12", "0.065", "0.2475", "0.37")}


def near_amounts(regime: Regime) -> list[float]:
    """Return amounts at which something changes under a regime."""
    found = [10.0]
    for one in regime.treatments:
        found += [float(limit.le or limit.lt or 10) for limit in one.limits]
        found += [float(band.upto) for band in (one.duty.bands if one.duty else ()) if band.upto]
        if one.remission:
            found.append(float(one.remission.le or one.remission.lt or 0) * 12)
    return found


def some_parcel(draw: random.Random, file: Jurisdiction, regime: Regime, on: date) -> dict[str, Any]:
    """Return a parcel near a threshold of a regime, as cells by name with its items."""
    near = draw.choice(near_amounts(regime))
    count = draw.choice((1, 1, 1, 2, 3, 5))
    factor = draw.choice((0.2, 0.6, 0.99, 1.0, 1.01, 1.5, 3, 400))
    scheme, scheme_id = None, None
    if draw.random() < 0.6 and regime.scheme:
        scheme = draw.choice((regime.scheme.name, *regime.scheme.aliases))
        scheme_id = draw.choice(regime.scheme.patterns or ("X#",)).replace("#", "7")
        if draw.random() < 0.2:
            scheme_id = draw.choice(("bad", None))
        if draw.random() < 0.15:  # the number alone must tell the scheme
            scheme = None
    vat, known = draw.choice(RATES["vat"]), draw.random() < 0.9
    items = [
        {
            "description": draw.choice(("cotton T-shirt", "leather shoes", "toy car")),
            "hs": draw.choice((*CODES, None)) if draw.random() < 0.1 else draw.choice(CODES),
            "origin": draw.choice(("CN", "VN", "US", "HK", None)) if draw.random() < 0.2 else "CN",
            "quantity": draw.choice(("1", "1", "2", "3", "0.5", "7")),
            "unit_price": f"{max(0.01, near * factor / count + draw.choice((0, 0, 0.01, -0.01, 0.37))):.2f}",
            "weight_kg": draw.choice(("0.3", None)) if draw.random() < 0.1 else "0.3",
            "restricted": draw.random() < 0.05,
            "tax_paid": draw.random() < 0.1,
            "duty_rate": draw.choice(RATES["duty"]) if known or draw.random() < 0.5 else None,
            "tax_rate": vat if known else None,
            "excise_rate": draw.choice((None, None, "0", "0.15", "0.05")),
        }
        for _ in range(count)
    ]
    currency = regime.currency or file.currency
    if draw.random() < 0.3:
        currency = draw.choice(("USD", "EUR", "JPY", "BHD", "SEK"))
    return {
        "channel": draw.choice(("post", "express", "other")),
        "trade": draw.choice(("B2C", "B2C", "B2B", "C2C", "gift")),
        "currency": currency,
        "dispatch_country": draw.choice(("US", "CN", "HK", "MX", None)),
        "carrier": draw.choice(("POST-1", "EXPRESS-2", None)),
        "scheme": scheme,
        "scheme_id": scheme_id,
        "buyer_id": draw.choice((None, "12345678901", "1")),
        "buyer_name": draw.choice((None, "A. Muster")),
        "freight": draw.choice((None, "4.99", "12.345", "0.01")),
        "insurance": draw.choice((None, "1.01")),
        "documents": draw.random() < 0.1,
        "items": items,
        "vat_known": known,
    }


def rows_of(parcels: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return parcels in the typed flat form, one row an item."""
    rows: list[tuple[Any, ...]] = []
    for number, parcel in enumerate(parcels, start=1):
        header = {"parcel_id": f"T{number:08d}", "posted_on": "2026-01-31", **parcel}
        for item, line in enumerate(parcel["items"], start=1):
            cells: list[Any] = [len(rows) + 1, number, item]
            for name, kind, _ in PARCEL_COLUMNS:
                value = line.get(name, header.get(name))
                if value is not None and kind in _ENDS:
                    value = int(Decimal(value) * (10**8 if kind == "share" else 10**6))
                elif value is not None and kind == "date":
                    value = date.fromisoformat(value)
                cells.append(value)
            rows.append(tuple(cells))
    return rows


def basket_of(parcel: dict[str, Any]) -> Basket | None:
    """Return the basket of the same goods; None where a basket cannot say it (a rate for each line of its own)."""
    lines = parcel["items"]
    duty: dict[str, str] = {}
    excise: dict[str, str] = {}
    for line in lines:
        hs = (line["hs"] or "").replace(".", "")
        for table, name in ((duty, "duty_rate"), (excise, "excise_rate")):
            rate = line[name]
            if rate is None:
                if hs in table or "*" in table:
                    return None
                continue
            if table.setdefault(hs or "*", rate) != rate:
                return None
    if ("*" in duty or "*" in excise) and len(lines) > 1:
        return None
    if any(line["duty_rate"] is None or line["excise_rate"] is None for line in lines) and len(lines) > 1:
        return None
    return Basket(
        currency=parcel["currency"],
        channel=parcel["channel"],
        trade=parcel["trade"],
        dispatch_country=parcel["dispatch_country"],
        seller_scheme=SellerScheme(name=parcel["scheme"], id=parcel["scheme_id"])
        if parcel["scheme"] or parcel["scheme_id"]
        else None,
        buyer=Buyer(id=parcel["buyer_id"], name=parcel["buyer_name"]),
        rates=Rates(vat=lines[0]["tax_rate"], duty=duty, excise=excise),
        dates=Dates(),
        freight=parcel["freight"],
        insurance=parcel["insurance"],
        documents=parcel["documents"],
        items=[
            BasketItem(
                description=line["description"],
                hs=line["hs"],
                origin=line["origin"],
                quantity=line["quantity"],
                unit_price=line["unit_price"],
                weight_kg=line["weight_kg"],
                restricted=line["restricted"],
                tax_paid=line["tax_paid"],
            )
            for line in lines
        ],
    )
