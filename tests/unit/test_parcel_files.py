# SPDX-License-Identifier: Apache-2.0
"""Parcel files: what is taken, what refuses a whole file, chunks, types of Parquet, result files, the senders' page."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openecp.kernel.datamodel.currencies import CURRENCIES, exponent
from openecp.kernel.datamodel.parcel import PARCEL_COLUMNS, Parcel, ParcelItem
from openecp.kernel.datamodel.parcel_check import FIXES, check_parcel, shown
from openecp.platform.engines.parcel_files import ParcelFile, open_parcels
from openecp.platform.engines.parcel_source import ParcelFileRefused, ParcelLimits

RUN = duckdb.connect(config={"threads": 1})
HEAD = "parcel_id,posted_on,currency,description,unit_price"
ROW = "RB1CN,2026-07-01,EUR,shirt,9.00"


def opened(folder: Path, text: str | bytes, name: str = "p.csv", limits: ParcelLimits | None = None) -> ParcelFile:
    """Write a file and open it."""
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return open_parcels(RUN, file, limits=limits)


def ask(statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of a statement."""
    return RUN.execute(statement).fetchall()


def stage(file: ParcelFile) -> list[tuple[Any, ...]]:
    """Stage a file of one chunk; return its faults."""
    (chunk,) = file.chunks()
    file.stage(chunk)
    return ask("SELECT row_id, column_name, code FROM parcel_faults ORDER BY 1, 2")


def test_absent_columns_are_absent(tmp_path: Path) -> None:
    """What is not declared is null, except what the struct of a parcel has a value for."""
    assert stage(opened(tmp_path, f"{HEAD}\n{ROW}\n")) == []
    names = [row[0] for row in ask("DESCRIBE parcel_rows")]
    endings = {"amount": "_micro", "count": "_micro", "share": "_e8"}
    wanted = [name + endings.get(kind, "") for name, kind, _ in PARCEL_COLUMNS]
    assert names == ["row_id", "parcel_no", "item", *wanted]
    (row,) = ask("SELECT * FROM parcel_rows")
    filled = {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
    assert filled == {
        "row_id": 1, "parcel_no": 1, "item": 1, "parcel_id": "RB1CN", "posted_on": date(2026, 7, 1), "channel": "post",
        "trade": "B2C", "currency": "EUR", "documents": False, "description": "shirt", "quantity_micro": 1_000_000,
        "unit_price_micro": 9_000_000, "restricted": False, "tax_paid": False,
    }  # fmt: skip


def test_columns_in_any_order_and_unknown_ones_named_once(tmp_path: Path) -> None:
    """The header says which column is which; what nobody knows is a warning."""
    file = opened(
        tmp_path, "\ufeffunit_price;extra;posted_on;description;currency;parcel_id\r\n9;x;2026-07-01;a;EUR;R1\r\n"
    )
    assert stage(file) == []
    assert ask("SELECT parcel_id, unit_price_micro FROM parcel_rows") == [("R1", 9_000_000)]
    assert "extra" in file.warnings[0]
    assert file.kind == "csv"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "p.csv"),
        ("parcel_id,posted_on\nRB1,2026-07-01\n", "header"),
        (f"{HEAD},currency\n{ROW},EUR\n", "header"),
        (HEAD.encode("utf-16"), "p.csv"),
        (b"\x00\x01\x02\x03", "p.csv"),
        (",".join(f"c{number}" for number in range(300)), "p.csv"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str | bytes, where: str) -> None:
    """They are refused as a whole, with where, expected, got and what to do."""
    with pytest.raises(ParcelFileRefused) as refused:
        opened(tmp_path, text)
    assert where in refused.value.where
    assert refused.value.expected
    assert refused.value.got
    assert refused.value.fix


def test_a_header_alone(tmp_path: Path) -> None:
    """No rows, no chunks."""
    file = opened(tmp_path, HEAD)
    assert (file.rows, file.parcels, list(file.chunks())) == (0, 0, [])


def test_chunks_hold_whole_parcels(tmp_path: Path) -> None:
    """A boundary never splits a parcel; the same chunks come on every run, and each can be staged alone."""
    rows = [f"P{number // 3},2026-07-01,EUR,item {number},1" for number in range(300)]
    text = "\n".join([HEAD, *rows])
    limits = ParcelLimits(block_bytes=700)
    file = opened(tmp_path, text, limits=limits)
    chunks = list(file.chunks(7))
    assert [chunk.parcels for chunk in chunks] == [7] * 14 + [2]
    assert all((chunk.last_row - chunk.first_row + 1) == chunk.parcels * 3 for chunk in chunks)
    again = opened(tmp_path, text, limits=limits)
    assert list(again.chunks(7)) == chunks
    again.stage(chunks[9])
    assert ask("SELECT min(row_id), max(row_id), min(parcel_no), max(item), count(*) FROM parcel_rows") == [
        (190, 210, 64, 3, 21)
    ]
    assert ask("SELECT description FROM parcel_rows WHERE row_id = 200") == [("item 199",)]


def test_a_chunk_has_a_limit_of_rows(tmp_path: Path) -> None:
    """Many items close a chunk early; a parcel of more items than allowed is shut out in pieces."""
    rows = [f"P{number // 5},2026-07-01,EUR,i,1" for number in range(50)]
    file = opened(tmp_path, "\n".join([HEAD, *rows]), limits=ParcelLimits(chunk_rows=12))
    assert [chunk.parcels for chunk in file.chunks()] == [2, 2, 2, 2, 2]
    long = ["A,2026-07-01,EUR,i,1", *["B,2026-07-01,EUR,i,1"] * 2500, "C,2026-07-01,EUR,i,1"]
    file = opened(tmp_path, "\n".join([HEAD, *long]), limits=ParcelLimits(chunk_rows=1000))
    good, shut = [], []
    for chunk in file.chunks():
        assert chunk.last_row - chunk.first_row < 1000
        file.stage(chunk)
        good += ask("SELECT parcel_id FROM parcel_rows")
        shut += ask("SELECT DISTINCT row_id FROM parcel_faults WHERE code NOT LIKE '%DOUBLED'")
        assert ask("SELECT count(*) FROM parcel_faults WHERE code = 'OECP-PARCEL-ITEMS'")[0][0] <= 1
    assert good == [("A",), ("C",)]
    assert len(shut) == 2500


def test_a_parcel_that_stands_twice(tmp_path: Path) -> None:
    """All its rows are shut out, in whatever chunk; the same identifier on another day is another parcel."""
    rows = [ROW, "RB2CN,2026-07-01,EUR,a,1", ROW, "RB2CN,2027-07-01,EUR,a,1"]
    file = opened(tmp_path, "\n".join([HEAD, *rows]))
    found = {}
    for chunk in file.chunks(1):
        file.stage(chunk)
        found |= dict(ask("SELECT row_id, code FROM parcel_faults"))
    assert found == {1: "OECP-PARCEL-DOUBLED", 3: "OECP-PARCEL-DOUBLED"}


def test_a_parcel_that_contradicts_itself(tmp_path: Path) -> None:
    """The header is compared by value: 1.5 and 1.50 agree, EUR and USD do not."""
    head = HEAD + ",freight,buyer_name"
    rows = [ROW + ",1.5,Ann", ROW + ",1.50,Ann", "RB2CN,2026-07-01,EUR,a,1,,Bob", "RB2CN,2026-07-01,USD,a,1,,"]
    faults = stage(opened(tmp_path, "\n".join([head, *rows])))
    assert faults == [
        (3, "", "OECP-PARCEL-SHUT-OUT"),
        (4, "buyer_name", "OECP-PARCEL-CONTRADICTION"),
        (4, "currency", "OECP-PARCEL-CONTRADICTION"),
    ]


def test_a_bad_day_belongs_to_the_parcel_of_its_identifier(tmp_path: Path) -> None:
    """A row whose day is unusable does not cut a parcel in two, half of which would be cleared."""
    rows = [ROW, ROW.replace("2026-07-01", "2026-02-30"), ROW, "RB2CN,2026-07-01,EUR,a,1"]
    file = opened(tmp_path, "\n".join([HEAD, *rows]))
    assert {row for row, _, _ in stage(file)} == {1, 2, 3}
    assert file.parcels == 2


def test_lines_and_items(tmp_path: Path) -> None:
    """A fault says its line: quoted line ends and lists of items count."""
    head = HEAD + ",buyer_address"
    text = f'{head}\n{ROW},"Main\nStreet"\nRB2CN,2026-07-01,EUR,a,-1,x\n'
    stage(opened(tmp_path, text))
    assert ask("SELECT row_id, line FROM parcel_faults") == [(2, 4)]
    items = [{"description": "a", "unit_price": "1"}, {"description": "b", "unit_price": -1}]
    one = {"parcel_id": "R1", "posted_on": "2026-07-01", "currency": "EUR", "documents": True, "items": items}
    two = one | {"parcel_id": "R2", "items": [{"description": "c", "unit_price": 12345678901.5, "quantity": 2}], "x": 1}
    three = one | {"parcel_id": "R3", "items": [{"description": "c", "unit_price": 0.1, "quantity": 2}]}
    file = opened(tmp_path, "\n".join(json.dumps(row) for row in (one, two, three)), "p.ndjson")
    assert stage(file) == [
        (1, "", "OECP-PARCEL-SHUT-OUT"), (2, "unit_price", "OECP-CELL-NEGATIVE"), (3, "unit_price", "OECP-CELL-LARGE"),
    ]  # fmt: skip
    assert ask("SELECT row_id, line FROM parcel_faults ORDER BY 1") == [(1, 1), (2, 1), (3, 2)]
    assert ask("SELECT unit_price_micro, quantity_micro, documents FROM parcel_rows") == [(100_000, 2_000_000, True)]
    assert file.unknown_columns == ("x",)


def parquet(folder: Path, **columns: pa.Array) -> ParcelFile:
    """Write a Parquet file of two rows with some columns typed."""
    plain = {
        "parcel_id": pa.array(["R1", "R2"]),
        "posted_on": pa.array(["2026-07-01", "2026-07-02"]),
        "currency": pa.array(["EUR", "KWD"]),
        "description": pa.array(["a", "b"]),
        "unit_price": pa.array(["1", "2"]),
    }
    file = folder / "p.parquet"
    pq.write_table(pa.table(plain | columns), file)
    return open_parcels(RUN, file)


@pytest.mark.parametrize(
    ("column", "cells", "wanted"),
    [
        ("unit_price", pa.array([Decimal("12.34"), Decimal("1E10")], pa.decimal128(18, 2)), [12_340_000, 10**16]),
        ("unit_price", pa.array([Decimal("0.123456"), None], pa.decimal128(30, 20)), [123_456, "OECP-CELL-MISSING"]),
        ("unit_price", pa.array([Decimal("0.1234567"), Decimal("-1")], pa.decimal128(18, 7)),
         ["OECP-CELL-DECIMALS", "OECP-CELL-NEGATIVE"]),
        ("unit_price", pa.array([5, 10**10 + 1], pa.uint64()), [5_000_000, "OECP-CELL-LARGE"]),
        ("unit_price", pa.array([-5, 0], pa.int8()), ["OECP-CELL-NEGATIVE", 0]),
        ("unit_price", pa.array([9.99, 0.1 + 0.2]), [9_990_000, "OECP-CELL-DECIMALS"]),
        ("unit_price", pa.array([float("nan"), 1e300]), ["OECP-CELL-NUMBER", "OECP-CELL-NUMBER"]),
        ("unit_price", pa.array([1234567890.123457, 1e9]), ["OECP-CELL-TYPE", 10**15]),
        ("quantity", pa.array([0, 3]), ["OECP-CELL-ZERO", 3_000_000]),
        ("quantity", pa.array([None, 1.5]), [1_000_000, 1_500_000]),
        ("tax_rate", pa.array([Decimal("0.2000"), Decimal("200")], pa.decimal128(9, 4)),
         [20_000_000, "OECP-CELL-LARGE"]),
        ("tax_rate", pa.array([0.19, 1e-9]), [19_000_000, "OECP-CELL-NUMBER"]),
        ("posted_on", pa.array([date(2026, 7, 1), date(1970, 1, 1)]), [date(2026, 7, 1), "OECP-CELL-DATE-FAR"]),
        ("restricted", pa.array([True, None]), [True, False]),
        ("restricted", pa.array([1, 2]), [True, "OECP-CELL-FLAG"]),
        ("parcel_id", pa.array([17, 18]), ["17", "18"]),
        ("description", pa.array([b"caf\xc3\xa9", b"caf\xe9"]), ["café", "OECP-ROW-ENCODING"]),
        ("hs", pa.nulls(2), [None, None]),
    ],
)  # fmt: skip
def test_typed_columns(tmp_path: Path, column: str, cells: pa.Array, wanted: list[Any]) -> None:
    """A typed cell is read exactly, or reported."""
    faults = {row: code for row, _, code in stage(parquet(tmp_path, **{column: cells}))}
    name = next(name for name in (column, f"{column}_micro", f"{column}_e8") if (name,) in [
        row[:1] for row in ask("DESCRIBE parcel_rows")])  # fmt: skip
    got = dict(ask(f"SELECT row_id, {name} FROM parcel_rows"))
    assert [faults.get(row, got.get(row)) for row in (1, 2)] == wanted


def test_text_in_parquet_that_is_not_utf8(tmp_path: Path) -> None:
    """A string column that lies about its encoding costs the rows where it does."""
    lying = pa.Array.from_buffers(pa.string(), 2, pa.array([b"caf\xe9", b"ok"]).buffers())
    assert stage(parquet(tmp_path, description=lying)) == [(1, "description", "OECP-ROW-ENCODING")]


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("unit_price", pa.array([1.5, 2.5], pa.float32())),
        ("hs", pa.array([610910, 90111])),
        ("posted_on", pa.array([1, 2], pa.timestamp("us"))),
        ("description", pa.array([["a"], ["b"]])),
        ("unit_price", pa.array([True, False])),
    ],
)
def test_columns_of_a_wrong_type_refuse_the_file(tmp_path: Path, column: str, cells: pa.Array) -> None:
    """A type that cannot hold what it is for is told by the column's name."""
    with pytest.raises(ParcelFileRefused, match=f"column {column}"):
        parquet(tmp_path, **{column: cells})


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    """Rows of another file are never taken for this one's."""
    file = opened(tmp_path, f"{HEAD}\n{ROW}\n")
    (tmp_path / "p.csv").write_text(f"{HEAD}\n{ROW}\n{ROW}\n")
    with pytest.raises(ParcelFileRefused, match="as it was opened"):
        file.stage(next(iter(file.chunks())))


def test_days_that_an_office_believes(tmp_path: Path) -> None:
    """The limits say from when to when."""
    limits = ParcelLimits(first_day=date(2026, 7, 2), last_day=date(2026, 7, 31))
    assert stage(opened(tmp_path, f"{HEAD}\n{ROW}\n", limits=limits)) == [(1, "posted_on", "OECP-CELL-DATE-FAR")]


def test_a_single_parcel() -> None:
    """The check of one parcel: nothing where all is well; number of items, sum and every cell where not."""
    item = ParcelItem(description="mug", unit_price="4.50")
    good = Parcel(parcel_id="R1", posted_on="2026-07-01", currency="EUR", items=(item,))
    assert check_parcel(good) == []
    bad = Parcel(parcel_id="", posted_on="2026-7-1", items=(ParcelItem(description="=1", unit_price="1,5"),))
    assert [(fault.item, fault.column, fault.code) for fault in check_parcel(bad)] == [
        (0, "parcel_id", "OECP-CELL-MISSING"), (0, "posted_on", "OECP-CELL-DATE"), (0, "currency", "OECP-CELL-MISSING"),
        (1, "description", "OECP-CELL-FORMULA"), (1, "unit_price", "OECP-CELL-NUMBER"),
    ]  # fmt: skip
    dear = ParcelItem(description="gold", unit_price="9999999999")
    for items, code in (
        ((), "OECP-PARCEL-ITEMS"),
        ((item,) * 1000, "OECP-PARCEL-ITEMS"),
        ((dear,) * 2, "OECP-PARCEL-VALUE"),
    ):
        (fault,) = check_parcel(Parcel(parcel_id="R1", posted_on="2026-07-01", currency="EUR", items=items))
        assert (fault.code, bool(fault.fix)) == (code, True)


def test_what_was_got_can_be_shown() -> None:
    """Nothing unprintable, nothing long."""
    assert shown("a\x00\u202eb") == "a\\u0000\\u202eb"
    assert len(shown("x" * 10_000_000)) == 80
    assert shown("") == shown(None) == "nothing"


def test_currencies() -> None:
    """Decimals follow ISO 4217."""
    assert {"EUR", "USD", "CNY", "JPY", "KWD"} <= CURRENCIES
    assert [exponent(code) for code in ("EUR", "JPY", "KWD")] == [2, 0, 3]
    assert "XXX" not in CURRENCIES


def test_the_page_for_senders_names_every_column_and_code() -> None:
    """Nobody is told a code that the page does not explain."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "parcel-files.md").read_text("utf-8")
    assert [name for name, _, _ in PARCEL_COLUMNS if f"`{name}`" not in page] == []
    assert [code for code in FIXES if f"| `{code}` |" not in page] == []
