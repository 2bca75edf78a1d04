# SPDX-License-Identifier: Apache-2.0
"""Imports for home use: preference, quota, and the forms that a duty can take.

Amounts in the notes are computed by hand, from the profile's rates that hold from 2025 on (XBM, CIF, each line
rounded half up to the cent).
"""

from __future__ import annotations

from index import Step, lodge
from shapes import import_declaration as imports
from shapes import item
from world import AIRPORT, ALDER, PELICAN, QUAYSIDE, RAIL, ROAD, TIDEWATER, TRANSIT_PLUS, VERLAINE, Fee

PROOF = (("N380", "INV-2210"), ("N864", "EUR-77120"))
VET = (("N380", "INV-2210"), ("N853", "VC-30451"))

laptops = item(1, "84713000", "Portable computers, 14 inch", "12500.00", net="18", gross="24", quantity=("10", "NAR"))
shirts = item(1, "61091000", "T-shirts of cotton, printed", "4000.00", quantity=("800", "NAR"), origin="CN")
books = item(1, "49019900", "Schoolbooks, bound", "2200.00", codes=("VATZ",), origin="FR")
PLAIN = [
    lodge(
        "101-laptops",
        imports("BA24-0101", PELICAN, laptops, at=AIRPORT),
        "A trusted trader, duty free goods.",
        total=250000,
        channel="green|blue",
        note="duty 0% = 0; VAT 20% x 12500.00 = 2500.00",
    ),
    lodge(
        "102-tshirts",
        imports("BA24-0102", ALDER, shirts, container=True),
        "Duty and VAT, in a container.",
        total=137600,
        key="tshirts-1",
        note="duty 12% x 4000.00 = 480.00; VAT 20% x 4480.00 = 896.00",
    ),
    lodge(
        "103-schoolbooks",
        imports("BA24-0103", VERLAINE, books, agent=(QUAYSIDE, "2")),
        "A broker declares in the name of the importer; books are free of VAT by their code.",
        total=0,
        note="duty 0; VAT 0% (VATZ) = 0",
    ),
]


agreement = item(1, "61091000", "T-shirts of cotton", "4000.00", origin="QM", preference="300", documents=PROOF)
scheme = item(1, "62052000", "Men's woven shirts of cotton", "2500.00", origin="BD", preference="200", documents=PROOF)
sugar = item(
    1,
    "17011400",
    "Raw cane sugar",
    "8000.00",
    currency="USD",
    net="20000",
    gross="20400",
    origin="BR",
    preference="120",
    quota="XB1701",
    codes=("VATR",),
    package="SA",
    packages="400",
)
wine = item(
    1,
    "22042100",
    "Red wine in bottles of 0.75 l",
    "18000.00",
    currency="EUR",
    net="9000",
    gross="14500",
    origin="QS",
    preference="300",
    quantity=("9000", "LTR"),
    fees=(Fee("E10", None, "9000", "LTR"),),
    documents=PROOF,
    packages="1000",
)
tuna = item(
    1,
    "16041400",
    "Tuna in oil, tins of 160 g",
    "5000.00",
    origin="QM",
    preference="320",
    quota="XB1604",
    codes=("VATR",),
    documents=PROOF,
    net="1600",
    gross="1900",
)
ORIGIN = [
    lodge(
        "111-agreement",
        imports("BA24-0111", ALDER, agreement, at=RAIL),
        "Preference of a trade agreement.",
        total=80000,
        note="duty 0% (agreement, QM) = 0; VAT 20% x 4000.00 = 800.00",
    ),
    lodge(
        "112-developing-country",
        imports("BA24-0112", ALDER, scheme),
        "Scheme for developing countries.",
        total=64400,
        note="duty 4.8% x 2500.00 = 120.00; VAT 20% x 2620.00 = 524.00",
    ),
    lodge(
        "113-sugar-quota",
        imports("BA24-0113", VERLAINE, sugar),
        "Quota order number, specific duty, US dollars.",
        total=180000,
        note="8000.00 USD x 1.125 = 9000.00; duty 5.00 / 100 kg x 20000 kg = 1000.00; VAT 8% x 10000.00 = 800.00",
    ),
    lodge(
        "114-wine-agreement",
        imports("BA24-0114", VERLAINE, wine, at=ROAD, agent=(TRANSIT_PLUS, "2")),
        "No duty (NIHIL) by agreement; excise by the hectolitre.",
        total=771300,
        note="18000.00 EUR x 1.25 = 22500.00; duty NIHIL; excise 29.75 / hl x 90 hl = 2677.50;"
        " VAT 20% x 25177.50 = 5035.50",
    ),
    lodge(
        "115-tuna-agreement-quota",
        imports("BA24-0115", VERLAINE, tuna),
        "Quota within a trade agreement.",
        total=72400,
        note="duty 6% x 5000.00 = 300.00; VAT 8% x 5300.00 = 424.00",
    ),
]


butter = item(
    1,
    "04051000",
    "Butter in blocks of 25 kg",
    "9600.00",
    currency="EUR",
    net="2400",
    gross="2500",
    origin="FR",
    codes=("VATR",),
    documents=VET,
)
sweets = item(1, "17049000", "Fruit jellies", "1500.00", net="500", gross="560", codes=("VATR",), origin="TR")
ceramics = item(1, "69120000", "Stoneware plates", "600.00", net="300", gross="340", origin="MA")
shoes = item(
    1, "64039900", "Leather ankle shoes", "1500.00", origin="BR", quantity=("100", "NPR"), net="90", gross="110"
)
tobacco = item(1, "24012000", "Tobacco, stemmed", "3000.00", net="1000", gross="1050", origin="BR", package="BL")
jewellery_watches = item(
    1, "91012100", "Gold wrist-watches, automatic", "60.00", net="2", gross="3", origin="JP", quantity=("3", "NAR")
)
FORMS = [
    lodge(
        "121-butter-by-weight",
        imports("BA24-0121", VERLAINE, butter),
        "Specific duty by weight, euros.",
        total=523680,
        note="9600.00 EUR x 1.25 = 12000.00; duty 165.00 / 100 kg x 2400 kg = 3960.00; VAT 8% x 15960.00 = 1276.80",
    ),
    lodge(
        "122-sweets-maximum",
        imports("BA24-0122", ALDER, sweets),
        "Compound duty with a compound maximum.",
        total=51096,
        note="left 9.10% x 1500 + 45.10 x 5 = 362.00; right 18.90% x 1500 + 16.50 x 5 = 366.00; least 362.00;"
        " VAT 8% x 1862.00 = 148.96",
    ),
    lodge(
        "123-plates-minimum",
        imports("BA24-0123", ALDER, ceramics),
        "Ad valorem with minimum and maximum.",
        total=22080,
        note="5% x 600 = 30.00; minimum 28.00 x 3 = 84.00; maximum 76.00 x 3 = 228.00; duty 84.00;"
        " VAT 20% x 684.00 = 136.80",
    ),
    lodge(
        "124-shoes-minimum",
        imports("BA24-0124", TIDEWATER, shoes, agent=(TRANSIT_PLUS, "3")),
        "Minimum per pair; indirect representation.",
        total=49200,
        note="8% x 1500 = 120.00; minimum 1.60 x 100 pairs = 160.00; duty 160.00; VAT 20% x 1660.00 = 332.00",
    ),
    lodge(
        "125-tobacco-leaf",
        imports("BA24-0125", ALDER, tobacco),
        "MIN and MAX in one expression.",
        total=100320,
        note="11.2% x 3000 = 336.00; minimum 22.00 x 10 = 220.00; maximum 56.00 x 10 = 560.00; duty 336.00;"
        " VAT 20% x 3336.00 = 667.20",
    ),
    lodge(
        "126-watches",
        imports("BA24-0126", ALDER, jewellery_watches, at=AIRPORT),
        "By the piece, within bounds.",
        total=1560,
        note="1.00 x 3 = 3.00; minimum 4.5% x 60.00 = 2.70; maximum 2.40 x 3 = 7.20; duty 3.00;"
        " VAT 20% x 63.00 = 12.60",
    ),
]

STEPS: list[Step] = [*PLAIN, *ORIGIN, *FORMS]
