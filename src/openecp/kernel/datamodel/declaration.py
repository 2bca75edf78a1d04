# SPDX-License-Identifier: Apache-2.0
"""The WCO Data Model 3.6 declaration, from the root to the goods shipment.

Field order is the order of the elements in a message. `Wco(id, format)` is the WCO identifier and
the format that the data model prints; a repeating element is a tuple.

Source: WCO Data Model 3.6, DEC-DMS:2 and RES-DMS:2 customisation.
"""

from __future__ import annotations

from typing import Annotated

from openecp.kernel.datamodel.documents import (
    UCR,
    AdditionalDocument,
    AdditionalInformation,
    Amendment,
    Authentication,
    Invoice,
    PreviousDocument,
)
from openecp.kernel.datamodel.item import CustomsValuation, GovernmentAgencyGoodsItem
from openecp.kernel.datamodel.parties import (
    AEOMutualRecognitionParty,
    Agent,
    AuthorisationHolder,
    Buyer,
    Carrier,
    Consignee,
    Consignor,
    Declarant,
    DomesticDutyTaxParty,
    Exporter,
    Importer,
    Payer,
    Seller,
    Submitter,
    Surety,
)
from openecp.kernel.datamodel.transport import (
    ArrivalTransportMeans,
    BorderTransportMeans,
    CurrencyExchange,
    DepartureTransportMeans,
    Destination,
    ExitOffice,
    ExportCountry,
    Freight,
    GoodsLocation,
    Itinerary,
    LoadingLocation,
    ObligationGuarantee,
    PresentationOffice,
    SupervisingOffice,
    TradeTerms,
    TransportEquipment,
    Warehouse,
)
from openecp.kernel.datamodel.values import Amount, DateTime, Quantity, Wco, WcoClass


class ConsignmentItem(WcoClass, frozen=True, kw_only=True):
    """Item of the consignment as carried."""

    wco_id = "29A"
    sequence_numeric: Annotated[str | None, Wco("006", "n..5")] = None
    consignor: Consignor | None = None
    freight: Freight | None = None


class Consignment(WcoClass, frozen=True, kw_only=True):
    """What is carried together: transport means, equipment, places."""

    wco_id = "28A"
    container_code: Annotated[str | None, Wco("096", "an..3")] = None
    arrival_transport_means: ArrivalTransportMeans | None = None
    departure_transport_means: DepartureTransportMeans | None = None
    goods_location: GoodsLocation | None = None
    loading_location: LoadingLocation | None = None
    transport_equipment: tuple[TransportEquipment, ...] = ()
    carrier: Carrier | None = None
    consignment_item: tuple[ConsignmentItem, ...] = ()
    consignor: Consignor | None = None
    freight: Freight | None = None
    itinerary: tuple[Itinerary, ...] = ()


class GoodsShipment(WcoClass, frozen=True, kw_only=True):
    """What is sold or sent together: parties, terms, items."""

    wco_id = "67A"
    exit_date_time: Annotated[DateTime | None, Wco("024", "an..35")] = None
    transaction_nature_code: Annotated[str | None, Wco("103", "n..2")] = None
    aeo_mutual_recognition_party: tuple[AEOMutualRecognitionParty, ...] = ()
    buyer: Buyer | None = None
    consignee: Consignee | None = None
    consignment: Consignment | None = None
    consignor: Consignor | None = None
    customs_valuation: CustomsValuation | None = None
    destination: Destination | None = None
    domestic_duty_tax_party: tuple[DomesticDutyTaxParty, ...] = ()
    export_country: ExportCountry | None = None
    government_agency_goods_item: tuple[GovernmentAgencyGoodsItem, ...] = ()
    importer: Importer | None = None
    invoice: Invoice | None = None
    payer: Payer | None = None
    previous_document: tuple[PreviousDocument, ...] = ()
    seller: Seller | None = None
    surety: Surety | None = None
    trade_terms: TradeTerms | None = None
    ucr: UCR | None = None
    warehouse: Warehouse | None = None


class Declaration(WcoClass, frozen=True, kw_only=True):
    """Statement by which a person places goods under a customs procedure, or asks to change one."""

    wco_id = "42A"
    acceptance_date_time: Annotated[DateTime | None, Wco("023", "an..35")] = None
    function_code: Annotated[str | None, Wco("017", "n..2")] = None
    functional_reference_id: Annotated[str | None, Wco("D026", "an..35")] = None
    id: Annotated[str | None, Wco("D014", "an..70")] = None
    issue_date_time: Annotated[DateTime | None, Wco("D011", "an..35")] = None
    issue_location_id: Annotated[str | None, Wco("D012", "an..5")] = None
    type_code: Annotated[str | None, Wco("D013", "an..3")] = None
    goods_item_quantity: Annotated[Quantity | None, Wco("228", "n..5")] = None
    declaration_office_id: Annotated[str | None, Wco("065", "an..17")] = None
    invoice_amount: Annotated[Amount | None, Wco("109", "n..16,3")] = None
    loading_list_quantity: Annotated[Quantity | None, Wco("013", "n..5")] = None
    total_gross_mass_measure: Annotated[Quantity | None, Wco("131", "n..16,6")] = None
    total_package_quantity: Annotated[Quantity | None, Wco("146", "n..8")] = None
    specific_circumstances_code_code: Annotated[str | None, Wco("504", "an..3")] = None
    authentication: Authentication | None = None
    submitter: Submitter | None = None
    additional_document: tuple[AdditionalDocument, ...] = ()
    additional_information: tuple[AdditionalInformation, ...] = ()
    agent: Agent | None = None
    amendment: tuple[Amendment, ...] = ()
    authorisation_holder: tuple[AuthorisationHolder, ...] = ()
    border_transport_means: BorderTransportMeans | None = None
    consignment: Consignment | None = None
    currency_exchange: tuple[CurrencyExchange, ...] = ()
    declarant: Declarant | None = None
    exit_office: ExitOffice | None = None
    exporter: Exporter | None = None
    goods_shipment: GoodsShipment | None = None
    obligation_guarantee: tuple[ObligationGuarantee, ...] = ()
    presentation_office: PresentationOffice | None = None
    supervising_office: SupervisingOffice | None = None
