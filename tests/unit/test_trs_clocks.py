# SPDX-License-Identifier: Apache-2.0
"""Clocks, cells and findings over small logs that one can reckon by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openecp.border.time_release.analysis import analysed
from openecp.border.time_release.clocks import ClockFault, clock_of
from openecp.border.time_release.stages import STAGES, cube_cells, cube_sql, projection_sql
from openecp.border.time_release.verification import verified
from openecp.platform.engines.trs_engine import EventFileFault, TrsEngine

HEAD = "case_id,activity,ts,office\n"


def engine_of(tmp_path: Path, text: str, head: str = HEAD) -> TrsEngine:
    """Return an engine that has read a log written as CSV."""
    file = tmp_path / "events.csv"
    file.write_text(head + text, encoding="utf-8")
    engine = TrsEngine(threads=1)
    engine.read_file(file)
    return engine


def only(engine: TrsEngine, clock: str, by: tuple[str, ...] = ()) -> dict[str, object]:
    """Return the one cell of a clock."""
    (cell,) = analysed(engine, clock_of(clock), by)
    return cell.shown()


def test_own_clock_runs_to_the_first_end_at_or_after_its_start(tmp_path: Path) -> None:
    """An end before the start is passed over for a later one; a case that has none is still open."""
    engine = engine_of(
        tmp_path,
        "a,B,2026-01-01T00:00:00Z,x\na,A,2026-01-01T01:00:00Z,x\na,B,2026-01-01T03:00:00Z,x\na,B,2026-01-01T09:00:00Z,x\n"
        "b,A,2026-01-01T05:00:00Z,x\nb,B,2026-01-01T05:00:00Z,x\n"
        "c,B,2026-01-01T00:00:00Z,x\nc,A,2026-01-01T01:00:00Z,x\n"
        "d,B,2026-01-01T00:00:00Z,x\n",
    )
    cell = only(engine, "from=A,to=B")
    assert (cell["n"], cell["missing"], cell["censored"]) == (2, 1, 1)
    assert cell["mean_s"] == 3600.0
    assert cell["least_s"] == 0.0


def test_named_clock_keeps_what_was_cleared_before_arrival(tmp_path: Path) -> None:
    """A negative clock is counted, and its owners still add up to it."""
    engine = engine_of(
        tmp_path,
        "a,LODGED,2026-01-01T00:00:00Z,x\na,RELEASED,2026-01-01T02:00:00Z,x\na,ARRIVAL,2026-01-01T10:00:00Z,x\n",
    )
    cell = only(engine, "arrival_release")
    assert (cell["mean_s"], cell["negative"]) == (-8 * 3600.0, 1)
    assert cell["owners_s"] == {"CUSTOMS": 7200.0, "PRE_ARRIVAL": -10 * 3600.0}


def test_release_recorded_after_the_goods_had_left_is_passed_over(tmp_path: Path) -> None:
    """The release before the gate is the one; a late entry counts only where there is no other."""
    engine = engine_of(
        tmp_path,
        "a,ARRIVAL,2026-01-01T00:00:00Z,x\na,RELEASED,2026-01-01T01:00:00Z,x\na,GATE_OUT,2026-01-01T02:00:00Z,x\n"
        "a,RELEASED,2026-01-01T05:00:00Z,x\n"
        "b,ARRIVAL,2026-01-01T00:00:00Z,y\nb,GATE_OUT,2026-01-01T02:00:00Z,y\nb,RELEASED,2026-01-01T05:00:00Z,y\n",
    )
    cells = {
        cell.segment["office"]: cell.shown() for cell in analysed(engine, clock_of("arrival_release"), ("office",))
    }
    assert cells["x"]["mean_s"] == 3600.0
    assert cells["y"]["mean_s"] == 5 * 3600.0


def test_zones_are_heeded(tmp_path: Path) -> None:
    """One moment written in two zones is one moment."""
    engine = engine_of(tmp_path, "a,A,2026-03-29T01:30:00+01:00,x\na,B,2026-03-29T03:30:00+02:00,x\n")
    assert only(engine, "from=A,to=B")["mean_s"] == 3600.0


def test_quantiles_are_linear(tmp_path: Path) -> None:
    """Median and p90 equal numpy's linear definition, on seeded draws of several sizes."""
    rng = np.random.default_rng(7)
    for size in (1, 2, 5, 31, 200):
        seconds = np.round(np.exp(rng.normal(8, 1, size))).astype(int)
        rows = "".join(
            f"c{i},A,2026-01-01T00:00:00Z,x\nc{i},B,{np.datetime64('2026-01-01') + np.timedelta64(int(s), 's')}Z,x\n"
            for i, s in enumerate(seconds)
        )
        cell = only(engine_of(tmp_path, rows), "from=A,to=B")
        for name, share in (("p10_s", 0.1), ("median_s", 0.5), ("p90_s", 0.9)):
            assert cell[name] == pytest.approx(np.quantile(seconds, share), rel=1e-12)
        if size > 1:
            assert cell["std_s"] == pytest.approx(np.std(seconds, ddof=1), rel=1e-9)


def test_rows_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    """A stamp that cannot be read, an empty case or activity: named and counted, the rest is used."""
    file = tmp_path / "e.csv"
    file.write_text(HEAD + "a,A,yesterday,x\n,A,2026-01-01,x\na,,2026-01-01,x\na,A,2026-01-01,x\n", encoding="utf-8")
    loaded = TrsEngine(threads=1).read_file(file)
    assert (loaded.rows, loaded.used) == (4, 1)
    assert loaded.left_out == {"no_case": 1, "no_activity": 1, "unreadable_stamp": 1}


def test_a_log_without_the_columns_says_what_to_do(tmp_path: Path) -> None:
    """The fault names the file, the column that is wanted, and those that are there."""
    file = tmp_path / "e.csv"
    file.write_text("id,what,when\n1,A,2026-01-01\n", encoding="utf-8")
    with pytest.raises(EventFileFault, match="case_id") as caught:
        TrsEngine(threads=1).read_file(file)
    assert "id, what, when" in caught.value.got
    assert "--map" in caught.value.fix


def test_unknown_clock_and_segment_are_refused(tmp_path: Path) -> None:
    """What is not known is refused with what there is."""
    with pytest.raises(ClockFault, match="arrival_release"):
        clock_of("arrival_lunch")
    with pytest.raises(ClockFault, match="office"):
        analysed(engine_of(tmp_path, "a,A,2026-01-01,x\n"), clock_of("from=A,to=B"), ("port",))


def test_order_violations_are_found(tmp_path: Path) -> None:
    """Release before lodgement is a fault with its case; a doubled row is counted."""
    engine = engine_of(
        tmp_path,
        "a,RELEASED,2026-01-01,x\na,LODGED,2026-01-02,x\nb,LODGED,2026-01-02,x\nb,LODGED,2026-01-02,x\n"
        "b,RELEASED,2026-01-03,x\nb,INSPECT_START,2026-01-03,x\n",
    )
    found = {finding.code: finding for finding in verified(engine)}
    assert found["order:RELEASED<LODGED"].examples == ("a",)
    assert found["double"].rows == 1
    assert found["missing:INSPECT_END"].cases == 1


def test_cube_from_the_projection_equals_the_clocks(tmp_path: Path) -> None:
    """The cube of all stages says of each stage what its clock says alone."""
    engine = engine_of(
        tmp_path,
        "a,ARRIVAL,2026-01-01T00:00:00Z,x\na,LODGED,2026-01-01T04:00:00Z,x\n"
        "b,ARRIVAL,2026-01-01T00:00:00Z,x\nb,LODGED,2026-01-01T06:00:00Z,x\n"
        "c,LODGED,2026-01-01T06:00:00Z,y\n",
    )
    engine.stage("projection", projection_sql(STAGES, ("office",)))
    cells = cube_cells(engine.ask(cube_sql("projection", STAGES, ("office",))), STAGES, ("office",))
    (x, y) = analysed(engine, clock_of("arrival_lodged"), ("office",))
    one, other = cells["x",]["arrival_lodged"], cells["y",]["arrival_lodged"]
    assert one.n == x.n == 2
    assert one.mean is not None
    assert one.mean / 1e6 == x.shown()["mean_s"] == 5 * 3600.0
    assert (one.median, one.p90) == (x.quantiles["median"], x.quantiles["p90"])
    assert one.std == pytest.approx(x.quantiles["std"], rel=1e-12)
    assert other.n == y.n == 0
    assert other.mean is None
