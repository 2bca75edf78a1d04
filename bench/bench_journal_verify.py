# SPDX-License-Identifier: Apache-2.0
"""How many events a second `journal verify` goes through: one JSON line.

    python bench/bench_journal_verify.py [EVENTS]

Writes a journal of that many events (600,000 by default) into a store of its own, verifies it three times, prints the
median, and removes the store.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

from openecp.kernel.journal.model import CaseRow, CaseWrite, NewEvent
from openecp.platform.store import open_store, temporary_data_folder

TIME = "2026-01-31T09:00:00.000000Z"
KINDS = ("DeclarationSubmitted", "DeclarationRegistered", "DeclarationAccepted", "DeclarationAssessed", "GoodsReleased")
BODY = {
    "declaration_sha256": "ab" * 32,
    "lrn": "XB-2026-000001",
    "office": "XB000001",
    "taxes": [{"base_minor": 1_234_500, "payable_minor": 154_300, "rate": "12.5%", "type": "A00"}],
    "version": 1,
}


def write_of(number: int) -> CaseWrite:
    """Return a declaration of five events."""
    case_id = f"01900000-0000-7000-8000-{number:012d}"
    row = CaseRow(
        case_id=case_id, organisation="XB-1", lrn=f"L{number}", mrn=None, status="released", channel="green",
        office="XB000001", movement="import", version=1, state=b"{}", updated_at=TIME,
    )  # fmt: skip
    events = tuple(NewEvent(kind=kind, occurred_at=TIME, actor="system:bench", body=BODY) for kind in KINDS)
    return CaseWrite(row=row, expected_seq=0, events=events)


def commit() -> str:
    """Return the commit under test."""
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def main(events: int) -> None:
    """Write, verify, print."""
    folder = temporary_data_folder()
    try:
        with open_store(folder) as store:
            began = time.perf_counter()
            for first in range(0, events // 5, 200):
                store.write([write_of(n) for n in range(first, min(first + 200, events // 5))])
            wrote = events / (time.perf_counter() - began)
            store.sign_checkpoint()
            rates = []
            for _ in range(3):
                began = time.perf_counter()
                report = store.verify()
                rates.append(report.events / (time.perf_counter() - began))
                if not report.ok:
                    sys.exit(f"not green: {report.findings[:3]}")
        line = {
            "name": "journal_verify_events_per_s",
            "value": round(statistics.median(rates)),
            "unit": "events/s",
            "n": events,
            "commit": commit(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "note": f"median of 3, runs {[round(r) for r in rates]}; written at {round(wrote)} events/s",
        }
        print(json.dumps(line))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600_000)
