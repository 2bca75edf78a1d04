# SPDX-License-Identifier: Apache-2.0
"""Parquet files are put together without reading their rows: what any reader then finds is the rows of all."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openecp.platform.engines.parcel_ordered import OrderedRows
from openecp.platform.engines.parquet_join import ParquetUnjoinable, join_parquet


def rows(first: int, many: int) -> pa.Table:
    return pa.table({
        "row": pa.array(range(first, first + many), pa.int64()),
        "decision": pa.array([("release", "hold")[n % 2] for n in range(many)], pa.string()),
        "text": pa.array([None if n % 3 else "é" * (n % 40) for n in range(many)], pa.string()),
        "flag": pa.array([bool(n % 2) for n in range(many)], pa.bool_()),
    })  # fmt: skip


def test_two_writers_and_many_row_groups(tmp_path: Path) -> None:
    for writer, sizes in (("pyarrow", (500, 0, 1, 1_200, 700, *[3] * 15)), ("duckdb", (1_500, 946))):
        parts = []
        for number, many in enumerate(sizes):
            parts.append(tmp_path / f"{writer}-{number}.parquet")
            given = rows(number * 10_000, many)
            if writer == "pyarrow":
                pq.write_table(given, parts[-1], compression="zstd", row_group_size=400, write_page_index=number == 3)
            else:
                duckdb.sql(f"COPY (FROM given) TO '{parts[-1]}' (FORMAT parquet, COMPRESSION zstd)")
        whole = tmp_path / f"{writer}.parquet"
        expected = pa.concat_tables([pq.read_table(part) for part in parts])
        assert join_parquet(parts, whole) == expected.num_rows == 2_446
        assert pq.read_table(whole).to_pylist() == expected.to_pylist()
        found = duckdb.sql(f"SELECT COUNT(*), SUM(row) FROM '{whole}' WHERE decision = 'hold'").fetchall()[0]
        assert found == (sum(one == "hold" for one in expected["decision"].to_pylist()), sum(
            row for row, one in zip(expected["row"].to_pylist(), expected["decision"].to_pylist(), strict=True)
            if one == "hold"
        ))  # fmt: skip
        assert pq.ParquetFile(whole).read_row_group(0).num_rows > 0


def test_what_cannot_be_put_together_is_named(tmp_path: Path) -> None:
    one, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    pq.write_table(rows(0, 5), one)
    pq.write_table(rows(0, 5).drop_columns("flag"), other)
    with pytest.raises(ParquetUnjoinable, match=r"other.parquet: expected the schema of the parts before it"):
        join_parquet([one, other], tmp_path / "all.parquet")
    other.write_bytes(one.read_bytes()[:-9])
    with pytest.raises(ParquetUnjoinable, match="a whole Parquet file"):
        join_parquet([one, other], tmp_path / "all.parquet")


def test_rows_in_order_are_cut_without_another_question() -> None:
    given = rows(1, 9)
    ordered = OrderedRows(given.take(pa.array([4, 0, 8, 1, 2, 3, 7, 5, 6])), "row")
    assert ordered.columns("row") == [list(range(1, 10))]
    part = ordered.between(3, 6)
    assert len(part) == 4
    assert part.columns("row") == [[3, 4, 5, 6]]
    assert part.words("decision") == ["release", "hold", "release", "hold"]
    assert part.plain("decision") == [b"release", b"hold", b"release", b"hold"]
    assert ordered.at([7, 2], "row", "decision") == [[7, 2], ["release", "hold"]]
    assert ordered.pieces().num_rows == 9
    assert len(ordered.between(20, 30)) == 0
