# SPDX-License-Identifier: Apache-2.0
"""Takes one person's parcels out of the Parquet file that holds the persons of a batch of parcels.

Reads: `row_id` (BIGINT, row of the input) and the personal columns of the flat form, one row for each row of the input.
Limits: a parcel's rows stand together from its first row on, as in every input.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import msgspec

from openecp.kernel.datamodel.parcel import PERSONAL_COLUMNS
from openecp.kernel.journal.bulk import ParcelRow


class _Record(msgspec.Struct):
    row: int


_first_row = msgspec.json.Decoder(_Record).decode


def without_persons(content: bytes, parcels: Sequence[ParcelRow]) -> bytes:
    """Return the file without names, addresses and identifiers in the rows of these parcels.

    A parcel's rows are its first one and those after it that name the same persons.
    """
    with tempfile.TemporaryDirectory(prefix="openecp-") as folder, duckdb.connect() as connection:
        before, after = Path(folder) / "before.parquet", Path(folder) / "after.parquet"
        before.write_bytes(content)
        connection.execute("CREATE TABLE persons AS SELECT * FROM read_parquet(?)", [str(before)])
        present = {row[0] for row in connection.execute("SELECT column_name FROM (DESCRIBE persons)").fetchall()}
        names = [name for name in PERSONAL_COLUMNS if name in present]
        blanked = ", ".join(f"CASE WHEN g.row_id IS NULL THEN p.{name} END AS {name}" for name in names)
        same = " AND ".join(f"p.{name} IS NOT DISTINCT FROM f.{name}" for name in names) or "true"
        connection.execute("CREATE TABLE parcels (first BIGINT)")
        connection.executemany("INSERT INTO parcels VALUES (?)", [[_first_row(row.record).row] for row in parcels])
        statement = f"""
            COPY (
                WITH ends AS (
                    SELECT c.first, min(p.row_id) AS next FROM parcels c
                    JOIN persons f ON f.row_id = c.first
                    JOIN persons p ON p.row_id > c.first AND NOT ({same}) GROUP BY c.first),
                gone AS (
                    SELECT DISTINCT p.row_id FROM parcels c LEFT JOIN ends e ON e.first = c.first
                    JOIN persons p ON p.row_id >= c.first AND (e.next IS NULL OR p.row_id < e.next))
                SELECT p.* {f"REPLACE ({blanked})" if names else ""} FROM persons p
                LEFT JOIN gone g ON g.row_id = p.row_id ORDER BY p.row_id
            ) TO '{after}' (FORMAT parquet, COMPRESSION zstd)"""  # noqa: S608  our own words and a temporary name
        connection.execute(statement)
        return after.read_bytes()
