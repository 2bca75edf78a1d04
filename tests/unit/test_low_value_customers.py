# SPDX-License-Identifier: Apache-2.0
"""Baskets that customers try, over all jurisdictions that run: the amounts are worked out here in fractions.

Method: duty and tax stand as sums of fractions and are rounded half up, once, to the currency's minor unit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from openecp.border.low_value.basket import read_basket
from openecp.border.low_value.faults import QuoteRefused
from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.quote import Quote, Quoter, before_all
from openecp.platform.engines.rows import RowEngine

F = Fraction
DECIMALS = {"JPY": 0, "KRW": 0, "BHD": 3}
Case = tuple[str, str, dict[str, Any], str, F, F]  # jurisdiction, day, basket, regime, duty, tax


@cache
def quoter() -> Quoter:
    return Quoter(load_regimes(), RowEngine())


def goods(price: str, quantity: str = "1", hs: str = "610910", origin: str = "VN", **more: Any) -> dict[str, Any]:
    return {"description": "goods", "hs": hs, "origin": origin, "quantity": quantity, "unit_price": price, **more}


def basket(
    currency: str, price: str = "", *items: dict[str, Any], vat: str | None = None, duty: str = "0.12", **more: Any
) -> dict[str, Any]:
    """Return a basket sent by post from Vietnam for a price; `q`, `hs`, `origin` are those of its one item."""
    one = [goods(price, more.pop("q", "1"), more.pop("hs", "610910"), more.pop("origin", "VN"))] if price else []
    rates = {"duty": {"*": duty}} | ({"vat": vat} if vat else {})
    header = {"currency": currency, "channel": "post", "trade": "B2C", "dispatch_country": "VN", "rates": rates}
    return {**header, **more, "items": [*one, *items]}


def ask(jurisdiction: str, on: str, asked: dict[str, Any], regime: str = "") -> Quote:
    return quoter().quote(
        read_basket(json.dumps(asked).encode()), jurisdiction, date.fromisoformat(on), regime=regime
    )  # fmt: skip


def money(amount: F, currency: str) -> str:
    """Return an amount as it is written, half up."""
    places = DECIMALS.get(currency, 2)
    minor = (amount * 10**places * 2 + 1) // 2
    text = str(minor).zfill(places + 1)
    return text if not places else f"{text[:-places]}.{text[-places:]}"


def rounded(amount: F, currency: str = "EUR") -> F:
    return F(money(amount, currency))


IOSS, BY_NUMBER = {"seller_scheme": {"name": "IOSS", "id": "IM0372600012"}}, {"seller_scheme": {"id": "IM0372600012"}}
FIFTH = F(1, 5)


def european_union() -> Iterator[Case]:
    for on, regime, duty in (("2026-06-30", "EU-H7-2021", 0), ("2026-07-01", "EU-FLAT-2026", 3)):
        for scheme in (IOSS, BY_NUMBER, {}, {"trade": "gift"}, {"trade": "C2C"}, {"trade": "B2B"}):
            at = basket("EUR", "150.00", vat="0.20", freight="17.00", **scheme)
            yield "EU", on, at, regime, F(duty), (F(167) + duty) * FIFTH
            over = basket("EUR", "150.01", vat="0.20", freight="17.00", **scheme)
            yield "EU", on, over, "EU-ORDINARY", F("167.01") * F("0.12"), (F("167.01") + F("20.04")) * FIFTH
    wine = basket("EUR", "20", vat="0.20", hs="220410", **IOSS)
    yield "EU", "2026-06-30", wine, "EU-ORDINARY", F("2.40"), F("22.40") * FIFTH
    yield "EU", "2026-07-01", wine, "EU-FLAT-2026", F(3), F(23) * FIFTH
    three = (goods("10.00", "2"), goods("5.55", "3", "640319", "CN"), goods("1.01", "1", "950300", "US"))
    mixed = {"freight": "7.77", "insurance": "1.23", "vat": "0.19"}
    yield "EU", "2026-07-01", basket("EUR", "", *three, **mixed, **IOSS), "EU-FLAT-2026", F(9), F("55.66") * F("0.19")
    same = (goods("10.00", "7", "61091000"), goods("3.33", "1.5", "6109.10"), goods("4.10", hs="61091090"))
    yield "EU", "2026-07-01", basket("EUR", "", *same, vat="0.21"), "EU-FLAT-2026", F(3), F("82.095") * F("0.21")
    dollars = basket("USD", "163.04", vat="0.20", exchange={"USD/EUR": "0.92"}, **IOSS)
    yield "EU", "2026-06-30", dollars, "EU-H7-2021", F(0), F("163.04") * FIFTH


def north_america_and_brazil() -> Iterator[Case]:
    for on, origin, price, regime, duty in (
        ("2025-05-01", "CN", "800", "US-SECTION-321", F(0)), ("2025-05-02", "CN", "800", "US-ORDINARY", F(96)),
        ("2025-05-02", "HK", "1", "US-ORDINARY", F("0.12")), ("2025-08-28", "VN", "800", "US-SECTION-321", F(0)),
        ("2025-08-28", "VN", "800.01", "US-ORDINARY", F("96.0012")),
        ("2025-08-29", "VN", "50", "US-SUSPENSION-2025", F(6)), ("2026-02-24", "VN", "50", "US-SUSPENSION-2026", F(5)),
    ):  # fmt: skip
        yield "US", on, basket("USD", price, origin=origin), regime, duty, F(0)
    two = basket("USD", "", goods("5", origin="CN"), goods("5", hs="640319"))
    yield "US", "2025-05-02", two, "US-ORDINARY", F("1.20"), F(0)  # one item of China shuts the way for the consignment
    for price, duty in (("100", F(0)), ("100.01", F("12.0012"))):
        yield "US", "2025-08-29", basket("USD", price, trade="gift"), "US-SUSPENSION-2025", duty, F(0)
    for used, regime, duty in (("799.00", "US-SECTION-321", F(0)), ("799.01", "US-ORDINARY", F("0.12"))):
        yield "US", "2025-08-28", basket("USD", "1.00", used_so_far={"person_day": used}), regime, duty, F(0)
    for channel, sent, price, regime, duty, tax in (
        ("express", "US", "40", "CA-REMISSION-2020", F(0), F(0)),
        ("express", "US", "40.01", "CA-REMISSION-2020", F(0), F("40.01") / 20),
        ("express", "MX", "150", "CA-REMISSION-2020", F(0), F("7.5")),
        ("express", "US", "150.01", "CA-REMISSION-2020", F("18.0012"), F("168.01") / 20),
        ("post", "US", "30", "CA-ORDINARY", F("3.6"), F("33.6") / 20),
        ("post", "US", "20", "CA-REMISSION-2020", F(0), F(0)),
        ("express", "CN", "20.01", "CA-REMISSION-2020", F("2.4012"), F("22.41") / 20),
        ("express", "CN", "3300.01", "CA-ORDINARY", F("396.0012"), F("3696.01") / 20),
    ):  # fmt: skip
        yield "CA", "2026-02-24", basket("CAD", price, channel=channel, dispatch_country=sent), regime, duty, tax
    certified = {"seller_scheme": {"name": "Remessa Conforme", "id": "X1"}}
    for price, duty in (
        ("50", F(10)), ("50.01", F("50.01") * F("0.6") - 20), ("100", F(40)), ("3000", F(1780)),
    ):  # fmt: skip
        tax = (F(price) + rounded(duty)) * F(17, 83)
        yield "BR", "2025-02-24", basket("USD", price, **certified), "BR-CERTIFIED-2024", duty, tax
    for price, regime, duty in (("50", "BR-SIMPLIFIED-2024", F(30)), ("3000.01", "BR-ORDINARY", F("360.0012"))):
        yield "BR", "2025-02-24", basket("USD", price), regime, duty, (F(price) + rounded(duty)) * F(17, 83)
    for sent, price, regime, duty, tax in (
        ("US", "50", "MX-COURIER-2025", F(0), F(0)), ("US", "50.01", "MX-COURIER-2025", F(0), F("50.01") * F("0.16")),
        ("CA", "117", "MX-COURIER-2025", F(0), F("18.72")), ("CN", "10", "MX-COURIER-2025", F("3.35"), F(0)),
        ("US", "117.01", "MX-ORDINARY", F("14.0412"), F("131.05") * F("0.16")),
    ):  # fmt: skip
        sold = basket("USD", price, channel="express", dispatch_country=sent, vat="0.16")
        yield "MX", "2026-01-01", sold, regime, duty, tax


def china_and_east_asia() -> Iterator[Case]:
    shared = F(13, 100) * F(7, 10)
    for price, quantity, used, regime, duty, tax in (
        ("5000", "1", "21000", "CN-CBEC-2019", F(0), 5000 * shared),
        ("5000", "1", "21000.01", "CN-ORDINARY", F(600), F(5600) * F("0.13")),
        ("100", "1", "25900.00", "CN-CBEC-2019", F(0), 100 * shared),
        ("100.01", "1", "25900.00", "CN-ORDINARY", F("12.0012"), F("112.01") * F("0.13")),
        ("5000.01", "1", "0", "CN-CBEC-2019", F("600.0012"), F("5600.01") * F("0.13")),  # one indivisible article
        ("2500.01", "2", "0", "CN-ORDINARY", F("600.0024"), F("5600.02") * F("0.13")),
    ):
        buyer = {"channel": "express", "buyer": {"id": "11010119900307721X"}, "used_so_far": {"person_year": used}}
        yield "CN", "2026-02-24", basket("CNY", price, q=quantity, **buyer), regime, duty, tax
    for price, tax in (("250", F(0)), ("250.01", F("50.002"))):
        yield "CN", "2026-02-24", basket("CNY", price, trade="gift", duty="0.20"), "CN-POSTAL", F(0), tax
    for freight, regime, duty, tax in (("1000", "JP-EXEMPTION", 0, 0), ("1001", "JP-ORDINARY", 1200, F(11201) / 10)):
        yield "JP", "2028-03-31", basket("JPY", "9000", freight=freight), regime, F(duty), F(tax)
    won = {"exchange": {"KRW/USD": "0.0008"}}
    yield "KR", "2026-01-01", basket("USD", "150", freight="100"), "KR-LIST-2015", F(0), F(0)
    yield "KR", "2026-01-01", basket("KRW", "187500", **won), "KR-LIST-2015", F(0), F(0)
    yield "KR", "2026-01-01", basket("KRW", "187501", **won), "KR-ORDINARY", F("22500.12"), F(210001) / 10
    yield "TW", "2026-01-01", basket("TWD", "2000"), "TW-LOW-VALUE", F(0), F(100)
    yield "TW", "2026-01-01", basket("TWD", "2000.01"), "TW-ORDINARY", F("240.0012"), F("2240.01") / 20


def south_east_asia_and_oceania() -> Iterator[Case]:
    two, registered = (goods("300.00"), goods("300.00", hs="640319")), {"seller_scheme": {"id": "M90364823J"}}
    for scheme in ({}, registered):  # 300 and 300: each item under 400, the consignment over it
        yield "SG", "2026-02-24", basket("SGD", "", *two, **scheme), "SG-LVG-2024", F(0), F(54)
    for freight, tax in (("10", F(0)), ("10.01", F("400.01") * F("0.09"))):
        yield "SG", "2026-02-24", basket("SGD", "390", freight=freight), "SG-LVG-2024", F(0), tax
    for number, tax in (("51824753556", F(0)), ("5182475355", F(100))):  # of a business, and one with a digit too few
        business = basket("AUD", "1000", trade="B2B", buyer={"id": number})
        yield "AU", "2026-02-24", business, "AU-LVIG-2018", F(0), tax
    yield "AU", "2026-02-24", basket("AUD", "1000.01"), "AU-ORDINARY", F("120.0012"), F("1120.01") / 10
    yield "NZ", "2026-02-24", basket("NZD", "1000.00", q="2"), "NZ-LVG-2019", F(0), F(300)
    yield "NZ", "2026-02-24", basket("NZD", "1000.01"), "NZ-ORDINARY", F("120.0012"), F("1120.01") * F("0.15")
    for jurisdiction, currency, price, regime, duty, tax in (
        ("TH", "THB", "1", "TH-NO-RELIEF-2026", F(0), F("0.07")),
        ("TH", "THB", "1.01", "TH-NO-RELIEF-2026", F("0.1212"), F("1.13") * F("0.07")),
        ("MY", "MYR", "500", "MY-LVG-2024", F(0), F(50)),
        ("MY", "MYR", "500.01", "MY-ORDINARY", F("60.0012"), F("560.01") / 10),
        ("ID", "USD", "3", "ID-CONSIGNMENT-2020", F(0), F("0.33")),
        ("ID", "USD", "3.01", "ID-CONSIGNMENT-2020", F("0.22575"), F("3.24") * F("0.11")),
        ("PH", "PHP", "10000", "PH-DE-MINIMIS-2016", F(0), F(0)),
        ("PH", "PHP", "10000.01", "PH-ORDINARY", F("1200.0012"), F("11200.01") * F("0.12")),
    ):
        yield jurisdiction, "2026-01-01", basket(currency, price), regime, duty, tax


def europe_and_gulf() -> Iterator[Case]:
    on = "2026-01-05"
    for price, trade, regime, duty, tax in (
        ("39", "gift", "GB-LOW-VALUE", F(0), F(0)), ("39.01", "gift", "GB-LOW-VALUE", F(0), F("39.01") * FIFTH),
        ("39", "B2C", "GB-LOW-VALUE", F(0), 39 * FIFTH), ("135", "B2C", "GB-LOW-VALUE", F(0), 135 * FIFTH),
        ("135.01", "B2C", "GB-ORDINARY", F("16.2012"), F("151.21") * FIFTH),
    ):  # fmt: skip
        yield "GB", on, basket("GBP", price, trade=trade), regime, duty, tax
    yield "GB", on, basket("GBP", "10", hs="220410"), "GB-ORDINARY", F("1.2"), F("11.2") * FIFTH
    for name, number, price, regime, duty, tax in (
        ("VOEC", "2012345", "2999.99", "NO-VOEC-2024", F(0), F("2999.99") / 4),
        (None, "2012345", "2999.99", "NO-VOEC-2024", F(0), F("2999.99") / 4),
        ("VOEC", "2012345", "3000", "NO-ORDINARY", F(360), F(840)),
        ("VOEC", "20123456", "100", "NO-ORDINARY", F(12), F(28)),  # a digit too many
        (None, None, "100", "NO-ORDINARY", F(12), F(28)),
    ):
        scheme = {key: text for key, text in (("name", name), ("id", number)) if text}
        yield "NO", on, basket("NOK", price, **({"seller_scheme": scheme} if scheme else {})), regime, duty, tax
    for price, tax in (("61.60", F(0)), ("61.72", F(0)), ("61.73", F(5)), ("61.85", F("5.00985"))):  # 4.99 to 5.01
        yield "CH", on, basket("CHF", price, duty="0"), "CH-SMALL-2025", F(0), tax
    for price, tax in (("192.30", F(0)), ("192.31", F("192.31") * F("0.026"))):
        yield "CH", on, basket("CHF", price, vat="0.026"), "CH-SMALL-2025", F(0), tax
    yield "BH", on, basket("BHD", "300.000"), "BH-B2C", F(0), F(0)
    yield "BH", on, basket("BHD", "300.001", vat="0.1"), "BH-ORDINARY", F("36.00012"), F("336.001") / 10
    for price, regime, duty in (("100", "AZ-MONTH", F(0)), ("100.01", "AZ-ORDINARY", F("12.0012"))):
        yield "AZ", on, basket("USD", price, used_so_far={"person_month": "200"}), regime, duty, F(0)


CASES = [
    *european_union(), *north_america_and_brazil(), *china_and_east_asia(), *south_east_asia_and_oceania(),
    *europe_and_gulf(),
]  # fmt: skip


@pytest.mark.parametrize("group", ["EU", "US", "CA", "BR", "MX", "CN", "JP", "KR", "TW", "SG", "AU", "NZ", "TH", "MY",
                                   "ID", "PH", "GB", "NO", "CH", "BH", "AZ"])  # fmt: skip
def test_baskets_that_customers_try(group: str) -> None:
    mine = [case for case in CASES if case[0] == group]
    assert mine
    for jurisdiction, on, asked, regime, duty, tax in mine:
        found, currency = ask(jurisdiction, on, asked), asked["currency"]
        wanted = (
            regime,
            money(duty, currency),
            money(tax, currency),
            money(rounded(duty, currency) + rounded(tax, currency), currency),
        )
        assert (found.regime, found.duty, found.tax, found.total) == wanted, (on, asked)


def test_every_jurisdiction_that_runs_is_tried() -> None:
    incomplete = {"TR", "VN", "ZA", "IN", "AE"}
    assert {case[0] for case in CASES} | incomplete == set(quoter().files)


@pytest.mark.parametrize("jurisdiction", ["EU", "TH", "BR", "CH", "AU"])
def test_a_day_before_all_that_is_on_file_is_refused(jurisdiction: str) -> None:
    """Another relief may have held then: the ordinary tariff would be a guess, unless it is asked for by name."""
    file = quoter().files[jurisdiction]
    first = min(one.valid_from for one in file.regimes if one.valid_from)
    before = first.replace(year=first.year - 1).isoformat()
    asked = basket(file.regimes[0].currency or file.currency, "1", vat="0.20", freight="0")
    with pytest.raises(QuoteRefused, match=f"does not say what held before {first}") as refused:
        ask(jurisdiction, before, asked)
    (fault,) = refused.value.faults
    assert (fault.where, fault.got, fault.expected) == ("date", before, f"a day from {first} on")
    assert ask(jurisdiction, before, asked, f"{jurisdiction}-ORDINARY").regime == f"{jurisdiction}-ORDINARY"
    assert ask(jurisdiction, first.isoformat(), asked).regime


def test_a_relief_without_a_sourced_start_reaches_back() -> None:
    assert ask("US", "2016-03-10", basket("USD", "800")).regime == "US-SECTION-321"
    assert all(before_all(quoter().files[code], date(1990, 1, 1)) is None for code in ("US", "GB", "JP", "TW"))


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        (basket("EUR", "20", duty="0.1"), "rates.vat"),
        ({**basket("EUR", "151", vat="0.2"), "rates": {"vat": "0.2"}}, "rates.duty[610910]"),
        (basket("GBP", "20", vat="0.2"), "exchange"),
        (basket("EUR", "", {**goods("9"), "hs": None}, vat="0.2"), "items[0].hs"),
    ],
)
def test_what_is_missing_is_named(asked: dict[str, Any], where: str) -> None:
    with pytest.raises(QuoteRefused) as refused:
        ask("EU", "2026-07-01", asked)
    assert where in {fault.where for fault in refused.value.faults}
