# SPDX-License-Identifier: Apache-2.0
"""Pre-lodged and presented, exports and their exit, requests to amend and to withdraw."""

from __future__ import annotations

from index import Step, lodge, officer
from index import request as asks
from shapes import export_declaration as exports
from shapes import export_item, item, request
from shapes import import_declaration as imports
from world import AIRPORT, ALDER, CORVANE, ORCHARD, PELICAN, PHARE, QUAYSIDE, RAIL, SALTMARSH, money, put

import openecp.kernel.datamodel.item as g
from openecp.kernel.datamodel.declaration import GoodsShipment

PRICE = (("42A", None), ("67A", None), ("68A", 1), ("23A", None), ("79A", None))


ovens = item(1, "73211100", "Gas cookers", "4000.00", quantity=("20", "NAR"), origin="TR")
pens = item(1, "96081000", "Ball-point pens", "800.00", quantity=("4000", "NAR"))
PRELODGED = [
    lodge(
        "231-prelodged",
        imports("BA24-0231", ALDER, ovens, type_code="IMD", at=RAIL, sent_from="TR"),
        "Lodged before the goods arrive.",
        outcome="registered",
        channel="",
        status="registered",
        note="waits for the goods",
    ),
    asks(
        "232-presentation",
        request("GPR", "BA24-0231-P", "BA24-0231", ALDER),
        "The goods are presented.",
        about="BA24-0231",
        action="present",
        status="cleared",
        total=92960,
        note="duty 2.7% x 4000 = 108.00; VAT 20% x 4108.00 = 821.60",
    ),
    lodge(
        "233-prelodged-waiting",
        imports("BA24-0233", ALDER, pens, type_code="IMD"),
        "Lodged before arrival, not yet presented.",
        outcome="registered",
        channel="",
        status="registered",
        media="json",
        note="expires if the goods are not presented in 30 days",
    ),
]


salmon = export_item(1, "03021400", "Salmon, fresh, whole", "26000.00", net="4000", gross="4400")
apples = export_item(1, "08081000", "Apples, class I", "9000.00", net="18000", gross="19500")
rods = export_item(1, "72142000", "Reinforcing bars", "54000.00", net="60000", gross="60000")
drones = export_item(
    1,
    "88062200",
    "Survey drones",
    "18000.00",
    net="40",
    gross="60",
    documents=(("N380", "SI-5121"), ("B402", "DU-88")),
)
vodka = export_item(
    1,
    "22086000",
    "Vodka from the warehouse",
    "6000.00",
    procedure="3171",
    documents=(("N380", "SI-5122"), ("B801", "EXC-4410")),
)
EXPORTS = [
    lodge(
        "241-salmon",
        exports("BA24-0241", SALTMARSH, salmon, at=AIRPORT, to="FR"),
        "Export, leaves by air.",
        total=0,
        note="nothing is due on exports",
    ),
    officer("BA24-0241", "confirm_exit", status="exited", total=0, note="the flight has left"),
    lodge(
        "242-apples-prelodged",
        exports("BA24-0242", ORCHARD, apples, type_code="EXD", agent=(QUAYSIDE, "2")),
        "Lodged by a broker before presentation.",
        outcome="registered",
        channel="",
        status="registered",
        media="json",
    ),
    asks(
        "243-apples-presentation",
        request("GPR", "BA24-0242-P", "BA24-0242", QUAYSIDE),
        "The apples are at the quay.",
        about="BA24-0242",
        action="present",
        status="cleared",
        total=0,
    ),
    lodge(
        "244-steel-two-items",
        exports("BA24-0244", CORVANE, rods, put(rods, sequence_numeric="2"), at=RAIL, to="TR"),
        "Two items, by rail.",
        total=0,
    ),
    lodge(
        "245-drones",
        exports("BA24-0245", PELICAN, drones, at=AIRPORT, to="TR"),
        "A licence, and Customs wants to see it.",
        channel="yellow",
        status="documents_required",
        total=0,
    ),
    lodge(
        "246-vodka-from-warehouse",
        exports("BA24-0246", PHARE, vodka, warehouse="WHS0109"),
        "Re-export from a customs warehouse.",
        total=0,
    ),
]


plates = item(1, "69111000", "Porcelain plates", "1000.00", origin="JP")
lamps = item(1, "94051100", "Ceiling lights", "700.00", quantity=("30", "NAR"))
knives = item(1, "82119200", "Kitchen knives", "400.00", quantity=("100", "NAR"))
new_price = g.GovernmentAgencyGoodsItem(
    sequence_numeric="1",
    commodity=g.Commodity(invoice_line=g.InvoiceLine(item_charge_amount=money("1200.00"))),
)
amend = request(
    "COR",
    "BA24-0251-A",
    "BA24-0251",
    ALDER,
    text="The invoice was for 1200.00, not for 1000.00",
    changes=(("21", PRICE, "112"), ("21", (("42A", None),), "109")),
    invoice_amount=money("1200.00"),
    goods_shipment=GoodsShipment(government_agency_goods_item=(new_price,)),
)
cancel = request("INV", "BA24-0254-C", "BA24-0254", ALDER, text="Declared twice by mistake", reason="1")
cancel_export = request("INV", "BA24-0256-C", "BA24-0256", SALTMARSH, text="The buyer has cancelled", reason="1")
cod = export_item(1, "03036300", "Cod, frozen", "12000.00", net="3000", gross="3200")
REQUESTS = [
    lodge(
        "251-plates-prelodged",
        imports("BA24-0251", ALDER, plates, type_code="IMD"),
        "To be amended.",
        outcome="registered",
        channel="",
        status="registered",
    ),
    asks(
        "252-plates-amended",
        amend,
        "The price is corrected before presentation.",
        about="BA24-0251",
        action="amend",
        channel="",
        status="registered",
        note="version 2",
    ),
    asks(
        "253-plates-presented",
        request("GPR", "BA24-0251-P", "BA24-0251", ALDER),
        "Now the goods are there.",
        about="BA24-0251",
        action="present",
        status="cleared",
        total=41280,
        note="duty 12% x 1200 = 144.00; VAT 20% x 1344.00 = 268.80",
    ),
    lodge(
        "254-lights-prelodged",
        imports("BA24-0254", ALDER, lamps, type_code="IMD"),
        "To be withdrawn.",
        outcome="registered",
        channel="",
        status="registered",
    ),
    asks(
        "255-lights-cancelled",
        cancel,
        "Withdrawn before the goods arrive.",
        about="BA24-0254",
        action="invalidate",
        channel="",
        status="invalidated",
    ),
    lodge("256-cod", exports("BA24-0256", SALTMARSH, cod, to="FR"), "An export that will not take place.", total=0),
    asks(
        "257-cod-cancelled",
        cancel_export,
        "Withdrawn after clearance: an officer decides.",
        about="BA24-0256",
        action="invalidate",
        outcome="registered",
        status="cleared",
    ),
    officer("BA24-0256", "grant_request", status="invalidated", note="the goods have not left"),
    lodge(
        "258-knives",
        imports("BA24-0258", ALDER, knives),
        "Knives.",
        total=12080,
        note="duty 8.5% x 400 = 34.00; VAT 20% x 434.00 = 86.80",
    ),
]

STEPS: list[Step] = [*PRELODGED, *EXPORTS, *REQUESTS]
