# SPDX-License-Identifier: Apache-2.0
"""How a synthetic declaration is spoilt, so that Customs must reject it."""

from __future__ import annotations

import random

from msgspec.structs import replace

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.item import (
    Commodity,
)
from openecp.kernel.datamodel.transport import (
    BorderTransportMeans,
)
from openecp.kernel.datamodel.values import Quantity


def spoil(declaration: Declaration, draw: random.Random) -> tuple[Declaration, str]:
    """Return the declaration with one fault, and what kind of fault it is."""
    fault = _FAULTS[int(draw.random() * len(_FAULTS))]
    return fault(declaration), fault.__name__.strip("_")


def _miscounted(declaration: Declaration) -> Declaration:
    return replace(declaration, goods_item_quantity=Quantity(value="998"))


def _unknown_mode(declaration: Declaration) -> Declaration:
    return replace(declaration, border_transport_means=BorderTransportMeans(mode_code="6"))


def _no_office(declaration: Declaration) -> Declaration:
    return replace(declaration, declaration_office_id=None)


def _unknown_office(declaration: Declaration) -> Declaration:
    return replace(declaration, declaration_office_id="XB009999")


def _no_gross_mass(declaration: Declaration) -> Declaration:
    shipment = declaration.goods_shipment
    if shipment is None:
        return declaration
    first, *rest = shipment.government_agency_goods_item
    commodity = replace(first.commodity or Commodity(), goods_measure=None)
    items = (replace(first, commodity=commodity), *rest)
    return replace(declaration, goods_shipment=replace(shipment, government_agency_goods_item=items))


def _no_location(declaration: Declaration) -> Declaration:
    shipment = declaration.goods_shipment
    if shipment is None or shipment.consignment is None:
        return declaration
    bare = replace(shipment, consignment=replace(shipment.consignment, goods_location=None))
    return replace(declaration, goods_shipment=bare)


_FAULTS = (_miscounted, _unknown_mode, _no_office, _unknown_office, _no_gross_mass, _no_location)
