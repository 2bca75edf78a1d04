# SPDX-License-Identifier: Apache-2.0
"""Measures risk profiles: what 500 active ones cost beside 50, and a back-test over ten million rows.

`profiles_500_to_50_ratio`: CPU of assessing the same declarations online, as the core process does, with 500 and with
50 profiles; they are of a seeded mix (goods, origins, importers, procedures, limits of value and mass, lists,
conditions beside them).
`backtest_10m_s`: wall seconds of one back-test with the overlap with 50 others, Parquet read included, two threads; the
note holds the CPU. One JSON line a figure.

Usage: bench_risk_profiles.py [--seed 1] [--rows 10000000]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from openecp.border.pipeline import Assessor  # noqa: E402
from openecp.border.risk.profiles.checking import check_profile, criteria_rows  # noqa: E402
from openecp.border.risk.profiles.predicate import read_predicate  # noqa: E402
from openecp.border.risk.profiles.profile import RiskProfile, profile_from  # noqa: E402
from openecp.border.risk.profiles.terms import sql_of  # noqa: E402
from openecp.kernel.profile import load_profile  # noqa: E402
from openecp.platform.engines.duck import DuckEngine  # noqa: E402
from openecp.platform.engines.few_rows import FewRowsEngine  # noqa: E402
from openecp.platform.engines.profile_backtest import ItemHistory  # noqa: E402
from openecp.platform.wire import read  # noqa: E402

ON = date(2026, 3, 2)
ORIGINS = ("QP", "QT", "QS", "CN", "VN", "DE", "US", "IN", "TR", "FR")
_HISTORY = """
COPY (
  SELECT i AS row_id, DATE '2026-01-01' + CAST(i % 90 AS INTEGER) AS on_date,
    lpad(CAST(1 + hash(i, {seed}) % 97 AS VARCHAR), 2, '0') || lpad(CAST(hash(i, 1) % 100 AS VARCHAR), 2, '0')
      || '000000' AS goods_code,
    list_extract({origins}, CAST(1 + hash(i, 2) % {many} AS BIGINT)) AS origin,
    list_extract({origins}, CAST(1 + hash(i, 3) % {many} AS BIGINT)) AS export_country,
    '4000' AS procedure, 'XB' || CAST(hash(i, 4) % 20000 AS VARCHAR) AS importer,
    'XD' || CAST(hash(i, 5) % 900 AS VARCHAR) AS declarant, CAST(1 + hash(i, 6) % 5 AS VARCHAR) AS mode,
    'import' AS movement, 'goods of kind ' || CAST(hash(i, 7) % 5000 AS VARCHAR) AS description,
    CAST(hash(i, 8) % 2000000 AS BIGINT) AS customs_value_minor, CAST(hash(i, 9) % 500000000 AS BIGINT) AS net_e6,
    CAST(hash(i, 10) % 1000000000 AS BIGINT) AS draw, 'OF' || CAST(hash(i, 11) % 30 AS VARCHAR) AS office,
    CASE WHEN hash(i, 12) % 20 = 0 THEN hash(i, 13) % 50 = 0 END AS irregular
  FROM range({rows}) AS t(i)
) TO '{path}' (FORMAT parquet)
"""


def figure(name: str, value: float, unit: str, n: int, note: str) -> None:
    """Print one figure."""
    git = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    print(json.dumps({
        "name": name, "value": round(value, 3), "unit": unit, "n": n, "commit": git.stdout.strip() or "unknown",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "note": f"{note}; load {os.getloadavg()[0]:.1f}",
    }), flush=True)  # fmt: skip


def profiles(count: int, seed: int) -> list[RiskProfile]:
    """Return profiles as an administration of any size may have them; the first ones are the same for any count."""
    draws, made = random.Random(seed), []
    for number in range(count):
        heading, chapter = f"{draws.randrange(1, 98):02}{draws.randrange(0, 99):02}", f"{draws.randrange(1, 98):02}"
        origin, other = draws.sample(ORIGINS, 2)
        limit, party = draws.randrange(5_000, 900_000), draws.randrange(20_000)
        kinds = [
            f"goods_code LIKE '{heading}%' AND origin = '{origin}'",
            f"goods_code LIKE '{chapter}%' AND origin IN ('{origin}', '{other}') AND value_minor < {limit}",
            f"importer IN ('XB{party}', 'XB{party + 1}', 'XB{party + 2}')",
            f"declarant = 'XD{party % 900}' AND NOT value_minor < {limit}",
            f"goods_code LIKE '{heading}%' AND net_kg BETWEEN 1 AND {1 + limit % 50}",
            f"(origin = '{origin}' OR export_country = '{other}') AND goods_code LIKE '{chapter}%'",
            f"procedure = '4000' AND importer = 'XB{party}'",
        ]
        predicate = draws.choice(kinds)
        if number < 20:  # within the budget of conditions, whatever the count
            predicate = f"goods_code LIKE '{chapter}%' AND value_minor / net_kg < {limit}"
        made.append(profile_from({
            "id": f"BENCH-{number:04}", "name": "bench", "purpose": "bench", "legal_basis": "bench", "lane": "yellow",
            "valid_from": "2026-01-01", "expires_on": "2026-12-31", "instructions": "none", "predicate": predicate,
            "percentage": "10",
        }, where="bench"))  # fmt: skip
    return made


def cost_of_profiles(seed: int) -> None:
    """Print what many active profiles cost online."""
    profile = load_profile("demo")
    files = sorted((ROOT / "demo" / "declarations").glob("1*.xml"))[:40]
    declarations = [read(file.read_bytes()).declaration for file in files] * 5
    assessors, criteria = {}, {}
    for count in (0, 50, 500):
        rows = [
            row
            for each in profiles(count, seed)
            for row in criteria_rows(each, 1, check_profile(each, today=ON), owner="bench")
        ]
        criteria[count] = len(rows)
        engine, held = DuckEngine(), profile.with_rows("risk_criteria", rows)
        assessors[count] = Assessor(held, engine, secret=b"bench", criteria_engine=FewRowsEngine(engine))
        assessors[count].assess(declarations, ON)
    times: dict[int, list[float]] = {count: [] for count in assessors}
    for _ in range(7):  # in turns, so that a slow phase of the machine meets all
        for count, assessor in assessors.items():
            began = time.process_time()
            assessor.assess(declarations, ON)
            times[count].append(time.process_time() - began)
    least = {count: min(found) for count, found in times.items()}
    figure(
        "profiles_500_to_50_ratio", least[500] / least[50], "1", len(declarations),
        f"CPU of {len(declarations)} declarations: none {least[0]:.3f} s, 50 profiles ({criteria[50]} criteria) "
        f"{least[50]:.3f} s, 500 ({criteria[500]}) {least[500]:.3f} s; least of 7",
    )  # fmt: skip


def back_test(seed: int, rows: int) -> None:
    """Print how long a back-test takes."""

    def condition(text: str) -> Callable[[Callable[[str], str]], str]:
        node = read_predicate(text)
        return lambda place: sql_of(node, place)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.parquet"
        origins = "[" + ", ".join(f"'{origin}'" for origin in ORIGINS) + "]"
        duckdb.connect(":memory:").execute(
            _HISTORY.format(seed=seed, origins=origins, many=len(ORIGINS), rows=rows, path=path)
        )
        others = [condition(each.predicate) for each in profiles(50, seed)]
        wanted = "(goods_code LIKE '64%' OR description LIKE '%kind 12%') AND origin IN ('QP', 'CN', 'VN') " \
                 "AND value_minor / net_kg < 90000"  # fmt: skip
        began, cpu = time.perf_counter(), time.process_time()
        history = ItemHistory([path])
        found = history.test(condition(wanted), 500_000, others)
        history.close()
        took, used = time.perf_counter() - began, time.process_time() - cpu
        size = path.stat().st_size >> 20
        note = f"wall; CPU {used:.2f} s; {found.hits} hits, overlap with 50 profiles, {size} MB"
        figure("backtest_10m_s", took, "s", rows, note)


def main() -> None:
    """Run the measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=10_000_000)
    given = parser.parse_known_args()[0]
    cost_of_profiles(given.seed)
    back_test(given.seed, given.rows)


if __name__ == "__main__":
    main()
