# SPDX-License-Identifier: Apache-2.0
"""Files of measures: what is read, every fault with line and column, the prepared table and the choice of rows."""

from __future__ import annotations

from datetime import date

import pytest

from openecp.border.tariff.load import load_file, report_text, show
from openecp.border.tariff.measures import HEADER, MAX_FAULTS, Measure, read_measures
from openecp.border.tariff.prepare import prepare
from openecp.border.tariff.selection import ItemFacts, TariffIndex, winning

HEAD = ",".join(HEADER) + "\n"
ON = date(2026, 5, 1)


def read(rows: str) -> tuple[Measure, ...]:
    file = read_measures((HEAD + rows).encode())
    assert not file.faults, file.faults
    return file.measures


def test_every_cell_is_read() -> None:
    (one,) = read('0207129000,VATZ|B999|B999,AR,120,054077,A00,"10% + 30.00 GBP / 100 KG",2026-01-01,2026-12-31,law\n')
    assert one.additional_codes == ("B999", "VATZ")
    assert (one.origin, one.preference, one.order_number, one.tax_type) == ("AR", "120", "054077", "A00")
    assert (one.valid_from, one.valid_to, one.source, one.line) == (date(2026, 1, 1), date(2026, 12, 31), "law", 2)
    assert one.specificity == 1004


def test_byte_order_mark_crlf_and_empty_cells() -> None:
    data = b"\xef\xbb\xbf" + (HEAD + ",,,,,B00,20%,,,\n").replace("\n", "\r\n").encode()
    file = read_measures(data)
    assert not file.faults
    assert file.measures[0].goods_code == ""
    assert file.measures[0].specificity == 0


@pytest.mark.parametrize(
    ("rows", "code", "line", "column"),
    [
        ("0101.21,,,,,A00,5%,,,\n", "OECP-TARIFF-CELL", 2, "goods_code"),
        ("0101,,Japan,,,A00,5%,,,\n", "OECP-TARIFF-CELL", 2, "origin"),
        ("0101,A|B|C|D,,,,A00,5%,,,\n", "OECP-TARIFF-CELL", 2, "additional_code"),
        ("0101,A||B,,,,A00,5%,,,\n", "OECP-TARIFF-CELL", 2, "additional_code"),
        ("0101,,,,,,5%,,,\n", "OECP-TARIFF-CELL", 2, "tax_type"),
        ("0101,,,,,A00,five,,,\n", "OECP-TARIFF-DUTY", 2, "duty"),
        ("0101,,,,,A00,,,,\n", "OECP-TARIFF-DUTY", 2, "duty"),
        ("0101,,,,,A00,5 GBP / QQQ,,,\n", "OECP-TARIFF-UNIT", 2, "duty"),
        ("0101,,,,,A00,5%,2026-02-30,,\n", "OECP-TARIFF-DATE", 2, "valid_from"),
        ("0101,,,,,A00,5%,01/02/2026,,\n", "OECP-TARIFF-DATE", 2, "valid_from"),
        ("0101,,,,,A00,5%,20260101,,\n", "OECP-TARIFF-DATE", 2, "valid_from"),
        ("0101,,,,,A00,5%,2026-02-01,2026-01-01,\n", "OECP-TARIFF-DATE", 2, "valid_to"),
        ("0101,,,,,A00,5%,,\n", "OECP-TARIFF-ROW", 2, ""),
        ('0101,,,,,A00,5%,,,"ab"c\n', "OECP-TARIFF-QUOTE", 2, ""),
        ('0101,,,,,A00,5%,,,"abc\n', "OECP-TARIFF-QUOTE", 2, ""),
        ("0101,,,,,A00,5%,,,\n\n0101,,,,,A00,5%,,,other\n", "OECP-TARIFF-DUPLICATE", 4, "goods_code"),
        ("0101,,,,,A00,5%,2026-01-01,,\n0101,,,,,A00,5.0%,2026-03-01,,\n", "OECP-TARIFF-OVERLAP", 3, "valid_from"),
        ("0101,A|B,,,,A00,5%,,,\n0101,B|A,,,,A00,5%,,,\n", "OECP-TARIFF-DUPLICATE", 3, "goods_code"),
        ("0101,,,,,A00,5%,,," + "x" * 501 + "\n", "OECP-TARIFF-CELL", 2, "source"),
        ("0101,,,,,A00,5%,,," + "x" * 200_000 + "\n", "OECP-TARIFF-QUOTE", 2, ""),
    ],
)
def test_faults_say_where(rows: str, code: str, line: int, column: str) -> None:
    (fault,) = read_measures((HEAD + rows).encode()).faults
    assert (fault.code, fault.line, fault.column) == (code, line, column)
    assert all((fault.expected, fault.got, fault.fix))
    assert f"line {line}" in str(fault)


@pytest.mark.parametrize(
    ("data", "code", "fix"),
    [
        (b"", "OECP-TARIFF-HEADER", "write the header"),
        (b"goods_code,duty\n", "OECP-TARIFF-HEADER", "add additional_code"),
        ((HEAD.rstrip() + ",note\n").encode(), "OECP-TARIFF-HEADER", "remove 'note'"),
        (",".join(reversed(HEADER)).encode(), "OECP-TARIFF-HEADER", "in this order"),
        (HEAD.encode() + b"0101,,,,,A00,5%,,,caf\xe9\n", "OECP-TARIFF-ENCODING", "UTF-8"),
        (HEAD.encode("utf-16"), "OECP-TARIFF-ENCODING", "UTF-8"),
    ],
)
def test_files_that_cannot_be_read_at_all(data: bytes, code: str, fix: str) -> None:
    (fault,) = read_measures(data).faults
    assert fault.code == code
    assert fix in fault.fix


def test_all_faults_in_one_pass_and_capped() -> None:
    file = read_measures((HEAD + "x,,Japan,,,,five,never,,\n").encode())
    assert [fault.column for fault in file.faults] == ["goods_code", "origin", "tax_type", "duty", "valid_from"]
    many = read_measures((HEAD + "x,,,,,A00,5%,,,\n" * (MAX_FAULTS + 7)).encode())
    assert (len(many.faults), many.faults_not_shown) == (MAX_FAULTS, 7)


def test_rows_of_one_key_with_other_duties_are_a_tie_not_a_fault() -> None:
    file = read_measures((HEAD + "7210,,RU,100,,A20,25%,,,\n7210,,RU,100,,A20,35%,,,\n").encode())
    assert not file.faults
    assert [warning.code for warning in file.warnings] == ["OECP-TARIFF-TIE"]
    item = ItemFacts(goods_code="7210122010", origin="RU", preference="100")
    assert [measure.duty_text for measure in winning(file.measures, item, ON)] == ["25%", "35%"]


def test_periods_one_after_the_other_are_no_fault() -> None:
    assert len(read("0101,,,,,A00,5%,2026-01-01,2026-01-31,\n0101,,,,,A00,5%,2026-02-01,,\n")) == 2


RULES = (
    "01,,,,,A00,1%,,,\n"  # 2
    "0101,,,,,A00,2%,,,\n"  # 3
    "0101,,JP,,,A00,3%,,,\n"  # 4
    "0101,,,300,,A00,4%,,,\n"  # 5
    "0101,,JP,300,,A00,5%,,2026-03-31,\n"  # 6
    "010121,X1|X2,,,,A00,6%,,,\n"  # 7
    ",,,,,B00,20%,,,\n"  # 8
)


@pytest.mark.parametrize(
    ("item", "on", "lines"),
    [
        (ItemFacts(goods_code="0199"), ON, [2, 8]),
        (ItemFacts(goods_code="0101"), ON, [3, 8]),
        (ItemFacts(goods_code="01012900", origin="JP"), ON, [4, 8]),
        (ItemFacts(goods_code="01012900", origin="JP", preference="300"), ON, [4, 5, 8]),  # a tie: both
        (ItemFacts(goods_code="01012900", origin="JP", preference="300"), date(2026, 3, 31), [6, 8]),
        (ItemFacts(goods_code="01012100", origin="JP", additional_codes=frozenset({"X2", "X1", "Z"})), ON, [7, 8]),
        (ItemFacts(goods_code="01012100", origin="JP", additional_codes=frozenset({"X2"})), ON, [4, 8]),
        (ItemFacts(goods_code="9999"), ON, [8]),
    ],
)
def test_choice_of_rows(item: ItemFacts, on: date, lines: list[int]) -> None:
    assert [measure.line for measure in winning(read(RULES), item, on)] == lines


def test_prepared_table_expands_to_known_codes_and_is_unique() -> None:
    tables = prepare(read(RULES), ["0101210000", "02"], currency="GBP")
    rows = tables.measures.to_pylist()
    pairs = [(row["tariff_key"], row["measure_id"]) for row in rows]
    assert len(set(pairs)) == len(pairs)
    assert {key for key, _ in pairs} == {"", "01", "0101", "010121", "0101210000", "02"}
    assert {number for key, number in pairs if key == "0101210000"} == {1, 2, 3, 4, 5, 6, 7}
    assert {number for key, number in pairs if key == "02"} == {7}
    vat = next(row for row in rows if row["measure_id"] == 7)
    assert (vat["rate_text"], vat["prefix_len"], vat["specificity"]) == ("20", 0, 0)
    assert (vat["valid_to"], vat["origin"], vat["op_1"]) == (date(9999, 12, 31), None, None)
    assert tables.shape.segments == 1
    assert tables.shape.additional_codes == 2


def test_index_gives_the_longest_known_code() -> None:
    index = TariffIndex(["01", "0101", "010121"])
    assert [index.key(code) for code in ("0101219999", "01012", "0199", "9")] == ["010121", "0101", "01", None]
    assert TariffIndex(["", "01"]).key("99") == ""
    assert TariffIndex([]).key("01") is None


def test_duties_that_do_not_fit_are_listed_and_have_no_rate() -> None:
    tables = prepare(read("0101,,,,,A00,1 GBP / 3 KG,,,\n0102,,,,,A00,5%,,,\n"), currency="GBP")
    assert [measure.goods_code for measure, _ in tables.needs_human] == ["0101"]
    first, second = tables.measures.to_pylist()
    assert first["s1_rate"] is None
    assert "not exact" in first["needs_human"]
    assert second["needs_human"] is None


def test_segments_amounts_and_currencies() -> None:
    tables = prepare(read("0101,,,,,A00,9.1% + 45.10 GBP / 100 KG MAX 18.9% + 16.50 EUR / TNE,,,\n"), currency="GBP")
    (row,) = tables.measures.to_pylist()
    assert str(row["s1_rate"]) == "0.091000000"
    assert (float(row["s1_t1_amount"]), row["s1_t1_unit"], row["s1_t1_currency"]) == (45.1, "KGM", None)
    assert (float(row["s2_t1_amount"]), row["s2_t1_unit"], row["s2_t1_currency"]) == (1.65, "KGM", "EUR")
    assert (row["op_1"], row["op_2"], row["rate_text"]) == ("MAX", None, None)
    shape = tables.shape
    assert (shape.segments, shape.amounts, shape.units, shape.currencies) == (2, (1, 1, 0, 0), ("KGM",), ("EUR",))


def test_load_report_and_show(tmp_path) -> None:
    path = tmp_path / "measures.csv"
    path.write_text(HEAD + RULES)
    report = load_file(path)
    assert report.usable
    assert report.kinds == {"ad valorem": 7}
    assert "7 rates" in report_text(report)
    shown = show(report.measures, "0101.29.00", ON)
    assert "A00 3% (origin JP; inherited from 0101)" in shown
    assert "B00 20% (for all goods)" in shown
    assert show(report.measures[:1], "99", ON).endswith("no measure")
    path.write_text(HEAD + "0101,,,,,A00,five,,,\n")
    assert "refused: 1 fault" in report_text(load_file(path))
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(b"\x1f\x8b\x08\x00")
    assert load_file(cut).faults[0].code == "OECP-TARIFF-GZIP"


def test_limits_on_rows(monkeypatch, tmp_path) -> None:
    crowd = "".join(f"0101,,,,,A00,{number / 100:.2f}%,,,\n" for number in range(1001))
    (fault,) = read_measures((HEAD + crowd).encode()).faults
    assert (fault.code, fault.got) == ("OECP-TARIFF-SIZE", "1001")
    monkeypatch.setattr("openecp.border.tariff.prepare.MAX_PREPARED_ROWS", 3)
    path = tmp_path / "measures.csv"
    path.write_text(HEAD + RULES)
    assert load_file(path).faults[0].code == "OECP-TARIFF-SIZE"
    monkeypatch.setattr("openecp.border.tariff.measures.MAX_ROWS", 3)
    assert read_measures((HEAD + RULES).encode()).faults[0].got == "more"
