# SPDX-License-Identifier: Apache-2.0
"""Measures batch assessment: Parquet of item rows in, Parquet of answers with reasons out, on the demo profile.

`batch_items_per_s` is items by wall time of the whole batch, planning and the tables of patterns included.
`batch_to_scan_ratio` is that rate by the rate of merely reading the same file and writing the same columns again, in
the same run and with the same compression. CPU time an item is given beside both, since others may load the machine.
One JSON line a figure: {"name", "value", "unit", "n", "commit", "machine", "note"}.

Usage: bench_batch.py [--items 2000000] [--runs 2] [--seed 7] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from batch_rows import write_rows  # noqa: E402

from openecp.border.batch import BatchAssessor, BatchFiles  # noqa: E402
from openecp.border.tariff.reference import load_measures  # noqa: E402
from openecp.kernel.profile import load_profile  # noqa: E402
from openecp.platform.engines.duck_batch import DuckBatchEngine  # noqa: E402

THREADS = 2
ENOUGH_S = 40  # no further run after so long: a slow machine gets one


def figure(name: str, value: float, unit: str, n: int, note: str) -> None:
    """Print one figure."""
    git = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    line = {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "n": n,
        "commit": git.stdout.strip() or "unknown",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "note": note,
    }
    print(json.dumps(line), flush=True)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds of a piece of work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Make the rows, then measure scan and batch in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    profile = load_profile("demo")
    path = profile.folder / "measures.csv"
    measures = list(load_measures(path.read_bytes(), str(path), profile))
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        items, charges = write_rows(profile, measures, folder, options.items, seed=options.seed)
        scans, batches = [], []
        started = time.monotonic()
        for number in range(options.runs):
            if number and time.monotonic() - started > ENOUGH_S:
                break
            engine = DuckBatchEngine(threads=THREADS)
            read = f"SELECT * FROM read_parquet('{items}')"
            scans.append(timed(lambda e=engine, read=read: e.write(read, folder / "scan.parquet")))
            engine = DuckBatchEngine(threads=THREADS)
            assessor = BatchAssessor(profile, engine, measures)
            files = BatchFiles([items], [charges])
            batches.append(timed(lambda a=assessor, f=files: a.assess_files(f, folder / "answers.parquet")))
        counted = engine.ask(
            "SELECT count(*) FILTER (len(reasons) > 0) AS faults, count(*) FILTER (len(officer_reasons) > 0) AS hits, "
            f"sum(len(taxes)) AS lines FROM read_parquet('{folder}/answers.parquet')"
        )[0]
        scan, batch = min(scans), min(batches)
        seen = f"{counted['lines']} tax lines, {counted['faults']} items with faults, {counted['hits']} with risk hits"
        runs = "; ".join(f"{wall:.2f} s wall, {cpu:.2f} s CPU" for wall, cpu in batches)
        scanned = "; ".join(f"{wall:.2f} s wall, {cpu:.2f} s CPU" for wall, cpu in scans)
        size = f"file of {items.stat().st_size // 1_000_000} MB, {THREADS} threads"
        figure("batch_items_per_s", options.items / batch[0], "1/s", options.items, f"best of {runs}; {seen}; {size}")
        figure("batch_to_scan_ratio", scan[0] / batch[0], "1", options.items, f"scan and write: best of {scanned}")
        cpu = min(c for _, c in batches)
        figure("batch_cpu_us_per_item", 1e6 * cpu / options.items, "us", options.items, "least CPU time of all threads")
        scan_cpu = 1e6 * min(c for _, c in scans) / options.items
        figure(
            "batch_scan_cpu_us_per_item",
            scan_cpu,
            "us",
            options.items,
            "of the scan and write alone: how fast the machine was",
        )


if __name__ == "__main__":
    main()
