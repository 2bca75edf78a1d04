# SPDX-License-Identifier: Apache-2.0
"""Pointers: how a reply, an amendment or an error names one element of a declaration.

The text form is `42A/67A/68A[1]/23A/65A.128`: classes joined by `/`, the data element after `.`. A pointer that
ends in a class has no `.`. The number of a repeating class is the element's own SequenceNumeric where the class
has one (`68A[1000]` is the item that calls itself 1000, though it be the only one), else its position from 1.
A class that occurs once needs no number; senders that number every class are understood.

The JSON pointer of the same place (RFC 6901) counts from 0: `/Declaration/GoodsShipment/
GovernmentAgencyGoodsItem/0/Commodity/GoodsMeasure/NetNetWeightMeasure`.

Source: WCO Data Model 3.6, class 97A Pointer; its use in the replies of UK Customs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.documents import Pointer
from openecp.kernel.datamodel.elements import ROOTS, element_by_id, element_by_name, numbered, paths
from openecp.kernel.datamodel.response import Response
from openecp.kernel.datamodel.values import Element, WcoClass

MAXIMUM_STEPS = 16
MAXIMUM_LENGTH = 300
_STEP = re.compile(r"([0-9]{2}[A-Z])(?:\[([0-9]{1,5})\])?")
_TAG = re.compile(r"[A-Z]?[0-9]{3}")
_ROOTS: dict[str, type[WcoClass]] = {root.wco_id: root for root in ROOTS}


class PointerError(ValueError):
    """A text or a list of steps that is no pointer; the message says what was expected and what was got."""


class Step(NamedTuple):
    """One class on the way, with its number where one was given."""

    wco_id: str
    number: int | None = None


class WcoPointer(NamedTuple):
    """A pointer taken apart: the classes from the root on, and the data element at the end, if any."""

    steps: tuple[Step, ...]
    tag: str | None = None


def parse_pointer(text: str) -> WcoPointer:
    """Return the parts of a pointer; `42A/67A/128` is read like `42A/67A.128`.

    Raises: PointerError.
    """
    if len(text) > MAXIMUM_LENGTH:
        raise PointerError(f"pointer: expected at most {MAXIMUM_LENGTH} characters, got {len(text)}")
    body, _, tag = text.partition(".")
    steps: list[Step] = []
    parts = body.split("/")
    if not tag and len(parts) > 1 and _TAG.fullmatch(parts[-1]):
        tag = parts.pop()
    for part in parts:
        match = _STEP.fullmatch(part)
        if match is None:
            raise PointerError(f"pointer {text!r}: expected a class such as 68A or 68A[1], got {part!r}")
        steps.append(Step(match[1], int(match[2]) if match[2] else None))
    if tag and not _TAG.fullmatch(tag):
        raise PointerError(f"pointer {text!r}: expected a data element such as 128 or D026 after the dot, got {tag!r}")
    if "." in text and not tag:
        raise PointerError(f"pointer {text!r}: expected a data element such as 128 or D026 after the dot, got nothing")
    if len(steps) > MAXIMUM_STEPS:
        raise PointerError(f"pointer: expected at most {MAXIMUM_STEPS} classes, got {len(steps)}")
    return WcoPointer(tuple(steps), tag or None)


def format_pointer(pointer: WcoPointer) -> str:
    """Return the text form of a pointer."""
    body = "/".join(s.wco_id if s.number is None else f"{s.wco_id}[{s.number}]" for s in pointer.steps)
    return f"{body}.{pointer.tag}" if pointer.tag else body


def path_of(pointer: str) -> str:
    """Return the WCO path of a pointer: the same without numbers.

    Raises: PointerError.
    """
    parts = parse_pointer(pointer)
    return format_pointer(WcoPointer(tuple(Step(step.wco_id) for step in parts.steps), parts.tag))


def known(pointer: str) -> bool:
    """Say whether the data model has the element that a pointer names.

    Raises: PointerError.
    """
    return path_of(pointer) in paths()


def normalise(pointer: str) -> str:
    """Return a pointer in the one form that may be compared: no number on a class that occurs once.

    The number of such a class carries nothing; some senders write 1, some count the texts of an amendment there.

    Raises: PointerError.
    """
    parts = parse_pointer(pointer)
    steps = [
        step if element is None or element.repeats else Step(step.wco_id) for step, element in _elements(parts.steps)
    ]
    return format_pointer(WcoPointer(tuple(steps), parts.tag))


def _elements(steps: tuple[Step, ...]) -> Iterator[tuple[Step, Element | None]]:
    """Yield each step with what the model knows of it, None from the first unknown class on."""
    cls: type[WcoClass] | None = _ROOTS.get(steps[0].wco_id) if steps else None
    for index, step in enumerate(steps):
        if index == 0:
            root = None if cls is None else Element("", cls.__name__, cls.wco_id, "", "class", False, cls)
            yield step, root
            continue
        element = element_by_id(cls).get(step.wco_id) if cls is not None else None
        if cls is Response and step == Step("42A", 2):
            element = element_by_name(Response)["AmendedDeclaration"]._replace(repeats=True)
        cls = element.child if element is not None else None
        yield step, element


# In a declaration ---------------------------------------------------------------------------------------------


def resolve(root: Declaration | Response, pointer: str) -> Any:
    """Return what a pointer names: a value, a class, or the tuple of a repeating class without number; else None.

    A repeating class without number on the way stands for its first element.

    Raises: PointerError.
    """
    parts = parse_pointer(pointer)
    if not parts.steps or parts.steps[0].wco_id != root.wco_id:
        return None
    value: Any = root
    for index, (step, element) in enumerate(_elements(parts.steps)):
        if index == 0:
            continue
        if element is None or element.child is None or not isinstance(value, WcoClass):
            return None
        value = getattr(value, element.field)
        if isinstance(value, tuple):
            last = index == len(parts.steps) - 1 and parts.tag is None
            if step.number is None and last:
                return value or None
            position = _position(value, element.child, step.number)
            value = None if position is None else value[position]
    if parts.tag is None or value is None:
        return value
    cls: type[WcoClass] = type(value)
    leaf = element_by_id(cls).get(parts.tag)
    return None if leaf is None else getattr(value, leaf.field)


def _position(elements: tuple[Any, ...], cls: type[WcoClass], number: int | None) -> int | None:
    """Return the index of the element that a number names; without a number, of the first."""
    if number is None:
        return 0 if elements else None
    if numbered(cls):
        for index, element in enumerate(elements):
            if _number_of(element) == number:
                return index
        if any(_number_of(element) is not None for element in elements):
            return None
    return number - 1 if 0 < number <= len(elements) else None


def _number_of(element: Any) -> int | None:
    text = getattr(element, "sequence_numeric", None)
    return int(text) if text and len(text) <= 9 and text.isascii() and text.isdigit() else None


def to_json_pointer(pointer: str, root: Declaration | Response) -> str:
    """Return the JSON pointer of the place that a WCO pointer names, whether or not something stands there.

    What the model does not know is cut off: the JSON pointer then names the nearest place that it does know. An
    element that is not there gets the index that its number implies.

    Raises: PointerError.
    """
    parts = parse_pointer(pointer)
    json = [type(root).__name__]
    value: Any = root
    cls: type[WcoClass] = type(root)
    for index, (step, element) in enumerate(_elements(parts.steps)):
        if index == 0:
            continue
        if element is None or element.child is None:
            return "/" + "/".join(json)
        json.append(element.name)
        cls = element.child
        value = getattr(value, element.field) if isinstance(value, WcoClass) else None
        if element.field in ("declaration", "amended_declaration") or not element.repeats:
            continue
        elements = value if isinstance(value, tuple) else ()
        if step.number is None and index == len(parts.steps) - 1 and parts.tag is None:
            break
        position = _position(elements, cls, step.number)
        value = None if position is None else elements[position]
        if position is None:
            position = 0 if step.number is None else max(step.number - 1, 0)
        json.append(str(position))
    if parts.tag is not None and (leaf := element_by_id(cls).get(parts.tag)) is not None:
        json.append(leaf.name)
    return "/" + "/".join(json)


def from_json_pointer(json_pointer: str, root: Declaration | Response) -> str:
    """Return the WCO pointer of the place that a JSON pointer names.

    Raises: PointerError (the JSON pointer names nothing that the data model holds).
    """
    names = json_pointer.split("/")[1:]
    if not names or names.pop(0) != type(root).__name__:
        raise PointerError(f"JSON pointer {json_pointer[:80]!r}: expected /{type(root).__name__}/…")
    steps = [Step(root.wco_id)]
    value: Any = root
    cls: type[WcoClass] = type(root)
    while names:
        name = names.pop(0)
        element = element_by_name(cls).get(name)
        if element is None:
            raise PointerError(f"JSON pointer {json_pointer[:80]!r}: {cls.__name__} has no element {name[:60]!r}")
        if element.child is None:
            return format_pointer(WcoPointer(tuple(steps), element.wco_id or None))
        value = getattr(value, element.field) if isinstance(value, WcoClass) else None
        cls = element.child
        number = 2 if element.field == "amended_declaration" else None
        if element.repeats and names:
            index = names.pop(0)
            if not (index.isascii() and index.isdigit() and len(index) <= 5):
                raise PointerError(f"JSON pointer {json_pointer[:80]!r}: expected an index, got {index[:60]!r}")
            position = int(index)
            value = value[position] if isinstance(value, tuple) and position < len(value) else None
            number = _number_of(value) or position + 1
        steps.append(Step(element.wco_id, number))
    return format_pointer(WcoPointer(tuple(steps)))


# As written in messages ---------------------------------------------------------------------------------------


def from_structs(pointer: tuple[Pointer, ...]) -> str:
    """Return the text form of a pointer as it stands in a message: one struct a step, the data element on the last.

    Raises: PointerError.
    """
    if not pointer:
        raise PointerError("pointer: expected at least one step, got none")
    steps: list[Step] = []
    tag: str | None = None
    for one in pointer:
        if tag is not None:
            raise PointerError(f"pointer: expected TagID on the last step only, got {tag!r} before it")
        number = one.sequence_numeric or None
        if number is not None and not (number.isascii() and number.isdigit() and len(number) <= 5):
            raise PointerError(f"pointer: expected a SequenceNumeric of at most 5 digits, got {number[:40]!r}")
        steps.append(Step(one.document_section_code or "", None if number is None else int(number)))
        tag = one.tag_id or None
    text = format_pointer(WcoPointer(tuple(steps), tag))
    parse_pointer(text)
    return text


def to_structs(pointer: str) -> tuple[Pointer, ...]:
    """Return a pointer as a message writes it: one struct a step, the data element on the last.

    Raises: PointerError.
    """
    parts = parse_pointer(pointer)
    last = len(parts.steps) - 1
    return tuple(
        Pointer(
            sequence_numeric=None if step.number is None else str(step.number),
            document_section_code=step.wco_id,
            tag_id=parts.tag if index == last else None,
        )
        for index, step in enumerate(parts.steps)
    )
