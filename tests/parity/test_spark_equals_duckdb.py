# SPDX-License-Identifier: Apache-2.0
"""Goal: Spark answers what DuckDB answers, to the last minor unit. Method: one statement, both engines, same rows."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.oracle.traffic import Traffic

from openecp.border.online import inputs_of
from openecp.border.pipeline import Assessor
from openecp.border.tariff.reference import load_measures
from openecp.kernel.profile import load_profile
from openecp.platform.engines.duck import DuckEngine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    if shutil.which("java") is None:
        pytest.skip("no java on the PATH: Spark parity needs Java 17")
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: pip install openecp[spark]")
    made = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    yield made
    made.stop()


@pytest.mark.parametrize("seed", [11])
def test_findings_are_the_same(session: Any, seed: int) -> None:
    from openecp.platform.engines.spark import SparkEngine

    profile = load_profile("demo")
    measures = list(load_measures((profile.folder / "measures.csv").read_bytes(), "measures.csv", profile))
    traffic = Traffic(profile, measures, seed=seed, faults=0.1)
    declarations = [traffic.declaration(number) for number in range(400)]
    duck, spark = DuckEngine(), SparkEngine(session)
    on_duck = Assessor(profile, duck, measures)
    on_spark = Assessor(profile, spark, measures)
    rows, _ = on_duck.rows(declarations, date(2026, 3, 2))
    statement = on_duck.statement(on_duck._facts(rows))
    inputs = {name: (schema, given) for name, schema, given in inputs_of(rows) if given}
    wanted = Counter(duck.run(statement, inputs))
    found = Counter(spark.run(on_spark.statement(on_spark._facts(rows)), inputs))
    assert found - wanted == Counter()
    assert wanted - found == Counter()
    assert {row[0] for row in wanted} >= set("VTECQK")


@pytest.mark.parametrize("mode", ["floor", "half_up", "half_even", "ceiling"])
def test_every_rounding_mode_is_the_same(session: Any, mode: str) -> None:
    import random

    from tests.property.test_money import CODES, profile_with, rows_of, some_item, some_measure

    from openecp.platform.engines.spark import SparkEngine

    draw = random.Random(mode)
    profile = profile_with(mode, "FOB", complete=mode == "floor")
    measures = [some_measure(draw) for _ in range(12)]
    duck, spark = DuckEngine(), SparkEngine(session)
    on_duck = Assessor(profile, duck, measures)
    Assessor(profile, spark, measures)
    rows = rows_of(on_duck, [some_item(draw, CODES, ("A101", "A102")) for _ in range(200)])
    statement = on_duck.statement(on_duck._facts(rows))
    inputs = {name: (schema, given) for name, schema, given in inputs_of(rows) if given}
    assert Counter(spark.run(statement, inputs)) == Counter(duck.run(statement, inputs))
