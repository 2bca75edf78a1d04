# SPDX-License-Identifier: Apache-2.0
"""Reads the classes of the WCO Data Model from XML elements.

Elements are known by their local names: any prefix, and none, is read. What the data model does not hold is
reported with its path and line; what stands where it may not is a fault. Nothing is lost silently.

Source: WCO Data Model 3.6, DEC-DMS:2 and RES-DMS:2 customisation.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from lxml import etree

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.elements import LEAF_ATTRIBUTE, elements_of, message_name
from openecp.kernel.datamodel.response import Response
from openecp.kernel.datamodel.values import Amount, DateTime, Quantity, WcoClass
from openecp.platform.wire import namespaces as ns
from openecp.platform.wire.xml_findings import BLANK, Findings, Frame, local_name

_LEAVES: dict[str, tuple[Any, str, str]] = {
    # kind: type, attribute of the message, field of the type
    "amount": (Amount, LEAF_ATTRIBUTE["amount"], "currency_id"),
    "quantity": (Quantity, LEAF_ATTRIBUTE["quantity"], "unit_code"),
}


class _Slot(NamedTuple):
    """What to do with one child element of a class."""

    field: str
    kind: str
    repeats: bool
    child: type[WcoClass] | None
    wco_id: str
    name: str


@cache
def _slots(cls: type[WcoClass]) -> dict[str, _Slot]:
    """Return the children of a class by tag: bare, and in the two namespaces, so that most tags need no cutting."""
    slots: dict[str, _Slot] = {}
    for element in elements_of(cls):
        if element.field == "amended_declaration":
            continue  # told apart from Declaration by what is in it
        name = message_name(element)
        slot = _Slot(element.field, element.kind, element.repeats, element.child, element.wco_id, name)
        for tag in (name, f"{{{ns.DEC}}}{name}", f"{{{ns.RES}}}{name}"):
            slots[tag] = slot
    return slots


def read_root(cls: type[WcoClass], node: etree._Element, path: str, findings: Findings, position: int = 1) -> Any:
    """Return the declaration or response that an element holds; `path` is where the element stands."""
    findings.root_path = path
    return _read(cls, node, Frame(cls.__name__, cls.wco_id, False, {}, position), findings)


def _read(cls: type[WcoClass], node: etree._Element, frame: Frame, findings: Findings) -> Any:
    findings.frames.append(frame)
    slots = _slots(cls)
    values = frame.values
    lists: dict[str, list[Any]] = {}
    unknown: dict[str, int] | None = None
    if node.text and node.text.strip(BLANK):
        findings.stray_text(node, node.text)
    if node.keys():
        findings.attributes(node, findings.path())
    for child in node:
        tag = child.tag
        slot = slots.get(tag) or slots.get(local_name(tag))
        if child.tail and child.tail.strip(BLANK):
            findings.stray_text(node, child.tail)
        if slot is None:
            if findings.full():
                continue
            unknown = {} if unknown is None else unknown
            name = local_name(tag)
            number = unknown[name] = unknown.get(name, 0) + 1
            findings.element(child, findings.path(name if number == 1 else f"{name}[{number}]"))
            continue
        field, kind, repeats, below, wco_id, known_name = slot
        value: Any
        if below is not None:
            if cls is Response and field == "declaration" and _is_amended(child):
                field, below = "amended_declaration", Declaration
            position = len(lists.get(field, ())) + 1
            value = _read(below, child, Frame(known_name, wco_id, repeats, {}, position), findings)
        elif kind == "text":
            if len(child) or child.keys():
                _check_leaf(child, None, wco_id, findings)
            value = (child.text or "").strip(BLANK)
        elif kind == "datetime":
            value = _date_time(child, wco_id, findings)
        else:
            value = _leaf(child, kind, wco_id, findings)
        if repeats:
            lists.setdefault(field, []).append(value)
        elif field in values:
            findings.repeated(child, wco_id, leaf=below is None)
        else:
            values[field] = value
    for field, found in lists.items():
        values[field] = tuple(found)
    findings.frames.pop()
    return cls(**values)


def _leaf(node: etree._Element, kind: str, wco_id: str, findings: Findings) -> Any:
    leaf, attribute, field = _LEAVES[kind]
    value = (node.text or "").strip(BLANK)
    keys = node.keys()
    if len(node) or (keys and keys != [attribute]):
        _check_leaf(node, attribute, wco_id, findings)
    said = node.get(attribute) if keys else None
    return leaf(value=value) if said is None else leaf(value=value, **{field: said.strip(BLANK)})


def _date_time(node: etree._Element, wco_id: str, findings: Findings) -> DateTime:
    """Read `<DateTimeString formatCode="304">`, or the text alone where a sender leaves the inner element out."""
    inner: etree._Element | None = None
    path = ""
    for child in node:
        if inner is None and local_name(child.tag) == "DateTimeString":
            inner = child
        else:
            path = path or findings.path(local_name(node.tag))
            findings.element(child, f"{path}/{local_name(child.tag)}")
        if child.tail and child.tail.strip(BLANK):
            findings.stray_text(node, child.tail)
    if inner is None:
        if node.text or len(node) or node.keys():
            findings.bare_date(node, wco_id)
        inner = node
    elif node.text and node.text.strip(BLANK):
        findings.stray_text(node, node.text)
    if inner is not node and node.keys():
        findings.attributes(node, findings.path(local_name(node.tag)))
    if inner.keys() or (inner is not node and len(inner)):
        inner_path = findings.path(local_name(node.tag)) + ("" if inner is node else "/DateTimeString")
        findings.attributes(inner, inner_path, "formatCode")
        if inner is not node and len(inner):
            findings.not_a_value(inner, inner_path, wco_id)
    code = inner.get("formatCode")
    return DateTime(value=(inner.text or "").strip(BLANK), format_code=None if code is None else code.strip(BLANK))


def _check_leaf(node: etree._Element, attribute: str | None, wco_id: str, findings: Findings) -> None:
    path = findings.path(local_name(node.tag))
    findings.attributes(node, path, attribute)
    if len(node):
        findings.not_a_value(node, path, wco_id)


def _is_amended(node: etree._Element) -> bool:
    """Say whether a Declaration in a Response holds amended values: by namespace, else by FunctionCode and no ID."""
    if str(node.tag) == f"{{{ns.DEC}}}Declaration":
        return True
    names = {local_name(child.tag) for child in node}
    return "FunctionCode" in names and "ID" not in names
