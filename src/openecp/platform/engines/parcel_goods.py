# SPDX-License-Identifier: Apache-2.0
"""Reads rows out of the Parquet of a batch's goods and persons, for those who look at parcels again."""

from __future__ import annotations

import io
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq


def kept_rows(content: bytes) -> list[dict[str, Any]]:
    """Return the typed rows of a batch's goods or persons, in the order of the input."""
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).sort_by("row_id").to_pylist()
    return rows


def goods_rows(content: bytes, first_row: int) -> list[dict[str, Any]]:
    """Return the typed rows of the parcel that begins at a row, item by item; none where it is not there."""
    table = pq.read_table(io.BytesIO(content))
    numbers = table.filter(pc.equal(table.column("row_id"), first_row)).column("parcel_no").to_pylist()
    if not numbers:
        return []
    rows: list[dict[str, Any]] = table.filter(pc.equal(table.column("parcel_no"), numbers[0])).to_pylist()
    return sorted(rows, key=lambda row: row["item"])
