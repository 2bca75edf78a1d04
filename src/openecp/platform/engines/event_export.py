# SPDX-License-Identifier: Apache-2.0
"""The journal's export: rows of events as Parquet files, one a range of the journal, never written twice."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_NAME = re.compile(r"events-(\d{12})-(\d{12})\.parquet")
_TEXTS = ("case_id", "activity", "ts", "precision", "source")


class EventExport:
    """A folder of Parquet files that follows the journal: each file holds the events of a range of sequence numbers."""

    def __init__(self, folder: Path, segments: Sequence[str]) -> None:
        """Open the folder, or make it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.segments = tuple(segments)

    def files(self) -> list[Path]:
        """Return the files in the order of the journal."""
        return sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))

    def last_seq(self) -> int:
        """Return the last sequence number that was exported, 0 before the first."""
        last = 0
        for path in self.files():
            match = _NAME.fullmatch(path.name)
            assert match is not None
            last = max(last, int(match[2]))
        return last

    def write(self, first: int, last: int, rows: Sequence[tuple[int, str, str, str, str, str, dict[str, str]]]) -> Path:
        """Write the rows of the events from `first` to `last`; the file appears whole or not at all.

        Each row is seq, case_id, activity, occurred_at (ISO 8601, UTC), precision, source and segments by name.
        """
        columns: dict[str, pa.Array] = {"seq": pa.array([row[0] for row in rows], pa.int64())}
        for place, name in enumerate(_TEXTS, start=1):
            texts = pa.array([row[place] for row in rows], pa.string())
            if name == "ts":
                stamps = pc.cast(pc.utf8_rtrim(texts, "Z"), pa.timestamp("us"))
                columns[name] = stamps.cast(pa.timestamp("us", "UTC"))
            else:
                columns[name] = texts
        for name in self.segments:
            columns[name] = pa.array([row[6].get(name) for row in rows], pa.string())
        path = self.folder / f"events-{first:012}-{last:012}.parquet"
        partial = path.with_suffix(f".{os.getpid()}.partial")
        pq.write_table(pa.table(columns), partial, compression="zstd")
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.replace(path)
        return path


def ranges(after: int, size: int, step: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of sequence numbers after `after`, at most `step` long, up to `size`."""
    first = after + 1
    while first <= size:
        yield first, min(first + step - 1, size)
        first += step
