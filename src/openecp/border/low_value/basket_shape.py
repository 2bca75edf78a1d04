# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the shape of a basket: names not known, missing or there twice, values of a wrong type.

Limits: FAULTS_MAX faults are told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin

import msgspec

FAULTS_MAX = 20
_SAYS = {
    str: ("text", 'Write it in quotes: amounts and rates are decimal strings such as "12.50".'),
    bool: ("true or false", "Write true or false, without quotes."),
    list: ("a list", "Write a list in [ ]."),
    dict: ("an object of code and rate", 'Write an object such as {"640319": "0.12"}.'),
}


class ShapeFault(NamedTuple):
    """One fault of shape: its place as in JSON, what was expected, what was got, what to do."""

    where: str
    expected: str
    got: str
    fix: str


class _Pairs(list[tuple[str, Any]]):
    """The names and values of one object, in their order, doubles included."""


class _Repeated(Exception):  # noqa: N818 - found, no fault
    """A name stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise _Repeated


_looking = json.JSONDecoder(object_pairs_hook=_once)


def repeated_names(data: bytes) -> list[ShapeFault]:
    """Return the names that stand twice in one object: nobody can say which value holds."""
    try:
        _looking.decode(data.decode())
        return []
    except _Repeated:
        pass
    return list(_repeated("", json.loads(data, object_pairs_hook=_Pairs)))[:FAULTS_MAX]


def shape_faults(data: bytes, form: type[msgspec.Struct]) -> list[ShapeFault]:
    """Return every fault of shape of a JSON text that should have the form of a struct."""
    whole = json.loads(data, object_pairs_hook=_Pairs)
    return [*_repeated("", whole), *_struct("", whole, form)][:FAULTS_MAX]


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _repeated(where: str, value: Any) -> Iterator[ShapeFault]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for name, inner in value:
            if name in seen:
                yield ShapeFault(_join(where, name), "each name once", "the name twice", "Leave one of them out.")
            seen.add(name)
            yield from _repeated(_join(where, name), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _repeated(f"{where}[{number}]", inner)


def _struct(where: str, value: Any, form: type[msgspec.Struct]) -> Iterator[ShapeFault]:
    if not isinstance(value, _Pairs):
        yield ShapeFault(where or "$", "an object", _shown(value), "Write an object in { }.")
        return
    given = dict(value)
    fields = {field.name: field for field in msgspec.structs.fields(form)}
    for name in given:
        if name not in fields:
            wanted = "one of " + ", ".join(fields)
            yield ShapeFault(
                _join(where, name), wanted, "a field that is not known", "Correct its name or leave it out."
            )
    for name, field in fields.items():
        if name in given:
            yield from _value(_join(where, name), given[name], field.type)
        elif field.required:
            yield ShapeFault(_join(where, name), "a value", "nothing", "Add the field.")


def _value(where: str, value: Any, form: Any) -> Iterator[ShapeFault]:
    kinds = [kind for kind in (get_args(form) or (form,)) if kind is not NoneType] if _is_union(form) else [form]
    if value is None and _is_union(form) and NoneType in get_args(form):
        return
    kind = kinds[0]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _struct(where, value, kind)
    elif get_origin(kind) is list and isinstance(value, list) and not isinstance(value, _Pairs):
        for number, inner in enumerate(value):
            yield from _value(f"{where}[{number}]", inner, get_args(kind)[0])
    elif get_origin(kind) is dict and isinstance(value, _Pairs):
        for name, inner in value:
            yield from _value(f"{where}[{name}]", inner, get_args(kind)[1])
    else:
        try:
            msgspec.convert(dict(value) if isinstance(value, _Pairs) else value, form)
        except msgspec.ValidationError as error:
            expected, fix = _SAYS.get(get_origin(kind) or kind, ("a day as 2026-07-31", "Write year, month and day."))
            got = _shown(value)
            yield ShapeFault(where, expected, got or str(error), fix)


def _is_union(form: Any) -> bool:
    return NoneType in get_args(form) or (bool(get_args(form)) and get_origin(form) not in (list, dict))


def _shown(value: Any) -> str:
    if isinstance(value, _Pairs):
        return "an object"
    return "a list" if isinstance(value, list) else json.dumps(value, ensure_ascii=True)[:80]
