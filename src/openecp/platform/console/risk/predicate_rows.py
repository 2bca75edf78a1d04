# SPDX-License-Identifier: Apache-2.0
"""A predicate as rows of a form: column, operator, value; groups of rows joined by and, or; to SQL and back.

Amounts are written in the national currency with its decimals, shares in percent, as people write them; the predicate
holds minor units and millionths. Not every predicate has this form: worked-out terms and deeper brackets do not.
Limits: 8 groups, 20 rows a group; the checker's own limits hold as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from openecp.border.risk.profiles.columns import COLUMNS
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.terms import (
    All,
    Atom,
    Compared,
    Condition,
    Constant,
    Either,
    Matched,
    Named,
    OneOf,
    told,
)
from openecp.platform.console.amounts import number_of
from openecp.platform.console.language import N_

GROUPS_MAX, ROWS_MAX, VALUE_MAX = 8, 20, 1_000
TEXT_OPERATORS = {
    "is": N_("is"),
    "is_not": N_("is not"),
    "begins": N_("begins with"),
    "begins_not": N_("does not begin with"),
    "contains": N_("contains"),
    "contains_not": N_("does not contain"),
    "ends": N_("ends with"),
    "ends_not": N_("does not end with"),
    "one_of": N_("is one of"),
    "none_of": N_("is none of"),
    "known": N_("is told"),
    "unknown": N_("is not told"),
}
NUMBER_OPERATORS = {
    "lt": N_("is below"),
    "le": N_("is at most"),
    "gt": N_("is above"),
    "ge": N_("is at least"),
    "eq": N_("equals"),
    "ne": N_("does not equal"),
}
_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=", "ne": "<>"}
_WORDS = {sign: word for word, sign in _SIGNS.items()}
_HOWS = {"begins": "starts_with", "ends": "ends_with", "contains": "contains"}
_STARTS = {how: word for word, how in _HOWS.items()}
_VALUELESS = ("known", "unknown")


class PredicateRow(msgspec.Struct, frozen=True):
    """One comparison: a column, an operator, and the value as it was typed."""

    column: str = ""
    operator: str = ""
    value: str = ""


class PredicateGroup(msgspec.Struct, frozen=True):
    """Rows that all have to hold, or one of which suffices."""

    join: str = "all"
    rows: tuple[PredicateRow, ...] = (PredicateRow(),)


class PredicateRows(msgspec.Struct, frozen=True):
    """Groups that all have to hold, or one of which suffices."""

    join: str = "all"
    groups: tuple[PredicateGroup, ...] = (PredicateGroup(),)


class Money(msgspec.Struct, frozen=True):
    """How amounts are written: the currency, its decimals, and the sign before them."""

    currency: str = ""
    exponent: int = 2
    comma: bool = False


def operators_of(column: str) -> dict[str, str]:
    """Return the operators of a column with their words; all of them where none is chosen yet."""
    if column not in COLUMNS:
        return {**TEXT_OPERATORS, **NUMBER_OPERATORS}
    return TEXT_OPERATORS if COLUMNS[column].kind == "text" else NUMBER_OPERATORS


def unit_of(column: str) -> str:
    """Return what a column is written in: money, percent, kilogram, or nothing."""
    if column.endswith("_e6"):
        return "percent"
    return "money" if column.endswith("_minor") else "kg" if column.endswith("_kg") else ""


# -- to a condition ------------------------------------------------------------------------------------------------


def condition_of_row(row: PredicateRow, money: Money) -> Condition:
    """Return a row as a condition.

    Raises: ProfileRefused where something is missing or cannot be read; `where` is the field of the row.
    """
    if row.column not in COLUMNS:
        raise _refused("column", "a column of the list", row.column or "nothing", "Choose what is compared.")
    if row.operator not in operators_of(row.column):
        raise _refused("operator", "an operator for this column", row.operator or "nothing", "Choose how it compares.")
    if COLUMNS[row.column].kind == "number":
        sign = _SIGNS[row.operator]
        return Compared(sign, Named(row.column), Constant(_number(row, money)))  # type: ignore[arg-type]
    if row.operator in _VALUELESS:
        return Compared("<>" if row.operator == "known" else "=", Named(row.column), Constant(""))
    values = values_of(row)
    if not values:
        raise _refused("value", "a value", "nothing", "Write what it is compared with.")
    if row.operator in ("is", "is_not"):
        return Compared("=" if row.operator == "is" else "<>", Named(row.column), Constant(values[0]))
    if row.operator in ("one_of", "none_of"):
        return OneOf(Named(row.column), values, row.operator == "none_of")
    negated = row.operator.endswith("_not")
    how = _HOWS[row.operator.removesuffix("_not")]
    parts = tuple(Matched(how, Named(row.column), value, negated) for value in values)  # type: ignore[arg-type]
    return parts[0] if len(parts) == 1 else All(parts) if negated else Either(parts)


def values_of(row: PredicateRow) -> tuple[str, ...]:
    """Return the values that a row names: parted by ; and, where no sentence can stand, by commas."""
    if row.operator in ("is", "is_not"):
        return (row.value.strip(),) if row.value.strip() else ()
    signs = ";\n" if row.operator.startswith("contains") or row.column == "description" else ";,\n"
    parts = [part.strip() for part in re.split(f"[{signs}]", row.value[:VALUE_MAX])]
    return tuple(dict.fromkeys(part for part in parts if part))


def condition_of(rows: PredicateRows, money: Money) -> Condition:
    """Return rows as a condition; empty rows are left out.

    Raises: ProfileRefused.
    """
    groups = []
    for group in rows.groups:
        parts = tuple(condition_of_row(row, money) for row in group.rows if row != PredicateRow())
        if parts:
            groups.append(_joined(parts, group.join))
    if not groups:
        raise _refused("value", "one comparison at least", "nothing", "Fill in a row.")
    return _joined(tuple(groups), rows.join)


def sql_text(condition: Condition) -> str:
    """Return a condition as the SQL that its author would have written."""
    text = told(condition)
    return text[1:-1] if isinstance(condition, All | Either) else text


def _joined(parts: tuple[Condition, ...], join: str) -> Condition:
    return parts[0] if len(parts) == 1 else Either(parts) if join == "any" else All(parts)


def _number(row: PredicateRow, money: Money) -> Decimal:
    unit, text = unit_of(row.column), row.value.strip()
    bare = text.removesuffix("%") if unit == "percent" else text.removesuffix("kg") if unit == "kg" else text
    bare = bare.removesuffix(money.currency) if unit == "money" and money.currency else bare
    number = number_of(bare, comma=money.comma)
    if number is None:
        wanted = {"percent": "a percentage such as 12.5", "money": f"an amount such as 150.00 {money.currency}"}
        raise _refused("value", wanted.get(unit, "a number such as 150"), text or "nothing", "Correct it.")
    if unit == "percent":
        return _plain(number * 10_000)
    return _plain(number.scaleb(money.exponent)) if unit == "money" else number


def _plain(number: Decimal) -> Decimal:
    return number.to_integral_value() if number == number.to_integral_value() else number.normalize()


def _refused(where: str, expected: str, got: str, fix: str) -> ProfileRefused:
    return ProfileRefused("The row cannot be used.", where=where, expected=expected, got=got[:200], fix=fix)


# -- from a condition ----------------------------------------------------------------------------------------------


def rows_of(condition: Condition, money: Money) -> PredicateRows | None:
    """Return a condition as rows; None where it has no such form."""
    condition = flat(condition)
    either = isinstance(condition, Either) and _row_of(condition, money) is None
    parts = condition.parts if isinstance(condition, All | Either) and (either or isinstance(condition, All)) else ()
    groups: list[PredicateGroup] = []
    own: list[PredicateRow] = []  # rows that stand beside the groups
    inner = "all" if either else "any"
    for part in parts or (condition,):
        row = _row_of(part, money)
        if row is not None:
            own.append(row)
            continue
        if not isinstance(part, All | Either):
            return None
        found = [_row_of(each, money) for each in part.parts]
        if any(each is None for each in found):
            return None
        groups.append(PredicateGroup(inner, tuple(each for each in found if each is not None)))
    join = "any" if either else "all"
    if own:
        groups.insert(0, PredicateGroup(join, tuple(own)))
    fits = len(groups) <= GROUPS_MAX and all(len(group.rows) <= ROWS_MAX for group in groups)
    return PredicateRows(join if len(groups) > 1 else "all", tuple(groups)) if fits else None


def flat(node: Condition) -> Condition:
    """Return a condition without brackets that change nothing."""
    if not isinstance(node, All | Either):
        return node
    parts: list[Condition] = []
    for part in map(flat, node.parts):
        parts += part.parts if type(part) is type(node) and not _is_list(part) else (part,)
    return type(node)(tuple(parts))


def _is_list(node: Condition) -> bool:
    """Tell whether a condition is one row with several values: begins with one of them, with none of them."""
    if not isinstance(node, All | Either) or not all(isinstance(part, Matched) for part in node.parts):
        return False
    kinds = {(p.how, p.term, p.negated) for p in node.parts if isinstance(p, Matched)}
    return len(kinds) == 1 and next(iter(kinds))[2] == isinstance(node, All)


def _row_of(node: Condition, money: Money) -> PredicateRow | None:
    if isinstance(node, All | Either):
        if not _is_list(node):
            return None
        rows = [_row_of(part, money) for part in node.parts]
        if any(row is None or ";" in row.value for row in rows):
            return None
        first = rows[0]
        assert first is not None, "looked at above"
        row = PredicateRow(first.column, first.operator, "; ".join(row.value for row in rows if row is not None))
        return row if len(values_of(row)) == len(node.parts) else None
    found = _atom_row(node, money)
    if found is None:
        return None
    try:
        same = condition_of_row(found, money) == node
    except ProfileRefused:
        return None
    return found if same else None


def _atom_row(node: Atom, money: Money) -> PredicateRow | None:
    match node:
        case Compared(operator, Named(name), Constant(value)):
            if isinstance(value, str):
                if operator not in ("=", "<>"):
                    return None
                if not value:
                    return PredicateRow(name, "unknown" if operator == "=" else "known")
                return PredicateRow(name, "is" if operator == "=" else "is_not", value)
            return PredicateRow(name, _WORDS[operator], written(name, value, money))
        case OneOf(Named(name), values, negated) if all(isinstance(value, str) for value in values):
            return PredicateRow(name, "none_of" if negated else "one_of", "; ".join(map(str, values)))
        case Matched(how, Named(name), text, negated):
            return PredicateRow(name, _STARTS[how] + ("_not" if negated else ""), text)
    return None


def written(column: str, value: Decimal, money: Money) -> str:
    """Return a number of the predicate as a person writes it in this column."""
    unit = unit_of(column)
    if unit == "percent":
        text = f"{_plain(value / 10_000):f}\u00a0%"
    elif unit == "money":
        shown = value.scaleb(-money.exponent)
        whole = value == value.to_integral_value()
        text = f"{shown:.{money.exponent}f}" if whole else f"{shown:f}"
    else:
        text = f"{_plain(value):f}"
    return text.replace(".", ",") if money.comma else text


def row_faults(rows: PredicateRows, money: Money) -> dict[tuple[int, int], ProfileRefused]:
    """Return what is wrong with each row, by group and row; empty rows are left out."""
    from openecp.border.risk.profiles.predicate import read_predicate

    found: dict[tuple[int, int], ProfileRefused] = {}
    for g, group in enumerate(rows.groups):
        for r, row in enumerate(group.rows):
            if row == PredicateRow():
                continue
            try:
                read_predicate(told(condition_of_row(row, money)))
            except ProfileRefused as refused:
                found[g, r] = refused
    return found


def column_groups(columns: Sequence[str] = ()) -> list[tuple[str, list[str]]]:
    """Return the columns by what they are about, in the order of their list."""
    groups: dict[str, list[str]] = {}
    for column in COLUMNS.values():
        groups.setdefault(column.group, []).append(column.name)
    return list(groups.items())
