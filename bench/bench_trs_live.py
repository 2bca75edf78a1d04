# SPDX-License-Identifier: Apache-2.0
"""How long after an event the dashboard's figures hold it, at 200 events a second over a filled projection.

Run: python bench/bench_trs_live.py [SECONDS]. Prints one JSON line. The journal is a list: its own time is left out.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

from openecp.border.time_release.live import LiveTimes
from openecp.kernel.journal.model import Event
from openecp.platform.core.release_times import LiveTail

RATE, BEFORE = 200, 60_000
KINDS = ("GoodsPresented", "DeclarationSubmitted", "DeclarationAccepted", "DeclarationAssessed", "GoodsReleased")


class Journal:
    """Events in a list."""

    def __init__(self) -> None:
        self.kept: list[Event] = []

    def add(self, when: datetime) -> None:
        """Add the next event: cases of five events, a tenth of them without the last."""
        seq = len(self.kept) + 1
        body = {"office": f"XB00010{seq // 5 % 9}", "officer": {"channel": "green"}}
        kind = KINDS[seq % 5] if seq % 50 else "AmendmentRequested"
        at = f"{when:%Y-%m-%dT%H:%M:%S.%fZ}"
        self.kept.append(
            Event(
                seq=seq, case_id=f"c{seq // 5}", kind=kind, occurred_at=at, recorded_at=at, actor="customs",
                body=body, leaf=b"",
            )
        )  # fmt: skip

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]:
        """Return a page."""
        return self.kept[after_seq : after_seq + limit]

    def size(self) -> int:
        """Return how many events there are."""
        return len(self.kept)

    def pseudonym(self, purpose: str, name: str) -> str:
        """Return the name."""
        return name


def run(seconds: int) -> dict[str, object]:
    """Write at the rate and read the dashboard twice a second, as one page does; return the delays."""
    journal = Journal()
    start = datetime.now(UTC) - timedelta(days=30)
    for number in range(BEFORE):
        journal.add(start + timedelta(days=30) * number / BEFORE)
    tail = LiveTail(journal, LiveTimes())
    tail.catch_up()
    written: list[float] = []
    done = threading.Event()

    def write() -> None:
        begun = time.monotonic()
        for number in range(seconds * RATE):
            time.sleep(max(0.0, begun + number / RATE - time.monotonic()))
            journal.add(datetime.now(UTC))
            written.append(time.monotonic())
        done.set()

    delays: list[float] = []
    cost: list[float] = []
    tail.start()
    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set() or len(delays) < len(written):
        time.sleep(0.5)
        asked = time.monotonic()
        seen = tail.figures().seq - BEFORE
        now = time.monotonic()
        cost.append(now - asked)
        delays += [now - at for at in written[len(delays) : seen]]
    writer.join()
    tail.stop()
    delays.sort()
    return {
        "bench": "trs_live", "events_per_s": RATE, "events": len(delays), "journal_before": BEFORE,
        "p50_s": round(delays[len(delays) // 2], 3), "p99_s": round(delays[int(len(delays) * 0.99)], 3),
        "figures_max_s": round(max(cost), 3),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 10)))
