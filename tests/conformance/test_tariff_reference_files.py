# SPDX-License-Identifier: Apache-2.0
"""The tariff files of the public reference set: every rate typed or listed, in time, computed the same everywhere."""

from __future__ import annotations

import gzip
import re
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb
import pytest

from openecp.border.tariff.duty_expression import AmountPerUnit, Percentage
from openecp.border.tariff.load import load_file, show
from openecp.border.tariff.measures import Measure, read_measures
from openecp.border.tariff.prepare import prepare
from openecp.border.tariff.selection import ItemFacts, winning
from openecp.border.tariff.us_hts import UsTariff, read_us_hts, to_csv
from openecp.border.tariff.us_rates import ComponentRate, SimpleRate, UsInputs

pytestmark = pytest.mark.slow  # a suite of its own length: `make test` is for every save

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
SNAPSHOTS = ("us-hts-2023-10.csv.gz", "us-hts-2024-11.csv.gz", "us-hts-2025-04-normalised.csv.gz")
ON = date(2026, 5, 1)


def reference(name: str) -> Path:
    path = REFERENCE / name
    if not path.exists():
        pytest.skip(f"reference file {name} is not beside the project")
    return path


@cache
def us_tariff(name: str) -> UsTariff:
    return read_us_hts(gzip.decompress(reference(name).read_bytes()))


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_us_snapshots_are_typed_in_time(name: str) -> None:
    report = load_file(reference(name), "us-hts")
    assert report.usable
    assert report.rates >= 13_500
    assert len(report.untyped) <= 0.005 * report.rates
    assert all(item.why for item in (*report.untyped, *report.not_in_steps))
    assert report.seconds <= 3.0
    assert report.tables is not None
    assert sum(report.kinds.values()) == report.rates
    # Every rate that is an expression is exact in the prepared form: what is left are the rates with other inputs.
    assert {item.why.split(":")[0] for item in report.not_in_steps} <= {
        "component based",
        "reference to another rate",
        "capped by another rate",
    }


@pytest.mark.parametrize(("name", "kinds"), [(SNAPSHOTS[0], 195), (SNAPSHOTS[1], 214)])
def test_us_kinds(name: str, kinds: int) -> None:
    counted = us_tariff(name).kinds()
    assert counted["ad valorem"] == 6213
    assert counted["free"] == 5977
    assert counted["component based"] + counted["capped by another rate"] == 96
    assert counted["sugar degrees with a floor"] == 12
    assert counted["reference to another rate"] == kinds


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_every_number_of_a_us_rate_is_in_its_typed_form(name: str) -> None:
    """Count the numbers of each text with a plain pattern and find each again, cents as dollars, in the structure."""
    differ = []
    for line in us_tariff(name).lines:
        rate = line.rate
        if not isinstance(rate, SimpleRate | ComponentRate) or (isinstance(rate, SimpleRate) and rate.condition):
            continue
        text = re.sub(r"<[^>]*>", "", line.text).replace("1,000", "1000").replace("thousand", "1000")
        text = re.sub(r"m[23]\b|over 7", "", text)
        printed = [
            Decimal(number).scaleb(-2 if cent else 0) for number, cent in re.findall(r"(\d+(?:\.\d+)?)(¢?)", text)
        ]
        typed: list[Decimal] = []
        for part in rate.expression.components if rate.expression is not None else ():
            if isinstance(part, Percentage):
                typed.append(part.percent)
            elif isinstance(part, AmountPerUnit):
                typed += [part.amount, part.per] if part.per != 1 else [part.amount]
        if isinstance(rate, ComponentRate):
            typed += [share.percent for share in rate.shares]
        if sorted(printed) != sorted(typed):
            differ.append((line.code, line.text))
    assert differ == []


def test_us_rates_worked_by_hand() -> None:
    tariff = us_tariff(SNAPSHOTS[1])
    kilos = {"KGM": Decimal(100)}
    assert tariff.duty("0101.30.00.00", UsInputs(value_minor=100_000)) == 6_800
    assert (
        tariff.duty("0102.29.40.24", UsInputs(value_minor=1, quantities=kilos)) == 100
    )  # 1 cent a kilogram, inherited
    watch = UsInputs(
        value_minor=0,
        quantities={"NAR": Decimal(1)},
        part_values_minor={"case": 1_000, "strap": 100, "battery": 100},
    )
    assert tariff.duty("9102.11.10.10", watch) == Decimal("44") + 60 + 14 + Decimal("5.3")


def test_general_rates_do_not_change_between_the_two_published_snapshots() -> None:
    old, new = us_tariff(SNAPSHOTS[0]), us_tariff(SNAPSHOTS[1])
    before = {line.code: line.rate for line in old.lines}
    common = [line for line in new.lines if line.code in before and not line.code.startswith("99")]
    assert len(common) > 11_000
    assert [line.code for line in common if line.rate != before[line.code]] == []


def test_the_normalised_snapshot_is_mended() -> None:
    published, normalised = us_tariff(SNAPSHOTS[1]), us_tariff(SNAPSHOTS[2])
    assert normalised.notes["codes of six digits that had lost their last zero, mended"] == 824
    emergency = [line for line in normalised.lines if line.code.startswith("990301")]
    assert len(emergency) == 60
    assert all(line.rate is not None for line in emergency)
    # Outside chapters 98 and 99 both say the same of every code that both have.
    rates = {line.code: line.rate for line in normalised.lines}
    differ = [
        line.code
        for line in published.lines
        if line.code[:2] not in ("98", "99") and line.code in rates and line.rate != rates[line.code]
    ]
    assert len(differ) <= 5, differ


def test_us_rates_travel_in_the_measures_form() -> None:
    measures = us_tariff(SNAPSHOTS[1]).measures()
    expressed = [measure for measure in measures if measure.duty is not None]
    assert len(expressed) >= 0.97 * len(measures)
    again = read_measures(to_csv(measures).encode())
    assert not again.faults
    assert [(one.goods_code, one.duty) for one in again.measures] == [(one.goods_code, one.duty) for one in expressed]
    assert "inherited from 01022940" in show(measures, "0102.29.40.24", ON)


WINNING = """
with facts as (select * from item), matching as (
  select f.item, m.* from facts f join measures m on m.tariff_key = f.tariff_key
  where f.on_day between m.valid_from and m.valid_to
    and (m.origin is null or m.origin = f.origin)
    and (m.preference is null or m.preference = f.preference)
    and (m.order_number is null or m.order_number = f.order_number)
    and (m.additional_code_1 is null or list_contains(f.codes, m.additional_code_1))
    and (m.additional_code_2 is null or list_contains(f.codes, m.additional_code_2))
    and (m.additional_code_3 is null or list_contains(f.codes, m.additional_code_3)))
select item, measure_id from matching
qualify specificity = max(specificity) over (partition by item, tax_type) order by all
"""


def facts_of(measure: Measure) -> ItemFacts:
    return ItemFacts(
        goods_code=measure.goods_code,
        additional_codes=frozenset(measure.additional_codes),
        origin=measure.origin,
        preference=measure.preference,
        order_number=measure.order_number,
    )


def test_trade_test_measures_are_chosen_by_the_table_as_by_the_rule() -> None:
    file = read_measures(reference("hmrc-trade-test-measures.csv").read_bytes())
    assert not file.faults
    assert [warning.code for warning in file.warnings] == ["OECP-TARIFF-TIE"]  # 7210122010 from RU: 25% and 35%
    assert len(file.measures) == 163
    tables = prepare(file.measures, currency="GBP")
    assert tables.shape.needs_human == 0
    items = [facts_of(measure) for measure in file.measures]
    expected = []
    for number, item in enumerate(items):
        for chosen in winning(file.measures, item, ON):
            expected.append((number, file.measures.index(chosen) + 1))
    connection = duckdb.connect()
    connection.register("measures", tables.measures)
    connection.execute(
        "create table item (item int, tariff_key text, origin text, preference text, order_number text,"
        " codes text[], on_day date)"
    )
    rows = [
        (
            number,
            tables.index.key(item.goods_code),
            item.origin,
            item.preference,
            item.order_number,
            sorted(item.additional_codes),
            ON,
        )
        for number, item in enumerate(items)
    ]
    connection.executemany("insert into item values (?, ?, ?, ?, ?, ?, ?)", rows)
    assert connection.execute(WINNING).fetchall() == sorted(expected)
