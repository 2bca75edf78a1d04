# SPDX-License-Identifier: Apache-2.0
"""Parts of synthetic declarations that many share: structs are frozen, so each is made once and used again."""

from __future__ import annotations

import random
from functools import cache

from openecp.kernel.datamodel.documents import AdditionalDocument
from openecp.kernel.datamodel.item import (
    Classification,
    Commodity,
    CustomsValuation,
    DutyTaxFee,
    GoodsMeasure,
    GovernmentAgencyGoodsItem,
    GovernmentProcedure,
    InvoiceLine,
    Origin,
    Packaging,
    Payment,
    ValuationAdjustment,
)
from openecp.kernel.datamodel.parties import (
    Address,
    Agent,
    Exporter,
)
from openecp.kernel.datamodel.transport import (
    ArrivalTransportMeans,
    BorderTransportMeans,
    DepartureTransportMeans,
    Destination,
    GoodsLocation,
    TradeTerms,
)
from openecp.kernel.datamodel.values import Amount, Quantity
from openecp.platform.cli.traffic_goods import Catalogue, Goods

ABROAD = {
    "CN": ("Nine Rivers Trading Co", "Xiamen"),
    "US": ("Prairie Union Inc", "Omaha"),
    "FR": ("Comptoir du Rhin SAS", "Colmar"),
    "NO": ("Skagerrak Export AS", "Larvik"),
    "TR": ("Ege Ticaret AS", "Izmir"),
    "BR": ("Planalto Comercial Ltda", "Goiania"),
    "JP": ("Kitano Shoji KK", "Sendai"),
    "MA": ("Atlas Negoce SARL", "Safi"),
    "QM": ("Marnport Combined Mills", "Marnport"),
    "QS": ("Maison Solvane", "Solvane-Ville"),
    "BD": ("Meghna Textiles Ltd", "Chattogram"),
    "GB": ("Pennine Goods Ltd", "Leeds"),
}
PEOPLE = ("A. Moreau", "B. Osei", "C. Lindqvist", "D. Arvent", "E. Takoma", "F. Brisset", "G. Halloran", "H. Verne")
_MEANS = {"1": ("9312456", "10"), "2": ("33 87 4671 112-3", "20"), "3": ("XB 771 VA", "30"), "4": ("AQ 417", "40")}
CURRENCIES = ("XBM", "XBM", "XBM", "EUR", "USD", "GBP")
ARRIVED, NONE = GovernmentProcedure(current_code="40", previous_code="00"), GovernmentProcedure(current_code="000")
EXPORTED = GovernmentProcedure(current_code="10", previous_code="00")
LOW, CLEARANCE = GovernmentProcedure(current_code="L01"), GovernmentProcedure(current_code="00", previous_code="12")
METHOD_1, NO_INDICATOR = CustomsValuation(method_code="1"), ValuationAdjustment(addition_code="0000")
DEFERRED = Payment(method_code="E")
HOME = Destination(country_code="XB")
TERMS = TradeTerms(condition_code="CIF", location_name="Brisande")


@cache
def address(country: str, city: str) -> Address:
    """Return an address of an invented street."""
    return Address(city_name=city, country_code=country, line="1 Market Street", postcode_id="1000")


@cache
def exporter_in(country: str) -> Exporter:
    """Return the invented exporter of a country."""
    name, city = ABROAD[country]
    return Exporter(name=name, address=address(country, city))


@cache
def origin_of(country: str, kind: str) -> tuple[Origin, ...]:
    """Return one country of origin, non-preferential (1) or preferential (2)."""
    return (Origin(country_code=country, type_code=kind),)


@cache
def document(code: str, number: str) -> AdditionalDocument:
    """Return a document by its four-character code and number."""
    return AdditionalDocument(category_code=code[0], id=number, type_code=code[1:], lpco_exemption_code="AC")


@cache
def place(name: str) -> GoodsLocation:
    """Return where the goods can be examined."""
    return GoodsLocation(name=name, type_code="A", address=Address(type_code="U", country_code="XB"))


@cache
def classification(code: str, vat_code: str) -> tuple[Classification, ...]:
    """Return the goods code, and the additional code of a reduced rate where there is one."""
    whole = Classification(id=code, identification_type_code="TSP")
    return (whole, Classification(id=vat_code, identification_type_code="GN")) if vat_code else (whole,)


class Shaper:
    """Puts declarations together out of a catalogue, as one source of random numbers says."""

    def __init__(self, catalogue: Catalogue, draw: random.Random) -> None:
        self.catalogue, self.draw = catalogue, draw

    def price(self, least: int, most: int) -> str:
        """Return an amount with two decimals, small ones more often."""
        minor = int(least * 100 * (most / least) ** self.draw.random())
        return f"{minor // 100}.{minor % 100:02d}"

    def goods(self) -> Goods:
        """Return goods of the tariff."""
        goods = self.catalogue.goods
        return goods[int(self.draw.random() * len(goods))]

    def import_item(self, number: int, currency: str, origin: str, *, simplified: bool = False) -> tuple[
        GovernmentAgencyGoodsItem, int
    ]:  # fmt: skip
        """Return an item for home use and its number of packages."""
        draw, goods = self.draw, self.goods()
        preference, kind = "100", "1"
        if goods.preferences and draw.random() < 0.5:
            origin, preference = goods.preferences[int(draw.random() * len(goods.preferences))]
            kind = "2"
        net = 1 + int(2000 * draw.random() ** 3)
        packages = 1 + net // 20
        documents = [document("N380", f"INV-{int(draw.random() * 9000) + 1000}")]
        documents += [document(code, f"C-{code}") for code in goods.import_documents]
        price = None if simplified else self.price(20, 20000)
        commodity = Commodity(
            description=goods.text,
            classification=classification(goods.code, goods.vat_code),
            duty_tax_fee=() if simplified else (fee(preference),),
            goods_measure=GoodsMeasure(
                gross_mass_measure=Quantity(value=str(net + packages)),
                net_net_weight_measure=Quantity(value=str(net)),
                tariff_quantity=Quantity(value=str(1 + net // 2), unit_code=goods.unit) if goods.unit else None,
            ),
            invoice_line=InvoiceLine(item_charge_amount=Amount(value=price, currency_id=currency)) if price else None,
        )
        item = GovernmentAgencyGoodsItem(
            sequence_numeric=str(number),
            additional_document=tuple(documents),
            commodity=commodity,
            customs_valuation=None if simplified else METHOD_1,
            government_procedure=(ARRIVED, NONE),
            origin=origin_of(origin, kind),
            packaging=(packaging(packages),),
            valuation_adjustment=None if simplified else NO_INDICATOR,
        )
        return item, packages


@cache
def fee(preference: str) -> DutyTaxFee:
    """Return the tariff treatment asked for, paid on the deferment account."""
    return DutyTaxFee(duty_regime_code=preference, payment=DEFERRED)


@cache
def packaging(packages: int) -> Packaging:
    """Return so many packages, marked as addressed."""
    return Packaging(
        sequence_numeric="1",
        marks_numbers_id="AS ADDR",
        quantity_quantity=Quantity(value=str(packages)),
        type_code="CT",
    )


@cache
def border(mode: str) -> BorderTransportMeans:
    """Return the means of transport at the border; rail and post have no nationality."""
    return BorderTransportMeans(registration_nationality_code=None if mode in "25" else "NO", mode_code=mode)


@cache
def arrival(mode: str) -> ArrivalTransportMeans:
    """Return the means of transport on arrival."""
    means, kind = _MEANS[mode]
    return ArrivalTransportMeans(id=means, identification_type_code=kind)


@cache
def departure(mode: str) -> DepartureTransportMeans:
    """Return the means of transport on departure."""
    means, kind = _MEANS[mode]
    return DepartureTransportMeans(id=means, identification_type_code=kind)


def sender_for(shaper: Shaper, principal: str) -> tuple[str, Agent | None]:
    """Return who declares for a principal: itself, or one of its agents half of the time."""
    agents = shaper.catalogue.agents.get(principal, ())
    if not agents or shaper.draw.random() < 0.5:
        return principal, None
    agent, kind = agents[int(shaper.draw.random() * len(agents))]
    return agent, Agent(id=agent, function_code="2" if kind == "direct" else "3")


def account_document(account: str) -> tuple[AdditionalDocument, ...]:
    """Return the document that names a deferment account."""
    return (AdditionalDocument(category_code="1", id=account, type_code="DAN"),)
