# SPDX-License-Identifier: Apache-2.0
"""Holds the events of a time release study and answers questions about them, in one DuckDB of its own.

Rows in are rows used and rows left out by reason, for every source. Equal stamps are ordered by position: in the file,
and from one source to the next.
Limits: memory as given, the rest spills into a temporary folder; only files that the caller names are read.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from openecp.platform.engines.trs_csv import CsvForm, CsvRows, csv_form
from openecp.platform.engines.trs_match import Match, matched, ties_of, without
from openecp.platform.engines.trs_parts import Part, make_part, part_counts
from openecp.platform.engines.trs_source import Batch, EventFileFault, Loaded, SourceSpec, quoted
from openecp.platform.engines.trs_stamps import LEAST_US, MOST_US, literal

__all__ = ["Batch", "EventFileFault", "Loaded", "SourceSpec", "TrsEngine"]
_LINE_MAX = 2 << 20
_ROWS_A_FILE = 20_000


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
        self._parts: list[Part] = []

    def folder(self) -> Path:
        """Return an empty folder that is there as long as the engine."""
        return Path(tempfile.mkdtemp(dir=self._spill.name))

    def read_file(
        self, path: Path, columns: Mapping[str, str] | None = None, *, spec: SourceSpec | None = None
    ) -> Loaded:
        """Read a CSV or Parquet file of events; `columns` maps our names to the file's.

        Raises: EventFileFault where nothing of it can be read.
        """
        spec = spec or SourceSpec(columns=dict(columns or {}))
        with path.open("rb") as stream:
            parquet = stream.read(4) == b"PAR1"
        if parquet:  # read where it lies: nothing is copied
            source = f"SELECT * FROM read_parquet({literal(str(path))}, file_row_number = true)"  # noqa: S608
            return self._read(path.name, source, spec, place="file_row_number + 1", is_view=True)
        form = csv_form(path, spec.encoding, spec.delimiter)
        if form.is_plain:
            try:
                return self._read(path.name, _csv_sql(path, form), spec)
            except duckdb.Error:  # a damaged file: read it line by line, and say what is wrong with which
                self._forget()
        rows = CsvRows(path, form)
        if not form.encoding.startswith("utf-8"):
            rows.notes[f"encoding:{form.encoding}"] += 1
        return self.read_batches(path.name, rows.batches(), spec=spec, before=rows, header=form.header)

    def read_batches(
        self,
        name: str,
        batches: Iterable[Batch],
        columns: Mapping[str, str] | None = None,
        *,
        spec: SourceSpec | None = None,
        before: CsvRows | None = None,
        header: Sequence[str] = (),
    ) -> Loaded:
        """Read events that come as columns of text (a log in XES); `before` counts what its reader left out."""
        spec = spec or SourceSpec(columns=dict(columns or {}))
        with tempfile.TemporaryDirectory(dir=self._spill.name) as folder:
            count = 0
            for count, table in enumerate(_tables(batches), start=1):
                file = literal(str(Path(folder) / f"{count:06}.parquet"))
                self.connection.register("incoming", table)
                self.connection.execute(f"COPY (FROM incoming) TO {file} (FORMAT parquet)")
                self.connection.unregister("incoming")
                del table  # what lies in the file need not lie here, too
            pa.default_memory_pool().release_unused()  # the questions that follow need it more
            if count:
                source = f"SELECT * FROM read_parquet('{folder}/*.parquet', union_by_name = true)"  # noqa: S608
            elif header:
                nulls = ", ".join(f"CAST(NULL AS VARCHAR) AS {quoted(column)}" for column in header)
                source = f"SELECT {nulls} WHERE FALSE"
            else:
                raise EventFileFault(name, "events", "none", "Give a log that holds events.")
            return self._read(name, source, spec, before=before)

    def read_export(self, files: Sequence[Path]) -> Loaded:
        """Read the journal's export; rows keep the journal's sequence numbers."""
        if not files:
            raise EventFileFault("journal", "exported events", "none", "Export the journal first, or lodge something.")
        listed = ", ".join(literal(str(path)) for path in files)
        source = f"SELECT * FROM read_parquet([{listed}], union_by_name = true)"  # noqa: S608 - quoted paths
        return self._read("journal", source, SourceSpec(), place="seq", is_view=True)

    def _read(
        self,
        name: str,
        source: str,
        spec: SourceSpec,
        *,
        place: str = "",
        is_view: bool = False,
        before: CsvRows | None = None,
    ) -> Loaded:
        number = len(self._parts)
        known = sum(part.name.partition("#")[0] == name for part in self._parts)
        title = f"{name}#{known + 1}" if known else name
        try:
            part = make_part(self.connection, number, title, source, spec, place, is_view=is_view)
        except duckdb.Error as error:
            if is_view:
                raise _unreadable(name, error) from None
            raise
        left_out: Counter[str] = Counter(before.left_out if before else ())
        notes: Counter[str] = Counter(before.notes if before else ())
        try:
            rows, used = part_counts(self.connection, part, left_out, notes)
        except duckdb.Error as error:
            raise _of_the_file(name, error) from None
        self._parts.append(part._replace(is_whole=not part.is_text and rows == used))
        rows += sum(before.left_out.values()) if before else 0
        self._build()
        return Loaded(title, rows, used, dict(left_out), dict(notes))

    def _forget(self) -> None:
        """Remove what a file that could not be read left behind."""
        number = len(self._parts)
        for table in (f"raw_{number}", f"part_{number}"):
            self.connection.execute(f"DROP TABLE IF EXISTS {table}")

    def join(self) -> list[Match]:
        """Bring the events of sources without a case's number to the cases that their keys lead to.

        Answers what matched of each, and what did not and why; `trs_events` holds the joined events from then on.
        """
        ties = ties_of(self.connection, self._parts)
        answers = []
        for number, part in enumerate(self._parts):
            if part.needs_link:
                match, self._parts[number] = matched(self.connection, number, part, ties)
                answers.append(match)
        self._build()
        return [without(self.connection, match) for match in answers]

    def _build(self) -> None:
        """Put the sources together: positions go on from one source to the next."""
        parts = [(number, part) for number, part in enumerate(self._parts) if part.has_events]
        if not parts:
            return
        names = list(dict.fromkeys(column for _, part in parts for column in part.kept))
        selects = []
        for number, part in parts:
            kept = "".join(
                f", {quoted(c) if c in part.kept else 'CAST(NULL AS VARCHAR)'} AS {quoted(c)}" for c in names
            )
            offset = f" + {number} * 1000000000000" if number else ""
            used = f"case_id <> '' AND activity <> '' AND ts_us BETWEEN {LEAST_US} AND {MOST_US}"
            selects.append(
                f"SELECT place{offset} AS seq, case_id, {part.activity_sql} AS activity, ts_us, "  # noqa: S608
                f"{part.precision_sql} AS precision, {literal(part.name)} AS source{kept} FROM {part.table}"
                + ("" if part.is_whole else f" WHERE {used}")
            )
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW trs_events AS {' UNION ALL '.join(selects)}")

    def zones(self) -> dict[str, str]:
        """Return the declared zone of each source."""
        return {part.name: part.zone for part in self._parts}

    def columns(self) -> list[str]:
        """Return the columns of the events."""
        return [row[0] for row in self.connection.execute("DESCRIBE trs_events").fetchall()]

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table of this name."""
        try:
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {statement}")
        except duckdb.Error as error:
            raise _of_the_file("the events", error) from None

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""
        try:
            cursor = self.connection.execute(statement)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except duckdb.Error as error:
            raise _of_the_file("the events", error) from None

    def arrays(self, statement: str) -> dict[str, Any]:
        """Run a statement and return its columns as arrays of numpy; no column holds nulls."""
        try:
            return dict(self.connection.execute(statement).fetchnumpy())
        except duckdb.Error as error:
            raise _of_the_file("the events", error) from None

    def values(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a statement."""
        cursor = self.connection.execute(statement)
        while rows := cursor.fetchmany(10_000):
            yield from rows


def _tables(batches: Iterable[Batch]) -> Iterator[pa.Table]:
    """Yield batches as tables that are worth a file each: small batches are put together."""
    waiting: list[pa.Table] = []
    for batch in batches:
        waiting.append(pa.table({key: pa.array(values, pa.string()) for key, values in batch.items()}))
        if sum(table.num_rows for table in waiting) >= _ROWS_A_FILE:
            yield pa.concat_tables(waiting, promote_options="default")
            waiting.clear()
    if waiting:
        yield pa.concat_tables(waiting, promote_options="default")


def _unreadable(name: str, error: duckdb.Error) -> EventFileFault:
    return EventFileFault(name, "a file of events", str(error).splitlines()[0][:200], "Export it again.")


def _of_the_file(name: str, error: duckdb.Error) -> Exception:
    """Return what damage in a file means; an error of our own statement stays what it is."""
    if isinstance(error, duckdb.ProgrammingError) and not isinstance(error, duckdb.InvalidInputException):
        return error
    return _unreadable(name, error)


def _csv_sql(path: Path, form: CsvForm) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in form.header)
    return (
        f"SELECT * FROM read_csv({literal(str(path))}, auto_detect = false, header = false, skip = 1, "  # noqa: S608
        f"delim = {literal(form.delimiter)}, quote = '\"', escape = '\"', columns = {{{columns}}}, "
        f"strict_mode = true, max_line_size = {_LINE_MAX})"
    )
