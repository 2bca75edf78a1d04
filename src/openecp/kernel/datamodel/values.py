# SPDX-License-Identifier: Apache-2.0
"""Leaf values of the WCO Data Model, and the base class that knows element names and WCO identifiers.

Leaf text is kept as declared (trimmed, nothing else): what the declarant said can always be shown, signed
and written again unchanged. `columns.py` is where text becomes numbers and dates. The structs are trees of
immutable values: no cycle can arise, so the garbage collector need not watch them (`gc=False`).
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import msgspec

_WORDS = {"id": "ID", "ucr": "UCR", "aeo": "AEO", "lpco": "LPCO"}


def element_name(field_name: str) -> str:
    """Return the WCO element name of a field: `functional_reference_id` is `FunctionalReferenceID`."""
    if field_name == "amended_declaration":  # the second Declaration of a 07 reply, see response.py
        return "AmendedDeclaration"
    return "".join(_WORDS.get(word, word.capitalize()) for word in field_name.split("_"))


def Wco(wco_id: str, format: str = "") -> msgspec.Meta:  # noqa: N802 - reads as the annotation that it is
    """Annotate a leaf with its WCO identifier and printed format (`an..35`, `n..16,6`)."""
    return msgspec.Meta(extra={"wco_id": wco_id, "format": format})


class Amount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Amount of money as declared: decimal text and ISO 4217 currency."""

    value: str
    currency_id: str | None = msgspec.field(default=None, name="currencyID")


class Quantity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Quantity or mass as declared: decimal text and unit code; without one the data element's own unit."""

    value: str
    unit_code: str | None = msgspec.field(default=None, name="unitCode")


class DateTime(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Date or time as declared: text and UN/EDIFACT 2379 format (304 CCYYMMDDhhmmss + zone, 102 CCYYMMDD)."""

    value: str
    format_code: str | None = msgspec.field(default=None, name="formatCode")


class WcoClass(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, rename=element_name):
    """Base of every class of the data model; `wco_id` is the class's own identifier (`42A`)."""

    wco_id: ClassVar[str] = ""
    tag_name: ClassVar[str] = ""
    # tag_name: the element's name where it is not the class's


class Element(NamedTuple):
    """What the model knows of one field of a class."""

    field: str  # Python name
    name: str  # WCO element name
    wco_id: str  # data element or class identifier
    format: str  # printed format, empty for a class
    kind: str  # "text", "amount", "quantity", "datetime" or "class"
    repeats: bool
    child: type[WcoClass] | None
