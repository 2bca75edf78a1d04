# SPDX-License-Identifier: Apache-2.0
"""Regime files: what is wrong is told with its line; what is missing refuses a quote, it never makes a wrong amount."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.e2e.api_doubles import World

from openecp.bootstrap import Installation
from openecp.border.low_value.basket import read_basket
from openecp.border.low_value.faults import QuoteRefused
from openecp.border.low_value.load import check_text, load_regimes
from openecp.border.low_value.tables import is_runnable
from openecp.platform.cli.main import openecp
from openecp.platform.core.settings import Settings
from openecp.platform.engines.row_sql import Untranslatable
from openecp.platform.engines.rows import RowEngine

GOOD = """\
jurisdiction = "XA"
name = "Example"
currency = "EUR"

[[regimes]]
id = "XA-LOW"
title = "Example"
support = "official"
sources = ["Example Act 1"]
valid_from = 2026-01-01
currency = "EUR"

[[regimes.treatments]]
name = "low"
says = "Up to EUR 100 no duty is due."
limits = [{ le = "100", basis = "intrinsic", scope = "consignment" }]
tax = { rate = "0.10" }

[[regimes]]
id = "XA-ORDINARY"
title = "Ordinary"
ordinary = true

[[regimes.treatments]]
name = "full"
says = "Ordinary tariff."
duty = { kind = "tariff" }
tax = { rate = "0.10" }
"""
BASKET: dict[str, Any] = {
    "currency": "EUR",
    "seller_scheme": {"name": "IOSS", "id": "IM1234567890"},
    "rates": {"vat": "0.20"},
    "items": [{"hs": "610910", "unit_price": "18.00"}, {"hs": "640319", "unit_price": "30.00"}],
}


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(openecp, list(arguments), input=text, obj=Installation(Settings(profile="demo")))


def told(text: str) -> list[tuple[str, int | None, str]]:
    return [(fault.severity, fault.line, fault.where) for fault in check_text(text.encode(), "XA.toml")[1]]


def test_a_good_file_has_no_fault() -> None:
    assert told(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "where"),
    [
        ('support = "official"', 'support = "sure"', 8, "support"),
        ('title = "Example"', 'titel = "Example"', 7, "titel"),
        ('le = "100"', 'le = "a hundred"', 16, "limits"),
        ('scope = "consignment"', 'scope = "parcel"', 16, "limits"),
        ("valid_from = 2026-01-01", "valid_from = 2026-01-01\nvalid_to = 2025-01-01", 11, "valid_to"),
        ('id = "XA-LOW"', 'id = "XB-LOW"', 6, "id"),
        ('kind = "tariff"', 'kind = "tarif"', 27, "duty"),
        ("ordinary = true", "ordinary = false", 1, "XA.toml"),
        ('jurisdiction = "XA"', "jurisdiction = XA", 1, "XA.toml"),
    ],
)
def test_a_fault_has_its_line(old: str, new: str, line: int, where: str) -> None:
    faults = [one for one in told(GOOD.replace(old, new, 1)) if one[0] == "fault"]
    assert faults
    assert any(one[1] == line and where in one[2] for one in faults), faults


def test_several_faults_are_told_at_once() -> None:
    text = GOOD.replace('le = "100"', 'le = "x"').replace('kind = "tariff"', 'kind = "y"').replace('"official"', '"z"')
    assert len([one for one in told(text) if one[0] == "fault"]) == 3


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('le = "100", ', "", "limits[0].le"),
        (', scope = "consignment"', "", "limits[0].scope"),
        ("valid_from = 2026-01-01\n", "", "valid_from"),
        ('duty = { kind = "tariff" }', 'duty = { kind = "ad_valorem" }', "duty.rate"),
    ],
)
def test_what_is_missing_makes_it_incomplete(old: str, new: str, field: str) -> None:
    faults = [one for one in told(GOOD.replace(old, new, 1)) if one[0] == "incomplete"]
    assert any(field in one[2] for one in faults), faults


def test_a_new_regime_is_a_file_and_no_code(tmp_path: Path) -> None:
    (tmp_path / "XA.toml").write_text(GOOD)
    assert run("regime", "check", str(tmp_path / "XA.toml"), "--strict").exit_code == 0
    for price, tax in (("100.00", "10.00"), ("100.01", None)):
        basket = json.dumps({"currency": "EUR", "items": [{"unit_price": price, "hs": "640319"}]})
        found = run("quote", "-", "--jurisdiction", "xa", "--date", "2026-02-01", "--regimes", str(tmp_path), "--json",
                    text=basket)  # fmt: skip
        if tax is None:
            assert found.exit_code == 2
            assert "rates.duty[640319]" in found.output
        else:
            assert json.loads(found.stdout)["tax"] == tax


def test_the_command_line_answers_as_promised(tmp_path: Path) -> None:
    path = tmp_path / "basket.json"
    path.write_text(json.dumps(BASKET))
    found = run("quote", str(path), "--jurisdiction", "EU", "--date", "2026-07-01", "--json")
    answer = json.loads(found.stdout)
    assert {"regime", "category", "declaration", "currency", "duty", "tax", "total", "lines", "reasons"} <= set(answer)
    assert (answer["duty"], answer["tax"], answer["total"]) == ("6.00", "10.80", "16.80")
    assert all(
        {"item", "type", "base", "rate", "amount", "collected_by", "due"} <= set(line) for line in answer["lines"]
    )
    table = run("quote", str(path), "--jurisdiction", "EU", "--date", "2026-07-01").output
    assert "10.80" in table
    assert "for HS subheading" in table


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--jurisdiction", "QQ"), "one of AE"),
        (("--jurisdiction", "EU", "--regime", "EU-X"), "EU-FLAT-2026"),
        (("--jurisdiction", "EU", "--regime", "EU-FLAT-2026"), "2026-07-01 to 2028-06-30"),
        (("--jurisdiction", "EU", "--strict"), "no cited source"),
        (("--jurisdiction", "VN"), "tax.rate"),
    ],
)
def test_refusals_name_what_stands_in_the_way(arguments: tuple[str, ...], said: str) -> None:
    found = run("quote", "-", *arguments, "--date", "2026-06-30", text=json.dumps(BASKET))
    assert found.exit_code == 2
    assert said in found.output


NO_BASKETS = [
    "",
    "[]",
    "{",
    '{"currency": "EUR"}',
    '{"currency": "EUR", "items": []}',
    '{"items": 1}',
    '{"currency": "EUR", "items": [{"unit_price": 1.5}]}',
    '{"curency": "EUR", "items": []}',
    "[" * 100_000,
]


@pytest.mark.parametrize("text", NO_BASKETS)
def test_what_is_no_basket_is_refused_with_its_place(text: str) -> None:
    found = run("quote", "-", "--jurisdiction", "CH", "--date", "2026-06-30", text=text)
    assert found.exit_code == 2
    assert "where:" in found.output


def test_regimes_are_listed_and_shown() -> None:
    lines = [json.loads(line) for line in run("regime", "list", "--json").stdout.splitlines()]
    assert len([one for one in lines if not one["ordinary"]]) == 33  # Türkiye's row is split
    assert {one["jurisdiction"] for one in lines if not one["runs"]} == {"AE", "IN", "TR", "VN", "ZA"}
    assert "EUR 3" in run("regime", "show", "EU-FLAT-2026").output
    assert run("regime", "show", "NONE").exit_code != 0
    everything = [one for file in load_regimes() for one in file.regimes if not is_runnable(one)]
    assert all("missing" in run("regime", "show", one.id).output for one in everything)


def test_quotes_over_http() -> None:
    world = World()
    body = {"jurisdiction": "eu", "date": "2026-07-01", "basket": BASKET}
    headers = {"content-type": "application/json"}
    reply = world.call("POST", "/quotes", content=json.dumps(body), headers=headers)
    assert (reply.status_code, reply.json()["duty"], reply.json()["tax"]) == (200, "6.00", "10.80")
    many = {**BASKET, "items": [{"hs": "610910", "unit_price": "1.00"}] * 60}
    reply = world.call("POST", "/quotes", content=json.dumps({**body, "basket": many}), headers=headers)
    assert (reply.status_code, reply.json()["duty"], reply.json()["tax"]) == (200, "3.00", "12.60")
    reply = world.call("POST", "/quotes", content=json.dumps({**body, "date": "soon"}), headers=headers)
    assert reply.status_code == 400
    over = {**BASKET, "items": [{"hs": "610910", "unit_price": "151.00"}]}
    reply = world.call("POST", "/quotes", content=json.dumps({**body, "basket": over}), headers=headers)
    assert (reply.status_code, reply.json()["errors"][0]["where"]) == (422, "rates.duty[610910]")


@pytest.mark.parametrize(
    "sql", ["SELECT now() AS n FROM t AS t", "SELECT t.b AS n FROM t AS t", "SELECT a AS n FROM u AS u",
            "SELECT AVG(t.a) OVER () AS n FROM t AS t", "SELECT CAST(t.a AS BLOB) AS n FROM t AS t"]
)  # fmt: skip
def test_the_rows_engine_refuses_what_it_does_not_know(sql: str) -> None:
    engine = RowEngine()
    engine.load("t", (("a", "BIGINT"),), [(1,)])
    with pytest.raises(Untranslatable):
        engine.run(sql, {})


def test_an_installation_s_own_files_hold_for_all_its_doors(tmp_path: Path) -> None:
    """Rates of exchange that the operator names are those of quotes and of cleared parcels alike."""
    table = tmp_path / "rates.csv"
    table.write_text("table,currency,rate,valid_from,valid_to\nECB,EUR,1,,\nECB,USD,1.25,,\n", encoding="utf-8")
    here = Installation(Settings(exchange_rates=str(table)))
    assert here.law_files() == {"regimes": None, "rates": str(table), "duty_rates": None}
    basket = read_basket(
        b'{"currency": "USD", "rates": {"vat": "0.20", "duty": {"*": "0"}}, '
        b'"items": [{"hs": "640319", "unit_price": "10.00"}]}'
    )
    assert here.quoter().quote(basket, "EU", date(2026, 6, 1)).currency == "USD"
    with pytest.raises(QuoteRefused, match="exchange"):
        Installation(Settings()).quoter().quote(basket, "EU", date(2026, 6, 1))
