# SPDX-License-Identifier: Apache-2.0
"""Writes declarations and responses of the WCO Data Model as XML, valid against its schemas' form.

Elements come in the order of the schema, which is the order of the struct fields; one element a line, so that a
line number means something. A value that XML cannot hold (a control character) is refused by name.

Source: WCO Data Model 3.6, DEC-DMS:2, RES-DMS:2 and DocumentMetaData-DMS:2 customisation.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

import msgspec

from openecp.kernel.datamodel.binding import MetaData
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.elements import elements_of, message_name
from openecp.kernel.datamodel.response import Response
from openecp.kernel.datamodel.values import WcoClass
from openecp.platform.wire import namespaces as ns

DECLARATION_ENVELOPE = MetaData(wco_data_model_version_code="3.6", wco_type_name="DEC")
RESPONSE_ENVELOPE = MetaData(wco_data_model_version_code="3.6", wco_type_name="RES")
_ENVELOPE_FIELDS = tuple((info.name, info.encode_name) for info in msgspec.structs.fields(MetaData))

# What XML 1.0 cannot hold, not even as a character reference.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile("[\x00-\x08\x0b-\x1f&<>\ud800-\udfff\ufffe\uffff]")
_ATTRIBUTE_SPECIAL = re.compile('[\x00-\x1f&<>"\ud800-\udfff\ufffe\uffff]')
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}


class Unwritable(ValueError):  # noqa: N818 - the counterpart of Unreadable
    """A value that no XML message can hold."""


class _Line(NamedTuple):
    """How one field of a class is written."""

    field: str
    name: str
    kind: str
    repeats: bool
    opening: str
    closing: str


@cache
def _lines(cls: type[WcoClass]) -> tuple[_Line, ...]:
    lines = []
    for element in elements_of(cls):
        name = message_name(element)
        lines.append(_Line(element.field, name, element.kind, element.repeats, f"<{name}>", f"</{name}>"))
    return tuple(lines)


def _text(value: str, place: str, special: re.Pattern[str] = _SPECIAL) -> str:
    """Return a value as XML writes it: most need no change."""
    if special.search(value) is None:
        return value
    if (found := ILLEGAL.search(value)) is not None:
        raise Unwritable(
            f"{place}: expected characters that XML 1.0 allows, got U+{ord(found.group()):04X}; remove the character"
        )
    return special.sub(lambda mark: _ESCAPES[mark.group()], value)


def _attribute(name: str, value: str | None, place: str) -> str:
    if value is None:
        return ""
    return f' {name}="{_text(value, f"{place}/@{name}", _ATTRIBUTE_SPECIAL)}"'


class _Writer:
    """Writes classes one within the other; `dates` is the prefix of the date elements where it stands."""

    def __init__(self) -> None:
        self.out: list[str] = []

    def write_class(self, value: Any, name: str, indent: str, dates: str, attributes: str = "") -> None:
        inner = len(self.out)
        self.out.append(f"{indent}<{name}{attributes}>")
        below = indent + "  "
        cls: type[WcoClass] = type(value)
        for field, child_name, kind, repeats, opening, closing in _lines(cls):
            said = getattr(value, field)
            if said is None:
                continue
            if kind == "text":
                self.out.append(below + opening + _text(said, child_name) + closing)
            elif kind == "class":
                for one in said if repeats else (said,):
                    if field == "amended_declaration":
                        spaces = f' xmlns="{ns.DEC}" xmlns:dds="{ns.DEC_DS}"'
                        self.write_class(one, child_name, below, "dds", spaces)
                    else:
                        self.write_class(one, child_name, below, dates)
            else:
                self._write_leaf(said, child_name, kind, below, dates)
        if len(self.out) == inner + 1:
            self.out[inner] = f"{indent}<{name}{attributes}/>"
        else:
            self.out.append(f"{indent}</{name}>")

    def _write_leaf(self, leaf: Any, name: str, kind: str, indent: str, dates: str) -> None:
        text = _text(leaf.value, name)
        if kind == "datetime":
            code = _attribute("formatCode", leaf.format_code, name)
            self.out.append(f"{indent}<{name}><{dates}:DateTimeString{code}>{text}</{dates}:DateTimeString></{name}>")
        elif kind == "amount":
            self.out.append(f"{indent}<{name}{_attribute('currencyID', leaf.currency_id, name)}>{text}</{name}>")
        else:
            self.out.append(f"{indent}<{name}{_attribute('unitCode', leaf.unit_code, name)}>{text}</{name}>")


def _write_message(parts: list[tuple[WcoClass, str]], envelope: MetaData, namespace: str, dates: str) -> bytes:
    writer = _Writer()
    writer.out.append('<?xml version="1.0" encoding="UTF-8"?>')
    writer.out.append(f'<md:MetaData xmlns:md="{ns.META_DATA}">')
    for field, name in _ENVELOPE_FIELDS:
        said = getattr(envelope, field)
        if said is not None:
            writer.out.append(f"  <md:{name}>{_text(said, name)}</md:{name}>")
    for part, name in parts:
        writer.write_class(part, name, "  ", "ds", f' xmlns="{namespace}" xmlns:ds="{dates}"')
    writer.out.append("</md:MetaData>")
    return ("\n".join(writer.out) + "\n").encode()


def write(declaration: Declaration, *, envelope: MetaData | None = None) -> bytes:
    """Return the XML message that holds a declaration.

    Raises: Unwritable (a value with a character that XML does not allow).
    """
    return _write_message([(declaration, "Declaration")], envelope or DECLARATION_ENVELOPE, ns.DEC, ns.DEC_DS)


def write_response(responses: tuple[Response, ...] | list[Response], *, envelope: MetaData | None = None) -> bytes:
    """Return the XML message that holds one or more responses.

    Raises: Unwritable (a value with a character that XML does not allow).
    """
    parts: list[tuple[WcoClass, str]] = [(response, "Response") for response in responses]
    return _write_message(parts, envelope or RESPONSE_ENVELOPE, ns.RES, ns.RES_DS)
