# SPDX-License-Identifier: Apache-2.0
"""A declaration as a readable tree: every element with its name, WCO id, value and unit, faults at their place.

Limits: 20,000 nodes; the tree says so where it was cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.elements import elements_of, paths
from openecp.kernel.datamodel.values import Amount, DateTime, Element, Quantity, WcoClass

NODES_MAX = 20_000


@dataclass(slots=True)
class Node:
    """One element of the declaration as declared."""

    name: str
    wco_id: str
    pointer: str
    number: int | None = None  # of a repeating class
    value: str | None = None
    qualifier: str | None = None  # currency, unit or format
    children: list[Node] = field(default_factory=list)
    faults: list[Reason] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """The element's place in the page."""
        return anchor_of(self.pointer)

    @property
    def faulty(self) -> bool:
        """Whether this element or one below it has a fault."""
        return bool(self.faults) or any(child.faulty for child in self.children)


@dataclass(slots=True)
class Tree:
    """The declared data of one declaration; `cut` where it holds more elements than are shown."""

    root: Node
    places: dict[str, Node]
    cut: bool = False

    def place(self, pointer: str | None) -> Node | None:
        """Return the element that a pointer names, or the nearest one above it that was declared."""
        if pointer is None:
            return None
        path = normal(pointer)
        while path:
            if path in self.places:
                return self.places[path]
            cut = max(path.rfind("/"), path.rfind("."))
            path = path[:cut] if cut > 0 else ""
        return None


def anchor_of(pointer: str) -> str:
    """Return the fragment that names an element of the declared data in its page."""
    return "at-" + pointer.replace("/", "_").replace("[", "-").replace("]", "").replace(".", "--")


def element_of(pointer: str) -> str:
    """Return the name of the element that a pointer names, empty where the data model has none such."""
    element = paths().get(re.sub(r"\[\d+\]", "", pointer))
    return element.name if element else ""


def normal(pointer: str) -> str:
    """Return a pointer without the number 1, so that both ways of writing a single element meet."""
    return pointer.replace("[1]", "")


def declared_tree(declaration: Declaration, faults: tuple[Reason, ...] = ()) -> Tree:
    """Return what was declared as a tree, each fault at the element that it is about."""
    places: dict[str, Node] = {}
    root = Node(name="Declaration", wco_id=declaration.wco_id, pointer=declaration.wco_id)
    places[root.pointer] = root
    tree = Tree(root=root, places=places)
    _grow(root, declaration, tree)
    for fault in faults:
        node = tree.place(fault.pointer)
        if node is not None:
            node.faults.append(fault)
    return tree


def _grow(node: Node, value: WcoClass, tree: Tree) -> None:
    for element in elements_of(type(value)):
        got = getattr(value, element.field)
        if got is None or got == () or got == "":
            continue
        values = got if element.repeats else (got,)
        for position, one in enumerate(values, start=1):
            if len(tree.places) >= NODES_MAX:
                tree.cut = True
                return
            child = _node(node, element, one, position)
            node.children.append(child)
            tree.places.setdefault(normal(child.pointer), child)
            if isinstance(one, WcoClass):
                _grow(child, one, tree)


def _node(parent: Node, element: Element, value: object, position: int) -> Node:
    if isinstance(value, WcoClass):
        number = _number(value, position) if element.repeats else None
        pointer = f"{parent.pointer}/{element.wco_id}" + (f"[{number}]" if number is not None else "")
        return Node(name=element.name, wco_id=element.wco_id, pointer=pointer, number=number)
    pointer = f"{parent.pointer}.{element.wco_id or element.name}"
    if isinstance(value, Amount):
        return Node(element.name, element.wco_id, pointer, value=value.value, qualifier=value.currency_id)
    if isinstance(value, Quantity):
        return Node(element.name, element.wco_id, pointer, value=value.value, qualifier=value.unit_code)
    if isinstance(value, DateTime):
        return Node(element.name, element.wco_id, pointer, value=value.value, qualifier=value.format_code)
    return Node(element.name, element.wco_id, pointer, value=str(value))


def _number(value: WcoClass, position: int) -> int:
    text = getattr(value, "sequence_numeric", None)
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 10 else position
