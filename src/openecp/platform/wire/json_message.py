# SPDX-License-Identifier: Apache-2.0
"""Reads and writes the JSON binding: the same element names, text for values, the envelope around the declaration.

The fast way: decode, encode again, compare lengths. What we encode holds each value of the message once and never
longer than the message wrote it; so where the lengths agree, the message holds nothing that we do not know and no
field twice. Only otherwise is the message gone through field by field.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from openecp.kernel.datamodel.binding import (
    MetaData,
    decode_declaration,
    decode_message,
    encode_json,
    envelope_of,
    message_of,
)
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.response import Response
from openecp.platform.wire.json_check import check_message, load, too_deep
from openecp.platform.wire.json_places import place_of
from openecp.platform.wire.messages import (
    DEFAULT_LIMITS,
    Limits,
    Reading,
    ResponseReading,
    UnknownElement,
    Unreadable,
    excerpt,
)
from openecp.platform.wire.xml_guard import position
from openecp.platform.wire.xml_message import not_a_declaration

_UTF8_BOM = b"\xef\xbb\xbf"
_BYTE = re.compile(r"\(byte (\d+)\)")
_PLACE = re.compile(r" - at `\$(.*)`$")
_TYPES = re.compile(r"^Expected `([^`]+)`, got `([^`]+)`")
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")


def read_json(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read one declaration from a JSON message, `{"Declaration": {…}}` or the declaration alone.

    Raises: Unreadable (`OECP-JSON-…`, `OECP-NOT-A-DECLARATION`).
    """
    bare = _bare(data, limits)
    try:
        message = decode_message(bare)
        declaration = message.declaration
        if declaration is None:
            if message.response:
                raise not_a_declaration("a Response", line=1)
            declaration = decode_declaration(bare)
    except (ValueError, RecursionError) as error:
        raise _refusal(error, bare, limits) from None
    if message.response:
        raise not_a_declaration("a Declaration and Responses", line=1, fix="Send the declaration alone.")
    unknown: tuple[UnknownElement, ...] = ()
    if message.declaration is None:
        declaration, unknown = _checked(declaration, bare, limits)
        if declaration == Declaration():
            raise not_a_declaration(_first_field(bare), line=1)
        return Reading(declaration=declaration, media="json", raw=data, unknown=unknown)
    if not _plain(message, bare):
        message, unknown = _checked(message, bare, limits)
        declaration = message.declaration or declaration
    return Reading(declaration=declaration, media="json", raw=data, envelope=envelope_of(message), unknown=unknown)


def read_json_response(data: bytes, limits: Limits = DEFAULT_LIMITS) -> ResponseReading:
    """Read the responses of a JSON message, `{"Response": [{…}]}`.

    Raises: Unreadable (`OECP-JSON-…`, `OECP-NOT-A-RESPONSE`).
    """
    bare = _bare(data, limits)
    try:
        message = decode_message(bare)
    except (ValueError, RecursionError) as error:
        raise _refusal(error, bare, limits) from None
    if not message.response:
        raise Unreadable(
            "OECP-NOT-A-RESPONSE",
            "The message is not a response.",
            line=1,
            column=1,
            expected='{"Response": [{…}]}',
            got=_first_field(bare),
            fix="Send the reply of Customs.",
        )
    message, unknown = _checked(message, bare, limits)
    return ResponseReading(responses=message.response, envelope=envelope_of(message), unknown=unknown)


def write_json(declaration: Declaration, *, envelope: MetaData | None = None) -> bytes:
    """Return the JSON message that holds a declaration, without white space."""
    return encode_json(message_of(declaration, envelope=envelope))


def write_json_response(responses: tuple[Response, ...] | list[Response], *, envelope: MetaData | None = None) -> bytes:
    """Return the JSON message that holds one or more responses, without white space."""
    return encode_json(message_of(responses=tuple(responses), envelope=envelope))


def split_json_list(data: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[bytes, ...]:
    """Return the messages of a JSON array, each to be read by itself; a single message is a list of one.

    Raises: Unreadable (`OECP-JSON-…`).
    """
    bare = _bare(data, limits)
    if bare.lstrip()[:1] != b"[":
        return (data,)
    try:
        return tuple(bytes(one) for one in msgspec.json.decode(bare, type=list[msgspec.Raw]))
    except (ValueError, RecursionError) as error:
        raise _refusal(error, bare, limits) from None


def _bare(data: bytes, limits: Limits) -> bytes:
    """Return the message without byte order mark and white space after it, once its size is known to be in order."""
    if len(data) > limits.size:
        raise Unreadable(
            "OECP-JSON-SIZE",
            "The message is too large.",
            expected=f"at most {limits.size} bytes",
            got=f"{len(data)} bytes",
            fix="Send one declaration a message, without attachments.",
        )
    for mark in (b"{", b"[", b",") if len(data) > limits.markup else ():
        if data.count(mark) > limits.markup:
            raise Unreadable(
                "OECP-JSON-SIZE",
                "The message holds too many fields.",
                expected=f"at most {limits.markup} of the character {mark.decode()}",
                got=str(data.count(mark)),
                fix="Send one declaration a message; a declaration has at most 999 items.",
            )
    bare = data.removeprefix(_UTF8_BOM).rstrip(b" \t\r\n")
    if not bare:
        raise Unreadable(
            "OECP-JSON-EMPTY",
            "The message is empty.",
            line=1,
            column=1,
            expected='{"Declaration": {…}}',
            got="nothing",
            fix="Send the declaration as the body of the request.",
        )
    if bare.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in bare[:4]:
        raise _bad_encoding("UTF-16 or UTF-32", 1, 1)
    return bare


def _bad_encoding(got: str, line: int, column: int) -> Unreadable:
    return Unreadable(
        "OECP-JSON-ENCODING",
        "The message is not UTF-8 text.",
        line=line,
        column=column,
        expected="UTF-8",
        got=got,
        fix="Write the message in UTF-8.",
    )


def _plain(message: msgspec.Struct, bare: bytes) -> bool:
    """Say whether a message holds only what was read from it, each field once and no text to trim.

    Why: what we encode is never longer than what was sent, so equal lengths leave no room for anything else.
    """
    length = len(encode_json(message))
    if length != len(bare):
        try:
            bare = msgspec.json.format(bare, indent=-1)  # the same tokens without white space between them
        except (ValueError, RecursionError):
            return False
        if length != len(bare):
            return False
    return not _doubtful(bare)


def _doubtful(compact: bytes) -> bool:
    """Say whether a text in a message without white space may be padded, or hold what XML cannot.

    Escaped quotation marks are in order; every other escape is looked at more closely.
    """
    if b"\\" in compact and compact.count(b"\\") != compact.count(b'\\"'):
        return True
    if not compact.isascii() and b"\xef\xbf" in compact:
        return True
    at = compact.find(b" ")
    while at >= 0:
        if compact[at + 1] == _QUOTE or (compact[at - 1] == _QUOTE and compact[at - 2] != _BACKSLASH):
            return True
        at = compact.find(b" ", at + 1)
    return False


_QUOTE = ord('"')
_BACKSLASH = ord("\\")
_Known = Any  # Message or Declaration; check_message gives back what it is given


def _checked(value: _Known, bare: bytes, limits: Limits) -> tuple[_Known, tuple[UnknownElement, ...]]:
    try:
        return check_message(value, bare, limits)
    except (ValueError, RecursionError) as error:
        raise _refusal(error, bare, limits) from None


def _first_field(bare: bytes) -> str:
    try:
        loaded = load(bare)
    except (ValueError, RecursionError):
        return "another message"
    if isinstance(loaded, dict) and loaded:
        return f"an object with the field {excerpt(next(iter(loaded)), 60)}"
    return "an empty object"


def _refusal(error: Exception, bare: bytes, limits: Limits) -> Unreadable:
    """Say in our own words why a JSON message cannot be read; of the decoder's text only places and types are used."""
    if isinstance(error, RecursionError):
        return too_deep(limits)
    try:
        bare.decode("utf-8")
    except UnicodeDecodeError as bad:
        return _bad_encoding(f"the byte 0x{bare[bad.start]:02X}", *position(bare, bad.start))
    detail = str(error)
    if isinstance(error, msgspec.ValidationError):
        return _wrong_type(detail, bare)
    found = _BYTE.search(detail)
    at = int(found[1]) if found else len(bare)
    if "trailing characters" in detail:
        at -= 1  # the decoder names the byte after the one it stumbled over
    line, column = position(bare, at)
    got = excerpt(bare[at : at + 120].decode("utf-8", "replace"), 40)
    if "trailing characters" in detail:
        return Unreadable(
            "OECP-JSON-JUNK",
            "Text follows the end of the message.",
            line=line,
            column=column,
            expected="nothing after the closing brace",
            got=got,
            fix="Cut the message there.",
        )
    if found is None:
        return Unreadable(
            "OECP-JSON-TRUNCATED",
            "The message ends before it is complete.",
            line=line,
            column=column,
            expected="more of the message",
            got="its end",
            fix="Send the whole message; every brace, bracket and quotation mark needs its partner.",
        )
    return Unreadable(
        "OECP-JSON-NOT-WELL-FORMED",
        "The message is not well-formed JSON.",
        line=line,
        column=column,
        expected="JSON (RFC 8259)",
        got=got or "its end",
        fix="Correct it at this place.",
    )


_TYPE_WORDS = {"str": "text", "int": "a number", "float": "a number", "bool": "true or false", "null": "null"}


def _wrong_type(detail: str, bare: bytes) -> Unreadable:
    """Say where a value of the wrong kind stands: number for text, text for an amount, object for an array."""
    place = _PLACE.search(detail)
    steps = _STEP.findall(place[1]) if place else []
    pointer = "".join(f"/{name or index}" for name, index in steps)
    line, column = place_of(bare, pointer)
    types = _TYPES.match(detail)
    if types is None:
        missing = re.search(r"required field `([^`]+)`", detail)
        return Unreadable(
            "OECP-JSON-TYPE",
            "A value lacks a field that it needs.",
            line=line,
            column=column,
            json_pointer=pointer,
            expected=f'the field "{missing[1]}"' if missing else "a value of the data model",
            got="none",
            fix='Write amounts, quantities and dates as {"value": "…"} with their currency, unit or format.',
        )
    wanted, given = types[1].split(" | ")[0], types[2]
    if not pointer and wanted == "object":
        return not_a_declaration(f"JSON that is {_TYPE_WORDS.get(given, f'an {given}')}", line=line)
    fixes = {
        "str": "Write the value as text, between quotation marks.",
        "object": 'Write it as an object; amounts, quantities and dates are {"value": "…"}.',
        "array": "Write it as an array: this element may repeat.",
    }
    return Unreadable(
        "OECP-JSON-TYPE",
        "A value is of the wrong kind.",
        line=line,
        column=column,
        json_pointer=pointer,
        expected=_TYPE_WORDS.get(wanted, f"an {wanted}"),
        got=_TYPE_WORDS.get(given, f"an {given}"),
        fix=fixes.get(wanted, "Write the value as the data model has it."),
    )
