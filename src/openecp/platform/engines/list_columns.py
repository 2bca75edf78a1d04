# SPDX-License-Identifier: Apache-2.0
"""Puts the columns of watchlist hits beside the rows of a Parquet file: each distinct party is compared once.

Reads: Parquet with a column of names, and any others of a party. Adds: what `compare` answers for a party.
Limits: 5,000,000 distinct parties; the file's order of rows is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow

PARTIES_MAX = 5_000_000
ADDED = ("list_hits", "list_score_e6", "list_refs")
Compare = Callable[[Sequence[Mapping[str, str]]], Sequence[tuple[int, int, str]]]


def add_list_columns(source: Path, target: Path, columns: Mapping[str, str], compare: Compare) -> tuple[int, int]:
    """Write `source` with the columns `ADDED` to `target`; return the rows and the distinct parties.

    `columns` says which column of the file holds what of a party (name, birth_date, …).

    Raises: ValueError for a column that is not there, that is there already, or too many parties.
    """
    try:
        with duckdb.connect(config={"threads": 2}) as connection:
            return _added(connection, source, target, columns, compare)
    except duckdb.Error as error:
        raise ValueError(f"{source}: expected a Parquet file and a place to write, got: {error}"[:400]) from None


def _added(
    connection: duckdb.DuckDBPyConnection, source: Path, target: Path, columns: Mapping[str, str], compare: Compare
) -> tuple[int, int]:
    names = connection.read_parquet(str(source)).columns
    missing = [column for column in columns.values() if column not in names]
    if missing or not columns:
        wanted = ", ".join(missing or ["name"])
        raise ValueError(f"{source}: expected the columns {wanted}; got {', '.join(names)[:300]}; name what it has")
    if set(ADDED) & set(names):
        raise ValueError(f"{source}: expected no column {', '.join(ADDED)}, got some; take the file without them")
    cells = [f"coalesce(CAST(r.{_quoted(one)} AS VARCHAR), '')" for one in columns.values()]
    as_parts = ", ".join(f"{cell} AS p{number}" for number, cell in enumerate(cells))
    read = f"SELECT *, row_number() OVER () AS list_row FROM read_parquet({_text(source)})"  # noqa: S608 - quoted
    connection.execute(f"CREATE TABLE file_rows AS {read}")
    distinct = f"SELECT DISTINCT {as_parts} FROM file_rows r ORDER BY ALL"  # noqa: S608 - quoted names
    parties = connection.execute(distinct).fetchall()
    if len(parties) > PARTIES_MAX:
        raise ValueError(f"{source}: expected at most {PARTIES_MAX} distinct parties, got {len(parties)}; split it")
    found = compare([dict(zip(columns, party, strict=True)) for party in parties])
    told: dict[str, pyarrow.Array] = {
        f"p{number}": pyarrow.array([party[number] for party in parties], pyarrow.string())
        for number in range(len(columns))
    }
    for place, (name, kind) in enumerate(zip(ADDED, (pyarrow.int32(), pyarrow.int32(), pyarrow.string()), strict=True)):
        told[name] = pyarrow.array([row[place] for row in found], kind)
    connection.register("told", pyarrow.table(told))
    joined = " AND ".join(f"{cell} = t.p{number}" for number, cell in enumerate(cells))
    kept = ", ".join([*(f"r.{_quoted(one)}" for one in names), *(f"t.{one}" for one in ADDED)])
    with_hits = f"SELECT {kept} FROM file_rows r JOIN told t ON {joined} ORDER BY r.list_row"  # noqa: S608 - quoted
    connection.execute(f"COPY ({with_hits}) TO {_text(target)} (FORMAT parquet)")
    ((count,),) = connection.execute("SELECT count(*) FROM file_rows").fetchall()
    return int(count), len(parties)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
