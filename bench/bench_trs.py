# SPDX-License-Identifier: Apache-2.0
"""How long a time release study takes on large logs, and how much memory: JSON lines.

    python bench/bench_trs.py [--cases N] [--rounds N]

Makes a log of half a million consignments (about 5 million events) as Parquet, then measures: the full cube (nine
stages by office, channel and month) from the events and from the projection of one row a consignment, beside a scan
that hashes the same columns; the directly-follows map, beside pm4py's in its own environment (.oracles) where that is
there; the import of the large XES log of ../shared where that is there.

Method: each figure is from fresh processes, one measurement each, the contenders of a comparison in turn; the median
of the rounds counts. Time is from the file to the result, imports not counted; memory is the peak of the process. The
load of the machine is told beside each figure: above 0.5 it was not idle.
Limits: 8 minutes in all: no round is begun that would not end in time.
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

ROOT = Path(__file__).resolve().parents[1]
ORACLE = ROOT / ".oracles" / "bin" / "python"
XES = ROOT.parent / "shared" / "corpus" / "trs" / "Road_Traffic_Fine_Management_Process.xes.gz"
LIMIT_S = 450
STARTED = time.monotonic()
LOADED = 0.5
SCAN = "SELECT BIT_XOR(HASH(case_id, activity, ts, office, channel)) FROM read_parquet('{}')"
MONTH = 'EXTRACT(month FROM MAKE_TIMESTAMP(COALESCE("t_LODGED", "t_ARRIVAL")))'

PM4PY = """
import json, resource, sys, time
import pandas as pd
import pm4py
from pm4py.algo.discovery.dfg.adapters.pandas import df_statistics
start = time.perf_counter()
frame = pd.read_parquet(sys.argv[1], columns=["case_id", "activity", "ts"])
_, found = df_statistics.get_dfg_graph(frame, measure="both", perf_aggregation_key="all", case_id_glue="case_id",
    activity_key="activity", timestamp_key="ts", start_timestamp_key=None, sort_caseid_required=True,
    sort_timestamp_along_case_id=True)
took = time.perf_counter() - start
print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(found)]))
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
    """Measure one thing in this process and print its seconds, its peak memory and the size of its answer."""
    import resource

    from openecp.border.time_release.directly_follows import directly_follows
    from openecp.border.time_release.stages import STAGES, cube_sql, projection_sql
    from openecp.platform.core.event_sources import read_sources
    from openecp.platform.engines.trs_engine import TrsEngine

    engine = TrsEngine(threads=2)
    segments = ("office", "channel")
    start = time.perf_counter()
    if what == "scan":
        size = len(engine.ask(SCAN.format(path)))
    elif what == "make":
        projected = projection_sql(STAGES, segments)
        engine.read_file(path)
        engine.connection.execute(f"COPY ({projected}) TO '{path.with_suffix('.wide')}' (FORMAT parquet)")
        size = 0
    elif what == "projection":
        wide = f"read_parquet('{path.with_suffix('.wide')}')"
        size = len(engine.ask(cube_sql(wide, STAGES, segments, (MONTH,))))
    else:
        read_sources(engine, [path])
        if what == "cube":
            engine.stage("projection", projection_sql(STAGES, segments))
            size = len(engine.ask(cube_sql("projection", STAGES, segments, (MONTH,))))
        elif what == "dfg":
            size = len(directly_follows(engine))
        else:
            size = engine.ask("SELECT COUNT(*) AS n FROM trs_events")[0]["n"]
    took = time.perf_counter() - start
    print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, size]))


def measured(what: str, path: Path) -> tuple[float, float, int] | None:
    """Run one measurement in a fresh process; None where it fails or time has run out."""
    left = LIMIT_S - (time.monotonic() - STARTED)
    if left < 15:
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
    took, peak, size = json.loads(done.stdout.splitlines()[-1])
    return took, peak, size


def figure(name: str, value: float, unit: str, n: int, note: str) -> None:
    """Print one figure."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    load = os.getloadavg()[0]
    state = f"; load {load:.1f}: the machine was busy" if load > 2 + LOADED else f"; load {load:.1f}"
    line = {"name": name, "value": round(value, 3), "unit": unit, "n": n, "commit": commit.stdout.strip() or "unknown",
            "machine": f"{platform.machine()}, {os.cpu_count()} CPUs", "note": note + state}  # fmt: skip
    print(json.dumps(line), flush=True)


def rounds(names: list[str], path: Path, count: int) -> dict[str, list[tuple[float, float, int]]]:
    """Measure contenders in turn, round by round."""
    found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in names}
    for _ in range(count):
        for name in names:
            if (one := measured(name, path)) is not None:
                found[name].append(one)
    return found


def told(runs: list[tuple[float, float, int]]) -> tuple[float, float, str]:
    """Return the median time, the median peak, and all times in words."""
    times = [run[0] for run in runs]
    words = f"median of {', '.join(f'{t:.2f}' for t in times)} s"
    return statistics.median(times), statistics.median(run[1] for run in runs), words


def cube(path: Path, events: int, count: int) -> None:
    """The cube from events and from the projection, beside the scan."""
    if measured("make", path) is None:
        return
    runs = rounds(["scan", "cube", "projection"], path, count)
    if not all(runs.values()):
        return
    scan = told(runs["scan"])
    for name, title in (("cube", "trs_cube_events"), ("projection", "trs_cube_projection")):
        took, peak, words = told(runs[name])
        cells = runs[name][-1][2]
        figure(f"{title}_s", took, "s", events, f"9 stages in {cells} cells; {words}")
        figure(f"{title}_mb", peak, "MB", events, "peak of a fresh process, imports included")
        figure(f"{title}_to_scan", took / scan[0], "1", events, f"scan that hashes five columns: {scan[2]}")


def follows(path: Path, events: int, count: int) -> None:
    """The directly-follows map, beside pm4py's."""
    has_oracle = (
        ORACLE.exists()
        and not subprocess.run([str(ORACLE), "-c", "import pm4py"], capture_output=True, check=False).returncode
    )
    runs = rounds(["dfg", *(["pm4py"] if has_oracle else [])], path, count)
    if not runs["dfg"]:
        return
    took, peak, words = told(runs["dfg"])
    figure("trs_dfg_s", took, "s", events, f"{runs['dfg'][-1][2]} pairs; {words}")
    figure("trs_dfg_mb", peak, "MB", events, "peak of a fresh process, imports included")
    if not runs.get("pm4py"):
        sys.stderr.write("pm4py was left out: make oracles installs it in an environment of its own\n")
        return
    theirs, their_peak, their_words = told(runs["pm4py"])
    figure("trs_dfg_times_faster_than_pm4py", theirs / took, "1", events,
           f"pm4py: {runs['pm4py'][-1][2]} pairs; {their_words}; rounds in turn, same Parquet")  # fmt: skip
    figure("trs_dfg_memory_to_pm4py", peak / their_peak, "1", events, f"pm4py: {their_peak:.0f} MB")


def main() -> None:
    """Make the log and measure."""
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
        path = Path(folder) / "events.parquet"
        connection = duckdb.connect()
        connection.execute("SET threads = 2")
        connection.execute(log_sql(options.cases, path))
        row = connection.execute(f"SELECT COUNT(*) FROM read_parquet('{path}')").fetchone()
        connection.close()
        events = row[0] if row else 0
        cube(path, events, options.rounds)
        if XES.exists():
            runs = rounds(["xes"], XES, min(3, options.rounds))["xes"]
            if runs:
                took, peak, words = told(runs)
                figure("trs_xes_s", took, "s", runs[-1][2], f"gzipped XES to typed events; {words}")
                figure("trs_xes_mb", peak, "MB", runs[-1][2], "peak of a fresh process, imports included")
        else:
            sys.stderr.write("the XES log of ../shared is not here: left out\n")
        follows(path, events, options.rounds)


if __name__ == "__main__":
    main()
