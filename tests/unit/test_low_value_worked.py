# SPDX-License-Identifier: Apache-2.0
"""The worked cases of low-value clearance, to the minor unit, through the command line's own quoter."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import Any

import pytest

from openecp.border.low_value.basket import read_basket
from openecp.border.low_value.faults import QuoteRefused
from openecp.border.low_value.load import load_regimes
from openecp.border.low_value.quote import Quote, Quoter
from openecp.platform.engines.rows import RowEngine


@cache
def quoter() -> Quoter:
    return Quoter(load_regimes(), RowEngine())


def item(price: str, hs: str = "640319", quantity: str = "1", origin: str = "CN", **more: Any) -> dict[str, Any]:
    return {"description": "goods", "hs": hs, "origin": origin, "quantity": quantity, "unit_price": price,
            "weight_kg": "0.5", **more}  # fmt: skip


def quote(
    jurisdiction: str, on: str, *items: dict[str, Any], regime: str = "", strict: bool = False, **header: Any
) -> Quote:
    basket = {"currency": "EUR", "channel": "post", "trade": "B2C", "dispatch_country": "CN", **header, "items": items}
    read = read_basket(json.dumps(basket).encode())
    return quoter().quote(read, jurisdiction, date.fromisoformat(on), regime=regime, strict=strict)


def sums(found: Quote) -> tuple[str, str]:
    return found.duty, found.tax


IOSS = {"seller_scheme": {"name": "IOSS", "id": "IM1234567890"}, "rates": {"vat": "0.20"}}
SHIRTS_AND_SHOES = (item("9.00", "610910", "2"), item("30.00"))


def test_european_union_before_and_after_1_july_2026() -> None:
    before = quote("EU", "2026-06-30", *SHIRTS_AND_SHOES, **IOSS)
    after = quote("EU", "2026-07-01", *SHIRTS_AND_SHOES, **IOSS)
    assert (sums(before), sums(after)) == (("0.00", "9.60"), ("6.00", "10.80"))
    assert (before.total, after.total, after.declaration) == ("9.60", "16.80", "H7")
    assert {(line.type, line.collected_by, line.due) for line in after.lines} == {
        ("duty", "post", "border"), ("tax", "seller", "sale"),
    }  # fmt: skip


def test_european_union_without_a_valid_identifier_the_carrier_collects() -> None:
    for identifier in ("IM123456789", "IM12345678901", "XX1234567890", "", None):
        scheme = {"name": "IOSS", "id": identifier}
        found = quote(
            "EU", "2026-07-01", *SHIRTS_AND_SHOES, seller_scheme=scheme, rates={"vat": "0.20"}, channel="express"
        )
        assert sums(found) == ("6.00", "10.80")
        assert {line.collected_by for line in found.lines} == {"express"}
        assert any("IM##########" in says.text for says in found.reasons)


def test_european_union_two_lines_of_one_subheading_pay_once() -> None:
    found = quote("EU", "2026-07-01", item("10.00", "61091000"), item("20.00", "6109.10"), **IOSS)
    assert sums(found) == ("3.00", "6.60")


@pytest.mark.parametrize("on", ["2026-06-30", "2026-07-01"])
def test_european_union_over_the_limit_is_the_ordinary_tariff(on: str) -> None:
    rates = {"vat": "0.20", "duty": {"640319": "0.08"}}
    found = quote("EU", on, item("150.01"), **{**IOSS, "rates": rates})
    assert (found.regime, found.declaration, found.category) == ("EU-ORDINARY", "H1", 4)
    assert sums(found) == ("12.00", "32.40")
    with pytest.raises(QuoteRefused, match="640319"):
        quote("EU", on, item("150.01"), **IOSS)


def test_goods_under_a_restriction_need_the_full_declaration() -> None:
    rates = {"vat": "0.20", "duty": {"*": "0.10"}}
    for goods in (item("48.00", restricted=True), item("48.00", "220421")):
        assert quote("EU", "2026-06-30", goods, **{**IOSS, "rates": rates}).declaration == "H1"


def test_brazil_bands_and_the_tax_inside_its_own_base() -> None:
    certified = {"currency": "USD", "seller_scheme": {"name": "Remessa Conforme", "id": "x"}}
    assert sums(quote("BR", "2026-01-05", item("80"), freight="15", insurance="5", **certified)) == ("40.00", "28.67")
    assert sums(quote("BR", "2026-01-05", item("50"), **certified)) == ("10.00", "12.29")
    assert sums(quote("BR", "2026-01-05", item("100"), currency="USD")) == ("60.00", "32.77")
    named = quote("BR", "2026-01-05", item("50"), item("50", "610910"), currency="USD", regime="BR-CERTIFIED-2024")
    assert sums(named) == ("40.00", "28.67")


def test_united_states_loses_its_relief_by_origin_and_then_for_all() -> None:
    def regime(on: str, origin: str) -> str:
        rates = {"duty": {"640319": "0.10"}}
        return quote("US", on, item("100", origin=origin), currency="USD", rates=rates).regime

    assert [regime("2025-05-01", o) for o in ("CN", "HK", "VN")] == ["US-SECTION-321"] * 3
    assert [regime("2025-05-02", o) for o in ("CN", "HK", "VN")] == ["US-ORDINARY", "US-ORDINARY", "US-SECTION-321"]
    assert regime("2025-08-28", "VN") == "US-SECTION-321"
    assert regime("2025-08-29", "VN") == "US-SUSPENSION-2025"
    assert sums(quote("US", "2026-02-24", item("100"), currency="USD")) == ("10.00", "0.00")


@pytest.mark.parametrize(
    ("rate", "amount"), [("0.15", "80.00"), ("0.16", "160.00"), ("0.25", "160.00"), ("0.2501", "200.00")]
)
def test_united_states_specific_duty_by_band(rate: str, amount: str) -> None:
    found = quote("US", "2025-09-01", item("30"), item("5"), currency="USD", duty_method="specific",
                  rates={"duty": {"640319": rate}})  # fmt: skip
    assert found.duty == amount


def test_united_states_counts_what_the_person_imported_that_day() -> None:
    header = {"currency": "USD", "rates": {"duty": {"640319": "0.10"}}}
    within = quote("US", "2025-04-01", item("100"), used_so_far={"person_day": "700.00"}, **header)
    over = quote("US", "2025-04-01", item("100"), used_so_far={"person_day": "700.01"}, **header)
    assert (within.regime, over.regime) == ("US-SECTION-321", "US-ORDINARY")


def test_switzerland_collects_no_tax_of_at_most_five_francs() -> None:
    header = {"currency": "CHF"}
    assert [quote("CH", "2026-01-05", item(p), **header).tax for p in ("61.60", "61.72", "61.73", "61.85")] == [
        "0.00", "0.00", "5.00", "5.01",
    ]  # fmt: skip


def test_china_year_of_the_person_and_limit_of_the_order() -> None:
    def bought(price: str, used: str, **more: Any) -> Quote:
        header = {"currency": "CNY", "channel": "express", "used_so_far": {"person_year": used}, **more}
        return quote("CN", "2026-03-01", item(price), **header)

    rates = {"rates": {"duty": {"640319": "0.10"}}}
    assert sums(bought("100", "25900.00")) == ("0.00", "9.10")
    assert bought("100.01", "25900.00", **rates).regime == "CN-ORDINARY"
    assert sums(bought("100.00", "25900.01", **rates)) == ("10.00", "14.30")
    assert sums(bought("5000", "0")) == ("0.00", "455.00")
    assert sums(bought("6000", "0", **rates)) == ("600.00", "858.00")
    assert sums(bought("100", "0", rates={"excise": {"640319": "0.15"}})) == ("0.00", "23.06")
    two = quote("CN", "2026-03-01", item("3000"), item("3000"), currency="CNY", channel="express", **rates)
    assert two.regime == "CN-ORDINARY"


def test_singapore_by_the_item_at_sale_and_by_the_consignment_at_the_border() -> None:
    header = {"currency": "SGD"}
    vendor = {**header, "seller_scheme": {"name": "OVR", "id": "M90312345A"}}
    at_sale = quote("SG", "2026-01-05", item("300", quantity="2"), **vendor)
    assert (at_sale.tax, {line.collected_by for line in at_sale.lines}) == ("54.00", {"seller"})
    border = quote("SG", "2026-01-05", item("300", quantity="2"), **header)
    assert (border.tax, {line.collected_by for line in border.lines}) == ("54.00", {"post"})
    assert quote("SG", "2026-01-05", item("400"), **header).tax == "0.00"
    assert quote("SG", "2026-01-05", item("390"), freight="10.01", **header).tax == "36.00"
    mixed = quote("SG", "2026-01-05", item("300"), item("450", "610910"), **vendor)
    assert [(line.item, line.amount, line.collected_by) for line in mixed.lines if line.type == "tax"] == [
        (1, "27.00", "seller"), (2, "40.50", "post"),
    ]  # fmt: skip


def test_canada_by_channel_and_country_of_shipment() -> None:
    def parcel(price: str, channel: str, country: str = "US") -> tuple[str, str]:
        rates = {"duty": {"640319": "0.18"}}
        header = {"currency": "CAD", "channel": channel, "dispatch_country": country, "rates": rates}
        return sums(quote("CA", "2026-01-05", item(price, origin="CN"), **header))

    assert parcel("30", "express") == ("0.00", "0.00")
    assert parcel("30", "post") == ("5.40", "1.77")
    assert parcel("40.01", "express") == ("0.00", "2.00")
    assert parcel("150.01", "express") == ("27.00", "8.85")
    assert parcel("20", "post") == ("0.00", "0.00")
    assert parcel("30", "express", "CN") == ("5.40", "1.77")


def test_norway_identifier_and_limit() -> None:
    header = {"currency": "NOK", "rates": {"duty": {"640319": "0"}}}
    with_number = {**header, "seller_scheme": {"name": "VOEC", "id": "2012345"}}
    assert quote("NO", "2026-01-05", item("2999.99"), **with_number).regime == "NO-VOEC-2024"
    assert quote("NO", "2026-01-05", item("3000.00"), **with_number).regime == "NO-ORDINARY"
    short = {**header, "seller_scheme": {"name": "VOEC", "id": "201234"}}
    assert quote("NO", "2026-01-05", item("100"), **short).regime == "NO-ORDINARY"


def test_an_incomplete_regime_refuses_and_names_the_field() -> None:
    for jurisdiction, field in (
        ("VN", "tax.rate"),
        ("ZA", "limits.le"),
        ("IN", "duty.rate"),
        ("AE", "limits.le"),
        ("TR", "limits.le"),
    ):
        on = "2026-01-05"
        with pytest.raises(QuoteRefused, match=field):
            quote(jurisdiction, on, item("10"))


def test_strict_refuses_what_has_no_source() -> None:
    with pytest.raises(QuoteRefused, match="no cited source"):
        quote("JP", "2026-01-05", item("100"), currency="JPY", strict=True)
    assert (
        quote("BR", "2026-01-05", item("100"), currency="USD", strict=True, regime="BR-SIMPLIFIED-2024").duty == "60.00"
    )


def test_a_threshold_in_another_currency_needs_a_rate() -> None:
    with pytest.raises(QuoteRefused, match="USD/EUR for 2026-07-01"):
        quote("EU", "2026-07-01", item("100"), **{**IOSS, "currency": "USD"})
    for rates in ({"USD/EUR": "0.92"}, {"EUR": "0.92"}, {"EUR/USD": "1.08695652"}):
        found = quote("EU", "2026-07-01", item("100"), exchange=rates, **{**IOSS, "currency": "USD"})
        assert sums(found) == ("3.26", "20.65")
    over = quote("EU", "2026-07-01", item("163.05"), exchange={"USD/EUR": "0.92"}, currency="USD",
                 rates={"vat": "0.20", "duty": {"640319": "0"}})  # fmt: skip
    assert over.regime == "EU-ORDINARY"


def test_all_faults_of_a_basket_are_told_at_once() -> None:
    with pytest.raises(QuoteRefused) as refused:
        quote("EU", "2026-07-01", item("-5", "64", "0"), item("1e3"), channel="pigeon", freight="x", currency="euro")
    assert {fault.where for fault in refused.value.faults} >= {
        "currency", "channel", "freight", "items[0].hs", "items[0].quantity", "items[0].unit_price",
        "items[1].unit_price",
    }  # fmt: skip


def test_totals_are_the_sums_of_the_lines() -> None:
    found = quote(
        "EU", "2026-07-01", *(item(f"{n}.37", hs) for n, hs in enumerate(["610910", "640319", "950300"], 1)), **IOSS
    )
    for kind, total in (("duty", found.duty), ("tax", found.tax)):
        cents = sum(int(line.amount.replace(".", "")) for line in found.lines if line.type == kind)
        assert cents == int(total.replace(".", ""))
    assert found.tax == "3.22"  # 20 % of 7.11 + 9.00, rounded once
