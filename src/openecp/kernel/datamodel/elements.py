# SPDX-License-Identifier: Apache-2.0
"""What the data model knows: the elements of each class, and every WCO path from a message's root.

The structs are the only source. This file reads them once and answers questions about them: which elements a
class has, which WCO path stands for which element, what an element is called in a message.

A *path* has no positions: `42A/67A/68A/23A/65A.128` (classes joined by `/`, the data element after `.`). With
positions it is a *pointer*, see `pointers.py`.

Source: WCO Data Model 3.6, DEC-DMS:2 and RES-DMS:2 customisation.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.response import Response
from openecp.kernel.datamodel.values import Amount, DateTime, Element, Quantity, WcoClass

ROOTS: tuple[type[WcoClass], ...] = (Declaration, Response)

# The attribute that a leaf may carry beside its text.
LEAF_ATTRIBUTE = MappingProxyType({"amount": "currencyID", "quantity": "unitCode", "datetime": "formatCode"})

_LEAF_KINDS: dict[Any, str] = {str: "text", Amount: "amount", Quantity: "quantity", DateTime: "datetime"}


@cache
def elements_of(cls: type[WcoClass]) -> tuple[Element, ...]:
    """Return what the model knows of each field of a class, in the order of a message."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_element(info.name, info.encode_name, hints[info.name]) for info in msgspec.structs.fields(cls))


def _element(field: str, name: str, hint: Any) -> Element:
    meta = msgspec.Meta()
    if get_origin(hint) is Annotated:
        hint, meta = get_args(hint)[0], get_args(hint)[1]
    repeats = False
    if get_origin(hint) is tuple:
        hint, repeats = get_args(hint)[0], True
    elif get_origin(hint) in (Union, UnionType):
        hint = next(kind for kind in get_args(hint) if kind is not type(None))
    if isinstance(hint, type) and issubclass(hint, WcoClass):
        return Element(field, name, hint.wco_id, "", "class", repeats, hint)
    extra = meta.extra or {}
    return Element(field, name, extra.get("wco_id", ""), extra.get("format", ""), _LEAF_KINDS[hint], repeats, None)


@cache
def element_by_field(cls: type[WcoClass]) -> MappingProxyType[str, Element]:
    """Return the elements of a class by their Python names."""
    return MappingProxyType({element.field: element for element in elements_of(cls)})


@cache
def element_by_name(cls: type[WcoClass]) -> MappingProxyType[str, Element]:
    """Return the elements of a class by the names that a message uses."""
    return MappingProxyType({element.name: element for element in elements_of(cls)})


@cache
def element_by_id(cls: type[WcoClass]) -> MappingProxyType[str, Element]:
    """Return the elements of a class by WCO identifier; of two with the same identifier, the first.

    `07B` holds `42A` twice: the declaration replied to, and the values as amended.
    """
    found: dict[str, Element] = {}
    for element in elements_of(cls):
        if element.wco_id:
            found.setdefault(element.wco_id, element)
    return MappingProxyType(found)


def numbered(cls: type[WcoClass]) -> bool:
    """Say whether elements of a class carry a number of their own, SequenceNumeric, by which pointers name them."""
    return "sequence_numeric" in cls.__struct_fields__


@cache
def paths() -> MappingProxyType[str, Element]:
    """Return every WCO path of the model, from `42A` (declaration) and `07B` (response), with its last element.

    A path that ends in a class is there too (`42A/67A/68A`); the two roots stand for themselves.
    """
    found: dict[str, Element] = {}
    for root in ROOTS:
        found[root.wco_id] = Element("", root.__name__, root.wco_id, "", "class", False, root)
        _collect(root, root.wco_id, found)
    return MappingProxyType(found)


def _collect(cls: type[WcoClass], path: str, found: dict[str, Element]) -> None:
    for element in elements_of(cls):
        if element.child is not None:
            below = f"{path}/{element.wco_id}"
            found.setdefault(below, element)
            _collect(element.child, below, found)
        elif element.wco_id:
            found.setdefault(f"{path}.{element.wco_id}", element)


@cache
def name_paths() -> MappingProxyType[str, str]:
    """Return the WCO path of every path of element names: `Declaration/GoodsShipment/UCR/ID` is `42A/67A/35B.016`.

    Both Declarations of a Response are called Declaration in a message; their elements are taken together.
    """
    found: dict[str, str] = {}
    for root in ROOTS:
        found[root.__name__] = root.wco_id
        _collect_names(root, root.__name__, root.wco_id, found)
    return MappingProxyType(found)


def _collect_names(cls: type[WcoClass], names: str, path: str, found: dict[str, str]) -> None:
    for element in elements_of(cls):
        name = message_name(element)
        if element.child is not None:
            found.setdefault(f"{names}/{name}", f"{path}/{element.wco_id}")
            _collect_names(element.child, f"{names}/{name}", f"{path}/{element.wco_id}", found)
            continue
        found.setdefault(f"{names}/{name}", f"{path}.{element.wco_id}")
        if element.kind == "datetime":
            found.setdefault(f"{names}/{name}/DateTimeString", f"{path}.{element.wco_id}")


def message_name(element: Element) -> str:
    """Return the name that an XML message uses; the amended Declaration of a Response is a Declaration there."""
    return "Declaration" if element.field == "amended_declaration" else element.name
