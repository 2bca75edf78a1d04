# SPDX-License-Identifier: Apache-2.0
"""Goes through a JSON message field by field: what is unknown, what is given twice, what XML could not hold."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NoReturn, TypeVar

import msgspec

from openecp.kernel.datamodel.binding import Message
from openecp.kernel.datamodel.elements import LEAF_ATTRIBUTE, elements_of
from openecp.platform.wire.json_places import place_of, places_of
from openecp.platform.wire.messages import Limits, UnknownElement, Unreadable, excerpt
from openecp.platform.wire.xml_findings import BLANK
from openecp.platform.wire.xml_writer import ILLEGAL

_Known = TypeVar("_Known", bound=msgspec.Struct)


class _Object(dict[str, Any]):
    """An object of the message; `twice` is a field that it gives more than once."""

    twice: str | None = None


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                made.twice = name
                break
            seen.add(name)
    return made


@cache
def _shape(cls: Any) -> dict[str, Any]:
    """Return the fields of a class by name: None for text, a shape for what has fields of its own."""
    if cls is Message:
        shape: dict[str, Any] = dict.fromkeys(info.encode_name for info in msgspec.structs.fields(Message))
        for info in msgspec.structs.fields(Message):
            if info.name == "declaration" or info.name == "response":
                shape[info.encode_name] = _class_of(info.type)
        return shape
    if isinstance(cls, str):
        return {"value": None, LEAF_ATTRIBUTE[cls]: None}
    return {
        e.name: e.child if e.child is not None else (None if e.kind == "text" else e.kind) for e in elements_of(cls)
    }


def _class_of(kind: Any) -> Any:
    return next(one for one in kind.__args__ if isinstance(one, type) and issubclass(one, msgspec.Struct))


class _Check:
    """One walk through a message; keeps what is unknown, cleans texts, remembers whether it had to."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data = data
        self.limits = limits
        self.unknown: list[tuple[str, str]] = []
        self.unlisted = False
        self.cleaned = False

    def known(self, value: Any, shape: Any, pointer: str) -> Any:
        """Return a value of the model, trimmed; `shape` is its class, None for text."""
        if isinstance(value, str):
            return self._text(value, pointer)
        if isinstance(value, list):
            return [self.known(one, shape, f"{pointer}/{index}") for index, one in enumerate(value)]
        if not isinstance(value, _Object) or shape is None:
            return value  # null, or what decoding has refused before
        self._once(value, pointer)
        shape = _shape(shape)
        kept: dict[str, Any] = {}
        for name, inner in value.items():
            below = f"{pointer}/{_escape(name)}"
            if name in shape:
                kept[name] = self.known(inner, shape[name], below)
            else:
                self._unknown(inner, below)
        return kept

    def _unknown(self, value: Any, pointer: str) -> None:
        waiting = [(value, pointer)]
        while waiting:
            current, at = waiting.pop()
            if at.count("/") > self.limits.depth:
                raise too_deep(self.limits)
            if len(self.unknown) >= self.limits.reported:
                self.unlisted = True
                return
            if isinstance(current, _Object) and current:
                self._once(current, at)
                waiting.extend((inner, f"{at}/{_escape(name)}") for name, inner in reversed(current.items()))
            elif isinstance(current, list) and current:
                waiting.extend((inner, f"{at}/{index}") for index, inner in reversed(list(enumerate(current))))
            else:
                text = current if isinstance(current, str) else json.dumps(current)
                self.unknown.append((at, text))

    def _once(self, value: _Object, pointer: str) -> None:
        if value.twice is None:
            return
        at = f"{pointer}/{_escape(value.twice)}"
        line, column = place_of(self.data, at)
        raise Unreadable(
            "OECP-JSON-REPEATED",
            f"{excerpt(value.twice, 60)} is given twice in one object.",
            line=line,
            column=column,
            json_pointer=at,
            expected="each field once",
            got="the same field again",
            fix="Remove one of them; what repeats in the data model is an array.",
        )

    def _text(self, value: str, pointer: str) -> str:
        trimmed = value.strip(BLANK)
        if len(trimmed) != len(value):
            self.cleaned = True
        illegal = ILLEGAL.search(trimmed)
        if illegal is not None:
            line, column = place_of(self.data, pointer)
            raise Unreadable(
                "OECP-JSON-CHARACTER",
                "A text holds a control character.",
                line=line,
                column=column,
                json_pointer=pointer,
                expected="characters that XML 1.0 allows too",
                got=f"U+{ord(illegal.group()):04X}",
                fix="Remove it.",
            )
        return trimmed


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def too_deep(limits: Limits) -> Unreadable:
    """Return the error for objects nested too deeply."""
    return Unreadable(
        "OECP-JSON-DEPTH",
        "The message's objects are nested too deeply.",
        expected=f"at most {limits.depth} objects and arrays within each other",
        got="more",
        fix="Send a declaration of the WCO Data Model; it needs about ten levels.",
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def load(data: bytes) -> Any:
    """Return the values of a JSON text; numbers stay text, so that none costs more than its length.

    Raises: ValueError, RecursionError.
    """
    text = data.decode("utf-8")
    return json.loads(
        text, object_pairs_hook=_object, parse_int=_Number, parse_float=_Number, parse_constant=_no_constant
    )


class _Number(str):
    """A number as written."""

    __slots__ = ()


def check_message(
    value: _Known, data: bytes, limits: Limits, root: str = ""
) -> tuple[_Known, tuple[UnknownElement, ...]]:
    """Return a decoded message with its texts trimmed, and what it holds that the data model does not.

    Raises: Unreadable (`OECP-JSON-REPEATED`, `-CHARACTER`, `-DEPTH`, `-ENCODING`, `-NOT-WELL-FORMED`).
    """
    try:
        loaded = load(data)
    except RecursionError:
        raise too_deep(limits) from None
    check = _Check(data, limits)
    kept = check.known(loaded, type(value), "")
    if check.cleaned:
        value = msgspec.convert(kept, type(value))
    places = places_of(data, [at for at, _ in check.unknown]) if check.unknown else {}
    listed = [UnknownElement(path=at, line=places[at][0], text=text) for at, text in check.unknown]
    if check.unlisted:
        listed.append(UnknownElement(path="…", text="there is more that is not understood"))
    return value, tuple(listed)
