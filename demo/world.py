# SPDX-License-Identifier: Apache-2.0
"""The invented world of the demonstration: parties, places and sellers abroad, and the small parts of a message."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

import openecp.kernel.datamodel.documents as d
import openecp.kernel.datamodel.item as g
import openecp.kernel.datamodel.parties as p
import openecp.kernel.datamodel.transport as t
from openecp.kernel.datamodel.values import Amount, DateTime

NATIONAL = "XBM"
ACCOUNT = {f"XB1000{n:04d}": f"DEF{n:04d}" for n in (*range(101, 111), 301, 501)}

# party names as in the profile's parties.csv
ALDER, VERLAINE, CORVANE, TIDEWATER = "XB10000101", "XB10000102", "XB10000103", "XB10000104"
PELICAN, SALTMARSH, ORCHARD, NORTHGATE = "XB10000105", "XB10000106", "XB10000107", "XB10000108"
PHARE, LUMEN, OLD_MILL, BLUE_LANTERN = "XB10000109", "XB10000110", "XB10000111", "XB10000112"
QUAYSIDE, TRANSIT_PLUS, HARBOUR_HILL, POST = "XB10000201", "XB10000202", "XB10000203", "XB10000301"


class Place(NamedTuple):
    """Where goods cross the border: office, goods location, mode of transport, means, its nationality."""

    office: str
    location: str
    mode: str
    means: str
    means_type: str
    nationality: str


PORT = Place("XB000101", "BRISQ01", "1", "9312456", "10", "NO")
AIRPORT = Place("XB000201", "BRISAIR01", "4", "AQ 417", "40", "XB")
ROAD = Place("XB000301", "REDBRIDGE1", "3", "QS 482 TR", "30", "QS")
RAIL = Place("XB000302", "WINDYRAIL1", "2", "33 87 4671 112-3", "20", "QM")
MAIL = Place("XB000401", "POSTHALL1", "5", "", "", "")
BOND = Place("XB000501", "BONDVAL1", "3", "XB 771 VA", "30", "XB")

ABROAD = {
    "NO": ("Fjordhandel AS", "Oslo", "Havnegata 4", "0150"),
    "BD": ("Padma Garments Ltd", "Dhaka", "12 Mill Road", "1207"),
    "CN": ("Eastern Bright Export Co", "Ningbo", "88 Harbour Avenue", "315800"),
    "GB": ("Glen Arrow Distillers Ltd", "Elgin", "3 Still Lane", "IV30 1AA"),
    "FR": ("Laiterie des Trois Prés", "Vesoul", "7 rue du Lavoir", "70000"),
    "US": ("Great Lakes Supply Inc", "Duluth", "1400 Pier Street", "55802"),
    "BR": ("Açúcar do Vale Ltda", "Santos", "Rua do Cais 20", "11010"),
    "JP": ("Minato Parts KK", "Nagoya", "2-4 Kaigan", "455-0033"),
    "TR": ("Boğaz Çelik AŞ", "İzmit", "Liman Caddesi 9", "41100"),
    "MA": ("Jardins du Souss SARL", "Agadir", "Route du Port 15", "80000"),
    "QM": ("Marnia Apparel Works", "Marnport", "5 Loom Street", "M100"),
    "QP": ("Tarn Solar and Cycles", "Port Tarn", "44 Dock Road", "T220"),
    "QS": ("Caves de Solvane", "Solvane-Ville", "1 place du Marché", "S10"),
    "QT": ("Halden Strip Company", "Halden", "9 Furnace Way", "H900"),
}


def money(value: str, currency: str = NATIONAL) -> Amount:
    """Return an amount of money."""
    return Amount(value=value, currency_id=currency)


def document(code: str, number: str, *, status: str | None = "AC") -> d.AdditionalDocument:
    """Return a document: its code is category (one character) and type."""
    return d.AdditionalDocument(
        category_code=code[0], id=number, type_code=code[1:], lpco_exemption_code=status if code[0] != "D" else None
    )


def statement(code: str, text: str | None = None) -> d.AdditionalInformation:
    """Return a coded statement of the declarant."""
    return d.AdditionalInformation(statement_code=code, statement_description=text)


def charge(kind: str, value: str, currency: str = NATIONAL) -> g.ChargeDeduction:
    """Return an addition to the price, or a deduction from it."""
    return g.ChargeDeduction(charges_type_code=kind, other_charge_deduction_amount=money(value, currency))


class Fee(NamedTuple):
    """One DutyTaxFee entry: a quantity to compute with, or how one tax type is paid."""

    tax_type: str | None = None
    method: str | None = None
    quantity: str | None = None
    unit: str | None = None


def put(struct: Any, **changes: Any) -> Any:
    """Return the struct with other values."""
    return msgspec.structs.replace(struct, **changes)


def abroad(country: str) -> p.Exporter:
    """Return the exporter in a country, by name and address."""
    name, city, line, postcode = ABROAD[country]
    address = p.Address(city_name=city, country_code=country, line=line, postcode_id=postcode)
    return p.Exporter(name=name, address=address)


def location(at: Place) -> t.GoodsLocation:
    """Return the designated place of an office."""
    return t.GoodsLocation(name=at.location, type_code="A", address=p.Address(type_code="U", country_code="XB"))


def accepted_on(day: str) -> DateTime:
    """Return the acceptance date of a supplementary declaration (CCYYMMDD), at noon."""
    return DateTime(value=f"{day}120000+02", format_code="304")
