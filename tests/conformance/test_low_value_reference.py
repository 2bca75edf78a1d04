# SPDX-License-Identifier: Apache-2.0
"""Every row of the public reference of low-value regimes stands in our own files, with its period and support."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from tests.corpus import reference_path

from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.model import Jurisdiction, Regime
from openecp.border.low_value.tables import is_runnable

REFERENCE = json.loads(reference_path("low-value-regimes.json").read_text(encoding="utf-8"))
ROWS: list[dict[str, Any]] = REFERENCE["regimes"]
INCOMPLETE = {"VN", "ZA", "IN", "AE", "TR"}
OFFICIAL_NOW = {("CA", "official")}


@cache
def written() -> dict[tuple[str, str], list[tuple[Jurisdiction, Regime]]]:
    found: dict[tuple[str, str], list[tuple[Jurisdiction, Regime]]] = {}
    for file in load_regimes():
        for regime in file.regimes:
            if regime.row:
                found.setdefault((file.jurisdiction, regime.row), []).append((file, regime))
    return found


def test_there_is_a_regime_for_each_row_and_no_other() -> None:
    assert set(written()) == {(row["jurisdiction"], row["regime"]) for row in ROWS}
    assert len(ROWS) == 32
    assert len({row["jurisdiction"] for row in ROWS}) == 26


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['jurisdiction']} {row['regime'][:30]}")
def test_period_support_and_running(row: dict[str, Any]) -> None:
    regimes = [regime for _, regime in written()[row["jurisdiction"], row["regime"]]]
    first, last = regimes[0], regimes[-1]
    assert (first.valid_from.isoformat() if first.valid_from else None) == row["valid_from"]
    assert (last.valid_to.isoformat() if last.valid_to else None) == row["valid_to"]
    assert first.start_unknown == (row["valid_from"] is None)
    for regime in regimes:
        assert regime.support == row["verification"]
        assert is_runnable(regime) == (row["jurisdiction"] not in INCOMPLETE)
        assert bool(regime.sources) == bool(row["sources"])
        if row["background_fields"]:
            assert regime.background


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['jurisdiction']} {row['regime'][:30]}")
def test_machine_readable_thresholds_are_carried_over(row: dict[str, Any]) -> None:
    """Every amount that the reference gives as data stands in a limit or remission, with its comparator and scope."""
    (_, regime), *_ = written()[row["jurisdiction"], row["regime"]]
    limits = {
        ("le" if limit.le is not None else "lt", limit.le or limit.lt, limit.scope)
        for one in regime.treatments
        for limit in one.limits
    }
    remissions = {
        ("le" if one.remission.le is not None else "lt", one.remission.le or one.remission.lt, one.remission.scope)
        for one in regime.treatments
        if one.remission
    }
    for name in ("duty_relief", "vat_relief", "gift_relief", "low_value", "tax_relief"):
        given = row.get(name)
        if not isinstance(given, dict):
            continue
        scope = given["scope"].replace("_per_", "_")
        wanted = (given["comparator"], given["amount"], scope)
        assert wanted in (remissions if name == "tax_relief" else limits), (name, limits, remissions)
        assert regime.currency == given["currency"]
