# SPDX-License-Identifier: Apache-2.0
"""Where the goods are: as declared, or as the office found them at arrival.

A location is country, type, qualifier and name in one text, as movement messages have it: `GBAUBELBFSBEL`.
"""

from __future__ import annotations

import re

from openecp.kernel.datamodel.declaration import Consignment, Declaration, GoodsShipment
from openecp.kernel.datamodel.parties import Address
from openecp.kernel.datamodel.transport import GoodsLocation

AT_ARRIVAL = "16"  # ChangeReasonCode: location set at arrival
_FORM = re.compile(r"([A-Z]{2})([A-Z])([A-Z])([0-9A-Za-z]{1,35})")


def goods_location_of(text: str | None, declaration: Declaration | None) -> GoodsLocation | None:
    """Return the location that a text names, else the declared one."""
    match = _FORM.fullmatch((text or "").strip())
    if match is not None:
        country, kind, qualifier, name = match.groups()
        return GoodsLocation(name=name, type_code=kind, address=Address(type_code=qualifier, country_code=country))
    shipment = declaration.goods_shipment if declaration is not None else None
    consignment = shipment.consignment if shipment is not None else None
    return consignment.goods_location if consignment is not None else None


def arrival_changes(location: GoodsLocation) -> tuple[Declaration, list[dict[str, str]]]:
    """Return the new values and the changes (reason, pointer) of setting the goods' location at arrival."""
    values = Declaration(goods_shipment=GoodsShipment(consignment=Consignment(goods_location=location)))
    base = "42A/67A/28A/64A"
    address = location.address
    places = [
        (location.name, f"{base}.L016"),
        (location.id, f"{base}.L017"),
        (location.type_code, f"{base}.L110"),
        (address.country_code if address else None, f"{base}/04A.242"),
        (address.type_code if address else None, f"{base}/04A.410"),
    ]
    return values, [{"reason": AT_ARRIVAL, "pointer": pointer} for value, pointer in places if value]
