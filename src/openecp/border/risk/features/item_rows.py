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
NO_PREFERENCE = "1"  # first figure of a preference code without a preference


def item_rows(
    case: SelectedCase, declaration: Declaration, values: Sequence[ItemValue], currency: str, exponent: int,
    pseudonym: Callable[[str], str],
) -> list[dict[str, Any]]:  # fmt: skip
    """Return one row of ITEMS for each item. `values` are those of the assessment; without them the declared one."""
    shipment = declaration.goods_shipment or GoodsShipment()
    assessed = {value.item: value.customs_value_minor for value in values}
    means = declaration.border_transport_means
    importer, declarant = shipment.importer, declaration.declarant
    consignee = shipment.consignee or importer
    shared: dict[str, Any] = {
        "seq": case.seq, "at_us": _microseconds(case.at), "declaration": case.mrn or case.case_id,
        "office": case.office, "importer": _party(importer, pseudonym),
        "declarant": _party(declarant, pseudonym), "entity": _party(consignee, pseudonym),
        "address": _hidden(_address(consignee), pseudonym),
        "identifier": _hidden((consignee.id or "") if consignee is not None else "", pseudonym),
        "mode": (means.mode_code or "") if means is not None else "", "private": None, "gift": None,
    }  # fmt: skip
    seller = declaration.exporter or shipment.seller or shipment.consignor
    rows = []
    for position, item in enumerate(shipment.government_agency_goods_item, start=1):
        number = number_of(item, position)
        value = assessed.get(number)
        rows.append({
            **shared, "item": number, "seller": _party(item.consignor if seller is None else seller, pseudonym),
            "value_minor": value if value is not None else _declared(item, currency, exponent),
            "departure": _departure(item, shipment), "stake_minor": case.charges.get(number, 0), **_goods(item),
        })  # fmt: skip
    return rows


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


def _party(party: Any, pseudonym: Callable[[str], str]) -> str:
    if party is None:
        return ""
    return _hidden(entity_key(party.name, _address(party), party.id), pseudonym)


def _address(party: Any) -> str:
    address = party.address if party is not None else None
    if address is None:
        return ""
    parts = (address.line, address.postcode_id, address.city_name, address.country_code)
    return ", ".join(part for part in parts if part)


def _hidden(key: str, pseudonym: Callable[[str], str]) -> str:
    return pseudonym(key) if key else ""


def _microseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() * 1_000_000)
