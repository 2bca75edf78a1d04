# SPDX-License-Identifier: Apache-2.0
"""A low-value declaration of the WCO Data Model is a parcel, and a parcel is one."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from tests.e2e.api_doubles import parcel

from openecp.border.low_value.declared import declaration_of_parcel, parcel_of_declaration
from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.kernel.datamodel.item import Commodity, GoodsMeasure, GovernmentAgencyGoodsItem, InvoiceLine
from openecp.kernel.datamodel.parcel import Parcel, ParcelItem
from openecp.kernel.datamodel.parcel_check import check_parcel
from openecp.kernel.datamodel.parcel_rows import TYPED_COLUMNS, goods_of, parcel_of_rows, typed_rows
from openecp.kernel.datamodel.values import Amount, Quantity

FULL = Parcel(
    parcel_id="RB123456785GB", posted_on="2026-07-02", channel="express", trade="C2C", currency="EUR",
    dispatch_country="CN", destination_subdivision="FR-75", sold_on="2026-06-30", arrived_on="2026-07-05",
    carrier="LP", scheme="VOEC", scheme_id="1234567", order_id="O-1", sender_name="A", sender_address="B street 1",
    buyer_id="77", buyer_name="C", buyer_address="D road 2", freight="3.10", insurance="0.50", gross_weight_kg="1.20",
    documents=True,
    items=(
        ParcelItem(description="toy", hs="950300", origin="CN", quantity="3", unit_price="9.33", weight_kg="0.40",
                   restricted=True, tax_paid=True, duty_rate="0.12", tax_rate="0.20", excise_rate="0.055"),
        ParcelItem(description="book", unit_price="1.10"),
    ),
)  # fmt: skip


@pytest.mark.parametrize("known", [FULL, msgspec.convert(parcel("A"), Parcel), Parcel(parcel_id="", posted_on="")])
def test_there_and_back(known: Parcel) -> None:
    found, faults = parcel_of_declaration(declaration_of_parcel(known))
    assert found == known
    assert faults == []


@pytest.mark.parametrize(("count", "line"), [("3", "10.00"), ("7", "0.01"), ("1", "5.5"), ("999", "1000.000001")])
def test_a_line_that_does_not_divide_stays_exact(count: str, line: str) -> None:
    item = GovernmentAgencyGoodsItem(
        commodity=Commodity(
            goods_measure=GoodsMeasure(tariff_quantity=Quantity(value=count)),
            invoice_line=InvoiceLine(item_charge_amount=Amount(value=line, currency_id="EUR")),
        )
    )
    found, _ = parcel_of_declaration(Declaration(goods_shipment=GoodsShipment(government_agency_goods_item=(item,))))
    prices = [(Decimal(one.quantity), Decimal(one.unit_price or "0")) for one in found.items]
    assert sum(quantity * price for quantity, price in prices) == Decimal(line)
    assert sum(quantity for quantity, _ in prices) == Decimal(count)
    assert max(price for _, price in prices) - min(price for _, price in prices) <= Decimal("0.000001")


def test_two_currencies_and_a_request_are_named() -> None:
    twice = declaration_of_parcel(msgspec.structs.replace(FULL, freight=None))
    other = msgspec.structs.replace(twice, function_code="13", invoice_amount=Amount(value="1", currency_id="USD"))
    _, faults = parcel_of_declaration(other)
    assert {fault.column for fault in faults} == {"functionCode", "currency"}


def test_typed_rows_are_the_parcel() -> None:
    assert check_parcel(FULL) == []
    names = [name for name, _ in TYPED_COLUMNS]
    rows = [dict(zip(names, row, strict=True)) for row in typed_rows(FULL, 4, 17)]
    assert [(row["row_id"], row["parcel_no"], row["item"]) for row in rows] == [(17, 4, 1), (18, 4, 2)]
    assert (rows[0]["unit_price_micro"], rows[0]["excise_rate_e8"], rows[1]["quantity_micro"]) == (
        9_330_000, 5_500_000, 1_000_000,
    )  # fmt: skip
    assert goods_of(parcel_of_rows(rows)) == goods_of(FULL)
    assert goods_of(msgspec.structs.replace(FULL, freight="3.100")) == goods_of(FULL)
    assert goods_of(msgspec.structs.replace(FULL, freight="3.11")) != goods_of(FULL)
