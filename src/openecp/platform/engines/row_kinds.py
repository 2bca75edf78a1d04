# SPDX-License-Identifier: Apache-2.0
"""What values are while a statement is translated: their kind, their scale, and what makes them null."""

from __future__ import annotations

from typing import NamedTuple


class Untranslatable(ValueError):  # noqa: N818 - tells whoever writes a step
    """A step says something that this engine does not know."""


class Kind(NamedTuple):
    """What a column holds; a number is whole after `scale` decimals are taken into it."""

    name: str
    scale: int = 0


NUMBER, TEXT, FLAG, DAY, NOTHING = Kind("number"), Kind("text"), Kind("flag"), Kind("day"), Kind("nothing")
REAL = Kind("real")  # a double: what a condition of a risk profile works out, never money
_TYPES = {
    "BIGINT": NUMBER, "INT": NUMBER, "INT128": NUMBER, "HUGEINT": NUMBER, "SMALLINT": NUMBER, "VARCHAR": TEXT,
    "TEXT": TEXT, "BOOLEAN": FLAG, "DATE": DAY, "DOUBLE": REAL,
}  # fmt: skip


class Value(NamedTuple):
    """Python of an expression: null where one of the variables `holes` is, and otherwise what `text` gives."""

    text: str
    kind: Kind
    holes: frozenset[str] = frozenset()


def kind_of(type_name: str) -> Kind:
    """Return the kind of a column of a DuckDB type."""
    if type_name.startswith("DECIMAL("):
        return Kind("number", int(type_name[8:-1].split(",")[1]))
    if type_name.upper() not in _TYPES and type_name.upper() != "INTEGER":
        raise Untranslatable(f"type {type_name}: this engine does not know it")
    return _TYPES.get(type_name.upper(), NUMBER)


def guarded(value: Value) -> str:
    """Return Python that is None where the value is null."""
    if not value.holes or value.text in value.holes:
        return value.text
    return f"(None if {' or '.join(f'{name} is None' for name in sorted(value.holes))} else {value.text})"


def scaled(value: Value, scale: int) -> Value:
    """Return a number at a greater scale."""
    missing = scale - value.kind.scale
    if not missing:
        return value
    text = str(int(value.text) * 10**missing) if value.text.isdigit() else f"({value.text} * {10**missing})"
    return Value(text, Kind("number", scale), value.holes)


def real(value: Value) -> Value:
    """Return a number as a double."""
    if value.kind == REAL:
        return value
    if value.kind.name != "number":
        raise Untranslatable(f"a {value.kind.name} as a double: this engine does not know it")
    if value.text.isdigit():
        return Value(repr(float(int(value.text)) / float(10**value.kind.scale)), REAL)
    divided = f" / {float(10**value.kind.scale)!r}" if value.kind.scale else ""
    return Value(f"(float({value.text}){divided})", REAL, value.holes)


def as_text(value: Value) -> str:
    """Return Python of a value as a database writes it into a text."""
    if value.kind == TEXT:
        return value.text
    if value.kind == DAY:
        return f"{value.text}.isoformat()"
    if value.kind == FLAG:
        return f"('true' if {value.text} else 'false')"
    if value.kind.scale or value.kind == REAL:
        raise Untranslatable("a decimal number as text: this engine does not write it")
    return repr(value.text) if value.text.isdigit() else f"str({value.text})"
