# SPDX-License-Identifier: Apache-2.0
"""Shapes from which the demonstration's declarations are made: everything that a case does not name is filled in here.

The administration is the invented Balmeria (XB) of the profile `demo`; parties, offices and accounts are its own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from world import (
    ABROAD,
    ACCOUNT,
    MAIL,
    NATIONAL,
    PORT,
    POST,
    Fee,
    Place,
    abroad,
    charge,
    document,
    location,
    money,
    put,
)

import openecp.kernel.datamodel.documents as d
import openecp.kernel.datamodel.item as g
import openecp.kernel.datamodel.parties as p
import openecp.kernel.datamodel.transport as t
from openecp.kernel.datamodel.declaration import Consignment, Declaration, GoodsShipment
from openecp.kernel.datamodel.values import Quantity


def _classification(code: str | None, codes: tuple[str, ...]) -> tuple[g.Classification, ...]:
    """Return the goods code and the additional codes; those of trade remedies begin with A."""
    whole = (g.Classification(id=code, identification_type_code="TSP"),) if code else ()
    added = (g.Classification(id=c, identification_type_code="TRA" if c[0] == "A" else "GN") for c in codes)
    return (*whole, *added)


def _entries(
    preference: str | None, quota: str | None, method: str | None, fees: tuple[Fee, ...]
) -> tuple[g.DutyTaxFee, ...]:
    """Return preference, quota and method of payment of the item, then what single tax types add."""
    whole = g.DutyTaxFee(
        duty_regime_code=preference,
        quota_order_id=quota,
        payment=g.Payment(method_code=method) if method else None,
    )
    added = (
        g.DutyTaxFee(
            specific_tax_base_quantity=Quantity(value=f.quantity, unit_code=f.unit) if f.quantity else None,
            type_code=f.tax_type,
            payment=g.Payment(method_code=f.method) if f.method else None,
        )
        for f in fees
    )
    return (*((whole,) if whole != g.DutyTaxFee() else ()), *added)


def item(
    number: int,
    code: str | None,
    text: str,
    price: str | None,
    *,
    currency: str = NATIONAL,
    net: str | None = "100",
    gross: str = "110",
    origin: str = "CN",
    procedure: str = "4000",
    additional: tuple[str, ...] = ("000",),
    preference: str | None = "100",
    quota: str | None = None,
    method: str | None = "E",
    fees: tuple[Fee, ...] = (),
    quantity: tuple[str, str] | None = None,
    codes: tuple[str, ...] = (),
    documents: tuple[tuple[str, str], ...] = (("N380", "INV-2210"),),
    charges: tuple[g.ChargeDeduction, ...] = (),
    package: str = "CT",
    packages: str = "10",
    valued: bool = True,
    **more: Any,
) -> g.GovernmentAgencyGoodsItem:
    """Return an item of an import declaration. `codes` are additional codes: trade remedies begin with A."""
    entries = _entries(preference, quota, method, fees)
    valuation = g.CustomsValuation(method_code="1", charge_deduction=charges)
    origins = [g.Origin(country_code=origin, type_code="2" if preference in ("200", "300", "320") else "1")]
    item_ = g.GovernmentAgencyGoodsItem(
        sequence_numeric=str(number),
        additional_document=tuple(document(c, i) for c, i in documents),
        commodity=g.Commodity(
            description=text,
            classification=_classification(code, codes),
            duty_tax_fee=entries,
            goods_measure=g.GoodsMeasure(
                gross_mass_measure=Quantity(value=gross),
                net_net_weight_measure=Quantity(value=net) if net else None,
                tariff_quantity=Quantity(value=quantity[0], unit_code=quantity[1]) if quantity else None,
            ),
            invoice_line=g.InvoiceLine(item_charge_amount=money(price, currency)) if price else None,
        ),
        customs_valuation=valuation if valued else None,
        government_procedure=(
            g.GovernmentProcedure(current_code=procedure[:2], previous_code=procedure[2:]),
            *(g.GovernmentProcedure(current_code=a) for a in additional),
        ),
        origin=tuple(origins),
        packaging=(
            g.Packaging(
                sequence_numeric="1",
                marks_numbers_id=f"MK-{number:02d}",
                quantity_quantity=Quantity(value=packages),
                type_code=package,
            ),
        ),
        valuation_adjustment=g.ValuationAdjustment(addition_code="0000") if valued else None,
    )
    return put(item_, **more)


def total(items: tuple[g.GovernmentAgencyGoodsItem, ...]) -> tuple[str, str | None]:
    """Return the sum of packages and the sum of prices, as text."""
    packages = sum(int(k.quantity_quantity.value) for i in items for k in i.packaging if k.quantity_quantity)
    lines = [i.commodity.invoice_line for i in items if i.commodity and i.commodity.invoice_line]
    prices = [Decimal(x.item_charge_amount.value) for x in lines if x.item_charge_amount]
    return str(packages), f"{sum(prices, Decimal(0)):.2f}" if prices else None


def _arrival(at: Place, *, container: bool) -> Consignment:
    """Return the consignment as it arrives at a place."""
    means = t.ArrivalTransportMeans(id=at.means, identification_type_code=at.means_type) if at.means else None
    return Consignment(
        container_code="1" if container else "0",
        arrival_transport_means=means,
        goods_location=location(at),
        transport_equipment=(t.TransportEquipment(sequence_numeric="1", id="MLNU4821037"),) if container else (),
    )


def import_declaration(
    lrn: str,
    importer: str,
    *items: g.GovernmentAgencyGoodsItem,
    type_code: str = "IMA",
    at: Place = PORT,
    incoterm: str | None = "CIF",
    charges: tuple[g.ChargeDeduction, ...] = (),
    exporter: p.Exporter | None = None,
    sent_from: str | None = None,
    agent: tuple[str, str] | None = None,
    account: bool = True,
    holders: tuple[tuple[str, str], ...] = (),
    guarantee: str | None = None,
    warehouse: str | None = None,
    container: bool = False,
    previous: tuple[tuple[str, str, str], ...] = (("Z", "705", "BL-88120"),),
    invoiced: bool = True,
    **more: Any,
) -> Declaration:
    """Return an import declaration. An agent (number; 2 direct, 3 indirect) declares, else the importer himself."""
    packages, price = total(items)
    first = items[0].commodity.invoice_line if items and items[0].commodity else None
    currency = (first.item_charge_amount.currency_id or NATIONAL) if first and first.item_charge_amount else NATIONAL
    origin = items[0].origin[0].country_code or "CN" if items and items[0].origin else "CN"
    from_country = sent_from or (origin if origin in ABROAD else "CN")
    kinds = ([("DEF", importer)] if account else []) + list(holders)
    guarantees = (t.ObligationGuarantee(reference_id=guarantee, security_details_code="1"),) if guarantee else ()
    account_document = d.AdditionalDocument(category_code="1", id=ACCOUNT.get(importer, "DEF0000"), type_code="DAN")
    declaration = Declaration(
        function_code="9",
        functional_reference_id=lrn,
        type_code=type_code,
        goods_item_quantity=Quantity(value=str(len(items))),
        declaration_office_id=at.office,
        invoice_amount=money(price, currency) if price and invoiced else None,
        total_package_quantity=Quantity(value=packages),
        additional_document=(account_document,) if account else (),
        agent=p.Agent(id=agent[0], function_code=agent[1]) if agent else None,
        authorisation_holder=tuple(p.AuthorisationHolder(id=i, category_code=c) for c, i in kinds),
        border_transport_means=t.BorderTransportMeans(
            registration_nationality_code=at.nationality or None, mode_code=at.mode
        ),
        declarant=p.Declarant(id=agent[0] if agent else importer),
        exporter=exporter or abroad(from_country),
        obligation_guarantee=guarantees,
        goods_shipment=GoodsShipment(
            transaction_nature_code="1",
            consignment=_arrival(at, container=container),
            customs_valuation=g.CustomsValuation(charge_deduction=charges) if charges else None,
            destination=t.Destination(country_code="XB"),
            export_country=t.ExportCountry(id=from_country),
            government_agency_goods_item=items,
            importer=p.Importer(id=importer),
            previous_document=tuple(d.PreviousDocument(category_code=c, type_code=k, id=i) for c, k, i in previous),
            trade_terms=t.TradeTerms(condition_code=incoterm, location_name="Brisande") if incoterm else None,
            warehouse=t.Warehouse(id=warehouse, type_code="U") if warehouse else None,
        ),
    )
    return put(declaration, **more)


def parcel(
    lrn: str,
    number: str,
    code: str,
    text: str,
    value: str,
    *,
    additional: tuple[str, ...] = ("L01",),
    method: str | None = "E",
    seller_vat: str | None = None,
    person: tuple[str, str, str] = ("Camille Arvent", "12 rue des Tilleuls", "Brisande"),
    sent_from: str = "GB",
    postage: str | None = None,
    statements: tuple[d.AdditionalInformation, ...] = (),
    currency: str = NATIONAL,
) -> Declaration:
    """Return a low-value declaration that the post lodges for a private person."""
    one = item(
        1,
        code,
        text,
        None,
        additional=additional,
        preference=None,
        method=method,
        net=None,
        gross="0.8",
        packages="1",
        package="PC",
        valued=False,
        documents=(("N750", number),),
        origin=sent_from,
        customs_value_amount=money(value, currency),
        additional_information=statements,
    )
    name, line, city = person
    charges = (charge("F10", postage, currency),) if postage else ()
    base = import_declaration(
        lrn,
        POST,
        one,
        at=MAIL,
        incoterm=None,
        sent_from=sent_from,
        charges=charges,
        account=method == "E",
        previous=(("Z", "750", number),),
    )
    shipment = put(
        base.goods_shipment,
        importer=p.Importer(name=name, address=p.Address(city_name=city, country_code="XB", line=line)),
        domestic_duty_tax_party=(p.DomesticDutyTaxParty(id=seller_vat, role_code="FR5"),) if seller_vat else (),
        transaction_nature_code=None,
        destination=None,
    )
    return put(base, goods_shipment=shipment)


def export_item(
    number: int,
    code: str,
    text: str,
    value: str,
    *,
    procedure: str = "1000",
    net: str = "100",
    gross: str = "110",
    origin: str = "XB",
    documents: tuple[tuple[str, str], ...] = (("N380", "SI-5120"),),
    **more: Any,
) -> g.GovernmentAgencyGoodsItem:
    """Return an item of an export declaration."""
    one = item(
        number,
        code,
        text,
        None,
        procedure=procedure,
        net=net,
        gross=gross,
        origin=origin,
        documents=documents,
        preference=None,
        method=None,
        valued=False,
    )
    return put(one, statistical_value_amount=money(value), **more)


def export_declaration(
    lrn: str,
    exporter: str,
    *items: g.GovernmentAgencyGoodsItem,
    type_code: str = "EXA",
    at: Place = PORT,
    to: str = "NO",
    exit_office: str | None = None,
    agent: tuple[str, str] | None = None,
    warehouse: str | None = None,
    **more: Any,
) -> Declaration:
    """Return an export declaration."""
    name, city, line, postcode = ABROAD[to]
    address = p.Address(city_name=city, country_code=to, line=line, postcode_id=postcode)
    declaration = Declaration(
        function_code="9",
        functional_reference_id=lrn,
        type_code=type_code,
        goods_item_quantity=Quantity(value=str(len(items))),
        declaration_office_id=at.office,
        total_package_quantity=Quantity(value=total(items)[0]),
        agent=p.Agent(id=agent[0], function_code=agent[1]) if agent else None,
        border_transport_means=t.BorderTransportMeans(registration_nationality_code=at.nationality, mode_code=at.mode),
        declarant=p.Declarant(id=agent[0] if agent else exporter),
        exit_office=t.ExitOffice(id=exit_office or at.office),
        exporter=p.Exporter(id=exporter),
        goods_shipment=GoodsShipment(
            transaction_nature_code="1",
            consignee=p.Consignee(name=name, address=address),
            consignment=Consignment(
                container_code="0",
                departure_transport_means=t.DepartureTransportMeans(
                    id=at.means, identification_type_code=at.means_type
                ),
                goods_location=location(at),
            ),
            destination=t.Destination(country_code=to),
            government_agency_goods_item=items,
            warehouse=t.Warehouse(id=warehouse, type_code="U") if warehouse else None,
        ),
    )
    return put(declaration, **more)


def request(
    kind: str,
    lrn: str,
    about: str,
    submitter: str,
    *,
    text: str | None = None,
    reason: str | None = None,
    changes: tuple[tuple[str, tuple[tuple[str, int | None], ...], str | None], ...] = (),
    **new_values: Any,
) -> Declaration:
    """Return a request about a declaration lodged before, named by its LRN: the demonstration puts its MRN there.

    A change is (reason, path of (class, number), data element or None).
    """
    amendments: list[d.Amendment] = [d.Amendment(change_reason_code=reason)] if reason else []
    for why, path, tag in changes:
        steps = [
            d.Pointer(
                sequence_numeric=str(number or 1),
                document_section_code=section,
                tag_id=tag if place == len(path) - 1 else None,
            )
            for place, (section, number) in enumerate(path)
        ]
        amendments.append(d.Amendment(change_reason_code=why, pointer=tuple(steps)))
    words = d.AdditionalInformation(
        statement_description=text,
        statement_type_code="AES",
        pointer=(
            d.Pointer(sequence_numeric="1", document_section_code="42A"),
            d.Pointer(sequence_numeric="1", document_section_code="06A"),
        ),
    )
    return Declaration(
        function_code="13",
        functional_reference_id=lrn,
        id="${MRN:" + about + "}",
        type_code=kind,
        submitter=p.Submitter(id=submitter),
        additional_information=(words,) if text else (),
        amendment=tuple(amendments),
        **new_values,
    )
