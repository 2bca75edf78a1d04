# SPDX-License-Identifier: Apache-2.0
"""Between structs and the trees of JSON and XML: one walk, so that both tell all faults at once, with their places.

JSON names are the field names (`posted_on`); XML names are the same words joined (`PostedOn`), a repeating field
(`pieces`) is a repeating element in the singular (`Piece`). Leaves are text, whole numbers or flags; an amount is
never a JSON number with a fraction.
Limits: LIST_MAX entries of one list, FAULTS_MAX faults.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec

from openecp.border.postal.faults import FAULTS_MAX, PostalFault, shown

LIST_MAX = 20_000
T = TypeVar("T", bound=msgspec.Struct)
Tree = tuple[str, int, Any]  # of XML: element name, line, text or list of trees
FIX = "Correct the field; docs/postal.md names all of them."


class _Field(NamedTuple):
    """How a field of a struct is written."""

    name: str
    element: str
    leaf: type | None  # str, int or bool; None: a struct
    child: type[msgspec.Struct] | None
    repeats: bool
    needed: bool


def element_name(field: str) -> str:
    """Return the XML name of a field: `posted_on` is `PostedOn`, `s10` is `S10`, `gross_weight_kg` `GrossWeightKg`."""
    return "".join(word[:1].upper() + word[1:] for word in field.split("_"))


@cache
def fields_of(shape: type[msgspec.Struct]) -> tuple[_Field, ...]:
    """Return the fields of a struct in their order."""
    found = []
    for field in msgspec.structs.fields(shape):
        kind = field.type
        if get_origin(kind) in (Union, types.UnionType):
            kind = next(part for part in get_args(kind) if part is not type(None))
        repeats = get_origin(kind) is tuple
        if repeats:
            kind = get_args(kind)[0]
        if get_origin(kind) is not None:  # Literal: text
            kind = str
        is_struct = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        leaf = None if is_struct else kind
        element = element_name(field.name)
        element = element.removesuffix("s") if repeats else element
        child = kind if is_struct else None
        found.append(_Field(field.name, element, leaf, child, repeats, field.required))
    return tuple(found)


@cache
def _by_name(shape: type[msgspec.Struct]) -> dict[str, _Field]:
    return {field.name: field for field in fields_of(shape)}


@cache
def _by_element(shape: type[msgspec.Struct]) -> dict[str, _Field]:
    return {field.element: field for field in fields_of(shape)}


class Builder:
    """Builds structs from trees and gathers what is wrong."""

    def __init__(self) -> None:
        self.faults: list[PostalFault] = []

    def tell(self, where: str, message: str, expected: str, got: object, line: int | None = None) -> None:
        """Note one fault."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(
                PostalFault(code="OECP-POSTAL-SHAPE", where=where or "$", message=message, expected=expected,
                            got=shown(got), fix=FIX, line=line)
            )  # fmt: skip

    def from_json(self, shape: type[T], value: Any, where: str = "") -> T | None:
        """Return a struct made of decoded JSON."""
        if not isinstance(value, dict):
            self.tell(where, "This cannot be read.", "an object", _kind_of(value))
            return None
        fields = _by_name(shape)
        given: dict[str, Any] = {}
        for name, held in value.items():
            place = f"{where}.{name}" if where else name
            field = fields.get(name)
            if field is None:
                self.tell(shown(place), "There is no such field.", ", ".join(fields), name)
            elif held is not None:
                given[name] = self._json_field(field, held, place)
        return self._made(shape, given, where)

    def _json_field(self, field: _Field, held: Any, place: str) -> Any:
        if not field.repeats:
            return self._json_one(field, held, place)
        if not isinstance(held, list):
            self.tell(place, "This cannot be read.", "a list", _kind_of(held))
            return ()
        self._check_length(len(held), place)
        entries = (self._json_one(field, one, f"{place}[{n}]") for n, one in enumerate(held[:LIST_MAX]))
        return tuple(entry for entry in entries if entry is not None)

    def _json_one(self, field: _Field, held: Any, place: str) -> Any:
        if field.child is not None:
            return self.from_json(field.child, held, place)
        if field.leaf is bool and isinstance(held, bool):
            return held
        if isinstance(held, int) and not isinstance(held, bool) and field.leaf is not bool:
            return held if field.leaf is int else str(held)
        if isinstance(held, str):
            return self._leaf(field, held, place)
        wanted = "true or false" if field.leaf is bool else 'text, amounts as decimal text such as "12.50"'
        self.tell(place, "This cannot be read.", wanted, _kind_of(held))
        return None

    def from_tree(self, shape: type[T], tree: Tree, where: str = "") -> T | None:
        """Return a struct made of an XML element."""
        _, line, content = tree
        if isinstance(content, str):
            if content.strip():
                self.tell(where, "Text stands where elements belong.", "elements", content, line)
                return None
            content = []
        fields = _by_element(shape)
        given: dict[str, Any] = {}
        for child in content:
            name = child[0]
            field = fields.get(name)
            if field is None:
                self.tell(f"{where}/{name}", "There is no such element.", ", ".join(fields), name, child[1])
                continue
            self._take(field, child, where, given)
        for field in fields.values():
            if field.repeats and field.name in given:
                given[field.name] = tuple(given[field.name])
        return self._made(shape, given, where)

    def _take(self, field: _Field, child: Tree, where: str, given: dict[str, Any]) -> None:
        """Read one child element into its field."""
        name, line, _ = child
        if not field.repeats:
            if field.name in given:
                self.tell(f"{where}/{name}", "The element is given twice.", "it once", name, line)
            given[field.name] = self._tree_one(field, child, f"{where}/{name}")
            return
        held = given.setdefault(field.name, [])
        if len(held) == LIST_MAX:
            self._check_length(LIST_MAX + 1, f"{where}/{name}")
        elif len(held) < LIST_MAX:
            one = self._tree_one(field, child, f"{where}/{name}[{len(held) + 1}]")
            if one is not None:
                held.append(one)

    def _tree_one(self, field: _Field, tree: Tree, place: str) -> Any:
        if field.child is not None:
            return self.from_tree(field.child, tree, place)
        _, line, content = tree
        if not isinstance(content, str):
            self.tell(place, "Elements stand where a text belongs.", "text", content[0][0], line)
            return None
        return self._leaf(field, content, place, line)

    def _leaf(self, field: _Field, text: str, place: str, line: int | None = None) -> Any:
        if field.leaf is str:
            return text
        try:
            return msgspec.convert(text.strip(), field.leaf, strict=False)
        except msgspec.ValidationError:
            wanted = "true or false" if field.leaf is bool else "a whole number"
            self.tell(place, "This cannot be read.", wanted, text, line)
            return None

    def _check_length(self, length: int, place: str) -> None:
        if length > LIST_MAX:
            self.tell(place, "The list is too long.", f"at most {LIST_MAX} entries", "more")

    def _made(self, shape: type[T], given: dict[str, Any], where: str) -> T | None:
        held = {name: value for name, value in given.items() if value is not None}
        if missing := [field.name for field in fields_of(shape) if field.needed and field.name not in held]:
            if untold := [name for name in missing if name not in given]:  # of the others their place has told
                self.tell(where, "Something is missing.", ", ".join(untold), "nothing")
            return None
        return shape(**held)


def tree_of(value: msgspec.Struct, name: str) -> Tree:
    """Return a struct as an XML element; what is not given is left out."""
    content: list[Tree] = []
    for field in fields_of(type(value)):
        held = getattr(value, field.name)
        for one in held if field.repeats else (held,):
            if one is None:
                continue
            if field.child is not None:
                content.append(tree_of(one, field.element))
            else:
                text = ("true" if one else "false") if isinstance(one, bool) else str(one)
                content.append((field.element, 0, text))
    return (name, 0, content)


def _kind_of(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    names = {dict: "an object", float: f"the number {value}", bool: str(value).lower(), type(None): "null"}
    return names.get(type(value), shown(value))
