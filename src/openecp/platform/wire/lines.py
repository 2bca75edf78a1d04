# SPDX-License-Identifier: Apache-2.0
"""Finds the line of a message where a WCO pointer's element stands, by reading the message again."""

from __future__ import annotations

from lxml import etree

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.pointers import PointerError, to_json_pointer
from openecp.platform.wire.json_places import places_of
from openecp.platform.wire.messages import Limits, Media, Unreadable
from openecp.platform.wire.xml_findings import line_of, local_name
from openecp.platform.wire.xml_guard import parse_xml
from openecp.platform.wire.xml_message import find_envelope

_ROOT = "/Declaration"


def lines_of(data: bytes, media: Media, declaration: Declaration, pointers: tuple[str, ...]) -> tuple[int | None, ...]:
    """Return the line of each pointer; of what is absent, the line of what encloses it; None for what is no pointer."""
    places = [_json_pointer(pointer, declaration) for pointer in pointers]
    if media == "json":
        return _lines_in_json(data, places)
    return _lines_in_xml(data, places)


def _json_pointer(pointer: str, declaration: Declaration) -> str | None:
    try:
        return to_json_pointer(pointer, declaration)
    except PointerError:
        return None


def _lines_in_json(data: bytes, places: list[str | None]) -> tuple[int | None, ...]:
    wanted = {place for place in places if place is not None}
    found = places_of(data, {*wanted, *(place.removeprefix(_ROOT) for place in wanted), _ROOT, ""})
    # A message that is the declaration alone has no /Declaration: its places are found one level higher.
    cut = _ROOT if found[_ROOT] == found[""] else ""
    return tuple(None if place is None else found[place.removeprefix(cut)][0] for place in places)


def _lines_in_xml(data: bytes, places: list[str | None]) -> tuple[int | None, ...]:
    size = len(data) + 1
    try:
        root = parse_xml(data, Limits(size=size, markup=size))
    except Unreadable:  # a message that was read before is readable: this guards against another message
        return (None,) * len(places)
    node = root
    if local_name(root.tag) != "Declaration":
        envelope = find_envelope(root)
        within = [] if envelope is None else [child for child in envelope if local_name(child.tag) == "Declaration"]
        if not within:
            return (None,) * len(places)
        node = within[0]
    return tuple(None if place is None else _line_below(node, place.split("/")[2:]) for place in places)


def _line_below(node: etree._Element, names: list[str]) -> int | None:
    """Follow element names and indexes as far as the message goes."""
    current = node
    while names:
        name = names.pop(0)
        index = int(names.pop(0)) if names and names[0].isdigit() else 0
        like = [child for child in current if local_name(child.tag) == name]
        if index >= len(like):
            break
        current = like[index]
    return line_of(current)
