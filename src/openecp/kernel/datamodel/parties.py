# SPDX-License-Identifier: Apache-2.0
"""Parties of the WCO Data Model 3.6 declaration.

Field order is the order of the elements in a message. `Wco(id, format)` is the WCO identifier and
the format that the data model prints; a repeating element is a tuple.

Source: WCO Data Model 3.6, DEC-DMS:2 and RES-DMS:2 customisation.
"""

from __future__ import annotations

from typing import Annotated

from openecp.kernel.datamodel.values import Wco, WcoClass


class Address(WcoClass, frozen=True, kw_only=True):
    """Postal address of a party, or the place of a goods location (`type_code` is then its qualifier)."""

    wco_id = "04A"
    type_code: Annotated[str | None, Wco("410", "an..3")] = None
    city_name: Annotated[str | None, Wco("241", "an..35")] = None
    country_code: Annotated[str | None, Wco("242", "a2")] = None
    country_sub_division_code: Annotated[str | None, Wco("244", "an..9")] = None
    country_sub_division_name: Annotated[str | None, Wco("243", "an..35")] = None
    line: Annotated[str | None, Wco("239", "an..70")] = None
    postcode_id: Annotated[str | None, Wco("245", "an..9")] = None


class Communication(WcoClass, frozen=True, kw_only=True):
    """Telephone, e-mail or other way to reach a party."""

    wco_id = "25A"
    id: Annotated[str | None, Wco("240", "an..50")] = None
    type_code: Annotated[str | None, Wco("253", "an..3")] = None


class Contact(WcoClass, frozen=True, kw_only=True):
    """Person or department to speak to."""

    wco_id = "34A"
    name: Annotated[str | None, Wco("246", "an..70")] = None


class Submitter(WcoClass, frozen=True, kw_only=True):
    """Party that sends the message."""

    wco_id = "17B"
    name: Annotated[str | None, Wco("R058", "an..70")] = None
    role_code: Annotated[str | None, Wco("R005", "an..3")] = None
    id: Annotated[str | None, Wco("R059", "an..17")] = None
    address: Address | None = None


class Authenticator(WcoClass, frozen=True, kw_only=True):
    """Person who signs for the declaration."""

    wco_id = "12A"
    name: Annotated[str | None, Wco("R007", "an..70")] = None


class Agent(WcoClass, frozen=True, kw_only=True):
    """Representative of the declarant; `function_code` 2 is direct, 3 indirect representation."""

    wco_id = "05A"
    name: Annotated[str | None, Wco("R003", "an..70")] = None
    id: Annotated[str | None, Wco("R004", "an..17")] = None
    function_code: Annotated[str | None, Wco("102", "an..3")] = None
    address: Address | None = None


class AuthorisationHolder(WcoClass, frozen=True, kw_only=True):
    """Holder of an authorisation that the declaration relies on; `category_code` is its kind."""

    wco_id = "17C"
    id: Annotated[str | None, Wco("R144", "an..17")] = None
    category_code: Annotated[str | None, Wco("R145", "an..4")] = None


class Carrier(WcoClass, frozen=True, kw_only=True):
    """Party that carries the goods."""

    wco_id = "18A"
    name: Annotated[str | None, Wco("R011", "an..70")] = None
    id: Annotated[str | None, Wco("R012", "an..17")] = None
    address: Address | None = None
    communication: Communication | None = None


class Consignor(WcoClass, frozen=True, kw_only=True):
    """Party that consigns the goods under the transport contract."""

    wco_id = "30A"
    name: Annotated[str | None, Wco("R020", "an..70")] = None
    id: Annotated[str | None, Wco("R021", "an..17")] = None
    address: Address | None = None


class Declarant(WcoClass, frozen=True, kw_only=True):
    """Party that makes the declaration, or in whose name it is made."""

    wco_id = "57B"
    name: Annotated[str | None, Wco("R124", "an..70")] = None
    id: Annotated[str | None, Wco("R123", "an..17")] = None
    address: Address | None = None
    contact: Contact | None = None
    communication: Communication | None = None


class Exporter(WcoClass, frozen=True, kw_only=True):
    """Party that exports, or on import the party abroad that sells or sends."""

    wco_id = "57A"
    name: Annotated[str | None, Wco("R031", "an..70")] = None
    id: Annotated[str | None, Wco("R032", "an..17")] = None
    address: Address | None = None
    contact: Contact | None = None
    communication: Communication | None = None


class AEOMutualRecognitionParty(WcoClass, frozen=True, kw_only=True):
    """Trusted operator of a partner administration; `role_code` says its part in the supply chain."""

    wco_id = "16C"
    id: Annotated[str | None, Wco("R143", "an..17")] = None
    role_code: Annotated[str | None, Wco("R005", "an..3")] = None


class Buyer(WcoClass, frozen=True, kw_only=True):
    """Party that buys the goods."""

    wco_id = "16A"
    name: Annotated[str | None, Wco("R009", "an..70")] = None
    id: Annotated[str | None, Wco("R010", "an..17")] = None
    address: Address | None = None
    contact: Contact | None = None
    communication: Communication | None = None


class Consignee(WcoClass, frozen=True, kw_only=True):
    """Party to which the goods are consigned."""

    wco_id = "27A"
    name: Annotated[str | None, Wco("R014", "an..70")] = None
    id: Annotated[str | None, Wco("R015", "an..17")] = None
    address: Address | None = None


class DomesticDutyTaxParty(WcoClass, frozen=True, kw_only=True):
    """Party with a national tax identifier; `role_code` says in what capacity."""

    wco_id = "55B"
    id: Annotated[str | None, Wco("R119", "an..17")] = None
    role_code: Annotated[str | None, Wco("R005", "an..3")] = None


class Seller(WcoClass, frozen=True, kw_only=True):
    """Party that sells the goods."""

    wco_id = "09B"
    name: Annotated[str | None, Wco("R050", "an..70")] = None
    id: Annotated[str | None, Wco("R051", "an..17")] = None
    address: Address | None = None
    contact: Contact | None = None
    communication: Communication | None = None


class Importer(WcoClass, frozen=True, kw_only=True):
    """Party that imports, or on whose behalf the import is declared."""

    wco_id = "74A"
    name: Annotated[str | None, Wco("R037", "an..70")] = None
    id: Annotated[str | None, Wco("R038", "an..17")] = None
    address: Address | None = None
    contact: Contact | None = None
    communication: Communication | None = None


class Payer(WcoClass, frozen=True, kw_only=True):
    """Party that pays the charges."""

    wco_id = "56B"
    name: Annotated[str | None, Wco("R120", "an..70")] = None
    id: Annotated[str | None, Wco("R121", "an..17")] = None
    address: Address | None = None


class Surety(WcoClass, frozen=True, kw_only=True):
    """Party that stands surety."""

    wco_id = "19B"
    name: Annotated[str | None, Wco("R054", "an..70")] = None
    id: Annotated[str | None, Wco("R055", "an..17")] = None
    address: Address | None = None
