# SPDX-License-Identifier: Apache-2.0
"""Baskets that nobody should have to guess about: every fault of shape told at once, nothing passed over in silence."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from openecp.border.low_value.basket import Basket, item_rows, read_basket
from openecp.border.low_value.faults import QuoteRefused
from openecp.border.low_value.load import check_text
from openecp.platform.api.http import Refusal
from openecp.platform.api.quotes import Quotes
from openecp.platform.cli.journal import journal

GOOD: dict[str, Any] = {"currency": "EUR", "rates": {"vat": "0.20"}, "items": [{"hs": "610910", "unit_price": "10.00"}]}

REGIME = """
jurisdiction = "XA"
name = "Example"
currency = "EUR"
[[regimes]]
id = "XA-LOW"
title = "Example"
support = "official"
sources = ["An example"]
valid_from = 2026-01-01
date = "sale"
currency = "EUR"
[[regimes.treatments]]
name = "low"
says = "Example."
limits = [{ le = "100", basis = "price", scope = "consignment" }]
"""


def faults(data: bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(QuoteRefused) as refused:
        item_rows(read_basket(data), "EU", date(2026, 7, 1))
    return [(one.where, one.expected, one.got) for one in refused.value.faults]


def places(**changed: Any) -> list[str]:
    return [where for where, _, _ in faults(json.dumps({**GOOD, **changed}).encode())]


def test_all_faults_of_shape_are_told_at_once() -> None:
    basket = {"foo": 1, "channel": 5, "freight": 2.5, "items": [{"unit_price": 10, "hs6": "1"}, {"hs": 610910}],
              "seller_scheme": "IOSS", "rates": {"duty": {"64": 0.1}}, "dates": {"sale": "2026-02-30"}}  # fmt: skip
    assert {where for where, _, _ in faults(json.dumps(basket).encode())} == {
        "foo", "currency", "channel", "freight", "items[0].unit_price", "items[0].hs6", "items[1].unit_price",
        "items[1].hs", "seller_scheme", "rates.duty[64]", "dates.sale",
    }  # fmt: skip


def test_a_number_is_answered_with_what_to_write() -> None:
    assert faults(b'{"currency":"EUR","items":[{"unit_price":10.5}]}') == [("items[0].unit_price", "text", "10.5")]


@pytest.mark.parametrize("whole", [b"[]", b"5", b'"x"', b"null"])
def test_what_is_no_object_is_refused(whole: bytes) -> None:
    assert faults(whole)[0][:2] == ("$", "an object")


def test_a_name_that_stands_twice_is_a_fault() -> None:
    text = json.dumps(GOOD).replace('"EUR"', '"EUR", "currency": "USD"').replace('"hs"', '"hs": "640319", "hs"')
    assert [where for where, _, _ in faults(text.encode())] == ["currency", "items[0].hs"]


def test_a_mark_before_utf_8_is_no_fault_and_other_bytes_are() -> None:
    assert read_basket(b"\xef\xbb\xbf" + json.dumps(GOOD).encode()).currency == "EUR"
    assert faults(b'{"currency":"\xff"}')[0][1] == "JSON in UTF-8"
    assert faults(b"[" * 100_000)[0][1] == "JSON in UTF-8" or faults(b"[" * 100_000)[0][0] == "$"


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"currency": "ZZZ"}, ["currency"]),
        ({"currency": "XXX"}, ["currency"]),
        ({"rates": {"vat": "20"}}, ["rates.vat"]),
        ({"rates": {"vat": "1.01"}}, ["rates.vat"]),
        ({"rates": {"duty": {"61x": "0.1"}}}, ["rates.duty[61x]"]),
        ({"rates": {"excise": {"": "0.1"}}}, ["rates.excise[]"]),
        ({"exchange": {"USDEUR": "1.1"}}, ["exchange[USDEUR]"]),
        ({"items": [{"unit_price": "1", "quantity": "-1"}]}, ["items[0].quantity"]),
        ({"items": [{"unit_price": "1", "quantity": 0}]}, ["items[0].quantity"]),
    ],
)
def test_nothing_is_passed_over_in_silence(changed: dict[str, Any], where: list[str]) -> None:
    assert places(**changed) == where


def test_high_duties_stay_possible() -> None:
    basket = {**GOOD, "rates": {"vat": "1", "duty": {"*": "3.5", "6109.10".replace(".", ""): "0.1"}}}
    assert item_rows(read_basket(json.dumps(basket).encode()), "EU", date(2026, 7, 1))


@pytest.mark.parametrize(
    ("old", "new", "expected", "got"),
    [
        ('scope = "consignment"', 'scope = "parcel"', "one of item, hs6, consignment", "'parcel'"),
        ('le = "100"', 'le = "1,000"', "an amount as text", "'1,000'"),
        ('support = "official"', 'support = "sure"', "one of official", "'sure'"),
        ("valid_from = 2026-01-01", 'valid_from = "soon"', "a day as", "'soon'"),
    ],
)
def test_a_fault_says_what_may_stand_there_and_what_does(old: str, new: str, expected: str, got: str) -> None:
    fault = check_text(REGIME.replace(old, new, 1).encode(), "XA.toml")[1][0]
    assert fault.expected.startswith(expected)
    assert not {"Expected", "Invalid"} & set(fault.expected.split())
    assert fault.got == got


@pytest.mark.parametrize(
    ("body", "where", "got"),
    [
        ('{"jurisdiction":"EU","basket":{"currency":"EUR","items":[{"unit_price":5},{}]}}',
         "basket.items[0].unit_price",
         "5 (and basket.items[1].unit_price: nothing)"),
        ('{"jurisdiction":"EU","jurisdiction":"US","basket":{"currency":"EUR","items":[]}}', "jurisdiction",
         "the name twice"),
    ],
)  # fmt: skip
def test_http_says_where_as_the_command_line_does(body: str, where: str, got: str) -> None:
    call: Any = SimpleNamespace(body=body.encode())
    with pytest.raises(Refusal) as refused:
        asyncio.run(Quotes(lambda: None).quote(call))  # type: ignore[arg-type,return-value]
    assert (refused.value.problem.where, refused.value.problem.got) == (where, got)


def test_the_same_request_has_the_same_answer_without_another_look() -> None:
    asked: list[Basket] = []

    class Counted:
        def quote(self, basket: Basket, *_: Any, **__: Any) -> dict[str, str]:
            asked.append(basket)
            return {"total": basket.items[0].unit_price}

    quotes = Quotes(Counted)  # type: ignore[arg-type]
    text = '{"jurisdiction":"EU","basket":{"currency":"EUR","items":[{"unit_price":"%s"}]}}'
    bodies = [(text % price).encode() for price in ("5", "6", "5", "5")]
    told = [asyncio.run(quotes.quote(SimpleNamespace(body=body))).body for body in bodies]  # type: ignore[arg-type]
    assert told == [b'{"total":"5"}', b'{"total":"6"}', b'{"total":"5"}', b'{"total":"5"}']
    assert len(asked) == 2


def test_the_journal_key_is_printed_for_offline_verifiers() -> None:
    class Store:
        def log_public_keys(self) -> list[str]:
            return ["name+id+new", "name+id+old"]

        def close(self) -> None:
            pass

    class Here:
        def with_settings(self, data: str | None = None) -> Here:
            return self

        def open_store(self) -> Store:
            return Store()

    assert CliRunner().invoke(journal, ["key"], obj=Here()).output.split() == ["name+id+new", "name+id+old"]
