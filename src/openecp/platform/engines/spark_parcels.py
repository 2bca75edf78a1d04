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

from openecp.kernel.datamodel.parcel import PARCEL_HEADER_COLUMNS
from openecp.kernel.datamodel.parcel_check import (
    AMOUNT_MAX,
    FIXES,
    ITEMS_MAX,
    CellFault,
    items_fault,
    shown,
    value_fault,
)
from openecp.platform.engines.parcel_faults import DOUBLED, FAULTS_MAX, CellTypes, faults_of_cells, shut_out
from openecp.platform.engines.parcel_parquet import ParquetSource
from openecp.platform.engines.parcel_source import NAMES, ParcelLimits
from openecp.platform.engines.spark_looks import TYPED, look_statement, typed_statement

_FAULT_CELLS = ("column_name", "code", "expected", "got", "fix")
_HEADER = ", ".join(TYPED[name] for name in PARCEL_HEADER_COLUMNS[1:])


class StagesTables(Protocol):
    """The part of the engine that is used here."""

    session: Any

    def kept(self, name: str, frame: Any) -> None:
        """Write a frame, to be read under `name`."""

    def ask(self, statement: str) -> list[dict[str, Any]]: ...


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
    engine.kept("bad_rows", session.sql("SELECT DISTINCT row_id FROM cell_faults"))
    engine.kept("several_keys", session.sql(_SEVERAL))
    engine.kept("spans", session.sql(_SPANS))
    engine.kept("runs", session.sql(_RUNS))
    engine.kept("placed", session.sql(_PLACED))
    session.sql(_NUMBERED).createOrReplaceTempView("numbered")
    engine.kept("differing", session.sql(_DIFFERING))
    engine.kept("header_faults", _asked(engine, contradictions, "parcel_no, first_header, header", "differing"))
    engine.kept("own_faults", session.sql(_own_faults(engine)))
    engine.kept("parcel_faults", session.sql(f"SELECT * FROM own_faults UNION ALL ({_SHUT_OUT})"))
    engine.kept("refused_rows", session.sql("SELECT DISTINCT row_id FROM parcel_faults"))
    session.sql(_WHOLE).createOrReplaceTempView("whole_parcels")
    repeated = 0
    if len(files) > 1:
        engine.kept("later_parcels", session.sql(_LATER))
        repeated = engine.ask("SELECT COUNT(*) AS n FROM later_parcels")[0]["n"]
    left = "LEFT ANTI JOIN later_parcels AS l ON l.parcel_no = w.parcel_no" if repeated else ""
    engine.kept("parcel_rows", session.sql(f"SELECT w.* FROM whole_parcels AS w {left}"))
    told = engine.ask(
        "SELECT (SELECT COUNT(*) FROM looked_input) AS n, (SELECT COUNT(*) FROM refused_rows) AS refused, "
        "(SELECT COUNT_IF(item > 1) FROM placed) AS others"
    )[0]
    return Counted(told["n"], told["n"] - told["others"], told["refused"], repeated)


def _look(engine: StagesTables, files: Sequence[Path], limits: ParcelLimits) -> None:
    """Make `typed_input`, `looked_input` and `cell_faults`: each file by its own columns."""
    typed: list[Any] = []
    looks: list[Any] = []
    faults: list[Any] = []
    offset = 0
    for number, path in enumerate(files):
        source = ParquetSource(path, limits)
        read = engine.session.read.parquet(str(path))
        read.select("*", read.metadataColumn("_metadata").row_index.alias("row_index")).createOrReplaceTempView(
            "parcel_input"
        )
        typed.append(engine.session.sql(typed_statement(source, offset, limits)))
        name = f"looks_{number}"
        engine.kept(name, engine.session.sql(look_statement(source, offset, number, limits)))
        looks.append(engine.session.table(name))
        types = CellTypes(
            tuple(one for one, kind in source.types.items() if pa.types.is_decimal(kind)),
            tuple(one for one, kind in source.types.items() if pa.types.is_floating(kind)),
        )
        asked = _asked(engine, _CellLook(types, limits), "spoilt, looked_at", f"{name} WHERE looked_at IS NOT NULL")
        engine.kept(f"faults_{number}", asked)
        faults.append(engine.session.table(f"faults_{number}"))
        offset += source.rows
    for name, parts in (("typed_input", typed), ("looked_input", looks), ("cell_faults", faults)):
        reduce(lambda one, other: one.unionByName(other), parts).createOrReplaceTempView(name)


# The rows of an identifier that stands in several rows, and where. One parcel as a rule; else `runs` cuts them.
_SEVERAL = """
SELECT file_no, parcel_key, COUNT(*) AS rows, MIN(row_id) AS first_row, MAX(row_id) AS last_row,
  COUNT_IF(NOT day_fits) AS unfit, MIN(day_no) AS first_day, MAX(day_no) AS last_day
FROM (SELECT *, UNIX_DATE(CASE WHEN day_fits THEN TRY_CAST(day_key AS DATE) END) AS day_no FROM looked_input)
WHERE parcel_key <> '' GROUP BY file_no, parcel_key HAVING COUNT(*) > 1
"""
_SPANS = """
SELECT l.row_id, l.file_no, l.parcel_key, l.day_key, l.day_fits,
  k.rows, k.first_row, k.last_row, k.unfit, k.first_day, k.last_day
FROM looked_input AS l JOIN several_keys AS k ON k.parcel_key = l.parcel_key AND k.file_no = l.file_no
"""
_PLAIN = "last_row - first_row + 1 = rows AND unfit = 0 AND first_day = last_day"
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
      FROM (SELECT * EXCEPT (rows, first_row, last_row, unfit, first_day, last_day) FROM spans WHERE NOT ({_PLAIN}))
      WINDOW one AS (PARTITION BY file_no, parcel_key ORDER BY row_id)
    )
  )
  WINDOW one AS (PARTITION BY file_no, parcel_key, run)
)
"""
_PLACED = f"""
SELECT row_id, first_row AS parcel_no, CAST(row_id - first_row + 1 AS INT) AS item, rows, FALSE AS is_doubled
FROM spans WHERE {_PLAIN}
UNION ALL SELECT row_id, parcel_no, CAST(row_id - parcel_no + 1 AS INT), rows, is_doubled FROM runs
"""
_NUMBERED = """
SELECT t.*, COALESCE(p.parcel_no, t.row_id) AS parcel_no, COALESCE(p.item, 1) AS item,
  COALESCE(p.rows, CAST(1 AS BIGINT)) AS rows
FROM typed_input AS t LEFT JOIN placed AS p ON p.row_id = t.row_id
"""
_DIFFERING = f"""
SELECT row_id, parcel_no, header, first_header FROM (
  SELECT *, FIRST_VALUE(header) OVER (PARTITION BY parcel_no ORDER BY row_id) AS first_header
  FROM (SELECT t.row_id, p.parcel_no, TO_JSON(STRUCT({_HEADER})) AS header
    FROM typed_input AS t JOIN placed AS p ON p.row_id = t.row_id WHERE p.rows > 1 AND p.item <= {ITEMS_MAX})
) WHERE header <> first_header
"""
_LINE = "CAST(quantity_micro AS DECIMAL(19, 0)) * CAST(unit_price_micro AS DECIMAL(19, 0))"
_COSTS = "COALESCE(MAX(freight_micro), 0) + COALESCE(MAX(insurance_micro), 0)"
_TOO_MUCH = f"""
SELECT parcel_no, total FROM (
  SELECT parcel_no, SUM({_LINE}) + CAST(1000000 AS DECIMAL(19, 0)) * ({_COSTS}) AS total
  FROM numbered AS n LEFT ANTI JOIN bad_rows AS b ON b.row_id = n.row_id GROUP BY parcel_no
) WHERE total > {AMOUNT_MAX * 10**12}
"""
_GLANCE = f"""
SELECT COALESCE(MAX(quantity_micro), 0) AS quantity, COALESCE(MAX(unit_price_micro), 0) AS price, {_COSTS} AS costs
FROM typed_input AS t LEFT ANTI JOIN bad_rows AS b ON b.row_id = t.row_id
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
        f"SELECT {_sql(DOUBLED, 'n.row_id')} FROM placed AS n LEFT ANTI JOIN (SELECT row_id FROM cell_faults "
        "WHERE column_name = 'parcel_id') AS f ON f.row_id = n.row_id WHERE n.is_doubled",
        f"SELECT {_sql(items_fault(0), 'row_id', got=items)} FROM placed WHERE item = 1 AND rows > {ITEMS_MAX}",
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
  FROM (SELECT row_id, parcel_no FROM placed WHERE rows > 1) AS n
  LEFT JOIN (SELECT DISTINCT row_id FROM own_faults) AS f ON f.row_id = n.row_id
) WHERE own IS NULL AND first_bad IS NOT NULL
"""
_WHOLE = """
SELECT n.* EXCEPT (rows) FROM numbered AS n LEFT ANTI JOIN refused_rows AS f ON f.row_id = n.row_id
"""
_LATER = """
SELECT parcel_no FROM (
  SELECT parcel_no, MIN(parcel_no) OVER (PARTITION BY parcel_id, posted_on) AS earlier FROM whole_parcels WHERE item = 1
) WHERE parcel_no <> earlier
"""
