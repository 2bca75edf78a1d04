# SPDX-License-Identifier: Apache-2.0
"""Compiles a predicate into criteria rows: alternatives as rows, each a conjunction with an equality key.

What a row has no cell for stays beside it as a condition; conditions and rows without a key cost something for every
item and have a budget. Limits: 256 rows a profile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import product

import msgspec

from openecp.border.risk.profiles.columns import AMOUNTS, COLUMNS
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.terms import (
    All,
    Compared,
    Condition,
    Constant,
    Either,
    Matched,
    Named,
    OneOf,
    Worked,
    names_in,
    told,
)

ROWS_MAX = 256
CONDITIONS_MAX, KEYLESS_MAX = 40, 20  # of all active profiles together
_CELLS = {"origin", "export_country", "importer", "declarant", "mode", "movement"}
_LISTED = _CELLS | {"goods_code"}
_RANK = {"importer": 0, "declarant": 0, "goods_code": 1, "procedure": 2, "origin": 3}
LIMITS = {"value_minor": ("value_min_minor", "value_max_minor"), "net_kg": ("mass_min_kg", "mass_max_kg")}


class Criteria(msgspec.Struct, frozen=True, kw_only=True):
    """A predicate as criteria rows in the cells of risk_criteria.csv, and what it costs."""

    rows: tuple[dict[str, str], ...]
    conditions: int  # different conditions beside the rows
    keyless: int  # rows that every item is compared with

    def told(self) -> str:
        """Return the cost in words, for the author."""
        words = f"{len(self.rows)} criteria rows, of them {self.keyless} without a key (all profiles: {KEYLESS_MAX})"
        words += f"; {self.conditions} conditions beside them (all profiles: {CONDITIONS_MAX})"
        return words


def compile_predicate(condition: Condition) -> Criteria:
    """Return a predicate as criteria rows.

    Raises: ProfileRefused where it can never hold, or has too many alternatives.
    """
    rows: list[dict[str, str]] = []
    for parts in _alternatives(condition):
        row = _row(parts)
        if row is not None and row not in rows:
            rows.append(row)
    if not rows:
        raise _refused("a condition that can hold", "parts that contradict each other", "Mend it.")
    conditions = {row["condition"] for row in rows} - {""}
    return Criteria(
        rows=tuple(rows), conditions=len(conditions), keyless=sum(key_of(row) == "*" for row in rows)
    )  # fmt: skip


def key_of(cells: dict[str, str]) -> str:
    """Return the equality key of a row: its most telling cell; `*` where every item is compared with it."""
    prefix = cells["goods_prefix"]
    if len(prefix) >= 4:
        return "H:" + prefix[:4]
    for mark, name in (("I:", "importer"), ("D:", "declarant")):
        if cells[name]:
            return mark + cells[name]
    if len(prefix) >= 2:
        return "C:" + prefix[:2]
    if len(cells["procedure"]) == 4:
        return "P:" + cells["procedure"]
    return "O:" + cells["origin"] if cells["origin"] else "*"


def split_condition(condition: Condition) -> tuple[list[Condition], list[Condition]]:
    """Return the parts on texts and the parts on amounts: the first are judged once a pattern of items.

    Raises: ProfileRefused where one part reads both.
    """
    texts: list[Condition] = []
    amounts: list[Condition] = []
    for part in condition.parts if isinstance(condition, All) else (condition,):
        names = set(names_in(part))
        if names & AMOUNTS and names - AMOUNTS:
            raise _refused("amounts in one comparison, texts in another", told(part)[:120],
                           "Write alternatives by OR, each with its own limit.")  # fmt: skip
        (amounts if names & AMOUNTS else texts).append(part)
    return texts, amounts


def _alternatives(condition: Condition) -> list[tuple[Condition, ...]]:
    match condition:
        case Either():
            found = [parts for each in condition.parts for parts in _alternatives(each)]
            if len(found) > ROWS_MAX:
                if _pure(condition):
                    return [(condition,)]
                raise _too_many(len(found))
            return found
        case OneOf() if (
            not condition.negated and _name(condition) in (_CELLS | {"goods_code"}) and all(condition.values)
        ):
            return [(Compared("=", condition.term, Constant(value)),) for value in condition.values]
        case OneOf() if not condition.negated and (begun := [_begins(condition.term, v) for v in condition.values]):
            return [(each,) for each in begun if each] if all(begun) else [(condition,)]
        case All():
            return _crossed(condition)
        case Compared():
            return [(_narrowed(condition),)]
        case _:
            return [(condition,)]


def _crossed(condition: All) -> list[tuple[Condition, ...]]:
    found: list[tuple[Condition, ...]] = [()]
    for part in sorted(condition.parts, key=_rank):
        options = _alternatives(part)
        if len(found) * len(options) > ROWS_MAX:
            if not _pure(part):
                raise _too_many(len(found) * len(options))
            options = [(part,)]
        found = [before + more for before, more in product(found, options)]
    return found


def _row(parts: tuple[Condition, ...]) -> dict[str, str] | None:
    """Return one conjunction as a row; None where it can never hold."""
    row = dict.fromkeys(("goods_prefix", "procedure", "description", *sorted(_CELLS)), "")
    limits: dict[str, tuple[int, int]] = {}
    beside: list[Condition] = []
    for part in _flat(parts):
        name = _name(part)
        if isinstance(part, Matched) and not part.negated and part.how == "starts_with" and name in (
            "goods_code", "procedure"
        ):  # fmt: skip
            cell = "goods_prefix" if name == "goods_code" else "procedure"
            if name == "procedure" and len(part.text) > 4:
                beside.append(part)
            elif not _lengthened(row, cell, part.text):
                return None
        elif isinstance(part, Matched) and not part.negated and part.how == "contains" and name == "description":
            if row["description"]:
                beside.append(part)
            row["description"] = row["description"] or part.text
        elif isinstance(part, Compared) and isinstance(part.right, Constant) and (name in _CELLS or name in LIMITS):
            if isinstance(part.right.value, Decimal):
                _limit(part, part.right.value, str(name), limits, beside)
            elif part.operator != "=" or not part.right.value:
                beside.append(part)
            elif row[str(name)] not in ("", part.right.value):
                return None
            else:
                row[str(name)] = part.right.value
        else:
            if isinstance(part, Compared) and part.operator == "=" and name == "goods_code":
                begins = str(part.right.value) if isinstance(part.right, Constant) else ""
                if not _lengthened(row, "goods_prefix", begins):
                    return None
            beside.append(part)
    if any(low > high for low, high in limits.values()):
        return None
    texts, amounts = split_condition(All(tuple(beside)))
    return row | _limits_told(limits) | {"condition": told(All((*texts, *amounts))) if beside else ""}


def _lengthened(row: dict[str, str], cell: str, text: str) -> bool:
    """Keep the longer of two beginnings; False where neither begins the other."""
    if not (row[cell].startswith(text) or text.startswith(row[cell])):
        return False
    row[cell] = max(row[cell], text, key=len)
    return True


def _limit(
    part: Compared, value: Decimal, name: str, limits: dict[str, tuple[int, int]], beside: list[Condition]
) -> None:  # fmt: skip
    low, high = limits.get(name, (-(10**18), 10**18))
    exact = value * COLUMNS[name].scale
    up, down = math.ceil(exact), math.floor(exact)
    match part.operator:
        case ">=":
            low = max(low, up)
        case ">":
            low = max(low, down + 1)
        case "<=":
            high = min(high, down)
        case "<":
            high = min(high, up - 1)
        case "=":
            low, high = max(low, up), min(high, down)
        case _:
            beside.append(part)
            return
    limits[name] = (low, high)


def _limits_told(limits: dict[str, tuple[int, int]]) -> dict[str, str]:
    cells = dict.fromkeys((*(low for low, _ in LIMITS.values()), *(high for _, high in LIMITS.values())), "")
    for name, limit in limits.items():
        for cell, value, open_end in zip(LIMITS[name], limit, (-(10**18), 10**18), strict=True):
            if value != open_end:
                cells[cell] = format(Decimal(value) / COLUMNS[name].scale, "f")
    return cells


def _flat(parts: tuple[Condition, ...]) -> Iterator[Condition]:
    for part in parts:
        if isinstance(part, All):
            yield from _flat(part.parts)
        else:
            yield _narrowed(part) if isinstance(part, Compared) else part


def _narrowed(part: Compared) -> Condition:
    """Return `left(goods_code, 2) = '85'` as a beginning, anything else as it is."""
    if part.operator == "=" and isinstance(part.right, Constant):
        return _begins(part.left, part.right.value) or part
    return part


def _begins(term: object, value: str | Decimal) -> Matched | None:
    match term:
        case Worked("substring", (Named() as column, Constant(first), Constant(length))) if (
            first == 1 and isinstance(value, str) and value and len(value) == length
        ):
            return Matched("starts_with", column, value)
        case _:
            return None


def _name(part: Condition) -> str | None:
    term = part.left if isinstance(part, Compared) else part.term if isinstance(part, OneOf | Matched) else None
    return term.name if isinstance(term, Named) else None


def _pure(part: Condition) -> bool:
    names = set(names_in(part))
    return not names & AMOUNTS or not names - AMOUNTS


def _rank(part: Condition) -> int:
    return min((_RANK.get(name, 9) for name in names_in(part)), default=9)


def _too_many(count: int) -> ProfileRefused:
    return _refused(f"at most {ROWS_MAX} alternatives", f"{count} or more", "Make several profiles of it.")


def _refused(expected: str, got: str, fix: str) -> ProfileRefused:
    return ProfileRefused(
        "The predicate cannot be compiled.", where="predicate", expected=expected, got=got, fix=fix
    )  # fmt: skip
