# SPDX-License-Identifier: Apache-2.0
"""The orders task: exact totals, the limit to the last paisa, days by time zone, bad rows named, safe files, a page."""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from openecp.border.low_value.order_words import GoodsTable, risk_words
from openecp.border.low_value.orders import (
    ORDER_COLUMNS,
    OrderTerms,
    amount_text,
    group_orders,
    half_up,
    order_checks,
    order_day,
    order_price,
    read_orders,
)
from openecp.platform.cli.ecommerce import demo_ecommerce
from openecp.platform.cli.ecommerce_goods import TableThenModel
from openecp.platform.cli.ecommerce_orders import made_orders
from openecp.platform.cli.wiring import CommandFault

DUBAI = ZoneInfo("Asia/Dubai")
TERMS = OrderTerms()


def row(price: str = "100", at: str = "2026-03-01T10:00:00+04:00", **cells: str) -> dict[str, str | None]:
    """Return the cells of an order."""
    return {
        "order_id": "1", "timestamp": at, "importer_name": "Rahul Kumar", "delivery_address": "1 Hill Rd, Dubai",
        "product_title": "Cotton T-Shirt", "description": "", "product_category": "Clothing", "item_price_inr": price,
        "image_url": "", **cells,
    }  # fmt: skip


def grouped(*prices: str, terms: OrderTerms = TERMS) -> list[tuple[str, bool, str, int]]:
    orders, faults = read_orders([row(price, order_id=str(n)) for n, price in enumerate(prices)], DUBAI)
    assert faults == []
    groups = group_orders(orders, [0] * len(orders), terms)
    assert all(order_checks(orders, groups, terms).values())
    return [(amount_text(one.total), one.dutiable, amount_text(one.duty), one.duty_minor) for one in groups]


def test_the_limit_is_judged_on_the_exact_sum() -> None:
    assert grouped("22727.27") == [("999.99988", False, "0.00", 0)]
    assert grouped("22727.28") == [("1000.00032", True, "50.000016", 5000)]
    assert grouped("11363.63", "11363.64") == [("999.99988", False, "0.00", 0)]
    assert grouped("11363.64", "11363.64") == [("1000.00032", True, "50.000016", 5000)]
    exactly = OrderTerms(rate=Fraction(1, 20))  # 1,000 exactly cannot be reached at 0.044
    assert grouped("20000", terms=exactly) == [("1000.00", False, "0.00", 0)]
    assert grouped("20000.01", terms=exactly) == [("1000.0005", True, "50.000025", 5000)]


def test_nothing_but_the_duty_is_rounded_and_that_once() -> None:
    ((total, _, duty, minor),) = grouped(*["7575.77"] * 3)
    assert (total, duty, minor) == ("1000.00164", "50.000082", 5000)
    orders, _ = read_orders([row("7575.77", order_id=str(n)) for n in range(3)], DUBAI)
    (group,) = group_orders(orders, [0] * 3, TERMS)
    assert group.item_duty_minor == (1667, 1666, 1667)  # what each adds to the rounded sum


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_orders_are_exact_against_fractions(seed: int) -> None:
    chance = Random(seed)
    prices = [f"{chance.randrange(30_000)}.{chance.randrange(10**6):06d}" for _ in range(300)]
    people = [chance.randrange(40) for _ in prices]
    days = [date(2026, 3, 1 + chance.randrange(3)) for _ in prices]
    cells = [row(p, f"{day}T12:00", order_id=str(n)) for n, (p, day) in enumerate(zip(prices, days, strict=True))]
    orders, faults = read_orders(cells, DUBAI)
    groups = group_orders(orders, people, TERMS)
    assert faults == []
    assert all(order_checks(orders, groups, TERMS).values())
    for group in groups:
        mine = [Fraction(prices[n]) * 44 / 1000 for n in range(300) if (days[n], people[n]) == (group.day, group.group)]
        assert group.total == sum(mine)
        assert group.dutiable == (sum(mine) > 1000)
        duty = sum(mine) / 20 if sum(mine) > 1000 else Fraction(0)
        assert group.duty == duty
        assert group.duty_minor == sum(group.item_duty_minor) == (duty * 100 + Fraction(1, 2)).__floor__()


def test_halves_go_up() -> None:
    assert [half_up(Fraction(n, 10)) for n in (0, 4, 5, 14, 15, 25)] == [0, 0, 1, 1, 2, 3]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-01T20:30:00Z", date(2026, 3, 2)),  # half past midnight in Dubai
        ("2026-03-01T19:59:59Z", date(2026, 3, 1)),
        ("2026-03-02T01:29:59+05:30", date(2026, 3, 1)),
        ("2026-03-02T01:30:00+05:30", date(2026, 3, 2)),
        ("2026-03-01 23:59", date(2026, 3, 1)),  # no offset: local time
        ("2026-03-01", date(2026, 3, 1)),
        ("01/03/2026", None),
        ("2026-13-01T00:00", None),
        ("0001-01-01T00:00+14:00", None),
        ("yesterday", None),
    ],
)
def test_the_day_is_that_of_the_time_zone(text: str, day: date | None) -> None:
    assert order_day(text, DUBAI) == day


@pytest.mark.parametrize(
    ("text", "micro"),
    [
        ("0", 0), ("0.01", 10_000), ("1299.50", 1_299_500_000), ("1,299.50", 1_299_500_000),
        ("1,23,456", 123_456_000_000),
        ("₹ 99", 99_000_000), ("Rs. 99", 99_000_000), ("INR 99.123456", 99_123_456),
        ("-1", None), ("1e3", None), ("1.1234567", None), ("1299,50", None), ("", None), ("NaN", None), ("=1+1", None),
        ("1234567890", None), ("١٢", None), ("12 13", None),
    ],
)  # fmt: skip
def test_prices_are_read_exactly_or_not_at_all(text: str, micro: int | None) -> None:
    assert order_price(text) == micro


def test_goods_and_words_of_risk_are_told_with_their_words() -> None:
    table = GoodsTable()
    drone = "Camera Drone 4K with lithium battery", "Quadcopter", "Electronics"
    assert table.guess(*drone).hs6 == "880621"
    assert {risk.kind for risk in risk_words(*drone)} == {"drone", "lithium battery"}
    assert table.guess("Cotton T-Shirt", "", "Clothing")[::2] == ("610910", ("cotton t-shirt",))
    assert table.guess("Something", "unheard of", "")[:3] == ("", 0.0, ())
    assert TableThenModel().guess("Cotton T-Shirt", "", "Clothing").by == "table"
    unknown = TableThenModel().guess("Chia Seeds 500 g", "", "Grocery")
    assert (unknown.by, len(unknown.hs6)) == ("model", 6)
    harmless = (
        "Glue gun kit",
        "Bullet journal",
        "Gunmetal case, without battery",
        "Chia seeds",
        "Water gun",
        "Foam bullets",
    )
    assert [risk_words(title, "", "") for title in harmless] == [[]] * len(harmless)
    (found,) = risk_words("Gift", "real air rifle inside", "")
    assert (found.kind, found.words, found.where) == ("weapon", "rifle", "description")


def run(folder: Path, *arguments: str) -> tuple[int, str, Path]:
    out = folder / "out"
    result = CliRunner().invoke(demo_ecommerce, ["--out", str(out), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit) or arguments, result.exception
    return result.exit_code, result.output, out


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_demonstration_holds_together(tmp_path: Path) -> None:
    code, told, out = run(tmp_path, "--count", "600", "--seed", "5")
    assert code == 0, told
    orders, groups = read_csv(out / "orders.csv"), read_csv(out / "groups.csv")
    assert len(orders) == 600
    assert list(read_csv(out / "input.csv")[0]) == list(ORDER_COLUMNS)
    summary = json.loads((out / "summary.json").read_text())
    assert all(summary["checks"].values())
    assert summary["truth"]["alike"]["f1"] >= 0.95
    for name in ("item_price_aed", "duty_exact_aed", "duty_aed"):
        column = {"item_price_aed": "total_aed"}.get(name, name)
        assert sum(Fraction(one[name]) for one in orders) == sum(Fraction(one[column]) for one in groups)
    assert sum(Fraction(one["item_price_inr"]) for one in orders) * Fraction("0.044") == Fraction(summary["total_aed"])
    assert sum(int(one["orders"]) for one in groups) == 600
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.count("<svg") >= 4
    assert not re.findall(r"(?:src|href)=|@import|url\(", page), "the page loads nothing"


def test_same_seed_same_orders() -> None:
    assert made_orders(50, 3) == made_orders(50, 3)
    assert made_orders(50, 3) != made_orders(50, 4)


def test_bad_rows_are_named_and_the_rest_is_used(tmp_path: Path) -> None:
    lines = [
        ["1", "2026-03-01T10:00", "=HYPERLINK(1)", "@SUM(1)", "<script>alert(1)</script>", "", "", "100", ""],
        ["2", "01/03/2026", "B", "Home", "T-Shirt", "", "", "100", ""],
        ["3", "2026-03-01", "B", "Home", "T-Shirt", "", "", "-5", ""],
        [],
        ["4", "2026-03-01", "", "Home", "x" * 5000, "", "", "ten", ""],
        ["5", "2026-03-01", "B", "Home", "T-Shirt", "", "", "7", "", "one more"],
        ["6", "2026-03-01", "B", "Home"],
        ["7", "2026-03-01", "Caf\udce9", "Home", "T-Shirt", "", "", "7", ""],
        ["8", "2026-03-01", "B", "Home", "T-Shirt", "", "", "8.00", ""],
    ]
    file = tmp_path / "orders.csv"
    with file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as out_file:
        csv.writer(out_file, delimiter=";").writerows([list(ORDER_COLUMNS), *lines])
    code, told, out = run(tmp_path, "--file", str(file))
    assert code == 0, told
    faults = {(int(one["row"]), one["column"]) for one in read_csv(out / "faults.csv")}
    assert faults == {(3, "timestamp"), (4, "item_price_inr"), (6, "importer_name"), (6, "product_title"),
                      (6, "item_price_inr"), (7, ""), (8, "product_title"), (8, "item_price_inr"),
                      (9, "importer_name")}  # fmt: skip
    orders = read_csv(out / "orders.csv")
    assert [one["order_id"] for one in orders] == ["1", "8"]
    assert (orders[0]["importer_name"], orders[0]["delivery_address"]) == ("'=HYPERLINK(1)", "'@SUM(1)")
    assert "<script>" not in (out / "index.html").read_text(encoding="utf-8")
    assert "row 3, timestamp" in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--file", "nothing.csv"], "cannot be used"),
        (["--time-zone", "Atlantis/Capital", "--count", "5"], "time zone"),
        (["--rate", "0", "--count", "5"], "--rate"),
        (["--duty", "1/20", "--count", "5"], "--duty"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(demo_ecommerce, ["--out", str(tmp_path / "out"), *arguments])
    assert result.exit_code != 0
    assert says in str(result.exception)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("order_id,price\n1,2\n")
    result = CliRunner().invoke(demo_ecommerce, ["--out", str(tmp_path / "out"), "--file", str(file)])
    assert result.exit_code != 0
    assert "cannot be used" in str(result.exception)


def test_an_order_number_stands_for_one_order() -> None:
    """Another item of the same order counts; the same row again, or another order under its number, does not."""
    rows = [
        row("10", order_id="A"), row("10", order_id="A"), row("20", order_id="A", product_title="Mug"),
        row("10", order_id="A", importer_name="Other"), row("10", order_id="A", at="2026-03-02"),
        row("10", order_id="B"),
    ]  # fmt: skip
    orders, faults = read_orders(rows, DUBAI)
    assert [one.row for one in orders] == [2, 4, 7]
    assert {(fault.column, fault.code) for fault in faults} == {("order_id", "OECP-ORDER-DOUBLE")}
    assert [fault.row for fault in faults] == [3, 5, 6]
    assert "row 2" in faults[0].got


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (",".join(ORDER_COLUMNS).encode(), "no order can be used"),
        (
            (",".join(ORDER_COLUMNS) + '\nA,2026-03-01,"Asha,x,y,z,c,5,u\nB,2026-03-01,C,H,T,,,7,\n').encode(),
            "no order",
        ),
        (",".join(ORDER_COLUMNS).encode("utf-16"), "UTF-16"),
        (bytes(range(256)), "zero bytes"),
        (",".join((*ORDER_COLUMNS, "item_price_inr")).encode(), "item_price_inr twice"),
    ],
)
def test_a_file_of_no_use_says_why(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(content)
    result = CliRunner().invoke(demo_ecommerce, ["--out", str(tmp_path / "out"), "--file", str(file)])
    assert isinstance(result.exception, CommandFault), result.exception
    assert says in f"{result.exception} {result.exception.got}"


def test_a_quote_that_is_not_closed_is_told_with_its_row() -> None:
    _, faults = read_orders([row(importer_name="Asha\nB,2026\nC", delivery_address="")], DUBAI)
    assert [(one.row, one.column, one.got) for one in faults][-1] == (2, "importer_name", "a cell of 3 lines")
