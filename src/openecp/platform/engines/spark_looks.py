# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words; what senders write comes in as rows
"""SQL of Spark that types the cells of parcels, and finds the rows that the rule of the kernel must look at.

Maybe too many are found, never too few. Regular expressions are what costs most: most rows pass by one look at all
their texts at once.
Limits: columns of Parquet files as ParquetSource tells them.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from openecp.platform.engines.parcel_looks import is_text
from openecp.platform.engines.parcel_parquet import ParquetSource
from openecp.platform.engines.parcel_source import NAMES, ParcelLimits

_TYPES = {"text": "STRING", "date": "DATE", "flag": "BOOLEAN"}
_DEFAULTS = {"channel": "'post'", "trade": "'B2C'", "quantity": "CAST(1000000 AS BIGINT)"}
_UNSEEN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]"
_KEPT = 4_000  # characters of a cell that is looked at
TYPED = {name: name + {"amount": "_micro", "count": "_micro", "share": "_e8"}.get(kind, "")
         for name, kind, _ in PARCEL_COLUMNS}  # fmt: skip


class _Cell(NamedTuple):
    """A column: SQL of its typed value, and of whether its cell must be looked at."""

    value: str
    odd: str


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _whole(x: str, pattern: str) -> str:
    """SQL of whether a text is wholly of a pattern."""
    return f"{x} RLIKE r'^(?:{pattern})\\z'"


def _coded(type_: pa.DataType | None) -> bool:
    return type_ is not None and (is_text(type_) or pa.types.is_binary(type_) or pa.types.is_large_binary(type_))


def _read(name: str, type_: pa.DataType | None) -> str:
    """SQL of the text of a cell as it is read, `t_<name>` from there on: valid, of bounded length."""
    if type_ is None or pa.types.is_null(type_):
        return "CAST(NULL AS STRING)"
    text = f"CAST({name} AS STRING)"
    if not _coded(type_):
        return text
    valid = f"MAKE_VALID_UTF8({text})"
    return f"CASE WHEN OCTET_LENGTH({text}) > {_KEPT} THEN LEFT({valid}, {_KEPT}) ELSE {valid} END"


def _cell(name: str, kind: str, type_: pa.DataType | None, limits: ParcelLimits) -> _Cell:
    """Return how a column is typed, and which of its cells must be looked at."""
    if type_ is None or pa.types.is_null(type_):
        nothing = "FALSE" if kind == "flag" else f"CAST(NULL AS {_TYPES.get(kind, 'BIGINT')})"
        return _Cell(_DEFAULTS.get(name, nothing), "")
    text = f"t_{name}"
    x = f"NULLIF({text}, '')" if _coded(type_) else text
    if kind == "text":
        value, odd = _text(name, x)
    elif kind == "date":
        value = name if pa.types.is_date32(type_) else f"TRY_CAST({x} AS DATE)"
        odd = f"NOT COALESCE({value} BETWEEN DATE '{limits.first_day}' AND DATE '{limits.last_day}'"
        odd += ", FALSE)" if pa.types.is_date32(type_) else f" AND {_whole(x, DAY)}, FALSE)"
    elif kind == "flag":
        value = f"COALESCE(LOWER({x}) IN ({_listed(TRUE_WORDS)}), FALSE)"
        odd = f"LOWER({x}) NOT IN ({_listed((*TRUE_WORDS, *FALSE_WORDS))})"
    else:
        value, odd = _number(name, kind, x, type_)
    if name in _DEFAULTS:
        value = f"COALESCE({value}, {_DEFAULTS[name]})"
    return _Cell(value, f"({x} IS NOT NULL AND ({odd}))")


def _text(name: str, x: str) -> tuple[str, str]:
    if name in WORDS or name == "currency":
        return x, f"{x} NOT IN ({_listed(sorted(WORDS.get(name, CURRENCIES)))})"
    if name in COUNTRIES:
        return x, f"NOT {_whole(x, COUNTRY)}"
    if name == "hs":
        digits = f"REPLACE(REPLACE({x}, '.', ''), ' ', '')"
        return digits, f"LENGTH({x}) > 20 OR NOT {_whole(digits, HS)}"
    odd = [
        f"LENGTH({x}) > {TEXT_MAX[name]}",
        f"strange AND {x} RLIKE r'{_UNSEEN}'",
        f"leads AND {x} RLIKE r'{FORMULA}'",
    ]
    odd += [f"NOT plain_ids AND NOT {_whole(x, IDENTIFIER)}"] if name in IDENTIFIERS else []
    odd += [f"CONTAINS({x}, '|')", f"CONTAINS({x}, '#')"] if name in CODED_TEXTS else []
    return x, " OR ".join(f"({one})" for one in odd)


def _number(name: str, kind: str, x: str, type_: pa.DataType) -> tuple[str, str]:
    places, most = (8, 100) if kind == "share" else (6, AMOUNT_MAX)
    most = WEIGHT_MAX if name in WEIGHTS else SHARE_MAX.get(name, most)
    least = ">" if kind == "count" else ">="
    if pa.types.is_integer(type_) or (pa.types.is_decimal(type_) and 0 <= type_.scale <= places):
        # exact by its type: whole numbers of its own scale
        scale = type_.scale if pa.types.is_decimal(type_) else 0
        fits = f"{name} {least} 0 AND {name} <= {most}"
        value = f"CASE WHEN {fits} THEN CAST({name} * {10**scale} AS BIGINT) * {10 ** (places - scale)} END"
        return value, f"NOT COALESCE({fits}, FALSE)"
    source = name if pa.types.is_floating(type_) or pa.types.is_decimal(type_) else x
    exact = f"TRY_CAST({source} AS DECIMAL({16 + places},{places}))"
    value = f"TRY_CAST({exact} * {10**places} AS BIGINT)"
    odd = f"NOT COALESCE({TYPED[name]} BETWEEN {1 if kind == 'count' else 0} AND {most * 10**places}, FALSE)"
    if pa.types.is_floating(type_):
        odd += f" OR NOT COALESCE({name} BETWEEN 0 AND 1000000000 AND CAST({exact} AS DOUBLE) = {name}, FALSE)"
    elif pa.types.is_decimal(type_):
        odd += f" OR NOT COALESCE({exact} = {name}, FALSE)"
    else:
        odd += f" OR NOT {_whole(x, SHARE if kind == 'share' else DECIMAL)}"
    return value, odd


def typed_statement(source: ParquetSource, offset: int, limits: ParcelLimits) -> str:
    """Return SQL from `parcel_input` to typed rows."""
    cells = _cells(source, limits)
    values = ", ".join(f"{cell.value} AS {TYPED[name]}" for name, cell in cells.items())
    return f"SELECT row_id, {values} FROM ({_texts(source, offset)})"


def _cells(source: ParquetSource, limits: ParcelLimits) -> dict[str, _Cell]:
    return {name: _cell(name, kind, source.types.get(name), limits) for name, kind, _ in PARCEL_COLUMNS}


def _texts(source: ParquetSource, offset: int) -> str:
    """SQL of rows with their number and the texts of their cells."""
    cells = [name for name in NAMES if name in source.types]  # a file may have columns of its own
    cells += [f"{_read(name, source.types.get(name))} AS t_{name}" for name in NAMES]
    return f"SELECT {offset} + 1 + row_index AS row_id, {', '.join(cells)} FROM parcel_input"


def look_statement(source: ParquetSource, offset: int, file_no: int, limits: ParcelLimits) -> str:
    """Return SQL from `parcel_input` to where rows stand: with the text of its cells where a row must be looked at.

    What most rows are (signs of ASCII, no sign of a formula) is seen at once for all cells of a row; only the others
    are gone through cell by cell.
    """
    cells = _cells(source, limits)
    coded = [name for name in NAMES if _coded(source.types.get(name))]
    free = [name for name in NAMES if name in TEXT_MAX and cells[name].odd]
    ids = [f"t_{name}" for name in free if name in IDENTIFIERS]
    bad = ", ".join(f"CASE WHEN NOT IS_VALID_UTF8(CAST({name} AS STRING)) THEN '{name}' END" for name in coded)
    spoilt = f"COALESCE({bad})" if len(coded) > 1 else bad or "CAST(NULL AS STRING)"
    row = "CONCAT_WS('\\n', '', " + ", ".join(f"NULLIF(t_{name}, '')" for name in free) + ")"
    numbers = ", ".join(f"{cells[name].value} AS {TYPED[name]}" for name in NAMES if TYPED[name] != name)
    marked = f"SELECT *, {row} AS whole_row FROM ({_texts(source, offset)})"
    glanced = (
        f"SELECT *, {numbers}, whole_row RLIKE r'[^\\n -~]' AS strange, whole_row RLIKE r'\\n[\\s=+\\-@]' AS leads, "
        f"NOT CONCAT_WS('', {', '.join(ids) or chr(39) * 2}) RLIKE r'[^!#-\\[\\]-~]' AS plain_ids, "
        f"{spoilt} AS spoilt FROM ({marked})"
    )
    odd = [cell.odd for cell in cells.values() if cell.odd]
    odd += [f"COALESCE(t_{name}, '') = ''" for name, _, needed in PARCEL_COLUMNS if needed]
    line = "CAST(quantity_micro AS DECIMAL(19, 0)) * unit_price_micro"
    odd.append(
        f"quantity_micro <> 1000000 AND ((quantity_micro % 1000000 <> 0 AND {line} % 1000000 <> 0) "
        f"OR {line} > {AMOUNT_MAX * 10**12})"
    )
    day = cells["posted_on"].odd
    return (
        f"SELECT row_id, {file_no} AS file_no, COALESCE(t_parcel_id, '') AS parcel_key, t_posted_on AS day_key, "
        f"COALESCE(NOT {day or 'TRUE'}, FALSE) AND COALESCE(t_posted_on, '') <> '' AS day_fits, spoilt, CASE WHEN "
        f"spoilt IS NOT NULL OR {' OR '.join(f'COALESCE({one}, FALSE)' for one in odd)} "
        f"THEN ARRAY({', '.join(f't_{name}' for name in NAMES)}) END AS looked_at FROM ({glanced})"
    )
