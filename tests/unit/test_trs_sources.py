# SPDX-License-Identifier: Apache-2.0
"""Files of events: mapping, join by keys, zones, precision, workbooks, object-centric logs."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from openecp.border.time_release.analysis import analysed
from openecp.border.time_release.clocks import clock_of
from openecp.border.time_release.mapping import MapFault, proposed_map, study_map
from openecp.border.time_release.verification import verified
from openecp.platform.core.event_sources import SourcesRead, looked, read_sources, written_ocel
from openecp.platform.engines.trs_engine import TrsEngine
from openecp.platform.wire.ocel import OcelEvent, OcelLog, OcelObject, Relation, UnreadableOcel, read_ocel, write_ocel
from openecp.platform.wire.xes import UnreadableXes, XesLimits, read_xes

CUSTOMS = """declaration_no;bl_no;event;when;office
D1;BL-001;LODGED;01/03/2026 10:00;NBO
D2;BL-001;LODGED;01/03/2026 11:00;NBO
D3;BL-002;LODGED;13/03/2026 10:00;NBO
D1;;RELEASED;02/03/2026 10:00;NBO
D4;BL-009;LODGED;14/03/2026 10:00;NBO
"""
PORT = """container,bl,ata,gate_out
C1,BL-001,2026-03-01 05:00,2026-03-03 05:00
C2,bl 002,2026-03-12 05:00,
C3,BL-777,2026-03-12 05:00,2026-03-13 05:00
"""
MAP = """case = "declaration"
zone = "Africa/Nairobi"
[owners]
WEIGHED = "TERMINAL"
[[source]]
name = "customs"
files = ["customs*"]
keys = { declaration = "declaration_no", bill = "bl_no" }
activity = "event"
ts = "when"
[[source]]
name = "port"
files = ["port*"]
keys = { bill = "bl" }
stamps = { ARRIVAL = "ata", GATE_OUT = "gate_out" }
"""


def joined(tmp_path: Path, mapping: str = MAP) -> tuple[TrsEngine, SourcesRead]:
    """Return an engine that read customs and port."""
    for name, text in (("customs.csv", CUSTOMS), ("port.csv", PORT)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    engine = TrsEngine(threads=1)
    return engine, read_sources(engine, [tmp_path / "customs.csv", tmp_path / "port.csv"], study_map(mapping))


def test_sources_are_joined_by_their_keys(tmp_path: Path) -> None:
    """One bill serves two declarations; what finds no case is told by reason, with examples."""
    engine, read = joined(tmp_path)
    port = next(match for match in read.matches if match.source == "port.csv")
    assert port.way == ("bill", "declaration")
    assert (port.rows, port.rows_matched, port.several_cases) == (5, 2, 1)
    assert port.unmatched == {"no_link": 2, "other_spelling": 1}
    assert port.examples == {"no_link": ("BL-777",), "other_spelling": ("bl 002",)}
    assert port.cases_without_examples == ("D3", "D4")
    (cell,) = analysed(engine, clock_of("arrival_release"), ())
    assert (cell.n, cell.shown()["mean_s"]) == (1, 29 * 3600.0)
    for source in read.sources:
        assert source.rows == source.used + sum(source.left_out.values())


def test_loose_keys_match_other_spellings(tmp_path: Path) -> None:
    """With match = loose, marks, blanks and case are overlooked."""
    _, read = joined(tmp_path, 'match = "loose"\n' + MAP)
    port = next(match for match in read.matches if match.source == "port.csv")
    assert port.unmatched == {"no_link": 2}


def test_owners_of_the_mapping_reach_attribution(tmp_path: Path) -> None:
    """A log's own activity ends the wait of the owner that the mapping names."""
    file = tmp_path / "e.csv"
    file.write_text("case_id,activity,ts\na,Come,2026-01-01T00:00Z\na,WEIGHED,2026-01-01T01:00Z\n", encoding="utf-8")
    engine, mapping = TrsEngine(threads=1), study_map(MAP.partition("[[source]]")[0])
    read_sources(engine, [file], mapping)
    (cell,) = analysed(engine, clock_of("from=Come,to=WEIGHED"), (), owners=mapping.owner_of())
    assert cell.shown()["owners_s"] == {"TERMINAL": 3600.0}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("zone = 'Mars/Base'", "time zone"),
        ("[owners]\nX = 'NOBODY'", "CUSTOMS"),
        ("[[source]]\nname = 'a'\nkeys = {bill = 'b'}", "case"),
        ("[[source]]\nname = 'a'\nstamps = {A = 'a'}", "case_id"),
        ("nonsense = 1", "mapping in TOML"),
        ("a = = b", "mapping in TOML"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(text: str, wrong: str) -> None:
    """Each fault names the place and what is wanted."""
    with pytest.raises(MapFault, match=wrong):
        study_map(text)


def stamps_of(tmp_path: Path, stamps: list[str], zone: str = "", formats: str = "") -> list[int | None]:
    """Return how stamps of one column are read, in seconds; None where they are left out."""
    file = tmp_path / "e.csv"
    file.write_text(
        "case_id,activity,ts\n" + "".join(f'c{i},A,"{s}"\n' for i, s in enumerate(stamps)), encoding="utf-8"
    )
    engine = TrsEngine(threads=1)
    read_sources(engine, [file], study_map(f'zone = "{zone}"\n{formats}'))
    found = {row["case_id"]: row["ts_us"] // 1_000_000 for row in engine.ask("SELECT case_id, ts_us FROM trs_events")}
    return [found.get(f"c{i}") for i in range(len(stamps))]


def at(*parts: int) -> int:
    """Return a moment UTC in seconds."""
    return int((datetime(*parts) - datetime(1970, 1, 1)).total_seconds())


def test_stamps_as_people_write_them(tmp_path: Path) -> None:
    """Each way of writing one moment gives that moment; a named wrong one gives none."""
    ten = at(2026, 3, 14, 10, 5)
    written = ["2026-03-14T10:05:00Z", "2026-03-14 10:05", "14.03.2026 10:05", "14/03/2026 10:05", "20260314T1005",
               "20260314 100500", str(ten), str(ten * 1000), "14-Mar-2026 10:05", "2026-03-14T12:05:00+02:00",
               "2026-03-14 12:05 +0200", "14/03/2026 10:05 AM", "2026-03-14T10:05:00,0"]  # fmt: skip
    assert stamps_of(tmp_path, written) == [ten] * len(written)
    wrong = ["yesterday", "2026-02-30", "12:00", "9999-12-31", "1900-01-01", "infinity", "epoch", "31/31/2026"]
    assert stamps_of(tmp_path, wrong) == [None] * len(wrong)


def test_dates_with_slashes_need_a_witness(tmp_path: Path) -> None:
    """Day or month first: the column tells, or the row does, or nothing is guessed."""
    assert stamps_of(tmp_path, ["01/02/2026", "13/02/2026"]) == [at(2026, 2, 1), at(2026, 2, 13)]
    assert stamps_of(tmp_path, ["01/02/2026", "02/13/2026"]) == [at(2026, 1, 2), at(2026, 2, 13)]
    assert stamps_of(tmp_path, ["01/02/2026", "13/02/2026", "02/13/2026"])[0] is None
    assert stamps_of(tmp_path, ["01/02/2026"]) == [None]
    assert stamps_of(tmp_path, ["01/02/2026"], formats='formats = ["%m/%d/%Y"]') == [at(2026, 1, 2)]


def test_zone_is_for_stamps_without_one(tmp_path: Path) -> None:
    """Local text is read in the declared zone, summer time heeded; text with a zone stays."""
    found = stamps_of(tmp_path, ["2026-01-10 12:00", "2026-07-10 12:00", "2026-07-10T12:00Z"], "Europe/Rome")
    assert found == [at(2026, 1, 10, 11), at(2026, 7, 10, 10), at(2026, 7, 10, 12)]


def test_precision_is_as_written(tmp_path: Path) -> None:
    """Second, minute, day: by the row, and by the activity where all of its stamps fall on local midnight."""
    rows = ["a,A,2026-01-01", "a,B,2026-01-01 10:00", "a,C,2026-01-01 10:00:07"]
    rows += [f"m{i},M,2026-07-0{i + 1}T22:00:00Z" for i in range(6)]
    file = tmp_path / "e.csv"
    file.write_text("case_id,activity,ts\n" + "\n".join(rows) + "\n", encoding="utf-8")
    engine = TrsEngine(threads=1)
    read_sources(engine, [file], study_map('zone = "Europe/Rome"'))
    found = {
        row["activity"]: row["precision"] for row in engine.ask("SELECT DISTINCT activity, precision FROM trs_events")
    }
    assert found == {"A": "day", "B": "minute", "C": "second", "M": "day"}
    told = [f.what for f in verified(engine, zones=engine.zones()) if f.code == "date_only"]
    assert any("2026-07-02 in Europe/Rome" in what for what in told)


def test_clock_skew_is_named_with_its_size(tmp_path: Path) -> None:
    """A port that labels local time as UTC is found from what both saw, or from the order of events."""
    for shared in (True, False):
        customs, port = ["case_id,activity,ts"], ["case_id,activity,ts"]
        for i in range(30):
            customs.append(f"c{i},RELEASED,2026-01-02T{i % 20:02}:00:00Z")
            late = f"2026-01-0{1 if i % 20 < 5 else 2}T{(i % 20 - 5) % 24:02}:{10 + i}:00Z"
            port.append(f"c{i},{'RELEASED' if shared else 'GATE_OUT'},{late if not shared else late[:14] + '00:00Z'}")
        for name, rows in (("customs.csv", customs), ("port.csv", port)):
            (tmp_path / name).write_text("\n".join(rows), encoding="utf-8")
        engine = TrsEngine(threads=1)
        read_sources(engine, [tmp_path / "customs.csv", tmp_path / "port.csv"])
        (found,) = [f for f in verified(engine) if f.code.startswith("clock_skew")]
        assert "port.csv runs" in found.what
        assert "behind customs.csv" in found.what
        assert ("-05:00" in found.what) is shared
        assert abs(int(found.examples[0].split()[0]) + 5 * 3600) <= 1200


def test_a_workbook_of_events(tmp_path: Path) -> None:
    """Dates and times of cells are read as such; a date without a time of day is one."""
    book = Workbook()
    sheet = book.active
    sheet.append(["case_id", "activity", "ts", "office"])
    sheet.append([17, "LODGED", datetime(2026, 1, 1, 10, 0, 30), "X"])
    sheet.append([17, "RELEASED", date(2026, 1, 2), "X"])
    book.save(tmp_path / "e.xlsx")
    engine = TrsEngine(threads=1)
    read_sources(engine, [tmp_path / "e.xlsx"])
    rows = engine.ask("SELECT case_id, activity, precision, ts_us FROM trs_events ORDER BY seq")
    assert [(row["case_id"], row["precision"]) for row in rows] == [("17", "second"), ("17", "day")]
    assert rows[0]["ts_us"] == at(2026, 1, 1, 10, 0, 30) * 1_000_000


def ocel() -> OcelLog:
    """Return a log in which a container serves two declarations and a permit names none."""
    objects = (
        OcelObject("D1", "declaration", (), (Relation("C1", "in"),)),
        OcelObject("D2", "declaration", (), (Relation("C1", "in"),)),
        OcelObject("C1", "container"),
        OcelObject("P1", "permit"),
    )
    events = (
        OcelEvent("e1", "ARRIVAL", "2026-01-01T00:00:00Z", {"quay": "7 & 8"}, (Relation("C1", "box"),)),
        OcelEvent("e2", "LODGED", "2026-01-01T02:00:00Z", {}, (Relation("D1", ""), Relation("C1", ""))),
        OcelEvent("e3", "RELEASED", "2026-01-01T05:00:00Z", {}, (Relation("D1", ""), Relation("D2", ""))),
        OcelEvent("e4", "AGENCY_DECIDED", "2026-01-01T03:00:00Z", {}, (Relation("P1", ""),)),
    )
    return OcelLog(events, objects)


@pytest.mark.parametrize("name", ["log.json", "log.xml", "log.sqlite"])
def test_object_centric_logs_in_three_forms(tmp_path: Path, name: str) -> None:
    """A log comes back as it was written, and is projected to the cases of a type."""
    write_ocel(ocel(), tmp_path / name)
    assert read_ocel(tmp_path / name).events == ocel().events
    assert read_ocel(tmp_path / name).objects == ocel().objects
    engine = TrsEngine(threads=1)
    read = read_sources(engine, [tmp_path / name], case_object="declaration")
    (cell,) = analysed(engine, clock_of("arrival_release"), ())
    assert (cell.n, cell.shown()["mean_s"]) == (2, 5 * 3600.0)
    assert read.sources[0].left_out == {"no_case_object": 1}
    engine = TrsEngine(threads=1)
    read_sources(engine, [tmp_path / name], case_object="container")
    assert {row["case_id"] for row in engine.ask("SELECT case_id FROM trs_events")} == {"C1"}
    assert written_ocel(engine, tmp_path / ("again" + name), "container", {})[0] == 3
    with pytest.raises(UnreadableOcel, match="declaration"):
        read_sources(TrsEngine(threads=1), [tmp_path / name], case_object="ship")


def test_a_proposed_mapping_can_be_used(tmp_path: Path) -> None:
    """What is proposed for a file is a mapping, and reads it."""
    joined(tmp_path)
    text = proposed_map((looked(tmp_path / "customs.csv"), looked(tmp_path / "port.csv")))
    mapping = study_map(text)
    assert mapping.sources[0].activity == "event"
    assert mapping.sources[1].stamps == {"ARRIVAL": "ata", "GATE_OUT": "gate_out"}
    read = read_sources(TrsEngine(threads=1), [tmp_path / "port.csv"], mapping)
    assert read.sources[0].used == 5


@pytest.mark.slow
def test_bombs_in_xes_are_refused(tmp_path: Path) -> None:
    """Entities, endless values, endless names and too much unpacked are named, in little memory."""
    bomb = tmp_path / "bomb.xes"
    bomb.write_text('<!DOCTYPE log [<!ENTITY a "aaaa">]><log>&a;</log>', encoding="utf-8")
    with pytest.raises(UnreadableXes, match="DOCTYPE"):
        list(read_xes(bomb))
    packed = tmp_path / "bomb.xes.gz"
    packed.write_bytes(gzip.compress(b'<log><trace><event><string key="a" value="' + b"x" * 30_000_000))
    with pytest.raises(UnreadableXes, match="longer"):
        list(read_xes(packed))
    names = "".join(f'<string key="k{i}" value="x"/>' for i in range(9_000))
    bomb.write_text(f"<log><trace><event>{names * 2}</event></trace></log>", encoding="utf-8")
    with pytest.raises(UnreadableXes, match="attributes"):
        list(read_xes(bomb))
    packed.write_bytes(gzip.compress(b"<log>" + b" " * 2_000_000))
    with pytest.raises(UnreadableXes, match="unpacked"):
        list(read_xes(packed, XesLimits(ratio_max=100, ratio_from=1 << 20)))
