# SPDX-License-Identifier: Apache-2.0
"""Measures what looking costs before criteria are asked, features in batch, and a start from a snapshot.

`sight_look_ms`: CPU of one declaration of three items, looked at alone: rows, features, parties that were seen before
against 60,000 names, score and stake by a champion of 100 trees. `sight_look_batch_ms`: the same in micro-batches of
50. `sight_explain_ms`: top contributions of one that is selected. `features_batch_items_per_s`: all features over
columns. `sight_restore_s`: history of so many declarations taken up from a snapshot. CPU; one JSON line a figure.

Usage: bench_risk_sight.py [--declarations 2000] [--items 150000] [--names 60000]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from bench.risk_sight_world import declarations, sight  # noqa: E402

from openecp.border.risk.features.definitions import ITEMS, RESULTS  # noqa: E402
from openecp.border.risk.features.snapshot import read_head, restored, snapshot_parts  # noqa: E402
from openecp.platform.cli.risk_features import reckoned_by_columns  # noqa: E402
from openecp.platform.engines.risk_features import FeatureEngine  # noqa: E402


def figure(name: str, value: float, unit: str, n: int, note: str) -> None:
    """Print one figure."""
    git = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    print(json.dumps({
        "name": name, "value": round(value, 4), "unit": unit, "n": n, "commit": git.stdout.strip() or "unknown",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "note": f"{note}; CPU; load {os.getloadavg()[0]:.1f}",
    }), flush=True)  # fmt: skip


def look(many: int, listed: int) -> None:
    """Measure looking, alone and in micro-batches."""
    told = declarations(1, many)
    seen = sight(listed=listed, history=told[: many // 2])
    values = [10_000, 25_000, 40_000]
    for declaration in told:  # parties are remembered
        seen._listed(declaration)
    for size, name in ((1, "sight_look_ms"), (50, "sight_look_batch_ms")):
        rest = told[many // 2 :]
        began = time.process_time()
        for start in range(0, len(rest), size):
            part = rest[start : start + size]
            seen.look(part, [values] * len(part))
            for place in range(len(part)):
                seen.told(place, selected=False)
        spent = (time.process_time() - began) / len(rest)
        figure(name, 1000 * spent, "ms", len(rest), f"3 items, {listed} names, 100 trees, batches of {size}")
    began = time.process_time()
    for place in range(50):
        seen.look(told[place : place + 1], [values])
        seen.told(0, selected=True)
    figure("sight_explain_ms", 1000 * (time.process_time() - began) / 50 - 1000 * spent, "ms", 50, "of one selected")


def batch(items: int) -> None:
    """Measure features in batch."""
    rng, rows, at = random.Random(1), [], 1_700_000_000_000_000
    for seq in range(1, items // 3 + 1):
        at += 40_000_000
        party = rng.randrange(4_000), rng.randrange(2_500), rng.randrange(90), rng.randrange(9_000)
        for item in (1, 2, 3):
            goods = f"{rng.randrange(10, 90)}{rng.randrange(1, 20):02d}{rng.randrange(10, 30):02d}0000"
            mass = rng.randrange(1_000_000, 900_000_000)
            rows.append((
                seq, at, f"M{seq}", item, "A", f"i{party[0]}", f"s{party[1]}", f"d{party[2]}", f"e{party[3]}",
                f"a{party[3] % 7000}", f"n{party[3]}", goods, rng.choice(("QP", "QR", "QS", "QT")),
                rng.choice(("QP", "QR")), "1", "KGM", rng.randrange(1_000, 5_000_000), mass, mass, 0, None, None, 0,
            ))  # fmt: skip
    results = [(seq + 500, f"M{seq}", 0, int(rng.random() < 0.2)) for seq in range(1, items // 3, 20)]
    engine: Any = FeatureEngine(threads=1)
    engine.load("items", ITEMS, rows)
    engine.load("results", RESULTS, results)
    began, wall = time.process_time(), time.perf_counter()
    many = reckoned_by_columns(engine)
    spent = time.process_time() - began
    figure(
        "features_batch_items_per_s",
        many / spent,
        "1/s",
        many,
        f"all features over columns, one thread, {time.perf_counter() - wall:.1f} s wall",
    )
    engine.close()


def restore(many: int) -> None:
    """Measure a snapshot."""
    seen = sight(listed=0, scores=False, history=declarations(2, many, importers=max(100, many // 4)))
    began = time.process_time()
    parts = list(snapshot_parts(seen.states, 1, "00"))
    wrote, began = time.process_time() - began, time.process_time()
    head = read_head(parts[0])
    assert head is not None
    gc.disable()  # as a start does
    restored(head, iter(parts[1:]), keys_max=2_000_000)
    told = f"{many} declarations, {sum(map(len, parts)) / 1e6:.1f} MB, written in {wrote:.2f} s"
    figure("sight_restore_s", time.process_time() - began, "s", many, told)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--declarations", type=int, default=2_000)
    parser.add_argument("--items", type=int, default=150_000)
    parser.add_argument("--names", type=int, default=60_000)
    parser.add_argument("--only", choices=("look", "batch", "restore"))
    options = parser.parse_known_args()[0]
    if options.only in (None, "look"):
        look(options.declarations, options.names)
    if options.only in (None, "batch"):
        batch(options.items)
    if options.only in (None, "restore"):
        restore(options.declarations * 5)


if __name__ == "__main__":
    main()
