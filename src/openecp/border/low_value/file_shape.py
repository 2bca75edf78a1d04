# SPDX-License-Identifier: Apache-2.0
"""What in a regime file does not have the shape of the format: every table and field, all of it in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from openecp.border.low_value.model import MONEY_FORM, SHARE_FORM, Jurisdiction

ShapeFault = tuple[str, str, str]  # place, what was expected, what was got
_FORMS = {
    "RFC3339": "a day as 2026-07-31, without quotes",
    MONEY_FORM: 'an amount as text: "150.00", no thousands mark',
    SHARE_FORM: 'a share as text: "0.20" for 20 %',
    "^[A-Z]{3}$": 'three capital letters, as "EUR"',
    "^[A-Z]{2}$": 'two capital letters, as "CN"',
    "^[A-Z]{2}-": 'an id as "EU-FLAT-2026"',
}
_NAMES = {dict: "a table", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}


def shape_faults(content: dict[str, Any]) -> Iterator[ShapeFault]:
    """Yield everything in a file that does not fit the format."""
    yield from _table(content, Jurisdiction, "")


def _table(value: Any, kind: Any, where: str) -> Iterator[ShapeFault]:
    """Yield what does not fit of a table: words that are not known, fields that are missing, and each field's own."""
    if not isinstance(value, dict):
        yield where, "a table", _named(value)
        return
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name in value:
        if name not in fields:
            yield f"{where}.{name}".lstrip("."), "a field that the format knows", f"the unknown field {name}"
    for name, field in fields.items():
        place = f"{where}.{name}".lstrip(".")
        if name in value:
            yield from _field(value[name], field.type, place)
        elif field.required:
            yield place, f"the field {name}", "none"


def _field(value: Any, hint: Any, place: str) -> Iterator[ShapeFault]:
    table, members = _table_of(hint), _members_of(hint)
    if table is not None:
        yield from _table(value, table, place)
    elif members is None:
        yield from _cell(value, hint, place)
    elif not isinstance(value, list):
        yield place, "a list", _named(value)
    else:
        most = next((one.max_length for one in getattr(hint, "__metadata__", ()) if one.max_length is not None), None)
        if most is not None and len(value) > most:
            yield place, f"at most {most} of them", str(len(value))
        for number, one in enumerate(value):
            yield from _field(one, members, f"{place}[{number}]")


def _table_of(hint: Any) -> Any:
    """Return the kind of table that a field holds, None where it holds something else."""
    kinds = [hint, *get_args(hint)]
    found = [one for one in kinds if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    return found[0] if found and get_origin(hint) is not tuple else None


def _members_of(hint: Any) -> Any:
    """Return what the members of a list are, None where the field holds no list."""
    if get_origin(hint) is Annotated:
        return _members_of(get_args(hint)[0])
    return get_args(hint)[0] if get_origin(hint) is tuple else None


def _cell(value: Any, hint: Any, place: str) -> Iterator[ShapeFault]:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        yield place, _expected(str(error), hint), repr(value)[:80]


def _expected(said: str, hint: Any) -> str:
    """Say in words of the format what the reader of types says in its own."""
    words = tuple(_words(hint))
    if words:
        return "one of " + ", ".join(map(str, dict.fromkeys(words)))
    for form, text in _FORMS.items():
        if repr(form)[1:-1] in said or form in said:
            return text
    if said.startswith("Expected `str"):
        return "text, in quotes"
    return said.removeprefix("Expected ").partition(", got")[0].partition(" - at")[0].replace("`", "")


def _words(hint: Any) -> Iterator[Any]:
    """Yield the words that a field may hold."""
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    else:
        for part in get_args(hint):
            yield from _words(part)


def _named(value: Any) -> str:
    return _NAMES.get(type(value), type(value).__name__)
