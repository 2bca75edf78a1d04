# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words and of the files' own columns, quoted
"""Events of a time release study on Apache Spark: logs that outgrow one machine, with the statements of one machine.

Reads: Parquet with typed stamps, where it lies; rows in are rows used and rows left out by reason, as on one machine.
Limits: no mapping, no other kinds of files; needs `openecp[spark]` and Java 17.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from openecp.platform.engines.spark import SparkEngine, to_spark
from openecp.platform.engines.trs_source import EventFileFault, Loaded, found_column
from openecp.platform.engines.trs_stamps import LEAST_US, MOST_US

_LOCAL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
    "spark.driver.memory": "2g",
}
_REASONS = (
    ("no_case", "COALESCE(case_id, '') = ''"),
    ("no_activity", "COALESCE(activity, '') = ''"),
    ("no_stamp", "ts_us IS NULL"),
    ("stamp_out_of_range", f"ts_us NOT BETWEEN {LEAST_US} AND {MOST_US}"),
)


def spark_session(master: str) -> Any:
    """Return a Spark session.

    Raises: ImportError where Spark is not installed.
    """
    from pyspark.sql import SparkSession  # the extra openecp[spark]

    builder = SparkSession.builder.master(master).appName("openecp trs").config("spark.ui.enabled", "false")
    if master.startswith("local"):
        for name, value in _LOCAL.items():
            builder = builder.config(name, value)
    return builder.getOrCreate()


class TrsSparkEngine:
    """One study's events as the view `trs_events` of a Spark session, and the questions asked of it."""

    def __init__(self, session: Any) -> None:
        self._spark = SparkEngine(session)
        self._views: list[tuple[str, list[str]]] = []

    def read_file(self, path: Path) -> Loaded:
        """Read a Parquet file of events.

        Raises: EventFileFault.
        """
        session = self._spark.session
        try:
            frame = session.read.parquet(str(path.resolve()))
            kinds = dict(frame.dtypes)
            frame = frame.selectExpr("*", "_metadata.row_index AS openecp_row_index")
        except Exception as error:  # whatever Java says of it
            raise EventFileFault(
                path.name, "a Parquet file", str(error).splitlines()[0][:200], "Export it as Parquet."
            ) from None
        case, activity, ts = (found_column(path.name, ours, kinds, {}) for ours in ("case_id", "activity", "ts"))
        if not kinds[ts].startswith(("timestamp", "date")):
            raise EventFileFault(f"{path.name}, column {ts}", "typed stamps", kinds[ts], "Use --engine duckdb.")
        number = len(self._views)
        kept = [name for name in kinds if name not in (case, activity, ts)]
        frame.createOrReplaceTempView(f"raw_{number}")
        reason = " ".join(f"WHEN {sign} THEN '{name}'" for name, sign in _REASONS)
        columns = "".join(f", CAST({_quoted(name)} AS STRING) AS {_quoted(name)}" for name in kept)
        session.sql(
            f"SELECT *, CASE {reason} END AS openecp_reason FROM (SELECT openecp_row_index + 1 + {number * 10**12} "
            f"AS seq, CAST({_quoted(case)} AS STRING) AS case_id, CAST({_quoted(activity)} AS STRING) AS activity, "
            f"UNIX_MICROS(CAST({_quoted(ts)} AS TIMESTAMP)) AS ts_us{columns} FROM raw_{number})"
        ).createOrReplaceTempView(f"part_{number}")
        counted = session.sql(f"SELECT openecp_reason AS reason, COUNT(*) AS n FROM part_{number} GROUP BY 1").collect()
        rows = {row["reason"]: int(row["n"]) for row in counted}
        used = rows.pop(None, 0)
        self._views.append((f"part_{number}", kept))
        self._build()
        return Loaded(path.name, used + sum(rows.values()), used, rows, {})

    def _build(self) -> None:
        names = list(dict.fromkeys(name for _, kept in self._views for name in kept))
        selects = []
        for view, kept in self._views:
            columns = "".join(
                f", {_quoted(name) if name in kept else 'CAST(NULL AS STRING)'} AS {_quoted(name)}" for name in names
            )
            selects.append(f"SELECT seq, case_id, activity, ts_us{columns} FROM {view} WHERE openecp_reason IS NULL")
        self._spark.session.sql(" UNION ALL ".join(selects)).createOrReplaceTempView("trs_events")

    def columns(self) -> list[str]:
        """Return the columns of the events."""
        return list(self._spark.session.table("trs_events").columns)

    def stage(self, name: str, statement: str) -> None:
        """Let later statements read this one, of DuckDB's dialect, under a name."""
        self._spark.session.sql(_translated(statement)).createOrReplaceTempView(name)

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement of DuckDB's dialect and return its rows."""
        return [row.asDict() for row in self._spark.session.sql(_translated(statement)).collect()]


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _translated(statement: str) -> str:
    """Return a statement in Spark's SQL; its PERCENTILE is exact and linear between the two nearest values."""

    def rewritten(node: Any) -> Any:
        if isinstance(node, exp.PercentileCont):
            return exp.Anonymous(this="PERCENTILE", expressions=[node.this, node.expression])
        return node

    return to_spark(str(sqlglot.parse_one(statement, read="duckdb").transform(rewritten).sql(dialect="duckdb")))
