# SPDX-License-Identifier: Apache-2.0
"""A postal item as a declaration of the WCO Data Model, and back: one core, the post as a profile of it.

The functional reference is the S10 identifier and the issue date is the posting date; the acceptance date, which
freezes the rates, is Customs' own. What the Data Model has no element for travels as an additional information with a
statement code `POST-…`. What is the administration's (type, procedure, office) comes in as `PostalTerms`.
Source: docs/postal.md, table of elements; the use of reference and issue date is that of a published single window.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from openecp.border.postal.check import hs_code, total_value
from openecp.border.postal.item import ContentPiece, PostalItem, PostalParty, category_word
from openecp.border.postal.parcels import country_of
from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.kernel.datamodel.documents import AdditionalDocument, AdditionalInformation
from openecp.kernel.datamodel.item import (
    Classification,
    Commodity,
    CustomsValuation,
    GoodsMeasure,
    GovernmentAgencyGoodsItem,
    GovernmentProcedure,
    InvoiceLine,
    Origin,
)
from openecp.kernel.datamodel.parties import (
    Address,
    Communication,
    Contact,
    Declarant,
    DomesticDutyTaxParty,
    Exporter,
    Importer,
)
from openecp.kernel.datamodel.transport import Destination, ExportCountry
from openecp.kernel.datamodel.values import Amount, DateTime, Quantity

_STATEMENTS = {  # statement code: field of the item
    "POST-CATEGORY": "category",
    "POST-CATEG-NOTE": "category_note",
    "POST-MAIL-CLASS": "mail_class",
    "POST-HANDLING": "handling_class",
    "POST-ORIGIN": "origin_post",
    "POST-DESTINATION": "destination_post",
    "POST-INSURED": "insured_value",
    "POST-INSURED-CUR": "insured_currency",
    "POST-SCHEME": "seller_scheme",
    "POST-SENDER-REF": "sender_reference",
    "POST-IMPORT-REF": "importer_reference",
    "POST-COMMENTS": "comments",
}
_ORGANISATION = {"sender": "POST-SENDER-ORG", "addressee": "POST-ADDR-ORG"}
_DOCUMENTS = {"licence_numbers": ("911", "licence"), "certificate_numbers": ("", "certificate"),
              "invoice_numbers": ("380", "invoice")}  # fmt: skip
_SELLER = "FR1"  # role of a party that settles the tax at the sale
_TELEPHONE, _EMAIL = "TE", "EM"
_DATE, _KILOGRAM, _EACH = "102", "KGM", "NAR"


class PostalTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What the administration wants in a declaration beside what the form says."""

    type_code: str | None = "IMA"
    function_code: str | None = "9"
    procedure: str | None = "40"
    previous_procedure: str | None = "00"
    additional_procedure: str | None = "L01"
    gift_procedure: str | None = "L02"
    declaration_office: str | None = None
    declarant: str | None = None  # identifier of the post
    classification_type: str = "TSP"
    seller_role: str = _SELLER


def declaration_of(item: PostalItem, terms: PostalTerms) -> Declaration:
    """Return the item as a declaration of an H7-like data set."""
    value, issued = total_value(item), item.posted_on.replace("-", "")
    return Declaration(
        function_code=terms.function_code,
        functional_reference_id=item.s10,
        issue_date_time=DateTime(value=issued, format_code=_DATE) if issued else None,
        type_code=terms.type_code,
        goods_item_quantity=Quantity(value=str(len(item.pieces))),
        declaration_office_id=terms.declaration_office,
        invoice_amount=None if value is None else Amount(value=str(value), currency_id=item.currency),
        total_gross_mass_measure=_mass(item.gross_weight_kg),
        total_package_quantity=Quantity(value="1"),
        additional_document=tuple(_documents(item)),
        additional_information=tuple(_statements(item)),
        declarant=Declarant(id=terms.declarant) if terms.declarant else None,
        exporter=_exporter(item.sender),
        goods_shipment=_shipment(item, terms),
    )


def _shipment(item: PostalItem, terms: PostalTerms) -> GoodsShipment:
    addressee = item.addressee or PostalParty()
    postage = None
    if item.postage is not None:
        postage = Amount(value=item.postage, currency_id=item.postage_currency or item.currency)
    seller = (DomesticDutyTaxParty(id=item.seller_scheme_id, role_code=terms.seller_role),)
    to = addressee.country or country_of(item.destination_post)
    sent_from = country_of(item.origin_post) or (item.sender.country if item.sender else None)
    return GoodsShipment(
        customs_valuation=CustomsValuation(freight_charge_amount=postage) if postage else None,
        destination=Destination(country_code=to) if to else None,
        domestic_duty_tax_party=seller if item.seller_scheme_id else (),
        export_country=ExportCountry(id=sent_from) if sent_from else None,
        government_agency_goods_item=tuple(
            _goods(piece, number, item, terms) for number, piece in enumerate(item.pieces, start=1)
        ),
        importer=_importer(item.addressee),
    )


def _goods(piece: ContentPiece, number: int, item: PostalItem, terms: PostalTerms) -> GovernmentAgencyGoodsItem:
    code = hs_code(piece.hs) or piece.hs
    gift = category_word(item.category) == "gift"
    additional = terms.gift_procedure if gift else terms.additional_procedure
    procedures = [GovernmentProcedure(current_code=terms.procedure, previous_code=terms.previous_procedure)]
    if additional:
        procedures.append(GovernmentProcedure(current_code=additional))
    measure = GoodsMeasure(
        net_net_weight_measure=_mass(piece.net_weight_kg),
        tariff_quantity=Quantity(value=piece.quantity, unit_code=_EACH) if piece.quantity else None,
    )
    price = Amount(value=piece.value, currency_id=item.currency) if piece.value is not None else None
    kinds = (Classification(id=code, identification_type_code=terms.classification_type),)
    return GovernmentAgencyGoodsItem(
        sequence_numeric=str(number),
        commodity=Commodity(
            description=piece.description,
            classification=kinds if code else (),
            goods_measure=None if measure == GoodsMeasure() else measure,
            invoice_line=InvoiceLine(item_charge_amount=price) if price else None,
        ),
        government_procedure=tuple(procedures) if terms.procedure else (),
        origin=(Origin(country_code=piece.origin, type_code="1"),) if piece.origin else (),
    )


def _mass(kilograms: str | None) -> Quantity | None:
    return Quantity(value=kilograms, unit_code=_KILOGRAM) if kilograms is not None else None


def _address(party: PostalParty) -> Address | None:
    found = Address(
        city_name=party.city,
        country_code=party.country,
        country_sub_division_name=party.region,
        line=party.street,
        postcode_id=party.postcode,
    )
    return None if found == Address() else found


def _exporter(party: PostalParty | None) -> Exporter | None:
    if party is None:
        return None
    way, contact = _ways(party)
    found = Exporter(name=party.name, id=party.tax_number, address=_address(party), communication=way, contact=contact)
    return None if found == Exporter() else found


def _importer(party: PostalParty | None) -> Importer | None:
    if party is None:
        return None
    way, contact = _ways(party)
    found = Importer(name=party.name, id=party.tax_number, address=_address(party), communication=way, contact=contact)
    return None if found == Importer() else found


def _ways(party: PostalParty) -> tuple[Communication | None, Contact | None]:
    """Return telephone (else e-mail) as communication; a second way has its place with the contact."""
    if party.telephone:
        second = Contact(name=party.email) if party.email else None
        return Communication(id=party.telephone, type_code=_TELEPHONE), second
    return (Communication(id=party.email, type_code=_EMAIL) if party.email else None), None


def _statements(item: PostalItem) -> list[AdditionalInformation]:
    texts = {code: getattr(item, field) for code, field in _STATEMENTS.items()}
    for name, code in _ORGANISATION.items():
        party: PostalParty | None = getattr(item, name)
        texts[code] = party.organisation if party is not None else None
    return [
        AdditionalInformation(statement_code=code, statement_description=text)
        for code, text in texts.items()
        if text is not None
    ]


def _documents(item: PostalItem) -> list[AdditionalDocument]:
    return [
        AdditionalDocument(category_code="N" if code else None, id=number, name=name, type_code=code or None)
        for field, (code, name) in _DOCUMENTS.items()
        for number in getattr(item, field)
    ]


def item_of_declaration(declaration: Declaration) -> PostalItem:
    """Return a declaration made by `declaration_of`, or a like one, as a postal item."""
    shipment = declaration.goods_shipment or GoodsShipment()
    said = {each.statement_code: each.statement_description for each in declaration.additional_information}
    given = {field: said.get(code) for code, field in _STATEMENTS.items()}
    valuation = shipment.customs_valuation
    postage = valuation.freight_charge_amount if valuation is not None else None
    goods = shipment.government_agency_goods_item
    currency = next((price.currency_id for price in map(_price, goods) if price is not None), None)
    if currency is None and declaration.invoice_amount is not None:
        currency = declaration.invoice_amount.currency_id
    mass = declaration.total_gross_mass_measure
    known = msgspec.structs.replace(PostalItem(), **given)
    return msgspec.structs.replace(
        known,
        s10=declaration.functional_reference_id or "",
        posted_on=_day(declaration.issue_date_time),
        currency=currency,
        total_value=declaration.invoice_amount.value if declaration.invoice_amount is not None else None,
        gross_weight_kg=mass.value if mass is not None else None,
        postage=postage.value if postage is not None else None,
        postage_currency=postage.currency_id if postage is not None and postage.currency_id != currency else None,
        seller_scheme_id=next((party.id for party in shipment.domestic_duty_tax_party), None),
        sender=_party(declaration.exporter, said.get(_ORGANISATION["sender"])),
        addressee=_party(shipment.importer, said.get(_ORGANISATION["addressee"])),
        pieces=tuple(_piece(each) for each in goods),
        **{field: _numbers(declaration, name) for field, (_, name) in _DOCUMENTS.items()},
    )


def _price(goods: GovernmentAgencyGoodsItem) -> Amount | None:
    line = goods.commodity.invoice_line if goods.commodity is not None else None
    return line.item_charge_amount if line is not None else None


def _day(issued: DateTime | None) -> str:
    if issued is None:
        return ""
    try:
        return datetime.strptime(issued.value[:8], "%Y%m%d").date().isoformat()
    except ValueError:
        return issued.value


def _party(party: Exporter | Importer | None, organisation: str | None) -> PostalParty | None:
    if party is None:
        return PostalParty(organisation=organisation) if organisation else None
    address = party.address or Address()
    way, second = party.communication, party.contact.name if party.contact is not None else None
    by_mail = way is not None and way.type_code == _EMAIL
    return PostalParty(
        name=party.name,
        organisation=organisation,
        street=address.line,
        postcode=address.postcode_id,
        city=address.city_name,
        region=address.country_sub_division_name,
        country=address.country_code,
        telephone=way.id if way is not None and not by_mail else None,
        email=way.id if way is not None and by_mail else second,
        tax_number=party.id,
    )


def _piece(goods: GovernmentAgencyGoodsItem) -> ContentPiece:
    commodity = goods.commodity or Commodity()
    measure = commodity.goods_measure or GoodsMeasure()
    price = _price(goods)
    return ContentPiece(
        description=commodity.description,
        quantity=measure.tariff_quantity.value if measure.tariff_quantity is not None else None,
        net_weight_kg=measure.net_net_weight_measure.value if measure.net_net_weight_measure is not None else None,
        value=price.value if price is not None else None,
        hs=next((each.id for each in commodity.classification), None),
        origin=next((each.country_code for each in goods.origin), None),
    )


def _numbers(declaration: Declaration, name: str) -> tuple[str, ...]:
    return tuple(each.id for each in declaration.additional_document if each.name == name and each.id)
