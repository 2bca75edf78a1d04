# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words; what senders write comes in as rows
"""The result file of a parcel file: a row a parcel, and a row for each row of the input that could not be used.

Each chunk writes a part; in the end the parts become one file in their order. A part is written before its chunk is
recorded, so that after a crash every recorded chunk has its part, and the others are written again over what is there.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Literal

import duckdb

from openecp.kernel.datamodel.currencies import CURRENCIES, exponent

ResultKind = Literal["csv", "ndjson", "parquet"]
RESULT_COLUMNS: tuple[tuple[str, str], ...] = (
    ("row", "BIGINT"),  # of the input, from 1: the parcel's first
    ("last_row", "BIGINT"),
    ("line", "BIGINT"),  # of a refused row
    ("parcel_id", "VARCHAR"),
    ("posted_on", "VARCHAR"),
    ("decision", "VARCHAR"),
    ("category", "INTEGER"),
    ("regime", "VARCHAR"),
    ("currency", "VARCHAR"),
    ("duty", "VARCHAR"),  # decimal text, main units
    ("tax", "VARCHAR"),
    ("total", "VARCHAR"),
    ("amounts", "VARCHAR"),  # JSON: every charge, how it came about and who collects it
    ("reasons", "VARCHAR"),  # JSON: codes
    ("errors", "VARCHAR"),  # JSON: every fault of the row
    ("column", "VARCHAR"),  # the first fault
    ("code", "VARCHAR"),
    ("expected", "VARCHAR"),
    ("got", "VARCHAR"),
    ("fix", "VARCHAR"),
)
_JSON = ("amounts", "reasons", "errors")
_RISKY = r"^[=+\-@\t\r\n\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"  # a spreadsheet takes it for a formula
BOM = b"\xef\xbb\xbf"


def refused_rows_sql() -> str:
    """Return the statement that gives the rows of `parcel_faults` as result rows: one a row of the input."""
    fault = "{'column': column_name, 'code': code, 'expected': expected, 'got': got, 'fix': fix}"
    firsts = {name: f"FIRST({name} ORDER BY column_name, code)" for name in ("code", "expected", "got", "fix")}
    firsts["column"] = "FIRST(column_name ORDER BY column_name, code)"
    given = {
        "row": "row_id",
        "last_row": "row_id",
        "line": "MIN(line)",
        "parcel_id": "MIN(parcel_id)",
        "decision": "'refused'",
        "errors": f"CAST(TO_JSON(LIST({fault} ORDER BY column_name, code)) AS VARCHAR)",
        **firsts,
    }
    cells = ", ".join(f'CAST({given.get(name, "NULL")} AS {kind}) AS "{name}"' for name, kind in RESULT_COLUMNS)
    return f"SELECT {cells} FROM parcel_faults GROUP BY row_id"


def amount_sql(minor: str, currency: str) -> str:
    """Return the SQL of an amount as decimal text in main units, from minor units and the currency's code."""
    whole = f"CAST({minor} AS DECIMAL(16, 0))"
    groups: dict[int, list[str]] = {0: [], 3: []}
    for code in _odd_currencies():
        groups[exponent(code)].append(f"'{code}'")
    return (
        f"CASE WHEN {currency} IN ({', '.join(groups[0])}) THEN CAST({whole} AS VARCHAR) "
        f"WHEN {currency} IN ({', '.join(groups[3])}) THEN CAST({whole} * CAST(0.001 AS DECIMAL(3, 3)) AS VARCHAR) "
        f"ELSE CAST({whole} * CAST(0.01 AS DECIMAL(2, 2)) AS VARCHAR) END"
    )


def _odd_currencies() -> list[str]:
    return sorted(code for code in CURRENCIES if exponent(code) != 2)


class ParcelResults:
    """Writes the parts of one result file and makes the file of them.

    `source` is the digest of the input: parts of another input are removed.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, out: Path, kind: ResultKind, *, source: str, bom: bool = False
    ) -> None:
        self._connection, self._out, self._kind, self._bom = connection, out, kind, bom
        self.folder = out.with_name(out.name + ".parts")
        name = self.folder / "source"
        if self.folder.exists() and (not name.exists() or name.read_text("ascii") != source):
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        name.write_text(source, "ascii")
        for left in self.folder.glob("*.tmp"):
            left.unlink()

    def part(self, chunk: int) -> Path:
        """Return where the part of a chunk lies."""
        return self.folder / f"{chunk:05d}.parquet"

    def write_part(self, chunk: int, relation: str) -> int:
        """Write the part of a chunk from a table, a view or a statement with RESULT_COLUMNS; return its rows.

        An earlier part of the same chunk is replaced; a part is whole or is not there.
        """
        source = relation if " " in relation.strip() else f"SELECT * FROM {relation}"
        cells = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in RESULT_COLUMNS)
        statement = f'SELECT {cells} FROM ({source}) ORDER BY "row"'
        target = self.part(chunk)
        return self._copy(statement, target, "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1")

    def finish(self, chunks: int) -> Path:
        """Make the result file of all parts in their order, and remove them.

        Raises: ValueError where the part of a chunk is missing.
        """
        missing = [chunk for chunk in range(chunks) if not self.part(chunk).exists()]
        if missing:
            raise ValueError(
                f"{self.folder.name}: expected {chunks} parts, got none of chunks {missing[:5]}; run the file again"
            )
        for left in self.folder.glob("*.parquet"):
            if int(left.stem) >= chunks:
                left.unlink()
        if chunks:
            listed = ", ".join(_quoted(self.part(chunk)) for chunk in range(chunks))
            source = f"read_parquet([{listed}])"
        else:
            empty = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in RESULT_COLUMNS)
            source = f"(SELECT {empty} WHERE FALSE)"
        self._write(source)
        shutil.rmtree(self.folder)
        return self._out

    def _write(self, source: str) -> None:
        if self._kind == "parquet":
            self._copy(f"SELECT * FROM {source}", self._out, "FORMAT parquet, COMPRESSION zstd")
        elif self._kind == "ndjson":
            cells = ", ".join(
                f'CAST("{name}" AS JSON) AS "{name}"' if name in _JSON else f'"{name}"' for name, _ in RESULT_COLUMNS
            )
            self._copy(f"SELECT {cells} FROM {source}", self._out, "FORMAT json")
        else:
            cells = ", ".join(_safe(name, kind) for name, kind in RESULT_COLUMNS)
            self._copy(f"SELECT {cells} FROM {source}", self._out, "FORMAT csv, HEADER true, FORCE_QUOTE *")

    def _copy(self, statement: str, target: Path, options: str) -> int:
        """Write a file aside, see it to the disk, and give it its name."""
        aside = target.with_name(target.name + ".tmp")
        run = self._connection
        ordered = run.execute("SELECT current_setting('preserve_insertion_order')").fetchall()[0][0]
        run.execute("SET preserve_insertion_order = true")
        try:
            rows = run.execute(f"COPY ({statement}) TO {_quoted(aside)} ({options})").fetchall()[0][0]
        finally:
            run.execute(f"SET preserve_insertion_order = {str(ordered).lower()}")
        if self._bom and self._kind == "csv" and target == self._out:
            aside = _with_bom(aside)
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        aside.replace(target)
        _sync_folder(target.parent)
        return int(rows)


def _safe(name: str, kind: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    if kind != "VARCHAR":
        return f'"{name}"'
    return f"""CASE WHEN REGEXP_MATCHES("{name}", '{_RISKY}') THEN '''' || "{name}" ELSE "{name}" END AS "{name}\""""


def _with_bom(file: Path) -> Path:
    marked = file.with_name(file.name + ".bom.tmp")
    with file.open("rb") as plain, marked.open("wb") as target:
        target.write(BOM)
        shutil.copyfileobj(plain, target, 1 << 20)
    file.unlink()
    return marked


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # a folder cannot be opened there
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
