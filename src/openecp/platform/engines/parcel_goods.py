# SPDX-License-Identifier: Apache-2.0
"""Reads one parcel's rows out of the Parquet of a batch's goods, for those who look at a single parcel again."""

from __future__ import annotations

import io
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq


def goods_rows(content: bytes, first_row: int) -> list[dict[str, Any]]:
    """Return the typed rows of the parcel that begins at a row, item by item; none where it is not there."""
    table = pq.read_table(io.BytesIO(content))
    numbers = table.filter(pc.equal(table.column("row_id"), first_row)).column("parcel_no").to_pylist()
    if not numbers:
        return []
    rows: list[dict[str, Any]] = table.filter(pc.equal(table.column("parcel_no"), numbers[0])).to_pylist()
    return sorted(rows, key=lambda row: row["item"])
