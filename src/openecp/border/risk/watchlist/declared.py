# SPDX-License-Identifier: Apache-2.0
"""Which parties a declaration names, as lists are compared with them: the same party online, at the desk, in files.

Limits: 60 parties a declaration; parties without a name are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openecp.border.risk.watchlist.party import NAME_MAX, Party
from openecp.kernel.datamodel.declaration import Declaration

PARTIES_MAX, ADDRESS_MAX = 60, 400


def declared_parties(declaration: Declaration) -> list[tuple[str, Party]]:
    """Return the parties that a declaration and its items name, each with its part in it, each party once."""
    found: dict[Party, str] = {}
    for role, one in _named(declaration):
        if one is None or not one.name:
            continue
        if len(found) >= PARTIES_MAX:
            break
        found.setdefault(party_named(one.name, getattr(one, "address", None)), role)
    return [(role, party) for party, role in found.items()]


def party_named(name: str, where: Any) -> Party:
    """Return a party by its name and address as they are declared."""
    told = [where.line, where.postcode_id, where.city_name] if where is not None else []
    return Party(name=name[:NAME_MAX], address=" ".join(part for part in told if part)[:ADDRESS_MAX])


def _named(declaration: Declaration) -> Iterator[tuple[str, Any]]:
    shipment = declaration.goods_shipment
    if shipment is not None:
        yield "importer", shipment.importer
    yield "exporter", declaration.exporter
    yield "declarant", declaration.declarant
    if shipment is not None:
        for part in (shipment, *shipment.government_agency_goods_item):
            for role in ("consignee", "seller", "buyer", "consignor"):
                yield role, getattr(part, role)
    yield "agent", declaration.agent
