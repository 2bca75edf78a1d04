# SPDX-License-Identifier: Apache-2.0
"""XML of our own postal binding: elements with text or elements in them, no attributes, one namespace or none.

Who knows the fields makes structs of the tree (`border/postal/shape.py`). Hostile XML is refused by `xml_guard`, like
any message.
Limits: those of `Limits`; depth DEPTH_MAX.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from openecp.platform.wire.messages import Limits, Unreadable, excerpt
from openecp.platform.wire.xml_findings import line_of, local_name
from openecp.platform.wire.xml_guard import parse_xml
from openecp.platform.wire.xml_writer import ILLEGAL, Unwritable

NAMESPACE = "urn:openecp:postal:1"
DEPTH_MAX = 12
Tree = tuple[str, int, Any]  # element name, line, text or list of trees
_SPECIAL = re.compile(r"[&<>\r]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_POSTAL_LIMITS = Limits(markup=2_000_000)


def read_postal_xml(data: bytes, limits: Limits = _POSTAL_LIMITS) -> Tree:
    """Return the tree of a message of the postal binding.

    Raises: Unreadable (`OECP-XML-…`).
    """
    return _tree(parse_xml(data, limits), 1)


def _tree(node: etree._Element, depth: int) -> Tree:
    name, line = local_name(node.tag), line_of(node)
    if depth > DEPTH_MAX:
        raise _refused("DEPTH", "Elements are nested too deeply.", line, f"at most {DEPTH_MAX} levels", name)
    if node.keys():
        raise _refused(
            "ATTRIBUTE", "The postal binding has no attributes.", line, "elements alone", str(node.keys()[0])
        )
    if etree.QName(node).namespace not in (None, NAMESPACE):
        got = etree.QName(node).namespace or ""
        raise _refused("NAMESPACE", "This is no message of the postal binding.", line, NAMESPACE, got)
    if not len(node):
        return (name, line or 0, (node.text or "").strip())
    children = []
    for child in node:
        children.append(_tree(child, depth + 1))
        if child.tail and child.tail.strip():
            raise _refused("TEXT", "Text stands beside elements.", line, "elements alone", child.tail)
    if node.text and node.text.strip():
        raise _refused("TEXT", "Text stands beside elements.", line, "elements alone", node.text)
    return (name, line or 0, children)


def write_postal_xml(tree: Tree) -> bytes:
    """Return a tree as XML, one element a line.

    Raises: Unwritable (a value with a character that XML does not allow).
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    _write(tree, "", f' xmlns="{NAMESPACE}"', lines)
    return ("\n".join(lines) + "\n").encode()


def _write(tree: Tree, indent: str, attributes: str, lines: list[str]) -> None:
    name, _, content = tree
    if isinstance(content, str):
        lines.append(f"{indent}<{name}{attributes}>{_text(content, name)}</{name}>")
    elif not content:
        lines.append(f"{indent}<{name}{attributes}/>")
    else:
        lines.append(f"{indent}<{name}{attributes}>")
        for child in content:
            _write(child, indent + "  ", "", lines)
        lines.append(f"{indent}</{name}>")


def _text(value: str, place: str) -> str:
    found = ILLEGAL.search(value)
    if found is not None:
        mark = f"U+{ord(found.group()):04X}"
        raise Unwritable(f"{place}: expected characters that XML 1.0 allows, got {mark}; remove the character")
    return _SPECIAL.sub(lambda mark: _ESCAPES[mark.group()], value)


def _refused(code: str, message: str, line: int | None, expected: str, got: str) -> Unreadable:
    return Unreadable(
        f"OECP-XML-{code}",
        message,
        line=line,
        expected=expected,
        got=excerpt(got),
        fix="Write it as docs/postal.md shows.",
    )
