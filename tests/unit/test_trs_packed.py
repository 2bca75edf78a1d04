# SPDX-License-Identifier: Apache-2.0
"""Gzipped files of events are read as the files that they hold; broken and swollen ones are refused by name."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import openecp.platform.engines.trs_packed as packed
from openecp.border.time_release.mapping import study_map
from openecp.platform.core.event_sources import looked, read_sources
from openecp.platform.engines.trs_engine import EventFileFault, TrsEngine
from openecp.platform.wire.ocel import OcelEvent, OcelLog, OcelObject, Relation, write_ocel

CSV = "case_id,activity,ts,office\n" + "".join(f"c{n},LODGED,2026-01-{n:02}T10:00:00Z,NBO\n" for n in range(1, 10))
XES = (
    '<log><trace><string key="concept:name" value="c1"/><event><string key="concept:name" value="LODGED"/>'
    '<date key="time:timestamp" value="2026-01-01T00:00:00Z"/></event></trace></log>'
)


def packed_file(folder: Path, name: str, data: bytes) -> Path:
    """Write a gzipped file."""
    file = folder / name
    file.write_bytes(gzip.compress(data, mtime=0))
    return file


def test_each_kind_is_read_packed(tmp_path: Path) -> None:
    """CSV, Parquet, OCEL as JSON and XML, XES: rows and events are those of the plain file."""
    related = (Relation("D1", ""),)
    log = OcelLog((OcelEvent("e1", "LODGED", "2026-01-01T00:00:00Z", {}, related),), (OcelObject("D1", "declaration"),))
    for kind in ("json", "xml"):
        write_ocel(log, tmp_path / f"log.{kind}")
    parquet = tmp_path / "log.parquet"
    TrsEngine(threads=1).connection.execute(
        f"COPY (SELECT 'c1' AS case_id, 'A' AS activity, TIMESTAMP '2026-01-01' AS ts) TO '{parquet}' (FORMAT parquet)"
    )
    files = [
        packed_file(tmp_path, "e.csv.gz", CSV.encode()),
        packed_file(tmp_path, "e.json.gz", (tmp_path / "log.json").read_bytes()),
        packed_file(tmp_path, "e.xml.gz", (tmp_path / "log.xml").read_bytes()),
        packed_file(tmp_path, "e.parquet.gz", parquet.read_bytes()),
        packed_file(tmp_path, "e.xes.gz", XES.encode()),
    ]
    engine = TrsEngine(threads=1)
    read = read_sources(engine, files)
    assert [(one.source, one.rows, one.used) for one in read.sources] == [
        ("e.csv.gz", 9, 9), ("e.json.gz", 1, 1), ("e.xml.gz", 1, 1), ("e.parquet.gz", 1, 1), ("e.xes.gz", 1, 1),
    ]  # fmt: skip
    assert engine.ask("SELECT COUNT(*) AS n FROM trs_events") == [{"n": 13}]
    assert looked(files[0]).columns == ("case_id", "activity", "ts", "office")


def test_a_mapping_for_the_plain_name_serves_the_packed_file(tmp_path: Path) -> None:
    """Nobody writes a mapping anew because a file came packed."""
    mapping = study_map('[[source]]\nname = "customs"\nfiles = ["customs*.csv"]\n', "map.toml")
    read = read_sources(TrsEngine(threads=1), [packed_file(tmp_path, "customs1.csv.gz", CSV.encode())], mapping)
    assert read.sources[0].used == 9


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (gzip.compress(CSV.encode() * 50, mtime=0)[:-20], "a whole gzipped file"),
        (gzip.compress(gzip.compress(CSV.encode(), mtime=0), mtime=0), "packed once"),
        (gzip.compress(b"", mtime=0), "a file of events"),
        (b"\x1f\x8bnothing of the kind", "a whole gzipped file"),
        (gzip.compress(bytes(40_000), mtime=0), "at most 400 times"),
    ],
)
def test_what_cannot_be_unpacked_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, expected: str
) -> None:
    """Cut, packed twice, empty, no gzip at all, a bomb: named, with what to do; nothing is left in the folder."""
    monkeypatch.setattr(packed, "RATIO_FROM", 30_000)
    file = tmp_path / "e.csv.gz"
    file.write_bytes(data)
    engine = TrsEngine(threads=1)
    with pytest.raises(EventFileFault, match=expected) as caught:
        read_sources(engine, [file])
    assert caught.value.where == "e.csv.gz"
    assert caught.value.fix
    assert not list(Path(engine._spill.name).rglob("e.csv.gz"))
