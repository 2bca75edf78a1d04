# SPDX-License-Identifier: Apache-2.0
"""Finds what is wrong with the rows of a chunk: all faults of a row in one pass, and the parcels that they shut out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from openecp.kernel.datamodel.parcel import PARCEL_HEADER_COLUMNS
from openecp.kernel.datamodel.parcel_check import (
    AMOUNT_MAX,
    FIXES,
    ITEMS_MAX,
    CellFault,
    items_fault,
    row_faults,
    shown,
    value_fault,
)
from openecp.platform.engines.parcel_source import ParcelLimits, RowFault

FAULT_SCHEMA = pa.schema(
    [
        ("row_id", pa.int64()),
        ("parcel_id", pa.string()),
        ("column_name", pa.string()),
        ("code", pa.string()),
        ("expected", pa.string()),
        ("got", pa.string()),
        ("fix", pa.string()),
        ("line", pa.int64()),
    ]
)
_CELL_KEPT = 4_000


def find_faults(
    run: duckdb.DuckDBPyConnection,
    parcels: Sequence[tuple[int, int, bool]],
    shapes: Sequence[RowFault],
    columns: Sequence[str],
    limits: ParcelLimits,
) -> list[tuple[Any, ...]]:
    """Return the rows of `parcel_faults`; `parcels` are those that stand twice or have too many items."""
    found: dict[int, list[CellFault]] = {}
    ids: dict[int, str] = {}
    by_row = {fault.row_id: fault for fault in shapes}
    for fault in shapes:
        found[fault.row_id] = [CellFault(fault.column, fault.code, fault.expected, fault.got)]
    cells = ", ".join(f"left(CAST(i.{name} AS VARCHAR), {_CELL_KEPT})" for name in columns)
    listed = ", ".join(map(str, by_row)) or "0"
    suspects = run.execute(
        f"SELECT i.row_id, {cells} FROM parcel_input AS i JOIN parcel_rows AS r USING (row_id) "
        f"WHERE r.suspect OR i.row_id IN ({listed}) ORDER BY 1"
    )
    while rows := suspects.fetchmany(1_000):
        for row_id, *texts in rows:
            row = dict(zip(columns, texts, strict=True))
            ids[row_id] = row["parcel_id"] or ""
            shape = by_row.get(row_id)
            if shape and shape.code != "OECP-ROW-ENCODING":
                continue
            if not any(texts):
                found[row_id] = [CellFault("", "OECP-ROW-EMPTY", "a row", "a row of empty cells")]
                continue
            faults = [f for f in row_faults(row, limits.check) if not shape or f.column != shape.column]
            if faults:
                found.setdefault(row_id, []).extend(faults)
    _parcel_faults(run, parcels, found)
    return _rows(run, found, ids)


def _parcel_faults(
    run: duckdb.DuckDBPyConnection,
    parcels: Sequence[tuple[int, int, bool]],
    found: dict[int, list[CellFault]],
) -> None:
    for first, rows, doubled in parcels:
        if doubled:
            got = "rows of the same parcel in another place"
            for row in range(first, first + rows):
                found.setdefault(row, []).append(
                    CellFault("parcel_id", "OECP-PARCEL-DOUBLED", "one parcel, its rows next to each other", got)
                )
        if rows > ITEMS_MAX:
            found.setdefault(first, []).append(items_fault(rows))
    several = "SELECT parcel_no FROM parcel_rows GROUP BY parcel_no HAVING count(*) > 1"
    header = [n for n in _header_names(run) if n != "parcel_id"]
    differ = " OR ".join(f"max({n}) IS DISTINCT FROM min({n}) OR count({n}) NOT IN (0, count(*))" for n in header)
    contradicted = run.execute(
        f"SELECT parcel_no FROM parcel_rows WHERE parcel_no IN ({several}) GROUP BY parcel_no HAVING {differ}"
    ).fetchall()
    for (number,) in contradicted:
        _contradictions(run, number, header, found)
    total = run.execute(
        "SELECT min(row_id), sum(CAST(quantity_micro AS HUGEINT) * unit_price_micro) "
        "+ 1000000 * CAST(COALESCE(max(freight_micro), 0) + COALESCE(max(insurance_micro), 0) AS HUGEINT) AS total "
        f"FROM parcel_rows GROUP BY parcel_no HAVING total > {AMOUNT_MAX * 10**12}"
    ).fetchall()
    for first, much in total:
        if first not in found:
            found[first] = [value_fault(Decimal(int(much)).scaleb(-12))]


def _header_names(run: duckdb.DuckDBPyConnection) -> list[str]:
    names = [row[0] for row in run.execute("DESCRIBE parcel_rows").fetchall()]
    plain = {name.removesuffix("_micro").removesuffix("_e8"): name for name in names}
    return [plain[name] for name in PARCEL_HEADER_COLUMNS]


def _contradictions(
    run: duckdb.DuckDBPyConnection, number: int, header: Sequence[str], found: dict[int, list[CellFault]]
) -> None:
    rows = run.execute(
        f"SELECT row_id, {', '.join(f'CAST({n} AS VARCHAR)' for n in header)} FROM parcel_rows WHERE parcel_no = ? ORDER BY 1",
        [number],
    ).fetchall()
    first = rows[0]
    for row in rows[1:]:
        for name, was, now in zip(header, first[1:], row[1:], strict=True):
            plain = name.removesuffix("_micro").removesuffix("_e8")
            told = {fault.column for fault in found.get(row[0], []) + found.get(first[0], [])}
            if was != now and plain not in told:
                found.setdefault(row[0], []).append(
                    CellFault(plain, "OECP-PARCEL-CONTRADICTION", f"{shown(was)} as in row {first[0]}", shown(now))
                )


def _rows(
    run: duckdb.DuckDBPyConnection, found: dict[int, list[CellFault]], ids: dict[int, str]
) -> list[tuple[Any, ...]]:
    """Return the faults as rows, and one for each row that another row of its parcel shuts out."""
    if not found:
        return []
    run.register("parcel_bad", pa.table({"row_id": pa.array(found, pa.int64())}))
    shut = run.execute(
        "SELECT r.row_id, left(CAST(i.parcel_id AS VARCHAR), 80), r.parcel_no FROM parcel_rows AS r JOIN parcel_input AS i USING (row_id) "
        "WHERE r.parcel_no IN (SELECT parcel_no FROM parcel_rows WHERE row_id IN (SELECT row_id FROM parcel_bad)) ORDER BY 1"
    ).fetchall()
    run.unregister("parcel_bad")
    first_bad: dict[int, int] = {}
    for row_id, _, number in shut:
        if row_id in found:
            first_bad.setdefault(number, row_id)
    rows: list[tuple[Any, ...]] = []
    for row_id, parcel_id, number in shut:
        told = shown(parcel_id) if parcel_id else ""
        for fault in found.get(row_id) or [
            CellFault("", "OECP-PARCEL-SHUT-OUT", "every row of the parcel usable", f"row {first_bad[number]} is not")
        ]:
            rows.append((row_id, told, fault.column, fault.code, fault.expected, fault.got, FIXES[fault.code], None))
    return rows
