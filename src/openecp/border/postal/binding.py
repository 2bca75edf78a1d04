# SPDX-License-Identifier: Apache-2.0
"""Our own binding of postal items in JSON, and the interface for whoever brings the messages of the UPU.

The messages ITMATT, CUSITM and CUSRSP belong to the Universal Postal Union and are licensed: they are not shipped. An
adaptor turns such a message into items and our response into such a message; docs/postal.md says field by field what
corresponds to what. `JsonAdaptor` is the one adaptor that ships.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from openecp.border.postal.faults import PostalFault, PostalRefused, refuse
from openecp.border.postal.item import PostalItem, tidy_item
from openecp.border.postal.response import PostalResponse
from openecp.border.postal.shape import Builder, Tree, tree_of
from openecp.border.postal.table import ITEMS_MAX

BYTES_MAX = 64_000_000
T = TypeVar("T", bound=msgspec.Struct)


class ItemReading(msgspec.Struct, frozen=True, kw_only=True):
    """The items of a file or message, and what of it could not be read."""

    items: tuple[PostalItem, ...]
    faults: tuple[PostalFault, ...] = ()


class PostalAdaptor(Protocol):
    """Between a post's messages and our structs; an adaptor for licensed messages is its user's to write."""

    name: str

    def read_items(self, data: bytes) -> ItemReading:
        """Return the items that a message of the post declares (the part of ITMATT or CUSITM).

        Raises: PostalRefused where it is no such message.
        """

    def write_responses(self, responses: Sequence[PostalResponse]) -> bytes:
        """Return the message that tells the post what Customs decided (the part of CUSRSP)."""


class JsonAdaptor:
    """Our own binding: `{"items": [...]}`, a list of items, or one item; responses likewise."""

    name = "openecp-json"

    def read_items(self, data: bytes) -> ItemReading:
        """Return the items of a JSON text.

        Raises: PostalRefused.
        """
        return items_of_json(decoded(data))

    def write_responses(self, responses: Sequence[PostalResponse]) -> bytes:
        """Return responses as JSON."""
        return msgspec.json.encode({"responses": responses})


def write_items_json(items: Sequence[PostalItem]) -> bytes:
    """Return items as JSON."""
    return msgspec.json.encode({"items": items})


def decoded(data: bytes) -> Any:
    """Return the value of a JSON text.

    Raises: PostalRefused.
    """
    if len(data) > BYTES_MAX:
        raise refuse("OECP-POSTAL-LIMIT", "file", "The file is too large.", expected=f"at most {BYTES_MAX} bytes",
                     got=f"{len(data)} bytes", fix="Send several files.")  # fmt: skip
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse("OECP-POSTAL-JSON", "file", "The file is no JSON.", expected="JSON in UTF-8", got=str(error),
                     fix="Correct the text.") from None  # fmt: skip


def items_of_json(value: Any) -> ItemReading:
    """Return the items of a decoded JSON text, with all that is wrong with its shape.

    Raises: PostalRefused for too many items.
    """
    found, before = value, ""
    if isinstance(value, dict) and "items" in value:
        found, before = value["items"], "items"
    elif isinstance(value, dict):
        builder = Builder()
        lone = builder.from_json(PostalItem, value)
        return ItemReading(items=() if lone is None else (tidy_item(lone),), faults=tuple(builder.faults))
    if not isinstance(found, list):
        raise refuse("OECP-POSTAL-JSON", before or "$", "There are no items.", expected="a list of items",
                     got=type(found).__name__, fix="Write it as docs/postal.md shows.")  # fmt: skip
    check_number(len(found))
    builder = Builder()
    if isinstance(value, dict) and before:
        for name in value:
            if name != "items":
                builder.tell(name, "There is no such field.", "items", name)
    items = [builder.from_json(PostalItem, one, f"{before}[{n}]") for n, one in enumerate(found)]
    return ItemReading(items=tuple(tidy_item(one) for one in items if one is not None), faults=tuple(builder.faults))


def items_of_tree(tree: Tree) -> ItemReading:
    """Return the items of an XML tree: `PostalItems` with any number of `PostalItem`, or one `PostalItem` alone.

    Raises: PostalRefused.
    """
    builder = Builder()
    inner = children_of(tree, "PostalItems", "PostalItem", builder)
    check_number(len(inner))
    items = [builder.from_tree(PostalItem, one, f"/PostalItem[{n}]") for n, one in enumerate(inner, start=1)]
    return ItemReading(items=tuple(tidy_item(one) for one in items if one is not None), faults=tuple(builder.faults))


def children_of(tree: Tree, several: str, one: str, builder: Builder) -> list[Tree]:
    """Return the elements of a root that holds several, or that is one itself.

    Raises: PostalRefused for another root.
    """
    name, line, content = tree
    if name == one:
        return [tree]
    if name != several:
        raise refuse("OECP-POSTAL-XML", f"line {line}", "The root is another one.", expected=f"{several} or {one}",
                     got=name, fix="Write it as docs/postal.md shows.")  # fmt: skip
    found: list[Tree] = []
    for child in content if isinstance(content, list) else []:
        if child[0] == one:
            found.append(child)
        else:
            builder.tell(f"/{several}/{child[0]}", "There is no such element.", one, child[0], child[1])
    return found


def items_tree(items: Sequence[PostalItem]) -> Tree:
    """Return items as an XML tree."""
    return ("PostalItems", 0, [tree_of(item, "PostalItem") for item in items])


def responses_tree(responses: Sequence[PostalResponse]) -> Tree:
    """Return responses as an XML tree."""
    return ("PostalResponses", 0, [tree_of(response, "PostalResponse") for response in responses])


def struct_of_json(shape: type[T], data: bytes) -> T:
    """Return one struct of a JSON text.

    Raises: PostalRefused with all that is wrong with its shape.
    """
    builder = Builder()
    found = builder.from_json(shape, decoded(data))
    if builder.faults or found is None:
        raise PostalRefused(builder.faults)
    return found


def struct_of_tree(shape: type[T], tree: Tree, wanted: str) -> T:
    """Return one struct of an XML tree whose root has the wanted name.

    Raises: PostalRefused with all that is wrong with its shape.
    """
    builder = Builder()
    if tree[0] != wanted:
        builder.tell(f"line {tree[1]}", "The root is another one.", wanted, tree[0], tree[1])
    found = builder.from_tree(shape, tree)
    if builder.faults or found is None:
        raise PostalRefused(builder.faults)
    return found


def check_number(number: int) -> None:
    """Refuse too many items.

    Raises: PostalRefused.
    """
    if number > ITEMS_MAX:
        raise refuse("OECP-POSTAL-LIMIT", "items", "There are too many items.", expected=f"at most {ITEMS_MAX}",
                     got=number, fix="Send several files.")  # fmt: skip
