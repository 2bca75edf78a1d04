# SPDX-License-Identifier: Apache-2.0
"""The real logs beside the project load whole, and say what is known of them."""

from __future__ import annotations

import pytest
from tests.corpus import corpus_path

from openecp.border.time_release.directly_follows import directly_follows
from openecp.border.time_release.mapping import study_map
from openecp.border.time_release.verification import verified
from openecp.platform.core.event_sources import read_sources
from openecp.platform.engines.trs_engine import TrsEngine

FINES = {"Create Fine": 150_370, "Send Fine": 103_987, "Add penalty": 79_860, "Insert Fine Notification": 79_860,
         "Payment": 77_601, "Send for Credit Collection": 59_013}  # fmt: skip


def test_fines_from_parquet_are_dates_of_their_own_zone() -> None:
    """All events and cases, 70 kinds of pairs; every stamp is a date, on the right day of the declared zone."""
    engine = TrsEngine(threads=2)
    path = corpus_path("trs/road_traffic_fines.parquet")
    (read,) = read_sources(engine, [path], study_map('zone = "Europe/Rome"')).sources
    assert (read.rows, read.used, read.left_out) == (561_470, 561_470, {})
    assert engine.ask("SELECT COUNT(DISTINCT case_id) AS n FROM trs_events") == [{"n": 150_370}]
    counts = {
        row["activity"]: row["n"] for row in engine.ask("SELECT activity, COUNT(*) AS n FROM trs_events GROUP BY 1")
    }
    assert len(counts) == 11
    assert {name: counts[name] for name in FINES} == FINES
    assert engine.ask("SELECT DISTINCT precision FROM trs_events") == [{"precision": "day"}]
    pairs = directly_follows(engine)
    assert (len(pairs), sum(pair["n"] for pair in pairs)) == (70, 411_100)
    first = next(f for f in verified(engine, zones=engine.zones()) if f.code == "date_only" and "Create Fine" in f.what)
    assert "2000-01-01 in Europe/Rome" in first.what


@pytest.mark.slow
def test_fines_from_xes_are_the_same() -> None:
    """The log in XES gives the same pairs as the one in Parquet, ties in the order of the file."""
    found = []
    for name in ("Road_Traffic_Fine_Management_Process.xes.gz", "road_traffic_fines.parquet"):
        engine = TrsEngine(threads=2)
        (read,) = read_sources(engine, [corpus_path(f"trs/{name}")], study_map('zone = "Europe/Rome"')).sources
        assert (read.rows, read.used) == (561_470, 561_470)
        found.append([(row["activity"], row["next_activity"], row["n"], row["mean_us"], row["least_us"], row["most_us"])
                      for row in directly_follows(engine)])  # fmt: skip
    assert found[0] == found[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "events", "cases"),
    [
        ("BPIC2020_DomesticDeclarations.cleaned.xes.gz", 55_628, 10_357),
        pytest.param("BPIC2020_InternationalDeclarations.cleaned.xes.gz", 70_727, 6_323, marks=pytest.mark.slow),
    ],
)
def test_declarations_load_whole(name: str, events: int, cases: int) -> None:
    """Logs with a namespace, with defaults in the header and two zones in one file."""
    engine = TrsEngine(threads=2)
    (read,) = read_sources(engine, [corpus_path(f"trs/{name}")]).sources
    assert (read.rows, read.used, read.left_out) == (events, events, {})
    assert engine.ask("SELECT COUNT(DISTINCT case_id) AS n FROM trs_events") == [{"n": cases}]
