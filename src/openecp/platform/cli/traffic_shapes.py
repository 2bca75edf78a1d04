# SPDX-License-Identifier: Apache-2.0
"""How a synthetic declaration is put together, kind by kind."""

from __future__ import annotations

from collections.abc import Callable

from openecp.kernel.datamodel.declaration import Consignment, Declaration, GoodsShipment
from openecp.kernel.datamodel.documents import PreviousDocument
from openecp.kernel.datamodel.item import (
    Commodity,
    DutyTaxFee,
    GoodsMeasure,
    GovernmentAgencyGoodsItem,
)
from openecp.kernel.datamodel.parties import (
    AuthorisationHolder,
    Consignee,
    Declarant,
    Exporter,
    Importer,
)
from openecp.kernel.datamodel.transport import (
    Destination,
    ExitOffice,
    ExportCountry,
)
from openecp.kernel.datamodel.values import Amount, Quantity
from openecp.platform.cli.traffic_goods import ORIGINS
from openecp.platform.cli.traffic_parts import (
    ABROAD,
    ARRIVED,
    CLEARANCE,
    CURRENCIES,
    DEFERRED,
    EXPORTED,
    HOME,
    LOW,
    NONE,
    PEOPLE,
    TERMS,
    Shaper,
    account_document,
    address,
    arrival,
    border,
    classification,
    departure,
    document,
    exporter_in,
    origin_of,
    packaging,
    place,
    sender_for,
)


def home_use(shaper: Shaper, lrn: str, size: int, type_code: str = "IMA") -> tuple[Declaration, str]:
    """Return a standard import declaration and its sender."""
    draw, catalogue = shaper.draw, shaper.catalogue
    simplified = type_code == "IMC"
    traders = catalogue.simplified if simplified else catalogue.importers
    importer = traders[int(draw.random() * len(traders))]
    office, location, mode = catalogue.places[int(draw.random() * len(catalogue.places))]
    currency = CURRENCIES[int(draw.random() * len(CURRENCIES))]
    country = ORIGINS[int(draw.random() * len(ORIGINS))]
    made = [shaper.import_item(number, currency, country, simplified=simplified) for number in range(1, size + 1)]
    cents = 0
    for item, _ in made:
        line = item.commodity.invoice_line if item.commodity else None
        cents += int(line.item_charge_amount.value.replace(".", "")) if line and line.item_charge_amount else 0
    sender, agent = sender_for(shaper, importer)
    kinds = ("SMP",) if simplified else ("DEF",)
    declaration = Declaration(
        function_code="9",
        functional_reference_id=lrn,
        type_code=type_code,
        goods_item_quantity=Quantity(value=str(size)),
        declaration_office_id=office,
        invoice_amount=None if simplified else Amount(value=f"{cents // 100}.{cents % 100:02d}", currency_id=currency),
        total_package_quantity=Quantity(value=str(sum(packages for _, packages in made))),
        additional_document=() if simplified else account_document(catalogue.accounts[importer]),
        agent=agent,
        authorisation_holder=tuple(AuthorisationHolder(id=importer, category_code=kind) for kind in kinds),
        border_transport_means=border(mode),
        declarant=Declarant(id=sender),
        exporter=exporter_in(country),
        goods_shipment=GoodsShipment(
            transaction_nature_code="1",
            consignment=Consignment(
                container_code="0", arrival_transport_means=arrival(mode), goods_location=place(location)
            ),
            destination=HOME,
            export_country=ExportCountry(id=country),
            government_agency_goods_item=tuple(item for item, _ in made),
            importer=Importer(id=importer),
            previous_document=(PreviousDocument(category_code="Z", type_code="705", id=f"BL-{lrn}"),),
            trade_terms=TERMS,
        ),
    )
    return declaration, sender


def prelodged(shaper: Shaper, lrn: str, size: int) -> tuple[Declaration, str]:
    """Return an import declaration lodged before arrival."""
    return home_use(shaper, lrn, size, "IMD")


def simplified(shaper: Shaper, lrn: str, size: int) -> tuple[Declaration, str]:
    """Return a simplified import declaration."""
    return home_use(shaper, lrn, size, "IMC")


def parcel(shaper: Shaper, lrn: str, size: int) -> tuple[Declaration, str]:
    """Return a low-value declaration that the post lodges for a private person."""
    draw, catalogue = shaper.draw, shaper.catalogue
    country = ORIGINS[int(draw.random() * len(ORIGINS))]
    post = catalogue.post
    items = []
    for number in range(1, size + 1):
        goods = catalogue.parcel_goods[int(draw.random() * len(catalogue.parcel_goods))]
        quantity = Quantity(value="1", unit_code=goods.unit) if goods.unit else None
        items.append(
            GovernmentAgencyGoodsItem(
                customs_value_amount=Amount(value=shaper.price(3, 149), currency_id="XBM"),
                sequence_numeric=str(number),
                additional_document=(document("N750", f"CP{int(draw.random() * 10**9):09d}{country}"),),
                commodity=Commodity(
                    description=goods.text,
                    classification=classification(goods.code, goods.vat_code),
                    duty_tax_fee=(DutyTaxFee(payment=DEFERRED),),
                    goods_measure=GoodsMeasure(gross_mass_measure=Quantity(value="0.6"), tariff_quantity=quantity),
                ),
                government_procedure=(ARRIVED, LOW),
                origin=origin_of(country, "1"),
                packaging=(packaging(1),),
            )
        )
    person = Importer(name=PEOPLE[int(draw.random() * len(PEOPLE))], address=address("XB", "Brisande"))
    declaration = Declaration(
        function_code="9",
        functional_reference_id=lrn,
        type_code="IMA",
        goods_item_quantity=Quantity(value=str(size)),
        declaration_office_id="XB000401",
        total_package_quantity=Quantity(value=str(size)),
        additional_document=account_document(catalogue.accounts[post]),
        authorisation_holder=(AuthorisationHolder(id=post, category_code="DEF"),),
        border_transport_means=border("5"),
        declarant=Declarant(id=post),
        exporter=exporter_in(country),
        goods_shipment=GoodsShipment(
            consignment=Consignment(goods_location=place("POSTHALL1")),
            export_country=ExportCountry(id=country),
            government_agency_goods_item=tuple(items),
            importer=person,
            previous_document=(PreviousDocument(category_code="Z", type_code="750", id=f"CN-{lrn}"),),
        ),
    )
    return declaration, post


def export(shaper: Shaper, lrn: str, size: int) -> tuple[Declaration, str]:
    """Return an export declaration."""
    draw, catalogue = shaper.draw, shaper.catalogue
    exporter = catalogue.exporters[int(draw.random() * len(catalogue.exporters))]
    office, location, mode = catalogue.places[int(draw.random() * len(catalogue.places))]
    country = ORIGINS[int(draw.random() * len(ORIGINS))]
    sender, agent = sender_for(shaper, exporter)
    items, total = [], 0
    for number in range(1, size + 1):
        goods = shaper.goods()
        net = 1 + int(2000 * draw.random() ** 3)
        packages = 1 + net // 20
        total += packages
        documents = [document("N380", f"INV-{int(draw.random() * 9000) + 1000}")]
        documents += [document(code, f"C-{code}") for code in goods.export_documents]
        items.append(
            GovernmentAgencyGoodsItem(
                sequence_numeric=str(number),
                statistical_value_amount=Amount(value=shaper.price(50, 50000), currency_id="XBM"),
                additional_document=tuple(documents),
                commodity=Commodity(
                    description=goods.text,
                    classification=classification(goods.code, ""),
                    goods_measure=GoodsMeasure(
                        gross_mass_measure=Quantity(value=str(net + packages)),
                        net_net_weight_measure=Quantity(value=str(net)),
                    ),
                ),
                government_procedure=(EXPORTED, NONE),
                origin=origin_of("XB", "1"),
                packaging=(packaging(packages),),
            )
        )
    name, city = ABROAD[country]
    declaration = Declaration(
        function_code="9",
        functional_reference_id=lrn,
        type_code="EXA",
        goods_item_quantity=Quantity(value=str(size)),
        declaration_office_id=office,
        total_package_quantity=Quantity(value=str(total)),
        agent=agent,
        border_transport_means=border(mode),
        declarant=Declarant(id=sender),
        exit_office=ExitOffice(id=office),
        exporter=Exporter(id=exporter),
        goods_shipment=GoodsShipment(
            transaction_nature_code="1",
            consignee=Consignee(name=name, address=address(country, city)),
            consignment=Consignment(
                container_code="0", departure_transport_means=departure(mode), goods_location=place(location)
            ),
            destination=Destination(country_code=country),
            government_agency_goods_item=tuple(items),
        ),
    )
    return declaration, sender


def clearance(shaper: Shaper, lrn: str, size: int) -> tuple[Declaration, str]:
    """Return a clearance request for returned packings."""
    importer = shaper.catalogue.importers[int(shaper.draw.random() * len(shaper.catalogue.importers))]
    office, location, mode = shaper.catalogue.places[int(shaper.draw.random() * len(shaper.catalogue.places))]
    items = tuple(
        GovernmentAgencyGoodsItem(
            sequence_numeric=str(number),
            commodity=Commodity(
                description="Empty pallets and crates, returned",
                goods_measure=GoodsMeasure(gross_mass_measure=Quantity(value="400")),
            ),
            government_procedure=(CLEARANCE, NONE),
        )
        for number in range(1, size + 1)
    )
    declaration = Declaration(
        function_code="9",
        functional_reference_id=lrn,
        type_code="IMJ",
        goods_item_quantity=Quantity(value=str(size)),
        declaration_office_id=office,
        border_transport_means=border(mode),
        declarant=Declarant(id=importer),
        goods_shipment=GoodsShipment(
            consignment=Consignment(goods_location=place(location)),
            government_agency_goods_item=items,
            importer=Importer(id=importer),
        ),
    )
    return declaration, importer


KINDS: dict[str, Callable[[Shaper, str, int], tuple[Declaration, str]]] = {
    "import": home_use,
    "parcel": parcel,
    "export": export,
    "prelodged": prelodged,
    "simplified": simplified,
    "clearance": clearance,
}
