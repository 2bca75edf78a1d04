# SPDX-License-Identifier: Apache-2.0
"""SQL that types the cells of a parcel file, and finds the rows that must be looked at one by one.

What it finds may be more than what is wrong, never less: `row_faults` of the kernel has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    HS,
    IDENTIFIER,
    IDENTIFIERS,
    SHARE,
    TEXT_MAX,
    TRUE_WORDS,
    WEIGHT_MAX,
    WEIGHTS,
    WORDS,
)
from openecp.platform.engines.parcel_source import ParcelLimits

_FREE = tuple(name for name, kind, _ in PARCEL_COLUMNS if kind == "text" and name in TEXT_MAX)
_UNSEEN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{feff}\x{fff9}-\x{fffb}\x{fffe}\x{ffff}]"
_FORMULA = r"^\s*[=+\-@]"
_DEFAULTS = {"channel": "'post'", "trade": "'B2C'", "quantity": "CAST(1000000 AS BIGINT)"}


def _listed(words: object) -> str:
    return ", ".join(f"'{word}'" for word in words)  # type: ignore[attr-defined]


def column_sql(name: str, kind: str, needed: bool, type_: pa.DataType, limits: ParcelLimits) -> tuple[str, str, str]:
    """Return the column's name in `parcel_rows`, the SQL of its value, and the SQL of what makes it suspicious."""
    x = f"NULLIF({name}, '')" if _is_text(type_) else f"CAST({name} AS VARCHAR)"
    missing = f"{x} IS NULL OR " if needed else ""
    if kind == "text":
        value = f"REPLACE(REPLACE({x}, '.', ''), ' ', '')" if name == "hs" else x
        if name in _DEFAULTS:
            value = f"COALESCE({value}, {_DEFAULTS[name]})"
        return name, value, missing + _text_suspicion(name, x)
    if kind == "date":
        day = f"TRY_CAST({x} AS DATE)"
        odd = f"{x} IS NOT NULL AND ({day} IS NULL OR NOT REGEXP_FULL_MATCH({x}, '{DAY}') OR "
        return name, day, missing + odd + f"{day} NOT BETWEEN DATE '{limits.first_day}' AND DATE '{limits.last_day}')"
    if kind == "flag":
        words = _listed(("true", "false", "1", "0", "yes", "no", "y", "n"))
        return name, f"COALESCE(LOWER({x}) IN ({_listed(TRUE_WORDS)}), FALSE)", f"LOWER({x}) NOT IN ({words})"
    if kind == "share":
        value = f"CAST(TRY_CAST({x} AS DECIMAL(12, 8)) * 100000000 AS BIGINT)"
        return f"{name}_e8", value, f"NOT REGEXP_FULL_MATCH({x}, '{SHARE}')"
    most = WEIGHT_MAX if name in WEIGHTS else AMOUNT_MAX
    value = f"CAST(TRY_CAST({x} AS DECIMAL(17, 6)) * 1000000 AS BIGINT)"
    odd = f"NOT REGEXP_FULL_MATCH({x}, '{DECIMAL}') OR {value} > {most * 1_000_000}"
    if name in _DEFAULTS:
        odd, value = odd + f" OR {value} = 0", f"COALESCE({value}, {_DEFAULTS[name]})"
    return f"{name}_micro", value, missing + odd


def _text_suspicion(name: str, x: str) -> str:
    if name in WORDS:
        return f"{x} NOT IN ({_listed(WORDS[name])})"
    if name == "currency":
        return f"{x} NOT IN ({_listed(sorted(CURRENCIES))})"
    if name in COUNTRIES:
        return f"NOT REGEXP_FULL_MATCH({x}, '{COUNTRY}')"
    if name == "hs":
        return f"NOT REGEXP_FULL_MATCH({x}, '{HS}')"
    odd = f"LENGTH({x}) > {TEXT_MAX[name]} OR REGEXP_MATCHES({x}, '{_UNSEEN}|{_FORMULA}')"
    if name in IDENTIFIERS:
        odd += f" OR NOT REGEXP_FULL_MATCH({x}, '{IDENTIFIER}')"
    return odd + (f" OR CONTAINS({x}, '|') OR CONTAINS({x}, '#')" if name in CODED_TEXTS else "")


def _is_text(type_: pa.DataType) -> bool:
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def typed_sql(types: Mapping[str, pa.DataType], limits: ParcelLimits) -> str:
    """Return the statement from `parcel_input` to typed rows with the column `suspect`."""
    values, odd = [], []
    for name, kind, needed in PARCEL_COLUMNS:
        if name not in types:
            empty = {"date": "DATE", "flag": "BOOLEAN", "text": "VARCHAR"}.get(kind, "BIGINT")
            ending = {"amount": "_micro", "count": "_micro", "share": "_e8"}.get(kind, "")
            value = "FALSE" if kind == "flag" else _DEFAULTS.get(name, f"CAST(NULL AS {empty})")
            values.append(f"{value} AS {name}{ending}")
            continue
        column, value, suspicion = column_sql(name, kind, needed, types[name], limits)
        values.append(f"{value} AS {column}")
        odd.append(f"COALESCE({suspicion}, FALSE)")
    inner = f"SELECT row_id, parcel_no, item, {', '.join(values)}, ({' OR '.join(odd)}) AS odd FROM parcel_input"
    whole = "quantity_micro % 1000000 = 0"
    large = f"CAST(quantity_micro AS DOUBLE) * unit_price_micro > {AMOUNT_MAX * 10**12 // 2}.0"
    return f"SELECT * EXCLUDE (odd), odd OR NOT ({whole}) OR {large} AS suspect FROM ({inner})"
