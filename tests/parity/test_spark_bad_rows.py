# SPDX-License-Identifier: Apache-2.0
"""Files with damage of dozens of kinds: Spark takes the rows that one machine takes, and tells the same faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.fixtures.bad_parcels import Row, make, write_parquet

from openecp.kernel.datamodel.parcel_check import AMOUNT_MAX
from openecp.platform.engines.parcel_files import open_parcels

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
GOOD = {"posted_on": "2026-07-01", "currency": "EUR", "description": "cotton T-shirt", "unit_price": "9.50"}
FAULT = "row_id, column_name, code, expected, got, fix"


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


def odd_rows() -> list[Row]:
    """Return rows whose fault is of a parcel as a whole, or lies at an edge of a rule."""
    cells: list[Row] = [
        {"tax_rate": "20"}, {"tax_rate": "1"}, {"tax_rate": "1.00000001"}, {"duty_rate": "20"}, {"duty_rate": "100"},
        {"duty_rate": "100.1"}, {"gross_weight_kg": "10000"}, {"gross_weight_kg": "10000.000001"},
        {"unit_price": "10000000000"}, {"unit_price": "10000000000.000001"}, {"quantity": "0.000001"},
        {"quantity": "0.5", "unit_price": "0.000001"}, {"quantity": "0.5", "unit_price": "0.000002"}, {"hs": "6109 10"},
        {"documents": "t"}, {"documents": "yes"}, {"currency": " EUR"}, {"currency": "EUR "},
        {"origin": "CN\n"}, {"posted_on": "2026-07-01\n"}, {"unit_price": "9.50\n"}, {"scheme_id": "IM1 2"}, {},
    ]  # fmt: skip
    rows = [{**GOOD, "parcel_id": f"EDGE{number}", **one} for number, one in enumerate(cells)]
    rows += [{**GOOD, "parcel_id": "TWICE"}, {**GOOD, "parcel_id": "BETWEEN"}, {**GOOD, "parcel_id": "TWICE"}]
    rows += [{**GOOD, "parcel_id": "TWO-DAYS"}, {**GOOD, "parcel_id": "TWO-DAYS", "posted_on": "2026-07-02"}]
    rows += [{**GOOD, "parcel_id": "ABC"}, {**GOOD, "parcel_id": "ABC", "posted_on": "soon"}]
    rows += [{**GOOD, "parcel_id": "DAYS-TWICE", "posted_on": f"2026-07-0{day}"} for day in (1, 2, 1)]
    rows += [{**GOOD, "parcel_id": "OTHER", "freight": cell} for cell in ("1.5", "1.50", "2", "")]
    rows += [{**GOOD, "parcel_id": "MUCH", "unit_price": str(AMOUNT_MAX)}] * 2
    rows += [{**GOOD, "parcel_id": "LONG"} for _ in range(1_001)]
    rows += [{}, {"parcel_id": "ALONE"}, {**GOOD, "parcel_id": ""}, {**GOOD, "parcel_id": ""}]
    return rows


def compare(session: Any, files: list[Path]) -> tuple[int, int]:
    """Compare both ways over files; return good rows and faults."""
    from openecp.platform.engines.spark_batch import SparkBatchEngine

    spark = SparkBatchEngine(session)
    try:
        counted = spark.stage_parcels(files)
        names = [name for name in session.table("parcel_rows").columns if name != "parcel_no"]
        theirs = {row["row_id"]: row.asDict() for row in session.table("parcel_rows").select(*names).collect()}
        told = sorted(tuple(row) for row in session.sql(f"SELECT {FAULT} FROM parcel_faults").collect())
    finally:
        spark.close()
    ours: dict[int, dict[str, Any]] = {}
    faults: list[tuple[Any, ...]] = []
    offset = 0
    with duckdb.connect() as run:
        for path in files:
            file = open_parcels(run, path)
            for chunk in file.chunks():
                file.stage(chunk)
                for row in run.execute(f"SELECT {', '.join(names)} FROM parcel_rows").fetchall():
                    ours[row[0] + offset] = dict(zip(names, row, strict=True)) | {"row_id": row[0] + offset}
                found = run.execute(f"SELECT {FAULT} FROM parcel_faults").fetchall()
                faults += [(row[0] + offset, *row[1:]) for row in found]
            offset += file.rows
    assert told == sorted(faults)
    assert theirs == ours
    assert counted.rows == offset == len(ours) + len({row[0] for row in faults})
    return len(ours), len(faults)


def test_the_same_rows_and_the_same_faults(session: Any, tmp_path: Path) -> None:
    made = make(7, 120, share=0.5)
    path = tmp_path / "bad.parquet"
    write_parquet(path, [*made.rows, *odd_rows()])
    good, faults = compare(session, [path])
    assert good > 100
    assert faults > 100


def test_numbers_in_every_type(session: Any, tmp_path: Path) -> None:
    """Amounts as DOUBLE, DECIMAL and integers, days as DATE: what a type cannot hold exactly is told alike."""
    prices = [9.5, 0.1, 1e10, 1e10 + 1, 0.1234567, 123456789.123456, -1.0, float("nan"), 1e-7, None, 5e9]
    table = pa.table({
        "parcel_id": [f"N{number}" for number in range(len(prices))],
        "posted_on": pa.array(["2026-07-01"] * len(prices)).cast(pa.date32()),
        "currency": ["EUR"] * len(prices), "description": ["mug"] * len(prices), "unit_price": prices,
        "quantity": pa.array([1, 2, 0, -1, 1, 1, 1, 1, 1, 1, 1], pa.int64()),
        "freight": pa.array([*range(10), 0], pa.decimal128(20, 8)), "documents": [True, None] * 5 + [False],
    })  # fmt: skip
    path = tmp_path / "typed.parquet"
    pq.write_table(table, path)
    good, faults = compare(session, [path])
    assert good
    assert faults


def test_a_parcel_of_an_earlier_file_is_not_charged_again(session: Any, tmp_path: Path) -> None:
    from openecp.platform.engines.spark_batch import SparkBatchEngine

    files = [tmp_path / name for name in ("one.parquet", "two.parquet")]
    write_parquet(files[0], [{**GOOD, "parcel_id": "A"}, {**GOOD, "parcel_id": "B", "unit_price": "x"}])
    write_parquet(files[1], [{**GOOD, "parcel_id": name} for name in ("A", "B", "C")])
    spark = SparkBatchEngine(session)
    try:
        counted = spark.stage_parcels(files)
        kept = sorted((row["parcel_id"], row["row_id"]) for row in session.table("parcel_rows").collect())
    finally:
        spark.close()
    assert kept == [("A", 1), ("B", 4), ("C", 5)], "B was refused in the first file"
    assert (counted.rows, counted.refused, counted.repeated) == (5, 1, 1)
