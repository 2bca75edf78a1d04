# SPDX-License-Identifier: Apache-2.0
"""The goods item of the WCO Data Model 3.6: commodity, measures, duties, procedures, valuation.

Field order is the order of the elements in a message. `Wco(id, format)` is the WCO identifier and
the format that the data model prints; a repeating element is a tuple.

Source: WCO Data Model 3.6, DEC-DMS:2 and RES-DMS:2 customisation.
"""

from __future__ import annotations

from typing import Annotated

from openecp.kernel.datamodel.documents import UCR, AdditionalDocument, AdditionalInformation, PreviousDocument
from openecp.kernel.datamodel.parties import (
    AEOMutualRecognitionParty,
    Buyer,
    Consignee,
    Consignor,
    DomesticDutyTaxParty,
    Seller,
)
from openecp.kernel.datamodel.transport import Destination, ExportCountry, ObligationGuarantee, TransportEquipment
from openecp.kernel.datamodel.values import Amount, DateTime, Quantity, Wco, WcoClass


class Classification(WcoClass, frozen=True, kw_only=True):
    """One classification of the commodity; `identification_type_code` says in which nomenclature."""

    wco_id = "21A"
    id: Annotated[str | None, Wco("145", "an..18")] = None
    identification_type_code: Annotated[str | None, Wco("337", "an..3")] = None


class DangerousGoods(WcoClass, frozen=True, kw_only=True):
    """Dangerous goods code."""

    wco_id = "12C"
    u_n_d_g_id: Annotated[str | None, Wco("506", "n..4")] = None


class Payment(WcoClass, frozen=True, kw_only=True):
    """Method of payment, and in replies the amounts assessed and payable."""

    wco_id = "94A"
    reference_id: Annotated[str | None, Wco("014", "an..35")] = None
    method_code: Annotated[str | None, Wco("107", "a1")] = None
    tax_assessed_amount: Annotated[Amount | None, Wco("120", "n..16,3")] = None
    due_date_time: Annotated[DateTime | None, Wco("376", "an..35")] = None
    payment_amount: Annotated[Amount | None, Wco("378", "n..16,3")] = None
    obligation_guarantee: tuple[ObligationGuarantee, ...] = ()


class DutyTaxFee(WcoClass, frozen=True, kw_only=True):
    """What bears on duties and taxes: tax type, preference, quota order, bases, payment."""

    wco_id = "50A"
    ad_valorem_tax_base_amount: Annotated[Amount | None, Wco("116", "n..16,3")] = None
    deduct_amount: Annotated[Amount | None, Wco("111", "n..16,3")] = None
    duty_regime_code: Annotated[str | None, Wco("164", "an..3")] = None
    specific_tax_base_quantity: Annotated[Quantity | None, Wco("129", "n..16,6")] = None
    tax_rate_numeric: Annotated[str | None, Wco("115", "an..17,3")] = None
    type_code: Annotated[str | None, Wco("113", "an..3")] = None
    quota_order_id: Annotated[str | None, Wco("401", "an..17")] = None
    payment: Payment | None = None


class GoodsMeasure(WcoClass, frozen=True, kw_only=True):
    """Gross and net mass, and the quantity in the tariff's unit."""

    wco_id = "65A"
    gross_mass_measure: Annotated[Quantity | None, Wco("126", "n..16,6")] = None
    net_net_weight_measure: Annotated[Quantity | None, Wco("128", "n..16,6")] = None
    tariff_quantity: Annotated[Quantity | None, Wco("130", "n..16,6")] = None


class InvoiceLine(WcoClass, frozen=True, kw_only=True):
    """Price of the item."""

    wco_id = "79A"
    item_charge_amount: Annotated[Amount | None, Wco("112", "n..16,3")] = None


class Commodity(WcoClass, frozen=True, kw_only=True):
    """The goods themselves."""

    wco_id = "23A"
    description: Annotated[str | None, Wco("137", "an..512")] = None
    classification: tuple[Classification, ...] = ()
    dangerous_goods: tuple[DangerousGoods, ...] = ()
    duty_tax_fee: tuple[DutyTaxFee, ...] = ()
    goods_measure: GoodsMeasure | None = None
    invoice_line: InvoiceLine | None = None
    transport_equipment: tuple[TransportEquipment, ...] = ()


class GovernmentProcedure(WcoClass, frozen=True, kw_only=True):
    """Procedure (current and previous code), or an additional procedure code (no previous code)."""

    wco_id = "70A"
    current_code: Annotated[str | None, Wco("166", "an..7")] = None
    previous_code: Annotated[str | None, Wco("161", "an..7")] = None


class Origin(WcoClass, frozen=True, kw_only=True):
    """Country of origin; `type_code` 1 non-preferential, 2 preferential."""

    wco_id = "92A"
    country_code: Annotated[str | None, Wco("063", "an..4")] = None
    region_id: Annotated[str | None, Wco("066", "an..9")] = None
    type_code: Annotated[str | None, Wco("501", "an..3")] = None


class Packaging(WcoClass, frozen=True, kw_only=True):
    """Packages of the item."""

    wco_id = "93A"
    sequence_numeric: Annotated[str | None, Wco("006", "n..5")] = None
    marks_numbers_id: Annotated[str | None, Wco("142", "an..512")] = None
    quantity_quantity: Annotated[Quantity | None, Wco("144", "n..8")] = None
    type_code: Annotated[str | None, Wco("141", "an..2")] = None
    packing_material_description: Annotated[str | None, Wco("344", "an..256")] = None
    length_measure: Annotated[Quantity | None, Wco("367", "n..15")] = None
    width_measure: Annotated[Quantity | None, Wco("368", "n..15")] = None
    height_measure: Annotated[Quantity | None, Wco("402", "n..15")] = None
    volume_measure: Annotated[Quantity | None, Wco("395", "n..16,6")] = None


class ChargeDeduction(WcoClass, frozen=True, kw_only=True):
    """Addition to, or deduction from, the price."""

    wco_id = "58B"
    charges_type_code: Annotated[str | None, Wco("371", "an..3")] = None
    other_charge_deduction_amount: Annotated[Amount | None, Wco("181", "n..16,3")] = None


class CustomsValuation(WcoClass, frozen=True, kw_only=True):
    """Valuation method, freight and charges."""

    wco_id = "41A"
    method_code: Annotated[str | None, Wco("122", "an..3")] = None
    freight_charge_amount: Annotated[Amount | None, Wco("117", "n..16,3")] = None
    charge_deduction: tuple[ChargeDeduction, ...] = ()


class ValuationAdjustment(WcoClass, frozen=True, kw_only=True):
    """Valuation indicators."""

    wco_id = "39B"
    addition_code: Annotated[str | None, Wco("188", "an..4")] = None


class GovernmentAgencyGoodsItem(WcoClass, frozen=True, kw_only=True):
    """One item of the declaration: goods of one commodity code, origin and procedure."""

    wco_id = "68A"
    customs_value_amount: Annotated[Amount | None, Wco("108", "n..16,3")] = None
    sequence_numeric: Annotated[str | None, Wco("006", "n..5")] = None
    statistical_value_amount: Annotated[Amount | None, Wco("114", "n..16,3")] = None
    transaction_nature_code: Annotated[str | None, Wco("103", "n..2")] = None
    additional_document: tuple[AdditionalDocument, ...] = ()
    additional_information: tuple[AdditionalInformation, ...] = ()
    aeo_mutual_recognition_party: tuple[AEOMutualRecognitionParty, ...] = ()
    buyer: Buyer | None = None
    commodity: Commodity | None = None
    consignee: Consignee | None = None
    consignor: Consignor | None = None
    customs_valuation: CustomsValuation | None = None
    destination: Destination | None = None
    domestic_duty_tax_party: tuple[DomesticDutyTaxParty, ...] = ()
    export_country: ExportCountry | None = None
    government_procedure: tuple[GovernmentProcedure, ...] = ()
    origin: tuple[Origin, ...] = ()
    packaging: tuple[Packaging, ...] = ()
    previous_document: tuple[PreviousDocument, ...] = ()
    seller: Seller | None = None
    ucr: UCR | None = None
    valuation_adjustment: ValuationAdjustment | None = None
