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


def test_criteria_over_what_risk_knows_hit_alike_on_three_engines(session: Any) -> None:
    """Random conditions over scores, list hits, history and offices: Spark, DuckDB and the engine of few rows."""
    from tests.parity.test_profiles_batch import PREDICATES, profiles
    from tests.property.test_risk_sight_conditions import World

    from openecp.border.risk.reference import CRITERION_COLUMNS, risk_criteria
    from openecp.platform.engines.few_rows import FewRowsEngine
    from openecp.platform.engines.spark import SparkEngine

    hits = 0
    world = World(7)
    world.planned._looks = None
    rows, _ = world.planned.rows(world.declarations, date(2026, 3, 2))
    for profile in (world.profile, load_profile("demo").with_rows("risk_criteria", profiles(PREDICATES))):
        online = Assessor(profile, DuckEngine())._online
        seen = iter(row for own in world.sight.rows for row in own)
        known = [(*row[: -len(one)], *one) for row in rows.items for one in (next(seen),)]
        values = [value for _, given in world.sight.asked for own in given for value in own]
        items = [(*online._hit_cells(row), value) for row, value in zip(known, values, strict=True)]
        engines: list[Any] = [DuckEngine(), FewRowsEngine(DuckEngine(), few=10_000), SparkEngine(session)]
        found = []
        for engine in engines:
            engine.load("risk_criteria", CRITERION_COLUMNS, risk_criteria(profile), ("criterion_id",))
            found.append(Counter(engine.run(online.hits_statement(), {"item_values": (online._hit_schema, items)})))
        assert found[0] == found[1] == found[2]
        assert not engines[1]._beyond
        hits += sum(found[0].values())
    assert hits > 300
