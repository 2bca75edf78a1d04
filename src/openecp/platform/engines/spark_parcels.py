# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words; what senders write comes in as rows
"""Parcels of Parquet files on Spark: typed, checked and numbered as `parcel_files` does it on one machine.

SQL finds the rows that must be looked at, maybe too many; what is wrong with them is said by the rule of the kernel,
which runs where the rows are. A row is known by its place in its file, so that both ways name the same rows; rows of
later files are counted on.
Limits: workers need this package and pyarrow; a file is one that the head reaches by its path.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from openecp.kernel.datamodel.currencies import CURRENCIES
from openecp.kernel.datamodel.parcel import PARCEL_COLUMNS, PARCEL_HEADER_COLUMNS
from openecp.kernel.datamodel.parcel_check import (
    AMOUNT_MAX,
    CODED_TEXTS,
    COUNTRIES,
    COUNTRY,
    DAY,
    DECIMAL,
    FALSE_WORDS,
    FIXES,
    FORMULA,
    HS,
    IDENTIFIER,
    IDENTIFIERS,
    ITEMS_MAX,
    SHARE,
    SHARE_MAX,
    TEXT_MAX,
    TRUE_WORDS,
    WEIGHT_MAX,
    WEIGHTS,
    WORDS,
    CellFault,
    items_fault,
    shown,
    value_fault,
)  # fmt: skip
from openecp.platform.engines.parcel_faults import DOUBLED, FAULTS_MAX, CellTypes, faults_of_cells, shut_out
from openecp.platform.engines.parcel_looks import is_text
from openecp.platform.engines.parcel_parquet import ParquetSource
from openecp.platform.engines.parcel_source import NAMES, ParcelLimits

_TYPES = {"text": "STRING", "date": "DATE", "flag": "BOOLEAN"}
_DEFAULTS = {"channel": "'post'", "trade": "'B2C'", "quantity": "CAST(1000000 AS BIGINT)"}
_UNSEEN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]"
_KEPT = 4_000  # characters of a cell that is looked at
_FAULT_CELLS = ("column_name", "code", "expected", "got", "fix")
_KINDS = {name: kind for name, kind, _ in PARCEL_COLUMNS}
TYPED = {name: name + {"amount": "_micro", "count": "_micro", "share": "_e8"}.get(kind, "")
         for name, kind, _ in PARCEL_COLUMNS}  # fmt: skip
_HEADER = ", ".join(TYPED[name] for name in PARCEL_HEADER_COLUMNS[1:])


class StagesTables(Protocol):
    """The part of the engine that is used here."""

    session: Any

    def kept(self, name: str, frame: Any) -> None:
        """Write a frame, to be read under `name`."""

    def ask(self, statement: str) -> list[dict[str, Any]]: ...


class _Cell(NamedTuple):
    """A column: SQL of its text, of its typed value, and of the cells that must be looked at."""

    text: str
    value: str
    odd: str


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _whole(x: str, pattern: str) -> str:
    """SQL of whether a text is wholly of a pattern."""
    return f"{x} RLIKE r'^(?:{pattern})\\z'"


def _cell(name: str, kind: str, type_: pa.DataType | None, limits: ParcelLimits) -> _Cell:
    """Return how a column is typed, and which of its cells must be looked at."""
    if type_ is None or pa.types.is_null(type_):
        nothing = "FALSE" if kind == "flag" else f"CAST(NULL AS {_TYPES.get(kind, 'BIGINT')})"
        return _Cell("CAST(NULL AS STRING)", _DEFAULTS.get(name, nothing), "")
    coded = is_text(type_) or pa.types.is_binary(type_) or pa.types.is_large_binary(type_)
    text = f"LEFT(MAKE_VALID_UTF8(CAST({name} AS STRING)), {_KEPT})" if coded else f"CAST({name} AS STRING)"
    x = f"NULLIF({text}, '')" if coded else text
    if kind == "text":
        value, odd = _text(name, x)
    elif kind == "date":
        value = f"TRY_CAST({x} AS DATE)"
        between = f"{value} BETWEEN DATE '{limits.first_day}' AND DATE '{limits.last_day}'"
        odd = f"NOT COALESCE({between} AND {_whole(x, DAY)}, FALSE)"
    elif kind == "flag":
        value = f"COALESCE(LOWER({x}) IN ({_listed(TRUE_WORDS)}), FALSE)"
        odd = f"LOWER({x}) NOT IN ({_listed((*TRUE_WORDS, *FALSE_WORDS))})"
    else:
        value, odd = _number(name, kind, x, type_)
    if name in _DEFAULTS:
        value = f"COALESCE({value}, {_DEFAULTS[name]})"
    return _Cell(text, value, f"({x} IS NOT NULL AND ({odd}))")


def _text(name: str, x: str) -> tuple[str, str]:
    if name in WORDS or name == "currency":
        return x, f"{x} NOT IN ({_listed(sorted(WORDS.get(name, CURRENCIES)))})"
    if name in COUNTRIES:
        return x, f"NOT {_whole(x, COUNTRY)}"
    if name == "hs":
        digits = f"REPLACE(REPLACE({x}, '.', ''), ' ', '')"
        return digits, f"LENGTH({x}) > 20 OR NOT {_whole(digits, HS)}"
    odd = [f"LENGTH({x}) > {TEXT_MAX[name]}", f"{x} RLIKE r'{_UNSEEN}'", f"{x} RLIKE r'{FORMULA}'"]
    odd += [f"NOT {_whole(x, IDENTIFIER)}"] if name in IDENTIFIERS else []
    odd += [f"CONTAINS({x}, '|')", f"CONTAINS({x}, '#')"] if name in CODED_TEXTS else []
    return x, " OR ".join(odd)


def _number(name: str, kind: str, x: str, type_: pa.DataType) -> tuple[str, str]:
    places, most = (8, 100) if kind == "share" else (6, AMOUNT_MAX)
    most = WEIGHT_MAX if name in WEIGHTS else SHARE_MAX.get(name, most)
    source = name if pa.types.is_floating(type_) or pa.types.is_decimal(type_) else x
    exact = f"TRY_CAST({source} AS DECIMAL({16 + places},{places}))"
    value = f"TRY_CAST({exact} * {10**places} AS BIGINT)"
    odd = f"NOT COALESCE({value} BETWEEN {1 if kind == 'count' else 0} AND {most * 10**places}, FALSE)"
    if pa.types.is_floating(type_):
        odd += f" OR NOT COALESCE({name} BETWEEN 0 AND 1000000000 AND CAST({exact} AS DOUBLE) = {name}, FALSE)"
    elif pa.types.is_decimal(type_):
        odd += f" OR NOT COALESCE({exact} = {name}, FALSE)"
    elif not pa.types.is_integer(type_):
        odd += f" OR NOT {_whole(x, SHARE if kind == 'share' else DECIMAL)}"
    return value, odd


def typed_statement(source: ParquetSource, offset: int, file_no: int, limits: ParcelLimits) -> str:
    """Return SQL from `parcel_input` to typed rows: with the text of its cells where a row must be looked at."""
    cells = {name: _cell(name, kind, source.types.get(name), limits) for name, kind, _ in PARCEL_COLUMNS}
    coded = [name for name in NAMES if name in source.types and "UTF8" in cells[name].text]
    bad = ", ".join(f"CASE WHEN NOT IS_VALID_UTF8(CAST({name} AS STRING)) THEN '{name}' END" for name in coded)
    spoilt = f"TRY_ELEMENT_AT(ARRAY_COMPACT(ARRAY({bad})), 1)" if coded else "CAST(NULL AS STRING)"
    odd = [cell.odd for cell in cells.values() if cell.odd]
    odd += [f"COALESCE({cells[name].text}, '') = ''" for name, _, needed in PARCEL_COLUMNS if needed]
    day = cells["posted_on"]
    typed = ", ".join(f"{cells[name].value} AS {TYPED[name]}" for name in NAMES)
    texts = ", ".join(cells[name].text for name in NAMES)
    line = "CAST(quantity_micro AS DECIMAL(19, 0)) * unit_price_micro"
    odd_line = f"(quantity_micro % 1000000 <> 0 AND {line} % 1000000 <> 0) OR {line} > {AMOUNT_MAX * 10**12}"
    inner = (
        f"SELECT {offset} + 1 + row_index AS row_id, {file_no} AS file_no, "
        f"COALESCE({cells['parcel_id'].text}, '') AS parcel_key, {day.text} AS day_key, "
        f"COALESCE(NOT {day.odd}, FALSE) AND COALESCE({day.text}, '') <> '' AS day_fits, {typed}, "
        f"{' OR '.join(f'COALESCE({one}, FALSE)' for one in odd)} AS is_odd, {spoilt} AS spoilt, "
        f"ARRAY({texts}) AS texts FROM parcel_input"
    )
    looked_at = f"CASE WHEN is_odd OR spoilt IS NOT NULL OR COALESCE({odd_line}, FALSE) THEN texts END AS looked_at"
    kept = ", ".join(("row_id", "file_no", "parcel_key", "day_key", "day_fits", *TYPED.values(), "spoilt"))
    return f"SELECT {kept}, {looked_at} FROM ({inner})"


class _CellLook:
    """Says what is wrong with the cells of a row, where the row is."""

    def __init__(self, types: CellTypes, limits: ParcelLimits) -> None:
        self._types, self._limits = types, limits

    def __call__(self, spoilt: str | None, cells: Sequence[str | None]) -> list[tuple[str, ...]]:
        texts = dict(zip(NAMES, cells, strict=True))
        for name in self._types.floats:
            texts[name] = _float_text(texts[name])
        faults = faults_of_cells(texts, self._types, self._limits.check)
        if spoilt:
            text = texts[spoilt] or ""
            at = max(0, text.find("\ufffd") - 20)
            told = CellFault(spoilt, "OECP-ROW-ENCODING", "UTF-8", shown(text[at : at + 40]))
            faults = [told, *(fault for fault in faults if fault.column != spoilt)]
        return [_told(fault) for fault in faults[:FAULTS_MAX]]


def _float_text(text: str | None) -> str | None:
    """Return a number as Python writes it: Spark writes 10000000 as 1.0E7."""
    try:
        return text and repr(float(text))
    except ValueError:
        return text


def contradictions(parcel_no: int, first_header: str, header: str) -> list[tuple[str, ...]]:
    """Say in which columns a row's header is not that of its parcel's first row."""
    was, now = json.loads(first_header), json.loads(header)
    found = []
    for name in PARCEL_HEADER_COLUMNS[1:]:
        one, other = was.get(TYPED[name]), now.get(TYPED[name])
        if one != other:
            wanted = f"{_shown(one)} as in row {parcel_no}"
            found.append(_told(CellFault(name, "OECP-PARCEL-CONTRADICTION", wanted, _shown(other))))
    return found


def _shown(value: Any) -> str:
    return shown(None if value is None else str(value).lower() if isinstance(value, bool) else str(value))


def _told(fault: CellFault) -> tuple[str, ...]:
    return fault.column, fault.code, fault.expected, fault.got, FIXES[fault.code]


def _asked(engine: StagesTables, what: Callable[..., Any], columns: str, table: str) -> Any:
    """Return the faults that a function says of rows, one row each; it runs where the rows are."""
    kind = "ARRAY<STRUCT<" + ", ".join(f"{name}: STRING" for name in _FAULT_CELLS) + ">>"
    engine.session.udf.register("faults_of_row", what, kind)
    return engine.session.sql(
        f"SELECT row_id, f.* FROM (SELECT row_id, EXPLODE(FAULTS_OF_ROW({columns})) AS f FROM {table})"
    )


class Counted(NamedTuple):
    """What the files hold: rows, parcels, rows that were refused, parcels that stand in an earlier file too."""

    rows: int
    parcels: int
    refused: int
    repeated: int


def stage_parcels(engine: StagesTables, files: Sequence[Path], limits: ParcelLimits) -> Counted:
    """Make `parcel_rows` (whole good parcels) and `parcel_faults` (a row each fault) of Parquet files.

    Raises: ParcelFileRefused for a file that cannot be used at all.
    """
    _look(engine, files, limits)
    session = engine.session
    session.sql(
        "SELECT t.*, f.row_id IS NOT NULL AS is_bad FROM typed_input AS t "
        "LEFT JOIN (SELECT DISTINCT row_id FROM cell_faults) AS f ON f.row_id = t.row_id"
    ).createOrReplaceTempView("looked_input")
    engine.kept("spans", session.sql(_SPANS))
    engine.kept("runs", session.sql(_RUNS))
    session.sql(_NUMBERED).createOrReplaceTempView("numbered")
    engine.kept("differing", session.sql(_DIFFERING))
    engine.kept("header_faults", _asked(engine, contradictions, "parcel_no, first_header, header", "differing"))
    engine.kept("own_faults", session.sql(_own_faults(engine)))
    engine.kept("parcel_faults", session.sql(f"SELECT * FROM own_faults UNION ALL ({_SHUT_OUT})"))
    session.sql(_WHOLE).createOrReplaceTempView("whole_parcels")
    repeated = 0
    if len(files) > 1:
        engine.kept("later_parcels", session.sql(_LATER))
        repeated = engine.ask("SELECT COUNT(*) AS n FROM later_parcels")[0]["n"]
    left = "LEFT ANTI JOIN later_parcels AS l ON l.parcel_no = w.parcel_no" if repeated else ""
    session.sql(f"SELECT w.* FROM whole_parcels AS w {left}").createOrReplaceTempView("parcel_rows")
    told = engine.ask("SELECT COUNT(*) AS n, COUNT_IF(item = 1) AS parcels FROM numbered")[0]
    refused = engine.ask("SELECT COUNT(DISTINCT row_id) AS n FROM parcel_faults")[0]["n"]
    return Counted(told["n"], told["parcels"], refused, repeated)


def _look(engine: StagesTables, files: Sequence[Path], limits: ParcelLimits) -> None:
    """Make `typed_input` and `cell_faults`: each file by its own columns."""
    typed: list[Any] = []
    faults: list[Any] = []
    offset = 0
    for number, path in enumerate(files):
        source = ParquetSource(path, limits)
        read = engine.session.read.parquet(str(path))
        read.select("*", read.metadataColumn("_metadata").row_index.alias("row_index")).createOrReplaceTempView(
            "parcel_input"
        )
        name = f"typed_{number}"
        engine.kept(name, engine.session.sql(typed_statement(source, offset, number, limits)))
        types = CellTypes(
            tuple(one for one, kind in source.types.items() if pa.types.is_decimal(kind)),
            tuple(one for one, kind in source.types.items() if pa.types.is_floating(kind)),
        )
        asked = _asked(engine, _CellLook(types, limits), "spoilt, looked_at", f"{name} WHERE looked_at IS NOT NULL")
        engine.kept(f"faults_{number}", asked)
        faults.append(engine.session.table(f"faults_{number}"))
        typed.append(engine.session.table(name))
        offset += source.rows
    reduce(lambda one, other: one.unionByName(other), typed).createOrReplaceTempView("typed_input")
    reduce(lambda one, other: one.unionByName(other), faults).createOrReplaceTempView("cell_faults")


_TYPED = ", ".join(TYPED.values())
# The rows of an identifier, and where they stand. One parcel as a rule; else `runs` cuts them.
_SPANS = f"""
SELECT row_id, file_no, parcel_key, day_key, day_fits, is_bad, {_TYPED},
  COUNT(*) OVER one AS rows, MIN(row_id) OVER one AS first_row, MAX(row_id) OVER one AS last_row,
  MIN(day_key) OVER one AS first_day, MAX(day_key) OVER one AS last_day
FROM looked_input WHERE parcel_key <> '' WINDOW one AS (PARTITION BY file_no, parcel_key)
"""
_PLAIN = "last_row - first_row + 1 = rows AND COALESCE(first_day, '') = COALESCE(last_day, '')"
# A parcel is a run of rows; it ends where the identifier does, or where another day is given. A day that is none
# belongs to the parcel of the row before. Runs of the same identifier and day are one parcel that stands twice.
_RUNS = f"""
SELECT * EXCEPT (day_of), COUNT_IF(row_id = parcel_no) OVER (PARTITION BY file_no, parcel_key, day_of) > 1 AS is_doubled
FROM (
  SELECT *, COUNT(*) OVER one AS rows, MIN(row_id) OVER one AS parcel_no,
    COALESCE(MIN_BY(day_key, row_id) OVER one, '') AS day_of
  FROM (
    SELECT *, SUM(CASE WHEN begins THEN 1 ELSE 0 END) OVER (PARTITION BY file_no, parcel_key ORDER BY row_id) AS run
    FROM (
      SELECT *, COALESCE(row_id - LAG(row_id) OVER one > 1 OR (day_key <> LAG(day_key) OVER one AND day_fits
        AND LAG(day_fits) OVER one), TRUE) AS begins
      FROM (SELECT * EXCEPT (rows, first_row, last_row, first_day, last_day) FROM spans WHERE NOT ({_PLAIN}))
      WINDOW one AS (PARTITION BY file_no, parcel_key ORDER BY row_id)
    )
  )
  WINDOW one AS (PARTITION BY file_no, parcel_key, run)
)
"""
_NUMBERED = f"""
SELECT row_id, is_bad, first_row AS parcel_no, CAST(row_id - first_row + 1 AS INT) AS item, rows, FALSE AS is_doubled,
  {_TYPED} FROM spans WHERE {_PLAIN}
UNION ALL SELECT row_id, is_bad, parcel_no, CAST(row_id - parcel_no + 1 AS INT), rows, is_doubled, {_TYPED} FROM runs
UNION ALL SELECT row_id, is_bad, row_id, 1, CAST(1 AS BIGINT), FALSE, {_TYPED} FROM looked_input WHERE parcel_key = ''
"""
_DIFFERING = f"""
SELECT row_id, parcel_no, header, first_header FROM (
  SELECT *, FIRST_VALUE(header) OVER (PARTITION BY parcel_no ORDER BY row_id) AS first_header
  FROM (SELECT row_id, parcel_no, TO_JSON(STRUCT({_HEADER})) AS header FROM numbered
    WHERE rows > 1 AND item <= {ITEMS_MAX})
) WHERE header <> first_header
"""
_LINE = "CAST(quantity_micro AS DECIMAL(19, 0)) * CAST(unit_price_micro AS DECIMAL(19, 0))"
_COSTS = "COALESCE(MAX(freight_micro), 0) + COALESCE(MAX(insurance_micro), 0)"
_TOO_MUCH = f"""
SELECT parcel_no, total FROM (
  SELECT parcel_no, SUM({_LINE}) + CAST(1000000 AS DECIMAL(19, 0)) * ({_COSTS}) AS total
  FROM numbered WHERE NOT is_bad GROUP BY parcel_no
) WHERE total > {AMOUNT_MAX * 10**12}
"""
_GLANCE = f"""
SELECT COALESCE(MAX(quantity_micro), 0) AS quantity, COALESCE(MAX(unit_price_micro), 0) AS price, {_COSTS} AS costs
FROM numbered WHERE NOT is_bad
"""


def _sql(fault: CellFault, row_id: str, got: str = "") -> str:
    """SQL of the cells of a fault; `got` is SQL of what was got, where rows differ in it."""
    named = [f"'{cell}' AS {name}" for cell, name in zip(_told(fault), _FAULT_CELLS, strict=True)]
    named[3] = f"{got} AS got" if got else named[3]
    return f"{row_id} AS row_id, {', '.join(named)}"


def _own_faults(engine: StagesTables) -> str:
    """SQL of the faults of cells, and of parcels as a whole."""
    items = "CONCAT(CAST(rows AS STRING), ' items')"
    parts = [
        "SELECT * FROM cell_faults",
        f"SELECT {_sql(DOUBLED, 'n.row_id')} FROM numbered AS n LEFT ANTI JOIN (SELECT row_id FROM cell_faults "
        "WHERE column_name = 'parcel_id') AS f ON f.row_id = n.row_id WHERE n.is_doubled",
        f"SELECT {_sql(items_fault(0), 'row_id', got=items)} FROM numbered WHERE item = 1 AND rows > {ITEMS_MAX}",
        "SELECT h.* FROM header_faults AS h JOIN differing AS d ON d.row_id = h.row_id LEFT ANTI JOIN cell_faults AS f "
        "ON f.column_name = h.column_name AND (f.row_id = h.row_id OR f.row_id = d.parcel_no)",
    ]
    most = engine.ask(_GLANCE)[0]
    if most["quantity"] * most["price"] * ITEMS_MAX + most["costs"] * 10**6 > AMOUNT_MAX * 10**12:
        much = "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(total * 0.000000000001 AS STRING)))"
        parts.append(f"SELECT {_sql(value_fault(Decimal(0)), 'parcel_no', got=much)} FROM ({_TOO_MUCH})")
    return " UNION ALL ".join(parts)


_BAD_ROW = "CONCAT('row ', CAST(first_bad AS STRING), ' is not')"
_SHUT_OUT = f"""
SELECT {_sql(shut_out(0), "row_id", got=_BAD_ROW)} FROM (
  SELECT n.row_id, f.row_id AS own, MIN(f.row_id) OVER (PARTITION BY n.parcel_no) AS first_bad
  FROM (SELECT row_id, parcel_no FROM numbered WHERE rows > 1) AS n
  LEFT JOIN (SELECT DISTINCT row_id FROM own_faults) AS f ON f.row_id = n.row_id
) WHERE own IS NULL AND first_bad IS NOT NULL
"""
_WHOLE = """
SELECT n.* EXCEPT (is_bad, rows, is_doubled) FROM numbered AS n
LEFT ANTI JOIN parcel_faults AS f ON f.row_id = n.row_id
"""
_LATER = """
SELECT parcel_no FROM (
  SELECT parcel_no, MIN(parcel_no) OVER (PARTITION BY parcel_id, posted_on) AS earlier FROM whole_parcels WHERE item = 1
) WHERE parcel_no <> earlier
"""
