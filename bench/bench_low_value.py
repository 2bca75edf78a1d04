# SPDX-License-Identifier: Apache-2.0
"""Measures low-value clearance on 2 cores: files of parcels end to end, assessment alone, intake, quotes, Spark.

`clear_parcels_per_s`: from Parquet to journal, records, ledger and result file, the database on the same cores.
`assess_items_per_s` and `assess_to_scan_ratio`: charges of items from Parquet to Parquet, and the same by merely
reading and writing the columns. `quote_p99_ms`: five items over HTTP at 300/s, paced. `spark_differences`: rows
of results, charge lines, sums and faults that Spark and DuckDB have not both; `spark_planted_missed`: planted changes
that the comparison does not find. `intake_per_s`: bench_parcel_door.py.
One JSON line a figure; at most 8 minutes.

Usage: bench_low_value.py [--parcels 1000000] [--spark-items 1000000] [--only clear,assess,quote,intake,spark]
OPENECP_BENCH_SPARK_ITEMS=10000000: that comparison alone, to its end.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import duckdb  # noqa: E402
from parcel_rows import write_parcels  # noqa: E402
from spark_compare import TABLES, columns_of, differing, planted  # noqa: E402

from openecp.bootstrap import Installation  # noqa: E402
from openecp.bootstrap_clearing import batch_engine, clearing_wiring, law_of  # noqa: E402
from openecp.kernel.parties.model import Organisation, Principal  # noqa: E402
from openecp.platform.cli.serve import running_server  # noqa: E402
from openecp.platform.core.clearing import FileClearing, Options  # noqa: E402
from openecp.platform.core.settings import Settings  # noqa: E402
from openecp.platform.engines.parcel_files import open_parcels  # noqa: E402
from openecp.platform.store import open_store, temporary_data_folder  # noqa: E402

ON = date(2026, 7, 2)
LIMIT_S = 470
TOKEN = "bench-token-of-one-shop"
BEGAN = time.monotonic()
SPARK_ITEMS = os.environ.get("OPENECP_BENCH_SPARK_ITEMS")  # all of them, and nothing else, however long it takes


def figure(name: str, value: float, unit: str, n: int, note: str) -> None:
    """Print one figure."""
    git = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    print(json.dumps({
        "name": name, "value": round(value, 3), "unit": unit, "n": n, "commit": git.stdout.strip() or "unknown",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "note": f"{note}; load {os.getloadavg()[0]:.1f}",
    }), flush=True)  # fmt: skip


def left() -> float:
    """Return the seconds that are left."""
    return LIMIT_S - (time.monotonic() - BEGAN)


def clear(folder: Path, many: int) -> None:
    """Clear a file end to end, quality looked at, into an empty store."""
    path = folder / "day.parquet"
    rows = write_parcels(path, many)
    data = temporary_data_folder("openecp-bench-")
    try:
        with open_store(data) as store:
            wiring = clearing_wiring(store, law_of("EU"))
            warm = folder / "warm.parquet"
            write_parcels(warm, 2_000, seed=9)
            began, cpu = time.perf_counter(), time.process_time()
            told = FileClearing(wiring, Options(jurisdiction="EU", on=ON, today=ON, out=folder), path).run()
            took, cpu = time.perf_counter() - began, time.process_time() - cpu
            assert told.totals.parcels == many, told.totals
            note = f"{rows} rows, {took:.1f} s; {1e6 * cpu / many:.1f} us of CPU a parcel without the database"
            figure("clear_parcels_per_s", many / took, "1/s", many, note)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def assess(folder: Path, many: int) -> None:
    """Charge items from Parquet to Parquet, and copy the same columns."""
    path = folder / "items.parquet"
    rows = write_parcels(path, many, seed=2)
    typed = folder / "typed.parquet"
    engine = batch_engine(2)
    file = open_parcels(engine.connection, path)
    pieces = []
    for chunk in file.chunks(100_000):
        file.stage(chunk)
        pieces.append(folder / f"typed-{chunk.number}.parquet")
        engine.write("SELECT * FROM parcel_rows ORDER BY row_id", pieces[-1])
    listed = ", ".join(f"'{piece}'" for piece in pieces)
    engine.write(f"SELECT * FROM read_parquet([{listed}])", typed)
    scan = f"SELECT * FROM read_parquet('{typed}')"
    measured = []
    for _ in range(2):
        engine = batch_engine(2)
        scanned = timed(lambda e=engine: e.write(scan, folder / "copy.parquet"))
        clearance = law_of("EU").clearance(engine, ON)

        def charge(e: Any = engine, c: Any = clearance) -> None:
            e.stage("parcel_rows", scan)
            c.charge()
            e.write("SELECT * FROM charges", folder / "charges.parquet")

        measured.append((timed(charge), scanned))
    (wall, cpu), (scan_wall, scan_cpu) = min(measured)
    note = f"{wall:.2f} s wall, {1e6 * cpu / rows:.2f} us of CPU an item, 2 threads; one parcel in ten of several items"
    figure("assess_items_per_s", rows / wall, "1/s", rows, note)
    figure(
        "assess_to_scan_ratio", scan_wall / wall, "1", rows, f"scan and write {scan_wall:.2f} s, {scan_cpu:.2f} s CPU"
    )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds of a piece of work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def quote() -> None:
    """Quote five items over HTTP."""
    data = temporary_data_folder("openecp-bench-")
    try:
        here = Installation(Settings(data=str(data), port=0, console=False, shipped_plans=False))
        with running_server(here) as server:
            register = here.register(server.store)
            register.add_organisation(Organisation(organisation_id="bench", name="bench"))
            who = Principal(principal_id="bench", kind="system", organisation="bench", name="b", roles=("trader",))
            register.add_principal(who, token=TOKEN)
            client = [sys.executable, str(ROOT / "bench/load_quotes.py"), "--token", TOKEN, "--port"]
            port = str(server.installation.settings.port)
            runs = []
            for seconds in ("2", "10"):
                done = subprocess.run([*client, port, "--seconds", seconds], capture_output=True, text=True)
                if not done.stdout:
                    raise RuntimeError(done.stderr[-2000:])
                runs.append(json.loads(done.stdout))
            told = runs[-1]
            if told["faults"] or told["unanswered"]:
                raise RuntimeError(f"quotes: {told}")
            figure(
                "quote_p99_ms",
                told["p99_ms"],
                "ms",
                told["n"],
                f"300/s for 10 s, no basket twice, median {told['p50_ms']:.1f} ms",
            )
    finally:
        shutil.rmtree(data, ignore_errors=True)


def intake() -> None:
    """Run the bench of the online door and pass its figure on."""
    script = ROOT / "bench/bench_parcel_door.py"
    if not script.is_file():
        return
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=max(60, left() - 120))
    for line in done.stdout.splitlines():
        if '"intake_per_s"' in line:
            print(line, flush=True)
    sys.stderr.write(done.stderr[-2000:])


def spark(folder: Path, items: int, *, whole: bool) -> None:
    """Clear the same parcels on both engines and count what differs: few first, then as many as there is time for.

    `whole`: all that was asked for, however long it takes.
    """
    told = None if whole else compared(folder, 20_000, left() - 30)
    if whole or (told is not None and left() > 150):
        told = compared(folder, items, None if whole else left() - 40) or told
    if told is None:
        sys.stderr.write("spark: no answer in time\n")
        return
    note = f"{told.rows} items, {told.cells} cells of results, charge lines, sums and faults, both ways; Spark "
    note += f"{told.wall_s:.0f} s wall, start-up included"
    figure("spark_differences", told.different, "1", told.rows, note)
    figure("spark_planted_missed", told.missed, "1", told.planted, "changes planted into copies that were not found")


class Compared(NamedTuple):
    """What a comparison came to."""

    rows: int
    cells: int
    different: int
    planted: int
    missed: int
    wall_s: float


def compared(folder: Path, items: int, seconds: float | None) -> Compared | None:
    """Clear parcels on both engines and compare every cell; None where Spark does not answer in time."""
    path, out = folder / f"both-{items}.parquet", folder / f"spark-{items}"
    rows = write_parcels(path, int(items / 1.2), seed=3, bad=True)
    command = [str(Path(sys.executable).with_name("openecp")), "clear", str(path), "--jurisdiction", "EU", "--date",
               ON.isoformat(), "--engine", "spark", "--master", "local[2]", "--out", str(out)]  # fmt: skip
    wall = time.perf_counter()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=None if seconds is None else max(30, seconds)
        )
    except subprocess.TimeoutExpired:
        return None
    wall = time.perf_counter() - wall
    if done.returncode:
        sys.stderr.write(done.stderr[-2000:])
        return None
    ours = by_duckdb(path, folder / f"duckdb-{items}")
    cells, different, planted_changes, missed = 0, 0, 0, 0
    with duckdb.connect() as run:
        run.execute(f"SET temp_directory = '{folder}'")
        for name, key in TABLES.items():
            theirs = f"read_parquet('{out}/spark-result/{name}.parquet/*.parquet')"
            columns = columns_of(run, ours[name], theirs)
            cells += len(columns) * run.execute(f"SELECT COUNT(*) FROM {ours[name]}").fetchall()[0][0]
            different += differing(run, ours[name], theirs, key)
            found = planted(run, ours[name], theirs, key)
            planted_changes += len(found)
            missed += sum(not many for many in found.values())
    return Compared(rows, cells, different, planted_changes, missed, wall)


def by_duckdb(path: Path, folder: Path) -> dict[str, str]:
    """Assess a file as `openecp clear` does, chunk by chunk, into Parquet; return SQL of each table."""
    folder.mkdir()
    engine = batch_engine(2)
    file, clearance = open_parcels(engine.connection, path), law_of("EU").clearance(engine, ON, totals=False)
    tables = {
        "results": "SELECT * EXCLUDE (basket_id) FROM parcel_results",
        "charges": "SELECT * EXCLUDE (basket_id, way_no) FROM charges",
        "collectors": "SELECT * FROM collector_sums",
        "faults": "SELECT row_id, column_name, code, expected, got, fix FROM parcel_faults",
    }
    for chunk in file.chunks(100_000):
        file.stage(chunk)
        clearance.assess()
        for name, statement in tables.items():
            engine.write(statement, folder / f"{name}-{chunk.number}.parquet")
    told = {name: f"read_parquet('{folder}/{name}-*.parquet')" for name in tables}
    told["collectors"] = (
        "(SELECT account, type, currency, CAST(SUM(minor) AS BIGINT) AS minor, CAST(SUM(amounts) AS BIGINT) AS amounts "
        f"FROM {told['collectors']} GROUP BY ALL)"
    )
    return told


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parcels", type=int, default=1_000_000)
    parser.add_argument("--spark-items", type=int, default=int(SPARK_ITEMS or 1_000_000))
    parser.add_argument("--only", default="spark" if SPARK_ITEMS else "assess,clear,quote,intake,spark")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="openecp-bench-") as name:
        folder = Path(name)
        for part in given.only.split(","):
            {
                "assess": lambda: assess(folder, given.parcels),
                "clear": lambda: clear(folder, given.parcels),
                "quote": quote,
                "intake": intake,
                "spark": lambda: spark(folder, given.spark_items, whole=bool(SPARK_ITEMS)),
            }[part]()


if __name__ == "__main__":
    main()
