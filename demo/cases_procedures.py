# SPDX-License-Identifier: Apache-2.0
"""Other ways to declare: suspension and relief, low value, simplified and supplementary declarations."""

from __future__ import annotations

from index import Step, lodge
from shapes import import_declaration as imports
from shapes import item, parcel
from world import AIRPORT, ALDER, BOND, CORVANE, PHARE, ROAD, Fee, accepted_on, statement

stock = item(
    1,
    "22041000",
    "Sparkling wine for the warehouse",
    "8000.00",
    net="1500",
    gross="2400",
    origin="QS",
    procedure="7100",
    method="R",
    quantity=("1000", "LTR"),
    fees=(Fee("E10", None, "1000", "LTR"),),
)
out = item(
    1,
    "22041000",
    "Sparkling wine out of the warehouse",
    "8000.00",
    net="1500",
    gross="2400",
    origin="QS",
    procedure="4071",
    quantity=("1000", "LTR"),
    fees=(Fee("E10", None, "1000", "LTR"),),
)
sheets = item(
    1,
    "76061200",
    "Aluminium sheets for pressing",
    "30000.00",
    net="9000",
    gross="9200",
    origin="NO",
    procedure="5100",
    method="R",
)
analyser = item(
    1,
    "90271000",
    "Gas analyser for a university",
    "5000.00",
    additional=("C30",),
    origin="JP",
    quantity=("1", "NAR"),
)
returned = item(
    1,
    "90189000",
    "Hospital instruments, back from hire",
    "7000.00",
    procedure="6123",
    additional=("R01",),
    origin="XB",
    documents=(("N380", "INV-2214"),),
    additional_information=(statement("RETN1"),),
)
warehouse = {"at": BOND, "holders": (("WHS", PHARE), ("GUA", PHARE)), "account": False, "guarantee": "GUA0109"}
processing = {"holders": (("INP", CORVANE), ("GUA", CORVANE)), "account": False, "guarantee": "GUA0103"}
SUSPENSION_AND_RELIEF = [
    lodge(
        "201-into-warehouse",
        imports("BA24-0201", PHARE, stock, warehouse="WHS0109", **warehouse),
        "Customs warehouse: duty, excise and VAT are suspended and secured.",
        total=0,
        status="cleared",
        note="suspended: duty 32.00 x 10 hl = 320.00; excise 38.50 x 10 = 385.00; VAT 20% x 8705.00 = 1741.00;"
        " nothing is due",
    ),
    lodge(
        "202-out-of-warehouse",
        imports("BA24-0202", PHARE, out, at=BOND, warehouse="WHS0109", previous=(("Y", "MRN", "26XB000000000000R0"),)),
        "Home use from the warehouse.",
        total=244600,
        note="duty 32.00 x 10 hl = 320.00; excise 38.50 x 10 = 385.00; VAT 20% x 8705.00 = 1741.00",
    ),
    lodge(
        "203-inward-processing",
        imports("BA24-0203", CORVANE, sheets, **processing),
        "Inward processing: suspended and secured.",
        total=0,
        status="cleared",
        note="suspended: duty 7.5% x 30000 = 2250.00; VAT 20% x 32250.00 = 6450.00; nothing is due",
    ),
    lodge(
        "204-science-relief",
        imports("BA24-0204", ALDER, analyser, at=AIRPORT),
        "Relief from duty, VAT is due.",
        total=100000,
        note="duty 2.5% x 5000 = 125.00 relieved; VAT 20% x 5000.00 = 1000.00",
    ),
    lodge(
        "205-returned-goods",
        imports("BA24-0205", ALDER, returned, at=AIRPORT, sent_from="NO"),
        "Goods that come back unaltered.",
        total=0,
        note="duty 0; VAT relieved",
    ),
]


LOW_VALUE = [
    lodge(
        "211-parcel",
        parcel("BA24-0211", "CP100200301GB", "95045000", "Game controller", "60.00", postage="5.00"),
        "Low value: duty is relieved, VAT is due.",
        total=1300,
        note="duty 0; VAT 20% x (60.00 + 5.00) = 13.00",
    ),
    lodge(
        "212-parcel-tax-paid",
        parcel(
            "BA24-0212",
            "CP100200302GB",
            "61091000",
            "T-shirt",
            "28.00",
            additional=("L01", "L48"),
            method=None,
            seller_vat="XBV0004411",
        ),
        "The seller collected the VAT at the sale.",
        total=0,
        media="json",
        note="duty 12% x 28.00 = 3.36 relieved; VAT relieved",
    ),
    lodge(
        "213-gift",
        parcel(
            "BA24-0213",
            "CP100200303GB",
            "42022100",
            "Handbag, present",
            "90.00",
            additional=("L02",),
            method=None,
            statements=(statement("GIFT1", "Birthday present"),),
        ),
        "A gift between private persons.",
        total=0,
        note="duty 2.70 and VAT relieved",
    ),
    lodge(
        "214-parcel-books",
        parcel("BA24-0214", "CP100200304FR", "49019900", "Novel", "14.50", sent_from="FR"),
        "A book: standard VAT, since the code for zero VAT is not declared.",
        total=290,
        media="json",
        note="duty 0; VAT 20% x 14.50 = 2.90",
    ),
]


short = item(
    1,
    "85287200",
    "Television sets",
    None,
    net=None,
    gross="640",
    preference=None,
    method=None,
    valued=False,
    quantity=("20", "NAR"),
)
full = item(
    1, "85287200", "Television sets", "10000.00", currency="USD", net="600", gross="640", quantity=("20", "NAR")
)
tomatoes = item(
    1,
    "07020000",
    "Tomatoes, fresh",
    "1000.00",
    origin="MA",
    codes=("VATR",),
    net="1000",
    gross="1100",
    documents=(("N380", "INV-2215"), ("N851", "PC-1177")),
)
containers = item(
    1,
    None,
    "Empty kegs, returned",
    None,
    procedure="0012",
    net=None,
    preference=None,
    method=None,
    valued=False,
    packages="40",
    package="KG",
)
holder = (("SMP", ALDER),)
refers = (("Y", "SDE", "BA24-0221"),)
SIMPLIFIED = [
    lodge(
        "221-simplified",
        imports("BA24-0221", ALDER, short, type_code="IMC", incoterm=None, account=False, holders=holder),
        "Simplified: the values follow in a supplementary declaration.",
        note="nothing is due before the supplementary declaration",
    ),
    lodge(
        "222-supplementary-old-rate",
        imports(
            "BA24-0222",
            ALDER,
            full,
            type_code="IMY",
            holders=holder,
            previous=refers,
            acceptance_date_time=accepted_on("20240610"),
        ),
        "Accepted before the duty on television sets was lowered: the old duty and rate of exchange.",
        total=401120,
        note="10000.00 USD x 1.09 = 10900.00; duty 14% (until 2024-06-30) = 1526.00; VAT 20% x 12426.00 = 2485.20",
    ),
    lodge(
        "223-supplementary-new-rate",
        imports(
            "BA24-0223",
            ALDER,
            full,
            type_code="IMY",
            holders=holder,
            previous=refers,
            acceptance_date_time=accepted_on("20240715"),
        ),
        "The same goods accepted five weeks later.",
        total=355200,
        note="10000.00 USD x 1.11 = 11100.00; duty 10% (from 2024-07-01) = 1110.00; VAT 20% x 12210.00 = 2442.00",
    ),
    lodge(
        "224-tomatoes-in-season",
        imports(
            "BA24-0224",
            ALDER,
            tomatoes,
            type_code="IMY",
            holders=holder,
            previous=refers,
            at=ROAD,
            acceptance_date_time=accepted_on("20240710"),
        ),
        "Seasonal duty: tomatoes in July.",
        total=23552,
        note="duty 14.4% (June to September) x 1000 = 144.00; VAT 8% x 1144.00 = 91.52",
    ),
    lodge(
        "225-tomatoes-off-season",
        imports(
            "BA24-0225",
            ALDER,
            tomatoes,
            type_code="IMY",
            holders=holder,
            previous=refers,
            at=ROAD,
            acceptance_date_time=accepted_on("20241105"),
        ),
        "Seasonal duty: tomatoes in November.",
        total=17504,
        note="duty 8.8% (October to May) x 1000 = 88.00; VAT 8% x 1088.00 = 87.04",
    ),
    lodge(
        "226-clearance-request",
        imports("BA24-0226", PHARE, containers, type_code="IMJ", incoterm=None, account=False, at=ROAD),
        "Returned kegs: a clearance request, nothing to assess.",
        total=0,
        note="no goods code, no duty",
    ),
]

STEPS: list[Step] = [*SUSPENSION_AND_RELIEF, *LOW_VALUE, *SIMPLIFIED]
