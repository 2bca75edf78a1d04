# SPDX-License-Identifier: Apache-2.0
"""Measures the risk step in the pipeline: 50 active profiles, some of them over scores, list hits and history.

`risk_online_per_s_per_core`: declarations assessed a second of CPU, rows to decision, in micro-batches of 500 (all that
wait, when nothing is idle), each looked at: history, a list of 60,000 names, a champion of 100 trees. That is all that
the assessing thread of `openecp serve` does. The declarations are those of the demo, with other importers, sellers and
declarants, who come again; the note says how many were compared with the list for the first time.
`risk_batch_items_per_s`: items by wall time of a whole batch, planning included, with the same profiles and the score
columns in the file, without lists. `profiles_500_to_50_ratio`: see bench_risk_profiles.py. One JSON line a figure.

Usage: bench_risk_pipeline.py [--seed 1] [--declarations 6000] [--items 1000000] [--names 60000] [--only online]
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
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from batch_rows import write_rows  # noqa: E402
from bench_risk_profiles import profiles  # noqa: E402

from openecp.border.batch import BatchAssessor, BatchFiles  # noqa: E402
from openecp.border.pipeline import Assessor  # noqa: E402
from openecp.border.risk.profiles.checking import check_profile, criteria_rows  # noqa: E402
from openecp.border.tariff.reference import load_measures  # noqa: E402
from openecp.kernel.datamodel.declaration import Declaration  # noqa: E402
from openecp.kernel.profile import Profile, load_profile  # noqa: E402
from openecp.platform.engines.duck import DuckEngine  # noqa: E402
from openecp.platform.engines.duck_batch import DuckBatchEngine  # noqa: E402
from openecp.platform.engines.few_rows import FewRowsEngine  # noqa: E402
from openecp.platform.wire import read  # noqa: E402
from risk_sight_world import declarations, names, sight  # noqa: E402

ON = date(2026, 3, 2)
BATCH, SMALL = 500, 50
IMPORTERS = 1_500
QUIET_S = 0.06  # of sum(range(3_000_000)) on a quiet core
_OVER_SIGHT = (
    "p_e6 > 600000", "list_hits > 0", "stake_minor > 90000 AND p_e6 > 300000",
    "importer_days < 30 AND value_minor > 50000", "price_to_reference_e6 < 300000 AND price_to_reference_e6 > 0",
    "novelty > 3", "entity_consignments_7d > 8", "importer_irregular_e6 > 250000",
)  # fmt: skip
_FOR_ALL = ("list_hits > 0", "p_e6 > 900000", "stake_minor > 2000000 AND p_e6 > 200000")  # every item is compared


def figure(name: str, value: float, unit: str, n: int, note: str) -> None:
    """Print one figure."""
    git = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    print(json.dumps({
        "name": name, "value": round(value, 3), "unit": unit, "n": n, "commit": git.stdout.strip() or "unknown",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "note": f"{note}; load {os.getloadavg()[0]:.1f}",
    }), flush=True)  # fmt: skip


def slowness() -> float:
    """Return how many times as long as on a quiet core this core takes now."""
    began = time.process_time()
    sum(range(3_000_000))
    return (time.process_time() - began) / QUIET_S


def with_profiles(seed: int, count: int = 50) -> Profile:
    """Return the demo profile with so many active ones; every fifth looks for what risk knows besides."""
    rows = []
    for number, each in enumerate(profiles(count, seed)):
        if number < len(_FOR_ALL):
            each = msgspec.structs.replace(each, predicate=_FOR_ALL[number])
        elif number % 5 == 4:
            more = _OVER_SIGHT[number // 5 % len(_OVER_SIGHT)]
            plain = f"goods_code LIKE '{1 + (number * 7 + seed) % 97:02}%'" if number < 20 else each.predicate
            each = msgspec.structs.replace(each, predicate=f"{plain} AND {more}")
        rows += criteria_rows(each, 1, check_profile(each, today=ON), owner="bench")
    return load_profile("demo").with_rows("risk_criteria", rows)


def traffic(seed: int, many: int) -> list[Declaration]:
    """Return declarations of every kind that the demo has, by parties who come again."""
    rng, replaced = random.Random(seed), msgspec.structs.replace
    files = sorted((ROOT / "demo" / "declarations").glob("1*.xml"))
    templates = [one for file in files if (one := read(file.read_bytes()).declaration).goods_shipment is not None]
    importers = [one.goods_shipment.importer for one in templates if one.goods_shipment]
    kinds = (importers, [one.exporter for one in templates], [one.declarant for one in templates])
    buyers, sellers, agents = (
        _others([party for party in parties if party is not None], names(rng, count))
        for parties, count in zip(kinds, (IMPORTERS, IMPORTERS // 2, 60), strict=True)
    )
    found = []
    for number in range(many):
        one, buyer, seller, agent = templates[number % len(templates)], *map(rng.choice, (buyers, sellers, agents))
        goods = one.goods_shipment
        assert goods is not None
        importer = replaced(goods.importer, name=buyer.name, address=buyer.address) if goods.importer else None
        exporter = replaced(one.exporter, name=seller.name, address=seller.address) if one.exporter else None
        declarant = replaced(one.declarant, name=agent.name, address=agent.address) if one.declarant else None
        found.append(replaced(
            one, functional_reference_id=f"BENCH-{number}", exporter=exporter, declarant=declarant,
            goods_shipment=replaced(goods, importer=importer),
        ))  # fmt: skip
    return found


def _others(patterns: Sequence[Any], called: Sequence[str]) -> list[Any]:
    """Return parties of other names, each at one address."""
    return [msgspec.structs.replace(patterns[at % len(patterns)], name=name) for at, name in enumerate(called)]


def online(seed: int, many: int, listed: int) -> None:
    """Print what one core assesses."""
    engine = DuckEngine()
    seen = sight(listed=listed, history=declarations(seed, 2_000), seed=seed)
    assessor = Assessor(with_profiles(seed), engine, secret=b"bench", looks=seen, criteria_engine=FewRowsEngine(engine))
    assessor.warm()
    gc.collect()
    gc.freeze()  # as the core process does when it has started
    gc.set_threshold(50_000, 20, 50)
    told = traffic(seed, many)
    half = many // 2
    assessed(assessor, told[:half], BATCH)
    met = {party for one in told[:half] for party in _parties(one)}
    new = sum(party not in met for party in {party for one in told[half:] for party in _parties(one)})
    slow, wall, spent = slowness(), time.perf_counter(), time.process_time()
    items, selected, hits = assessed(assessor, told[half:], BATCH)
    spent, wall = time.process_time() - spent, time.perf_counter() - wall
    slow = (slow + slowness()) / 2
    small = time.process_time()
    assessed(assessor, told[half : half + 10 * SMALL], SMALL)
    small = time.process_time() - small
    figure(
        "risk_online_per_s_per_core", half / spent, "1/s", half,
        f"CPU of the process; {items} items, 50 profiles, {listed} names, {new} parties met for the first time, 100 "
        f"trees; {selected} selected, {hits} hits of profiles; {half / wall:.0f}/s by the wall; in batches of {SMALL} "
        f"{10 * SMALL / small:.0f}/s; {slow:.1f} times a quiet core's time",
    )  # fmt: skip


def _parties(declaration: Declaration) -> set[str]:
    goods = declaration.goods_shipment
    parties = (declaration.exporter, declaration.declarant, goods.importer if goods is not None else None)
    return {party.name for party in parties if party is not None and party.name}


def assessed(assessor: Assessor, told: Sequence[Declaration], size: int) -> tuple[int, int, int]:
    """Assess all; return items, how many declarations were selected, and the hits of profiles."""
    items = selected = hits = 0
    for start in range(0, len(told), size):
        for one in assessor.assess(told[start : start + size], ON):
            items += len(one.values)
            selected += one.channel not in (None, "green")
            hits += sum(reason.code.startswith("BENCH-") for reason in one.reasons)
    return items, selected, hits


def batch(seed: int, items: int) -> None:
    """Print what a batch assesses."""
    profile = with_profiles(seed)
    path = profile.folder / "measures.csv"
    measures = list(load_measures(path.read_bytes(), str(path), profile))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given, charges = write_rows(load_profile("demo"), measures, folder, items, seed=seed, sight=True)
        wall, spent = time.perf_counter(), time.process_time()
        engine = DuckBatchEngine(threads=2)
        assessor = BatchAssessor(profile, engine, measures)
        assessor.assess_files(BatchFiles([given], [charges]), folder / "answers.parquet")
        wall, spent = time.perf_counter() - wall, time.process_time() - spent
        hits = engine.ask(
            f"SELECT count(*) AS n FROM read_parquet('{folder}/answers.parquet') WHERE len(officer_reasons) > 0"
        )[0]["n"]
        figure(
            "risk_batch_items_per_s", items / wall, "1/s", items,
            f"wall, 2 threads, planning included; CPU {spent:.1f} s: {items / spent:.0f}/s a core; 50 profiles, {hits} "
            f"items with hits; file of {given.stat().st_size // 1_000_000} MB; {slowness():.1f} times a quiet core",
        )  # fmt: skip


def main() -> None:
    """Run the measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--declarations", type=int, default=6_000)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--names", type=int, default=60_000)
    parser.add_argument("--only", choices=("online", "batch"))
    given = parser.parse_known_args()[0]
    if given.only != "batch":
        online(given.seed, given.declarations, given.names)
    if given.only != "online":
        batch(given.seed, given.items)


if __name__ == "__main__":
    main()
