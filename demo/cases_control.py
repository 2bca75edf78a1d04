# SPDX-License-Identifier: Apache-2.0
"""Imports for home use: ways of payment, and the channels from release to seizure.

Amounts in the notes are computed by hand, from the profile's rates that hold from 2025 on (XBM, CIF, each line
rounded half up to the cent).
"""

from __future__ import annotations

from index import Step, lodge, officer
from shapes import import_declaration as imports
from shapes import item
from world import AIRPORT, ALDER, BLUE_LANTERN, LUMEN, NORTHGATE, ORCHARD, PELICAN, TIDEWATER, Fee

PROOF = (("N380", "INV-2210"), ("N864", "EUR-77120"))
VET = (("N380", "INV-2210"), ("N853", "VC-30451"))

handbags = item(1, "42022100", "Leather handbags", "1000.00", method="B", quantity=("25", "NAR"), origin="FR")
e_bikes = item(1, "87116000", "Electric bicycles", "5000.00", method="R", quantity=("5", "NAR"), origin="JP")
shirts = item(1, "61091000", "T-shirts of cotton", "4000.00", quantity=("800", "NAR"), origin="CN")
lamps = item(
    1,
    "85395200",
    "LED lamps",
    "2000.00",
    method=None,
    origin="CN",
    quantity=("4000", "NAR"),
    fees=(Fee("D10", "E"), Fee("V10", "G")),
)
PAYMENT = [
    lodge(
        "151-bank-transfer",
        imports("BA24-0151", ALDER, handbags, account=False),
        "Paid before release: the goods wait for the money.",
        total=23600,
        status="payment_pending",
        note="duty 3% x 1000 = 30.00; VAT 20% x 1030.00 = 206.00",
    ),
    officer("BA24-0151", "confirm_payment", status="cleared", total=23600, note="the transfer has arrived"),
    lodge(
        "152-guarantee",
        imports("BA24-0152", NORTHGATE, e_bikes, guarantee="GUA0108", account=False, holders=(("GUA", NORTHGATE),)),
        "Secured by the comprehensive guarantee.",
        status="cleared",
        note="duty 6% x 5000 = 300.00 and VAT 20% x 5300.00 = 1060.00, secured",
    ),
    lodge(
        "153-no-funds",
        imports("BA24-0153", TIDEWATER, shirts),
        "The deferment account covers 500.00 only: Customs asks for more.",
        total=137600,
        status="payment_pending",
        note="due 1376.00 (as 102), the account covers 500.00",
    ),
    lodge(
        "154-postponed-vat",
        imports("BA24-0154", PELICAN, lamps),
        "Duty deferred, VAT in the VAT return.",
        channel="green|blue",
        note="duty 4.7% x 2000 = 94.00 deferred; VAT 20% x 2094.00 = 418.80 postponed",
    ),
]


beef = item(
    1,
    "02023000",
    "Beef, frozen, boneless",
    "8000.00",
    net="1000",
    gross="1080",
    origin="BR",
    codes=("VATR",),
    documents=VET,
)
sample = item(
    1,
    "02023000",
    "Beef, frozen, sample",
    "80.00",
    net="10",
    gross="11",
    origin="BR",
    codes=("VATR",),
    documents=(("N380", "INV-2211"), ("B904", "SAMPLE-3")),
)
cigarettes = item(
    1,
    "24022000",
    "Cigarettes in packs of 20",
    "3000.00",
    net="38",
    gross="60",
    origin="TR",
    quantity=("40", "MIL"),
    fees=(Fee("E20", None, "12000", "RET"), Fee("E20", None, "40", "MIL")),
)
screens = item(1, "85287200", "Television sets, 65 inch", "60000.00", quantity=("80", "NAR"), net="2400", gross="2900")
medicines = item(
    1,
    "30049000",
    "Antimalarial tablets in blisters",
    "20000.00",
    currency="EUR",
    origin="FR",
    documents=(("N380", "INV-2212"), ("B201", "MED-118")),
)
handsets = item(
    1,
    "85171300",
    "Smartphones",
    "9000.00",
    origin="QP",
    quantity=("60", "NAR"),
    net="20",
    gross="26",
    documents=(("N380", "INV-2213"), ("B301", "RAD-9021")),
)
chairs = item(1, "94016100", "Upholstered armchairs", "1500.00", method="B", quantity=("12", "NAR"))
CHANNELS = [
    lodge(
        "161-beef-documents",
        imports("BA24-0161", ORCHARD, beef),
        "Customs wants to see the documents.",
        channel="yellow",
        total=339400,
        status="documents_required",
        note="duty 12.5% x 8000 + 155.00 x 10 = 2550.00; VAT 8% x 10550.00 = 844.00",
    ),
    officer(
        "BA24-0161",
        "documents_checked=conform",
        channel="yellow",
        total=339400,
        status="cleared",
        note="the certificate is in order",
    ),
    lodge(
        "162-sample-waiver",
        imports("BA24-0162", ORCHARD, sample),
        "A waiver in place of the certificate.",
        channel="yellow",
        status="documents_required",
        total=3394,
        note="duty 12.5% x 80 + 155.00 x 0.1 = 25.50; VAT 8% x 105.50 = 8.44",
    ),
    lodge(
        "163-cigarettes-control",
        imports("BA24-0163", ALDER, cigarettes),
        "Excise on the retail price; physical control.",
        channel="red",
        total=1632000,
        status="under_control",
        note="duty 10% x 3000 = 300.00; excise 16.5% x 12000 + 245.00 x 40 = 11780.00, minimum 320.00 x 40 = 12800.00;"
        " VAT 20% x 16100.00 = 3220.00",
    ),
    officer(
        "BA24-0163",
        "control_result=conform",
        channel="red",
        total=1632000,
        status="cleared",
        note="40 master cases, as declared",
    ),
    lodge(
        "164-televisions-audit",
        imports("BA24-0164", PELICAN, screens),
        "Released at once, audited later.",
        channel="blue",
        total=1920000,
        note="duty 10% x 60000 = 6000.00; VAT 20% x 66000.00 = 13200.00",
    ),
    lodge(
        "165-medicines-detained",
        imports("BA24-0165", LUMEN, medicines, at=AIRPORT),
        "Reduced VAT; documents wanted.",
        channel="yellow",
        total=200000,
        status="documents_required",
        note="20000.00 EUR x 1.25 = 25000.00; duty 0; VAT 8% = 2000.00",
    ),
    officer(
        "BA24-0165",
        "documents_checked=not_conform",
        channel="yellow",
        total=200000,
        status="under_control",
        note="two batch numbers are missing",
    ),
    officer(
        "BA24-0165",
        "control_result=detained",
        channel="yellow",
        total=200000,
        status="detained",
        note="kept until the agency answers",
    ),
    lodge(
        "166-handsets-seized",
        imports("BA24-0166", ALDER, handsets, at=AIRPORT),
        "Control finds counterfeits.",
        channel="red",
        total=180000,
        status="under_control",
        note="duty 0; VAT 20% x 9000.00 = 1800.00",
    ),
    officer("BA24-0166", "control_result=seized", channel="red", status="seized", note="counterfeit brand"),
    lodge(
        "167-open-control",
        imports("BA24-0167", BLUE_LANTERN, chairs, account=False),
        "A control that is still open at the end of the day.",
        channel="red",
        total=30000,
        status="under_control",
        note="duty 0; VAT 20% x 1500.00 = 300.00",
    ),
]

STEPS: list[Step] = [*PAYMENT, *CHANNELS]
