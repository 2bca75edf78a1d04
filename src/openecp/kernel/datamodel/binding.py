# SPDX-License-Identifier: Apache-2.0
"""The envelope of a message, and the JSON binding of the data model: the same element names, nothing renamed.

A JSON message is the envelope itself: `{"Declaration": {…}}`, with `WCODataModelVersionCode` and its like beside
the declaration where they are needed. A reply is `{"Response": [{…}, …]}`. A leaf is text; an amount is
`{"value": "10.00", "currencyID": "EUR"}`, a quantity `{"value": "3", "unitCode": "KGM"}`, a date
`{"value": "20260504", "formatCode": "102"}`. Numbers are text, so that nothing is rounded on the way.

Source: WCO Data Model 3.6, DocumentMetaData-DMS:2 customisation, for the envelope; the JSON binding is our own.
"""

from __future__ import annotations

import msgspec

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.response import Response


class MetaData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Envelope of a message: which data model and version, whose customisation of it."""

    wco_data_model_version_code: str | None = msgspec.field(default=None, name="WCODataModelVersionCode")
    wco_type_name: str | None = msgspec.field(default=None, name="WCOTypeName")
    responsible_country_code: str | None = msgspec.field(default=None, name="ResponsibleCountryCode")
    responsible_agency_name: str | None = msgspec.field(default=None, name="ResponsibleAgencyName")
    agency_assigned_customization_code: str | None = msgspec.field(default=None, name="AgencyAssignedCustomizationCode")
    agency_assigned_customization_version_code: str | None = msgspec.field(
        default=None, name="AgencyAssignedCustomizationVersionCode"
    )


class Message(MetaData, frozen=True, kw_only=True, omit_defaults=True):
    """A whole JSON message: the envelope with what is in it."""

    declaration: Declaration | None = msgspec.field(default=None, name="Declaration")
    response: tuple[Response, ...] = msgspec.field(default=(), name="Response")


_ENVELOPE_FIELDS = MetaData.__struct_fields__
_encoder = msgspec.json.Encoder()
_message = msgspec.json.Decoder(Message)
_declaration = msgspec.json.Decoder(Declaration)


def envelope_of(message: Message) -> MetaData | None:
    """Return the envelope of a message, None where it says nothing."""
    said = {name: value for name in _ENVELOPE_FIELDS if (value := getattr(message, name)) is not None}
    return MetaData(**said) if said else None


def message_of(
    declaration: Declaration | None = None, responses: tuple[Response, ...] = (), envelope: MetaData | None = None
) -> Message:
    """Return the message that holds a declaration or responses."""
    said = msgspec.structs.asdict(envelope) if envelope is not None else {}
    return Message(declaration=declaration, response=responses, **said)


def encode_json(value: msgspec.Struct) -> bytes:
    """Return the JSON of a message, a declaration or any class of the model, without white space."""
    return _encoder.encode(value)


def decode_message(data: bytes) -> Message:
    """Return the message in a JSON text. Unknown fields are passed over.

    Raises: msgspec.DecodeError, msgspec.ValidationError, RecursionError, UnicodeDecodeError.
    """
    return _message.decode(data)


def decode_declaration(data: bytes) -> Declaration:
    """Return the declaration in a JSON text that is the declaration alone, without envelope.

    Raises: as `decode_message`.
    """
    return _declaration.decode(data)
