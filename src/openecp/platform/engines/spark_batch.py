# SPDX-License-Identifier: Apache-2.0
"""Apache Spark over Parquet files: the batch form of the engine, for work that outgrows one machine.

What is staged is written as Parquet into a folder that all workers see, so that a long chain of steps is planned in
pieces and nothing is computed twice.
Limits: nothing here is recorded; needs `openecp[spark]` and Java 17.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openecp.kernel.assessment.engine import Schema
from openecp.platform.engines.parcel_source import ParcelLimits
from openecp.platform.engines.spark import SparkEngine, to_spark
from openecp.platform.engines.spark_parcels import Counted, stage_parcels


class SparkBatchEngine(SparkEngine):
    """A Spark session that stages tables as Parquet."""

    def __init__(self, session: Any, folder: Path | None = None) -> None:
        """`folder`: where staged tables go; a cluster needs one that every worker reaches."""
        super().__init__(session)
        if session.sparkContext.master.startswith("local"):  # rows are looked at by this Python, not by the first found
            session.sparkContext.pythonExec = sys.executable
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
        self.kept(name, self.session.sql(to_spark(statement)))

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

    def kept(self, name: str, frame: Any) -> None:
        """Write a frame as Parquet, to be read under `name`."""
        self._number += 1
        path = str(self._folder / f"{self._number:04d}-{name}")
        frame.write.parquet(path)
        self.session.read.parquet(path).createOrReplaceTempView(name)

    def stage_parcels(self, files: Sequence[Path], limits: ParcelLimits | None = None) -> Counted:
        """Make `parcel_rows` and `parcel_faults` of Parquet files of parcels, by the rules of `openecp clear`.

        Raises: ParcelFileRefused for a file that cannot be used at all.
        """
        return stage_parcels(self, files, limits or ParcelLimits())
