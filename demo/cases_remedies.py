# SPDX-License-Identifier: Apache-2.0
"""Imports for home use: trade remedies, excise, currencies and charges in the value.

Amounts in the notes are computed by hand, from the profile's rates that hold from 2025 on (XBM, CIF, each line
rounded half up to the cent).
"""

from __future__ import annotations

from index import Step, lodge
from shapes import import_declaration as imports
from shapes import item
from world import ALDER, CORVANE, NORTHGATE, PELICAN, QUAYSIDE, ROAD, Fee, charge

coated = item(
    1,
    "72104900",
    "Galvanised steel sheets in coils",
    "40000.00",
    net="50000",
    gross="50500",
    origin="QT",
    codes=("A102",),
    package="RL",
    packages="12",
)
solar = item(
    1,
    "85414300",
    "Solar panels of 400 W",
    "10000.00",
    origin="QP",
    codes=("A201", "A202"),
    quantity=("50", "NAR"),
    net="1100",
    gross="1200",
)
coils = item(
    1,
    "72083700",
    "Hot-rolled steel coils, 6 mm",
    "20000.00",
    net="25000",
    gross="25100",
    origin="TR",
    package="RL",
    packages="4",
)
quota_coils = item(
    1,
    "72083700",
    "Hot-rolled steel coils, 6 mm",
    "20000.00",
    net="25000",
    gross="25100",
    origin="TR",
    preference="120",
    quota="XB7208",
    package="RL",
    packages="4",
)
bicycles = item(
    1,
    "87120000",
    "City bicycles",
    "6000.00",
    origin="QP",
    codes=("A121",),
    quantity=("60", "NAR"),
    net="900",
    gross="1000",
)
whisky = item(
    1,
    "22083000",
    "Single malt whisky, 40 % vol, bottles of 0.7 l",
    "2000.00",
    currency="GBP",
    net="420",
    gross="700",
    origin="GB",
    quantity=("168", "LPA"),
    fees=(Fee("E10", None, "168", "LPA"),),
    packages="100",
)
diesel = item(
    1,
    "27101900",
    "Gas oil, marked and dyed, for heating",
    "3000.00",
    net="4200",
    gross="4200",
    origin="NO",
    codes=("XMRK",),
    quantity=("5000", "LTR"),
    fees=(Fee("E30", None, "5000", "LTR"),),
    package="VL",
    packages="1",
)
REMEDIES_AND_EXCISE = [
    lodge(
        "131-anti-dumping",
        imports("BA24-0131", CORVANE, coated),
        "Anti-dumping duty by the exporter's code.",
        total=1400000,
        note="duty 0; anti-dumping (QT, A102) 12.5% x 40000 = 5000.00; VAT 20% x 45000.00 = 9000.00",
    ),
    lodge(
        "132-anti-dumping-pair",
        imports("BA24-0132", PELICAN, solar),
        "Two additional codes belong together.",
        total=238400,
        note="duty 0; anti-dumping (A201 with A202) NIHIL; countervailing 3.2% x 10000 = 320.00;"
        " VAT 20% x 10320.00 = 2064.00",
    ),
    lodge(
        "133-safeguard",
        imports("BA24-0133", CORVANE, coils),
        "Safeguard duty on steel.",
        total=1000000,
        note="duty 0; safeguard 25% x 20000 = 5000.00; VAT 20% x 25000.00 = 5000.00",
    ),
    lodge(
        "134-safeguard-quota",
        imports("BA24-0134", CORVANE, quota_coils),
        "A quota frees from the safeguard duty.",
        total=400000,
        note="duty 0; safeguard NIHIL (quota XB7208); VAT 20% x 20000.00 = 4000.00",
    ),
    lodge(
        "135-bicycles",
        imports("BA24-0135", ALDER, bicycles),
        "Compound anti-dumping duty and safeguard duty.",
        total=330240,
        note="duty 14% x 6000 = 840.00; safeguard (QP) 4.5% = 270.00; anti-dumping 9.5% x 6000 + 1.20 x 60 = 642.00;"
        " VAT 20% x 7752.00 = 1550.40",
    ),
    lodge(
        "136-whisky",
        imports("BA24-0136", ALDER, whisky, agent=(QUAYSIDE, "2")),
        "Excise per litre of pure alcohol.",
        total=637798,
        note="2000.00 GBP x 1.46 = 2920.00; duty 0; excise 28.74 x 168 l = 4828.32; VAT 20% x 7748.32 = 1549.664,"
        " rounded 1549.66",
    ),
    lodge(
        "137-heating-oil",
        imports("BA24-0137", NORTHGATE, diesel),
        "Lower excise by a national code.",
        total=138600,
        note="duty 3.5% x 3000 = 105.00; excise (marked) 0.11 x 5000 l = 550.00; VAT 20% x 3655.00 = 731.00",
    ),
]


three = (
    item(1, "42021200", "Suitcases", "1000.00", currency="USD", quantity=("40", "NAR")),
    item(2, "66019900", "Umbrellas", "2000.00", currency="USD", quantity=("300", "NAR")),
    item(3, "95063100", "Golf clubs in sets", "3000.00", currency="USD", quantity=("20", "NAR")),
)
toys = item(
    1,
    "95030000",
    "Wooden toys",
    "1000.00",
    currency="EUR",
    origin="FR",
    charges=(charge("F10", "80.00", "EUR"), charge("A10", "20.00", "EUR")),
)
furniture = item(
    1,
    "94036000",
    "Wooden bookcases",
    "1200.00",
    origin="NO",
    quantity=("6", "NAR"),
    charges=(charge("K30", "100.00"), charge("K10", "100.00")),
)
parts = item(1, "87089900", "Steering columns", "300000", currency="JPY", origin="JP")
VALUE = [
    lodge(
        "141-three-items-fob",
        imports(
            "BA24-0141",
            ALDER,
            *three,
            incoterm="FOB",
            agent=(QUAYSIDE, "2"),
            charges=(charge("F10", "300.00", "USD"), charge("F20", "60.00", "USD")),
        ),
        "Three items, US dollars, freight and insurance shared out by value.",
        total=173437,
        note="charges 360 USD by value 60/120/180; x 1.125: 1192.50, 2385.00, 3577.50; duty 44.12 (3.7%), 112.10"
        " (4.7% = 112.095), 96.59 (2.7%); VAT 20%: 247.32, 499.42, 734.82; duty 252.81 + VAT 1481.56",
    ),
    lodge(
        "142-toys-ex-works",
        imports("BA24-0142", ALDER, toys, incoterm="EXW", at=ROAD),
        "Ex works: freight and commission are added to the price of the item.",
        total=35256,
        note="(1000 + 80 + 20) EUR x 1.25 = 1375.00; duty 4.7% = 64.625, rounded 64.63; VAT 20% x 1439.63 = 287.926,"
        " rounded 287.93",
    ),
    lodge(
        "143-duty-paid-price",
        imports("BA24-0143", ALDER, furniture, incoterm="DDP"),
        "Delivered duty paid: duties and transport after arrival are taken out of the price.",
        total=20000,
        note="1200 - 100 - 100 = 1000.00; duty 0; VAT 20% = 200.00",
    ),
    lodge(
        "144-yen",
        imports("BA24-0144", NORTHGATE, parts),
        "A currency without decimals.",
        total=57150,
        note="300000 JPY x 0.0075 = 2250.00; duty 4.5% = 101.25; VAT 20% x 2351.25 = 470.25",
    ),
]

STEPS: list[Step] = [*REMEDIES_AND_EXCISE, *VALUE]
