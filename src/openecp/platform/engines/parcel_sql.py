# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words; what senders write comes in as rows
"""SQL that types the cells of a parcel file, and finds the rows that must be looked at one by one.

What it finds may be more than what is wrong, never less: `row_faults` of the kernel has the last word. A column is
asked only what a look at the whole of it leaves open.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa

from openecp.kernel.datamodel.currencies import CURRENCIES
from openecp.kernel.datamodel.parcel import PARCEL_COLUMNS
from openecp.kernel.datamodel.parcel_check import (
    AMOUNT_MAX,
    CODED_TEXTS,
    COUNTRIES,
    COUNTRY,
    DAY,
    DECIMAL,
    FALSE_WORDS,
    FORMULA,
    HS,
    IDENTIFIER,
    IDENTIFIERS,
    SHARE,
    SHARE_MAX,
    TEXT_MAX,
    TRUE_WORDS,
    WEIGHT_MAX,
    WEIGHTS,
    WORDS,
)
from openecp.platform.engines.parcel_looks import TextLook, distinct, is_text, look_at
from openecp.platform.engines.parcel_source import ParcelLimits

_UNSEEN = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{feff}"
    r"\x{fff9}-\x{fffb}\x{fffe}\x{ffff}]"
)
_DEFAULTS = {"channel": "'post'", "trade": "'B2C'", "quantity": "CAST(1000000 AS BIGINT)"}
_DIGITS, _CAPITALS = string.digits.encode(), string.ascii_uppercase.encode()
_ALLOWED = bytes(set(range(0x21, 0x7F)) - {0x22, 0x5C})  # of an identifier without blanks
_CONTROLS = bytes({*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D})
_WORDS = {name: set(words) for name, words in WORDS.items()} | {"currency": set(CURRENCIES)}
_ENDINGS = {"amount": "_micro", "count": "_micro", "share": "_e8"}
_EMPTY = {"date": "DATE", "text": "VARCHAR"}


class TypedColumn(NamedTuple):
    """A column of `parcel_rows`: its name, the SQL of its value, and of the cells that must be looked at.

    `odd` is empty where a look at the column has answered it. `edges` are the least value, the greatest and the number
    of cells with a value, which the typed column must have; else `odd_all` is asked of each row.
    """

    name: str
    value: str
    odd: str = ""
    odd_all: str = ""
    edges: tuple[str, str, int] | None = None


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def column_name(name: str, kind: str) -> str:
    """Return the name of a column in `parcel_rows`."""
    return name + _ENDINGS.get(kind, "")


def typed_column(
    name: str, kind: str, needed: bool, column: pa.ChunkedArray | None, limits: ParcelLimits
) -> TypedColumn:
    """Return how a column is typed, and what of it must be asked of each row."""
    told = column_name(name, kind)
    if column is None:
        nothing = "FALSE" if kind == "flag" else f"CAST(NULL AS {_EMPTY.get(kind, 'BIGINT')})"
        return TypedColumn(told, _DEFAULTS.get(name, nothing))
    look = look_at(column) if is_text(column.type) else None
    x = f"NULLIF({name}, '')" if look else name
    if kind == "text":
        found = _text(name, x if look else f"CAST({name} AS VARCHAR)", column, look)
    elif kind == "date":
        found = _date(x, column, look, limits)
    elif kind == "flag":
        found = _flag(x, column, look)
    else:
        found = _number(name, kind, x, column, look)
    if name in _DEFAULTS:
        found = found._replace(value=f"COALESCE({found.value}, {_DEFAULTS[name]})")
        if found.edges:
            found = found._replace(edges=(*found.edges[:2], len(column)))
    filled = look.filled if look else len(column) - column.null_count
    if needed and filled < len(column):
        found = found._replace(odd=" OR ".join(filter(None, (f"{x} IS NULL", found.odd))))
    return found._replace(name=told)


def _text(name: str, x: str, column: pa.ChunkedArray, look: TextLook | None) -> TypedColumn:
    if name in _WORDS:
        known = distinct(column) if look else None
        fits = known is not None and known <= _WORDS[name]
        return TypedColumn(name, x, "" if fits else f"{x} NOT IN ({_listed(sorted(_WORDS[name]))})")
    if name in COUNTRIES:
        fits = look is not None and look.longest <= 2 == (look.shortest or 2) and look.holds_only(_CAPITALS)
        return TypedColumn(name, x, "" if fits else f"NOT REGEXP_FULL_MATCH({x}, '{COUNTRY}')")
    if name == "hs":
        if look and look.holds_only(_DIGITS):
            fits = not look.longest or (look.longest <= 12 and look.shortest >= 4)
            return TypedColumn(name, x, "" if fits else f"LENGTH({x}) NOT BETWEEN 4 AND 12")
        return TypedColumn(name, f"REPLACE(REPLACE({x}, '.', ''), ' ', '')", f"NOT REGEXP_FULL_MATCH({x}, '{HS}')")
    return TypedColumn(name, x, " OR ".join(_free_text(name, x, look)))


def _free_text(name: str, x: str, look: TextLook | None) -> Iterable[str]:
    if look is None or look.longest > TEXT_MAX[name]:
        yield f"LENGTH({x}) > {TEXT_MAX[name]}"
    if name in IDENTIFIERS and (look is None or not look.holds_only(_ALLOWED)):
        yield f"NOT REGEXP_FULL_MATCH({x}, '{IDENTIFIER}')"
    if look is None or not look.data.isascii() or len(look.data.translate(None, _CONTROLS)) != len(look.data):
        yield f"REGEXP_MATCHES({x}, '{_UNSEEN}')"
    if look is None or look.holds(b"=") or (look.holds(b"(", b"|", b"!") and look.holds(b"+", b"-", b"@")):
        yield f"REGEXP_MATCHES({x}, '{FORMULA}')"
    if name in CODED_TEXTS and (look is None or look.holds(b"|", b"#")):
        yield f"(CONTAINS({x}, '|') OR CONTAINS({x}, '#'))"


def _date(x: str, column: pa.ChunkedArray, look: TextLook | None, limits: ParcelLimits) -> TypedColumn:
    first, last = f"DATE '{limits.first_day}'", f"DATE '{limits.last_day}'"
    filled = look.filled if look else len(column) - column.null_count
    if pa.types.is_date(column.type):
        day = f"CAST({x} AS DATE)"
        return TypedColumn(x, day, "", f"{day} NOT BETWEEN {first} AND {last}", (first, last, filled))
    if not look:
        x = f"CAST({x} AS VARCHAR)"
    day = f"TRY_CAST({x} AS DATE)"
    form = f"REGEXP_FULL_MATCH({x}, '{DAY}')"
    odd = f"({x} IS NOT NULL AND NOT COALESCE({day} BETWEEN {first} AND {last} AND {form}, FALSE))"
    if look and look.is_days():
        return TypedColumn(x, day if filled else "CAST(NULL AS DATE)", "", odd, (first, last, filled))
    return TypedColumn(x, day, odd)


def _flag(x: str, column: pa.ChunkedArray, look: TextLook | None) -> TypedColumn:
    if pa.types.is_boolean(column.type):
        return TypedColumn(x, f"COALESCE({x}, FALSE)")
    if not look:
        x = f"CAST({x} AS VARCHAR)"
    known = distinct(column) if look else None
    fits = known is not None and {word.lower() for word in known} <= {*TRUE_WORDS, *FALSE_WORDS}
    value = "FALSE" if known == set() else f"COALESCE(LOWER({x}) IN ({_listed(TRUE_WORDS)}), FALSE)"
    return TypedColumn(x, value, "" if fits else f"LOWER({x}) NOT IN ({_listed((*TRUE_WORDS, *FALSE_WORDS))})")


def _number(name: str, kind: str, x: str, column: pa.ChunkedArray, look: TextLook | None) -> TypedColumn:
    whole, places, units, most = (2, 8, 10**8, 100) if kind == "share" else (11, 6, 10**6, AMOUNT_MAX)
    most = WEIGHT_MAX if name in WEIGHTS else SHARE_MAX.get(name, most)
    low, high = "1" if kind == "count" else "0", str(most * units)
    type_, decimal = column.type, f"DECIMAL(18, {places})"
    filled = look.filled if look else len(column) - column.null_count
    if not filled:
        return TypedColumn(name, "CAST(NULL AS BIGINT)")
    text = x if look else f"CAST({x} AS VARCHAR)"
    value = f"TRY_CAST({text} || 'e{places}' AS BIGINT)"  # exact: no number of another type stands between
    if pa.types.is_integer(type_):
        value = f"CASE WHEN {x} BETWEEN 0 AND {most} THEN CAST({x} AS BIGINT) * {units} END"
    elif pa.types.is_decimal(type_) and type_.precision <= 18 and type_.scale <= places:
        parts = f"CAST(FLOOR({x}) AS BIGINT) * {units} + CAST(({x} - FLOOR({x})) * {units} AS BIGINT)"
        value = f"CASE WHEN {x} BETWEEN 0 AND {most} THEN {parts} END"
    odd = f"({x} IS NOT NULL AND NOT COALESCE({value} BETWEEN {low} AND {high}, FALSE))"
    if pa.types.is_integer(type_) or (pa.types.is_decimal(type_) and type_.scale <= places):
        return TypedColumn(name, value, "", odd, (low, high, filled))
    if pa.types.is_decimal(type_):
        return TypedColumn(name, value, f"{odd} OR TRY_CAST({x} AS {decimal}) IS DISTINCT FROM {x}")
    if pa.types.is_floating(type_):
        # what is not the number nearest to a decimal of so many places is looked at as text
        exact = f"({x} BETWEEN 0 AND 1000000000 AND CAST(TRY_CAST({x} AS {decimal}) AS DOUBLE) = {x})"
        return TypedColumn(name, value, f"{odd} OR ({x} IS NOT NULL AND NOT COALESCE({exact}, FALSE))")
    x = text
    odd += f" OR NOT REGEXP_FULL_MATCH({x}, '{SHARE if kind == 'share' else DECIMAL}')"
    if look and look.is_numbers(whole, places):
        return TypedColumn(name, value, "", odd, (low, high, filled))
    return TypedColumn(name, value, odd)


def typed_columns(table: pa.Table, limits: ParcelLimits) -> list[TypedColumn]:
    """Return how each column of `parcel_rows` comes from `parcel_input`."""
    given = set(table.column_names)
    return [
        typed_column(name, kind, needed, table.column(name) if name in given else None, limits)
        for name, kind, needed in PARCEL_COLUMNS
    ]


def typed_sql(columns: Sequence[TypedColumn]) -> str:
    """Return the statement from `parcel_input` to typed rows."""
    values = ", ".join(f"{column.value} AS {column.name}" for column in columns)
    return f"SELECT row_id, parcel_no, item, {values} FROM parcel_input"


# a line is worth a whole number of millionths, and not too many; most quantities are whole
_PRODUCT = "CAST(quantity_micro AS HUGEINT) * unit_price_micro"
ODD_LINE = (
    f"CASE WHEN quantity_micro % 1000000 <> 0 THEN {_PRODUCT} % 1000000 <> 0 ELSE FALSE END "
    f"OR CAST(quantity_micro AS DOUBLE) * unit_price_micro > {AMOUNT_MAX * 10**12 - 10**15}.0"
)


def glance_sql(columns: Sequence[TypedColumn]) -> str:
    """Return the statement that tells of typed rows at one glance whether a row must be looked at.

    Adds: a flag a column with edges, then whether all quantities are whole, and the greatest quantity, price and costs.
    """
    flags = [
        f"COALESCE(MIN({column.name}) >= {column.edges[0]} AND MAX({column.name}) <= {column.edges[1]}, TRUE) "
        f"AND COUNT({column.name}) = {column.edges[2]}"
        for column in columns
        if column.edges
    ]
    whole = "COALESCE(MAX(quantity_micro % 1000000), 0) = 0"
    most = ", ".join(f"COALESCE(MAX({name}), 0)" for name in ("quantity_micro", "unit_price_micro"))
    costs = "COALESCE(MAX(freight_micro), 0) + COALESCE(MAX(insurance_micro), 0)"
    return f"SELECT {', '.join([*flags, whole, most, costs])} FROM parcel_rows"
