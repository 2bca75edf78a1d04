# SPDX-License-Identifier: Apache-2.0
"""The calculator: worked cases over the page, what stands in the address, each fault beside its field."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qsl, urlencode

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from parcel_console_world import ParcelConsole

from openecp.border.low_value.faults import Fault
from openecp.platform.console.parcels.basket_form import basket_of, field_of, form_of

ADDRESS = "/console/parcels/calculator"
SHIRTS = {"hs1": "610910", "origin1": "CN", "count1": "2", "price1": "9.00"}
SHOES = {"hs2": "640319", "origin2": "CN", "count2": "1", "price2": "30.00", "items": "2"}
EU = {"jurisdiction": "EU", "on": "2026-06-30", "against": "2026-07-01", "currency": "EUR", "dispatch": "CN"}
IOSS = {"scheme": "IOSS", "scheme_id": "IM1234567890", "vat": "20"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient[Litestar]:
    """A trader's browser."""
    return ParcelConsole(tmp_path_factory.mktemp("files")).client("tom")


def asked(client: TestClient[Litestar], *fields: dict[str, str], status: int = 200, **more: str) -> str:
    """Return the visible text of the page for these fields, with plain blanks."""
    query: dict[str, str] = {}
    for each in (*fields, more):
        query |= each
    reply = client.get(f"{ADDRESS}?{urlencode(query)}")
    assert reply.status_code == status, reply.text
    text = html.unescape(re.sub(r"<[^>]+>", " ", reply.text))
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def test_two_days_side_by_side(client: TestClient[Litestar]) -> None:
    """Two T-shirts and a pair of shoes into the EU: 9.60 on 30 June 2026, 16.80 on 1 July, 7.20 more."""
    text = asked(client, EU, IOSS, SHIRTS, SHOES)
    assert "Duty and tax 9.60 EUR 16.80 EUR +7.20" in text
    assert "Duty 0.00 EUR 6.00 EUR +6.00" in text
    assert "Customs duty Item 1 3.00 3.00 EUR 3.00 Post at the border" in text
    assert "VAT Item 2 33.00 20 % 6.60 Seller at the sale" in text
    assert "Why" in text
    french = asked(client, EU, IOSS, SHIRTS, SHOES, lang="fr")
    assert "Droit et taxe 9,60 EUR 16,80 EUR +7,20" in french
    assert "TVA Article 2 33,00 20 % 6,60 Vendeur à la vente" in french
    asked(client, lang="en")


def test_other_worked_cases(client: TestClient[Litestar]) -> None:
    """Brazil's certified scheme, and goods of Chinese origin that lose the relief of the United States."""
    brazil = {"jurisdiction": "BR", "on": "2026-07-01", "currency": "USD", "scheme": "Remessa Conforme"}
    text = asked(client, brazil, {"scheme_id": "1", "hs1": "950300", "price1": "100"})
    assert "68.67 USD on goods of 100.00 USD" in text
    assert "28.67" in text
    america = {"jurisdiction": "US", "on": "2025-05-01", "against": "2025-05-02", "currency": "USD"}
    text = asked(client, america, {"hs1": "950300", "origin1": "CN", "price1": "95", "duty1": "12"})
    assert "Duty and tax 0.00 USD 11.40 USD +11.40" in text


def test_a_percentage_and_either_decimal_sign(client: TestClient[Litestar]) -> None:
    """20, 20 %, 7,5 and 1 200,50 are understood as people write them; shares are exact."""
    form = form_of({**EU, "vat": "7,5", "hs1": "6109.10", "price1": "1 200,50", "duty1": "12 %"}, "2026-07-01")
    basket, faults = basket_of(form, None)
    assert faults == []
    assert basket is not None
    assert basket.rates is not None
    assert (basket.rates.vat, basket.rates.duty, basket.items[0].unit_price) == ("0.075", {"610910": "0.12"}, "1200.50")


def test_every_fault_stands_beside_its_field(client: TestClient[Litestar]) -> None:
    """All faults of a page in one pass; the summary leads to the fields, and the fields say what is wrong."""
    wrong = {"hs1": "12", "price1": "x", "origin1": "china", "count1": "0", "duty1": "a", "kg1": "-1", "vat": "q"}
    reply = client.get(
        f"{ADDRESS}?{urlencode({**EU, **wrong, 'on': '2026-13-01', 'dispatch': 'C', 'currency': 'EURO'})}"
    )
    assert reply.status_code == 422
    linked = set(re.findall(r'<li><a href="#(\w+)">', reply.text))
    assert linked == {"on", "vat", "duty1", "currency", "dispatch", "hs1", "price1", "origin1", "count1", "kg1"}
    for name in linked:
        assert f'id="{name}-error"' in reply.text, name
        assert re.search(rf'id="{name}"[^>]*aria-describedby="[^"]*{name}-error"[^>]*aria-invalid="true"', reply.text)
    assert 'value="china"' in reply.text


def test_what_the_law_lacks_is_said_at_its_field(client: TestClient[Litestar]) -> None:
    ordinary = {"jurisdiction": "EU", "on": "2026-07-02", "currency": "EUR", "hs1": "640319", "price1": "500"}
    text = asked(client, ordinary, status=422)
    assert "Give the duty rate: this item pays the ordinary tariff" in text
    assert "Give the rate of tax of the place of destination" in asked(client, ordinary, status=422, duty1="5")
    assert "Give the rate of exchange" in asked(client, ordinary, status=422, currency="USD", vat="20")
    assert "This regime is incomplete" in asked(
        client, status=422, jurisdiction="AE", on="2026-07-01", price1="1", currency="AED"
    )
    assert "This regime is not in force" in asked(
        client, ordinary, status=422, regime="EU-FLAT-2026", on="2026-06-30", vat="20"
    )
    assert "Choose where the goods go" in asked(client, status=422, jurisdiction="XX", price1="1", currency="EUR")
    one = asked(client, status=422, jurisdiction="EU", on="2026-06-30", against="2026-07-01", price1="9", vat="20")
    assert "One of the days has no answer" in one  # 1 July asks for the HS code, 30 June does not
    assert "1.80 EUR on goods of 9.00 EUR" in one


def test_items_are_added_and_removed_without_script(client: TestClient[Litestar]) -> None:
    query = {**EU, **IOSS, **SHIRTS, **SHOES}
    added = client.get(f"{ADDRESS}?{urlencode({**query, 'add': '1'})}", follow_redirects=False)
    where = added.headers["location"]
    assert where.endswith("#what3")
    kept = dict(parse_qsl(where.partition("?")[2].partition("#")[0]))
    assert kept["items"] == "3"
    assert "add" not in kept
    assert all(kept[name] == value for name, value in query.items() if name != "items")
    removed = client.get(f"{ADDRESS}?{urlencode({**kept, 'remove': '1'})}", follow_redirects=False)
    left = dict(parse_qsl(removed.headers["location"].partition("?")[2].partition("#")[0]))
    assert (left["hs1"], left["items"], left.get("hs2")) == ("640319", "2", None)


def test_the_address_holds_everything(client: TestClient[Litestar]) -> None:
    """The language switch, and whoever gets the address, sees the same page; the question for a program is there."""
    query = {**EU, **IOSS, **SHIRTS, **SHOES, "paid1": "yes", "documents": "yes", "person_year": "5", "freight": "1"}
    page = client.get(f"{ADDRESS}?{urlencode(query)}").text
    link = re.search(r'href="(/console/parcels/calculator\?[^"]*lang=fr)"', page)
    assert link is not None
    kept = dict(parse_qsl(html.unescape(link.group(1)).partition("?")[2]))
    assert all(kept[name] == value for name, value in query.items())
    form = form_of(query, "2026-07-01")
    assert form_of(dict(form.pairs()), "2026-07-01") == form
    assert "&#34;basket&#34;" in page
    assert len(client.get(f"{ADDRESS}?items=99999&what1={'x' * 5000}").text) < 200_000


@pytest.mark.parametrize(
    ("where", "field"),
    [
        ("jurisdiction", "jurisdiction"),
        ("date", "on"),
        ("regime", "regime"),
        ("regime EU-X", "regime"),
        ("rates.vat", "vat"),
        ("rates.duty[640319]", "duty2"),
        ("rates.duty[?]", "duty1"),
        ("exchange", "fx"),
        ("exchange[EUR/USD]", "fx"),
        ("seller_scheme.id", "scheme_id"),
        ("used_so_far.person_year", "person_year"),
        ("items[1].unit_price", "price2"),
        ("items[1]", "price2"),
        ("items", "price1"),
        ("destination_subdivision", "place"),
        ("something new", "jurisdiction"),
    ],
)
def test_each_place_of_a_basket_has_its_field(where: str, field: str) -> None:
    form = form_of({"hs2": "640319", "items": "2"}, "2026-07-01")
    fault = Fault(code="X", where=where, message="m", expected="e", got="g", fix="f")
    assert field_of(fault, form) == field
