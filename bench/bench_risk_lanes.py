# SPDX-License-Identifier: Apache-2.0
"""Measures selectivity: how many declarations a second get their lane, in columns and one by one, and how many draws.

`lanes_per_s`: the whole rule over columns, two criteria hit by a declaration, four offices, counters frozen every 2,000
declarations. `lanes_plain_per_s`: the same rule one declaration at a time. `lane_draws_per_s`: HMAC over the canonical
bytes of a declaration of one item, and on which day's secret. Seconds are of CPU, one thread.
`lanes_batch_items_per_s`: items of a whole batch of Parquet files under a plan with a top-up by stake, by CPU of two
threads; the note says what the same batch does without a plan. One JSON line a figure.

Usage: bench_risk_lanes.py [--seed 1] [--declarations 1000000] [--items 200000]
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
from datetime import date
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from batch_rows import write_rows  # noqa: E402

from openecp.border.batch import BatchAssessor, BatchFiles  # noqa: E402
from openecp.border.risk.lanes.counters import FrozenCounters, LaneCount, OfficeCount  # noqa: E402
from openecp.border.risk.lanes.draw import DRAWS, DailyDraw, purpose_of  # noqa: E402
from openecp.border.risk.lanes.online import LaneChooser  # noqa: E402
from openecp.border.risk.lanes.plan import E6, LanePlan, LaneRule, PlanRow  # noqa: E402
from openecp.border.risk.lanes.select import CriterionHit, LaneFacts, LaneLine  # noqa: E402
from openecp.border.risk.lanes.vector import LaneBatches, LaneColumns  # noqa: E402
from openecp.border.tariff.reference import load_measures  # noqa: E402
from openecp.kernel.profile import load_profile  # noqa: E402
from openecp.platform.engines.duck_batch import DuckBatchEngine  # noqa: E402
from openecp.platform.wire import read  # noqa: E402

OFFICES = ("A", "B", "C", "D")
FIRST = date(2026, 3, 2)
RATES = ((3, 50_000, 10_000), (2, 100_000, 20_000), (1, 200_000, 30_000))


def figure(name: str, value: float, n: int, note: str) -> None:
    """Print one figure."""
    git = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    print(json.dumps({
        "name": name, "value": round(value), "unit": "1/s", "n": n, "commit": git.stdout.strip() or "unknown",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "note": f"{note}; CPU seconds; load {os.getloadavg()[0]:.1f}",
    }), flush=True)  # fmt: skip


def plan() -> LanePlan:
    """Return a plan of three lanes for all offices."""
    rules = [LaneRule(lane=lane, expected_e6=expected, random_e6=least, hits_max=2, trusted_e6=500_000, floor_e6=1)
             for lane, expected, least in RATES]  # fmt: skip
    return LanePlan([PlanRow("", rule, date(1900, 1, 1), date(9999, 12, 31), 2) for rule in rules], offices=OFFICES)


def stream(seed: int, n: int) -> LaneColumns:
    """Return declarations that hit two criteria of twenty on average."""
    rng = np.random.default_rng(seed)
    at, criterion = np.sort(rng.integers(0, n, 2 * n)), rng.integers(0, 20, 2 * n)
    purposes = np.array([purpose_of(f"C{number}") for number in range(20)], np.uint64)
    interval = np.arange(n) // 2_000
    return LaneColumns(
        offices=OFFICES, office=rng.integers(0, len(OFFICES), n), day=FIRST.toordinal() + interval // 24,
        interval=interval, draw=rng.integers(0, DRAWS, n), trusted=rng.random(n) < 0.2, override=np.full(n, -1),
        hit_at=at, hit_lane=1 + criterion % 3, hit_share_e6=np.where(criterion == 0, E6, 10_000),
        hit_purpose=purposes[criterion],
    )  # fmt: skip


def one_by_one(columns: LaneColumns, n: int) -> list[LaneFacts]:
    """Return the first declarations as the plain form takes them."""
    hits: list[list[CriterionHit]] = [[] for _ in range(n)]
    for place in range(int(np.searchsorted(columns.hit_at, n))):
        hits[columns.hit_at[place]].append(CriterionHit(
            place, int(columns.hit_lane[place]), int(columns.hit_share_e6[place]), int(columns.hit_purpose[place])
        ))  # fmt: skip
    return [
        LaneFacts(OFFICES[columns.office[k]], date.fromordinal(int(columns.day[k])), int(columns.draw[k]),
                  tuple(hits[k]), bool(columns.trusted[k]), None, int(columns.interval[k]))
        for k in range(n)
    ]  # fmt: skip


def batches(seed: int, items: int) -> None:
    """Print what a batch of files does with a plan, and without."""
    profile = load_profile("demo")
    path = profile.folder / "measures.csv"
    measures = list(load_measures(path.read_bytes(), str(path), profile))
    held = LanePlan(plan().rows, offices=[row["office"] for row in profile.table("offices")], topup="stake")
    lane = LaneCount(100, 30, 900 * E6, {30: 300 * E6, 34: 100 * E6, 0: 500 * E6})
    chooser = LaneChooser(held, DailyDraw(b"bench", today=lambda: FIRST), {}, today=lambda: FIRST)
    chooser.frozen = FrozenCounters(1, FIRST, {office: OfficeCount(1_000, (lane,) * 3) for office in held.offices()})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given, charges = write_rows(profile, measures, folder, items, seed=seed, sight=True)
        spent = []
        for lanes in (None, chooser):
            began = time.process_time()
            assessor = BatchAssessor(profile, DuckBatchEngine(threads=2), measures, lanes=lanes)
            assessor.assess_files(BatchFiles([given], [charges]), folder / "answers.parquet")
            spent.append(time.process_time() - began)
    figure("lanes_batch_items_per_s", items / spent[1], items,
           f"a whole batch with a plan, planning included; without one {items / spent[0]:.0f}")  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--declarations", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=200_000)
    given, _ = parser.parse_known_args()
    n = given.declarations
    columns = stream(given.seed, n)
    began = time.process_time()
    found = LaneBatches(plan()).select(columns)
    took = time.process_time() - began
    figure("lanes_per_s", n / took, n, f"columns, {100 * float(np.mean(found.lane > 0)):.1f} % selected")

    few = min(n, 50_000)
    facts = one_by_one(columns, few)
    began = time.process_time()
    lanes = [one.lane for one in LaneLine(plan()).select(facts)]
    took = time.process_time() - began
    if lanes != found.lane[:few].tolist():
        sys.exit("the two forms of the rule do not agree")
    figure("lanes_plain_per_s", few / took, few, "one by one, the same lanes as in columns")

    declaration = read((ROOT / "demo/declarations/101-laptops.xml").read_bytes(), media="xml").declaration
    draw = DailyDraw(b"bench", today=lambda: FIRST)
    began = time.process_time()
    for _ in range(20_000):
        draw(declaration)
    figure(
        "lane_draws_per_s",
        20_000 / (time.process_time() - began),
        20_000,
        "HMAC-SHA256, one declaration again and again",
    )
    batches(given.seed, given.items)


if __name__ == "__main__":
    main()
