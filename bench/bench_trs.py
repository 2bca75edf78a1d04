# SPDX-License-Identifier: Apache-2.0
"""How long a time release study takes on large logs, and how much memory: JSON lines.

    python bench/bench_trs.py [--cases N] [--rounds N]

Makes a log of half a million consignments (about 5 million events) as Parquet, then measures: the full cube (nine
stages by office, channel and month) from the events and from the projection of one row a consignment, beside a scan
that hashes the same columns; the directly-follows map, beside pm4py's in its own environment (.oracles) where that is
there; the import of the large XES log of ../shared where that is there; the full report (HTML, PDF, DOCX) on a million
events; the cube's cells on Spark beside DuckDB's; how late the dashboard is.

Method: each figure is from fresh processes, one measurement each, the contenders of a comparison in turn; the median
of the rounds counts. Time is from the file to the result, imports at the start not counted; memory is the peak of the
process. Processor time stands beside the time by the clock, and the load of the machine beside each figure.
Limits: 8 minutes in all; each part has its share, makes one round at least, and begins none after that. What there was
no time for, or what it lacked, is a line with the value null.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
ORACLE = ROOT / ".oracles" / "bin" / "python"
XES = ROOT.parent / "shared" / "corpus" / "trs" / "Road_Traffic_Fine_Management_Process.xes.gz"
LIMIT_S = 455
SHARES_S = {"cube": 90, "xes": 75, "dfg": 120, "report": 60, "spark": 75, "live": 15}
STARTED = time.monotonic()
LOADED = 0.5
UNITS = {"s": "s", "mb": "MB", "differing": "cells"}
SCAN = "SELECT BIT_XOR(HASH(case_id, activity, ts, office, channel)) FROM read_parquet('{}')"
MONTH = 'EXTRACT(month FROM MAKE_TIMESTAMP(COALESCE("t_LODGED", "t_ARRIVAL")))'

PM4PY = """
import json, sys, time
import pandas as pd
import pm4py
from pm4py.algo.discovery.dfg.adapters.pandas import df_statistics
start, busy = time.perf_counter(), time.process_time()
frame = pd.read_parquet(sys.argv[1], columns=["case_id", "activity", "ts"])
_, found = df_statistics.get_dfg_graph(frame, measure="both", perf_aggregation_key="all", case_id_glue="case_id",
    activity_key="activity", timestamp_key="ts", start_timestamp_key=None, sort_caseid_required=True,
    sort_timestamp_along_case_id=True)
took = time.perf_counter() - start
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([took, peak / 1024, len(found), time.process_time() - busy]))
"""


def log_sql(cases: int, path: Path) -> str:
    """Return SQL that writes the log: offices, channels, a year, cases without an end, some lodged before arrival."""
    return f"""
COPY (WITH steps(k, activity) AS (VALUES (0, 'ARRIVAL'), (1, 'LODGED'), (2, 'ACCEPTED'), (3, 'CHANNELLED'),
    (4, 'INSPECT_START'), (5, 'INSPECT_END'), (6, 'ASSESSED'), (7, 'PAYMENT_CONFIRMED'), (8, 'RELEASED'),
    (9, 'GATE_OUT'), (10, 'UNLOADED'), (11, 'STORED')),
  cases AS (SELECT i, 'c' || i AS case_id, 'office' || (HASH(i * 7) % 40) AS office,
    CASE WHEN HASH(i * 11) % 100 < 70 THEN 'green' WHEN HASH(i * 11) % 100 < 88 THEN 'yellow' ELSE 'red' END AS channel,
    1704067200000000 + CAST(CAST(i AS HUGEINT) * 31536000000000 // {cases} AS BIGINT) AS t0 FROM range({cases}) AS t(i))
SELECT case_id, activity, MAKE_TIMESTAMP(t0 + k * 3600000000 + CAST(HASH(i * 13 + k) % 7200000000 AS BIGINT)
    - CASE WHEN k = 1 AND i % 4 = 0 THEN 20000000000 ELSE 0 END) AS ts, office, channel
FROM cases, steps WHERE NOT (activity LIKE 'INSPECT%' AND channel <> 'red') AND NOT (activity = 'STORED' AND i % 2 = 0)
  AND NOT (k IN (8, 9) AND i % 50 = 0) ORDER BY ts) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"""


def worker(what: str, path: Path) -> None:
    """Measure one thing in this process; print its seconds, peak memory, size of the answer, processor seconds."""
    from openecp.border.time_release.directly_follows import directly_follows
    from openecp.border.time_release.stages import STAGES, cube_cells, cube_sql, projection_sql
    from openecp.platform.core.event_sources import read_sources
    from openecp.platform.engines.trs_engine import TrsEngine

    segments = ("office", "channel")
    start, busy = time.perf_counter(), time.process_time()
    engine = TrsEngine(threads=2)
    wide = path.with_suffix(".wide")
    if what == "scan":
        size = len(engine.ask(SCAN.format(path)))
    elif what == "make":
        engine.read_file(path)
        engine.connection.execute(f"COPY ({projection_sql(STAGES, segments)}) TO '{wide}' (FORMAT parquet)")
        size = 0
    elif what == "projection":
        rows = engine.ask(cube_sql(f"read_parquet('{wide}')", STAGES, segments, (MONTH,)))
        size = len(cube_cells(rows, STAGES, (*segments, "c0")))
    elif what == "report":
        size = reported(path)
    elif what == "spark":
        size = differing(path)
    else:
        read_sources(engine, [path])
        if what == "cube":
            engine.stage("projection", projection_sql(STAGES, segments))
            rows = engine.ask(cube_sql("projection", STAGES, segments, (MONTH,)))
            size = len(cube_cells(rows, STAGES, (*segments, "c0")))
        elif what == "dfg":
            size = len(directly_follows(engine))
        else:
            size = engine.ask("SELECT COUNT(*) AS n FROM trs_events")[0]["n"]
    took, busy = time.perf_counter() - start, time.process_time() - busy
    print(json.dumps([took, peak_mb(), size, busy]))


def peak_mb() -> float:
    """Return the most memory that this process held; what the one before it in its place held is not counted."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def reported(path: Path) -> int:
    """Make the full report in one language and return its bytes."""
    from openecp.border.time_release.study import Definition
    from openecp.platform.core.study_reports import figures_of, report_files

    definition = Definition(
        name="bench", clocks=("arrival_release", "lodged_release"), segments=("office", "channel"), languages=("en",)
    )
    return sum(map(len, report_files(figures_of(definition, [path]), definition, data_note="bench").values()))


def differing(path: Path) -> int:
    """Return how many cells of the cube Spark gives otherwise than DuckDB, in any figure; or that it gives none."""
    from openecp.border.time_release.stages import STAGES, cube_cells, cube_sql, month_sql, projection_sql
    from openecp.platform.engines.trs_engine import TrsEngine
    from openecp.platform.engines.trs_spark import TrsSparkEngine, spark_session

    segments = ("office", "channel")
    answers = []
    for engine in (TrsEngine(threads=2), TrsSparkEngine(spark_session("local[2]"))):
        engine.read_file(path)
        engine.stage("projection", projection_sql(STAGES, segments))
        rows = engine.ask(cube_sql("projection", STAGES, segments, (month_sql(STAGES),)))
        answers.append(cube_cells(rows, STAGES, (*segments, "c0")))
    one, other = answers
    sys.stderr.write(f"spark: {len(one)} cells\n")
    return sum(one.get(key) != other.get(key) for key in one.keys() | other.keys())


def measured(what: str, path: Path) -> Run | None:
    """Run one measurement in a fresh process; None where it fails or time has run out."""
    left = LIMIT_S - (time.monotonic() - STARTED)
    if left < 10:
        return None
    if what == "pm4py":
        command = [str(ORACLE), "-c", PM4PY, str(path)]
    else:
        command = [sys.executable, str(Path(__file__).resolve()), "--worker", what, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=left, check=False, cwd=ROOT)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        sys.stderr.write(f"{what}: {done.stderr[-600:]}\n")
        return None
    return Run(*json.loads(done.stdout.splitlines()[-1]))


class Run(NamedTuple):
    """One measurement: seconds, peak in MB, size of the answer, processor seconds."""

    took: float
    peak: float
    size: int
    busy: float


def figure(name: str, value: float | None, unit: str, n: int, note: str) -> None:
    """Print one figure."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    load = os.getloadavg()[0]
    state = f"; load {load:.1f}: the machine was busy" if load > 2 + LOADED else f"; load {load:.1f}"
    line = {"name": name, "value": None if value is None else round(value, 3), "unit": unit, "n": n,
            "commit": commit.stdout.strip() or "unknown",
            "machine": f"{platform.machine()}, {os.cpu_count()} CPUs", "note": note + state}  # fmt: skip
    print(json.dumps(line), flush=True)


def lacking(names: str, why: str = "it failed, or there was no time left") -> None:
    """Print the figures that there are none of."""
    for name in names.split():
        figure(name, None, UNITS.get(name.rpartition("_")[2], "1"), 0, why)


def rounds(part: str, names: list[str], path: Path, count: int) -> dict[str, list[Run]]:
    """Measure contenders in turn, round by round, within the part's share of the time."""
    found: dict[str, list[Run]] = {name: [] for name in names}
    until = time.monotonic() + SHARES_S[part]
    for number in range(count):
        if number and time.monotonic() > until:
            break
        for name in names:
            if (one := measured(name, path)) is not None:
                found[name].append(one)
    return found


def told(runs: list[Run]) -> tuple[float, float, str]:
    """Return the median time, the median peak, and all times in words."""
    times, busy = ", ".join(f"{run.took:.2f}" for run in runs), statistics.median(run.busy for run in runs)
    words = f"median of {times} s by the clock; processor {busy:.2f} s"
    return statistics.median(run.took for run in runs), statistics.median(run.peak for run in runs), words


def cube(path: Path, events: int, count: int) -> None:
    """The cube from events and from the projection, beside the scan."""
    measured("make", path)
    runs = rounds("cube", ["scan", "cube", "projection"], path, count)
    for name, title in (("cube", "trs_cube_events"), ("projection", "trs_cube_projection")):
        if not (runs[name] and runs["scan"]):
            lacking(f"{title}_s {title}_mb {title}_to_scan")
            continue
        took, peak, words = told(runs[name])
        scan = told(runs["scan"])
        figure(f"{title}_s", took, "s", events, f"9 stages in {runs[name][-1].size} cells; {words}")
        figure(f"{title}_mb", peak, "MB", events, "peak of a fresh process, imports included")
        figure(f"{title}_to_scan", took / scan[0], "1", events, f"scan that hashes five columns: {scan[2]}")


def follows(path: Path, events: int, count: int) -> None:
    """The directly-follows map, beside pm4py's."""
    has_oracle = (
        ORACLE.exists()
        and not subprocess.run([str(ORACLE), "-c", "import pm4py"], capture_output=True, check=False).returncode
    )
    runs = rounds("dfg", ["dfg", *(["pm4py"] if has_oracle else [])], path, count)
    if runs["dfg"]:
        took, peak, words = told(runs["dfg"])
        figure("trs_dfg_s", took, "s", events, f"{runs['dfg'][-1].size} pairs; {words}")
        figure("trs_dfg_mb", peak, "MB", events, "peak of a fresh process, imports included")
    else:
        lacking("trs_dfg_s trs_dfg_mb")
    if not (runs["dfg"] and runs.get("pm4py")):
        why = "pm4py took too long" if has_oracle else "make oracles installs pm4py in an environment of its own"
        lacking("trs_dfg_times_faster_than_pm4py trs_dfg_memory_to_pm4py", why)
        return
    theirs, their_peak, their_words = told(runs["pm4py"])
    figure("trs_dfg_times_faster_than_pm4py", theirs / took, "1", events,
           f"pm4py: {runs['pm4py'][-1].size} pairs; {their_words}; rounds in turn, same Parquet")  # fmt: skip
    figure("trs_dfg_memory_to_pm4py", peak / their_peak, "1", events, f"pm4py: {their_peak:.0f} MB")


def one_part(part: str, path: Path, count: int, events: int, note: str) -> None:
    """A part of one contender: its time and its peak."""
    runs = rounds(part, [part], path, count)[part] if path.exists() else []
    if not runs:
        why = "it failed, or there was no time left" if path.exists() else f"{path.name} of ../shared is not here"
        lacking(f"trs_{part}_s trs_{part}_mb", why)
        return
    took, peak, words = told(runs)
    figure(f"trs_{part}_s", took, "s", events or runs[-1].size, f"{note}; {words}")
    figure(f"trs_{part}_mb", peak, "MB", events or runs[-1].size, "peak of a fresh process, imports included")


def others(million: Path, events: int) -> None:
    """Cells that differ on Spark; how late the dashboard is."""
    run = measured("spark", million)
    if run is None:
        lacking("trs_spark_cells_differing", "Spark is not installed, failed, or there was no time left")
    else:
        figure("trs_spark_cells_differing", run.size, "cells", events, f"{run.took:.1f} s with Spark's start")
    command = [sys.executable, str(ROOT / "bench" / "bench_trs_live.py"), "10"]
    left = LIMIT_S - (time.monotonic() - STARTED)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=max(5, left), check=True, cwd=ROOT)
        live = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError):
        lacking("trs_live_p99_s")
        return
    figure(
        "trs_live_p99_s", live["p99_s"], "s", live["events"], f"{live['events_per_s']} events/s; p50 {live['p50_s']}"
    )


def main() -> None:
    """Make the logs and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=535_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--worker", nargs=2)
    options = parser.parse_args()
    if options.worker:
        worker(options.worker[0], Path(options.worker[1]))
        return
    import duckdb

    with tempfile.TemporaryDirectory(prefix="openecp-trs-") as folder:
        path, million = Path(folder) / "events.parquet", Path(folder) / "million.parquet"
        connection = duckdb.connect()
        connection.execute("SET threads = 2")
        sizes = []
        for file, cases in ((path, options.cases), (million, options.cases // 5)):
            connection.execute(log_sql(cases, file))
            row = connection.execute(f"SELECT COUNT(*) FROM read_parquet('{file}')").fetchone()
            sizes.append(row[0] if row else 0)
        connection.close()
        cube(path, sizes[0], options.rounds)
        one_part("xes", XES, min(3, options.rounds), 0, "gzipped XES to typed events")
        one_part("report", million, min(3, options.rounds), sizes[1], "HTML, PDF and DOCX in one language, 2 clocks")
        follows(path, sizes[0], options.rounds)
        others(million, sizes[1])


if __name__ == "__main__":
    main()
