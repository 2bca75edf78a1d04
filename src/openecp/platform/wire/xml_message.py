# SPDX-License-Identifier: Apache-2.0
"""Reads a whole XML message: envelope, wrappers around it, and the declaration or the responses in it.

Source: WCO Data Model 3.6, DocumentMetaData-DMS:2 customisation.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import msgspec
from lxml import etree

from openecp.kernel.datamodel.binding import MetaData
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.response import Response
from openecp.platform.wire.messages import Limits, Reading, ResponseReading, Unreadable, excerpt
from openecp.platform.wire.xml_findings import BLANK, Findings, children, line_of, local_name, path_of
from openecp.platform.wire.xml_guard import parse_xml
from openecp.platform.wire.xml_reader import read_root

_WRAPPER_DEPTH = 8
_ENVELOPE = {info.encode_name: info.name for info in msgspec.structs.fields(MetaData)}
_Placed = tuple[etree._Element, str]  # an element and its path


class _Opened(NamedTuple):
    """A message whose envelope has been read."""

    root: etree._Element
    envelope: MetaData | None
    declarations: list[_Placed]
    responses: list[_Placed]


def find_envelope(root: etree._Element) -> etree._Element | None:
    """Return the MetaData of a message: the root, or the first one inside the wrappers of a transport."""
    if local_name(root.tag) == "MetaData":
        return root
    level = [root]
    for _ in range(_WRAPPER_DEPTH):
        level = [child for node in level for child in node]
        for node in level:
            if local_name(node.tag) == "MetaData":
                return node
    return None


def _report_wrappers(envelope: etree._Element, findings: Findings) -> None:
    """Report what a transport has put beside the envelope: it is no part of the declaration."""
    way = [envelope, *envelope.iterancestors()]
    for inside, wrapper in pairwise(way):
        for child, path in children(wrapper, path_of(wrapper)):
            if child is not inside:
                findings.element(child, path)


def _read_envelope(node: etree._Element, findings: Findings) -> _Opened:
    said: dict[str, str] = {}
    opened = _Opened(node, None, [], [])
    findings.root_path = path_of(node)
    findings.attributes(node, findings.root_path)
    if node.text and node.text.strip(BLANK):
        findings.stray_text(node, node.text)
    for child, path in children(node, findings.root_path):
        name = local_name(child.tag)
        if child.tail and child.tail.strip(BLANK):
            findings.stray_text(node, child.tail)
        if name == "Declaration":
            opened.declarations.append((child, path))
        elif name == "Response":
            opened.responses.append((child, path))
        elif name in _ENVELOPE and _ENVELOPE[name] not in said and len(child) == 0:
            said[_ENVELOPE[name]] = (child.text or "").strip(BLANK)
            findings.attributes(child, path)
        else:
            findings.element(child, path)
    return opened._replace(envelope=MetaData(**said) if said else None)


def _open(data: bytes, limits: Limits, findings: Findings) -> _Opened:
    root = parse_xml(data, limits)
    name = local_name(root.tag)
    if name == "Declaration":
        return _Opened(root, None, [(root, f"/{name}")], [])
    if name == "Response":
        return _Opened(root, None, [], [(root, f"/{name}")])
    node = find_envelope(root)
    if node is None:
        return _Opened(root, None, [], [])
    _report_wrappers(node, findings)
    return _read_envelope(node, findings)._replace(root=root)


def not_a_declaration(got: str, *, line: int | None = None, fix: str | None = None) -> Unreadable:
    """Return the error for a message that is in order but is no declaration."""
    return Unreadable(
        "OECP-NOT-A-DECLARATION",
        "The message is not a declaration.",
        line=line,
        column=None if line is None else 1,
        expected="MetaData with a Declaration in it, or a Declaration",
        got=got,
        fix=fix or "Send the declaration itself; replies and other messages are not lodged.",
    )


def read_xml(data: bytes, limits: Limits) -> Reading:
    """Read one declaration from an XML message.

    Raises: Unreadable (`OECP-XML-…`, `OECP-NOT-A-DECLARATION`).
    """
    findings = Findings(limits)
    root, envelope, declarations, responses = _open(data, limits, findings)
    if not declarations:
        got = "a Response" if responses else f"<{excerpt(local_name(root.tag), 60)}>"
        raise not_a_declaration(got, line=line_of(root))
    if len(declarations) > 1 or responses:
        raise Unreadable(
            "OECP-XML-SEVERAL",
            "The message holds more than one declaration.",
            line=line_of((declarations[1:] + responses)[0][0]),
            column=1,
            expected="one Declaration in a MetaData",
            got=f"{len(declarations)} Declarations and {len(responses)} Responses",
            fix="Send each declaration in a message of its own.",
        )
    return Reading(
        declaration=read_root(Declaration, *declarations[0], findings),
        media="xml",
        raw=data,
        envelope=envelope,
        unknown=findings.found_unknown(),
        faults=tuple(findings.faults),
    )


def read_xml_response(data: bytes, limits: Limits) -> ResponseReading:
    """Read the responses of an XML message.

    Raises: Unreadable (`OECP-XML-…`, `OECP-NOT-A-RESPONSE`).
    """
    findings = Findings(limits)
    root, envelope, _, responses = _open(data, limits, findings)
    if not responses:
        raise Unreadable(
            "OECP-NOT-A-RESPONSE",
            "The message is not a response.",
            line=line_of(root),
            column=1,
            expected="MetaData with Responses in it",
            got=f"<{excerpt(local_name(root.tag), 60)}>",
            fix="Send the reply of Customs.",
        )
    return ResponseReading(
        responses=tuple(read_root(Response, node, path, findings) for node, path in responses),
        envelope=envelope,
        unknown=findings.found_unknown(),
        faults=tuple(findings.faults),
    )
