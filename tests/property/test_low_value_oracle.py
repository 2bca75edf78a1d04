# SPDX-License-Identifier: Apache-2.0
"""Goal: the steps charge what a second, independent computation charges, to the minor unit, in every regime.

Method: random baskets around each regime's thresholds; the steps in Python rows and in DuckDB, the oracle in
fractions.
"""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle.low_value import charged

from openecp.border.low_value.basket import item_rows, read_basket
from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.model import Jurisdiction, Regime, Rounding
from openecp.border.low_value.quote import Quoter
from openecp.border.low_value.tables import ITEM_AT, TREATMENT_COLUMNS, is_runnable, treatment_rows
from openecp.platform.engines.duck import DuckEngine
from openecp.platform.engines.rows import RowEngine

pytestmark = pytest.mark.slow  # a suite of its own length: `make test` is for every save

FILES = {file.jurisdiction: file for file in load_regimes()}
RUNNING = [
    (file, regime) for file in FILES.values() for regime in file.regimes if is_runnable(regime) and not regime.ordinary
]
KEY_AT = ITEM_AT["exchange_key"]
CODES = ("610910", "640319", "640399", "220421", "330300", "950300", "210690")


@cache
def quoter() -> Quoter:
    return Quoter(FILES.values(), RowEngine())


def amounts_of(regime: Regime) -> list[str]:
    found = ["10"]
    for one in regime.treatments:
        found += [limit.le or limit.lt or "" for limit in one.limits]
        found += [band.upto or "" for band in (one.duty.bands if one.duty else ())]
        if one.remission:
            found.append(str(int(float(one.remission.le or one.remission.lt or 0) * 12)))
    return [amount for amount in found if amount]


def some_basket(draw: random.Random, file: Jurisdiction, regime: Regime) -> dict[str, Any]:
    """Return a basket near a threshold of a regime."""
    near = float(draw.choice(amounts_of(regime)))
    count = draw.choice((1, 1, 2, 3, 5))
    factor = draw.choice((0.2, 0.6, 0.99, 1.0, 1.01, 1.5, 3))
    used = {}
    for name in ("order", "person_day", "person_month", "person_year"):
        if draw.random() < 0.3:
            used[name] = f"{draw.choice((0, near * 0.5, near * 0.99, 25_000)):.2f}"
    items = [
        {
            "hs": draw.choice(CODES),
            "origin": draw.choice(("CN", "VN", "US")),
            "quantity": draw.choice(("1", "1", "2", "3", "0.5")),
            "unit_price": f"{max(0.01, near * factor / count + draw.choice((0, 0, 0.01, -0.01, 0.37))):.2f}",
            "restricted": draw.random() < 0.05,
        }
        for _ in range(count)
    ]
    scheme = None
    if draw.random() < 0.6 and regime.scheme:
        pattern = draw.choice(regime.scheme.patterns or ("X#",))
        scheme = {"name": draw.choice((regime.scheme.name, *regime.scheme.aliases)), "id": pattern.replace("#", "7")}
        if draw.random() < 0.2:
            scheme["id"] = "bad"
    rate = draw.choice(("1", "1", "0.5", "1.0823", "0.00731"))
    currency = regime.currency or file.currency
    if rate != "1":
        currency = draw.choice([one for one in ("USD", "EUR", "JPY", "BHD") if one != currency])
    return {
        "currency": currency,
        "channel": draw.choice(("post", "express", "other")),
        "trade": draw.choice(("B2C", "B2C", "B2B", "C2C", "gift")),
        "dispatch_country": draw.choice(("US", "CN", "HK", "MX")),
        "seller_scheme": scheme,
        "buyer": {"id": draw.choice((None, "12345678901", "1"))},
        "used_so_far": used,
        "rates": {
            "vat": draw.choice(("0.20", "0.081", "0.09975", "0.17", "0.27")),
            "duty": {code: draw.choice(("0", "0.12", "0.065", "0.2475", "0.37")) for code in CODES},
            "excise": {code: draw.choice(("0", "0.15", "0.05")) for code in CODES if draw.random() < 0.3},
        },
        "freight": draw.choice(("0", "4.99", "12.345")),
        "insurance": draw.choice(("0", "1.01")),
        "duty_method": draw.choice((None, "specific")),
        "items": items,
        "rate_to_regime": rate,
    }


def rows_of(file: Jurisdiction, basket: dict[str, Any], on: date, named: str) -> tuple[Any, Any]:
    sent = {name: value for name, value in basket.items() if name != "rate_to_regime"}
    if basket["rate_to_regime"] != "1":
        targets = {regime.currency or file.currency for regime in file.regimes}
        sent["exchange"] = {target: basket["rate_to_regime"] for target in targets if target != basket["currency"]}
    read = read_basket(json.dumps(sent).encode())
    items = item_rows(read, file.jurisdiction, on, regime=named)
    return items, quoter()._exchange(file, read, on)


def usable(file: Jurisdiction, basket: dict[str, Any]) -> bool:
    """The oracle takes one rate for all amounts: a basket in the currency of one of two regimes would need two."""
    targets = {
        regime.currency or file.currency for regime in file.regimes if not regime.ordinary and is_runnable(regime)
    }
    return len(targets) == 1 and (basket["rate_to_regime"] == "1") == (basket["currency"] in targets)


def answer_of(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    entries = quoter()._entries
    return [(entries[row["treatment_no"]].regime.id, row["duty_minor"], row["tax_minor"]) for row in rows]


def case(seed: int, pair: tuple[Jurisdiction, Regime]) -> tuple[dict[str, Any], date, str]:
    draw = random.Random(seed)
    file, regime = pair
    basket = some_basket(draw, file, regime)
    first = regime.valid_from or date(2024, 9, 1)
    on = first + timedelta(days=draw.choice((0, 1, 40, 300)))
    if regime.valid_to is not None and on > regime.valid_to:
        on = regime.valid_to
    return basket, on, draw.choice(("", "", regime.id))


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 2**32), place=st.integers(0, len(RUNNING) - 1))
def test_steps_and_oracle_agree(seed: int, place: int) -> None:
    file, regime = RUNNING[place]
    basket, on, named = case(seed, RUNNING[place])
    if not usable(file, basket):
        return
    items, exchange = rows_of(file, basket, on, named)
    found = answer_of(quoter()._assessor.charges(items, exchange))
    wanted = [(one.regime, one.duty, one.tax) for one in charged(file, basket, on, named)]
    assert found == wanted, (regime.id, on, named, basket)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), place=st.integers(0, len(RUNNING) - 1))
def test_every_rounding_agrees(seed: int, place: int) -> None:
    """Level, mode and quantum are the regime's: each combination is what fractions say."""
    draw = random.Random(seed)
    file, regime = RUNNING[place]
    rounding = Rounding(
        level=draw.choice(("item", "consignment")),
        mode=draw.choice(("floor", "half_up", "half_even", "ceiling")),
        quantum=draw.choice((1, 5, 10)),
    )
    changed = msgspec.structs.replace(
        file, regimes=tuple(msgspec.structs.replace(one, rounding=rounding) for one in file.regimes)
    )
    basket, on, named = case(seed, (file, regime))
    if not usable(file, basket):
        return
    assessor = second_quoter()._assessor
    assessor._engine.load("treatments", TREATMENT_COLUMNS, treatment_rows([changed])[0], ("treatment_no",))
    items, exchange = rows_of(changed, basket, on, named)
    found = [(row["duty_minor"], row["tax_minor"]) for row in assessor.charges(items, exchange)]
    assert found == [(one.duty, one.tax) for one in charged(changed, basket, on, named)]


@cache
def second_quoter() -> Quoter:
    """Return a quoter whose regimes a test may change."""
    return Quoter(FILES.values(), RowEngine())


@pytest.mark.parametrize("seed", [1, 2])
def test_duckdb_gives_the_same(seed: int) -> None:
    """One statement over hundreds of baskets of all jurisdictions: row by row what the rows engine says."""
    draw = random.Random(seed)
    all_items: list[Any] = []
    all_rates: dict[Any, Any] = {}
    columns: list[Any] = []
    for number in range(300):
        file, regime = draw.choice(RUNNING)
        basket, on, named = case(draw.getrandbits(32), (file, regime))
        items, exchange = rows_of(file, basket, on, named)
        key = f"k{number}"
        for row in exchange:
            all_rates[key, row[2]] = (key, *row[1:])
        for row in items:
            columns = list(row)
            columns[0] = len(all_items) + 1
            columns[1] = number
            columns[KEY_AT] = key
            all_items.append(tuple(columns))
    rates = list(all_rates.values())
    rows = quoter()._assessor.charges(all_items, rates)
    duck = Quoter(FILES.values(), DuckEngine())
    assert duck._assessor.charges(all_items, rates) == rows
    several = {row["basket_id"] for row in rows if row["item"] > 1}
    alone = [item for item in all_items if item[1] not in several]
    duck._assessor.statement = duck._assessor.statement_for(frozenset())  # the form for parcels of a single item
    assert duck._assessor.charges(alone, rates) == [row for row in rows if row["basket_id"] not in several]
    assert len({row["treatment_no"] for row in rows}) > 30
