# SPDX-License-Identifier: Apache-2.0
"""Files with damage of dozens of kinds, in three formats: each fault is reported where it is, and nothing is lost.

Method: what must be reported is told by whoever did the damage (tests/fixtures/bad_parcels.py); the check of a single
parcel is a second witness.
"""

from __future__ import annotations

import random
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from tests.fixtures.bad_parcels import CELLS, NAMES, WRITERS, Made, Row, make, write_csv, write_ndjson, write_parquet

from openecp.kernel.datamodel.parcel import PARCEL_HEADER_COLUMNS, PARCEL_ITEM_COLUMNS, Parcel, ParcelItem
from openecp.kernel.datamodel.parcel_check import check_parcel
from openecp.platform.engines.parcel_files import open_parcels
from openecp.platform.engines.parcel_source import ParcelFileRefused, ParcelLimits

SMALL = ParcelLimits(block_bytes=20_000, block_rows=97)
SHUT_OUT = "OECP-PARCEL-SHUT-OUT"
RUN = duckdb.connect(config={"threads": 1})


class Intake(NamedTuple):
    """What came of a file: good rows by number, faults by row, and the row numbers that were shut out."""

    rows: int
    good: dict[int, dict[str, Any]]
    faults: dict[int, set[tuple[str, str]]]
    shut_out: set[int]
    told: list[tuple[Any, ...]]


def take_in(file: Path, *, chunk: int = 60, limits: ParcelLimits = SMALL, backwards: bool = False) -> Intake:
    """Stage every chunk of a file."""
    run = RUN
    opened = open_parcels(run, file, limits=limits)
    good: dict[int, dict[str, Any]] = {}
    faults: dict[int, set[tuple[str, str]]] = {}
    shut_out: set[int] = set()
    told: list[tuple[Any, ...]] = []
    chunks = list(opened.chunks(chunk))
    assert [one.first_row for one in chunks[1:]] == [one.last_row + 1 for one in chunks[:-1]]
    for one in reversed(chunks) if backwards else chunks:
        opened.stage(one)
        asked = run.execute("SELECT * FROM parcel_rows")
        names = [column[0] for column in asked.description or ()]
        for row in asked.fetchall():
            assert one.first_row <= row[0] <= one.last_row
            assert row[0] not in good
            good[row[0]] = dict(zip(names, row, strict=True))
        for fault in run.execute("SELECT * FROM parcel_faults").fetchall():
            told.append(fault)
            shut_out.add(fault[0])
            if fault[3] != SHUT_OUT:
                faults.setdefault(fault[0], set()).add((fault[2], fault[3]))
    assert good.keys() | shut_out == set(range(1, opened.rows + 1))
    assert not good.keys() & shut_out
    for fault in told:
        assert len(fault[5]) <= 80
        assert fault[5].isprintable()
        assert all(fault[place] for place in (3, 4, 5, 6)), fault
    return Intake(opened.rows, good, faults, shut_out, sorted(told, key=str))


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_each_damage_is_reported_where_it_is(tmp_path: Path, kind: str, seed: int) -> None:
    """Row and column of every spoilt cell, its parcel shut out, every other parcel taken as it was written."""
    made = make(seed, 150, share=0.5)
    file = tmp_path / f"parcels.{kind}"
    WRITERS[kind](file, made.rows)
    got = take_in(file)
    assert got.rows == len(made.rows)
    assert got.faults == made.reported
    assert got.shut_out == made.shut_out
    for number, row in got.good.items():
        expect_row(made.rows[number - 1], row)


def expect_row(written: Row, got: dict[str, Any]) -> None:
    """Compare a row with what was written."""
    assert got["parcel_id"] == written["parcel_id"]
    assert str(got["posted_on"]) == written["posted_on"]
    assert got["description"].replace("\r\n", "\n") == written["description"]
    assert got["channel"] == written.get("channel", "post")
    assert got["buyer_name"] == written.get("buyer_name")
    assert got["hs"] == (written["hs"].replace(".", "") if "hs" in written else None)
    assert got["unit_price_micro"] == millionths(written["unit_price"])
    assert got["quantity_micro"] == millionths(written.get("quantity", "1"))
    assert got["freight_micro"] == (millionths(written["freight"]) if "freight" in written else None)
    assert got["tax_rate_e8"] == (millionths(written["tax_rate"]) * 100 if "tax_rate" in written else None) or (
        written["tax_rate"] == "0.99999999" and got["tax_rate_e8"] == 99_999_999
    )
    assert got["documents"] == (written.get("documents", "").lower() in ("true", "1", "yes", "y"))


def millionths(text: str) -> int:
    """Read an amount without any number of another type."""
    whole, _, rest = text.partition(".")
    return int(whole + (rest + "000000")[:6])


def test_every_damage_is_tried() -> None:
    """The seeds of this file spoil cells in every way that the fixture knows."""
    tried = {pair for seed in range(3) for pairs in make(seed, 150, share=0.5).reported.values() for pair in pairs}
    assert tried == {(damage.column, damage.code) for damage in CELLS}


@pytest.mark.parametrize("seed", range(2))
def test_one_parcel_is_checked_by_the_same_rules(tmp_path: Path, seed: int) -> None:
    """A single declared parcel is told the same faults as a file with its rows."""
    made = make(seed + 10, 100, share=0.6)
    file = tmp_path / "parcels.parquet"
    write_parquet(file, made.rows)
    got = take_in(file)
    row = 0
    for _, group in groupby(zip(parcel_numbers(made), made.rows, strict=True), key=lambda pair: pair[0]):
        rows = [pair[1] for pair in group]
        header: dict[str, Any] = {name: rows[0].get(name) for name in PARCEL_HEADER_COLUMNS}
        items = [
            ParcelItem(**{k: v for k in PARCEL_ITEM_COLUMNS if (v := one.get(k)) is not None or k in ("description",)})  # type: ignore[arg-type]
            for one in rows
        ]
        parcel = Parcel(**{k: v for k, v in header.items() if v is not None}, items=tuple(items))
        faults = check_parcel(parcel)
        told = {(row + (fault.item or 1), fault.column, fault.code) for fault in faults}
        found = {
            (number, *pair)
            for number in range(row + 1, row + 1 + len(rows))
            for pair in got.faults.get(number, ())
            if number == row + 1 or pair[0] not in PARCEL_HEADER_COLUMNS
        }
        assert told == found
        row += len(rows)


def parcel_numbers(made: Made) -> list[int]:
    """Return the parcel of each row: a spoilt identifier is the same in all rows of its parcel."""
    numbers: list[int] = []
    for place, row in enumerate(made.rows):
        before = made.rows[place - 1] if place else {}
        same = all(row.get(name) == before.get(name) for name in PARCEL_HEADER_COLUMNS)
        numbers.append(numbers[-1] if place and same else place)
    return numbers


BAD_LINES: dict[str, tuple[bytes, str]] = {
    "too few": (b"RB1CN,2026-07-01,post", "OECP-ROW-COLUMNS"),
    "too many": (b"RB2CN" + b",x" * 40, "OECP-ROW-COLUMNS"),
    "far too many": (b"RB2CN" + b",x" * 4000, "OECP-ROW-COLUMNS"),
    "unclosed": (b'RB3CN,2026-07-01,"post,B2C,EUR' + b"," * 28, "OECP-ROW-QUOTE"),
    "unclosed at the end": (b'RB3CN,2026-07-01,post,"', "OECP-ROW-QUOTE"),
    "inside": (b'RB4CN,2026-07-01,"po"st,B2C,EUR' + b"," * 28, "OECP-ROW-QUOTE"),
    "latin": (b"RB5CN,2026-07-01,post,B2C,EUR" + b"," * 18 + b"caf\xe9,,,,1" + b"," * 6, "OECP-ROW-ENCODING"),
    "surrogate": (b"RB6CN,2026-07-01,post,B2C,EUR" + b"," * 18 + b"\xed\xa0\x80,,,,1" + b"," * 6, "OECP-ROW-ENCODING"),
    "empty": (b"", "OECP-ROW-EMPTY"),
    "blank": (b"   ", "OECP-ROW-EMPTY"),
    "empty cells": (b"," * 32, "OECP-ROW-EMPTY"),
    "nothing": (b"\x00", "OECP-ROW-COLUMNS"),
    "long cell": (
        b"RB7CN,2026-07-01,post,B2C,EUR" + b"," * 18 + b"x" * 200_000 + b",,,,1" + b"," * 6,
        "OECP-CELL-LENGTH",
    ),
    "too long": (b"RB8CN," + b"x" * 1_200_000, "OECP-ROW-LENGTH"),
    "other format": (b'{"parcel_id": "RB9CN"}', "OECP-ROW-COLUMNS"),
}


@pytest.mark.parametrize(
    ("separator", "end"),
    [
        (",", "\n"),
        (";", "mixed"),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in ((",", "\r\n"), (";", "\n"), ("\t", "\r"), (",", "mixed"))
        ),
    ],
)
def test_lines_that_are_no_rows(tmp_path: Path, separator: str, end: str) -> None:
    """A line that is none costs that line: the rows before and after it are taken."""
    made = make(5, 60, damages=[], share=0)
    plain = tmp_path / "good.csv"
    write_csv(plain, made.rows, separator=separator, end="\n")
    header, _, _ = plain.read_bytes().partition(b"\n")
    seed = random.Random(9)
    lines, wanted = [header], {}
    number = 0
    for place, rows in enumerate(_by_parcel(made.rows)):
        if place % 3 == 0:
            name, (line, code) = list(BAD_LINES.items())[place // 3 % len(BAD_LINES)]
            number += 1
            line = line.replace(b"RB", b"R%d-" % place)  # another parcel each time
            lines.append(line.replace(b",", separator.encode()) if name != "other format" else line)
            wanted[number] = code
        write_csv(plain, rows, separator=separator, end="\n", quote_all=seed.random() < 0.3)
        lines.append(plain.read_bytes().partition(b"\n")[2].removesuffix(b"\n"))
        number += len(rows)
    ends = {"mixed": [b"\n", b"\r\n"]}.get(end, [end.encode()])
    file = tmp_path / "parcels.csv"
    file.write_bytes(b"".join(line + seed.choice(ends) for line in lines) + ends[0] * 3)
    got = take_in(file, limits=ParcelLimits(block_bytes=30_000, row_bytes=1_000_000))
    assert got.rows == number
    assert {row: {code for _, code in pairs} for row, pairs in got.faults.items()} == {
        row: {code} for row, code in wanted.items()
    }
    assert got.shut_out == set(wanted)


def _by_parcel(rows: list[Row]) -> list[list[Row]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: row["parcel_id"])]


BAD_OBJECTS: dict[bytes, str] = {
    b'{"parcel_id": "RB1"': "OECP-ROW-JSON",
    b"[1, 2]": "OECP-ROW-JSON",
    b'"text"': "OECP-ROW-JSON",
    b"RB1,2026-07-01": "OECP-ROW-JSON",
    b"NaN": "OECP-ROW-JSON",
    b'{"parcel_id": "RB2\\ud800"}': "OECP-ROW-JSON",
    b'{"parcel_id": "RB3", "currency": "EUR", "currency": "USD"}': "OECP-ROW-JSON",
    b'{"parcel_id": "RB4", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}": "OECP-ROW-JSON",
    b'{"parcel_id": "RB5", "posted_on": "2026-07-01", "currency": "EUR", "description": "caf\xe9", "unit_price": "1"}':
        "OECP-ROW-ENCODING",
    b'{"parcel_id": "RB6", "posted_on": "2026-07-01", "currency": "EUR", "description": {"a": 1}, "unit_price": "1"}':
        "OECP-CELL-TYPE",
    b'{"parcel_id": "RB7", "posted_on": "2026-07-01", "currency": "EUR", "description": "x", "unit_price": ["1"]}':
        "OECP-CELL-TYPE",
    b'{"parcel_id": "RB8", "posted_on": "2026-07-01", "currency": "EUR", "items": []}': "OECP-PARCEL-ITEMS",
    b'{"parcel_id": "RB9", "posted_on": "2026-07-01", "currency": "EUR", "items": {"description": "x"}}':
        "OECP-PARCEL-ITEMS",
    b"": "OECP-ROW-EMPTY",
    b"{}": "OECP-ROW-EMPTY",
    b'{"parcel_id": "RB10", "description": "' + b"x" * 1_200_000 + b'"}': "OECP-ROW-LENGTH",
    b'{"parcel_id": "RB11", "posted_on": "2026-07-01", "currency": "EUR", "description": "x", "unit_price": 1e2}':
        "OECP-CELL-NUMBER",
    b'{"parcel_id": "RB12", "posted_on": "2026-07-01", "currency": "EUR", "description": "x", "unit_price": -0.5}':
        "OECP-CELL-NEGATIVE",
}  # fmt: skip


def test_lines_that_are_no_objects(tmp_path: Path) -> None:
    """The same for NDJSON."""
    made = make(6, 60, damages=[], share=0)
    plain = tmp_path / "good.ndjson"
    lines: list[bytes] = []
    wanted: dict[int, str] = {}
    for place, rows in enumerate(_by_parcel(made.rows)):
        if place % 3 == 0 and place // 3 < len(BAD_OBJECTS):
            line, code = list(BAD_OBJECTS.items())[place // 3]
            lines.append(line)
            wanted[len(lines)] = code
        write_ndjson(plain, rows, escape=place % 2 == 0)
        lines += plain.read_bytes().splitlines()
    file = tmp_path / "parcels.ndjson"
    file.write_bytes(b"\xef\xbb\xbf" + b"\n".join(lines) + b"\r\n\n\n")
    got = take_in(file, limits=ParcelLimits(block_bytes=30_000, row_bytes=1_000_000))
    assert got.rows == len(lines)
    told = {row: {code for column, code in pairs if code != "OECP-CELL-MISSING"} for row, pairs in got.faults.items()}
    assert told == {row: {code} for row, code in wanted.items()}
    assert got.shut_out == set(wanted)
    assert {fault[0]: fault[7] for fault in got.told} == {row: row for row in wanted}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_bytes_changed_at_random(tmp_path: Path, kind: str) -> None:
    """Whatever the bytes, every row is taken or reported, on every run the same, in whatever order of chunks."""
    for number in range(4):
        _changed_at_random(tmp_path, kind, number)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_bytes_changed_at_random_often(tmp_path: Path, kind: str) -> None:
    """The same, many times."""
    for number in range(4, 100):
        _changed_at_random(tmp_path, kind, number)


def _changed_at_random(folder: Path, kind: str, number: int) -> None:
    made = make(number, 25, share=0.1)
    file = folder / f"parcels.{kind}"
    WRITERS[kind](file, made.rows)
    spoilt = bytearray(file.read_bytes())
    start = spoilt.index(b"\n") + 1 if kind == "csv" else 2
    seed = random.Random(number)
    for _ in range(seed.choice([1, 3, 30])):
        place = seed.randrange(start, len(spoilt))
        many = seed.choice([0, 1, 1, 5])
        spoilt[place : place + many] = seed.choice([b'"', b"\n", b"\r", b",", b"\x00", b"\xff", b'""', b"\\", b"{"])
    file.write_bytes(bytes(spoilt))
    one = take_in(file, chunk=9, limits=ParcelLimits(block_bytes=5_000))
    other = take_in(file, chunk=9, limits=ParcelLimits(block_bytes=5_000), backwards=True)
    assert one == other


def test_parquet_cut_off(tmp_path: Path) -> None:
    """A file that ends too early is refused as a whole, with what to do."""
    file = tmp_path / "parcels.parquet"
    write_parquet(file, make(8, 10, share=0).rows)
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(ParcelFileRefused) as refused:
        take_in(file)
    assert refused.value.fix


def test_names_in_the_fixture_are_all() -> None:
    """The fixture writes every column."""
    assert len(NAMES) == 33
