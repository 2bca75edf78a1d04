# SPDX-License-Identifier: Apache-2.0
"""Damaged files of events: each is named, each row is counted, nothing crashes and nothing is dropped in silence."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openecp.border.time_release.verification import read_findings, verified
from openecp.platform.core.event_sources import READ_FAULTS, read_sources
from openecp.platform.engines.trs_engine import TrsEngine
from openecp.platform.wire.ocel import OcelEvent, OcelLog, OcelObject, Relation, write_ocel

pytestmark = pytest.mark.slow  # a suite of its own length: `make test` is for every save

ROWS = 24
HEAD = "case_id,activity,ts,office"


def row(number: int) -> str:
    """Return a sound row."""
    return f"c{number // 3},{('LODGED', 'ACCEPTED', 'RELEASED')[number % 3]},2026-01-{number % 27 + 1:02}T10:00:00Z,NBO"


DAMAGES = {
    "no_case": lambda r: "," + r.split(",", 1)[1],
    "no_activity": lambda r: r.split(",")[0] + ",," + ",".join(r.split(",")[2:]),
    "no_stamp": lambda r: ",".join(r.split(",")[:2]) + ",,NBO",
    "unreadable_stamp": lambda r: ",".join(r.split(",")[:2]) + ",soon,NBO",
    "stamp_out_of_range": lambda r: ",".join(r.split(",")[:2]) + ",9999-12-31,NBO",
    "too_many_cells": lambda r: r + ",more,and more",
    "unbalanced_quote": lambda r: r.replace(",NBO", ',"NBO'),
    "cell_too_long": lambda r: "x" * 5000 + r,
}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damage=st.dictionaries(st.integers(0, ROWS - 1), st.sampled_from(sorted(DAMAGES)), max_size=8))
def test_every_damaged_row_is_left_out_by_its_reason(damage: dict[int, str]) -> None:
    """The rows that are left out are those that were damaged, each for its reason; all others are used."""
    rows = [DAMAGES[damage[n]](row(n)) if n in damage else row(n) for n in range(ROWS)]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "e.csv"
        file.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
        engine = TrsEngine(threads=1)
        (read,) = read_sources(engine, [file]).sources
        expected: dict[str, int] = {}
        for reason in damage.values():
            expected[reason] = expected.get(reason, 0) + 1
        assert (read.rows, read.used, read.left_out) == (ROWS, ROWS - len(damage), expected)
        assert engine.ask("SELECT COUNT(*) AS n FROM trs_events") == [{"n": ROWS - len(damage)}]
        told = {f.code: f.rows for f in read_findings(read.source, read.rows, read.used, read.left_out, read.notes)}
        assert all(told[f"left_out:{reason}"] == count for reason, count in expected.items())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kind=st.sampled_from(["csv", "xes", "json", "xml", "sqlite", "parquet"]), seed=st.integers(0, 10**9))
def test_bytes_at_random_never_crash(kind: str, seed: int) -> None:
    """A file with bytes cut, changed or doubled is read as far as it goes, or refused with where and why."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"e.{kind}"
        file.write_bytes(damaged(sound(kind, Path(folder)), random.Random(seed)))
        engine = TrsEngine(threads=1)
        try:
            read = read_sources(engine, [file])
        except READ_FAULTS as fault:
            if not (fault.where and fault.expected and fault.fix):
                raise
            return
        for source in read.sources:
            assert source.rows == source.used + sum(source.left_out.values())
        try:
            found = engine.ask("SELECT COUNT(*) AS n FROM trs_events")[0]["n"]
            verified(engine)
        except READ_FAULTS:
            return
        assert found >= sum(source.used for source in read.sources)


def sound(kind: str, folder: Path) -> bytes:
    """Return a sound file of a kind."""
    if kind == "csv":
        return ("\n".join([HEAD, *map(row, range(ROWS))]) + "\n").encode()
    if kind == "xes":
        name = '<string key="concept:name" value="LODGED"/>'
        stamps = (f'<date key="time:timestamp" value="2026-01-0{n}T00:00:00Z"/>' for n in range(1, 9))
        events = "".join(f"<event>{name}{stamp}</event>" for stamp in stamps)
        return f'<log><trace><string key="concept:name" value="c1"/>{events}</trace></log>'.encode()
    if kind == "parquet":
        file = folder / "sound.parquet"
        TrsEngine(threads=1).connection.execute(
            f"COPY (SELECT 'c' || i AS case_id, 'LODGED' AS activity, make_timestamp(i * 1000000) AS ts FROM range(50) "
            f"AS t(i)) TO '{file}' (FORMAT parquet)"
        )
        return file.read_bytes()
    related = (Relation("D1", ""),)
    events_of = tuple(OcelEvent(f"e{n}", "LODGED", f"2026-01-0{n}T00:00:00Z", {}, related) for n in range(1, 9))
    write_ocel(OcelLog(events_of, (OcelObject("D1", "declaration"),)), folder / f"sound.{kind}")
    return (folder / f"sound.{kind}").read_bytes()


def damaged(data: bytes, draw: random.Random) -> bytes:
    """Cut, change or double bytes."""
    found = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        place = draw.randrange(len(found) + 1) if found else 0
        way = draw.randrange(4)
        if way == 0:
            del found[place : place + draw.randint(1, 40)]
        elif way == 1:
            found[place:place] = bytes(draw.randrange(256) for _ in range(draw.randint(1, 8)))
        elif way == 2:
            found = found[:place] if draw.random() < 0.3 else found
        else:
            found[place:place] = found[max(0, place - 30) : place]
    return bytes(found)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
def test_other_encodings_are_read_and_named(tmp_path: Path, encoding: str) -> None:
    """A file that is no UTF-8 is read, and said to be none."""
    file = tmp_path / "e.csv"
    file.write_bytes(f"{HEAD}\nc1,LODGED,2026-01-01,Orléans\n".encode(encoding))
    engine = TrsEngine(threads=1)
    (read,) = read_sources(engine, [file]).sources
    assert engine.ask("SELECT office FROM trs_events") == [{"office": "Orléans"}]
    assert any(name.startswith("encoding:") for name in read.notes) is (encoding != "utf-8-sig")


def test_large_cells_are_cut_and_counted(tmp_path: Path) -> None:
    """Ten megabytes in a segment cost the cell, not the event; in a case's number they cost the row."""
    file = tmp_path / "e.csv"
    big = "x" * 10_000_000
    file.write_text(f"{HEAD}\nc1,LODGED,2026-01-01,{big}\n{big},LODGED,2026-01-01,NBO\n", encoding="utf-8")
    engine = TrsEngine(threads=1)
    (read,) = read_sources(engine, [file]).sources
    assert (read.rows, read.used, read.left_out, read.notes["cells_cut"]) == (2, 1, {"cell_too_long": 1}, 1)


def test_empty_files_are_named(tmp_path: Path) -> None:
    """Nothing at all, a header alone, a file of blanks: each is told, the others are used."""
    for name, text in (("a.csv", ""), ("b.csv", HEAD + "\n"), ("c.csv", "\n\n"), ("d.csv", f"{HEAD}\n{row(1)}\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    read = read_sources(TrsEngine(threads=1), sorted(tmp_path.glob("*.csv")), keep_going=True)
    assert [refused.source for refused in read.refused] == ["a.csv", "c.csv"]
    assert [(source.source, source.rows, source.used) for source in read.sources] == [("b.csv", 0, 0), ("d.csv", 1, 1)]


def test_mixed_ways_and_stamps_to_come_are_named(tmp_path: Path) -> None:
    """Stamps in several ways, some with a zone and some without, stamps in the future, doubled rows."""
    file = tmp_path / "e.csv"
    rows = ["c1,LODGED,2026-01-01T10:00:00Z,x", "c1,RELEASED,2026-01-01 09:00,x", "c2,LODGED,14.01.2026 10:00,x",
            "c3,LODGED,2190-01-01T10:00:00Z,x", "c3,LODGED,2190-01-01T10:00:00Z,x"]  # fmt: skip
    file.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    engine = TrsEngine(threads=1)
    (read,) = read_sources(engine, [file]).sources
    assert read.used == 5
    codes = {f.code for f in read_findings(read.source, read.rows, read.used, read.left_out, read.notes)}
    assert codes == {"mixed_formats"}
    found = {f.code: f.rows for f in verified(engine, as_of_us=1_800_000_000_000_000)}
    assert (found["order:RELEASED<LODGED"], found["future"], found["double"]) == (1, 2, 1)
