# SPDX-License-Identifier: Apache-2.0
"""Reads files of labelled declarations as columns of text, by DuckDB: CSV (also compressed) and Parquet.

Limits: bytes, rows and columns; no network, no extension, no file but those that are named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import duckdb

BYTES_MAX, ROWS_MAX, COLUMNS_MAX = 4 << 30, 5_000_000, 2_000
_CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
_PARQUET = (".parquet",)


class RiskFileFault(ValueError):  # noqa: N818 - it is an answer, not a failure of the program
    """A file that cannot be used: where, expected, got, fix."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}; fix: {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class RiskFiles:
    """Rows of one file or several with the same columns, one after the other."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Take the files; nothing is read yet."""
        self._paths = tuple(paths)

    def described(self) -> str:
        """Return the names of the files and the beginning of each one's SHA-256."""
        return ", ".join(f"{path.name} ({_sha256(path)[:12]})" for path in self._paths)

    def columns(self) -> dict[str, list[str]]:
        """Return every column as text, empty where nothing is told.

        Raises: RiskFileFault.
        """
        found: dict[str, list[str]] = {}
        for path in self._paths:
            part = _read(path)
            if found and part.keys() != found.keys():
                other = sorted(part.keys() ^ found.keys())
                raise RiskFileFault(str(path), "the columns of the first file",
                                    f"other columns: {', '.join(other)[:200]}",
                                    "Give files of one shape.")  # fmt: skip
            for name, values in part.items():
                found.setdefault(name, []).extend(values)
        return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> dict[str, list[str]]:
    where, name = str(path), path.name.lower()
    if not path.is_file():
        raise RiskFileFault(where, "a file", "nothing there", "Correct the path.")
    if path.stat().st_size > BYTES_MAX:
        raise RiskFileFault(where, f"at most {BYTES_MAX} bytes", f"{path.stat().st_size}", "Give a smaller file.")
    if name.endswith(_CSV):
        source = "read_csv(?, all_varchar=true, header=true, max_line_size=1000000)"
    elif name.endswith(_PARQUET):
        source = "read_parquet(?)"
    else:
        raise RiskFileFault(where, "a name that ends with .csv, .csv.gz, .tsv or .parquet", path.name, "Rename it.")
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET autoinstall_known_extensions=false; SET autoload_known_extensions=false")
        connection.execute("SET threads=1; SET memory_limit='4GB'")
        table = connection.sql(
            f"SELECT coalesce(cast(columns(*) AS VARCHAR), '') FROM {source} LIMIT {ROWS_MAX + 1}",  # noqa: S608 - our words
            params=[_plain(path)],
        ).to_arrow_table()
    except duckdb.Error as error:
        lines = (line.strip() for line in str(error).splitlines())
        told = [line for line in lines if line and not line.startswith("Original Line")][:3]
        raise RiskFileFault(
            where, "rows with one header, in UTF-8", " ".join(told)[:300], "Correct the file, or export it again."
        ) from None
    finally:
        connection.close()
    if table.num_rows > ROWS_MAX or table.num_columns > COLUMNS_MAX:
        raise RiskFileFault(where, f"at most {ROWS_MAX} rows and {COLUMNS_MAX} columns",
                            f"{table.num_rows} rows, {table.num_columns} columns", "Give a smaller file.")  # fmt: skip
    if table.num_columns == 1 and sum(map(table.column_names[0].count, ",;\t|")):
        raise RiskFileFault(f"{where}, header", "rows that all have as many cells as the header",
                            f"cells that differ in number under {table.column_names[0][:100]}",
                            "Correct the rows that have too few or too many cells.")  # fmt: skip
    return {column: table.column(place).to_pylist() for place, column in enumerate(table.column_names)}


def _plain(path: Path) -> str:
    """Return the path with the marks of patterns made plain, so that no other file is read."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.resolve()))
