# SPDX-License-Identifier: Apache-2.0
"""A declaration of the journal as rows of history; parties by pseudonym, since history outlives who may be erased.

Limits: whether a consignee is a private person and goods are a gift is not known of a declaration: both stay empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from openecp.border.risk.features.feedback import SelectedCase
from openecp.kernel.assessment.reasons import ItemValue
from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.kernel.datamodel.declared import e4, e6, goods_codes, number_of, origin_of
from openecp.kernel.datamodel.item import GovernmentAgencyGoodsItem
from openecp.kernel.parties.entity_key import entity_key

TARIFF, ADDITIONAL = ("TSP", "TRC"), ("TRA", "GN")
PARTIES_MAX, LONG_MAX = 200_000, 1_000
NO_PREFERENCE = "1"  # first figure of a preference code without a preference


class PartyKeys:
    """Pseudonyms of a party: of who it is, of its address, of its identifier; each party as written is worked once."""

    def __init__(self, pseudonym: Callable[[str], str], *, most: int = PARTIES_MAX) -> None:
        """Take what makes a pseudonym, and how many parties are remembered."""
        self._pseudonym, self._most = pseudonym, most
        self._known: dict[tuple[Any, ...], tuple[str, str, str]] = {}
        self._hidden: dict[str, str] = {}

    def of(self, party: Any) -> tuple[str, str, str]:
        """Return the pseudonyms of a party; empty where nobody, no address or no identifier is named."""
        if party is None:
            return "", "", ""
        where = party.address
        written = (party.name, party.id) if where is None else (
            party.name, party.id, where.line, where.postcode_id, where.city_name, where.country_code
        )  # fmt: skip
        found = self._known.get(written)
        if found is None:
            if len(self._known) >= self._most:
                self._known.clear()
                self._hidden.clear()
            address = _address(party)
            key = entity_key(party.name, address, party.id)
            found = self._hide(key), self._hide(address), self._hide((party.id or "")[:LONG_MAX])
            if sum(len(part or "") for part in written) <= LONG_MAX:  # what is longer is no name to be remembered
                self._known[written] = found
        return found

    def _hide(self, key: str) -> str:
        if key and key not in self._hidden:
            self._hidden[key] = self._pseudonym(key)
        return self._hidden[key] if key else ""


def item_rows(
    case: SelectedCase, declaration: Declaration, values: Sequence[ItemValue], currency: str, exponent: int,
    parties: PartyKeys,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return one row of ITEMS for each item. `values` are those of the assessment; without them the declared one."""
    at_us, shipment = microseconds(case.at), declaration.goods_shipment or GoodsShipment()
    assessed = {value.item: value.customs_value_minor for value in values}
    amounts = [
        assessed.get(number_of(item, position))
        for position, item in enumerate(shipment.government_agency_goods_item, start=1)
    ]
    rows = rows_of(declaration, amounts, at_us, currency, exponent, parties)
    for row in rows:
        row["seq"], row["declaration"], row["office"] = case.seq, case.mrn or case.case_id, case.office
        row["stake_minor"] = case.charges.get(row["item"], 0)
    return rows


def rows_of(
    declaration: Declaration, values: Sequence[int | None], at_us: int, currency: str, exponent: int,
    parties: PartyKeys,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the rows of a declaration that is in no journal yet; where a value is None the declared one counts."""
    shipment = declaration.goods_shipment or GoodsShipment()
    means = declaration.border_transport_means
    entity, address, identifier = parties.of(shipment.consignee or shipment.importer)
    shared: dict[str, Any] = {
        "seq": 0, "at_us": at_us, "declaration": "", "office": "", "importer": parties.of(shipment.importer)[0],
        "declarant": parties.of(declaration.declarant)[0], "entity": entity, "address": address,
        "identifier": identifier, "mode": (means.mode_code or "") if means is not None else "", "private": None,
        "gift": None, "stake_minor": 0,
    }  # fmt: skip
    seller = declaration.exporter or shipment.seller or shipment.consignor
    items = shipment.government_agency_goods_item
    return [
        {
            **shared, "item": number_of(item, position),
            "seller": parties.of(item.consignor if seller is None else seller)[0],
            "value_minor": value if value is not None else _declared(item, currency, exponent),
            "departure": _departure(item, shipment), **_goods(item),
        }
        for position, (item, value) in enumerate(zip(items, values, strict=True), start=1)
    ]  # fmt: skip


def _goods(item: GovernmentAgencyGoodsItem) -> dict[str, Any]:
    commodity = item.commodity
    measure = commodity.goods_measure if commodity is not None else None
    mass = e6(measure.net_net_weight_measure) if measure is not None else None
    wanted = measure.tariff_quantity if measure is not None else None
    quantity = e6(wanted)
    unit = (wanted.unit_code or "SUP") if wanted is not None and quantity is not None else "KGM"
    fees = commodity.duty_tax_fee if commodity is not None else ()
    preference = next((fee.duty_regime_code for fee in fees if fee.duty_regime_code), "")
    return {
        "goods": goods_codes(item, TARIFF, ADDITIONAL)[0], "origin": origin_of(item), "unit": unit,
        "quantity_e6": quantity if quantity is not None else mass, "mass_e6": mass,
        "preference": int(bool(preference) and not preference.startswith(NO_PREFERENCE)),
    }  # fmt: skip


def _declared(item: GovernmentAgencyGoodsItem, currency: str, exponent: int) -> int | None:
    """Return the Customs or statistical value as declared, where it is in the national currency."""
    for amount in (item.customs_value_amount, item.statistical_value_amount):
        if amount is not None and amount.currency_id in (None, currency):
            value = e4(amount)
            if value is not None:
                return int(value * 10**exponent // 10_000)
    return None


def _departure(item: GovernmentAgencyGoodsItem, shipment: GoodsShipment) -> str:
    country = item.export_country or shipment.export_country
    return (country.id or "") if country is not None else ""


def _address(party: Any) -> str:
    address = party.address if party is not None else None
    if address is None:
        return ""
    parts = (address.line, address.postcode_id, address.city_name, address.country_code)
    return ", ".join(part for part in parts if part)


def microseconds(moment: str) -> int:
    """Return an instant of the journal in microseconds since 1970."""
    return round(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() * 1_000_000)
