# SPDX-License-Identifier: Apache-2.0
"""Parquet files put together page by page hold the rows of their parts, for every reader."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from openecp.platform.core.parquet_parts import PartsDiffer, join_parquet

ROWS = """
SELECT {0} * 1000 + r AS row, 'text ' || (r % 7) AS word, CASE WHEN r % 3 > 0 THEN CAST(HASH(r) AS VARCHAR) END AS many,
  '' AS nothing, r % 2 = 0 AS flag, DATE '2026-01-01' + CAST(r % 9 AS INTEGER) AS day, [r, r + 1] AS list
FROM RANGE({1}) AS t(r)
"""


def parts(folder: Path, sizes: list[int]) -> list[Path]:
    found = []
    for number, size in enumerate(sizes):
        found.append(folder / f"{number}.parquet")
        duckdb.execute(
            f"COPY ({ROWS.format(number, size)}) TO '{found[-1]}' "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)"
        )
    return found


@pytest.mark.parametrize("sizes", [[5], [5000, 0, 3, 2049], [0], [1] * 20])
def test_holds_the_rows_of_its_parts(tmp_path: Path, sizes: list[int]) -> None:
    files, whole = parts(tmp_path, sizes), tmp_path / "whole.parquet"
    with whole.open("wb") as file:
        assert join_parquet(files, file) == sum(sizes)
    wanted = [row for one in files for row in duckdb.execute(f"FROM '{one}'").fetchall()]
    assert duckdb.execute(f"FROM '{whole}'").fetchall() == wanted
    assert [tuple(row.values()) for row in pq.read_table(whole).to_pylist()] == wanted
    for where in ("word = 'text 3'", "row BETWEEN 1000 AND 3001", "many = '0'", "flag AND day = '2026-01-03'"):
        told = [duckdb.execute(f"SELECT COUNT(*) FROM '{one}' WHERE {where}").fetchall()[0][0] for one in files]
        assert duckdb.execute(f"SELECT COUNT(*) FROM '{whole}' WHERE {where}").fetchall()[0][0] == sum(told)


def test_refuses_other_columns_and_other_files(tmp_path: Path) -> None:
    (first,) = parts(tmp_path, [3])
    other = tmp_path / "other.parquet"
    duckdb.execute(f"COPY (SELECT 1 AS row) TO '{other}' (FORMAT parquet)")
    with pytest.raises(PartsDiffer, match=r"other\.parquet: expected the columns of the first part"):
        join_parquet([first, other], BytesIO())
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(first.read_bytes()[:-5])
    with pytest.raises(PartsDiffer, match="expected a Parquet file"):
        join_parquet([cut], BytesIO())
    with pytest.raises(PartsDiffer, match="found none"):
        join_parquet([], BytesIO())
