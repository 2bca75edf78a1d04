# SPDX-License-Identifier: Apache-2.0
"""Writes events that are held as codes with their names as Parquet, a million in a few seconds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_ROWS = 250_000


def write_events(
    path: Path,
    case: Any,
    activity: Any,
    ts_us: Any,
    activities: Sequence[str],
    segments: Mapping[str, tuple[Any, Sequence[str]]],
    source: str,
) -> int:
    """Write events in their order: seq, case_id, activity, ts (UTC), precision, source, segments. Answer how many.

    `case`, `activity` and `ts_us` are arrays of whole numbers; a segment gives each case a place in its names. The file
    appears whole or not at all.
    """
    total = len(case)
    mine = path.with_name(f".{path.name}.{os.getpid()}")
    cases = pa.array([f"F{number:07}" for number in range(int(case.max()) + 1 if total else 0)])
    writer: pq.ParquetWriter | None = None
    try:
        for start in range(0, max(total, 1), _ROWS):
            rows = slice(start, min(start + _ROWS, total))
            on = case[rows]
            size = len(on)
            columns = {
                "seq": pa.array(np.arange(start + 1, start + size + 1, dtype=np.int64)),
                "case_id": cases.take(pa.array(on)),
                "activity": _named(activity[rows], activities),
                "ts": pa.array(ts_us[rows], pa.int64()).cast(pa.timestamp("us", tz="UTC")),
                "precision": _named(np.zeros(size, dtype=np.int64), ["second"]),
                "source": _named(np.zeros(size, dtype=np.int64), [source]),
                **{name: _named(codes[on], names) for name, (codes, names) in segments.items()},
            }
            table = pa.table(columns)
            if writer is None:
                writer = pq.ParquetWriter(mine, table.schema, compression="zstd")
            writer.write_table(table)
        if writer is not None:
            writer.close()
        mine.replace(path)
    finally:
        mine.unlink(missing_ok=True)
    return total


def _named(codes: Any, names: Sequence[str]) -> pa.Array:
    """Return texts by their codes; an empty name is no text."""
    known = pa.array([name or None for name in names], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), known).cast(pa.string())
