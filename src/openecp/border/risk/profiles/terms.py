# SPDX-License-Identifier: Apache-2.0
"""A predicate as it was understood, and the SQL written anew from it: no text of the author's but literals is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from openecp.border.risk.profiles.columns import COLUMNS, Kind

Operator = Literal["=", "<>", "<", "<=", ">", ">="]
NEGATED: dict[Operator, Operator] = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED: dict[Operator, Operator] = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
Place = Callable[[str], str]  # a column's name as the pipeline has it → where it stands in a statement


@dataclass(frozen=True)
class Named:
    """A column."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A text or number that the author wrote."""

    value: str | Decimal


@dataclass(frozen=True)
class Worked:
    """What a pure function or an operator makes of terms; `name` is of the list in predicate.py."""

    name: str
    of: tuple[Term, ...]


Term: TypeAlias = "Named | Constant | Worked"


@dataclass(frozen=True)
class Compared:
    """Two terms compared."""

    operator: Operator
    left: Term
    right: Term


@dataclass(frozen=True)
class OneOf:
    """A term that is one of a list, or is not."""

    term: Term
    values: tuple[str | Decimal, ...]
    negated: bool = False


@dataclass(frozen=True)
class Matched:
    """A text that begins with, ends with or contains another, or does not."""

    how: Literal["starts_with", "ends_with", "contains"]
    term: Term
    text: str
    negated: bool = False


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Either:
    """One part at least holds."""

    parts: tuple[Condition, ...]


Atom: TypeAlias = "Compared | OneOf | Matched"
Condition: TypeAlias = "Compared | OneOf | Matched | All | Either"


def names_in(node: Condition | Term) -> Iterator[str]:
    """Return the columns that a condition or term reads, each as often as it is named."""
    match node:
        case Named():
            yield node.name
        case Worked():
            for term in node.of:
                yield from names_in(term)
        case Compared():
            yield from names_in(node.left)
            yield from names_in(node.right)
        case OneOf() | Matched():
            yield from names_in(node.term)
        case All() | Either():
            for part in node.parts:
                yield from names_in(part)


def kind_of(term: Term) -> Kind:
    """Return whether a term is a text or a number."""
    match term:
        case Named():
            return COLUMNS[term.name].kind
        case Constant():
            return "text" if isinstance(term.value, str) else "number"
        case Worked():
            return "text" if term.name in ("lower", "upper", "trim", "substring") else "number"


def literal(value: str | Decimal) -> str:
    """Return a constant as SQL."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return format(value, "f")


def sql_of(node: Condition, place: Place) -> str:
    """Return a condition as SQL over the items' own columns.

    A column alone beside a number is compared as a whole number; everything that is worked out is a double, which
    neither overflows nor fails; a division by 0 gives nothing, so that the comparison does not hold.
    """
    match node:
        case All():
            return "(" + " AND ".join(sql_of(part, place) for part in node.parts) + ")"
        case Either():
            return "(" + " OR ".join(sql_of(part, place) for part in node.parts) + ")"
        case Matched():
            found = f"{node.how.upper()}({_term(node.term, place)}, {literal(node.text)})"
            return f"(NOT {found})" if node.negated else found
        case OneOf():
            values = ", ".join(literal(_scaled(node.term, value)) for value in node.values)
            return f"({_side(node.term, place)} {'NOT IN' if node.negated else 'IN'} ({values}))"
        case Compared():
            left, right = node.left, node.right
            if isinstance(right, Constant):
                return f"({_side(left, place)} {node.operator} {literal(_scaled(left, right.value))})"
            return f"({_term(left, place)} {node.operator} {_term(right, place)})"


def stored(name: str, place: Place) -> str:
    """Return a column as SQL, never empty."""
    column = COLUMNS[name]
    return f"COALESCE({place(column.stored)}, {chr(39) * 2 if column.kind == 'text' else '0'})"


def _side(term: Term, place: Place) -> str:
    return stored(term.name, place) if isinstance(term, Named) else _term(term, place)


def _scaled(term: Term, value: str | Decimal) -> str | Decimal:
    return value * COLUMNS[term.name].scale if isinstance(term, Named) and isinstance(value, Decimal) else value


def _term(term: Term, place: Place) -> str:
    match term:
        case Named():
            column = COLUMNS[term.name]
            if column.kind == "text":
                return stored(term.name, place)
            scaled = f" / {column.scale}e0" if column.scale != 1 else ""
            return f"(CAST({stored(term.name, place)} AS DOUBLE){scaled})"
        case Constant():
            return literal(term.value) if isinstance(term.value, str) else f"CAST({literal(term.value)} AS DOUBLE)"
        case Worked():
            if term.name == "substring":  # its places are whole numbers
                rest = [literal(t.value) for t in term.of[1:] if isinstance(t, Constant)]
                return f"SUBSTRING({', '.join([_term(term.of[0], place), *rest])})"
            if term.name == "length":
                return f"CAST(LENGTH({_term(term.of[0], place)}) AS DOUBLE)"
            parts = [_term(each, place) for each in term.of]
            if term.name == "/":
                return f"({parts[0]} / NULLIF({parts[1]}, 0))"
            if term.name in ("+", "-", "*"):
                return f"({parts[0]} {term.name} {parts[1]})"
            return f"{term.name.upper()}({', '.join(parts)})"


def told(node: Condition | Term) -> str:
    """Return a condition as its author may have written it; reading it gives the same condition again."""
    match node:
        case Named():
            return node.name
        case Constant():
            return literal(node.value)
        case Worked():
            if node.name in ("+", "-", "*", "/"):
                return f"({told(node.of[0])} {node.name} {told(node.of[1])})"
            return f"{node.name}({', '.join(told(each) for each in node.of)})"
        case All() | Either():
            word = " AND " if isinstance(node, All) else " OR "
            return "(" + word.join(told(part) for part in node.parts) + ")"
        case Matched():
            return f"{'NOT ' if node.negated else ''}{node.how}({told(node.term)}, {literal(node.text)})"
        case OneOf():
            values = ", ".join(literal(value) for value in node.values)
            return f"{told(node.term)} {'NOT IN' if node.negated else 'IN'} ({values})"
        case Compared():
            return f"{told(node.left)} {node.operator} {told(node.right)}"
