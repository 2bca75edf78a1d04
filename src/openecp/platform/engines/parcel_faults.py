# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words; what senders write comes in as rows
"""Finds what is wrong with the rows of a chunk: all faults of a row in one pass, and the parcels that they shut out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from openecp.kernel.datamodel.parcel import PARCEL_COLUMNS, PARCEL_HEADER_COLUMNS
from openecp.kernel.datamodel.parcel_check import (
    AMOUNT_MAX,
    FIXES,
    ITEMS_MAX,
    CellFault,
    CheckLimits,
    items_fault,
    row_faults,
    shown,
    value_fault,
)
from openecp.platform.engines.parcel_looks import changes
from openecp.platform.engines.parcel_source import NAMES, ParcelLimits, RowFault
from openecp.platform.engines.parcel_sql import ODD_LINE, TypedColumn, column_name, glance_sql

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
CELL_KEPT = 4_000  # characters of a cell that is looked at
FAULTS_MAX = 20  # of one row
DOUBLED = CellFault(
    "parcel_id", "OECP-PARCEL-DOUBLED", "one parcel, its rows next to each other",
    "rows of the same parcel in another place",
)  # fmt: skip


class CellTypes(NamedTuple):
    """The columns of a file whose cells are numbers, by how they are held."""

    decimals: tuple[str, ...] = ()
    floats: tuple[str, ...] = ()


def faults_of_cells(row: Mapping[str, str | None], types: CellTypes, check: CheckLimits) -> list[CellFault]:
    """Return every fault of the cells of one row as text: the one rule, whatever engine reads the file."""
    if not any(row.values()):
        return [CellFault("", "OECP-ROW-EMPTY", "a row", "a row of empty cells")]
    plain = {**row, **{name: _shortest(row.get(name)) for name in types.decimals}}
    faults = list(row_faults(plain, check))
    told = {fault.column for fault in faults}
    return faults + [
        CellFault(name, "OECP-CELL-TYPE", "a number with 15 digits or fewer", shown(plain[name]))
        for name in types.floats
        if name not in told and len((plain[name] or "").replace(".", "").strip("0")) > 15
    ]


def shut_out(first_bad: int) -> CellFault:
    """Return the fault of a row that another row of its parcel shuts out."""
    return CellFault("", "OECP-PARCEL-SHUT-OUT", "every row of the parcel usable", f"row {first_bad} is not")


def find_faults(
    run: duckdb.DuckDBPyConnection,
    table: pa.Table,
    typed: Sequence[TypedColumn],
    peculiar: Sequence[tuple[int, int, bool, bool]],
    differing: Sequence[int],
    shapes: Sequence[RowFault],
    limits: ParcelLimits,
) -> list[tuple[Any, ...]]:
    """Return the rows of `parcel_faults`.

    `peculiar` parcels stand twice or have too many items (first row, rows, twice, too many), `differing` ones may
    contradict themselves (parcel_no).
    """
    found: dict[int, list[CellFault]] = {}
    by_row = {fault.row_id: fault for fault in shapes}
    for fault in shapes:
        found[fault.row_id] = [CellFault(fault.column, fault.code, fault.expected, fault.got)]
    suspects, too_much = _suspects(run, typed)
    suspects |= by_row.keys()
    if suspects:
        _row_faults(run, table, suspects, by_row, found, limits)
    _parcel_faults(run, peculiar, differing, found)
    if too_much:
        _too_much(run, found)
    return _rows(run, found)


def _suspects(run: duckdb.DuckDBPyConnection, typed: Sequence[TypedColumn]) -> tuple[set[int], bool]:
    """Return the rows that must be looked at, and whether a parcel may be worth too much."""
    *flags, whole, quantity, price, costs = run.execute(glance_sql(typed)).fetchall()[0]
    odd = [column.odd for column in typed if column.odd]
    edged = [column for column in typed if column.edges]
    odd += [column.odd_all for column, fine in zip(edged, flags, strict=True) if not fine]
    suspects: set[int] = set()
    if odd:
        asked = " OR ".join(f"COALESCE({sql}, FALSE)" for sql in odd)
        suspects.update(row[0] for row in run.execute(f"SELECT row_id FROM parcel_input WHERE {asked}").fetchall())
    if not whole or quantity * price > AMOUNT_MAX * 10**12:
        suspects.update(row[0] for row in run.execute(f"SELECT row_id FROM parcel_rows WHERE {ODD_LINE}").fetchall())
    return suspects, quantity * price * ITEMS_MAX + costs * 10**6 > AMOUNT_MAX * 10**12


def _row_faults(
    run: duckdb.DuckDBPyConnection,
    table: pa.Table,
    suspects: set[int],
    shapes: Mapping[int, RowFault],
    found: dict[int, list[CellFault]],
    limits: ParcelLimits,
) -> None:
    """Look at rows one by one."""
    columns = [name for name in NAMES if name in table.column_names]
    cells = ", ".join(f"left(CAST({name} AS VARCHAR), {CELL_KEPT})" for name in columns)
    types = CellTypes(
        tuple(name for name in columns if pa.types.is_decimal(table.schema.field(name).type)),
        tuple(name for name in columns if pa.types.is_floating(table.schema.field(name).type)),
    )
    run.register("parcel_suspects", pa.table({"row_id": pa.array(sorted(suspects), pa.int64())}))
    asked = run.execute(
        f"SELECT row_id, {cells} FROM parcel_input WHERE row_id IN (SELECT row_id FROM parcel_suspects)"
    )
    while rows := asked.fetchmany(1_000):
        for row_id, *texts in rows:
            shape = shapes.get(row_id)
            if shape and shape.code != "OECP-ROW-ENCODING":
                continue
            faults = faults_of_cells(dict(zip(columns, texts, strict=True)), types, limits.check)
            if shape:
                faults = [fault for fault in faults if fault.column != shape.column]
            if faults:
                found.setdefault(row_id, []).extend(faults)
    run.unregister("parcel_suspects")


def _shortest(number: str | None) -> str | None:
    """Return a decimal without the zeros that its column's type adds."""
    return number.rstrip("0").rstrip(".") if number and "." in number else number


def _parcel_faults(
    run: duckdb.DuckDBPyConnection,
    peculiar: Sequence[tuple[int, int, bool, bool]],
    differing: Sequence[int],
    found: dict[int, list[CellFault]],
) -> None:
    for first, rows, doubled, overlong in peculiar:
        if doubled:
            for row in range(first, first + rows):
                if any(fault.column == "parcel_id" for fault in found.get(row, ())):
                    continue  # an identifier that is none is no parcel's
                found.setdefault(row, []).append(DOUBLED)
        if overlong:
            found.setdefault(first, []).append(items_fault(rows))
    if differing:
        _contradictions(run, differing, found)


def differing_parcels(table: pa.Table) -> list[int]:
    """Return the numbers of the parcels some of whose rows have another header than the row before; maybe too many."""
    other = None
    for name in PARCEL_HEADER_COLUMNS[1:]:
        if name in table.column_names:
            now = changes(table.column(name))
            other = now if other is None else pc.or_(other, now)
    inside = pc.greater(table.column("item").combine_chunks().slice(1), 1)
    numbers = table.column("parcel_no").combine_chunks().slice(1).filter(pc.and_(other, inside))
    return pc.unique(numbers).to_pylist()  # type: ignore[no-any-return]


def _too_much(run: duckdb.DuckDBPyConnection, found: dict[int, list[CellFault]]) -> None:
    """Find the parcels that are worth too much in all."""
    total = run.execute(
        "SELECT min(row_id), max(row_id), sum(CAST(quantity_micro AS HUGEINT) * unit_price_micro) "
        "+ 1000000 * CAST(COALESCE(max(freight_micro), 0) + COALESCE(max(insurance_micro), 0) AS HUGEINT) AS total "
        f"FROM parcel_rows GROUP BY parcel_no HAVING total > {AMOUNT_MAX * 10**12}"
    ).fetchall()
    for first, last, much in total:
        if not any(row in found for row in range(first, last + 1)):
            found[first] = [value_fault(Decimal(int(much)).scaleb(-12))]


def _contradictions(
    run: duckdb.DuckDBPyConnection, differing: Sequence[int], found: dict[int, list[CellFault]]
) -> None:
    """Compare the typed header of each row with that of the parcel's first row: 12.5 and 12.50 are the same."""
    kinds = {name: column_name(name, kind) for name, kind, _ in PARCEL_COLUMNS}
    names = PARCEL_HEADER_COLUMNS[1:]
    cells = ", ".join(f"CAST({kinds[n]} AS VARCHAR)" for n in names)
    run.register("parcels_differing", pa.table({"parcel_no": pa.array(differing, pa.int64())}))
    asked = run.execute(
        f"SELECT parcel_no, row_id, item, {cells} FROM parcel_rows "
        f"WHERE parcel_no IN (SELECT parcel_no FROM parcels_differing) AND item <= {ITEMS_MAX} ORDER BY row_id"
    )
    first: tuple[Any, ...] = (0, 0)
    while rows := asked.fetchmany(1_000):
        for row in rows:
            if row[0] != first[0]:
                first = row
            elif row[3:] != first[3:]:
                known = {fault.column for fault in found.get(row[1], []) + found.get(first[1], [])}
                for name, was, now in zip(names, first[3:], row[3:], strict=True):
                    if was != now and name not in known:
                        wanted = f"{shown(was)} as in row {first[1]}"
                        fault = CellFault(name, "OECP-PARCEL-CONTRADICTION", wanted, shown(now))
                        found.setdefault(row[1], []).append(fault)
    run.unregister("parcels_differing")


def _rows(run: duckdb.DuckDBPyConnection, found: dict[int, list[CellFault]]) -> list[tuple[Any, ...]]:
    """Return the faults as rows, and one for each row that another row of its parcel shuts out."""
    if not found:
        return []
    run.register("parcel_bad", pa.table({"row_id": pa.array(found, pa.int64())}))
    shut = run.execute(
        "SELECT r.row_id, left(CAST(i.parcel_id AS VARCHAR), 80), r.parcel_no "
        "FROM parcel_rows AS r JOIN parcel_input AS i USING (row_id) "
        "WHERE r.parcel_no IN (SELECT parcel_no FROM parcel_rows WHERE row_id IN (SELECT row_id FROM parcel_bad)) "
        "ORDER BY 1"
    ).fetchall()
    run.unregister("parcel_bad")
    first_bad: dict[int, int] = {}
    for row_id, _, number in shut:
        if row_id in found:
            first_bad.setdefault(number, row_id)
    rows: list[tuple[Any, ...]] = []
    for row_id, parcel_id, number in shut:
        told = shown(parcel_id) if parcel_id else ""
        for fault in found.get(row_id, [])[:FAULTS_MAX] or [shut_out(first_bad[number])]:
            rows.append((row_id, told, fault.column, fault.code, fault.expected, fault.got, FIXES[fault.code]))
    return rows
