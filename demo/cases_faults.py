# SPDX-License-Identifier: Apache-2.0
"""What Customs must refuse: faults of every layer, one at a time and all at once, and messages that are none."""

from __future__ import annotations

from typing import Any

from index import Step, lodge, raw, rejected
from index import request as asks
from shapes import export_declaration as exports
from shapes import export_item, item, parcel, request
from shapes import import_declaration as imports
from world import (
    ALDER,
    CORVANE,
    HARBOUR_HILL,
    OLD_MILL,
    ORCHARD,
    PELICAN,
    QUAYSIDE,
    SALTMARSH,
    TIDEWATER,
    VERLAINE,
    accepted_on,
    put,
)

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.item import GovernmentAgencyGoodsItem
from openecp.kernel.datamodel.values import Quantity
from openecp.platform.wire import write


def steps() -> list[Step]:
    """Return the day's faults, in the order in which they are sent."""
    return [
        *_unreadable(),
        *_obligations_and_codes(),
        *_relations(),
        *_authority(),
        *_tariff(),
        *_value_and_revenue(),
        *_again(),
    ]


def good_item(**more: Any) -> GovernmentAgencyGoodsItem:
    """Return an item without fault."""
    return item(1, "61102000", "Cotton pullovers", "2000.00", quantity=("150", "NAR"), **more)


def pullovers(lrn: str) -> Declaration:
    """Return a declaration without fault, of which the cases below spoil one thing."""
    return imports(lrn, ALDER, good_item())


_MALFORMED = b"""<?xml version="1.0" encoding="UTF-8"?>
<md:MetaData xmlns:md="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2">
  <!-- An element that is opened and never closed. -->
  <Declaration xmlns="urn:wco:datamodel:WCO:DEC-DMS:2">
    <FunctionCode>9</FunctionCode>
    <FunctionalReferenceID>BA24-0301
    <TypeCode>IMA</TypeCode>
  </Declaration>
</md:MetaData>
"""

_BOMB = (
    b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- Nine entities of ten each: a thousand million words if anybody expanded them. -->
<!DOCTYPE MetaData [
  <!ENTITY w0 "tariff">
"""
    + b"".join(b'  <!ENTITY w%d "%s">\n' % (n, b"&w%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"""]>
<MetaData>
  <Declaration>
    <FunctionCode>9</FunctionCode>
    <FunctionalReferenceID>&w9;</FunctionalReferenceID>
  </Declaration>
</MetaData>
"""
)

_RESPONSE = b"""<?xml version="1.0" encoding="UTF-8"?>
<md:MetaData xmlns:md="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2">
  <md:WCOTypeName>RES</md:WCOTypeName>
  <!-- A notification sent back to Customs by mistake. -->
  <Response xmlns="urn:wco:datamodel:WCO:RES-DMS:2">
    <FunctionCode>09</FunctionCode>
    <Declaration>
      <FunctionalReferenceID>BA24-0101</FunctionalReferenceID>
    </Declaration>
  </Response>
</md:MetaData>
"""

_BROKEN_JSON = b"""{
  "Declaration": {
    "FunctionCode": "9",
    "FunctionalReferenceID": "BA24-0304",
    "TypeCode": "IMA",
"""


def _unreadable() -> list[Step]:
    strange = write(pullovers("BA24-0305")).replace(
        b"<TypeCode>IMA</TypeCode>", b"<TypeCode>IMA</TypeCode>\n    <ShipColour>blue</ShipColour>", 1
    )
    return [
        raw("301-malformed", _MALFORMED, "Not well-formed.", "OECP-XML-", party=ALDER, note="code begins OECP-XML-"),
        raw(
            "302-entity-bomb",
            _BOMB,
            "A DOCTYPE with an entity bomb.",
            "OECP-XML-",
            party=ALDER,
            note="refused before anything is expanded",
        ),
        raw("303-response", _RESPONSE, "A reply, no declaration.", "OECP-NOT-A-DECLARATION", party=ALDER),
        raw("304-broken", _BROKEN_JSON, "JSON that ends in the middle.", "OECP-JSON-", party=ALDER, media="json"),
        lodge(
            "305-unknown-element",
            pullovers("BA24-0305"),
            "An element that the data model does not know is reported.",
            total=68800,
            note="duty 12% x 2000 = 240.00; VAT 20% x 2240.00 = 448.00; a warning names ShipColour",
        )._replace(message=strange),
    ]


def _obligations_and_codes() -> list[Step]:
    no_mass = imports("BA24-0311", ALDER, good_item(net=None), incoterm=None)
    no_exit = put(exports("BA24-0312", SALTMARSH, export_item(1, "03036300", "Cod", "900.00")), exit_office=None)
    bad_codes = imports("BA24-0313", ALDER, good_item(package="ZZ", method="X", origin="XX"))
    long_lrn = pullovers("BA24-0314-THIS-REFERENCE-IS-TOO-LONG")
    undated = imports("BA24-0315", ALDER, good_item(), type_code="IMY", holders=(("SMP", ALDER),))
    dear = parcel("BA24-0316", "CP100200309GB", "61091000", "T-shirts", "180.00")
    unknown_document = imports("BA24-0317", ALDER, good_item(documents=(("Q999", "1"),)))
    return [
        rejected(
            "311-no-net-mass",
            no_mass,
            "Net mass and delivery terms are missing: both are named at once.",
            "XB-1044|XB-1023|XB-1024",
        ),
        rejected("312-no-exit-office", no_exit, "An export without an office of exit.", "XB-1029", media="json"),
        rejected(
            "313-unknown-codes",
            bad_codes,
            "Package type, method of payment and country are in no list.",
            "XB-2110|XB-2116|XB-2105",
        ),
        rejected("314-long-reference", long_lrn, "The reference has more than 22 characters.", "XB-2001"),
        rejected("315-supplementary-undated", undated, "A supplementary declaration without its date.", "XB-1069"),
        rejected("316-parcel-too-dear", dear, "Above the limit of low value.", "XB-2011"),
        rejected("317-unknown-document", unknown_document, "A document code that nobody issues.", "XB-2119"),
    ]


def _relations() -> list[Step]:
    miscounted = put(
        imports("BA24-0321", ALDER, good_item()),
        goods_item_quantity=Quantity(value="3"),
        total_package_quantity=Quantity(value="99"),
    )
    heavy = imports("BA24-0322", ALDER, good_item(net="300", gross="110"))
    mixed = imports(
        "BA24-0323",
        CORVANE,
        good_item(),
        put(item(2, "61102000", "Cotton pullovers", "500.00", procedure="5100"), sequence_numeric="2"),
        guarantee="GUA0103",
        holders=(("INP", CORVANE), ("GUA", CORVANE)),
    )
    not_alone = imports("BA24-0324", ALDER, good_item(additional=("000", "C30")))
    tomorrow = imports(
        "BA24-0325",
        ALDER,
        good_item(),
        type_code="IMY",
        holders=(("SMP", ALDER),),
        acceptance_date_time=accepted_on("20990101"),
        previous=(("Y", "SDE", "BA24-0221"),),
    )
    return [
        rejected("321-miscounted", miscounted, "Items and packages do not add up.", "XB-3001|XB-3002"),
        rejected("322-net-above-gross", heavy, "The net mass is greater than the gross mass.", "XB-3003"),
        rejected("323-two-data-sets", mixed, "Items of two data sets in one declaration.", "XB-3008"),
        rejected("324-not-alone", not_alone, "000 says that there is no additional procedure.", "XB-3006"),
        rejected("325-future-date", tomorrow, "Accepted in the future.", "XB-3009"),
    ]


def _authority() -> list[Step]:
    stranger = imports("BA24-0331", TIDEWATER, good_item(), agent=(QUAYSIDE, "2"))
    late = imports("BA24-0332", PELICAN, good_item(), agent=(HARBOUR_HILL, "2"))
    nobody = imports("BA24-0333", "XB99999999", good_item(), agent=(QUAYSIDE, "2"))
    ended = imports("BA24-0334", OLD_MILL, good_item(method="B"), account=False)
    lapsed = imports(
        "BA24-0335",
        VERLAINE,
        item(1, "61102000", "Cotton pullovers", None, net=None, preference=None, method=None, valued=False),
        type_code="IMC",
        incoterm=None,
        account=False,
        holders=(("SMP", VERLAINE),),
    )
    return [
        rejected("331-no-authority", stranger, "A broker whom the importer never empowered.", "XB-4001"),
        rejected("332-authority-expired", late, "A power of attorney that ended on 2025-06-30.", "XB-4001"),
        rejected("333-unknown-importer", nobody, "An importer who is not registered.", "XB-4002"),
        rejected("334-importer-ended", ended, "An importer whose registration ended in 2024.", "XB-4002"),
        rejected(
            "335-authorisation-lapsed",
            lapsed,
            "The simplified procedure of this importer ended on 2025-03-31.",
            "XB-4003",
        ),
    ]


def _tariff() -> list[Step]:
    unknown = imports("BA24-0341", ALDER, item(1, "61999900", "Clothing", "100.00"))
    closed = imports("BA24-0342", ALDER, item(1, "85281200", "Television sets", "100.00", quantity=("1", "NAR")))
    no_certificate = imports("BA24-0343", ORCHARD, item(1, "02013000", "Beef, chilled", "900.00", origin="BR"))
    no_code = imports(
        "BA24-0344", ALDER, item(1, "72104900", "Galvanised sheets", "900.00", origin="QT", net="1000", gross="1001")
    )
    antique = exports("BA24-0345", PELICAN, export_item(1, "97061000", "Walnut cabinet of 1740", "30000.00"), to="US")
    return [
        rejected("341-no-such-code", unknown, "A goods code that does not exist.", "XB-5001"),
        rejected("342-code-closed", closed, "A goods code that was closed at the end of 2024.", "XB-5001"),
        rejected("343-no-certificate", no_certificate, "Meat without certificate, permit or waiver.", "XB-5102"),
        rejected("344-no-additional-code", no_code, "A trade remedy needs the exporter's code.", "XB-5201"),
        rejected("345-antique", antique, "An antique leaves without the licence of the Heritage Office.", "XB-5120"),
    ]


def _value_and_revenue() -> list[Step]:
    no_rate = imports("BA24-0351", ALDER, good_item(currency="ISK"))
    no_litres = imports("BA24-0352", ALDER, item(1, "22083000", "Whisky", "900.00", origin="GB"))
    everything = put(
        imports(
            "BA24-0353",
            TIDEWATER,
            item(1, "22083000", "Whisky", "900.00", currency="ISK", origin="XX", net=None, gross="10"),
            item(3, "61999900", "Clothing", "100.00", currency="ISK", net="50", gross="40"),
            agent=(QUAYSIDE, "2"),
        ),
        goods_item_quantity=Quantity(value="5"),
    )
    return [
        rejected("351-no-rate-of-exchange", no_rate, "A currency for which there is no rate of exchange.", "XB-6001"),
        rejected("352-no-litres", no_litres, "Excise per litre of pure alcohol, but no litres declared.", "XB-7001"),
        rejected(
            "353-all-layers",
            everything,
            "Faults of six layers, all reported in one pass.",
            "XB-1044|XB-2105|XB-3001|XB-3003|XB-4001|XB-5001|XB-6001",
        ),
    ]


def _again() -> list[Step]:
    shirts = item(1, "61091000", "T-shirts of cotton, printed", "4000.00", quantity=("800", "NAR"), origin="CN")
    first = imports("BA24-0102", ALDER, shirts, container=True)
    other = put(first, functional_reference_id="BA24-0361")
    changed = imports("BA24-0102", ALDER, good_item())
    lost = request("GPR", "BA24-0363", "BA24-0000", ALDER)
    return [
        lodge(
            "102-tshirts",
            first,
            "Duty and VAT, in a container.",
            key="tshirts-1",
            outcome="repeated",
            total=137600,
            note="the same file with the same key: the first answer again, nothing is recorded twice",
        ),
        lodge(
            "361-key-reused",
            other,
            "Another declaration under a key that was used.",
            key="tshirts-1",
            outcome="refused",
            codes="OECP-IDEMPOTENCY-CONFLICT",
            channel="",
            status="",
        ),
        lodge(
            "362-reference-reused",
            changed,
            "Other goods under a reference that was used.",
            key="pullovers-1",
            outcome="refused",
            codes="OECP-LRN-IN-USE",
            channel="",
            status="",
        ),
        asks(
            "363-nothing-to-present",
            put(lost, id="26XB00000000ZZZZR1"),
            "Goods presented for an MRN that nobody gave.",
            about="",
            action="present",
            outcome="refused",
            status="",
            channel="",
        ),
    ]
