# SPDX-License-Identifier: Apache-2.0
"""Measures how fast tariffs load: the US snapshots, a generated tariff, and the look-up of a code.

Prints one JSON line a figure: {"name", "value", "unit", "n", "commit", "machine", "note"}. Snapshots are read from
../shared/reference beside the project; one that is absent is left out with a line on stderr.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from openecp.border.tariff.duty_expression import parse
from openecp.border.tariff.load import load_file
from openecp.border.tariff.measures import HEADER, read_measures
from openecp.border.tariff.prepare import prepare

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT.parent / "shared" / "reference"
SNAPSHOTS = ("us-hts-2023-10", "us-hts-2024-11", "us-hts-2025-04-normalised")
ROUNDS = 3


def figure(name: str, value: float, unit: str, n: int, note: str) -> None:
    git = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    line = {
        "name": name,
        "value": round(value, 4),
        "unit": unit,
        "n": n,
        "commit": git.stdout.strip() or "unknown",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "note": note,
    }
    print(json.dumps(line), flush=True)


def snapshots() -> None:
    """Read, type and prepare each US snapshot; the median of three runs with nothing remembered from the run before."""
    from openecp.border.tariff.us_rate_text import read_rate

    for name in SNAPSHOTS:
        path = REFERENCE / f"{name}.csv.gz"
        if not path.exists():
            print(f"{path.name} is not beside the project: left out", file=sys.stderr)
            continue
        seconds = []
        for _ in range(ROUNDS):
            parse.cache_clear()
            read_rate.cache_clear()
            gc.collect()
            report = load_file(path, "us-hts")
            seconds.append(report.seconds)
        share = 100 * len(report.untyped) / report.rates
        figure(f"tariff_load_s_{name}", sorted(seconds)[1], "s", report.rates, f"{report.codes} codes; median of 3")
        figure(f"tariff_needs_human_percent_{name}", share, "%", report.rates, f"{len(report.untyped)} rates")


def generated(count: int = 200_000) -> None:
    """Read and prepare a generated tariff of many measures, then look codes up."""
    forms = (
        "5%",
        "12.5%",
        "Free",
        "10% + 30.00 GBP / 100 KG",
        "9.10% + 45.10 GBP / 100 KG MAX 18.90% + 16.50 GBP / DTN",
    )
    rows = [",".join(HEADER)]
    for number in range(count // 4):
        code = f"{10_000_000 + number * 37 % 80_000_000:08d}"
        for place, origin in enumerate(("", "JP", "FR", "XB")):
            rows.append(f"{code},,{origin},,,A00,{forms[(number + place) % 5]},2026-01-01,,bench")
    data = ("\n".join(rows) + "\n").encode()
    gc.collect()
    started = time.perf_counter()
    file = read_measures(data)
    read = time.perf_counter() - started
    tables = prepare(file.measures, currency="GBP")
    prepared = time.perf_counter() - started - read
    figure("tariff_read_measures_per_s", count / read, "1/s", count, f"CSV to measures, {len(file.faults)} faults")
    figure("tariff_prepare_measures_per_s", count / prepared, "1/s", count, f"{tables.measures.num_rows} rows")
    codes = [f"{measure.goods_code}99" for measure in file.measures[::20]]
    started = time.perf_counter()
    for code in codes:
        tables.index.key(code)
    figure("tariff_key_us", 1e6 * (time.perf_counter() - started) / len(codes), "us", len(codes), "one look-up")


if __name__ == "__main__":
    snapshots()
    generated()
