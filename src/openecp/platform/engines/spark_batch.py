# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words; what senders write comes in as rows
"""Apache Spark over Parquet files: the batch form of the engine, for work that outgrows one machine.

What is staged is written as Parquet into a folder that all workers see, so that a long chain of steps is planned in
pieces and nothing is computed twice.
Limits: nothing here is recorded; needs `openecp[spark]` and Java 17.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openecp.kernel.assessment.engine import Schema
from openecp.kernel.datamodel.parcel import PARCEL_COLUMNS
from openecp.platform.engines.spark import SparkEngine, to_spark

_UNITS = {"amount": ("_micro", "DECIMAL(22,6)", "1000000"), "count": ("_micro", "DECIMAL(22,6)", "1000000"),
          "share": ("_e8", "DECIMAL(12,8)", "100000000")}  # fmt: skip
_TYPES = {"text": "STRING", "date": "DATE", "flag": "BOOLEAN"}


class SparkBatchEngine(SparkEngine):
    """A Spark session that stages tables as Parquet."""

    def __init__(self, session: Any, folder: Path | None = None) -> None:
        """`folder`: where staged tables go; a cluster needs one that every worker reaches."""
        super().__init__(session)
        self._own = folder is None
        self._folder = folder or Path(tempfile.mkdtemp(prefix="openecp-spark-"))
        self._kept: dict[str, list[tuple[Any, ...]]] = {}
        self._number = 0

    def close(self) -> None:
        """Remove what was staged."""
        if self._own:
            shutil.rmtree(self._folder, ignore_errors=True)

    def load(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]], unique: Sequence[str] = ()) -> None:
        """Load a reference table; see the protocol."""
        super().load(name, schema, rows, unique)
        self._kept[name] = [tuple(row) for row in rows]

    def append(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows to a table that was loaded."""
        self.load(name, schema, [*self._kept[name], *rows])

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table that later statements read under `name`."""
        self._number += 1
        path = str(self._folder / f"{self._number:04d}-{name}")
        self.session.sql(to_spark(statement)).write.parquet(path)
        self.session.read.parquet(path).createOrReplaceTempView(name)

    def update(self, statement: str) -> None:
        """Refuse: what is staged stands."""
        raise NotImplementedError(
            "a staged table is not changed on Spark: totals of persons are kept on one machine; fix: clear this "
            "jurisdiction with --engine duckdb"
        )

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a small statement and return its rows."""
        return [row.asDict() for row in self.session.sql(to_spark(statement)).collect()]

    def write(self, statement: str, folder: Path) -> int:
        """Run a statement into a folder of Parquet files and return how many rows it wrote."""
        self.session.sql(to_spark(statement)).write.mode("overwrite").parquet(str(folder))
        return int(self.session.read.parquet(str(folder)).count())

    def stage_parcels(self, files: Sequence[str]) -> dict[str, int]:
        """Make `parcel_rows` of Parquet files of parcels; return rows, parcels and how many were refused.

        A parcel with a cell that cannot be read, or with two headers, is left out whole; `openecp clear` on one machine
        says which cell and why.
        """
        self.session.read.parquet(*files).createOrReplaceTempView("parcel_input")
        present = set(self.session.table("parcel_input").columns)
        cells, bad = [], []
        for name, kind, needed in PARCEL_COLUMNS:
            cell, wrong = _cell(name, kind, present)
            cells.append(f"{cell} AS {name}{_UNITS[kind][0] if kind in _UNITS else ''}")
            bad += [wrong] if wrong else []
            if needed:
                bad.append(f"{name} IS NULL" if name in present else "TRUE")
        numbered = (
            f"SELECT MONOTONICALLY_INCREASING_ID() + 1 AS row_id, {', '.join(cells)}, ({' OR '.join(bad)}) AS is_bad "
            "FROM parcel_input"
        )
        self.session.sql(numbered).write.parquet(str(self._folder / "input"))
        self.session.read.parquet(str(self._folder / "input")).createOrReplaceTempView("typed_input")
        parcel = "PARTITION BY parcel_id, posted_on"
        self.session.sql(
            f"SELECT MIN(row_id) OVER ({parcel}) AS parcel_no, "
            f"CAST(ROW_NUMBER() OVER ({parcel} ORDER BY row_id) AS INT) AS item, "
            f"MAX(is_bad) OVER ({parcel}) AS is_out, * FROM typed_input"
        ).write.parquet(str(self._folder / "parcels"))
        self.session.read.parquet(str(self._folder / "parcels")).createOrReplaceTempView("parcel_staged")
        self.session.sql("SELECT * FROM parcel_staged WHERE NOT is_out").createOrReplaceTempView("parcel_rows")
        counted = self.ask(
            "SELECT COUNT(*) AS rows, COUNT(DISTINCT parcel_no) AS parcels, "
            "SUM(CASE WHEN is_out THEN 1 ELSE 0 END) AS refused FROM parcel_staged"
        )[0]
        return {name: int(value or 0) for name, value in counted.items()}


def _cell(name: str, kind: str, present: set[str]) -> tuple[str, str]:
    """Return SQL of a typed cell, and of what says that it cannot be read."""
    kept = _UNITS[kind][1] if kind in _UNITS else _TYPES[kind]
    if name not in present:
        return f"CAST(NULL AS {'BIGINT' if kind in _UNITS else kept})", ""
    text = f"NULLIF(TRIM(CAST({name} AS STRING)), '')"
    if kind == "text":
        return text, ""
    if kind not in _UNITS:
        return f"TRY_CAST({text} AS {kept})", f"({text} IS NOT NULL AND TRY_CAST({text} AS {kept}) IS NULL)"
    form = r"'^[0-9]{1,11}([.][0-9]{1,8})?$'"
    exact = f"CAST(TRY_CAST({text} AS {kept}) * {_UNITS[kind][2]} AS BIGINT)"
    return exact, f"({text} IS NOT NULL AND NOT {text} RLIKE {form})"
