# SPDX-License-Identifier: Apache-2.0
"""Declarations and responses of our own for tests: one small, one with every element of the data model."""

from __future__ import annotations

from typing import Any

from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.kernel.datamodel.documents import AdditionalInformation
from openecp.kernel.datamodel.elements import elements_of
from openecp.kernel.datamodel.item import (
    Classification,
    Commodity,
    GoodsMeasure,
    GovernmentAgencyGoodsItem,
    GovernmentProcedure,
    InvoiceLine,
    Packaging,
)
from openecp.kernel.datamodel.parties import Address, Declarant, Exporter
from openecp.kernel.datamodel.response import Response
from openecp.kernel.datamodel.values import Amount, DateTime, Quantity, WcoClass


def small_declaration(lrn: str = "OWN-0001", items: int = 1) -> Declaration:
    """Return an import declaration of an invented trader."""
    return Declaration(
        acceptance_date_time=DateTime(value="20260504", format_code="102"),
        function_code="9",
        functional_reference_id=lrn,
        type_code="IMA",
        goods_item_quantity=Quantity(value=str(items)),
        invoice_amount=Amount(value="1200.50", currency_id="XTS"),
        declarant=Declarant(id="XB0000000001"),
        exporter=Exporter(
            name="Fil & Laine <exports>",
            address=Address(city_name="Éauville", country_code="QZ", line="1 Quai du Nord", postcode_id="01234"),
        ),
        goods_shipment=GoodsShipment(
            government_agency_goods_item=tuple(_item(number) for number in range(1, items + 1))
        ),
    )


def _item(number: int) -> GovernmentAgencyGoodsItem:
    return GovernmentAgencyGoodsItem(
        sequence_numeric=str(number),
        additional_information=(AdditionalInformation(statement_code="00500"),),
        commodity=Commodity(
            description='Yarn, "carded"',
            classification=(
                Classification(id="51061010", identification_type_code="TSP"),
                Classification(id="00", identification_type_code="TRC"),
            ),
            goods_measure=GoodsMeasure(
                gross_mass_measure=Quantity(value="12.5"),
                net_net_weight_measure=Quantity(value="11.75", unit_code="KGM"),
            ),
            invoice_line=InvoiceLine(item_charge_amount=Amount(value="600.25", currency_id="XTS")),
        ),
        government_procedure=(
            GovernmentProcedure(current_code="40", previous_code="00"),
            GovernmentProcedure(current_code="000"),
        ),
        packaging=(Packaging(sequence_numeric="1", quantity_quantity=Quantity(value="3"), type_code="BX"),),
    )


def full(cls: type[WcoClass], counter: list[int] | None = None) -> Any:
    """Return a class with every element of the data model filled, and two of each that repeats."""
    counter = [0] if counter is None else counter
    values: dict[str, Any] = {}
    for element in elements_of(cls):
        if element.child is None:
            values[element.field] = _leaf(element.field, element.kind, counter)
        elif element.repeats:
            values[element.field] = tuple(full(element.child, counter) for _ in range(2))
        else:
            values[element.field] = full(element.child, counter)
    return cls(**values)


def _leaf(field: str, kind: str, counter: list[int]) -> Any:
    counter[0] += 1
    number = str(counter[0] % 9 + 1)
    if kind == "text":
        return number
    if kind == "amount":
        return Amount(value=f"{number}.25", currency_id="GBP")
    if kind == "quantity":
        return Quantity(value=number, unit_code="KGM")
    return DateTime(value="20260504120000Z", format_code="304")


def full_declaration() -> Declaration:
    """Return a declaration with every element."""
    made: Declaration = full(Declaration)
    return made


def full_response() -> Response:
    """Return a response with every element, the amended declaration too."""
    made: Response = full(Response)
    return made
