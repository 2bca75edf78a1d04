# SPDX-License-Identifier: Apache-2.0
"""The quick ways of a time release study give what the plain ways give."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from openecp.border.time_release.directly_follows import directly_follows, directly_follows_sql
from openecp.platform.engines.trs_engine import TrsEngine


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Parquet log of 300 cases with many ties, in no order of time."""
    draw = random.Random(7)
    codes = ("ARRIVAL", "LODGED", "PAYMENT_CONFIRMED", "RELEASED", "GATE_OUT", "it's")
    rows = [
        f"('c{draw.randrange(300)}', '{draw.choice(codes).replace(chr(39), chr(39) * 2)}', {draw.randrange(-40, 40)})"
        for _ in range(3_000)
    ]
    file = tmp_path_factory.mktemp("log") / "events.parquet"
    values = ", ".join(rows)
    TrsEngine(threads=1).connection.execute(
        f"COPY (SELECT c AS case_id, a AS activity, make_timestamp(t * 3600000000) AS ts "
        f"FROM (VALUES {values}) AS v(c, a, t)) TO '{file}' (FORMAT parquet)"
    )
    return file


class Clashing:
    """An engine in which all cases have one hash."""

    def __init__(self, engine: TrsEngine) -> None:
        self.engine = engine

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""
        return self.engine.ask(statement.replace("HASH(case_id)", "1"))


def test_the_quick_map_is_the_plain_one(log: Path) -> None:
    """By the hash of cases and by their numbers: the same pairs, counts and times; one hash for all is noticed."""
    engine = TrsEngine(threads=2)
    engine.read_file(log)
    plain = engine.ask(directly_follows_sql())
    assert len(plain) == 36
    for rows in (directly_follows(engine), directly_follows(Clashing(engine))):
        assert [{k: v for k, v in row.items() if k != "std_us"} for row in rows] == [
            {k: v for k, v in row.items() if k != "std_us"} for row in plain
        ]
        assert [row["std_us"] for row in rows] == pytest.approx([row["std_us"] for row in plain], rel=1e-12)


@pytest.mark.parametrize(
    ("case", "activity", "ts", "reason"),
    [
        ("NULL", "'B'", "TIMESTAMP '2026-01-01 10:00:01'", "no_case"),
        ("''", "'B'", "TIMESTAMP '2026-01-01 10:00:01'", "no_case"),
        ("'x'", "NULL", "TIMESTAMP '2026-01-01 10:00:01'", "no_activity"),
        ("'x'", "'B'", "NULL", "no_stamp"),
        ("'x'", "'B'", "TIMESTAMP '9999-12-31 10:00:01'", "stamp_out_of_range"),
        ("'x'", "'B'", "TIMESTAMP '1900-12-31 10:00:01'", "stamp_out_of_range"),
        ("'x'", "'B'", "TIMESTAMP 'infinity'", "no_stamp"),
    ],
)
@pytest.mark.parametrize("zone", ["", "Africa/Nairobi"])
def test_rows_of_parquet_that_cannot_be_used_are_counted(
    tmp_path: Path, case: str, activity: str, ts: str, reason: str, zone: str
) -> None:
    """One bad row among good ones is left out by its reason, whatever the file's statistics are used for."""
    from openecp.platform.engines.trs_source import SourceSpec

    file = tmp_path / "e.parquet"
    engine = TrsEngine(threads=1)
    engine.connection.execute(
        "COPY (SELECT 'c' || i AS case_id, 'A' AS activity, make_timestamp(1800000000000000 + i * 60000000) AS ts "
        f"FROM range(50) AS r(i) UNION ALL SELECT {case}, {activity}, {ts}) TO '{file}' (FORMAT parquet)"
    )
    loaded = engine.read_file(file, spec=SourceSpec(zone=zone, is_local=bool(zone)))
    assert (loaded.rows, loaded.used, loaded.left_out) == (51, 50, {reason: 1})
    assert engine.ask("SELECT COUNT(*) AS n, MIN(precision) AS p FROM trs_events") == [{"n": 50, "p": "minute"}]


def test_activities_of_whole_minutes_after_the_sample_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few rows settle most activities; those that they do not hold, or do not settle, are counted whole."""
    import openecp.platform.engines.trs_parts as parts

    monkeypatch.setattr(parts, "SAMPLE", 10)
    file = tmp_path / "e.parquet"
    engine = TrsEngine(threads=1)
    engine.connection.execute(
        "COPY (SELECT 'c' || i AS case_id, CASE WHEN i < 20 THEN 'A' WHEN i < 40 THEN 'B' ELSE 'C' END AS activity, "
        "make_timestamp(1800000000000000 + i * CASE WHEN i < 20 OR i = 50 THEN 7000000 WHEN i < 40 THEN 60000000 "
        f"ELSE 86400000000 END) AS ts FROM range(60) AS r(i)) TO '{file}' (FORMAT parquet)"
    )
    engine.read_file(file)
    rows = engine.ask("SELECT activity, MIN(precision) AS p FROM trs_events GROUP BY activity ORDER BY activity")
    assert {row["activity"]: row["p"] for row in rows} == {"A": "second", "B": "minute", "C": "second"}
