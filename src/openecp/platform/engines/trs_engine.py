# SPDX-License-Identifier: Apache-2.0
"""Holds the events of a time release study and answers questions about them, in one DuckDB of its own.

Limits: memory as given, the rest spills into a temporary folder; only files that the caller names are read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

Batch = Mapping[str, Sequence[str | None]]
NEEDED = ("case_id", "activity", "ts")
ALIASES = {
    "case_id": ("case_id", "case:concept:name"),
    "activity": ("activity", "concept:name"),
    "ts": ("ts", "time:timestamp"),
}
_STAMP_TYPES = ("TIMESTAMP", "DATE")
_OWN = ("file_row_number", "seq", "source")


class EventFileFault(ValueError):  # noqa: N818
    """A file of events that cannot be used: where, expected, got, fix."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class Loaded(NamedTuple):
    """What became of one file: rows read, rows used, and how many of the others were left out for which reason."""

    source: str
    rows: int
    used: int
    left_out: dict[str, int]


class TrsEngine:
    """One study's events as the table `trs_events`, and the questions asked of it. One engine serves one thread."""

    def __init__(self, *, threads: int = 2, memory_limit: str = "2GB") -> None:
        self._spill = tempfile.TemporaryDirectory(prefix="openecp-trs-")
        self.connection = duckdb.connect(":memory:")
        for setting in (
            f"threads={int(threads)}",
            f"memory_limit='{memory_limit}'",
            f"temp_directory='{self._spill.name}'",
            "enable_progress_bar=false",
            "autoinstall_known_extensions=false",
            "preserve_insertion_order=true",
            "TimeZone='UTC'",
        ):
            self.connection.execute(f"SET {setting}")
        self._sources: list[tuple[str, dict[str, str]]] = []

    def read_file(self, path: Path, columns: Mapping[str, str] | None = None) -> Loaded:
        """Read a CSV or Parquet file of events; `columns` maps our names to the file's."""
        literal = "'" + str(path).replace("'", "''") + "'"
        with path.open("rb") as stream:
            parquet = stream.read(4) == b"PAR1"
        if parquet:  # read where it lies: nothing is copied
            source = f"SELECT * FROM read_parquet({literal}, file_row_number = true)"  # noqa: S608 - quoted path
            return self._read(path.name, source, columns, place="file_row_number")
        source = f"SELECT * FROM read_csv({literal}, all_varchar = true, header = true)"  # noqa: S608 - quoted path
        return self._read(path.name, source, columns)

    def read_batches(self, name: str, batches: Iterable[Batch], columns: Mapping[str, str] | None = None) -> Loaded:
        """Read events that come as columns of text (a log in XES)."""
        with tempfile.TemporaryDirectory(dir=self._spill.name) as folder:
            count = 0
            for count, batch in enumerate(batches, start=1):
                file = str(Path(folder) / f"{count:06}.parquet").replace("'", "''")
                table = pa.table({key: pa.array(values, pa.string()) for key, values in batch.items()})
                self.connection.register("incoming", table)
                self.connection.execute(f"COPY (FROM incoming) TO '{file}' (FORMAT parquet)")
                self.connection.unregister("incoming")
            if not count:
                raise EventFileFault(name, "events", "none", "Give a log that holds events.")
            files = f"read_parquet('{folder}/*.parquet', union_by_name = true)"
            return self._read(name, f"SELECT * FROM {files}", columns)  # noqa: S608 - our own names

    def read_export(self, files: Sequence[Path]) -> Loaded:
        """Read the journal's export; rows keep the journal's sequence numbers."""
        if not files:
            raise EventFileFault("journal", "exported events", "none", "Export the journal first, or lodge something.")
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
        source = f"SELECT * FROM read_parquet([{listed}], union_by_name = true)"  # noqa: S608 - quoted paths
        return self._read("journal", source, None, place="seq - 1")

    def _read(self, name: str, source: str, columns: Mapping[str, str] | None, *, place: str = "") -> Loaded:
        try:
            described = self.connection.execute(f"DESCRIBE {source}").fetchall()
        except duckdb.Error as error:
            raise EventFileFault(
                name, "a file of events", str(error).splitlines()[0][:200], "Export it again."
            ) from None
        given = {row[0]: str(row[1]) for row in described}
        found = {ours: self._column(name, ours, given, columns or {}) for ours in NEEDED}
        number = len(self._sources)
        rest = [column for column in given if column not in found.values() and column not in _OWN]
        kept = "".join(f", CAST({_quoted(c)} AS VARCHAR) AS {_quoted(c)}" for c in rest)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP {'VIEW' if place else 'TABLE'} part_{number} AS "  # noqa: S608
            f"SELECT {place + ' + 1' if place else 'ROW_NUMBER() OVER ()'} AS place, "
            f"CAST({_quoted(found['case_id'])} AS VARCHAR) AS case_id, "
            f"CAST({_quoted(found['activity'])} AS VARCHAR) AS activity, "
            f"{_stamp(_quoted(found['ts']), given[found['ts']])} AS ts_us{kept} FROM ({source})"
        )
        counted = self.connection.execute(
            "SELECT COUNT(*), COUNT(*) FILTER (WHERE case_id IS NULL), COUNT(*) FILTER (WHERE activity IS NULL), "  # noqa: S608
            "COUNT(*) FILTER (WHERE ts_us IS NULL), "
            "COUNT(*) FILTER (WHERE case_id IS NOT NULL AND activity IS NOT NULL AND ts_us IS NOT NULL) "
            f"FROM part_{number}"
        ).fetchone()
        assert counted is not None
        rows, no_case, no_activity, no_stamp, used = (int(value) for value in counted)
        left_out = {"no_case": no_case, "no_activity": no_activity, "unreadable_stamp": no_stamp}
        self._sources.append((name, {column: given[column] for column in rest}))
        self._build()
        return Loaded(name, rows, used, {reason: count for reason, count in left_out.items() if count})

    def _column(self, name: str, ours: str, given: Mapping[str, str], columns: Mapping[str, str]) -> str:
        wanted = (columns[ours],) if ours in columns else ALIASES[ours]
        for candidate in wanted:
            if candidate in given:
                return candidate
        raise EventFileFault(
            name,
            f"a column {' or '.join(wanted)}",
            ", ".join(given)[:300],
            "Name the column in a mapping (--map FILE).",
        )

    def _build(self) -> None:
        """Put the sources together: positions go on from one source to the next."""
        parts = []
        names = list(dict.fromkeys(column for _, columns in self._sources for column in columns))
        for number, (name, columns) in enumerate(self._sources):
            kept = "".join(
                f", {_quoted(c) if c in columns else 'CAST(NULL AS VARCHAR)'} AS {_quoted(c)}" for c in names
            )
            literal = "'" + name.replace("'", "''") + "'"
            parts.append(
                f"SELECT place + {number} * 1000000000 AS seq, case_id, activity, ts_us, {literal} AS source{kept} "  # noqa: S608
                f"FROM part_{number} WHERE case_id IS NOT NULL AND activity IS NOT NULL AND ts_us IS NOT NULL"
            )
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW trs_events AS {' UNION ALL '.join(parts)}")

    def columns(self) -> list[str]:
        """Return the columns of the events."""
        return [row[0] for row in self.connection.execute("DESCRIBE trs_events").fetchall()]

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table of this name."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_quoted(name)} AS {statement}")

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""
        cursor = self.connection.execute(statement)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def values(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a statement."""
        cursor = self.connection.execute(statement)
        while rows := cursor.fetchmany(10_000):
            yield from rows


def _stamp(column: str, kind: str) -> str:
    """Return SQL of a stamp in microseconds UTC: a stamp without a zone is UTC; what cannot be read is null."""
    if kind.startswith(_STAMP_TYPES):
        return f"EPOCH_US(CAST({column} AS TIMESTAMP))" if "ZONE" not in kind else f"EPOCH_US({column})"
    return f"EPOCH_US(TRY_CAST({column} AS TIMESTAMPTZ))"  # a plain TIMESTAMP would drop the zone in silence


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
