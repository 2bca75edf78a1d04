# SPDX-License-Identifier: Apache-2.0
"""Compares what Spark and DuckDB made of the same parcels: every cell of every row, in both directions.

Results, charge lines, sums of collectors and faults are compared as bags of rows: a row that one side alone has counts,
as does a row that one side has more often. `planted` changes copies of one side, to see that each change is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

TABLES = {  # what is compared, and by which whole number it is cut into pieces
    "results": "first_row",
    "charges": "row_id",
    "collectors": "amounts",
    "faults": "row_id",
}
PIECES = 16


def columns_of(run: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> list[str]:
    """Return the columns of both sides.

    Raises: ValueError where one side has other columns: nothing may be left out of the comparison.
    """
    names = [[row[0] for row in run.execute(f"DESCRIBE SELECT * FROM {one}").fetchall()] for one in (ours, theirs)]
    if sorted(names[0]) != sorted(names[1]):
        raise ValueError(f"expected the same columns; got {sorted(set(names[0]) ^ set(names[1]))}")
    return sorted(names[0])


def differing(run: duckdb.DuckDBPyConnection, ours: str, theirs: str, key: str, pieces: int = PIECES) -> int:
    """Return how many rows one side has and the other has not, both ways; `ours` and `theirs` are SQL of tables."""
    cells = ", ".join(columns_of(run, ours, theirs))
    found = 0
    for piece in range(pieces):
        one, other = (f"(SELECT {cells} FROM {side} WHERE {key} % {pieces} = {piece})" for side in (ours, theirs))
        found += sum(
            run.execute(f"SELECT COUNT(*) FROM ({a} EXCEPT ALL {b})").fetchall()[0][0]
            for a, b in ((one, other), (other, one))
        )
    return found


def parquet(paths: Sequence[Path] | Path) -> str:
    """SQL of Parquet files as a table."""
    listed = [paths] if isinstance(paths, Path) else paths
    return "read_parquet([" + ", ".join(f"'{path}'" for path in listed) + "])"


def planted(run: duckdb.DuckDBPyConnection, ours: str, theirs: str, key: str) -> dict[str, int]:
    """Change one cell of one row of each column in turn, leave out a row, double a row; return what is found of each.

    A changed cell differs twice (the row that is, the row that should be), a row too few or too many once.
    """
    cells = columns_of(run, ours, theirs)
    first = run.execute(f"SELECT MIN({key}) FROM {theirs}").fetchall()[0][0]
    run.execute(f"CREATE OR REPLACE TEMP TABLE ours_planted AS SELECT * FROM {ours} WHERE {key} = {first}")
    run.execute(f"CREATE OR REPLACE TEMP TABLE theirs_planted AS SELECT * FROM {theirs} WHERE {key} = {first}")
    found = {}
    for name in cells:
        kind = run.execute(f"SELECT TYPEOF({name}) FROM theirs_planted").fetchall()[0][0]
        other = {"VARCHAR": f"CONCAT({name}, '~')", "BOOLEAN": f"NOT COALESCE({name}, FALSE)",
                 "DATE": f"COALESCE({name}, DATE '2000-01-01') + 1"}.get(kind, f"COALESCE({name}, 0) + 1")  # fmt: skip
        changed = f"(SELECT * REPLACE ({other} AS {name}) FROM theirs_planted)"
        found[name] = differing(run, "ours_planted", changed, "1", 1)
    rows = run.execute("SELECT COUNT(*) FROM theirs_planted").fetchall()[0][0]
    found["a row too few"] = differing(run, "ours_planted", "(SELECT * FROM theirs_planted LIMIT 0)", "1", 1) // rows
    doubled = "(SELECT * FROM theirs_planted UNION ALL SELECT * FROM theirs_planted)"
    found["a row too many"] = differing(run, "ours_planted", doubled, "1", 1) // rows
    return found
