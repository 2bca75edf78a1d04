# SPDX-License-Identifier: Apache-2.0
"""The dashboard's alarms: found in the journal's export beside the page, with the clock that the explorer takes."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from openecp.platform.core.live_alarms import LiveAlarms

TODAY = date(2026, 11, 20)


def export(folder: Path) -> list[Path]:
    """Write 140 days of lodgements and acceptances at two offices; at one, the last twelve days take longer."""
    draw = np.random.default_rng(3)
    rows = []
    begin = datetime(2026, 7, 4, tzinfo=UTC)
    for case in range(140 * 16):
        at = begin + timedelta(days=case // 16, hours=float(draw.uniform(7, 15)))
        office = ("XB000101", "XB000201")[case % 2]
        late = 3 if office == "XB000201" and case // 16 >= 128 else 0
        for activity, when in (
            ("LODGED", at),
            ("ACCEPTED", at + timedelta(hours=float(draw.lognormal(0.5, 0.6)) + late)),
        ):
            rows.append((len(rows) + 1, f"c{case}", activity, when, office))
    columns = list(zip(*rows, strict=True))
    names = ("seq", "case_id", "activity", "ts", "office")
    table = {name: pa.array(column) for name, column in zip(names, columns, strict=True)}
    table["precision"] = pa.array(["second"] * len(rows))
    table["source"] = pa.array(["journal"] * len(rows))
    table["channel"] = table["agency"] = pa.array([None] * len(rows), pa.string())
    file = folder / "events.parquet"
    pq.write_table(pa.table(table), file)
    return [file]


def test_alarms_of_the_journal_are_found_and_kept(tmp_path: Path) -> None:
    """One alarm, told with office, clock, owner and day; the page is answered at once and looked for once."""
    looked: list[int] = []

    def files() -> list[Path]:
        looked.append(1)
        return export(tmp_path)

    alarms = LiveAlarms(files)
    assert alarms(TODAY) == []
    for thread in threading.enumerate():
        if thread.name == "live alarms":
            thread.join(60)
    (found,) = alarms(TODAY)
    assert (found.office, found.stage, found.owner) == ("XB000201", "from=LODGED,to=ACCEPTED", "CUSTOMS")
    assert "2026-11-07" <= found.since <= "2026-11-12"
    assert 2 * 3_600_000_000 < found.shift_us < 4 * 3_600_000_000
    assert alarms(TODAY) == [found]
    assert len(looked) == 1
    assert LiveAlarms(list).find(TODAY) == []
