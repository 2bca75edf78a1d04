# SPDX-License-Identifier: Apache-2.0
"""Every regime that runs is tried on both sides of each of its thresholds, dates and bands.

Method: the cases are made from the regime files; a new file is tested without a new line here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest

from openecp.border.low_value.basket import item_rows, read_basket
from openecp.border.low_value.currencies import exponent
from openecp.border.low_value.faults import QuoteRefused
from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.model import Band, Jurisdiction, Limit, Regime, Treatment
from openecp.border.low_value.quote import Quoter
from openecp.border.low_value.tables import TREATMENT_COLUMNS, is_runnable, treatment_rows
from openecp.platform.engines.rows import RowEngine

FILES = load_regimes()
COUNTERS = ("order", "person_day", "person_month", "person_year")


@cache
def quoter() -> Quoter:
    return Quoter(FILES, RowEngine())


def running() -> Iterator[tuple[Jurisdiction, Regime]]:
    for file in FILES:
        yield from ((file, regime) for regime in file.regimes if is_runnable(regime) and not regime.ordinary)


def day_of(regime: Regime) -> date:
    """Return a day on which a regime is in force, after whatever changes within it."""
    if regime.valid_from is not None:
        return regime.valid_from
    return min(regime.valid_to or date(2025, 1, 1), date(2025, 1, 1))


def basket_for(regime: Regime, one: Treatment, band: Band | None = None, **more: Any) -> dict[str, Any]:
    """Return a basket that meets every condition of a treatment but those on value."""
    scheme = None
    if regime.scheme and (one.scheme or any(a.scheme for a in regime.applies)):
        pattern = (regime.scheme.patterns or ("1",))[0]
        scheme = {"name": regime.scheme.name, "id": pattern.replace("#", "1")}
    rate = "0.10"
    if band is not None and (band.rate_lt or band.rate_le):
        rate = band.rate_le or str(Decimal(band.rate_lt or "1") - Decimal("0.0001"))
    elif band is not None and band.amount:
        rate = "0.99"
    return {
        "currency": regime.currency,
        "channel": (one.channels or (*[c for a in regime.applies for c in a.channels], "express"))[0],
        "trade": (one.trades or ("B2C",))[0],
        "dispatch_country": (one.dispatch or ("CN",))[0],
        "seller_scheme": scheme,
        "buyer": {"id": regime.buyer_patterns[0].replace("#", "1") if one.buyer else None},
        "rates": {"vat": "0.20", "duty": {"*": rate}},
        "duty_method": one.method,
        **more,
    }


def limits_of() -> Iterator[Any]:
    for file, regime in running():
        for number, one in enumerate(regime.treatments):
            bands: tuple[Band | None, ...] = (one.duty.bands if one.duty else ()) or (None,)
            cases: list[tuple[Limit, Band | None]] = [(limit, bands[0]) for limit in one.limits]
            cases += [
                (Limit(le=band.upto, basis=one.duty.basis, scope="consignment"), band)
                for band in bands
                if band is not None and band.upto and one.duty
            ]
            for place, (limit, band) in enumerate(cases):
                yield pytest.param(file, regime, one, limit, band, id=f"{regime.id}-{number}-{place}")


def chosen(file: Jurisdiction, regime: Regime, basket: dict[str, Any], on: date) -> list[Any]:
    read = read_basket(json.dumps(basket).encode())
    items = item_rows(read, file.jurisdiction, on, regime=regime.id)
    rows = quoter()._assessor.charges(items, quoter()._exchange(file, read, on))
    return [quoter()._entries[row["treatment_no"]] for row in rows]


def at(amount: Decimal, regime: Regime, limit: Limit) -> dict[str, Any]:
    """Return what makes a basket worth an amount: in the person's scopes, most of it was used before."""
    item = {"hs": "640319", "origin": "VN", "quantity": "1", "weight_kg": "0.5"}
    if limit.scope in COUNTERS and amount > 20:
        return {"used_so_far": {limit.scope: str(amount - 10)}, "items": [{**item, "unit_price": "10"}]}
    if limit.basis == "cif":
        freight = (amount / 10).quantize(Decimal(1).scaleb(-exponent(regime.currency or "")))
        return {"freight": str(freight), "items": [{**item, "unit_price": str(amount - freight)}]}
    return {"freight": "3", "items": [{**item, "unit_price": str(amount)}]}


@pytest.mark.parametrize(("file", "regime", "one", "limit", "band"), list(limits_of()))
def test_both_sides_of_a_limit(
    file: Jurisdiction, regime: Regime, one: Treatment, limit: Limit, band: Band | None
) -> None:
    amount = Decimal(limit.le or limit.lt or 0)
    step = Decimal(1).scaleb(-exponent(regime.currency or ""))
    on = day_of(regime)

    def holds(value: Decimal) -> bool:
        basket = basket_for(regime, one, band, **at(value, regime, limit))
        entry = chosen(file, regime, basket, on)[0]
        # a treatment before this one may hold too: then its own limit is not over either
        return regime.treatments.index(entry.treatment) <= regime.treatments.index(one) and (
            entry.treatment is not one or band is None or one.duty is None or entry.band is None
            or one.duty.bands.index(entry.band) <= one.duty.bands.index(band)
        ) if entry.regime is regime else False  # fmt: skip

    assert holds(amount) == (limit.le is not None)
    assert holds(amount - step)
    assert not holds(amount + step)


@pytest.mark.parametrize(("file", "regime"), [pytest.param(f, r, id=r.id) for f, r in running()])
def test_both_sides_of_the_dates(file: Jurisdiction, regime: Regime) -> None:
    one = regime.treatments[0]
    basket = basket_for(regime, one, items=[{"hs": "640319", "origin": "VN", "unit_price": "1", "weight_kg": "1"}])
    read = read_basket(json.dumps(basket).encode())
    for day, inside in (
        (regime.valid_from, True),
        (regime.valid_to, True),
        (regime.valid_from and regime.valid_from - timedelta(days=1), False),
        (regime.valid_to and regime.valid_to + timedelta(days=1), False),
    ):
        if day is None:
            continue
        if inside:
            assert quoter().quote(read, file.jurisdiction, day, regime=regime.id).regime == regime.id
        else:
            with pytest.raises(QuoteRefused, match="is not in force"):
                quoter().quote(read, file.jurisdiction, day, regime=regime.id)


@pytest.mark.parametrize(
    ("file", "regime", "one"),
    [pytest.param(f, r, t, id=f"{r.id}-{t.name}") for f, r in running() for t in r.treatments if t.remission],
)
@pytest.mark.parametrize("judged", ["exact", "rounded"])
def test_both_sides_of_a_tax_that_is_not_collected(
    file: Jurisdiction, regime: Regime, one: Treatment, judged: str
) -> None:
    """Before rounding 5.001 is over 5; after rounding it is 5.00, and at most 5."""
    assert one.remission is not None
    amount = Decimal(one.remission.le or one.remission.lt or 0)
    treatments = tuple(
        msgspec.structs.replace(t, remission=t.remission and msgspec.structs.replace(t.remission, judged=judged))
        for t in regime.treatments
    )
    own = msgspec.structs.replace(file, regimes=tuple(
        msgspec.structs.replace(r, treatments=treatments) if r is regime else r for r in file.regimes))  # fmt: skip
    engine = quoter()._assessor._engine
    whole = treatment_rows(FILES)[0]
    try:
        engine.load("treatments", TREATMENT_COLUMNS, treatment_rows([own])[0], ("treatment_no",))
        for price, collected in ((amount * 10, False), (amount * 10 + Decimal("0.01"), judged == "exact"),
                                 (amount * 10 + Decimal("0.05"), True)):  # fmt: skip
            basket = basket_for(regime, one, items=[{"hs": "640319", "origin": "VN", "unit_price": str(price)}])
            basket = {**basket, "dispatch_country": (one.dispatch or ("US",))[0], "rates": {"vat": "0.10"}}
            read = read_basket(json.dumps(basket).encode())
            on = day_of(regime)
            items = item_rows(read, file.jurisdiction, on, regime=regime.id)
            row = quoter()._assessor.charges(items, quoter()._exchange(file, read, on))[0]
            assert (row["tax_minor"] > 0) is collected, (price, row)
    finally:
        engine.load("treatments", TREATMENT_COLUMNS, whole, ("treatment_no",))
