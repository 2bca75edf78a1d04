# SPDX-License-Identifier: Apache-2.0
"""The US schedule: every kind of rate typed and computed, rates inherited, dirt and copied rates mended."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from fractions import Fraction

import pytest

from openecp.border.tariff.duty_expression import QuantityMissingError
from openecp.border.tariff.measures import read_measures
from openecp.border.tariff.us_hts import COLUMNS, UsTariff, read_us_hts, to_csv
from openecp.border.tariff.us_rate_text import UsRateError, read_rate
from openecp.border.tariff.us_rates import Article, InputMissingError, UsInputs, expression_of, kind_of

APPLICABLE = "The duty provided in the applicable subheading"
SUGAR = (
    "2¢/kg less 0.02¢/kg for each degree under 100 degrees (and fractions of a degree in proportion)"
    " but not less than 1¢/kg"
)


def schedule(*rows: tuple[str, str]) -> UsTariff:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for code, rate in rows:
        writer.writerow([code, "0", "Goods", '["kg"]', rate, "", "", "", ""])
    return read_us_hts(b"\xef\xbb\xbf" + out.getvalue().encode())


@pytest.mark.parametrize(
    ("text", "kind", "expression"),
    [
        ("Free", "free", "Free"),
        ("10% <u></u>", "ad valorem", "10%"),
        ("6.80%", "ad valorem", "6.80%"),
        ("$1.035/kg +13.6%", "compound", "1.035 USD / KGM + 13.6%"),
        ("14.27¢/ liter", "specific", "0.1427 USD / LTR"),
        ("14.5¢/m<sup>2 </sup>+ 0.4%", "compound", "0.145 USD / MTK + 0.4%"),
        ("2.8¢/doz.", "specific", "0.028 USD / DZN"),
        ("6.5¢/gross<il></il>", "specific", "0.065 USD / GRO"),
        ("0.18¢/line/ gross + 2.5%", "compound", "0.0018 USD / GRO#LINE + 2.5%"),
        ("10¢/1,000 pins + 3.5%", "compound", "0.10 USD / 1000 NAR + 3.5%"),
        ("20¢/thousand + 3.5%", "compound", "0.20 USD / 1000 NAR + 3.5%"),
        ("$1.34/1000", "specific", "1.34 USD / 1000 NAR"),
        ("24¢ each", "specific", "0.24 USD / NAR"),
        ("15¢ each + 4% + 2.5¢/jewel", "compound", "0.15 USD / NAR + 4% + 0.025 USD / NAR#JWL"),
        ("90¢/pr. + 20%", "compound", "0.90 USD / NPR + 20%"),
        ("68¢/head", "specific", "0.68 USD / HEA"),
        ("18.9¢/pf.liter", "specific", "0.189 USD / PFL"),
        (
            "3.1¢/liter + 22.1¢/pf. liter on ethyl alcohol content",
            "compound",
            "0.031 USD / LTR + 0.221 USD / PFL",
        ),
        ("18.7¢/clean kg", "specific on part of the goods", "0.187 USD / KGM#CLN"),
        (
            "0.7¢/kg on copper content + 0.7¢/kg on lead content",
            "specific on part of the goods",
            "0.007 USD / KGM#CU + 0.007 USD / KGM#PB",
        ),
        ("5.7¢/kg on drained weight +8%", "specific on part of the goods", "0.057 USD / KGM#E + 8%"),
        ("16.9¢/kg of total sugars + 5.1%", "specific on part of the goods", "0.169 USD / KGM#SUG + 5.1%"),
        ("1.5 percent of the fair retail value", "retail price", "1.5% of retail price"),
        (SUGAR, "sugar degrees with a floor", "0.02 USD / KGM - 0.0002 USD / KGM#DEG MIN 0.01 USD / KGM"),
    ],
)
def test_rates_that_are_expressions(text: str, kind: str, expression: str) -> None:
    rate = read_rate(text)
    assert kind_of(rate) == kind
    assert str(expression_of(rate)) == expression


@pytest.mark.parametrize(
    "text",
    [
        "See additional U.S. note 1",
        "",
        "5 something/kg",
        "5¢/furlong",
        "5/kg",
        "$5¢/kg",
        "1..2%",
        "Freely",
        "Free, but 5% on Sundays",
        "5% on 5 things",
        "x" * 3000,
    ],
)
def test_what_is_not_typed_says_why(text: str) -> None:
    with pytest.raises(UsRateError) as caught:
        read_rate(text)
    assert str(caught.value)


def test_parts_of_a_watch() -> None:
    tariff = schedule(
        ("9102.11.10", "44¢ each + 6% on the case + 14% on the strap, band or bracelet + 5.3% on the battery"),
        ("9103.10.20", "2.6% on the movement and case + 3.6% on the battery"),
        ("9303.30.40", "3.8% on the value of the rifle + 10% on the value of the telescopic sight, if any"),
    )
    parts = {"case": 10_000, "strap": 2_000, "battery": 500}
    watch = UsInputs(value_minor=15_000, quantities={"NAR": Decimal(10)}, part_values_minor=parts)
    assert tariff.duty("9102.11.10.10", watch) == 440 + 600 + 280 + Fraction(53, 2)
    clock = UsInputs(value_minor=0, part_values_minor={"movement and case": 1_000, "battery": 0})
    assert tariff.duty("9103.10.20", clock) == 26
    assert tariff.duty("9303.30.40", UsInputs(value_minor=0, part_values_minor={"rifle": 10_000})) == 380
    with pytest.raises(InputMissingError, match="value of strap"):
        tariff.duty("91021110", UsInputs(value_minor=1, quantities={"NAR": Decimal(1)}, part_values_minor={"case": 1}))


def test_sugar_by_degree_has_a_floor() -> None:
    tariff = schedule(("1701.14.05", SUGAR))
    tonne = {"TNE": Decimal(1)}
    assert tariff.duty("17011405", UsInputs(value_minor=0, quantities=tonne, polarisation=Decimal(100))) == 2_000
    assert tariff.duty("17011405", UsInputs(value_minor=0, quantities=tonne, polarisation=Decimal("97.5"))) == 1_950
    assert tariff.duty("17011405", UsInputs(value_minor=0, quantities=tonne, polarisation=Decimal(20))) == 1_000
    with pytest.raises(InputMissingError, match="polarisation"):
        tariff.duty("17011405", UsInputs(value_minor=0, quantities=tonne))
    with pytest.raises(QuantityMissingError):
        tariff.duty("17011405", UsInputs(value_minor=0, polarisation=Decimal(99)))


def test_references_to_other_rates() -> None:
    tariff = schedule(
        ("6103.10", ""),
        ("6103.10.10", "10%"),
        ("6103.10.20", "20%"),
        ("6103.29.10", "The rate applicable to each garment in the ensemble if separately entered"),
        ("8206.00.00", "The rate of duty applicable to that article in the set subject to the highest rate of duty"),
        ("8473.00.00", "The rate applicable to the article of which it is a part or accessory"),
        ("9802.00.50", "A duty upon the value of the repairs or alterations (see U.S. note 3 of this subchapter)"),
        ("9802.00.80", "A duty upon the full value of the imported article, less the cost or value of such products"),
        ("9903.01.25", APPLICABLE + " +10%"),
        ("9903.81.91", APPLICABLE + " + a duty of 25% upon the value of the steel content."),
        ("9903.99.01", "The duty rate provided in such subheading minus 0.5%"),
        ("9903.99.02", APPLICABLE),
        ("9108.11.40", "6% + 2¢/jewel, but if consisting of a plate the total duty shall not exceed the duty for the"
         " complete movement"),
    )  # fmt: skip

    def duty(code: str, *articles: Article, parts: dict[str, int] | None = None, cap: bool = False) -> Fraction:
        facts = UsInputs(
            value_minor=1_000,
            quantities={"NAR#JWL": Decimal(50)},
            articles=articles,
            part_values_minor=parts or {},
            cap_holds=cap,
        )
        return tariff.duty(code, facts)

    ten, twenty = Article(code="6103.10.10"), Article(code="6103.10.20")
    jacket = Article(code="6103.10.10", inputs=UsInputs(value_minor=600))
    trousers = Article(code="6103.10.20", inputs=UsInputs(value_minor=400))
    assert duty("6103.29.10", jacket, trousers) == 60 + 80
    assert duty("8206.00.00", jacket, trousers) == 200
    assert duty("8473.00.00", twenty) == 200
    assert duty("9802.00.50", ten, parts={"repairs or alterations": 300}) == 30
    assert duty("9802.00.80", ten, parts={"such products": 400}) == 60
    assert duty("9903.01.25", ten) == 200
    assert duty("9903.81.91", ten, parts={"steel content": 400}) == 200
    assert duty("9903.99.01", ten) == 95
    assert duty("9903.01.25", Article(code="9903.99.02"), ten) == 200  # a reference to a reference
    assert duty("9108.11.40", ten) == 160
    assert duty("9108.11.40", ten, cap=True) == 100
    with pytest.raises(InputMissingError, match="code of the goods"):
        duty("9903.01.25")
    with pytest.raises(InputMissingError, match="typed rate of 9999"):
        duty("9903.01.25", Article(code="9999"))
    with pytest.raises(InputMissingError, match="end of the references"):
        duty("9903.01.25", *[Article(code="9903.99.02")] * 9)


def test_rates_are_inherited_by_longer_codes() -> None:
    tariff = schedule(("0101", ""), ("0101.21.00", "Free"), ("0101.21.00.10", ""), ("0101.29.00", "4.5%"))
    line = tariff.rate_of("0101.21.00.10")
    assert line is not None
    assert line.code == "01012100"
    assert tariff.duty("0101.29.00.90", UsInputs(value_minor=1_000)) == 45
    assert tariff.rate_of("0101") is None


def test_a_snapshot_filled_downwards_is_mended_and_says_so() -> None:
    tariff = schedule(
        ("1003", ""),
        ("1003.9", "5%"),
        ("1003.90.20", "5.00%"),
        ("1003.90.20.10", "5.00%"),
        ("", "5.00%"),
        ("9904.00.01", "1¢/kg"),
        ("9904.00.02", "1¢/kg"),
    )
    assert {line.code for line in tariff.lines} == {"10039020", "99040001", "99040002"}
    assert "100390" in tariff.codes
    assert sorted(tariff.notes.values()) == [1, 1, 1, 2]
    assert [measure.source for measure in tariff.measures()][-1].endswith("may be a copy of the row before")


def test_faults_of_a_schedule() -> None:
    assert read_us_hts(b"").faults[0].code == "OECP-TARIFF-HEADER"
    assert read_us_hts(b"\xff\xfe").faults[0].code == "OECP-TARIFF-ENCODING"
    assert read_us_hts((",".join(COLUMNS) + '\n"').encode()).faults[0].code == "OECP-TARIFF-QUOTE"
    assert read_us_hts((",".join(COLUMNS) + "\n0101,1\n").encode()).faults[0].line == 2
    assert schedule(("01.01", "")).faults[0].column == "HTS Number"
    assert schedule(("0101", ""), ("0101", "")).faults[0].line == 3


def test_measures_go_out_and_come_in_again() -> None:
    tariff = schedule(("0101.21.00", "1¢/kg + 5%"), ("0101.29.00", APPLICABLE), ("0101.30.00", "Free, under bond"))
    measures = tariff.measures(tax_type="A00")
    assert [measure.needs_human is None for measure in measures] == [True, False, True]
    assert measures[2].source.endswith("under bond")
    again = read_measures(to_csv(measures).encode())
    assert not again.faults
    assert [(one.goods_code, one.duty) for one in again.measures] == [
        (one.goods_code, one.duty) for one in measures if one.duty is not None
    ]
