# SPDX-License-Identifier: Apache-2.0
"""Parcels cleared by Spark and by DuckDB: the same decisions, charges and records, to the last minor unit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.clearing_world import ROW_COLUMNS, rows_of, some_parcel
from tests.property.test_clearance import FILES, RATES

from openecp.border.low_value.clearance import Clearance
from openecp.platform.engines.duck_batch import DuckBatchEngine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CASES = (("EU", date(2026, 7, 2)), ("BR", date(2025, 3, 1)))


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    pyspark = pytest.importorskip("pyspark.sql", reason="openecp[spark] is not installed")
    try:
        made = (
            pyspark.SparkSession.builder.master("local[2]").appName("openecp-test")
            .config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2")
            .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
        )  # fmt: skip
    except Exception as error:
        pytest.skip(f"Spark does not start, it needs Java 17: {error}")
    yield made
    made.stop()


@pytest.mark.parametrize(("jurisdiction", "on"), CASES)
def test_the_same_to_the_minor_unit(session: Any, jurisdiction: str, on: date) -> None:
    from openecp.platform.engines.spark_batch import SparkBatchEngine

    file = FILES[jurisdiction]
    draw = random.Random(11)
    running = [regime for regime in file.regimes if regime.treatments and not regime.ordinary]
    parcels = [some_parcel(draw, file, draw.choice(running), on) for _ in range(400)]
    answers = []
    for engine in (DuckBatchEngine(threads=1), SparkBatchEngine(session)):
        engine.load("parcel_rows", ROW_COLUMNS, rows_of(parcels))
        Clearance(file, engine, on=on, rates=RATES, totals=False).assess()  # type: ignore[arg-type]
        names = "first_row, decision, category, regime, duty_minor, tax_minor, reasons, amounts, record"
        answers.append(
            (
                engine.ask(f"SELECT {names} FROM parcel_results ORDER BY first_row"),
                engine.ask("SELECT account, type, currency, minor, amounts FROM collector_sums ORDER BY account, type"),
            )
        )
    assert answers[0] == answers[1]
    assert len(answers[0][0]) == 400
    assert any(row["amounts"].count('"item":2') for row in answers[0][0]), "parcels of several items"
