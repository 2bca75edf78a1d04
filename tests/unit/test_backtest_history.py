# SPDX-License-Identifier: Apache-2.0
"""A back-test over the journal reads of each item what risk knew when it was assessed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tests.risk_sight_world import SightOffice, shipped

from openecp.kernel.assessment.sight import SightRow
from openecp.kernel.datamodel.columns import ITEM_COLUMNS
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.findings import ControlFinding
from openecp.platform.core.backtest_history import TOLD, HistoryAgain
from openecp.platform.core.backtest_items import BACKTEST_ITEMS, BacktestItems

_ITEM = [name for name, _ in ITEM_COLUMNS].index("item")


def bare(declaration: Declaration, day: str) -> list[list[Any]]:
    """Return rows of items that say their number alone."""
    shipment = declaration.goods_shipment
    items = shipment.government_agency_goods_item if shipment is not None else ()
    return [[place if at == _ITEM else None for at in range(len(ITEM_COLUMNS))] for place in range(1, len(items) + 1)]


def told_again(here: SightOffice, since: str = "") -> tuple[BacktestItems, list[dict[str, Any]]]:
    """Return the journal's items as a back-test has them."""
    history = HistoryAgain(lambda key: here.store.pseudonym("risk", key), currency="XBM", exponent=2)
    items = BacktestItems(here.store, {}, bare, since=since, history=history)
    names = [name for name, _ in BACKTEST_ITEMS]
    return items, [dict(zip(names, row, strict=True)) for row in items.tuples()]


def busy_office() -> tuple[SightOffice, list[SightRow]]:
    """Lodge declarations over weeks, with a party on a list and controls that find something; return what was known."""
    here, known = SightOffice(lists=True), list[Sequence[SightRow]]()
    for week in range(4):
        red = week == 1
        seller = "Ivan PETROV Sergeevich" if week == 2 else f"Seller {week}"
        known += here.lodge(shipped(f"L-{week}", importer=f"Importer {week % 2}", seller=seller),
                            channel="red" if red else "green")  # fmt: skip
        if red:
            here.office.act("documents_checked", "conform")
            here.office.act("control_result", "irregular", finding=ControlFinding(irregularity="value", items=(2,)))
        known += here.lodge(shipped(f"K-{week}", importer="Importer 1"))
        here.office.pass_days(7)
    return here, [row for rows in known for row in rows]


def test_what_was_known_is_told_again() -> None:
    here, known = busy_office()
    items, rows = told_again(here)
    assert len(rows) == len(known) == 16
    assert items.gone == 0
    for row, seen in zip(rows, known, strict=True):
        assert {name: row[name] for name in TOLD} == {name: getattr(seen, name) for name in TOLD}
    assert [row["irregular"] for row in rows[4:6]] == [0, 1]
    assert max(row["list_hits"] for row in rows) == 1
    assert max(row["importer_irregular_e6"] for row in rows) > 100_000


def test_what_lies_before_the_first_day_is_history_alone() -> None:
    here, known = busy_office()
    items, rows = told_again(here, (here.today() - timedelta(days=14)).isoformat())
    assert [row["importer_declarations"] for row in rows] == [one.importer_declarations for one in known[-len(rows) :]]
    assert 0 < len(items.cases) < 8
    assert rows[0]["importer_declarations"] > 0
