# SPDX-License-Identifier: Apache-2.0
"""Wires the clearing of parcel files: engine, staging, regimes, rates, quality, store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from openecp.border.low_value.clearance import Clearance
from openecp.border.low_value.exchange import OfficialRate, OfficialRates, read_rates
from openecp.border.low_value.faults import Fault, QuoteRefused
from openecp.border.low_value.load import load_file, load_regimes
from openecp.border.low_value.model import Jurisdiction
from openecp.border.low_value.quote import before_all
from openecp.border.low_value.rate_tables import DutyRate, DutyRates, read_duty_rates
from openecp.kernel.journal.memory import utc_now
from openecp.platform.core.clearing import Wiring
from openecp.platform.core.ids import Randomness
from openecp.platform.engines.duck_batch import DuckBatchEngine
from openecp.platform.engines.parcel_files import open_parcels


class Law:
    """Under what parcels are decided: regimes of one jurisdiction, rates of exchange and of duty."""

    def __init__(
        self, file: Jurisdiction, regime: str, rates: Sequence[OfficialRate], duty_rates: Sequence[DutyRate]
    ) -> None:
        self.file, self.regime, self._rates, self._duty_rates = file, regime, rates, duty_rates

    def clearance(self, engine: Any, on: date, *, totals: bool = True) -> Clearance:
        """Return what assesses parcels accepted on a day.

        Raises: QuoteRefused for a day before all that the file knows.
        """
        if not self.regime and (unknown := before_all(self.file, on)) is not None:
            raise QuoteRefused([unknown])
        return Clearance(
            self.file,
            engine,
            on=on,
            regime=self.regime,
            rates=OfficialRates(self._rates),
            duty_rates=DutyRates(self._duty_rates, on),
            totals=totals,
        )

    def digest(self, on: date) -> str:
        """Return what the decisions of a day rest on, as one SHA-256."""
        hold = [one for one in self._rates if one.valid_from <= on <= one.valid_to]
        told = (self.file, self.regime, hold, DutyRates(self._duty_rates, on).digest_rows(), on.isoformat())
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def law_of(
    jurisdiction: str,
    *,
    regime: str = "",
    regimes: str | None = None,
    file: str | None = None,
    rates: str | None = None,
    duty_rates: str | None = None,
) -> Law:
    """Read regimes and rates.

    Raises: RegimeFault, QuoteRefused for what cannot be used.
    """
    loaded = [load_file(Path(file))] if file else load_regimes(Path(regimes) if regimes else None)
    files = {one.jurisdiction: one for one in loaded}
    if jurisdiction not in files:
        raise QuoteRefused([_unknown("jurisdiction", "OECP-JURISDICTION", files, jurisdiction)])
    found = files[jurisdiction]
    ids = [one.id for one in found.regimes]
    if regime and regime not in ids:
        raise QuoteRefused([_unknown("regime", "OECP-REGIME", ids, regime)])
    return Law(
        found, regime, read_rates(Path(rates)) if rates else (), read_duty_rates(Path(duty_rates)) if duty_rates else ()
    )


def _unknown(where: str, code: str, known: Any, got: str) -> Fault:
    return Fault(
        code=code, where=where, message=f"There is no such {where}.", expected="one of " + ", ".join(sorted(known)),
        got=got, fix="Name one of these.",
    )  # fmt: skip


def quality_sql(engine: DuckBatchEngine, on: date) -> str:
    """Load the vague terms of a day and return the SQL of the quality codes of rows."""
    from openecp.border.data_quality.columns import VAGUE_KEY_COLUMNS, quality_rows, quality_statement
    from openecp.border.data_quality.terms import shipped_terms

    terms = shipped_terms()
    engine.load("vague_terms", VAGUE_KEY_COLUMNS, quality_rows(terms, on), ("term", "where_found"))
    return quality_statement(terms, on)


class OtherRules:
    """The rules of a regime file, or of one day whatever the day of acceptance was."""

    def __init__(self, law: Law, on: date | None) -> None:
        self._law, self._on, self.engine = law, on, batch_engine()
        self._held: dict[date, Clearance] = {}

    def day(self, accepted_on: date) -> date:
        """Return the day whose law is asked for."""
        return self._on or accepted_on

    def clearance(self, on: date) -> Clearance:
        """Return what assesses parcels under these rules."""
        if on not in self._held:
            self._held = {on: self._law.clearance(self.engine, on)}
        return self._held[on]


def batch_engine(threads: int = 2) -> DuckBatchEngine:
    """Return an engine that keeps the order of rows."""
    engine = DuckBatchEngine(threads=threads)
    engine.connection.execute("SET preserve_insertion_order=true")
    engine.keep_in_order("parcel_results", "first_row")
    return engine


def clearing_wiring(store: Any, law: Law, *, quality: bool = True, threads: int = 2) -> Wiring:
    """Return what a clearing is made of."""
    engine = batch_engine(threads)
    held: dict[date, Clearance] = {}

    def clearance(on: date) -> Clearance:
        if on not in held:
            held.clear()  # one engine holds the tables of one day
            held[on] = law.clearance(engine, on)
        return held[on]

    return Wiring(
        engine=engine,
        store=store,
        open_file=lambda path: open_parcels(engine.connection, path),
        clearance=clearance,
        law=lru_cache(maxsize=4)(law.digest),
        quality=lambda on: quality_sql(engine, on) if quality else "",
        salt=Randomness().salt,
        now=utc_now,
    )


LOCAL_SPARK = {  # one machine: few pieces, room for them, and every step compiled, however wide its rows are
    "spark.sql.shuffle.partitions": "16",
    "spark.sql.codegen.maxFields": "1000",
    "spark.sql.codegen.hugeMethodLimit": "8000",  # what Java does not compile runs in small pieces instead
    "spark.sql.autoBroadcastJoinThreshold": "64MB",
}


class SparkDay(NamedTuple):
    """What a day that was cleared on Spark came to."""

    rows: int
    parcels: int
    refused_rows: int
    repeated: int  # parcels that stand in an earlier file too
    decisions: dict[str, int]
    sums: list[dict[str, Any]]
    folder: str


def clear_on_spark(law: Law, files: Sequence[Path], out: Path, on: date, master: str, memory: str) -> SparkDay:
    """Assess parcels of Parquet files on Spark into a folder of Parquet files; nothing is recorded.

    Limits: totals of persons are not kept, and the quality of the data is not looked at.
    """
    from pyspark.sql import SparkSession  # the extra openecp[spark]

    from openecp.platform.engines.spark_batch import SparkBatchEngine

    builder = SparkSession.builder.master(master).appName("openecp clear").config("spark.ui.enabled", "false")
    if master.startswith("local"):
        for name, value in {**LOCAL_SPARK, "spark.driver.memory": memory}.items():
            builder = builder.config(name, value)
    session = builder.getOrCreate()
    out.mkdir(parents=True, exist_ok=True)
    engine = SparkBatchEngine(session, None if master.startswith("local") else out / ".staged")
    try:
        counted = engine.stage_parcels(files)
        law.clearance(engine, on, totals=False).assess()
        engine.write("SELECT * EXCLUDE (basket_id) FROM parcel_results", out / "results.parquet")
        engine.write("SELECT * EXCLUDE (basket_id, way_no) FROM charges", out / "charges.parquet")
        engine.write("SELECT * FROM collector_sums", out / "collectors.parquet")
        engine.write("SELECT * FROM parcel_faults", out / "faults.parquet")
        decided = engine.ask("SELECT decision, COUNT(*) AS n FROM parcel_results GROUP BY decision")
        sums = engine.ask("SELECT account, type, currency, minor FROM collector_sums ORDER BY account, type")
        return SparkDay(
            counted.rows, counted.parcels, counted.refused, counted.repeated,
            {row["decision"]: row["n"] for row in decided}, sums, str(out / "results.parquet"),
        )  # fmt: skip
    finally:
        engine.close()
        session.stop()
