# SPDX-License-Identifier: Apache-2.0
"""kill -9 in the middle of a file of parcels, twice: it goes on, nothing is lost or doubled, the ledger is right.

`OPENECP_CRASH_PARCELS` sets how many parcels the file has, 300,000 if not given; a seed reproduces the moments.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openecp.platform.store import open_store, temporary_data_folder

PARCELS = int(os.environ.get("OPENECP_CRASH_PARCELS", "300000"))
SEED = int(os.environ.get("OPENECP_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)


def write_file(path: Path, many: int) -> None:
    """Write parcels of one and of two items."""
    draw = random.Random(1)
    rows = [number for number in range(many) for _ in range(1 if number % 10 else 2)]
    table = pa.table({
        "parcel_id": [f"RB{number:09d}CN" for number in rows],
        "posted_on": ["2026-06-30"] * len(rows),
        "channel": [("post", "express")[number % 2] for number in rows],
        "currency": ["EUR"] * len(rows),
        "dispatch_country": ["CN"] * len(rows),
        "carrier": [f"CARRIER-{number % 7}" for number in rows],
        "scheme": ["IOSS" if number % 3 else None for number in rows],
        "scheme_id": [f"IM{number % 50:010d}" if number % 3 else None for number in rows],
        "description": ["cotton T-shirt"] * len(rows),
        "hs": [f"{610910 + number % 90}" for number in rows],
        "origin": ["CN"] * len(rows),
        "unit_price": [f"{draw.randrange(100, 16000) / 100:.2f}" for _ in rows],
        "duty_rate": ["0.12"] * len(rows),
        "tax_rate": ["0.2"] * len(rows),
    })  # fmt: skip
    pq.write_table(table, path)


def owed(path: Path) -> int:
    """Return duty and tax of a file in cents, by own arithmetic: up to EUR 150 EUR 3, and 20 % on both."""
    table = pq.read_table(path, columns=["parcel_id", "unit_price"])
    cents: dict[str, int] = {}
    for parcel, price in zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True):
        cents[parcel] = cents.get(parcel, 0) + int(Decimal(price) * 100)
    return sum(300 + ((value + 300) * 2 + 5) // 10 for value in cents.values() if value <= 15_000)


def start(path: Path, data: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "openecp.bootstrap", "--data", str(data), "clear", str(path),
               "--jurisdiction", "EU", "--date", "2026-07-02", "--out", str(out), "--json", "--no-quality"]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finished(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    told, said = process.communicate(timeout=600)
    assert process.returncode == 0, said.decode()[-3000:]
    found: dict[str, Any] = json.loads(told)
    return found


def ranges(data: Path, digest: str) -> int:
    with open_store(data) as store:
        return len(store.parcel_ranges(digest))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_twice_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    write_file(path, PARCELS)
    digest = __import__("hashlib").sha256(path.read_bytes()).hexdigest()
    chance = random.Random(SEED)
    folders = [temporary_data_folder("openecp-kill-") for _ in range(2)]
    try:
        killed, calm = folders
        chunks = -(-PARCELS // 25_000)
        with open_store(killed) as store:  # keeps the server up, so that looking costs nothing
            for number in (1, 2):
                until = max(1, chunks * number // 4)
                process = start(path, killed, tmp_path / "killed")
                end = time.monotonic() + 300
                while len(store.parcel_ranges(digest)) < until:
                    assert process.poll() is None, process.communicate()
                    assert time.monotonic() < end, "it does not go on"
                    time.sleep(0.01)
                time.sleep(chance.uniform(0, 0.5))
                process.send_signal(signal.SIGKILL)
                process.wait()
                assert len(store.parcel_ranges(digest)) < chunks, f"killed too late (seed {SEED})"
        resumed = finished(start(path, killed, tmp_path / "killed"))
        whole = finished(start(path, calm, tmp_path / "calm"))
        assert (resumed["outcome"], whole["outcome"]) == ("resumed", "cleared")
        assert resumed["totals"] == whole["totals"]
        results = [(tmp_path / name / "day.result.parquet") for name in ("killed", "calm")]
        assert pq.read_table(results[0]).equals(pq.read_table(results[1])), f"seed {SEED}"
        books = []
        for data in folders:
            with open_store(data) as store:
                assert store.verify().ok
                found = store.parcel_ranges(digest)
                assert [first for first, _, _ in found[1:]] == [last + 1 for _, last, _ in found[:-1]]
                records = [row.record for _, _, seq in found for row in store.batch_rows(seq)]
                assert len(records) == len(set(records)) == PARCELS
                charged = sum(amount["minor"] for text in records for amount in json.loads(text)["amounts"])
                balances = {key: minor for key, minor in store.balances().items() if minor}
                revenue = -sum(minor for (account, *_), minor in balances.items() if account.startswith("revenue:"))
                assert revenue == charged == owed(path) > 0
                books.append((balances, records))
        assert books[0] == books[1]
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
