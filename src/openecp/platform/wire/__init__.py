# SPDX-License-Identifier: Apache-2.0
"""Reads and writes messages: WCO Data Model 3.6 XML and its JSON binding.

Reads: bytes. Never opens a file or a network address that a message names.
"""

from __future__ import annotations

from openecp.kernel.datamodel.binding import MetaData
from openecp.platform.wire.json_message import (
    read_json,
    read_json_response,
    split_json_list,
    write_json,
    write_json_response,
)
from openecp.platform.wire.messages import (
    DEFAULT_LIMITS,
    Limits,
    Media,
    Reading,
    ResponseReading,
    UnknownElement,
    Unreadable,
)
from openecp.platform.wire.xml_message import not_a_declaration, read_xml, read_xml_response
from openecp.platform.wire.xml_writer import Unwritable, write, write_response

__all__ = [
    "DEFAULT_LIMITS",
    "Limits",
    "Media",
    "MetaData",
    "Reading",
    "ResponseReading",
    "UnknownElement",
    "Unreadable",
    "Unwritable",
    "read",
    "read_json",
    "read_response",
    "sniff",
    "split_json_list",
    "write",
    "write_json",
    "write_json_response",
    "write_response",
]

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


def sniff(data: bytes) -> Media:
    """Return whether a message is XML or JSON, by its first character.

    Raises: Unreadable (`OECP-NOT-A-DECLARATION`: neither).
    """
    start = data[:4096].removeprefix(_BOM).lstrip()
    if start[:1] in (b"{", b"["):
        return "json"
    if start[:1] == b"<" or data.startswith(_UTF16) or b"<" in start:
        return "xml"
    got = "nothing" if not start else "text that is neither"
    raise not_a_declaration(got, line=1, fix="Send WCO Data Model XML, or JSON in the same element names.")


def read(data: bytes, *, media: Media | None = None, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read one declaration from a message; `media` None: find out which it is.

    Raises: Unreadable (`OECP-XML-…`, `OECP-JSON-…`, `OECP-NOT-A-DECLARATION`).
    """
    if (media or sniff(data)) == "json":
        return read_json(data, limits)
    return read_xml(data, limits)


def read_response(data: bytes, *, media: Media | None = None, limits: Limits = DEFAULT_LIMITS) -> ResponseReading:
    """Read the responses in a message; an envelope may hold several.

    Raises: Unreadable (`OECP-XML-…`, `OECP-JSON-…`, `OECP-NOT-A-RESPONSE`).
    """
    if (media or sniff(data)) == "json":
        return read_json_response(data, limits)
    return read_xml_response(data, limits)
