# SPDX-License-Identifier: Apache-2.0
"""Goal: a day's parcels are charged exactly as the steps charge them, and as a quote says of the same goods.

Method: random parcels around each regime's thresholds, cleared in one go; compared item by item with the steps over the
same rows, and parcel by parcel with quotes.
"""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest
from tests.clearing_world import ROW_COLUMNS, basket_of, rows_of, some_parcel

from openecp.border.low_value.basket import UsedSoFar
from openecp.border.low_value.charges import CHARGE_COLUMNS, SEVERAL
from openecp.border.low_value.clearance import Clearance
from openecp.border.low_value.exchange import OfficialRate, OfficialRates
from openecp.border.low_value.faults import QuoteRefused
from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.model import Rounding
from openecp.border.low_value.quote import Quoter
from openecp.border.low_value.tables import EXCHANGE_COLUMNS, FIRST_DAY, ITEM_COLUMNS, LAST_DAY, is_runnable
from openecp.kernel.journal.canonical import canonical
from openecp.platform.engines.duck_batch import DuckBatchEngine
from openecp.platform.engines.rows import RowEngine

FILES = {file.jurisdiction: file for file in load_regimes()}
RUNNING = [
    (file, regime) for file in FILES.values() for regime in file.regimes if is_runnable(regime) and not regime.ordinary
]
TABLES = sorted({r.exchange.table for f in FILES.values() for r in f.regimes if r.exchange})
RATES = OfficialRates(
    OfficialRate(table, currency, rate, FIRST_DAY, LAST_DAY)
    for table in TABLES
    for currency, rate in (
        *(("EUR", 10**8), ("USD", 108_230_000), ("JPY", 16_943_000_000), ("BHD", 40_691_000)),
        *((file.currency, 731_000_000 + 17 * n) for n, file in enumerate(FILES.values()) if file.currency not in
          ("EUR", "USD", "JPY", "BHD")),
    )
)  # fmt: skip


FAST = ("EU-FLAT-2026",)  # in the fast suite; the other regimes with the slow tests


def of_regime(place: int, regime: str) -> Any:
    return pytest.param(place, id=regime, marks=() if regime in FAST else pytest.mark.slow)


@cache
def quoter() -> Quoter:
    return Quoter(FILES.values(), RowEngine(), RATES)


def day_of(draw: random.Random, regime: Any) -> date:
    first = regime.valid_from or date(2024, 9, 1)
    on = first + timedelta(days=draw.choice((0, 1, 40, 300)))
    return min(on, regime.valid_to) if regime.valid_to else on


def cleared(file: Any, rows: list[Any], on: date, regime: str = "") -> tuple[Clearance, DuckBatchEngine]:
    engine = DuckBatchEngine(threads=1)
    engine.load("parcel_rows", ROW_COLUMNS, rows)
    # without totals: the steps see each parcel alone; tests/unit/test_clear_totals.py compares parcels in their order
    made = Clearance(file, engine, on=on, regime=regime, rates=RATES, totals=False)
    made.assess()
    return made, engine


def by_steps(made: Clearance, engine: DuckBatchEngine, *, several: bool = True) -> list[dict[str, Any]]:
    """Return what the steps charge for the same items."""
    for name in ("parcel_items", "exchange"):  # what patterns were weighed with
        engine.connection.unregister(name)
    currencies = engine.ask("SELECT DISTINCT currency FROM chunk_items")
    engine.load("exchange", EXCHANGE_COLUMNS, made.exchange(currencies))
    made.assessor.know_shares(
        (row["tax_rate_e8"], row["excise_rate_e8"])
        for row in engine.ask("SELECT DISTINCT tax_rate_e8, excise_rate_e8 FROM chunk_items")
    )
    engine.stage("raw_items", made.items.general("parcel_rows", several=several))
    names = ", ".join(name for name, _ in ITEM_COLUMNS)
    items = [tuple(row.values()) for row in engine.ask(f"SELECT {names} FROM raw_items")]
    engine.load("parcel_items", ITEM_COLUMNS, made.assessor.marked(items))
    facts = frozenset({SEVERAL}) if several else frozenset()
    engine.stage("by_steps", made.assessor.statement_for(facts))
    return engine.ask("SELECT * FROM by_steps ORDER BY row_id")


def same(fast: list[dict[str, Any]], slow: list[dict[str, Any]]) -> None:
    """Compare; where nobody knows the duty, the tax is not known either and is not compared."""
    assert [row["row_id"] for row in fast] == [row["row_id"] for row in slow]
    for one, other in zip(fast, slow, strict=True):
        unknown = other["treatment_no"] is None or other["duty_minor"] is None or other["tax_minor"] is None
        names = [name for name, _ in CHARGE_COLUMNS]
        if unknown:
            names = ["row_id", "treatment_no", "unrated_no"]
        if other["treatment_no"] is not None and one["duty_base_micro"] == 0 == other["duty_base_micro"]:
            names = [name for name in names if name != "duty_rate_used_e8"]
        assert {n: one[n] for n in names} == {n: other[n] for n in names}, (one, other)


@pytest.mark.parametrize("place", [of_regime(place, regime.id) for place, (_, regime) in enumerate(RUNNING)])
def test_equals_the_steps_and_the_quotes(place: int) -> None:
    file, regime = RUNNING[place]
    draw = random.Random(place)
    on, named = day_of(draw, regime), draw.choice(("", regime.id))
    parcels = [some_parcel(draw, file, regime, on) for _ in range(60)]
    made, engine = cleared(file, rows_of(parcels), on, named)
    fast = engine.ask("SELECT * FROM charges ORDER BY row_id")
    same(fast, by_steps(made, engine))
    results = engine.ask("SELECT * FROM parcel_results ORDER BY basket_id")
    assert len(results) == len(parcels)
    compared = 0
    for parcel, row in zip(parcels, results, strict=True):
        basket = basket_of(parcel)
        if basket is not None:
            compared += 1
            compare_with_quote(basket, file, on, named, row)
        record = json.loads(row["record"])
        assert canonical(record).decode() == row["record"]
        assert sum(a["minor"] for a in record["amounts"]) == record["duty"] + record["tax"]
    assert compared > 25
    sums = engine.ask("SELECT COALESCE(SUM(minor), 0) AS n FROM collector_sums")[0]["n"]
    assert sums == sum(row["duty_minor"] + row["tax_minor"] for row in results)


def compare_with_quote(basket: Any, file: Any, on: date, named: str, row: dict[str, Any]) -> None:
    try:
        quote = quoter().quote(basket, file.jurisdiction, on, regime=named)
    except QuoteRefused as refused:
        codes = {fault.code for fault in refused.faults}
        assert row["decision"] == "hold" or (
            row["decision"] == "full_declaration" and codes <= {"OECP-DUTY-RATE", "OECP-TAX-RATE", "OECP-EXCHANGE"}
        ), (codes, row)
        return
    assert (row["regime"], row["category"]) == (quote.regime, quote.category), (row, quote.reasons)
    if row["decision"] in ("release", "release_with_charges"):
        exponent = -1 if "." not in quote.tax else len(quote.tax.partition(".")[2])
        scale = 10 ** max(exponent, 0)
        told = tuple(round(float(text) * scale) for text in (quote.duty, quote.tax))
        assert (row["duty_minor"], row["tax_minor"]) == told, (row["record"], quote)
    else:
        assert row["decision"] == "full_declaration"
        assert row["duty_minor"] == row["tax_minor"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_every_rounding_agrees(seed: int) -> None:
    draw = random.Random(100 + seed)
    file, regime = draw.choice(RUNNING)
    rounding = Rounding(
        level=("item", "consignment")[seed % 2], mode=("floor", "half_up", "half_even", "ceiling")[seed % 4],
        quantum=draw.choice((1, 5, 10)),
    )  # fmt: skip
    changed = msgspec.structs.replace(
        file, regimes=tuple(msgspec.structs.replace(one, rounding=rounding) for one in file.regimes)
    )
    on = day_of(draw, regime)
    parcels = [some_parcel(draw, file, regime, on) for _ in range(80)]
    made, engine = cleared(changed, rows_of(parcels), on)
    same(engine.ask("SELECT * FROM charges ORDER BY row_id"), by_steps(made, engine))


@pytest.mark.slow
def test_parcels_of_one_item_in_the_steps_own_form() -> None:
    draw = random.Random(7)
    file, regime = FILES["EU"], FILES["EU"].regimes[1]
    parcels = [some_parcel(draw, file, regime, date(2026, 7, 2)) for _ in range(200)]
    for parcel in parcels:
        del parcel["items"][1:]
    made, engine = cleared(file, rows_of(parcels), date(2026, 7, 2))
    same(engine.ask("SELECT * FROM charges ORDER BY row_id"), by_steps(made, engine, several=False))


COUNTING = [(file, regime) for file, regime in RUNNING if regime.id in ("CN-CBEC-2019", "US-SECTION-321", "AZ-2024")]
COUNTING += [
    (file, regime)
    for file, regime in RUNNING
    if (file, regime) not in COUNTING
    and any((limit.scope or "").startswith(("person", "order")) for one in regime.treatments for limit in one.limits)
]


@pytest.mark.slow
@pytest.mark.parametrize("place", range(len(COUNTING)), ids=[regime.id for _, regime in COUNTING])
def test_totals_in_a_chunk_as_quotes_one_after_the_other(place: int) -> None:
    """Parcels of a few persons and orders: each is charged as a quote that is told what was used before it."""
    file, regime = COUNTING[place]
    draw = random.Random(place)
    on = day_of(draw, regime)
    currency = regime.currency or file.currency
    parcels = []
    for _ in range(50):
        parcel = some_parcel(draw, file, regime, on)
        parcel |= {
            "currency": currency, "trade": "B2C", "channel": draw.choice(("express", "express", "post")),
            "buyer_id": draw.choice(("ID-1234567", "ID-7654321", "ID-5550001")), "documents": False,
            "order_id": draw.choice(("A", "B", None)), "dispatch_country": "HK",
        }  # fmt: skip
        del parcel["items"][draw.choice((1, 1, 2)) :]
        for line in parcel["items"]:
            line |= {"hs": "640319", "duty_rate": "0.12", "excise_rate": "0.05", "tax_rate": "0.13", "origin": "VN",
                     "restricted": False,
                     "unit_price": f"{draw.choice((12, 90, 310, 799, 4000, 9000))}.00"}  # fmt: skip
        parcels.append(parcel)
    made, engine = cleared(file, rows_of(parcels), on)
    results = engine.ask("SELECT * FROM parcel_results ORDER BY basket_id")
    counts = {
        row["basket_id"]: row["n"]
        for row in engine.ask(
            "SELECT o.basket_id, BOOL_OR(w.counts) AS n FROM item_outcomes AS o JOIN ways AS w ON w.way_no = o.way_no "
            "GROUP BY o.basket_id"
        )
    }
    totals: dict[Any, int] = {}
    scopes = {period.scope for period in made.periods}
    seen: set[str] = set()
    for parcel, row in zip(parcels, results, strict=True):
        basket = basket_of(parcel)
        assert basket is not None
        keys = {4: (4, parcel["scheme_id"] or parcel["carrier"], parcel["order_id"])} if parcel["order_id"] else {}
        keys |= {scope: (scope, parcel["buyer_id"]) for scope in (5, 6, 7)}
        names = {4: "order", 5: "person_day", 6: "person_month", 7: "person_year"}
        before = {names[s]: str(totals[k] / 10**6) for s, k in keys.items() if s in scopes and totals.get(k)}
        basket = msgspec.structs.replace(basket, used_so_far=msgspec.convert(before, UsedSoFar))
        compare_with_quote(basket, file, on, "", row)
        seen.add(row["regime"])
        if counts[row["basket_id"]]:
            for period in made.periods:
                if period.scope in keys:
                    values = engine.ask(
                        "SELECT CAST(SUM(price_micro + "
                        f"{int(period.cif)} * (freight_micro + insurance_micro)) AS BIGINT) AS n "
                        f"FROM chunk_items WHERE basket_id = {row['basket_id']}"
                    )
                    key = keys[period.scope]
                    totals[key] = totals.get(key, 0) + values[0]["n"]
    assert len(seen) > 1, "totals decide"
    moved = {}
    for move in made.moves(1, 10**9):
        moved[move.key.scope] = moved.get(move.key.scope, 0) + move.add_micro
    assert sum(moved.values()) == sum(totals.values())
