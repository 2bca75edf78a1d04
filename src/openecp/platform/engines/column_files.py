# SPDX-License-Identifier: Apache-2.0
"""Writes columns into a Parquet file, whole or not at all; what is not a number is empty."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def write_columns(columns: Mapping[str, Any], path: Path) -> int:
    """Write columns of one length; return how many rows they have. Raises: OSError."""
    table = pa.table({name: pa.array(column, from_pandas=True) for name, column in columns.items()})
    part = path.with_name(path.name + ".part")
    pq.write_table(table, part)
    part.replace(path)
    return int(table.num_rows)
