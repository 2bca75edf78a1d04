# SPDX-License-Identifier: Apache-2.0
"""A low-value declaration in the form of the WCO Data Model, read as a parcel, and a parcel written as one.

The reference of the declaration is the parcel's identifier, its issue date the posting date. What the data model has
no place for (the channel where it is not mail, a scheme that is not IOSS, evidence that tax was paid) stands as a
statement of the type `LVP` with its name as code and its value as description.
Source: WCO Data Model 3.6; EU customs data set H7 and its additional procedure codes, as published lists of fields.
Limits: a line has one amount for all its pieces; where it does not divide into whole millionths, the line becomes two
items, whose prices differ by one millionth: the sum stays exact, and limits on one article are judged on one article.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from openecp.kernel.datamodel.declaration import Consignment, Declaration, GoodsShipment
from openecp.kernel.datamodel.documents import AdditionalInformation, Invoice
from openecp.kernel.datamodel.item import (
    ChargeDeduction,
    Classification,
    Commodity,
    CustomsValuation,
    DutyTaxFee,
    GoodsMeasure,
    GovernmentAgencyGoodsItem,
    GovernmentProcedure,
    InvoiceLine,
    Origin,
)
from openecp.kernel.datamodel.parcel import Parcel, ParcelItem
from openecp.kernel.datamodel.parcel_check import MICRO, ParcelFault, shown
from openecp.kernel.datamodel.parties import Address, Carrier, DomesticDutyTaxParty, Exporter, Importer
from openecp.kernel.datamodel.transport import BorderTransportMeans, Destination, ExportCountry
from openecp.kernel.datamodel.values import Amount, DateTime, Quantity

STATEMENT = "LVP"  # type of the statements that say what the data model has no place for
SCHEME_ROLE = "FR5"  # the vendor of the import one-stop shop
MAIL = "5"  # mode of transport
GIFT = "C08"  # additional procedure: consignment from one private person to another
LOW_VALUE = "C07"
INSURANCE = "INS"
RATE_TYPES = {
    "duty_rate": ("CUD", "A00"),
    "tax_rate": ("VAT", "B00"),
    "excise_rate": ("EXC",),
}  # the first is written, all are read
_HEADER_STATEMENTS = ("channel", "trade", "scheme", "arrived_on", "documents")
_ITEM_STATEMENTS = ("restricted", "tax_paid")


def parcel_of_declaration(declaration: Declaration) -> tuple[Parcel, list[ParcelFault]]:
    """Return the parcel that a declaration tells of, and what in it cannot be taken as one.

    The parcel's cells are text as declared; `check_parcel` says what is wrong with them.
    """
    faults: list[ParcelFault] = []
    shipment = declaration.goods_shipment or GoodsShipment()
    said = _said(declaration.additional_information)
    if declaration.function_code not in (None, "9"):
        faults.append(_fault(0, "functionCode", "FunctionCode 9: an original", declaration.function_code))
    importer = shipment.importer or shipment.buyer or shipment.consignee
    sender = declaration.exporter or shipment.seller or shipment.consignor
    consignment = shipment.consignment or declaration.consignment or Consignment()
    scheme_party = next(
        (party for party in shipment.domestic_duty_tax_party if party.role_code == SCHEME_ROLE),
        next(iter(shipment.domestic_duty_tax_party), None),
    )
    valuation = shipment.customs_valuation or CustomsValuation()
    procedures = {
        procedure.current_code
        for item in shipment.government_agency_goods_item
        for procedure in item.government_procedure
        if procedure.previous_code is None
    }
    means = declaration.border_transport_means
    parcel = Parcel(
        parcel_id=declaration.functional_reference_id or "",
        posted_on=_day(declaration.issue_date_time) or "",
        channel=said.get("channel") or ("post" if means is None or means.mode_code in (None, MAIL) else "other"),
        trade=said.get("trade") or ("gift" if GIFT in procedures else "B2C"),
        currency=_currency(declaration, faults),
        dispatch_country=shipment.export_country.id if shipment.export_country else None,
        destination_subdivision=shipment.destination.region_id if shipment.destination else None,
        sold_on=_day(shipment.invoice.issue_date_time) if shipment.invoice else None,
        arrived_on=said.get("arrived_on"),
        carrier=consignment.carrier.id if consignment.carrier else None,
        scheme=said.get("scheme") or ("IOSS" if scheme_party else None),
        scheme_id=scheme_party.id if scheme_party else None,
        order_id=shipment.invoice.id if shipment.invoice else None,
        sender_name=sender.name if sender else None,
        sender_address=_address(sender.address) if sender else None,
        buyer_id=importer.id if importer else None,
        buyer_name=importer.name if importer else None,
        buyer_address=_address(importer.address) if importer else None,
        freight=valuation.freight_charge_amount.value if valuation.freight_charge_amount else None,
        insurance=_insurance(valuation),
        gross_weight_kg=_measure(declaration.total_gross_mass_measure),
        documents=_flag(said, "documents", 0, faults),
        items=tuple(
            line
            for number, item in enumerate(shipment.government_agency_goods_item, start=1)
            for line in _items(item, number, faults)
        ),
    )
    return parcel, faults


def _fault(item: int, column: str, expected: str, got: str | None) -> ParcelFault:
    return ParcelFault(
        item=item, column=column, code="OECP-PARCEL-DECLARATION", expected=expected, got=shown(got),
        fix="Correct the declaration; docs/parcels.md says which element is which.",
    )  # fmt: skip


def _said(statements: Iterable[AdditionalInformation]) -> dict[str, str]:
    return {
        one.statement_code: one.statement_description or "true"
        for one in statements
        if one.statement_type_code == STATEMENT and one.statement_code
    }


def _flag(said: dict[str, str], name: str, item: int, faults: list[ParcelFault]) -> bool:
    text = said.get(name, "false").lower()
    if text not in ("true", "false"):
        faults.append(_fault(item, name, "true or false", text))
    return text == "true"


def _day(moment: DateTime | None) -> str | None:
    """Return a date as ISO text; what is in another form is left as declared, for the check to refuse."""
    if moment is None:
        return None
    text = moment.value
    digits = text[:8]
    if moment.format_code in ("102", "304", "204", None) and len(digits) == 8 and digits.isdigit():
        return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
    return text[:10] if len(text) > 10 and text[4:5] == "-" and text[10:11] == "T" else text


def _currency(declaration: Declaration, faults: list[ParcelFault]) -> str | None:
    """Return the one currency of all amounts."""
    found = dict.fromkeys(amount.currency_id for amount in _amounts(declaration) if amount.currency_id)
    if len(found) > 1:
        faults.append(_fault(0, "currency", "amounts in one currency", ", ".join(found)))
    return next(iter(found), None)


def _amounts(declaration: Declaration) -> Iterator[Amount]:
    shipment = declaration.goods_shipment or GoodsShipment()
    valuation = shipment.customs_valuation or CustomsValuation()
    lines = [item.commodity.invoice_line for item in shipment.government_agency_goods_item if item.commodity]
    charges = [one.other_charge_deduction_amount for one in valuation.charge_deduction]
    for amount in (
        declaration.invoice_amount,
        valuation.freight_charge_amount,
        *charges,
        *(line.item_charge_amount for line in lines if line),
    ):
        if amount is not None:
            yield amount


def _address(address: Address | None) -> str | None:
    if address is None:
        return None
    parts = (
        address.line, address.postcode_id, address.city_name,
        address.country_sub_division_name or address.country_sub_division_code, address.country_code,
    )  # fmt: skip
    return ", ".join(part for part in parts if part) or None


def _insurance(valuation: CustomsValuation) -> str | None:
    for one in valuation.charge_deduction:
        if one.charges_type_code == INSURANCE and one.other_charge_deduction_amount:
            return one.other_charge_deduction_amount.value
    return None


def _measure(quantity: Quantity | None) -> str | None:
    """Return a mass in kilograms; grams are turned."""
    if quantity is None:
        return None
    if quantity.unit_code == "GRM" and (value := _decimal(quantity.value)) is not None:
        return f"{value.scaleb(-3):f}"
    return quantity.value


def _decimal(text: str | None) -> Decimal | None:
    try:
        value = Decimal(text) if text and len(text) <= 40 else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None


def _items(item: GovernmentAgencyGoodsItem, number: int, faults: list[ParcelFault]) -> Iterator[ParcelItem]:
    commodity = item.commodity or Commodity()
    said = _said(item.additional_information)
    measure = commodity.goods_measure or GoodsMeasure()
    line = commodity.invoice_line.item_charge_amount if commodity.invoice_line else None
    rates: dict[str, Any] = {
        name: _share(commodity.duty_tax_fee, types, name, number, faults) for name, types in RATE_TYPES.items()
    }
    for place, (quantity, price) in enumerate(_pieces(measure.tariff_quantity, line)):
        yield ParcelItem(
            description=commodity.description,
            hs=next((one.id for one in commodity.classification if one.id and one.id[:4].isdigit()), None),
            origin=next((one.country_code for one in item.origin if one.country_code), None),
            quantity=quantity,
            unit_price=price,
            weight_kg=_measure(measure.net_net_weight_measure) if place == 0 else None,
            restricted=_flag(said, "restricted", number, faults),
            tax_paid=_flag(said, "tax_paid", number, faults),
            **rates,
        )


def _pieces(quantity: Quantity | None, line: Amount | None) -> tuple[tuple[str, str | None], ...]:
    """Return how many pieces at which price make up the line; what cannot be read is left for the check to refuse."""
    count, value = _decimal(quantity.value if quantity else "1"), _decimal(line.value if line else None)
    readable = value is not None and 0 <= value <= 10**12 and count is not None and 0 < count <= 10**9
    if value is None or count is None or not readable or (value * MICRO) % 1:
        return ((quantity.value if quantity else "1", line.value if line else None),)
    whole = int(value * MICRO)
    if count % 1:  # kilograms, litres: one piece
        return (("1", line.value if line else None),)
    price, rest = divmod(whole, int(count))
    if not rest:
        return ((f"{int(count)}", _text(price)),)
    return ((f"{int(count) - rest}", _text(price)), (f"{rest}", _text(price + 1)))


def _text(micro: int) -> str:
    """Return millionths as decimal text: two decimals, or as many as are needed."""
    text = f"{micro // MICRO}.{micro % MICRO:06d}"
    kept = text.rstrip("0")
    return text[: max(len(kept), len(text) - 4)]


def _share(
    fees: tuple[DutyTaxFee, ...], types: tuple[str, ...], name: str, number: int, faults: list[ParcelFault]
) -> str | None:
    text = next((fee.tax_rate_numeric for fee in fees if fee.type_code in types and fee.tax_rate_numeric), None)
    if text is None:
        return None
    value = _decimal(text)
    if value is None:
        faults.append(_fault(number, name, "a rate as a percentage, 20 for 20 %", text))
        return None
    return f"{value.scaleb(-2):f}"


def declaration_of_parcel(parcel: Parcel) -> Declaration:
    """Return a parcel as a declaration of the WCO Data Model, from which `parcel_of_declaration` reads it again."""
    currency = parcel.currency
    charges = (
        (
            ChargeDeduction(
                charges_type_code=INSURANCE, other_charge_deduction_amount=_money(parcel.insurance, currency)
            ),
        )
        if parcel.insurance is not None
        else ()
    )
    freight = _money(parcel.freight, currency)
    return Declaration(
        function_code="9",
        functional_reference_id=parcel.parcel_id,
        issue_date_time=_moment(parcel.posted_on),
        goods_item_quantity=Quantity(value=str(len(parcel.items))),
        total_gross_mass_measure=_kilograms(parcel.gross_weight_kg),
        additional_information=_statements(parcel, _HEADER_STATEMENTS),
        border_transport_means=BorderTransportMeans(mode_code=MAIL) if parcel.channel == "post" else None,
        exporter=_party(Exporter, None, parcel.sender_name, parcel.sender_address),
        goods_shipment=GoodsShipment(
            consignment=Consignment(carrier=Carrier(id=parcel.carrier)) if parcel.carrier else None,
            customs_valuation=CustomsValuation(freight_charge_amount=freight, charge_deduction=charges)
            if freight or charges
            else None,
            destination=Destination(region_id=parcel.destination_subdivision)
            if parcel.destination_subdivision
            else None,
            domestic_duty_tax_party=(DomesticDutyTaxParty(id=parcel.scheme_id, role_code=SCHEME_ROLE),)
            if parcel.scheme_id
            else (),
            export_country=ExportCountry(id=parcel.dispatch_country) if parcel.dispatch_country else None,
            government_agency_goods_item=tuple(
                _goods_item(parcel, item, number) for number, item in enumerate(parcel.items, start=1)
            ),
            importer=_party(Importer, parcel.buyer_id, parcel.buyer_name, parcel.buyer_address),
            invoice=Invoice(id=parcel.order_id, issue_date_time=_moment(parcel.sold_on))
            if parcel.order_id or parcel.sold_on
            else None,
        ),
    )


def _party(kind: Any, identifier: str | None, name: str | None, address: str | None) -> Any:
    if identifier is None and name is None and address is None:
        return None
    return kind(id=identifier, name=name, address=Address(line=address) if address else None)


def _money(text: str | None, currency: str | None) -> Amount | None:
    return Amount(value=text, currency_id=currency) if text is not None else None


def _moment(day: str | None) -> DateTime | None:
    return DateTime(value=day.replace("-", ""), format_code="102") if day else None


def _kilograms(text: str | None) -> Quantity | None:
    return Quantity(value=text, unit_code="KGM") if text is not None else None


def _statements(of: Parcel | ParcelItem, names: tuple[str, ...]) -> tuple[AdditionalInformation, ...]:
    """Return the statements that say what cannot be said otherwise."""
    found = []
    for name in names:
        value = getattr(of, name)
        plain = {"channel": ("post", None), "trade": ("B2C", "gift"), "scheme": ("IOSS", None)}.get(name, (None, False))
        if value not in plain or (name == "scheme" and value and not getattr(of, "scheme_id", None)):
            text = "true" if value is True else value
            found.append(
                AdditionalInformation(statement_code=name, statement_description=text, statement_type_code=STATEMENT)
            )
    return tuple(found)


def _goods_item(parcel: Parcel, item: ParcelItem, number: int) -> GovernmentAgencyGoodsItem:
    count, price = _decimal(item.quantity), _decimal(item.unit_price)
    line = item.unit_price
    if count is not None and price is not None:
        line = _text(int(count * price * MICRO))
    fees = tuple(
        DutyTaxFee(type_code=types[0], tax_rate_numeric=f"{value.scaleb(2):f}")
        for name, types in RATE_TYPES.items()
        if (value := _decimal(getattr(item, name))) is not None
    )
    procedure = GIFT if parcel.trade == "gift" else LOW_VALUE
    return GovernmentAgencyGoodsItem(
        sequence_numeric=str(number),
        additional_information=_statements(item, _ITEM_STATEMENTS),
        commodity=Commodity(
            description=item.description,
            classification=(Classification(id=item.hs, identification_type_code="HS"),) if item.hs else (),
            duty_tax_fee=fees,
            goods_measure=GoodsMeasure(
                net_net_weight_measure=_kilograms(item.weight_kg), tariff_quantity=Quantity(value=item.quantity)
            ),
            invoice_line=InvoiceLine(item_charge_amount=_money(line, parcel.currency)) if line else None,
        ),
        government_procedure=(
            GovernmentProcedure(current_code="40", previous_code="00"),
            GovernmentProcedure(current_code=procedure),
        ),
        origin=(Origin(country_code=item.origin),) if item.origin else (),
    )
