# SPDX-License-Identifier: Apache-2.0
"""The full cube of a time release study on Spark and on DuckDB: identical cells, every figure of every stage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openecp.border.time_release.stages import STAGES, cube_cells, cube_sql, month_sql, projection_sql
from openecp.platform.engines.trs_engine import TrsEngine
from openecp.platform.engines.trs_source import EventFileFault

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SEGMENTS = ("office", "channel")
NAMES = (*SEGMENTS, "c0")


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    pytest.importorskip("pyspark.sql", reason="openecp[spark] is not installed")
    from openecp.platform.engines.trs_spark import spark_session

    try:
        made = spark_session("local[2]")
    except Exception as error:
        pytest.skip(f"Spark does not start, it needs Java 17: {error}")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log of 20,000 cases: forty offices, ties, doubled events, empty segments, rows that cannot be used."""
    file = tmp_path_factory.mktemp("log") / "events.parquet"
    codes = ", ".join(f"({place}, '{code}')" for place, code in enumerate(
        dict.fromkeys(code for stage in STAGES for code in (stage.start, stage.end))))  # fmt: skip
    TrsEngine(threads=2).connection.execute(f"""COPY (
WITH steps(k, activity) AS (VALUES {codes}),
  e AS (SELECT i, r, k, activity FROM range(20000) AS t(i), range(2) AS u(r), steps WHERE HASH(i, k, r) % 5 > r * 3)
SELECT CASE WHEN HASH(i, k) % 4000 = 0 THEN '' ELSE 'c' || i END AS case_id,
  CASE WHEN HASH(k, i) % 5000 = 0 THEN NULL ELSE activity END AS activity,
  CASE WHEN HASH(i, 3, k) % 5000 = 0 THEN NULL WHEN HASH(i, 4, k) % 5000 = 0 THEN TIMESTAMP '9999-01-01'
    ELSE MAKE_TIMESTAMP(CAST(1704067200000000 + i * 1576800000 + k * 3600000000 +
      CAST(HASH(i * 13 + k, r) % 90000000000 AS BIGINT) AS BIGINT)) END AS ts,
  CASE WHEN HASH(i, r) % 50 = 0 THEN NULL ELSE 'office' || (HASH(i * 7) % 40) END AS office,
  CASE WHEN HASH(i * 11) % 100 < 70 THEN 'green' WHEN HASH(i * 11) % 100 < 88 THEN 'yellow' ELSE 'red' END AS channel
FROM e) TO '{file}' (FORMAT parquet)""")
    return file


def test_all_cells_are_identical(session: Any, log: Path) -> None:
    """Counts, means, medians, ninetieth percentiles and standard deviations: the same numbers, not nearly the same."""
    from openecp.platform.engines.trs_spark import TrsSparkEngine

    answers, read = [], []
    for engine in (TrsEngine(threads=2), TrsSparkEngine(session)):
        loaded = engine.read_file(log)
        read.append((loaded.rows, loaded.used, loaded.left_out))
        engine.stage("projection", projection_sql(STAGES, SEGMENTS))
        rows = engine.ask(cube_sql("projection", STAGES, SEGMENTS, (month_sql(STAGES),)))
        answers.append(cube_cells(rows, STAGES, NAMES))
    assert read[0] == read[1]
    assert set(read[0][2]) == {"no_case", "no_activity", "no_stamp", "stamp_out_of_range"}
    assert len(answers[0]) > 1_400
    assert list(answers[0]) == list(answers[1])
    assert answers[0] == answers[1]
    assert sum(one.n for cell in answers[0].values() for one in cell.values()) > 100_000


def test_what_is_no_parquet_with_stamps_is_refused(session: Any, tmp_path: Path) -> None:
    """Each with where, expected, got and what to do."""
    from openecp.platform.engines.trs_spark import TrsSparkEngine

    engine = TrsSparkEngine(session)
    text = tmp_path / "e.parquet"
    text.write_text("case_id,activity,ts\n", encoding="utf-8")
    with pytest.raises(EventFileFault, match="a Parquet file"):
        engine.read_file(text)
    TrsEngine(threads=1).connection.execute(
        f"COPY (SELECT 'a' AS case_id, 'A' AS activity, '2026-01-01' AS ts) TO '{text}' (FORMAT parquet)"
    )
    with pytest.raises(EventFileFault, match="typed stamps"):
        engine.read_file(text)
