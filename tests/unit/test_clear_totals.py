# SPDX-License-Identifier: Apache-2.0
"""Two files of the same persons cleared at the same time leave the totals that they leave one after the other."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from openecp.bootstrap_clearing import clearing_wiring, law_of
from openecp.platform.core import clearing
from openecp.platform.core.clearing import FileClearing, Options
from openecp.platform.store import open_store, temporary_data_folder

ON = date(2025, 3, 1)  # United States: USD 800 a person and day
HEAD = "parcel_id,posted_on,currency,carrier,buyer_id,description,hs,origin,unit_price,duty_rate,arrived_on"


def write_file(path: Path, first: int, many: int) -> Path:
    """Write parcels of seven persons, alike in both files: which are free hangs on totals alone."""
    rows = [
        f"P{number:09d},2025-02-25,USD,EXP-1,ID-55{number % 7:06d},wool scarf,621420,GB,{100 + number % 3}.00,0.1,"
        "2025-03-01"
        for number in range(first, first + many)
    ]
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    return path


@pytest.fixture
def data() -> Iterator[Path]:
    folder = temporary_data_folder("openecp-totals-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def clear(data: Path, path: Path, out: Path, ready: threading.Barrier | None, found: list[Any]) -> None:
    with open_store(data) as store:
        wiring = clearing_wiring(store, law_of("US"), quality=False, threads=1)
        file = FileClearing(wiring, Options(jurisdiction="US", on=ON, today=ON, out=out), path)
        if ready is not None:
            ready.wait(60)
        found.append(file.run())


@pytest.mark.slow
def test_at_the_same_time_as_one_after_the_other(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearing, "CHUNK_PARCELS", 8)
    paths = [write_file(tmp_path / f"{name}.csv", first, 40) for name, first in (("a", 0), ("b", 1000))]
    with open_store(data) as store:
        found: list[Any] = []
        ready = threading.Barrier(2)
        threads = [threading.Thread(target=clear, args=(data, path, tmp_path, ready, found)) for path in paths]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
        assert len(found) == 2
        moved = sorted(row[0] for row in store.pool.fetch("SELECT total_micro FROM parcel_counters"))
        counted: dict[str, int] = {}
        for told in found:
            for name, number in told.totals.decisions.items():
                counted[name] = counted.get(name, 0) + number
        # seven persons, at most USD 800 each: seven parcels of 100 to 102, the eighth is too much
        assert counted["release"] == 7 * 7
        assert len(moved) == 7
        assert all(700_000_000 <= total <= 714_000_000 for total in moved)
        assert store.verify().ok
