# SPDX-License-Identifier: Apache-2.0
"""Wires the risk desk of the console: lists and hits, models, profiles and their back-tests, lanes, figures.

A back-test runs in a process of its own (`python -m openecp.bootstrap_risk_desk FOLDER`), so that neither pages nor the
API wait for it.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from openecp.platform.cli.risk_models import model_key
from openecp.platform.console.risk.backtest_jobs import (
    HISTORY,
    JOB,
    OUTCOME,
    PROGRESS,
    BacktestJob,
    BacktestJobs,
    JobFault,
    JobOutcome,
    JobProgress,
    write_whole,
)
from openecp.platform.console.risk.desk import RiskDesk
from openecp.platform.console.risk.predicate_rows import Money
from openecp.platform.core.model_desk import ModelDesk
from openecp.platform.core.profilework import ProfileBook, zone_of
from openecp.platform.core.watch_desk import WatchDesk

if TYPE_CHECKING:
    from openecp.bootstrap import Installation

BACKTEST_S = 3_600.0
HEADER_BYTES_MAX = 100_000
_TRUE = "('1', 'true', 't', 'yes', 'y', 'oui')"


def random_shares(profile: Any) -> dict[str, float]:
    """Return the share that is drawn at random into each lane, by the profile's settings."""
    return {lane: float(profile.setting("selection", lane, default=0)) for lane in ("blue", "yellow", "red")}


def console_risk(installation: Installation, store: Any) -> RiskDesk:
    """Return what the console's pages of the risk desk ask."""
    from openecp.border.risk.lanes.plan import lane_plan
    from openecp.platform.core.risk_pages import RiskFollower

    profile = installation.profile
    return RiskDesk(
        WatchDesk(store),
        ModelDesk(store, model_key(installation)),
        store,
        profiles=ProfileBook(store, zone=zone_of(profile)),
        follower=RiskFollower(store, random_shares(profile)),
        plan=lane_plan(profile) or None,
        jobs=BacktestJobs(
            installation.settings.data_dir / "risk-backtests", partial(_beside, installation.child_environment())
        ),
        money=Money(profile.currency, profile.currency_exponent),
    )


def _beside(environment: dict[str, str], folder: Path) -> None:
    """Run a back-test in a process of its own.

    Raises: RuntimeError, subprocess.TimeoutExpired.
    """
    command = [sys.executable, "-m", "openecp.bootstrap_risk_desk", str(folder)]
    done = subprocess.run(  # noqa: S603 - our own program, with a folder of our own
        command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, timeout=BACKTEST_S, check=False
    )
    if done.returncode and not (folder / OUTCOME).exists():
        raise RuntimeError(f"the process ended with code {done.returncode}")


def run_backtest(installation: Installation, folder: Path) -> None:
    """Make the back-test of a folder, and write there what came out."""
    from openecp.border.risk.profiles.fault import ProfileRefused
    from openecp.platform.engines.profile_backtest import HistoryFault
    from openecp.platform.engines.risk_files import RiskFileFault

    job = msgspec.json.decode((folder / JOB).read_bytes(), type=BacktestJob)
    try:
        with installation.open_store() as store:
            outcome = _tested(installation, store, folder, job)
    except (ProfileRefused, HistoryFault, RiskFileFault) as fault:
        where = fault.where.replace(str(folder / HISTORY), "").strip("/") or job.file_name
        where = job.file_name if where in (".csv", ".parquet") else where
        got = fault.got.replace(str(folder), "").replace(f"/{HISTORY}{job.suffix}", job.file_name)
        outcome = JobOutcome(fault=JobFault(where=where, expected=fault.expected, got=got, fix=fault.fix))
    write_whole(folder / OUTCOME, outcome)


def _tested(installation: Installation, store: Any, folder: Path, job: BacktestJob) -> JobOutcome:
    from openecp.platform.cli.risk_profiles import history_test

    parquet = folder / f"{HISTORY}.parquet"
    read = gone = 0
    if job.days:
        read, gone = _journal_items(installation, store, parquet, folder, job.days)
    elif job.suffix == ".csv":
        csv_items(folder / f"{HISTORY}.csv", parquet)
    try:
        found = history_test(job.profile, (str(parquet),), ProfileBook(store).active())
    finally:
        parquet.unlink(missing_ok=True)
    return JobOutcome(backtest=found, declarations=read, gone=gone)


def _journal_items(
    installation: Installation, store: Any, parquet: Path, folder: Path, days: int
) -> tuple[int, int]:  # fmt: skip
    """Write the items of the last days of the journal; return how many declarations, and how many are gone.

    Raises: RiskFileFault where there is none.
    """
    from openecp.platform.core.backtest_history import HistoryAgain
    from openecp.platform.core.backtest_items import BACKTEST_ITEMS, BacktestItems
    from openecp.platform.engines.risk_features import FeatureEngine
    from openecp.platform.engines.risk_files import RiskFileFault

    assessor: Any = installation.assessor(installation.selection_secret())
    profile = installation.profile
    since = (datetime.now(UTC).date() - timedelta(days=days)).isoformat()
    items = BacktestItems(
        store, random_shares(profile),
        lambda declaration, day: assessor.rows([declaration], date.fromisoformat(day))[0].items, since=since,
        history=HistoryAgain(
            lambda key: store.pseudonym("risk", key), currency=profile.currency, exponent=profile.currency_exponent
        ),
        progress=lambda done, size: write_whole(folder / PROGRESS, JobProgress(done=done, size=size)),
    )  # fmt: skip
    rows = list(items.tuples())
    if not rows:
        raise RiskFileFault("journal", f"declarations of the last {days} days", "none", "Choose more days, or a file.")
    engine = FeatureEngine()
    try:
        engine.load("items", BACKTEST_ITEMS, rows)
        engine.write("SELECT * FROM items", parquet)
    finally:
        engine.close()
    return len(items.cases), items.gone


def csv_items(source: Path, parquet: Path) -> None:
    """Write a CSV file's rows as Parquet, with the types of the documented columns; other columns are left out.

    Raises: RiskFileFault.
    """
    from openecp.border.risk.profiles.columns import COLUMNS
    from openecp.platform.engines.risk_features import FeatureEngine
    from openecp.platform.engines.risk_files import RiskFileFault

    kinds = {"customs_value_minor": "BIGINT", "net_e6": "BIGINT", "draw": "BIGINT", "on_date": "VARCHAR",
             "irregular": "VARCHAR", "net_kg": "DOUBLE"}  # fmt: skip
    kinds |= {c.name: "VARCHAR" if c.kind == "text" else kinds.get(c.name, "BIGINT") for c in COLUMNS.values()}
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader([file.readline(HEADER_BYTES_MAX)]), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise RiskFileFault(str(source), "CSV in UTF-8", str(error)[:100], "Write it so.") from None
    schema = [(name, kinds[name]) for name in header if name in kinds]
    if not schema:
        raise RiskFileFault(str(source), "a header with documented columns: docs/risk-profiles.md lists them",
                            ", ".join(header)[:200] or "nothing", "Name the columns so.")  # fmt: skip
    engine = FeatureEngine()
    try:
        engine.read("items", schema, source)
        replaced = (
            "irregular" in header
            and f"REPLACE (CASE WHEN irregular = '' THEN NULL ELSE lower(irregular) IN {_TRUE} END AS irregular)"
        )
        engine.write(f"SELECT * {replaced or ''} FROM items", parquet)  # noqa: S608 - our words
    finally:
        engine.close()


if __name__ == "__main__":
    from openecp.bootstrap import Installation as _Installation
    from openecp.platform.core.settings import settings_from

    run_backtest(_Installation(settings_from(os.environ)), Path(sys.argv[1]))
