# SPDX-License-Identifier: Apache-2.0
"""The WCO Data Model 3.6 response: the notifications that Customs sends.

Field order is the order of the elements in a message. `Wco(id, format)` is the WCO identifier and
the format that the data model prints; a repeating element is a tuple.

Source: WCO Data Model 3.6, DEC-DMS:2 and RES-DMS:2 customisation.
"""

from __future__ import annotations

from typing import Annotated

from openecp.kernel.datamodel.declaration import Declaration, GoodsShipment
from openecp.kernel.datamodel.documents import AdditionalInformation, Amendment, Pointer
from openecp.kernel.datamodel.item import DutyTaxFee
from openecp.kernel.datamodel.parties import Communication
from openecp.kernel.datamodel.values import DateTime, Wco, WcoClass


class AppealOffice(WcoClass, frozen=True, kw_only=True):
    """Office to which an appeal is made."""

    wco_id = "07A"
    id: Annotated[str | None, Wco("G001", "an..17")] = None


class Bank(WcoClass, frozen=True, kw_only=True):
    """Bank account to pay to."""

    wco_id = "14A"
    reference_id: Annotated[str | None, Wco("R069", "an..17")] = None
    id: Annotated[str | None, Wco("372", "an..35")] = None


class ContactOffice(WcoClass, frozen=True, kw_only=True):
    """Customs office to contact."""

    wco_id = "35A"
    id: Annotated[str | None, Wco("G002", "an..17")] = None
    communication: tuple[Communication, ...] = ()


class Error(WcoClass, frozen=True, kw_only=True):
    """One fault, or one warning: its code and where it is."""

    wco_id = "53A"
    description: Annotated[str | None, Wco("488", "an..512")] = None
    validation_code: Annotated[str | None, Wco("377", "an..8")] = None
    pointer: tuple[Pointer, ...] = ()


class Status(WcoClass, frozen=True, kw_only=True):
    """Status that the reply announces."""

    wco_id = "12B"
    effective_date_time: Annotated[DateTime | None, Wco("380", "an..35")] = None
    name_code: Annotated[str | None, Wco("379", "an..3")] = None
    release_date_time: Annotated[DateTime | None, Wco("277", "an..35")] = None
    pointer: tuple[Pointer, ...] = ()


class ResponseDeclaration(WcoClass, frozen=True, kw_only=True):
    """The declaration that a reply is about: its numbers, dates and tax lines."""

    wco_id = "42A"
    tag_name = "Declaration"
    acceptance_date_time: Annotated[DateTime | None, Wco("023", "an..35")] = None
    cancellation_date_time: Annotated[DateTime | None, Wco("373", "an..35")] = None
    functional_reference_id: Annotated[str | None, Wco("D026", "an..35")] = None
    id: Annotated[str | None, Wco("D014", "an..70")] = None
    rejection_date_time: Annotated[DateTime | None, Wco("374", "an..35")] = None
    version_id: Annotated[str | None, Wco("383", "an..9")] = None
    duty_tax_fee: tuple[DutyTaxFee, ...] = ()
    goods_shipment: GoodsShipment | None = None


class Response(WcoClass, frozen=True, kw_only=True):
    """Reply of Customs; `function_code` says which notification it is."""

    wco_id = "07B"
    function_code: Annotated[str | None, Wco("017", "n..2")] = None
    functional_reference_id: Annotated[str | None, Wco("D026", "an..35")] = None
    issue_date_time: Annotated[DateTime | None, Wco("D029", "an..35")] = None
    additional_information: tuple[AdditionalInformation, ...] = ()
    amendment: tuple[Amendment, ...] = ()
    appeal_office: AppealOffice | None = None
    bank: Bank | None = None
    contact_office: tuple[ContactOffice, ...] = ()
    error: tuple[Error, ...] = ()
    status: tuple[Status, ...] = ()
    declaration: ResponseDeclaration | None = None
    amended_declaration: Declaration | None = None
