# SPDX-License-Identifier: Apache-2.0
"""Documents, statements, amendments and pointers of the WCO Data Model 3.6.

Field order is the order of the elements in a message. `Wco(id, format)` is the WCO identifier and
the format that the data model prints; a repeating element is a tuple.

Source: WCO Data Model 3.6, DEC-DMS:2 and RES-DMS:2 customisation.
"""

from __future__ import annotations

from typing import Annotated

from openecp.kernel.datamodel.parties import Authenticator, Submitter
from openecp.kernel.datamodel.values import Amount, DateTime, Quantity, Wco, WcoClass


class Pointer(WcoClass, frozen=True, kw_only=True):
    """One step of a path from the root to an element; `tag_id` only on the last step."""

    wco_id = "97A"
    sequence_numeric: Annotated[str | None, Wco("006", "n..5")] = None
    document_section_code: Annotated[str | None, Wco("375", "an..3")] = None
    tag_id: Annotated[str | None, Wco("381", "an..4")] = None


class Authentication(WcoClass, frozen=True, kw_only=True):
    """Signature of the declaration."""

    wco_id = "61B"
    authentication: Annotated[str | None, Wco("104", "an..256")] = None
    authenticator: Authenticator | None = None


class WriteOff(WcoClass, frozen=True, kw_only=True):
    """Quantity or amount to draw from a licence."""

    wco_id = "22C"
    quantity_quantity: Annotated[Quantity | None, Wco("502", "n..16,6")] = None
    amount_amount: Annotated[Amount | None, Wco("503", "n..16,3")] = None


class AdditionalDocument(WcoClass, frozen=True, kw_only=True):
    """Licence, certificate, invoice or other document produced; its code is category + type."""

    wco_id = "02A"
    category_code: Annotated[str | None, Wco("D031", "an..3")] = None
    effective_date_time: Annotated[DateTime | None, Wco("276", "an..35")] = None
    id: Annotated[str | None, Wco("D005", "an..70")] = None
    name: Annotated[str | None, Wco("D028", "an..35")] = None
    type_code: Annotated[str | None, Wco("D006", "an..3")] = None
    lpco_exemption_code: Annotated[str | None, Wco("360", "an..3")] = None
    submitter: Submitter | None = None
    write_off: WriteOff | None = None


class AdditionalInformation(WcoClass, frozen=True, kw_only=True):
    """Statement of the declarant, coded or in words."""

    wco_id = "03A"
    statement_code: Annotated[str | None, Wco("226", "an..17")] = None
    statement_description: Annotated[str | None, Wco("225", "an..512")] = None
    limit_date_time: Annotated[DateTime | None, Wco("264", "an..35")] = None
    statement_type_code: Annotated[str | None, Wco("369", "an..3")] = None
    pointer: tuple[Pointer, ...] = ()


class Amendment(WcoClass, frozen=True, kw_only=True):
    """One change asked for or granted: why, and where."""

    wco_id = "06A"
    change_reason_code: Annotated[str | None, Wco("099", "an..3")] = None
    pointer: tuple[Pointer, ...] = ()


class PreviousDocument(WcoClass, frozen=True, kw_only=True):
    """Document that stands before this one: summary declaration, UCR, manifest, entry in records."""

    wco_id = "99A"
    category_code: Annotated[str | None, Wco("D031", "an..3")] = None
    id: Annotated[str | None, Wco("D018", "an..70")] = None
    type_code: Annotated[str | None, Wco("D019", "an..3")] = None
    line_numeric: Annotated[str | None, Wco("171", "n..5")] = None


class Invoice(WcoClass, frozen=True, kw_only=True):
    """Commercial invoice."""

    wco_id = "78A"
    id: Annotated[str | None, Wco("D016", "an..70")] = None
    issue_date_time: Annotated[DateTime | None, Wco("D015", "an..35")] = None


class UCR(WcoClass, frozen=True, kw_only=True):
    """Unique consignment reference."""

    wco_id = "35B"
    id: Annotated[str | None, Wco("016", "an..35")] = None
    trader_assigned_reference_id: Annotated[str | None, Wco("009", "an..35")] = None
