# SPDX-License-Identifier: Apache-2.0
"""Looks at a file of events: which columns hold stamps, how many values they have, and which these are."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from openecp.platform.engines.trs_csv import CsvRows, csv_form
from openecp.platform.engines.trs_source import Batch, EventFileFault, quoted
from openecp.platform.engines.trs_stamps import is_typed, literal, text_stamps

ROWS = 100_000
FEW = 60


def sampled(path: Path) -> tuple[tuple[str, ...], int, dict[str, float], dict[str, int], dict[str, tuple[str, ...]]]:
    """Return columns, rows, shares of stamps, numbers of values and few values of the first rows of a file.

    Raises: EventFileFault.
    """
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone='UTC'")
    with path.open("rb") as stream:
        parquet = stream.read(4) == b"PAR1"
    if not parquet:
        return sampled_batches(path.name, CsvRows(path, csv_form(path)).batches())
    try:
        source = f"SELECT * FROM read_parquet({literal(str(path))}) LIMIT {ROWS}"  # noqa: S608
        connection.execute(f"CREATE TABLE sample AS {source}")
    except duckdb.Error as error:
        raise EventFileFault(
            path.name, "a file of events", str(error).splitlines()[0][:200], "Export it again."
        ) from None
    return _sampled(connection)


def sampled_batches(
    name: str, batches: Iterable[Batch]
) -> tuple[tuple[str, ...], int, dict[str, float], dict[str, int], dict[str, tuple[str, ...]]]:
    """Return the same of events that come as columns of text."""
    connection = duckdb.connect(":memory:")
    tables = [
        pa.table({key: pa.array(values, pa.string()) for key, values in batch.items()}) for batch in islice(batches, 2)
    ]
    if not tables:
        raise EventFileFault(name, "events", "none", "Give a log that holds events.")
    connection.register("incoming", pa.concat_tables(tables, promote_options="default"))
    connection.execute("CREATE TABLE sample AS SELECT * FROM incoming")
    return _sampled(connection)


def _sampled(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[tuple[str, ...], int, dict[str, float], dict[str, int], dict[str, tuple[str, ...]]]:
    given = {row[0]: str(row[1]) for row in connection.execute("DESCRIBE sample").fetchall()}
    count = connection.execute("SELECT COUNT(*) FROM sample").fetchone()
    shape = text_stamps("", (), True).shape
    stamps, distinct, values = {}, {}, {}
    for column, kind in given.items():
        name = quoted(column)
        row = connection.execute(
            f"SELECT COUNT(t), COUNT(*) FILTER (WHERE {shape} NOT IN ('other', 'epoch', 'day_number', 'compact')), "  # noqa: S608
            f"COUNT(DISTINCT t) FROM (SELECT NULLIF(TRIM(CAST({name} AS VARCHAR)), '') AS t FROM sample)"
        ).fetchone()
        filled, read, many = row or (0, 0, 0)
        stamps[column] = 1.0 if is_typed(kind) else read / filled if filled else 0.0
        distinct[column] = many
        if 0 < many <= FEW and stamps[column] < 0.5:
            found = connection.execute(
                f"SELECT CAST({name} AS VARCHAR) AS v FROM sample WHERE {name} IS NOT NULL GROUP BY v "  # noqa: S608
                "ORDER BY COUNT(*) DESC, v"
            ).fetchall()
            values[column] = tuple(value[0][:200] for value in found)
    return tuple(given), count[0] if count else 0, stamps, distinct, values
