# SPDX-License-Identifier: Apache-2.0
"""Transport means, equipment, places, offices, terms and guarantees of the WCO Data Model 3.6.

Field order is the order of the elements in a message. `Wco(id, format)` is the WCO identifier and
the format that the data model prints; a repeating element is a tuple.

Source: WCO Data Model 3.6, DEC-DMS:2 and RES-DMS:2 customisation.
"""

from __future__ import annotations

from typing import Annotated

from openecp.kernel.datamodel.parties import Address
from openecp.kernel.datamodel.values import Amount, Wco, WcoClass


class BorderTransportMeans(WcoClass, frozen=True, kw_only=True):
    """Active means of transport crossing the border."""

    wco_id = "15A"
    name: Annotated[str | None, Wco("T005", "an..35")] = None
    id: Annotated[str | None, Wco("T006", "an..35")] = None
    identification_type_code: Annotated[str | None, Wco("T018", "an..17")] = None
    type_code: Annotated[str | None, Wco("T010", "an..4")] = None
    registration_nationality_code: Annotated[str | None, Wco("T014", "a2")] = None
    mode_code: Annotated[str | None, Wco("T022", "n1")] = None


class ArrivalTransportMeans(WcoClass, frozen=True, kw_only=True):
    """Means of transport on arrival."""

    wco_id = "10A"
    name: Annotated[str | None, Wco("T001", "an..35")] = None
    id: Annotated[str | None, Wco("T002", "an..35")] = None
    identification_type_code: Annotated[str | None, Wco("T034", "an..17")] = None
    type_code: Annotated[str | None, Wco("T008", "an..4")] = None
    mode_code: Annotated[str | None, Wco("T020", "n1")] = None


class DepartureTransportMeans(WcoClass, frozen=True, kw_only=True):
    """Means of transport on departure."""

    wco_id = "46A"
    name: Annotated[str | None, Wco("T003", "an..35")] = None
    id: Annotated[str | None, Wco("T004", "an..35")] = None
    identification_type_code: Annotated[str | None, Wco("T029", "an..17")] = None
    type_code: Annotated[str | None, Wco("T009", "an..4")] = None
    mode_code: Annotated[str | None, Wco("T021", "n1")] = None


class Seal(WcoClass, frozen=True, kw_only=True):
    """Seal on transport equipment."""

    wco_id = "44B"
    sequence_numeric: Annotated[str | None, Wco("006", "n..5")] = None
    id: Annotated[str | None, Wco("165", "an..35")] = None


class TransportEquipment(WcoClass, frozen=True, kw_only=True):
    """Container or other equipment and its seals."""

    wco_id = "31B"
    sequence_numeric: Annotated[str | None, Wco("006", "n..5")] = None
    id: Annotated[str | None, Wco("159", "an..17")] = None
    seal: tuple[Seal, ...] = ()


class Freight(WcoClass, frozen=True, kw_only=True):
    """How the freight is paid."""

    wco_id = "62A"
    payment_method_code: Annotated[str | None, Wco("098", "an..3")] = None


class Itinerary(WcoClass, frozen=True, kw_only=True):
    """Country on the route."""

    wco_id = "81A"
    sequence_numeric: Annotated[str | None, Wco("006", "n..5")] = None
    routing_country_code: Annotated[str | None, Wco("064", "a2")] = None


class GoodsLocation(WcoClass, frozen=True, kw_only=True):
    """Place where the goods can be examined."""

    wco_id = "64A"
    name: Annotated[str | None, Wco("L016", "an..256")] = None
    id: Annotated[str | None, Wco("L017", "an..17")] = None
    type_code: Annotated[str | None, Wco("L110", "an..3")] = None
    address: Address | None = None


class LoadingLocation(WcoClass, frozen=True, kw_only=True):
    """Place of loading."""

    wco_id = "83A"
    name: Annotated[str | None, Wco("L009", "an..256")] = None
    id: Annotated[str | None, Wco("L010", "an..17")] = None


class Warehouse(WcoClass, frozen=True, kw_only=True):
    """Customs warehouse."""

    wco_id = "43B"
    id: Annotated[str | None, Wco("L019", "an..35")] = None
    type_code: Annotated[str | None, Wco("L112", "an..3")] = None


class ExitOffice(WcoClass, frozen=True, kw_only=True):
    """Customs office of exit."""

    wco_id = "56A"
    id: Annotated[str | None, Wco("G005", "an..17")] = None


class PresentationOffice(WcoClass, frozen=True, kw_only=True):
    """Customs office where the goods are presented."""

    wco_id = "15C"
    id: Annotated[str | None, Wco("G015", "an..17")] = None


class SupervisingOffice(WcoClass, frozen=True, kw_only=True):
    """Customs office that supervises the procedure."""

    wco_id = "97B"
    id: Annotated[str | None, Wco("G012", "an..17")] = None


class GuaranteeOffice(WcoClass, frozen=True, kw_only=True):
    """Customs office of the guarantee."""

    wco_id = "14C"
    id: Annotated[str | None, Wco("G014", "an..17")] = None


class ExportCountry(WcoClass, frozen=True, kw_only=True):
    """Country of dispatch or export."""

    wco_id = "95B"
    id: Annotated[str | None, Wco("062", "a2")] = None


class Destination(WcoClass, frozen=True, kw_only=True):
    """Country or region of destination."""

    wco_id = "99B"
    country_code: Annotated[str | None, Wco("465", "a2")] = None
    region_id: Annotated[str | None, Wco("477", "an..9")] = None


class TradeTerms(WcoClass, frozen=True, kw_only=True):
    """Delivery terms: Incoterm and named place."""

    wco_id = "22B"
    condition_code: Annotated[str | None, Wco("090", "a3")] = None
    country_relationship_code: Annotated[str | None, Wco("106", "an..3")] = None
    description: Annotated[str | None, Wco("089", "an..70")] = None
    location_id: Annotated[str | None, Wco("L002", "an..17")] = None
    location_name: Annotated[str | None, Wco("L001", "an..256")] = None


class CurrencyExchange(WcoClass, frozen=True, kw_only=True):
    """Currency and agreed rate."""

    wco_id = "40A"
    currency_type_code: Annotated[str | None, Wco("135", "a3")] = None
    rate_numeric: Annotated[str | None, Wco("118", "n..12,5")] = None


class ObligationGuarantee(WcoClass, frozen=True, kw_only=True):
    """Guarantee for the duties and taxes; `security_details_code` is its kind."""

    wco_id = "90A"
    amount_amount: Annotated[Amount | None, Wco("492", "n..16,3")] = None
    id: Annotated[str | None, Wco("D014", "an..70")] = None
    reference_id: Annotated[str | None, Wco("100", "an..35")] = None
    security_details_code: Annotated[str | None, Wco("101", "an..3")] = None
    access_code: Annotated[str | None, Wco("499", "an..4")] = None
    guarantee_office: GuaranteeOffice | None = None
